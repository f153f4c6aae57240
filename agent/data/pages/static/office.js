// The forms of the office's decisions: rows come, go and move; all of it is sent as one decision.
// What is refused, or was decided by somebody else meanwhile, stays on the page as it was typed.

import { ask } from "./page.js";

const form = document.querySelector("form[data-office]");
let typed = false;

// put(body, "matrix.urgent.large", "high"): numbers in a path are places of a list.
function put(body, path, value) {
  const parts = path.split(".");
  let at = body;
  parts.slice(0, -1).forEach((part, depth) => {
    at = at[part] ??= /^\d+$/.test(parts[depth + 1]) ? [] : {};
  });
  at[parts.at(-1)] = value;
}

function valueOf(input) {
  if (input.type === "checkbox") return input.checked;
  if (input.type === "time") return `${input.value}:00`.slice(0, 8);
  const term = input.closest("[data-term]");
  if (term) return { [term.querySelector("select").value]: Number(input.value) };
  return input.type === "number" ? Number(input.value) : input.value;
}

// The inputs of one scope, without those of rows inside it.
function read(scope, row) {
  const body = {};
  for (const input of scope.querySelectorAll("input[name], select[name], textarea[name]")) {
    if (input.closest("[data-row]") !== row) continue;
    if (input.value === "" && !("empty" in input.dataset)) continue;
    put(body, input.name, valueOf(input));
  }
  if (body.breaks) body.breaks = body.breaks.filter(Boolean);
  return body;
}

function isWanted(row) {
  const needed = row.dataset.needs;
  if (needed === "open") return row.querySelector("[data-open]").checked;
  return !needed || row.querySelector(`[name="${needed}"]`).value !== "";
}

function decision() {
  const body = read(form, null);
  const lists = {};
  for (const list of form.querySelectorAll("[data-rows]")) {
    const rows = [...list.querySelectorAll("[data-row]")].filter(isWanted);
    (lists[list.dataset.rows] ??= []).push(...rows.map((row) => read(row, row)));
  }
  for (const [path, rows] of Object.entries(lists)) put(body, path, rows);
  return body;
}

// A day that is open has hours.
function demandHours() {
  for (const box of form.querySelectorAll("[data-open]")) {
    for (const input of box.closest("[data-row]").querySelectorAll("[name=opens], [name=closes]")) {
      input.required = box.checked;
      input.disabled = !box.checked;
    }
  }
}

function act(button) {
  const row = button.closest("[data-row]");
  if (button.dataset.do === "add") {
    const section = button.closest("section");
    const list = section.querySelector("[data-rows]");
    list.append(section.querySelector("template").content.cloneNode(true));
    list.lastElementChild.querySelector("input:not([type=hidden])").focus();
  } else if (button.dataset.do === "remove") {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    const add = row.closest("section").querySelector("[data-do=add]");
    row.remove();
    (next?.querySelector("input:not([type=hidden])") ?? add).focus();
  } else {
    if (button.dataset.do === "up") row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    button.focus();
  }
  typed = true;
}

async function decide(event) {
  event.preventDefault();
  const problem = form.querySelector("[role=alert]");
  const button = form.querySelector("button.main");
  button.disabled = true;
  problem.hidden = true;
  try {
    await ask("PUT", form.dataset.office, decision());
    typed = false;
    location.assign(form.dataset.then);
  } catch (error) {
    problem.hidden = false;
    problem.textContent = error.message;
    problem.focus();
  } finally {
    button.disabled = false;
  }
}

if (form) {
  demandHours();
  form.addEventListener("submit", decide);
  form.addEventListener("change", demandHours);
  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (button) act(button);
  });
  addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
}
