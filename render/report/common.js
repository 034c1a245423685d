// What all parts of the page share: its data, how times are written, colours, and the stretch of
// time that is looked at.
const data = JSON.parse(document.getElementById("data").textContent);
const main = document.querySelector("main");
const parts = data.timelines;
const both = parts.length > 1;
const latest = parts[parts.length - 1]; // of two the real run
const controller = data.targets.length - 1;
const whole = Math.max(1, ...parts.map((part) => part.duration));
const rightMargin = 16;

// ---- elements ----------------------------------------------------------------------------------
// Text is only ever set as text: a name can do nothing to the page.
function element(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key === "class") made.className = value;
    else if (key === "click") made.addEventListener("click", value);
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}
function section(title, ...children) {
  const made = element("section", { id: title.toLowerCase().replace(/\W+/g, "-") }, element("h2", {}, title), ...children);
  main.append(made);
  return made;
}
// `heads`: words, or [words] for a column of numbers.
function table(heads, rows) {
  const number = heads.map((head) => Array.isArray(head));
  const cell = (value, index) =>
    element("td", number[index] ? { class: "number" } : {}, value instanceof Node ? value : String(value));
  return element("div", { class: "scroll" }, element("table", {},
    element("thead", {}, element("tr", {}, ...heads.map((head, index) => element("th", number[index] ? { class: "number" } : {}, String(head))))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map(cell))))));
}
// The rows of the first few, and a button for the others.
function longTable(heads, items, rowOf, most) {
  const holder = element("div", {}, table(heads, items.slice(0, most).map(rowOf)));
  if (items.length > most) {
    const more = element("button", { type: "button", click: () => holder.replaceChildren(table(heads, items.map(rowOf))) },
      `show all ${items.length.toLocaleString("en")}`);
    holder.append(more);
  }
  return holder;
}
function frame(act) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; act(); });
  };
}

// ---- words -------------------------------------------------------------------------------------
// As exact as it matters to a person: 850ms, 12.3s, 3m 21.7s, 1h 3m 20s, 2d 4h.
function time(ms, round = Math.round) {
  if (ms === null || ms === undefined) return "—";
  if (ms < 1000) return ms < 0.5 ? "0s" : `${Math.round(ms)}ms`;
  ms = ms < 600000 ? round(ms / 100) * 100 : round(ms / 1000) * 1000;
  const days = Math.floor(ms / 86400000), hours = Math.floor(ms / 3600000) % 24;
  const minutes = Math.floor(ms / 60000) % 60, seconds = (ms % 60000) / 1000;
  const words = [];
  if (days) words.push(`${days}d`);
  if (hours) words.push(`${hours}h`);
  if (minutes) words.push(`${minutes}m`);
  if (seconds && !days) words.push(`${Number.isInteger(seconds) ? seconds : seconds.toFixed(1)}s`);
  return words.join(" ");
}
// What so many rollouts end within: never less than what they took.
const within = (ms) => time(ms, Math.ceil);
// The time of day of a moment of a real run, as its logs have it; empty of a prediction.
function clock(ms) {
  const began = latest.started_at ? Date.parse(latest.started_at) : NaN;
  return Number.isNaN(began) || ms === null ? "" : new Date(began + ms).toISOString().replace("T", " ").replace(/\.\d+Z/, " UTC");
}
const words = (state) => state.replaceAll("_", " ");
const count = (number) => number.toLocaleString("en");
function percent(share) {
  if (share > 0.999 && share < 1) return "99.9%";
  if (share > 0 && share < 0.001) return "0.1%";
  return `${Number((share * 100).toFixed(1))}%`;
}
const whose = (part) => (both ? `${part.label}: ` : "");

// ---- colours -----------------------------------------------------------------------------------
let colours = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["paper", "ink", "quiet", "line", "panel", "work", "on-work", "out", "on-out", "failed", "on-failed", "undone", "idle", "well"]) {
    colours[name] = style.getPropertyValue(`--${name}`).trim();
  }
}
const font = (size, weight) => `${weight || 400} ${size}px system-ui, "DejaVu Sans", sans-serif`;

// ---- what is looked at -------------------------------------------------------------------------
// One stretch of time for all charts, and one moment under the pointer.
const view = { from: 0, to: whole };
const watchers = []; // draw()
const pointed = [];  // (moment or null)
function redraw() { for (const draw of watchers) draw(); }
const redrawSoon = frame(redraw);
function look(from, to) {
  const span = Math.min(whole, Math.max(Math.min(whole, 20), to - from));
  view.from = Math.min(Math.max(0, from), whole - span);
  view.to = view.from + span;
  redrawSoon();
}
function zoom(factor, place) {
  const span = view.to - view.from, middle = view.from + span * place;
  look(middle - span * factor * place, middle + span * factor * (1 - place));
}
function point(moment) { for (const tell of pointed) tell(moment); }
const pageWidth = () => Math.max(300, main.firstElementChild.clientWidth);
const gutter = () => Math.round(Math.min(230, Math.max(96, pageWidth() * 0.18)));

// How many were in service at a moment; `availability`: time, number, …
function inService(availability, moment) {
  let low = 0, high = availability.length / 2 - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (availability[2 * middle] <= moment) low = middle; else high = middle - 1;
  }
  return availability[2 * low + 1];
}
// For how long it was at its lowest.
function lowFor(part, role) {
  const rows = part.roles[role].availability;
  let sum = 0;
  for (let i = 0; i < rows.length; i += 2) {
    if (rows[i + 1] === part.roles[role].lowest) sum += (i + 2 < rows.length ? rows[i + 2] : part.duration) - rows[i];
  }
  return sum;
}
