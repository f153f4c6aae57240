// The desk: one's own call, its form saved field by field, its steps against their limits.
// What is typed and not yet saved is kept in this browser until the server has it; what somebody
// else writes into the same field is shown beside it, and nothing is written over unseen.
// Only the stream moves the page: an answer may come later than what it has shown meanwhile.
// What is typed belongs to the form it was typed on, also when another is shown: a call that comes
// while somebody types is offered and takes nothing away.

import { Problem, ask, clockText, element, fillList, follow, synchronise, words } from "./page.js";

const said = words();
const TELL_WHO = ["contact_phone", "npwp"];
const byId = (id) => document.getElementById(id);
const form = byId("form");
let call = null;          // of the shown form, as the server told it last
let shownForm = null;     // whose fields stand on the page
const typed = new Map();  // form -> what was typed on it and is not saved yet: field -> {text, seen, state}
let drafts = new Map();   // those of the shown form
let linked = new URLSearchParams(location.search).get("form");  // the form that the page is for
let followed = null;      // the form whose stream it is; without one it is the present call's
let offered = null;       // the form of the call that is offered; so it stays until opened or gone
let closedForm = "";      // what is said of a form that is open no longer
let lost = false;         // whether something typed on it was not saved in time
let begun = false;        // whether the page has shown anything yet
let stop = () => {};

const inputOf = (field) => form.elements.namedItem(field);
const noteOf = (field) => byId(`n-${field}`);
const keyOf = (number) => `draft ${number}`;
const pathOf = (number) => {
  const [sequence, ...rest] = number.split("/");
  return `/desk/forms/${rest[rest.length - 1]}/${Number(sequence)}`;
};

function keep(number) {
  const kept = [...typed.get(number)].map(([field, { text, seen }]) => [field, { text, seen }]);
  if (kept.length) sessionStorage.setItem(keyOf(number), JSON.stringify(kept));
  else sessionStorage.removeItem(keyOf(number));
}

function unsavedOf(number) {
  if (!typed.has(number)) typed.set(number, new Map(JSON.parse(sessionStorage.getItem(keyOf(number)) || "[]")));
  return typed.get(number);
}

function note(field, text, kind = "") {
  const line = noteOf(field);
  line.className = `note ${kind}`;
  line.textContent = text;
}

// Saving: one field at a time, in the order of typing, each tried until the server has it.
let saving = false, again;
async function save() {
  if (saving) return;
  saving = true;
  clearTimeout(again);
  const unreached = new Set();
  try {
    for (let next; (next = nextTyped(unreached));) {
      if (!await send(...next)) unreached.add(next[0]);
    }
  } finally {
    saving = false;
  }
  if (unreached.size) again = setTimeout(save, 1500);
}

function nextTyped(unreached) {
  for (const [number, fields] of typed) {
    if (unreached.has(number)) continue;
    for (const [field, draft] of fields) if (draft.state === "typed") return [number, field, draft];
  }
  return null;
}

// Answers whether the server could be asked.
async function send(number, field, draft) {
  const fields = typed.get(number), sent = draft.text;
  const isShown = () => shownForm === number;
  if (isShown()) note(field, said.saving);
  try {
    const answer = await ask("PUT", `${pathOf(number)}/fields`, { field, text: sent, seen: draft.seen });
    draft.seen = answer.fields[field].at;
    if (isShown()) call.fields[field] = answer.fields[field];
    if (draft.text === sent) fields.delete(field);
    keep(number);
    if (isShown() && !fields.has(field)) saved(field, answer.fields[field]);
    if (isShown() && TELL_WHO.includes(field)) showEarlier(number);
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) {
      if (isShown()) note(field, said.unsaved, "refused");
      return false;
    }
    if (draft.text !== sent) return true;  // it is sent anew
    draft.state = error.status === 409 ? "conflict" : "refused";
    if (isShown() && error.status === 409) conflict(field, draft, error.body);
    else if (isShown()) note(field, error.message, "refused");
  }
  return true;
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
    keep(shownForm);
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
  const field = event.target.name;
  const draft = drafts.get(field) || { seen: call.fields[field]?.at ?? null };
  drafts.set(field, Object.assign(draft, { text: event.target.value, state: "typed" }));
  keep(shownForm);
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
          write("knowledge_reference", one.reference, ", ");
          write("solution", one.solution, "\n");
          inputOf("solution").focus();
        });
        return element("li", {}, element("strong", {}, one.title || one.problem || one.reference),
          element("p", {}, one.solution), element("span", { class: "note" }, one.reference), " ", use);
      }));
    } catch { /* suggestions help, and their absence stops nobody */ }
  }, 250);
}

// Behind what stands in the field; saved as if it had been typed.
function write(field, text, between) {
  const input = inputOf(field);
  if (!input || input.value.split(between).includes(text)) return;
  input.value = input.value ? `${input.value}${between}${text}` : text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

async function showEarlier(number) {
  const list = byId("earlier"), count = byId("earlier-count");
  try {
    const found = await ask("GET", `${pathOf(number)}/earlier`);
    if (shownForm !== number) return;
    count.textContent = found.count ? said.earlier_count.replace("{count}", found.count) : "";
    fillList(list, found.newest.map((one) => element("li", {},
      element("strong", {}, one.form_number), ` ${new Date(one.arrived_at).toLocaleDateString(document.documentElement.lang)} `,
      one.problem || "", one.ticket_open ? element("span", { class: "badge alert" }, `${list.dataset.open} ${one.ticket_number}`) : "")));
  } catch { /* the call goes on without it */ }
}

function showSteps(steps) {
  fillList(byId("steps"), steps.map((step) => {
    const row = element("li", { class: `step ${step.state}`, "data-limited": "" },
      element("span", { class: "sign", "aria-hidden": "true" }),
      element("span", { class: "what" }, `${step.step}. ${said.activities[step.activity] || step.activity}`));
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

// A message may be older than the answer to what was saved: the newer of both stands in a field.
function keepNewest(told) {
  for (const [field, known] of Object.entries(call.fields)) {
    if (!(Date.parse(told.fields[field]?.at) >= Date.parse(known.at))) told.fields[field] = known;
  }
}

function showCall(told) {
  if (told && told.form_number === shownForm) keepNewest(told);
  call = told;
  byId("idle").hidden = Boolean(call);
  byId("call").hidden = !call;
  if (!call) { shownForm = null; drafts = new Map(); return; }
  // Written on another version than the page has, after the office changed its categories.
  if (call.form !== form.dataset.form) { location.reload(); return; }
  if (call.form_number !== shownForm) {
    shownForm = call.form_number;
    form.reset();
    for (const line of form.querySelectorAll(".note")) { line.textContent = ""; line.className = "note"; }
    for (const name of ["suggestions", "earlier", "earlier-count"]) byId(name).replaceChildren();
    drafts = unsavedOf(shownForm);
    for (const [field, draft] of drafts) {
      draft.state = "typed";
      inputOf(field).value = draft.text;
    }
    showEarlier(shownForm);
    if (drafts.size) setTimeout(save, 0);
    // Whoever types on meets no field of another form, and who hears the page is told who calls.
    if (begun) byId("caller-number").focus();
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
  showOrOffer(desk);
  const others = desk.unfinished.filter((number) => number !== shownForm);
  const links = byId("unfinished").querySelector(".links");
  byId("unfinished").hidden = !others.length;
  if (links.textContent !== others.map((number) => `${number} `).join("")) {
    links.replaceChildren(...others.flatMap((number) =>
      [element("a", { href: `/desk?form=${encodeURIComponent(number)}` }, number), " "]));
  }
  begun = true;
}

function showOrOffer(desk) {
  const unsaved = drafts.size > 0, typing = unsaved || form.contains(document.activeElement);
  const turns = desk.call?.form_number !== shownForm;
  const stays = shownForm && turns && (unsaved || (typing && desk.call && !desk.closed));
  if (stays) save();
  if (stays && !desk.closed) { turnTo(shownForm); return; }
  lost = Boolean(stays);
  if (desk.closed) closedForm = said.closed.replace("{form}", followed);
  else if (turns && desk.call) closedForm = "";
  if (!stays) showCall(desk.call);
  if (!stays && desk.closed) leave();

  const phone = followed && desk.at_phone?.form_number !== shownForm ? desk.at_phone : null;
  if (phone && !linked && !typing && phone.form_number !== offered) { turnTo(null); return; }
  offered = phone?.form_number ?? null;
  const offer = phone ? `${said.stage[phone.stage]}: ${phone.caller} (${phone.form_number})` : "";
  const text = [closedForm, lost ? said.closed_unsaved : "", offer].filter(Boolean).join(" ");
  const line = byId("offer-text"), button = byId("offer-open");
  if (line.textContent !== text) line.textContent = text;
  byId("offer").classList.toggle("up", Boolean(text));
  button.hidden = !phone && !lost;
  button.textContent = phone ? said.open : said.leave;
}

byId("offer-open").addEventListener("click", () => {
  if (lost) {
    drafts.clear();
    keep(shownForm);
  }
  save();
  closedForm = "";
  shownForm = null;
  drafts = new Map();
  byId("call").hidden = true;
  leave();
});

function leave() {
  linked = null;
  history.replaceState(null, "", "/desk");
  turnTo(null);
}

function turnTo(number) {
  stop();
  followed = number;
  stop = follow(`/desk/stream${number ? `?form=${encodeURIComponent(number)}` : ""}`, "desk", show);
}

turnTo(linked);
