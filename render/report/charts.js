// The charts: how many of each role are in service, and how long many runs take. uPlot draws them.

const niceTimes = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 144e5, 216e5, 432e5, 864e5, 1728e5, 6048e5];
const niceCounts = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7];

function axes(bottom) {
  const common = { stroke: () => colours.quiet, font: font(12), grid: { stroke: () => colours.line, width: 1 }, ticks: { stroke: () => colours.line, width: 1, size: 5 } };
  return [
    { ...common, size: bottom ? 30 : 8, incrs: niceTimes, space: 90, values: (u, at) => at.map((value) => (bottom ? time(value) : "")) },
    { ...common, size: () => gutter(), incrs: niceCounts, space: 22, values: (u, at) => at.map(count) },
  ];
}

// A line across the chart with its name above it; those whose names would meet stand side by side.
function drawLevels(u, levels) {
  const context = u.ctx, ratio = devicePixelRatio, { left, top, width, height } = u.bbox;
  context.save();
  context.beginPath(); context.rect(left, top, width, height); context.clip();
  context.lineWidth = 1.5 * ratio;
  context.font = font(11 * ratio);
  context.textAlign = "right";
  for (const level of levels) {
    const y = u.valToPos(level.value, "y", true);
    context.strokeStyle = colours[level.colour];
    context.setLineDash(level.dash.map((length) => length * ratio));
    context.beginPath(); context.moveTo(left, y); context.lineTo(left + width, y); context.stroke();
  }
  context.setLineDash([]);
  context.strokeStyle = colours.paper; context.lineWidth = 4 * ratio; context.lineJoin = "round";
  const taken = [];
  for (const level of levels) {
    const y = u.valToPos(level.value, "y", true), wide = context.measureText(level.name).width;
    let right = left + width - 6 * ratio;
    for (const other of taken) if (Math.abs(other.y - y) < 13 * ratio) right = Math.min(right, other.left - 14 * ratio);
    taken.push({ y, left: right - wide });
    const below = y - top < 15 * ratio;
    context.textBaseline = below ? "top" : "bottom";
    context.fillStyle = colours[level.colour];
    context.strokeText(level.name, right, y + (below ? 3 : -3) * ratio);
    context.fillText(level.name, right, y + (below ? 3 : -3) * ratio);
  }
  context.restore();
}

// Where it is lowest, with the number beside it.
function drawLowest(u, part, role) {
  const times = part.roles[role], context = u.ctx, ratio = devicePixelRatio;
  if (times.at < view.from || times.at > view.to) return;
  const x = u.valToPos(times.at, "x", true), y = u.valToPos(times.lowest, "y", true);
  context.save();
  context.fillStyle = colours.ink; context.strokeStyle = colours.paper; context.lineWidth = 2 * ratio;
  context.beginPath(); context.arc(x, y, 4.5 * ratio, 0, 2 * Math.PI); context.fill(); context.stroke();
  context.font = font(12 * ratio, 600);
  context.textBaseline = y + 20 * ratio > u.bbox.top + u.bbox.height ? "bottom" : "top";
  const text = `lowest: ${count(times.lowest)} at ${time(times.at)}`, wide = context.measureText(text).width;
  context.textAlign = x + wide + 12 * ratio > u.bbox.left + u.bbox.width ? "right" : "left";
  const across = x + (context.textAlign === "left" ? 8 : -8) * ratio, down = y + (context.textBaseline === "top" ? 6 : -6) * ratio;
  context.lineWidth = 4 * ratio; context.lineJoin = "round";
  context.strokeText(text, across, down);
  context.fillText(text, across, down);
  context.restore();
}

// Every change of any of the curves as one row of times, and each curve's values at them, as far as
// its timeline goes.
function merged(curves) {
  const times = [...new Set([0, ...parts.map((part) => part.duration), whole, ...curves.flatMap((curve) => curve.filter((_, i) => i % 2 === 0))])].sort((a, b) => a - b);
  const values = curves.map((curve, k) => {
    let at = 0;
    return times.map((moment) => {
      while (at + 2 < curve.length && curve[at + 2] <= moment) at += 2;
      return moment > parts[k].duration ? null : curve[at + 1];
    });
  });
  return [times, ...values];
}

// A chart whose time is that of the page: dragging in it zooms all.
function timeChart(holder, rows, series, range, bottom, after) {
  const plot = new uPlot({
    width: pageWidth(), height: bottom ? 152 : 130, padding: [10, rightMargin, 0, 0], legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false }, bind: { dblclick: () => () => look(0, whole) } },
    scales: { x: { time: false, range: () => [view.from, view.to] }, y: { range: () => range } },
    axes: axes(bottom), series: [{}, ...series],
    hooks: {
      draw: [after],
      setSelect: [(u) => {
        if (u.select.width > 4) look(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
    },
  }, rows, holder);
  let told = false; // a moment that came from elsewhere is not told again
  plot.over.addEventListener("mousemove", (event) => { if (!told) point(plot.posToVal(event.offsetX, "x")); });
  plot.over.addEventListener("mouseleave", () => point(null));
  pointed.push((moment) => {
    told = true;
    plot.setCursor({ left: moment === null ? -10 : plot.valToPos(moment, "x"), top: 0 }, false);
    told = false;
  });
  watchers.push(() => {
    const width = pageWidth();
    if (plot.width !== width) plot.setSize({ width, height: plot.height });
    plot.batch(() => { plot.setScale("x", { min: view.from, max: view.to }); plot.redraw(false, true); });
  });
  return plot;
}

function stepped(colour, faded, filled) {
  return { stroke: () => colours[colour], width: faded ? 1.5 : 2, dash: faded ? [4, 3] : undefined, points: { show: false }, paths: uPlot.paths.stepped({ align: 1 }),
    fill: filled ? () => colours[colour] + "22" : undefined };
}

// One curve a timeline. `size`: all of them; `levels`: what it is held to.
function capacityChart(name, size, curves, levels, bottom, after, facts) {
  const lowest = Math.min(...curves.map((curve) => curve.reduce((low, value, i) => (i % 2 ? Math.min(low, value) : low), size)), ...levels.map((level) => level.value));
  // From nought, but where that would hide what happens.
  const bottomValue = lowest > 0.6 * size ? Math.max(0, Math.floor(lowest - Math.max(1, (size - lowest) * 0.4))) : 0;
  const readout = element("span", { class: "readout" });
  const holder = element("div", { class: "chart" }, element("div", { class: "chart-head" }, element("h3", {}, name), element("span", { class: "quiet" }, facts), readout));
  const series = curves.map((_, k) => stepped("work", both && k === 0, (!both || k > 0) && bottomValue === 0));
  timeChart(holder, merged(curves), series, [bottomValue, size + Math.max(0.3, (size - bottomValue) * 0.06)], bottom, (u) => { drawLevels(u, levels); if (after) after(u); });
  pointed.push((moment) => {
    const at = clock(moment);
    readout.textContent = moment === null ? "" : `${time(moment)}${at ? ` (${at})` : ""}: ` + curves.map((curve, k) => `${both ? parts[k].label + " " : ""}${moment > parts[k].duration ? "—" : count(inService(curve, moment))}`).join(", ");
  });
  return holder;
}

// ---- in service --------------------------------------------------------------------------------
function roleLevels(index) {
  const role = data.roles[index];
  const levels = [{ value: role.minimum, name: `minimum ${role.minimum}`, colour: "quiet", dash: [2, 3] }];
  for (const contract of data.contracts) {
    if (contract.role !== index || contract.count === undefined) continue;
    const value = contract.kind === "unavailable" ? role.size - contract.count : contract.count;
    levels.push({ value, name: contract.text, colour: "failed", dash: [7, 4] });
  }
  return levels;
}
function roleFacts(index) {
  return `${count(data.roles[index].size)} targets; ` + parts.map((part) => {
    const times = part.roles[index];
    return `${whose(part)}lowest ${count(times.lowest)} at ${time(times.at)}, so low for ${time(lowFor(part, index))}` +
      (times.downtime > 0 ? `, below its minimum for ${time(times.downtime)}` : "");
  }).join("; ");
}
function drawCapacity() {
  const changes = (index) => parts.some((part) => part.roles[index].lowest < data.roles[index].size);
  const indexes = data.roles.map((_, index) => index);
  const share = (index) => Math.min(...parts.map((part) => part.roles[index].lowest / data.roles[index].size));
  const touched = indexes.filter(changes).sort((a, b) => share(a) - share(b));
  const still = indexes.filter((index) => !changes(index));
  const made = section("In service");
  if (touched.length === 0) {
    made.append(element("p", {}, data.roles.length > 0 ? "Every target stays in service throughout." : "The deployment has no roles."));
    return;
  }
  // The contracts by part of a role (`per zone`): the part that came nearest to its limit.
  const groups = data.contracts.map((contract, index) => ({ contract, index })).filter(({ index }) => parts[0].contracts[index].group !== undefined);
  const most = 8;
  const chartOf = (index, bottom) => capacityChart(data.roles[index].name, data.roles[index].size, parts.map((part) => part.roles[index].availability), roleLevels(index), bottom,
    (u) => drawLowest(u, latest, index), roleFacts(index));
  const shown = touched.slice(0, most);
  shown.forEach((index, i) => made.append(chartOf(index, i + 1 === shown.length && groups.length === 0)));
  groups.forEach(({ contract, index }, i) => {
    const one = latest.contracts[index];
    // Of two timelines another part may have come nearest; then only the later one is drawn.
    const curves = parts.map((part) => part.contracts[index]).map((other) => (other.group === one.group ? other.availability : one.availability));
    const value = contract.kind === "unavailable" ? one.group_size - one.group_count : one.group_count;
    made.append(capacityChart(`${data.roles[contract.role].name} in ${one.group}`, one.group_size, curves,
      [{ value, name: contract.text, colour: "failed", dash: [7, 4] }], i + 1 === groups.length, null, `${count(one.group_size)} targets; the part that came nearest to the limit`));
  });
  if (touched.length > most) {
    const rest = touched.slice(most);
    const more = element("button", { type: "button", click: () => { more.replaceWith(...rest.map((index) => chartOf(index, true))); redraw(); } }, `show ${rest.length} more roles`);
    made.append(more);
  }
  const names = still.slice(0, 12).map((index) => data.roles[index].name).join(", ") + (still.length > 12 ? ` and ${still.length - 12} more` : "");
  if (still.length > 0) made.append(element("p", { class: "quiet" }, `Throughout in service: ${names}.`));
}

// ---- how long it takes -------------------------------------------------------------------------
function drawDistribution() {
  const many = data.distribution;
  if (!many) return;
  const [from, width, ...bars] = many.histogram;
  const made = section("How long it takes", ...many.sentences.map((sentence) => element("p", { class: "sentence" }, sentence)));
  const marks = [["half", many.quantiles.p50], ["19 of 20", many.quantiles.p95]].map(([name, value]) => ({ name: `${name}: ${within(value)}`, value, colour: "ink" }));
  for (const contract of data.contracts) {
    if (contract.kind === "duration") marks.push({ name: contract.text, value: contract.limit, colour: "failed" });
  }
  if (both) marks.push({ name: `${latest.label}: ${time(latest.duration)}`, value: latest.duration, colour: "out" });
  const left = Math.min(from, ...marks.map((mark) => mark.value)), right = Math.max(from + width * bars.length, ...marks.map((mark) => mark.value));
  const pad = Math.max(1, (right - left) * 0.03);
  const readout = element("span", { class: "readout" });
  const holder = element("div", { class: "chart" }, element("div", { class: "chart-head" }, element("h3", {}, `${count(many.runs)} runs`), element("span", { class: "quiet" }, "by how long they take"), readout));
  if (bars.length === 1) return; // all take as long: the sentence says so
  made.append(holder);
  const drawMarks = (u) => {
    const context = u.ctx, ratio = devicePixelRatio;
    context.save();
    context.font = font(12 * ratio, 600); context.textBaseline = "top"; context.lineWidth = 2 * ratio;
    marks.forEach((mark, row) => {
      const x = u.valToPos(mark.value, "x", true), wide = context.measureText(mark.name).width;
      context.strokeStyle = context.fillStyle = colours[mark.colour];
      context.beginPath(); context.moveTo(x, u.bbox.top + row * 18 * ratio); context.lineTo(x, u.bbox.top + u.bbox.height); context.stroke();
      const fits = x + wide + 8 * ratio < u.bbox.left + u.bbox.width;
      context.textAlign = fits ? "left" : "right";
      context.fillStyle = colours.ink;
      context.fillText(mark.name, x + (fits ? 6 : -6) * ratio, u.bbox.top + row * 18 * ratio);
    });
    context.restore();
  };
  const plot = new uPlot({
    width: pageWidth(), height: 250, padding: [10, rightMargin, 0, 0], legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: false, range: () => [left - pad, right + pad] }, y: { range: (u, low, high) => [0, high * 1.35] } },
    axes: axes(true), hooks: { draw: [drawMarks] },
    series: [{}, { stroke: () => colours.work, fill: () => colours.work + "88", width: 1, points: { show: false }, paths: uPlot.paths.bars({ size: [1, Infinity], align: 1 }) }],
  }, [bars.map((_, i) => from + i * width), bars], holder);
  plot.over.addEventListener("mousemove", (event) => {
    const bar = Math.floor((plot.posToVal(event.offsetX, "x") - from) / width);
    const until = bars.slice(0, bar + 1).reduce((sum, runs) => sum + runs, 0);
    readout.textContent = bar < 0 || bar >= bars.length ? "" :
      `${time(from + bar * width)} to ${time(from + (bar + 1) * width)}: ${count(bars[bar])} runs; ${percent(until / many.runs)} end by then`;
  });
  watchers.push(() => {
    const wide = pageWidth();
    if (plot.width !== wide) plot.setSize({ width: wide, height: plot.height });
    plot.redraw(false, true);
  });
}
