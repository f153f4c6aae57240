// What every page can do: ask the API, send forms to it, count clocks from the server's truth.

export const csrf = document.body.dataset.csrf;

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || String(status));
    this.status = status;
    this.body = body;
  }
}

// Answers what the API answers; throws Problem with its sentence, TypeError without a connection.
export async function ask(method, path, body) {
  const headers = { Accept: "application/json", "X-CSRF-Token": csrf };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(`/api/v1${path}`, {
    method, headers, body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (response.status === 204) return null;
  const text = await response.text();
  let answer;
  try { answer = JSON.parse(text); } catch { answer = { detail: response.statusText }; }
  if (!response.ok) {
    if (response.status === 401) location.assign(`/login?then=${encodeURIComponent(location.pathname)}`);
    throw new Problem(response.status, answer);
  }
  return answer;
}

// The server's clock: each message says when it was made, and from there this browser counts.
let ahead = 0;
export function synchronise(now) {
  ahead = Date.parse(now) - (performance.timeOrigin + performance.now());
}
export function serverNow() {
  return performance.timeOrigin + performance.now() + ahead;
}
export function secondsSince(moment) {
  return Math.max(0, (serverNow() - Date.parse(moment)) / 1000);
}
export function clockText(seconds) {
  const whole = Math.floor(seconds), two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

// Every element with data-since counts up, five times a second, so that no second is skipped.
export function tick() {
  for (const element of document.querySelectorAll("[data-since]")) {
    const seconds = secondsSince(element.dataset.since);
    const text = clockText(seconds);
    if (element.textContent !== text) element.textContent = text;
    const limit = Number(element.dataset.limit || 0);
    if (limit) {
      const row = element.closest("[data-limited]");
      row?.classList.toggle("soon", seconds > limit * 0.75 && seconds <= limit);
      row?.classList.toggle("late", seconds > limit);
      const sign = row?.querySelector(".sign");
      if (sign) sign.textContent = seconds > limit ? "▲" : seconds > limit * 0.75 ? "●" : "";
    }
  }
}
setInterval(tick, 200);

// Follows a stream; the browser comes back by itself, and the first message is the whole present.
// Answers how to follow it no longer.
export function follow(path, event, show) {
  const connection = document.getElementById("connection");
  let source, again, ended = false;
  const open = () => {
    if (ended) return;
    source = new EventSource(`/api/v1${path}`);
    source.addEventListener(event, (message) => {
      if (connection) connection.hidden = true;
      show(JSON.parse(message.data));
      tick();
    });
    source.addEventListener("open", () => { if (connection) connection.hidden = true; });
    source.addEventListener("error", () => {
      if (connection) connection.hidden = false;
      clearTimeout(again);
      // A refusal closes it for good: who is logged out is sent to the login, else it is tried anew.
      if (source.readyState === EventSource.CLOSED) {
        again = setTimeout(() => {
          ask("GET", path.replace(/\/stream.*/, "")).then(open, open);
        }, 1000);
      }
    });
  };
  open();
  addEventListener("pagehide", () => source.close());
  return () => {
    ended = true;
    clearTimeout(again);
    source.close();
  };
}

export function words() {
  return JSON.parse(document.getElementById("words").textContent);
}

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

// Puts rows into a list. One that says the same as before stays, whatever its clocks have ticked,
// and the control that has the focus keeps it, also in a row that is made anew.
const made = new WeakMap();  // row -> its markup before anything ticked in it
export function fillList(list, rows) {
  const wanted = rows.length ? rows : [element("li", { class: "none" }, list.dataset.none)];
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const before = new Map([...list.children].map((row) => [made.get(row), row]));
  const kept = wanted.map((row) => {
    const markup = row.outerHTML, same = before.get(markup);
    before.delete(markup);
    made.set(row, markup);
    return same || row;
  });
  for (const row of [...list.children]) if (!kept.includes(row)) row.remove();
  kept.forEach((row, place) => {
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] || null);
  });
  if (focused && document.activeElement !== focused) {
    [...list.querySelectorAll(focused.tagName)].find((one) => one.outerHTML === focused.outerHTML)?.focus();
  }
}

function bodyOf(form) {
  const body = {};
  for (const input of form.elements) {
    if (!input.name || input.disabled) continue;
    if (input.type === "checkbox" && "list" in input.dataset) {
      body[input.name] ??= [];
      if (input.checked) body[input.name].push(input.value);
    } else if (input.type === "checkbox") body[input.name] = input.checked;
    else if (input.type === "radio") { if (input.checked) body[input.name] = input.value; }
    else if (input.value === "" && !input.required) continue;
    else if ("number" in input.dataset) body[input.name] = Number(input.value);
    else if ("list" in input.dataset) body[input.name] = input.value.split(",").map((w) => w.trim()).filter(Boolean);
    else body[input.name] = input.value;
  }
  return body;
}

for (const form of document.querySelectorAll("form[data-api]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = form.querySelector("[role=alert]");
    const button = form.querySelector("button:not([type=button])");
    if (button) button.disabled = true;
    if (problem) problem.hidden = true;
    try {
      const [method, path] = form.dataset.api.split(" ");
      let asked = path.replace(/^\/api\/v1/, ""), body = bodyOf(form);
      if (method === "DELETE") {
        const query = new URLSearchParams(body).toString();
        if (query) asked += `?${query}`;
        body = undefined;
      }
      const answer = await ask(method, asked, body);
      form.dispatchEvent(new CustomEvent("answered", { detail: answer, bubbles: true }));
      // Anew, not assigned: to an address with a # that would only scroll.
      if (form.dataset.then === "") location.reload();
      else if (form.dataset.then) location.assign(form.dataset.then);
    } catch (error) {
      form.dispatchEvent(new CustomEvent("refused", { detail: error, bubbles: true }));
      if (problem) { problem.hidden = false; problem.textContent = error.message; problem.focus?.(); }
    } finally {
      if (button) button.disabled = false;
    }
  });
}
