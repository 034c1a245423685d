// The page of a report: draws what the data says. Nothing is worked out here that sluice has worked out.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const main = document.querySelector("main");
const parts = data.timelines;

function element(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key === "class") made.className = value; else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}
function time(ms) {
  if (ms === null) return "—";
  const units = [[86400000, "d"], [3600000, "h"], [60000, "m"], [1000, "s"]];
  if (ms < 1000) return ms === 0 ? "0s" : Math.round(ms) + "ms";
  let text = "";
  for (const [size, name] of units) {
    const count = Math.floor(ms / size);
    if (name === "s") {
      const seconds = Math.round(ms / 100) / 10;
      if (seconds > 0 || text === "") text += (Number.isInteger(seconds) ? seconds : seconds.toFixed(1)) + "s";
    } else if (count > 0) { text += count + name; ms -= count * size; }
  }
  return text;
}
function table(heads, rows) {
  const cell = (kind, value) => element(kind, typeof value === "number" ? { class: "number" } : {}, String(value));
  return element("table", {},
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", {}, head)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((value) => cell("td", value))))));
}
function section(title, ...children) { main.append(element("h2", {}, title), ...children); }

// ---- head --------------------------------------------------------------------------------------
main.append(element("h1", {}, data.deployment));
for (const part of parts) {
  const from = part.run ? `run ${part.run}, begun ${part.started_at}` : `prediction, seed ${part.seed}`;
  main.append(element("p", { class: "quiet" }, parts.length > 1 ? `${part.label}: ` : "", from));
}
main.append(element("p", { class: "quiet mono" }, data.plan));
const cards = element("ul", { class: "cards" });
const card = (value, words, kind) => cards.append(element("li", {}, element("b", { class: kind || "" }, value), words));
for (const part of parts) {
  const whose = parts.length > 1 ? ` (${part.label})` : "";
  card(part.outcome, "outcome" + whose, "outcome-" + part.outcome);
  card(time(part.duration), "from start to end" + whose);
  for (const role of part.roles) {
    if (role.lowest < role.targets) card(`${role.lowest} of ${role.targets}`, `fewest ${role.name} in service${whose}`);
    if (role.downtime > 0) card(time(role.downtime), `downtime of ${role.name}${whose}`, "outcome-failed");
  }
}
main.append(cards);

// ---- the timeline ------------------------------------------------------------------------------
const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue("--" + name).trim();
const longest = Math.max(1, ...parts.map((part) => part.duration));
// Rows: one a step, then one a lane; of two timelines the lanes stand in pairs.
const rows = [];
const first = parts[0];
first.steps.forEach((step, index) => {
  rows.push({ step: index, head: true });
  for (const lane of first.lanes) {
    if (lane[0] === index) rows.push({ step: index, lanes: [lane], name: data.targets[lane[1]] });
  }
});
for (const other of parts.slice(1)) {
  const known = new Map(other.lanes.map((lane) => [lane[0] + ":" + lane[1], lane]));
  for (const row of rows) if (!row.head) row.lanes.push(known.get(row.step + ":" + row.lanes[0][1]) || null);
}
const view = { from: 0, to: longest, top: 0, filter: "", step: -1 };
const gutter = 210, rowHeight = 16 + (parts.length - 1) * 8, axis = 26;
let shown = rows;
const box = element("div", { class: "timeline", tabindex: "0", role: "img", "aria-label": "timeline of all targets" });
const canvas = element("canvas");
const tip = element("div", { class: "tip" });
box.append(canvas, tip);

function choose() {
  const words = view.filter.toLowerCase().split(/\s+/).filter(Boolean);
  shown = rows.filter((row) => {
    if (view.step >= 0 && row.step !== view.step) return false;
    if (row.head) return words.length === 0;
    return words.every((word) => row.name.toLowerCase().includes(word) || row.lanes.some((lane) => lane && data.states[lane[2]].startsWith(word)));
  });
  view.top = 0;
  count.textContent = `${shown.filter((row) => !row.head).length} of ${rows.filter((row) => !row.head).length} lanes`;
  draw();
}
function taskColour(step, task, state) {
  if (data.states[state] === "failed") return colour("failed");
  if (data.states[state] === "undone") return colour("undone");
  if (data.states[state] === "cancelled") return colour("failed");
  return first.steps[step].out[task] ? colour("drained") : colour("work");
}
function x(at, width) { return gutter + (at - view.from) / (view.to - view.from) * (width - gutter); }
function drawBar(context, lane, row, y, height, width) {
  if (!lane || lane[3] === null) return;
  const tasks = lane[5];
  for (let i = 0; i + 3 < tasks.length; i += 4) {
    const [start, end, , state] = tasks.slice(i, i + 4);
    if (start === null) continue;
    const left = Math.max(gutter, x(start, width)), right = Math.min(width, x(end === null ? longest : end, width));
    if (right < gutter || left > width) continue;
    context.fillStyle = taskColour(row.step, i / 4, state);
    context.fillRect(left, y, Math.max(1, right - left - (right - left > 4 ? 1 : 0)), height);
  }
}
function draw() {
  const scale = window.devicePixelRatio || 1, width = box.clientWidth, height = box.clientHeight;
  canvas.width = width * scale; canvas.height = height * scale;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.clearRect(0, 0, width, height);
  context.font = "12px system-ui, 'DejaVu Sans', sans-serif";
  context.textBaseline = "middle";
  const begin = Math.floor(view.top / rowHeight), end = Math.min(shown.length, begin + Math.ceil((height - axis) / rowHeight) + 1);
  for (let i = begin; i < end; ++i) {
    const row = shown[i], y = axis + i * rowHeight - view.top;
    if (row.head) {
      const step = first.steps[row.step];
      context.fillStyle = colour("panel"); context.fillRect(0, y, width, rowHeight);
      context.fillStyle = colour("ink"); context.font = "600 12px system-ui, 'DejaVu Sans', sans-serif";
      context.fillText(`${step.name} — ${step.state}${step.start === null ? "" : `, ${time(step.start)} to ${time(step.end)}`}`, 8, y + rowHeight / 2);
      context.font = "12px system-ui, 'DejaVu Sans', sans-serif";
      continue;
    }
    context.fillStyle = colour("quiet");
    let name = row.name;
    while (name.length > 1 && context.measureText(name).width > gutter - 24) name = name.slice(0, -1);
    context.fillText(name === row.name ? name : name + "…", 16, y + rowHeight / 2);
    row.lanes.forEach((lane, k) => drawBar(context, lane, row, y + 2 + k * 8, parts.length > 1 ? 7 : rowHeight - 4, width));
  }
  context.fillStyle = colour("paper"); context.fillRect(0, 0, width, axis);
  context.strokeStyle = colour("line"); context.fillStyle = colour("quiet");
  const span = view.to - view.from, ticks = Math.max(2, Math.floor((width - gutter) / 110));
  const nice = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 144e5, 432e5, 864e5];
  const tick = nice.find((size) => span / size <= ticks) || Math.ceil(span / ticks / 864e5) * 864e5;
  for (let at = Math.ceil(view.from / tick) * tick; at <= view.to; at += tick) {
    const left = x(at, width);
    context.beginPath(); context.moveTo(left + .5, axis - 6); context.lineTo(left + .5, height); context.globalAlpha = .5; context.stroke(); context.globalAlpha = 1;
    context.fillText(time(at), Math.min(left + 3, width - 40), axis / 2);
  }
}
function clamp() {
  const span = Math.min(longest, Math.max(longest / 1e5, view.to - view.from));
  view.from = Math.min(Math.max(0, view.from), longest - span); view.to = view.from + span;
  view.top = Math.max(0, Math.min(view.top, shown.length * rowHeight - (box.clientHeight - axis)));
}
function zoom(factor, place) {
  const middle = view.from + (view.to - view.from) * place, span = (view.to - view.from) * factor;
  view.from = middle - span * place; view.to = view.from + span;
  clamp(); draw();
}
box.addEventListener("wheel", (event) => {
  event.preventDefault();
  const place = Math.min(1, Math.max(0, (event.offsetX - gutter) / (box.clientWidth - gutter)));
  if (event.ctrlKey || event.shiftKey) zoom(event.deltaY > 0 || event.deltaX > 0 ? 1.25 : .8, place);
  else { view.top += event.deltaY; clamp(); draw(); }
}, { passive: false });
let dragged = null;
box.addEventListener("pointerdown", (event) => { dragged = { x: event.clientX, y: event.clientY }; box.setPointerCapture(event.pointerId); });
box.addEventListener("pointerup", () => { dragged = null; });
box.addEventListener("pointermove", (event) => {
  if (dragged) {
    const moved = (dragged.x - event.clientX) / (box.clientWidth - gutter) * (view.to - view.from);
    view.from += moved; view.to += moved; view.top += dragged.y - event.clientY;
    dragged = { x: event.clientX, y: event.clientY };
    clamp(); draw();
  }
  hover(event);
});
box.addEventListener("pointerleave", () => { tip.style.display = "none"; });
box.addEventListener("keydown", (event) => {
  const span = view.to - view.from;
  const moves = { ArrowLeft: () => { view.from -= span / 10; view.to -= span / 10; }, ArrowRight: () => { view.from += span / 10; view.to += span / 10; },
    ArrowUp: () => { view.top -= 3 * rowHeight; }, ArrowDown: () => { view.top += 3 * rowHeight; } };
  if (event.key === "+") return zoom(.8, .5);
  if (event.key === "-") return zoom(1.25, .5);
  if (!moves[event.key]) return;
  event.preventDefault(); moves[event.key](); clamp(); draw();
});
function hover(event) {
  const bounds = box.getBoundingClientRect(), px = event.clientX - bounds.left, py = event.clientY - bounds.top;
  const row = shown[Math.floor((py - axis + view.top) / rowHeight)];
  if (!row || row.head || py < axis) { tip.style.display = "none"; return; }
  const at = view.from + (px - gutter) / (box.clientWidth - gutter) * (view.to - view.from);
  const lines = [element("b", {}, row.name), ` in ${first.steps[row.step].name}`];
  row.lanes.forEach((lane, k) => {
    if (!lane) return;
    lines.push(element("div", {}, `${parts.length > 1 ? parts[k].label + ": " : ""}${data.states[lane[2]]}${lane[3] === null ? "" : `, ${time(lane[3])} to ${time(lane[4])}`}`));
    for (let i = 0; i + 3 < lane[5].length; i += 4) {
      const [start, end, attempts, state] = lane[5].slice(i, i + 4);
      if (start === null || at < start || at >= (end === null ? Infinity : end)) continue;
      lines.push(element("div", { class: "quiet" }, `${first.steps[row.step].tasks[i / 4]}: ${data.states[state]}, ${time(end - start)}${attempts > 1 ? `, ${attempts} attempts` : ""}`));
    }
  });
  tip.replaceChildren(...lines);
  tip.style.display = "block";
  tip.style.left = Math.min(px + 14, box.clientWidth - tip.offsetWidth - 4) + "px";
  tip.style.top = Math.min(py + 14, box.clientHeight - tip.offsetHeight - 4) + "px";
}
const filter = element("input", { type: "search", placeholder: "target or state", "aria-label": "show only" });
filter.addEventListener("input", () => { view.filter = filter.value; choose(); });
const steps = element("select", { "aria-label": "step" }, element("option", { value: "-1" }, "all steps"),
  ...first.steps.map((step, index) => element("option", { value: String(index) }, step.name)));
steps.addEventListener("change", () => { view.step = Number(steps.value); choose(); });
const button = (words, act) => { const made = element("button", { type: "button" }, words); made.addEventListener("click", act); return made; };
const count = element("span", { class: "quiet" });
const swatch = (name, words) => element("span", {}, element("i", { style: `background: var(--${name})` }), words);
section("Timeline",
  element("div", { class: "tools" }, filter, steps, button("+", () => zoom(.6, .5)), button("−", () => zoom(1.7, .5)),
    button("whole", () => { view.from = 0; view.to = longest; clamp(); draw(); }), count,
    element("span", { class: "quiet" }, "shift + wheel zooms, dragging moves")),
  element("div", { class: "legend" }, swatch("work", "at work"), swatch("drained", "out of service"), swatch("failed", "failed or cancelled"), swatch("undone", "undone")),
  box);
choose();
new ResizeObserver(draw).observe(box);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => location.reload());
addEventListener("beforeprint", () => {
  box.style.height = Math.min(4000, axis + shown.length * rowHeight + 4) + "px"; view.top = 0; draw();
});
addEventListener("afterprint", () => { box.style.height = ""; draw(); });

// ---- availability ------------------------------------------------------------------------------
function chart(series, times, options) {
  const holder = element("div", { class: "chart" });
  const axisStyle = { stroke: colour("quiet"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 } };
  const stepped = options.bars ? uPlot.paths.bars({ size: [0.95] }) : uPlot.paths.stepped({ align: 1 });
  const plot = new uPlot({
    width: Math.max(320, main.clientWidth - 70), height: 200, title: options.title, scales: { x: { time: false }, y: { range: (u, low, high) => [0, Math.max(1, high * 1.05)] } },
    axes: [{ ...axisStyle, values: (u, values) => values.map((value) => time(value)) }, axisStyle],
    series: [{ label: "at", value: (u, value) => value === null ? "" : time(value) },
      ...series.map((one) => ({ label: one.label, stroke: one.stroke, fill: one.fill, dash: one.dash, width: 2, points: { show: false }, paths: stepped }))],
  }, [times, ...series.map((one) => one.values)], holder);
  new ResizeObserver(() => plot.setSize({ width: Math.max(320, main.clientWidth - 70), height: 200 })).observe(main);
  return holder;
}
const touched = first.roles.map((role, index) => index).filter((index) => parts.some((part) => part.roles[index].availability.length > 1));
if (touched.length > 0) {
  section("In service");
  for (const index of touched) {
    const role = first.roles[index];
    const times = [...new Set([0, longest, ...parts.flatMap((part) => part.roles[index].availability.map((change) => change[0]))])].sort((a, b) => a - b);
    const series = parts.map((part, k) => {
      const changes = part.roles[index].availability; let at = 0;
      return { label: parts.length > 1 ? part.label : role.name, stroke: k === 0 ? colour("work") : colour("well"),
        values: times.map((moment) => { while (at + 1 < changes.length && changes[at + 1][0] <= moment) ++at; return changes[at][1]; }) };
    });
    series.push({ label: "minimum", stroke: colour("failed"), dash: [4, 4], values: times.map(() => role.minimum) });
    for (const bound of role.bounds) series.push({ label: bound.text, stroke: colour("drained"), dash: [8, 4], values: times.map(() => bound.value) });
    main.append(chart(series, times, { title: `${role.name}: ${role.targets} targets` }));
  }
}
if (data.distribution) {
  const bars = data.distribution.histogram;
  section("How long it takes", element("p", {}, data.distribution.sentence),
    chart([{ label: "runs", stroke: colour("work"), fill: colour("work"), values: bars.map((bar) => bar[1]) }], bars.map((bar) => bar[0]), { title: `${data.distribution.runs} runs`, bars: true }));
}

// ---- tables ------------------------------------------------------------------------------------
if (first.contracts.length > 0) {
  section("Contracts", table(["contract", ...parts.flatMap((part) => [parts.length > 1 ? part.label : "held", "basis", "worst", "at"])],
    first.contracts.map((contract, index) => [contract.text, ...parts.flatMap((part) => { const one = part.contracts[index]; return [one.held ? "yes" : "no", one.basis, one.worst, one.at]; })])));
}
section("Steps", table(["step", ...parts.flatMap((part) => (parts.length > 1 ? [part.label, "start", "end"] : ["state", "start", "end"])), "at once", "targets"],
  first.steps.map((step, index) => [step.name, ...parts.flatMap((part) => { const one = part.steps[index]; return [one.state + (one.reason ? `: ${one.reason}` : ""), time(one.start), time(one.end)]; }), step.limit, step.targets])));
section("Critical path", element("p", { class: "quiet" }, "What bounded the duration: each was released by the one before."),
  table(["step", "target", "child step", "from", "to", "takes"], first.path.map((piece) => [first.steps[piece[0]].name, piece[1], first.steps[piece[0]].tasks[piece[2]] || "", time(piece[3]), time(piece[4]), time(piece[4] - piece[3])])));
const assumed = parts.flatMap((part) => part.assumed);
if (assumed.length > 0) section("What was assumed", element("ul", {}, ...assumed.map((line) => element("li", {}, line))));
document.documentElement.dataset.drawn = "yes";
