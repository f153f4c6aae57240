// The desk: one's own call, its form saved field by field, its steps against their limits.
// What is typed and not yet saved is kept in this browser until the server has it; what somebody
// else writes into the same field is shown beside it, and nothing is written over unseen.
// Only the stream moves the page: an answer may come later than what it has shown meanwhile.

import { Problem, ask, clockText, element, fillList, follow, synchronise, words } from "./page.js";

const said = words();
const byId = (id) => document.getElementById(id);
const form = byId("form");
let call = null;          // as the server told it last
let shownForm = null;     // whose fields stand on the page
const drafts = new Map(); // field -> {text, seen, state}: typed here and not saved yet
let wanted = new URLSearchParams(location.search).get("form");

const inputOf = (field) => form.elements.namedItem(field);
const noteOf = (field) => byId(`n-${field}`);
const keyOf = (number) => `draft ${number}`;
const pathOf = (number) => {
  const [sequence, ...rest] = number.split("/");
  return `/desk/forms/${rest[rest.length - 1]}/${Number(sequence)}`;
};

function keep() {
  const kept = [...drafts].map(([field, { text, seen }]) => [field, { text, seen }]);
  if (kept.length) sessionStorage.setItem(keyOf(shownForm), JSON.stringify(kept));
  else sessionStorage.removeItem(keyOf(shownForm));
}

function note(field, text, kind = "") {
  const line = noteOf(field);
  line.className = `note ${kind}`;
  line.textContent = text;
}

// Saving: one field at a time, in the order of typing, each tried until the server has it.
let saving = false;
async function save() {
  if (saving) return;
  saving = true;
  try {
    for (;;) {
      const next = [...drafts].find(([, draft]) => draft.state === "typed");
      if (!next) return;
      const [field, draft] = next;
      const sent = draft.text, number = shownForm;
      note(field, said.saving);
      try {
        const answer = await ask("PUT", `${pathOf(number)}/fields`, { field, text: sent, seen: draft.seen });
        if (shownForm !== number) return;
        const now = drafts.get(field);
        draft.seen = answer.fields[field]?.at ?? null;
        if (now === draft && now.text === sent) drafts.delete(field);
        keep();
        if (!drafts.has(field)) saved(field, answer.fields[field]);
      } catch (error) {
        if (shownForm !== number) return;
        if (error instanceof Problem && error.status === 409) conflict(field, draft, error.body);
        else if (error instanceof Problem && error.status < 500) {
          draft.state = "refused";
          note(field, error.message, "refused");
        } else {
          note(field, said.unsaved, "refused");
          setTimeout(save, 1500);
          return;
        }
      }
    }
  } finally {
    saving = false;
  }
}

function saved(field, there) {
  const warnings = (there?.warnings || []).map((warning) => warning.sentence);
  note(field, warnings.join(" ") || `✓ ${said.saved}`, warnings.length ? "warning" : "saved");
}

function conflict(field, draft, theirs) {
  draft.state = "conflict";
  const line = noteOf(field);
  line.className = "note conflict";
  const take = element("button", { type: "button", class: "quiet" }, said.take_theirs);
  const mine = element("button", { type: "button", class: "quiet" }, said.keep_mine);
  take.addEventListener("click", () => {
    drafts.delete(field);
    keep();
    inputOf(field).value = theirs.raw;
    saved(field, call?.fields[field]);
  });
  mine.addEventListener("click", () => {
    draft.seen = theirs.at;
    draft.state = "typed";
    save();
  });
  line.replaceChildren(said.changed_by.replace("{by}", theirs.by).replace("{text}", theirs.raw), " ", take, " ", mine);
}

let pause;
form.addEventListener("input", (event) => {
  const field = event.target.name, known = drafts.get(field);
  const seen = known ? known.seen : call?.fields[field]?.at ?? null;
  drafts.set(field, { text: event.target.value, seen, state: "typed" });
  keep();
  clearTimeout(pause);
  pause = setTimeout(save, event.target.tagName === "SELECT" ? 0 : 500);
  if (field === "problem") suggest(event.target.value);
});
form.addEventListener("change", () => save());
form.addEventListener("submit", (event) => event.preventDefault());

let asking;
function suggest(text) {
  clearTimeout(asking);
  asking = setTimeout(async () => {
    try {
      const found = await ask("POST", "/desk/suggestions", { text });
      const list = byId("suggestions");
      fillList(list, found.map((one) => {
        const use = element("button", { type: "button", class: "quiet" }, list.dataset.use);
        use.addEventListener("click", () => {
          const input = inputOf("solution");
          input.value = input.value ? `${input.value}\n${one.solution}` : one.solution;
          input.dispatchEvent(new Event("input", { bubbles: true }));
          input.focus();
        });
        return element("li", {}, element("strong", {}, one.title || one.problem || one.reference),
          element("p", {}, one.solution), element("span", { class: "note" }, one.reference), " ", use);
      }));
    } catch { /* suggestions help, and their absence stops nobody */ }
  }, 250);
}

async function showEarlier(number) {
  const list = byId("earlier");
  list.replaceChildren();
  try {
    const found = await ask("GET", `${pathOf(number)}/earlier`);
    if (shownForm !== number) return;
    fillList(list, found.map((one) => element("li", {},
      element("strong", {}, one.form_number), ` ${new Date(one.arrived_at).toLocaleDateString(document.documentElement.lang)} `,
      one.problem || "", one.ticket_open ? element("span", { class: "badge alert" }, `${list.dataset.open} ${one.ticket_number}`) : "")));
  } catch { /* the call goes on without it */ }
}

function showSteps(steps) {
  fillList(byId("steps"), steps.map((step) => {
    const row = element("li", { class: `step ${step.state}`, "data-limited": "" },
      element("span", { class: "sign", "aria-hidden": "true" }),
      element("span", { class: "what" }, `${step.step}. ${step.activity}`));
    if (step.state === "running" && step.started_at) {
      row.append(element("span", { class: "clock", "data-since": step.started_at, "data-limit": step.limit_s }));
    } else if (step.state === "met") {
      const late = step.limit_s && step.seconds > step.limit_s;
      row.classList.toggle("late", Boolean(late));
      row.append(element("span", { class: "clock" }, `${late ? "▲" : "✓"} ${step.seconds === null ? said.done : clockText(step.seconds)}`));
    }
    if (step.limit_s) row.append(element("span", { class: "limit" }, ` / ${clockText(step.limit_s)}`));
    return row;
  }));
}

function showFields() {
  for (const box of form.querySelectorAll("[data-field]")) {
    const field = box.dataset.field, input = inputOf(field), there = call.fields[field];
    if (drafts.has(field)) {
      const draft = drafts.get(field);
      if (there && there.at !== draft.seen && there.raw !== draft.text && draft.state !== "conflict" && !saving) {
        conflict(field, draft, there);
      }
      continue;
    }
    const raw = there ? (input.tagName === "SELECT" ? there.value ?? "" : there.raw) : "";
    if (input.value !== raw) {
      input.value = raw;
      if (there) saved(field, there);
    }
  }
  const lacking = new Set(Object.values(call.missing).flat());
  for (const box of form.querySelectorAll("[data-field]")) {
    box.classList.toggle("missing", lacking.has(box.dataset.field));
  }
  fillList(byId("missing"), [...lacking].map((field) => {
    const label = form.querySelector(`[data-field="${field}"] label`)?.firstChild.textContent.trim() || field;
    return element("li", {}, element("a", { href: `#f-${field}` }, label));
  }));
}

function showCall(told) {
  call = told;
  byId("idle").hidden = Boolean(call);
  byId("call").hidden = !call;
  if (!call) { shownForm = null; drafts.clear(); return; }
  // Written on another version than the page has, after the office changed its categories.
  if (call.form !== form.dataset.form) { location.reload(); return; }
  if (call.form_number !== shownForm) {
    shownForm = call.form_number;
    drafts.clear();
    form.reset();
    for (const line of form.querySelectorAll(".note")) { line.textContent = ""; line.className = "note"; }
    byId("suggestions").replaceChildren();
    for (const [field, draft] of JSON.parse(sessionStorage.getItem(keyOf(shownForm)) || "[]")) {
      drafts.set(field, { ...draft, state: "typed" });
      inputOf(field).value = draft.text;
    }
    showEarlier(shownForm);
    if (drafts.size) setTimeout(save, 0);
  }
  byId("caller-number").textContent = call.caller;
  byId("form-number").textContent = call.form_number;
  byId("stage").textContent = said.stage[call.stage];
  byId("stage").dataset.stage = call.stage;
  byId("numbers").hidden = !call.ticket_number;
  byId("digits-form").textContent = call.form_number.split("/")[0];
  byId("digits-ticket").textContent = call.ticket_number || "";
  for (const button of byId("buttons").querySelectorAll("button")) {
    const step = button.dataset.step, talks = ["talking", "closing"].includes(call.stage);
    button.disabled = step === "7" ? call.finished || !call.answered_at : !talks || (step === "0" && !call.ticket_number);
    const pressed = { 2: done("2"), 3: done("3"), 6: call.decision === "solved", 8: call.decision === "escalated", 7: call.finished }[step];
    if (step !== "0") button.setAttribute("aria-pressed", pressed ? "true" : "false");
  }
  showSteps(call.steps);
  showFields();
}

function done(step) {
  return call.steps.some((one) => one.step === step && one.state === "met");
}

byId("buttons").addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-step]");
  if (!button || button.disabled) return;
  const problem = byId("button-problem");
  problem.hidden = true;
  try {
    await ask("POST", `${pathOf(shownForm)}/buttons`, { step: button.dataset.step });
  } catch (error) {
    problem.hidden = false;
    problem.textContent = error.message;
  }
});

function show(desk) {
  synchronise(desk.now);
  const activity = byId("activity"), since = byId("activity-clock");
  activity.textContent = desk.operator ? said.activity[desk.operator.activity] : "–";
  activity.className = `badge ${desk.operator?.activity || ""}`;
  if (desk.operator) since.dataset.since = desk.operator.since;
  if (desk.operator?.reason) activity.textContent += `: ${said.reasons[desk.operator.reason]}`;
  const away = ["paused", "wrap_up"].includes(desk.operator?.activity);
  byId("pause").hidden = away || !desk.operator;
  byId("be-ready").hidden = !away;
  const others = desk.unfinished.filter((number) => number !== desk.call?.form_number);
  byId("unfinished").hidden = !others.length;
  byId("unfinished").querySelector(".links").replaceChildren(...others.flatMap((number) =>
    [element("a", { href: `/desk?form=${encodeURIComponent(number)}` }, number), " "]));
  showCall(desk.call);
}

follow(`/desk/stream${wanted ? `?form=${encodeURIComponent(wanted)}` : ""}`, "desk", show);
