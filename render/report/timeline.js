// The timeline: a row a lane. The browser scrolls; what is in sight is drawn on a canvas of the size
// of the window, so that ten thousand lanes cost no more than thirty.

// ---- rows --------------------------------------------------------------------------------------
// A lane: [step, target, state, start, end, [start, end, attempts, state, of each task], reason, extra].
const FAILED = new Set(["failed", "cancelled", "aborted"].map((name) => data.states.indexOf(name)));
const UNDONE = data.states.indexOf("undone");
const outOf = parts.map((part) => new Map(part.out.map(([target, ...times]) => [target, times])));
const onPath = parts.map((part) => {
  const pieces = new Map();
  for (const [step, target, , start, end] of part.path) {
    const key = `${step}:${target}`;
    if (!pieces.has(key)) pieces.set(key, []);
    pieces.get(key).push(start, end);
  }
  return pieces;
});
function makeRows() {
  // Gates have many lanes of one target, so lanes of two timelines are paired by their place.
  const rows = [];
  let step = -1, stepBefore = -1, at = 0; // at: which lane of its step
  parts[0].lanes.forEach((lane, index) => {
    for (; step < lane[0]; ++step) rows.push({ step: step + 1, head: true });
    const lanes = parts.map((part) => part.lanes[index]), last = lanes[lanes.length - 1];
    const retried = last[5].some((value, i) => i % 4 === 2 && value > 1);
    at = lane[0] === stepBefore ? at + 1 : 0;
    stepBefore = lane[0];
    const batches = data.steps[lane[0]].batches;
    const batch = batches ? 1 + batches.filter((first) => first <= at).length : 0;
    const name = data.steps[lane[0]].gate_of === undefined ? data.targets[lane[1]] : `after batch ${batch}`;
    rows.push({ step: lane[0], lanes, target: lane[1], batch, name, state: data.states[last[2]], retried, bad: FAILED.has(last[2]) || last[2] === UNDONE,
      path: onPath[parts.length - 1].has(`${last[0]}:${last[1]}`), took: last[3] === null ? -1 : (last[4] === null ? latest.duration : last[4]) - last[3] });
  });
  return rows;
}
const rows = makeRows();
const roleNames = data.targets.map(() => "");
for (const role of data.roles) {
  for (let i = 0; i < role.targets.length; i += 2) {
    for (let k = 0; k < role.targets[i + 1]; ++k) roleNames[role.targets[i] + k] += " " + role.name.toLowerCase();
  }
}

// ---- what is chosen ----------------------------------------------------------------------------
const chosen = { text: "", step: -1, kind: "", slowest: false, all: false, inSight: false };
const axisHeight = 28, readable = both ? 30 : 20, mostHeight = 640;
let shown = rows;
const kinds = {
  failed: { name: "failed or taken back", fits: (row) => row.bad },
  retried: { name: "needed more than one attempt", fits: (row) => row.retried },
  path: { name: "on the critical path", fits: (row) => row.path },
  idle: { name: "not run", fits: (row) => row.took < 0 },
};
const laneRows = rows.filter((row) => !row.head);
const box = element("div", { class: "timeline", tabindex: "0", role: "img", "aria-label": "Timeline: a row for each target in each step" });
const canvas = element("canvas");
const content = element("div", { class: "content" }, canvas);
const cross = element("div", { class: "cross" }), band = element("div", { class: "band" }), tip = element("div", { class: "tip" });
box.append(content);
const stage = element("div", { class: "stage" }, box, cross, band, tip);
const counted = element("span", { class: "quiet", id: "counted" });

const endOf = (row, part) => (row.lanes[part][4] === null ? parts[part].duration : row.lanes[part][4]);
const inSight = (row) => row.lanes.some((lane, part) => lane[3] !== null && lane[3] < view.to && endOf(row, part) > view.from);
function choose() {
  rechoose();
  box.scrollTop = 0;
  layOut();
  redrawSoon();
}
function rechoose() {
  const wanted = chosen.text.toLowerCase().split(/\s+/).filter(Boolean);
  const narrowed = wanted.length > 0 || chosen.kind !== "" || chosen.inSight;
  const fits = (row) => (chosen.step < 0 || row.step === chosen.step) && (chosen.kind === "" || kinds[chosen.kind].fits(row)) && (!chosen.inSight || inSight(row)) &&
    wanted.every((word) => row.name.toLowerCase().includes(word) || row.state.startsWith(word) || roleNames[row.target].includes(word));
  shown = [];
  for (let i = 0; i < rows.length;) {
    const head = rows[i++], lanes = [];
    for (; i < rows.length && !rows[i].head; ++i) if (fits(rows[i])) lanes.push(rows[i]);
    if (lanes.length === 0 && (narrowed || (chosen.step >= 0 && head.step !== chosen.step))) continue;
    if (chosen.slowest) lanes.sort((a, b) => b.took - a.took);
    shown.push(head);
    for (const lane of lanes) shown.push(lane);
  }
  const lanes = shown.reduce((sum, row) => sum + (row.head ? 0 : 1), 0);
  counted.textContent = lanes === laneRows.length ? `${count(lanes)} lanes` : `${count(lanes)} of ${count(laneRows.length)} lanes`;
}

// ---- geometry ----------------------------------------------------------------------------------
let rowHeight = readable, width = 0, height = 0, placed = 0; // placed: where we left the scroll bar
function layOut(printed) {
  const free = (printed || mostHeight) - axisHeight;
  rowHeight = chosen.all ? Math.min(readable, free / Math.max(1, shown.length)) : readable;
  const needed = Math.ceil(axisHeight + rowHeight * Math.max(1, shown.length));
  // Bars to scroll with cover the right margin alone, so that times stand below those of the charts.
  width = box.offsetWidth;
  const plot = width - gutter() - rightMargin, more = Math.round(plot * (whole / (view.to - view.from) - 1));
  content.style.width = `calc(100% + ${more}px)`;
  content.style.height = chosen.all ? "100%" : `${needed}px`;
  box.style.height = `${Math.min(printed || mostHeight, needed) + 2 + (more > 0 ? 16 : 0)}px`;
  height = box.clientHeight;
  const left = Math.round(view.from / (view.to - view.from) * plot);
  if (Math.abs(box.scrollLeft - left) > 1) box.scrollLeft = left;
  placed = box.scrollLeft;
}
const across = (at) => gutter() + (at - view.from) / (view.to - view.from) * (width - gutter() - rightMargin);
const moment = (x) => view.from + (x - gutter()) / (width - gutter() - rightMargin) * (view.to - view.from);
box.addEventListener("scroll", () => {
  // The browser moved it: by a wheel, a finger, a key or its bars.
  const span = view.to - view.from, plot = width - gutter() - rightMargin;
  if (Math.abs(box.scrollLeft - placed) > 0.5) look(box.scrollLeft / plot * span, box.scrollLeft / plot * span + span);
  else redrawSoon();
});

// ---- drawing -----------------------------------------------------------------------------------
function fill(context, from, to, y, tall, colour, gap) {
  const left = Math.max(gutter(), across(from)), right = Math.min(width - rightMargin, across(to));
  if (right < left) return 0;
  context.fillStyle = colour;
  const wide = right - left - (gap && right - left > 4 ? 1 : 0);
  context.fillRect(left, y, Math.max(1, wide), tall);
  return wide;
}
// The parts of [from, to) in which the target is out of service.
function eachOut(part, target, from, to, act) {
  const times = outOf[part].get(target);
  if (!times) return;
  for (let i = 0; i < times.length; i += 2) {
    const start = Math.max(from, times[i]), end = Math.min(to, times[i + 1] === null ? parts[part].duration : times[i + 1]);
    if (start < end) act(start, end);
  }
}
function drawName(context, text, x, y, most, colour, style) {
  context.font = style || font(12);
  context.fillStyle = colour;
  if (context.measureText(text).width > most) {
    let low = 0, high = text.length;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (context.measureText(text.slice(0, middle) + "…").width <= most) low = middle; else high = middle - 1;
    }
    text = text.slice(0, low) + "…";
  }
  context.fillText(text, x, y);
}
function drawLane(context, row, part, y, tall) {
  const lane = row.lanes[part], [step, target, state, start, end, tasks, reason, extra] = lane;
  const names = data.steps[step].tasks;
  if (start === null) {
    const why = reason !== undefined && reason >= 0 ? `: ${parts[part].reasons[reason]}` : "";
    if (!both || part === 1) drawName(context, words(data.states[state]) + why, gutter() + 8, y + tall / 2, width - gutter() - 40, colours.quiet);
    return;
  }
  const until = end === null ? parts[part].duration : end;
  context.globalAlpha = both && part === 0 ? 0.5 : 1;
  if (!both || part === 1) { // what is pale would show it through
    fill(context, start, until, y + tall / 2 - 1, 2, colours.idle);
    eachOut(part, target, start, until, (from, to) => fill(context, from, to, y + tall / 2 - 1, 2, colours.out));
  }
  for (let i = 0; i < tasks.length; i += 4) {
    if (tasks[i] === null) continue;
    const from = tasks[i], to = tasks[i + 1] === null ? until : tasks[i + 1], bad = FAILED.has(tasks[i + 3]);
    let kind = bad ? "failed" : tasks[i + 3] === UNDONE ? "undone" : "work";
    fill(context, from, to, y, tall, colours[kind], true);
    if (kind === "work") {
      let out = 0;
      eachOut(part, target, from, to, (a, b) => { out += b - a; fill(context, a, b, y, tall, colours.out, b === to); });
      if (out * 2 > to - from) kind = "out";
    }
    let lost = 0;
    if (extra) {
      for (const piece of extra) {
        if (!FAILED.has(piece[2]) || piece[0] < from || piece[0] >= to) continue;
        const over = piece[1] === null ? until : piece[1];
        lost += over - piece[0];
        fill(context, piece[0], over, y, tall, colours.failed, true);
      }
    }
    if (lost * 2 > to - from) kind = "failed";
    const left = Math.max(gutter(), across(from)), wide = Math.min(width - rightMargin, across(to)) - left;
    if (wide > 40 && tall >= 12 && names.length > 1) drawName(context, names[i / 4], left + 5, y + tall / 2 + 0.5, wide - 9, kind === "undone" ? colours.paper : colours[`on-${kind}`], font(11));
  }
  // What was carried out beside the tasks: verify and undo.
  if (extra) for (const [from, to, how, what] of extra) {
    const within = tasks.some((value, i) => i % 4 === 0 && value !== null && from >= value && from < tasks[i + 1]);
    if (within || from === null) continue;
    const kind = FAILED.has(how) ? "failed" : "undone";
    fill(context, from, to === null ? until : to, y, tall, colours[kind], true);
    const left = Math.max(gutter(), across(from)), wide = Math.min(width - rightMargin, across(to === null ? until : to)) - left;
    if (wide > 40 && tall >= 12) drawName(context, what, left + 5, y + tall / 2 + 0.5, wide - 9, kind === "failed" ? colours["on-failed"] : colours.paper, font(11));
  }
  context.globalAlpha = 1;
  const path = onPath[part].get(`${step}:${target}`);
  if (path && (!both || part === 1)) {
    context.strokeStyle = colours.ink; context.lineWidth = 1.5;
    for (let i = 0; i < path.length; i += 2) {
      const left = Math.max(gutter(), across(path[i])), right = Math.min(width - rightMargin, across(path[i + 1]));
      if (right > left && path[i] >= start && path[i] <= until) context.strokeRect(left + 0.5, y - 1.5, Math.max(1, right - left - 1), tall + 3);
    }
  }
}
function drawHead(context, row, y) {
  const times = latest.steps[row.step], step = data.steps[row.step];
  context.fillStyle = colours.panel; context.fillRect(0, y, width, rowHeight);
  const when = times.start === null ? (times.reason ? `: ${times.reason}` : "") : `, ${time(times.start)} to ${time(times.end === null ? latest.duration : times.end)}`;
  const middle = y + rowHeight / 2;
  context.font = font(12, 600);
  const name = context.measureText(step.name).width;
  drawName(context, step.name, 8, middle, width * 0.6, FAILED.has(data.states.indexOf(times.state)) ? colours.failed : colours.ink, font(12, 600));
  drawName(context, `${words(times.state)}${when}`, 8 + Math.min(name, width * 0.6) + 12, middle, width * 0.4 - 30, colours.quiet);
}
// All lanes in one picture: a hair's breadth for each, set pixel by pixel, since ten thousand bars
// would take a canvas a third of a second. What failed comes last, so that it is seen.
const packed = (colour) => {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return (255 << 24 | blue << 16 | green << 8 | red) >>> 0; // as little-endian machines keep it
};
function drawAll(context, scale) {
  const wide = canvas.width, image = context.createImageData(wide, canvas.height), pixels = new Uint32Array(image.data.buffer);
  const left = gutter() * scale, right = (width - rightMargin) * scale, perTime = (right - left) / (view.to - view.from);
  const tall = Math.max(1, Math.floor(rowHeight * scale)), last = parts.length - 1, end = latest.duration;
  const span = (from, to, row, colour) => {
    const start = Math.max(Math.round(left), Math.round(left + (from - view.from) * perTime));
    const stop = Math.min(Math.round(right), Math.max(start + 1, Math.round(left + ((to === null ? end : to) - view.from) * perTime)));
    const top = Math.floor((axisHeight + row * rowHeight) * scale);
    if (stop > start) for (let line = top; line < top + tall; ++line) pixels.fill(colour, line * wide + start, line * wide + stop);
  };
  const work = packed(colours.work), out = packed(colours.out), failed = packed(colours.failed);
  shown.forEach((row, i) => {
    if (row.head) return;
    const lane = row.lanes[last];
    if (lane[3] === null || lane[3] > view.to) return;
    span(lane[3], lane[4], i, work);
    eachOut(last, row.target, lane[3], lane[4] === null ? end : lane[4], (from, to) => span(from, to, i, out));
  });
  shown.forEach((row, i) => {
    if (row.head || !(row.bad || row.retried)) return;
    const [, , , , , tasks, , extra] = row.lanes[last];
    for (let k = 0; k < tasks.length; k += 4) if (tasks[k] !== null && FAILED.has(tasks[k + 3])) span(tasks[k], tasks[k + 1], i, failed);
    for (const [from, to, state] of extra || []) if (FAILED.has(state) && from !== null) span(from, to, i, failed);
  });
  context.putImageData(image, 0, 0);
  for (let i = 0; i < shown.length;) {
    const y = axisHeight + i * rowHeight, head = shown[i];
    let lanes = 0;
    for (++i; i < shown.length && !shown[i].head; ++i) ++lanes;
    context.fillStyle = colours.line; context.fillRect(0, Math.round(y), width, 1);
    if (lanes * rowHeight > 13) drawName(context, data.steps[head.step].name, 8, y + Math.max(9, Math.min(lanes * rowHeight / 2, 40)), gutter() - 16, colours.ink, font(12, 600));
  }
}
function drawAxis(context) {
  context.fillStyle = colours.paper; context.fillRect(0, 0, width, axisHeight);
  context.strokeStyle = colours.line; context.lineWidth = 1;
  const span = view.to - view.from, most = Math.max(2, Math.floor((width - gutter()) / 100));
  const tick = niceTimes.find((size) => span / size <= most) || Math.ceil(span / most / 864e5) * 864e5;
  context.beginPath();
  for (let at = Math.ceil(view.from / tick) * tick; at <= view.to; at += tick) {
    const left = Math.round(across(at)) + 0.5;
    context.moveTo(left, axisHeight - 5); context.lineTo(left, height);
  }
  context.globalAlpha = 0.7; context.stroke(); context.globalAlpha = 1;
  context.textAlign = "center";
  for (let at = Math.ceil(view.from / tick) * tick; at <= view.to; at += tick) {
    context.font = font(12); context.fillStyle = colours.quiet;
    context.fillText(time(at), Math.min(across(at), width - 24), axisHeight / 2 - 1);
  }
  context.textAlign = "left";
}
function draw() {
  const scale = devicePixelRatio || 1;
  canvas.style.width = `${width}px`; canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * scale); canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  context.textBaseline = "middle";
  const narrow = rowHeight < readable * 0.7;
  if (narrow) drawAll(context, scale);
  drawAxis(context);
  if (narrow) return;
  const top = box.scrollTop, begin = Math.max(0, Math.floor(top / rowHeight)), end = Math.min(shown.length, begin + Math.ceil((height - axisHeight) / rowHeight) + 1);
  context.save();
  context.beginPath(); context.rect(0, axisHeight, width, height - axisHeight); context.clip();
  for (let i = begin; i < end; ++i) {
    const row = shown[i], y = axisHeight + i * rowHeight - top;
    if (row.head) { drawHead(context, row, y); continue; }
    const above = shown[i - 1];
    if (above && !above.head && above.batch !== row.batch && !chosen.slowest) { context.fillStyle = colours.line; context.fillRect(0, Math.round(y), width, 1); }
    drawName(context, row.name, 20, y + rowHeight / 2, gutter() - 30, row.bad ? colours.failed : colours.ink);
    if (both) { drawLane(context, row, 0, y + 3, 11); drawLane(context, row, 1, y + 15, 12); }
    else drawLane(context, row, 0, y + 3, rowHeight - 6);
  }
  // The step that the first rows belong to stays in sight.
  let head = begin;
  while (head > 0 && head < shown.length && !shown[head].head) --head;
  if (shown[head] && head < begin) {
    const next = shown[begin + 1] && shown[begin + 1].head ? axisHeight + (begin + 1) * rowHeight - top - rowHeight : axisHeight;
    drawHead(context, shown[head], Math.min(axisHeight, next));
  }
  context.restore();
}
watchers.push(() => { if (chosen.inSight) rechoose(); layOut(); draw(); });

// ---- pointer and keys --------------------------------------------------------------------------
function rowAt(y) { return y < axisHeight ? -1 : Math.floor((y - axisHeight + (chosen.all ? 0 : box.scrollTop)) / rowHeight); }
function describe(row, at) {
  const lines = [element("b", {}, row.name), element("span", { class: "quiet" }, ` in ${data.steps[row.step].name}${row.batch ? `, batch ${row.batch}` : ""}`)];
  row.lanes.forEach((lane, part) => {
    const why = lane[6] !== undefined && lane[6] >= 0 ? `: ${parts[part].reasons[lane[6]]}` : "";
    const when = lane[3] === null ? "" : `, ${time(lane[3])} to ${time(lane[4])}${lane[4] === null ? "" : `, so ${time(lane[4] - lane[3])}`}`;
    lines.push(element("div", {}, `${whose(parts[part])}${words(data.states[lane[2]])}${when}${why}`));
    if (part === parts.length - 1 && clock(lane[3])) lines.push(element("div", { class: "quiet" }, `from ${clock(lane[3])}`));
    for (let i = 0; i < lane[5].length; i += 4) {
      const [start, end, attempts, state] = lane[5].slice(i, i + 4);
      if (start === null) continue;
      const until = end === null ? parts[part].duration : end;
      const name = data.steps[row.step].tasks[i / 4];
      lines.push(element("div", { class: at >= start && at < until ? "now" : "quiet" },
        `${name}: ${words(data.states[state])}, ${time(until - start)}${attempts > 1 ? `, ${attempts} attempts` : ""}`));
    }
    for (const [start, end, state, name] of lane[7] || []) {
      if (data.steps[row.step].tasks.includes(name) || start === null) continue; // an attempt of those above
      const until = end === null ? parts[part].duration : end;
      lines.push(element("div", { class: at >= start && at < until ? "now" : "quiet" }, `${name}: ${words(data.states[state])}, ${time(until - start)}`));
    }
  });
  return lines;
}
function hover(event) {
  const bounds = box.getBoundingClientRect(), x = event.clientX - bounds.left, y = event.clientY - bounds.top;
  const row = shown[rowAt(y)];
  point(x >= gutter() && x <= width - rightMargin ? moment(x) : null);
  if (!row || row.head) { tip.style.display = "none"; return; }
  tip.replaceChildren(...describe(row, moment(x)));
  tip.style.display = "block";
  tip.style.left = `${x + 18 + tip.offsetWidth > stage.clientWidth ? Math.max(4, x - tip.offsetWidth - 14) : x + 18}px`;
  tip.style.top = `${y + 18 + tip.offsetHeight > innerHeight - bounds.top ? y - tip.offsetHeight - 10 : y + 18}px`;
}
pointed.push((at) => {
  const x = at === null ? -1 : across(at);
  cross.style.display = x < gutter() || x > width - rightMargin ? "none" : "block";
  cross.style.left = `${x}px`;
});
let pressed = null;
box.addEventListener("pointerdown", (event) => {
  if (event.pointerType === "mouse" && event.button === 0 && event.offsetX < box.clientWidth) {
    const bounds = box.getBoundingClientRect();
    pressed = { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
    if (pressed.x > box.clientWidth || pressed.y > box.clientHeight) pressed = null; // on a scroll bar
  }
});
box.addEventListener("pointermove", (event) => {
  hover(event);
  if (!pressed) return;
  const x = event.clientX - box.getBoundingClientRect().left, left = Math.max(gutter(), Math.min(x, pressed.x)), right = Math.min(width - rightMargin, Math.max(x, pressed.x));
  if (Math.abs(x - pressed.x) < 5 && band.style.display !== "block") return;
  band.style.display = "block"; band.style.left = `${left}px`; band.style.width = `${Math.max(0, right - left)}px`;
});
addEventListener("pointerup", (event) => {
  if (!pressed) return;
  const bounds = box.getBoundingClientRect(), x = event.clientX - bounds.left, from = moment(Math.max(gutter(), Math.min(x, pressed.x))), to = moment(Math.max(gutter(), Math.max(x, pressed.x)));
  const drawn = band.style.display === "block";
  band.style.display = "none";
  if (drawn && to > from) look(from, to);
  else if (!drawn && chosen.all && rowHeight < readable * 0.7) { // into what was pointed at
    const index = rowAt(pressed.y);
    chosen.all = false; allButton.setAttribute("aria-pressed", "false");
    layOut(); box.scrollTop = Math.max(0, index * readable - (height - axisHeight) / 2); redrawSoon();
  }
  pressed = null;
});
box.addEventListener("pointerleave", () => { tip.style.display = "none"; point(null); });
box.addEventListener("dblclick", () => look(0, whole));
box.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return; // the browser scrolls
  event.preventDefault();
  const x = event.clientX - box.getBoundingClientRect().left;
  zoom(event.deltaY > 0 ? 1.25 : 0.8, Math.min(1, Math.max(0, (x - gutter()) / (width - gutter() - rightMargin))));
}, { passive: false });
box.addEventListener("keydown", (event) => {
  const keys = { "+": () => zoom(0.7, 0.5), "=": () => zoom(0.7, 0.5), "-": () => zoom(1.4, 0.5), 0: () => look(0, whole) };
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});

// ---- tools -------------------------------------------------------------------------------------
const allButton = element("button", { type: "button", id: "all", "aria-pressed": "false", title: "every lane in one picture; click in it to see one", click: () => {
  chosen.all = !chosen.all; allButton.setAttribute("aria-pressed", String(chosen.all)); choose();
} }, "whole picture");
const sightButton = element("button", { type: "button", id: "in-sight", "aria-pressed": "false", title: "leave out the lanes that are not at work in the time that is looked at", click: () => {
  chosen.inSight = !chosen.inSight; sightButton.setAttribute("aria-pressed", String(chosen.inSight)); choose();
} }, "only this time");
function drawTimeline() {
  const filter = element("input", { type: "search", id: "filter", placeholder: "target, role or state", "aria-label": "show only lanes whose target, role or state fits" });
  filter.addEventListener("input", () => { chosen.text = filter.value; choose(); });
  const steps = element("select", { id: "step", "aria-label": "step" }, element("option", { value: "-1" }, "all steps"), ...data.steps.map((step, index) => element("option", { value: String(index) }, step.name)));
  steps.addEventListener("change", () => { chosen.step = Number(steps.value); choose(); });
  const kind = element("select", { id: "kind", "aria-label": "which lanes" }, element("option", { value: "" }, "all lanes"));
  for (const [name, { name: title, fits }] of Object.entries(kinds)) {
    const fitting = laneRows.filter(fits).length;
    if (fitting > 0) kind.append(element("option", { value: name }, `${title} (${count(fitting)})`));
  }
  kind.addEventListener("change", () => { chosen.kind = kind.value; choose(); });
  const order = element("select", { id: "order", "aria-label": "order" }, element("option", { value: "" }, "in the plan's order"), element("option", { value: "slowest" }, "slowest first"));
  order.addEventListener("change", () => { chosen.slowest = order.value === "slowest"; choose(); });
  const swatch = (name, text) => element("span", {}, element("i", { class: `swatch ${name}` }), text);
  const group = element("span", { class: "group" }, element("button", { type: "button", id: "closer", title: "zoom in (+)", click: () => zoom(0.6, 0.5) }, "+"),
    element("button", { type: "button", id: "farther", title: "zoom out (−)", click: () => zoom(1.7, 0.5) }, "−"), element("button", { type: "button", id: "whole", title: "all of the time (0)", click: () => look(0, whole) }, "all of the time"));
  chosen.all = laneRows.length > 400;
  allButton.setAttribute("aria-pressed", String(chosen.all));
  section("Timeline",
    element("div", { class: "tools" }, filter, steps, kind, order, group, sightButton, allButton, counted),
    element("div", { class: "legend" }, swatch("work", "at work, in service"), swatch("out", "at work, out of service"), laneRows.some((row) => row.bad || row.retried) ? swatch("failed", "failed") : null,
      laneRows.some((row) => row.state === "undone" || (row.lanes[row.lanes.length - 1][7] || []).some((piece) => !FAILED.has(piece[2]))) ? swatch("undone", "taken back, or verified") : null, swatch("path", "critical path"),
      both ? element("span", {}, `upper bar, pale: ${parts[0].label}; lower bar: ${parts[1].label}`) : null,
      element("span", { class: "hint" }, "Drag across to zoom, double-click for all, Ctrl + wheel zooms as well.")),
    stage);
  choose();
}
