// The wallboard: figures large enough to be read across a room, and what runs now below.

import { ask, element, fillList, follow, secondsSince, synchronise, words } from "./page.js";

const said = words();

function figure(name, value, note) {
  const box = document.getElementById(name);
  box.querySelector(".number").textContent = value;
  if (note !== undefined) box.querySelector(".note").textContent = note;
}

function clock(since, limit) {
  return element("span", { class: "clock", "data-since": since, "data-limit": limit || null });
}

function callRow(call) {
  const since = call.answered_at || call.queued_at || call.arrived_at;
  const row = element("li", { class: `call ${call.stage}` },
    element("span", { class: "badge" }, said.stage[call.stage]),
    element("span", { class: "who" }, call.caller),
    element("span", { class: "form" }, call.form_number),
    element("span", { class: "operator" }, call.operator || ""),
    clock(since));
  if (call.supervisor) row.append(element("span", { class: "badge" }, `${call.supervisor}: ${said.modes[call.supervision]}`));
  if (said.listens && call.stage === "talking") {
    for (const mode of ["listen", "whisper", "join", "leave"]) {
      row.append(element("button", { class: "quiet", "data-mode": mode, "data-number": call.form_number }, said.supervise[mode]));
    }
  }
  for (const step of call.steps) {
    row.append(element("span", { class: "step", "data-limited": "", title: said.activities[step.activity] || step.activity },
      element("span", { class: "sign", "aria-hidden": "true" }),
      `${step.step}: `, clock(step.started_at, step.limit_s), ` / ${step.limit_s} s`));
  }
  return row;
}

function operatorRow(operator) {
  return element("li", { class: `operator-row ${operator.activity}` },
    element("span", { class: "badge" }, said.activity[operator.activity] + (operator.reason ? `: ${said.reasons[operator.reason]}` : "")),
    element("span", { class: "who" }, operator.name),
    element("span", { class: "form" }, operator.form_number || ""),
    clock(operator.since));
}

function show({ floor, today }) {
  synchronise(floor.now);
  const waits = ["welcoming", "queueing", "ringing", "connecting"];
  const waiting = floor.calls.filter((call) => waits.includes(call.stage));
  figure("waiting", waiting.length);
  document.getElementById("waiting").classList.toggle("alert", waiting.some((c) => secondsSince(c.queued_at || c.arrived_at) > 30));
  const longest = document.querySelector("[data-part=longest]");
  const first = waiting.map((call) => call.queued_at || call.arrived_at).sort()[0];
  if (first) longest.dataset.since = first;
  else { delete longest.dataset.since; longest.textContent = "–"; }
  figure("talking", floor.calls.filter((call) => ["talking", "handed", "closing"].includes(call.stage)).length);
  figure("ready", floor.operators.filter((operator) => operator.activity === "ready").length);
  const level = document.querySelector("#level .note").dataset;
  if (today) {
    const reachable = today.received - today.dropped_soon;
    const text = level.formula.replace("{in_time}", today.in_time).replace("{within}", today.within_s)
      .replace("{received}", today.received).replace("{dropped}", today.dropped_soon);
    figure("level", reachable ? `${Math.round((100 * today.in_time) / reachable)} %` : "–", reachable ? text : level.none);
    figure("answered", today.answered);
    figure("abandoned", today.abandoned);
    figure("deviations", today.deviations);
  } else {
    figure("level", "–", level.away);
    for (const name of ["answered", "abandoned", "deviations"]) figure(name, "–");
  }
  fillList(document.getElementById("calls"), floor.calls.map(callRow));
  fillList(document.getElementById("operators"), floor.operators.map(operatorRow));
}

document.getElementById("calls").addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-mode]");
  if (!button) return;
  const problem = document.getElementById("supervise-problem");
  problem.hidden = true;
  const [sequence, ...rest] = button.dataset.number.split("/");
  const path = `/wallboard/calls/${rest[rest.length - 1]}/${Number(sequence)}/supervision`;
  try {
    if (button.dataset.mode === "leave") await ask("DELETE", path);
    else await ask("PUT", path, { mode: button.dataset.mode });
  } catch (error) {
    problem.hidden = false;
    problem.textContent = error.message;
  }
});

follow("/wallboard/stream", "wallboard", show);
