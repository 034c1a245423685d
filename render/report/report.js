// The page: what matters first, then the charts, then the tables.

// ---- the slowest -------------------------------------------------------------------------------
// How long each target was worked on, with the pauses between attempts, and what took longest of it.
function slowest(part) {
  const found = new Map();
  const took = (start, end) => (start === null ? 0 : (end === null ? part.duration : end) - start);
  for (const [step, target, , start, , tasks, , extra] of part.lanes) {
    if (target === controller || start === null) continue;
    if (!found.has(target)) found.set(target, { target, total: 0, longest: -1, name: "" });
    const row = found.get(target);
    const names = data.steps[step].tasks;
    const add = (name, length) => {
      row.total += length;
      if (length > row.longest) { row.longest = length; row.name = name; }
    };
    for (let i = 0; i < tasks.length; i += 4) add(names.length > 1 ? names[i / 4] : data.steps[step].name, took(tasks[i], tasks[i + 1]));
    // The others are attempts of those above.
    for (const [from, to, , name] of extra || []) if (!names.includes(name)) add(name, took(from, to));
  }
  return [...found.values()].sort((a, b) => b.total - a.total || a.target - b.target);
}
const slow = parts.map(slowest);
const median = (rows) => rows[Math.floor((rows.length - 1) / 2)].total;
const worstRole = (part) => data.roles.map((_, index) => index).filter((index) => part.roles[index].lowest < data.roles[index].size)
  .sort((a, b) => part.roles[a].lowest / data.roles[a].size - part.roles[b].lowest / data.roles[b].size)[0];

// ---- head --------------------------------------------------------------------------------------
function drawHeader() {
  const theme = element("button", { type: "button", id: "theme", title: "light or dark", click: () => {
    const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    readColours(); redraw();
  } }, "light / dark");
  main.append(element("header", {}, element("div", {}, element("h1", {}, data.deployment), ...parts.map((part) => element("p", { class: "quiet" }, part.about)),
    element("p", { class: "quiet digest" }, `plan ${data.plan}`)), theme));
}
function card(title, lines, kind, jump) {
  const made = element("li", { class: kind || "" }, element("span", { class: "title" }, title));
  for (const [value, about, name, mood] of lines) {
    made.append(element("div", { class: "fact" }, name ? element("span", { class: "label" }, name) : null, element("b", { class: `${value.length > 14 ? "long" : ""} ${mood || ""}` }, value), element("span", { class: "quiet" }, about)));
  }
  if (jump) made.append(element("a", { href: jump[1] }, jump[0]));
  return made;
}
const going = (part) => part.outcome === "running" || part.outcome === "paused";
function drawCards() {
  const cards = element("ul", { class: "cards" });
  const many = data.distribution;
  if (many) {
    const [value, low, high] = many.success;
    cards.append(card("Likely duration", [[within(many.quantiles.p95), `19 of 20 rollouts end within it, half within ${within(many.quantiles.p50)}`]], "", ["the distribution", "#how-long-it-takes"]));
    cards.append(card("Likely outcome", [[`${percent(value)} succeed`, `of ${count(many.runs)} runs: ${percent(low)} to ${percent(high)} of all, with 95% confidence`]], value === 1 ? "good" : ""));
  }
  const alone = many && !both, shown = alone ? ", run shown" : ""; // then what all runs say comes first
  const each = (act, mood) => parts.map((part, k) => [...act(part, k), both ? part.label : "", mood ? mood(part) : ""]);
  const kept = (part) => part.contracts.filter((contract) => contract.held).length;
  if (!alone) cards.append(card("Outcome", each((part) => {
    const all = Object.values(part.census).reduce((sum, value) => sum + value, 0);
    const rest = Object.entries(part.census).filter(([name, value]) => value > 0 && name !== "verified").map(([name, value]) => `${count(value)} ${words(name)}`);
    return [words(part.outcome), [`${count(part.census.verified)} of ${count(all)} targets well`, ...rest].join(", ")];
  }, (part) => `mood-${part.outcome}`), `outcome-${latest.outcome}`));
  if (!alone) cards.append(card("Duration", each((part) => [time(part.duration), part.waiting > 0 ? `of it ${time(part.waiting)} waiting for people` : going(part) ? "so far" : "from start to end"])));
  if (parts.some((part) => worstRole(part) !== undefined)) {
    cards.append(card(`Lowest capacity${shown}`, each((part) => {
      const index = worstRole(part);
      if (index === undefined) return ["all in service", ""];
      const role = data.roles[index], times = part.roles[index];
      return [`${count(times.lowest)} of ${count(role.size)} ${role.name}`, `first at ${time(times.at)}, so low for ${time(lowFor(part, index))}`];
    }), "", ["see it", "#in-service"]));
  }
  if (slow.some((rows) => rows.length > 0)) {
    cards.append(card(`Slowest server${shown}`, each((part, k) => {
      const list = slow[k];
      if (list.length === 0) return ["none worked on", ""];
      if (list.length > 1 && list[0].total === list[list.length - 1].total) return ["all alike", `${time(list[0].total)} of work each`];
      return [data.targets[list[0].target], `${time(list[0].total)} of work, most of it ${list[0].name} (${time(list[0].longest)}); the median server ${time(median(list))}`];
    }), "", ["the ten slowest", "#slowest-servers"]));
  }
  const down = parts.some((part) => part.roles.some((role) => role.downtime > 0));
  if (down) {
    cards.append(card(`Downtime${shown}`, each((part) => {
      const worst = data.roles.map((_, index) => index).sort((a, b) => part.roles[b].downtime - part.roles[a].downtime)[0];
      return [time(part.roles[worst].downtime), `fewer than ${data.roles[worst].minimum} of ${data.roles[worst].name} in service`];
    }), "bad"));
  }
  if (data.contracts.length > 0) {
    const bad = parts.some((part) => kept(part) < data.contracts.length) || (data.distribution && data.distribution.contracts.some((row) => !row[4]));
    cards.append(card(`Contracts${shown}`, each((part) => [`${kept(part)} of ${data.contracts.length} kept`, part.contracts.every((one) => one.held) ? "" : "see which were broken"]), bad ? "bad" : "good", ["all of them", "#contracts"]));
  }
  main.append(cards);
}

// ---- tables ------------------------------------------------------------------------------------
const state = (name) => element("span", { class: `state state-${name}` }, words(name));
function drawContracts() {
  if (data.contracts.length === 0) return;
  const many = data.distribution;
  const worst = (contract, one) => {
    const of = one.group === undefined ? "" : ` in ${one.group}`;
    if (contract.kind === "available") return `${count(one.worst)} in service${of}`;
    if (contract.kind === "unavailable") return `${count(one.worst)} out of service${of}`;
    return time(one.worst);
  };
  const answer = (held, yes, no) => element("span", { class: held ? "kept" : "broken" }, held ? yes : no);
  const proof = (contract) => (contract.proved === undefined ? element("span", { class: "quiet" }, "not proved") :
    element("span", {}, answer(contract.proved, "proved", "refuted"), element("div", { class: "quiet" }, contract.proof)));
  // Of two timelines a row each.
  const heads = ["contract", ...(both ? [""] : []), "answer", "at its worst", ["at"], "whatever happens", ...(many ? ["over all runs", "kept in", "with 95% confidence", "asked for"] : [])];
  section("Contracts", element("p", { class: "quiet" }, many ? `The answer is that of the one run shown; over all ${count(many.runs)} it is an estimate, with how sure it is. What is proved holds in every schedule.` : "The answer is how they fared here. What is proved holds in every schedule, whatever takes how long and whatever fails."), table(heads, data.contracts.flatMap((contract, index) => parts.map((part, k) => {
    const one = part.contracts[index];
    const row = [k === 0 ? element("code", {}, contract.text) : "", ...(both ? [part.label] : []), answer(one.held, "kept", "broken"), worst(contract, one), time(one.at), k === 0 ? proof(contract) : ""];
    if (!many) return row;
    if (k > 0) return [...row, "", "", "", ""];
    const [value, low, high, required, held] = many.contracts[index];
    return [...row, answer(held, "holds", "does not hold"), percent(value), `${percent(low)} to ${percent(high)}`, required < 1 ? percent(required) : "every run"];
  }))));
}
function drawSteps() {
  section("Steps", table(["step", ...(both ? [""] : []), "state", ["start"], ["end"], ["takes"], ["targets"], ["at once"], ["failed"]], data.steps.flatMap((step, index) => parts.map((part, k) => {
    const one = part.steps[index], end = one.end === null && one.start !== null ? part.duration : one.end;
    return [k === 0 ? element("span", { class: step.gate_of === undefined ? "" : "gate" }, step.name) : "", ...(both ? [part.label] : []),
      element("span", {}, state(one.state), one.reason ? element("span", { class: "quiet" }, ` ${one.reason}`) : null), time(one.start), time(one.end), one.start === null ? "—" : time(end - one.start),
      k === 0 ? count(step.targets) : "", k === 0 ? count(step.limit) : "", count(one.failed)];
  }))));
}
function drawSlowest() {
  const list = slow[slow.length - 1];
  if (list.length === 0) return;
  const longest = list[0].total, other = both ? new Map(slow[0].map((row) => [row.target, row])) : null;
  const bar = (row) => element("div", { class: "bar" }, element("i", { style: `width: ${Math.max(1, row.total / longest * 100)}%` }));
  section("Slowest servers", element("p", { class: "quiet" }, `How long each was worked on, with the pauses between attempts, summed over its steps. The median of ${count(list.length)} is ${time(median(list))}.`),
    longTable(["server", ["time at work"], "", "longest part", ["took"], ...(both ? [[parts[0].label]] : [])], list, (row) => [data.targets[row.target], time(row.total), bar(row), row.name, time(row.longest),
      ...(both ? [other.has(row.target) ? time(other.get(row.target).total) : "—"] : [])], 10));
}
function drawPath() {
  if (latest.path.length === 0) return;
  // What stands on the path in one step is one line; all of it below.
  const stretches = [];
  for (const [step, target, , start, end] of latest.path) {
    const open = stretches[stretches.length - 1];
    if (open && open.step === step) { open.targets.add(target); open.last = target; open.end = end; }
    else stretches.push({ step, targets: new Set([target]), first: target, last: target, start, end });
  }
  const place = (one) => (one.targets.size === 1 ? data.targets[one.first] : `${one.targets.size} targets in a row: ${data.targets[one.first]} … ${data.targets[one.last]}`);
  const details = element("details", {}, element("summary", {}, latest.path.length === 1 ? "its part" : `its ${count(latest.path.length)} parts`));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) {
      details.append(longTable(["step", "target", "part", ["from"], ["to"], ["takes"]], latest.path, ([step, target, name, start, end]) => [data.steps[step].name, data.targets[target], name, time(start), time(end), time(end - start)], 200));
    }
  });
  section("Critical path", element("p", { class: "quiet" }, "What bounded the duration: each part began when the one before it ended. Made shorter, the whole becomes shorter."),
    table(["step", "where", ["from"], ["to"], ["takes"], ["share"]], stretches.map((one) => [data.steps[one.step].name, place(one), time(one.start), time(one.end), time(one.end - one.start), percent((one.end - one.start) / Math.max(1, latest.duration))])), details);
}
function drawAssumed() {
  const lines = [...new Set(parts.flatMap((part) => part.assumed))];
  if (lines.length === 0) return;
  const most = 20, list = element("ul", {}, ...lines.slice(0, most).map((line) => element("li", {}, line)));
  const made = section("What was assumed", list);
  if (lines.length > most) {
    const more = element("button", { type: "button", click: () => { list.append(...lines.slice(most).map((line) => element("li", {}, line))); more.remove(); } }, `show all ${count(lines.length)}`);
    made.append(more);
  }
}

// ---- all of it ---------------------------------------------------------------------------------
main.replaceChildren();
readColours();
drawHeader();
drawCards();
drawCapacity();
drawTimeline();
drawDistribution();
drawContracts();
drawSlowest();
drawSteps();
drawPath();
drawAssumed();
let drawnWidth = pageWidth();
new ResizeObserver(() => {
  if (pageWidth() !== drawnWidth) redrawSoon();
  drawnWidth = pageWidth();
}).observe(main);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); redraw(); });
// On paper: light, as wide as the paper, and all lanes as far as they fit a page.
let before = null;
addEventListener("beforeprint", () => {
  before = { all: chosen.all };
  document.documentElement.classList.add("printing");
  readColours();
  chosen.all = shown.length * readable > 3000;
  redraw();
  layOut(chosen.all ? 460 : 3000); draw();
});
addEventListener("afterprint", () => {
  if (before === null) return;
  chosen.all = before.all; before = null;
  document.documentElement.classList.remove("printing");
  readColours(); redraw();
});
document.documentElement.dataset.drawn = "yes";
