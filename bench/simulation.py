"""What predictions cost: one run and many, beside engines for one scenario and beside other simulators."""
import json
import os
import statistics
import subprocess
import sys

from measure import Table, in_turn, measure, rates

HERE = os.path.dirname(os.path.abspath(__file__))

CHILD_STEPS = ["Leave the load balancer", "Deploy", "Restart", "Check", "Return to the load balancer"]


def rolling_file(path, targets, window, tasks=5):
    effects = ["drains", "", "", "", "restores"]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'deployment "R({targets},{window},{tasks})"\n\nrole web {{\n  target "web-[1..{targets}]"\n}}\n\n')
        file.write(f'step "Update" on web window {window} {{\n')
        for name, effect in zip(CHILD_STEPS[:tasks], effects):
            file.write(f'  step "{name}" {{\n    run "true"\n    takes 500ms to 1550ms\n    {effect}\n  }}\n')
        file.write("}\n")


def bench_simulate(place, sluice, build):
    table = Table("R(N, 100, 5), from the text of a file to the summary, whole process",
                  ["", "wall s", "CPU s", "million events/s", "peak MiB", "× of the limit's time"])
    for millions in (1, 10):
        file = os.path.join(place, f"{millions}.deploy")
        rolling_file(file, millions * 1_000_000, 100)
        found = in_turn({"sluice": [sluice, "simulate", file],
                         "limit": [f"{build}/limit_engine", f"{millions}000000", "100", "5"],
                         "lanes": [f"{build}/limit_engine", f"{millions}000000", "100", "5", "lane"]})
        limit = found["limit"][0].wall
        for name, title in (("sluice", "`sluice simulate`"), ("limit", "hand-tuned engine, an action at a time"),
                            ("lanes", "hand-tuned engine, a target at a time")):
            usage = found[name][0]
            table.row(f"{title}, {millions},000,000 targets", f"{usage.wall:.2f}", f"{usage.cpu:.2f}",
                      f"{5 * millions / usage.wall:.1f}", usage.memory_kib // 1024, f"{usage.wall / limit:.1f}")
    return table


def bench_events(place, sluice, build):
    """How far the simulator is from an engine written for this one scenario."""
    del place, sluice
    table = Table("The simulator without the text of a file: R(N, W, 5), processor time beside hand-tuned engines",
                  ["N, W", "event by event, million events/s", "its limit", "× of the limit's time",
                   "plain lanes in one", "its limit", "× of the limit's time", "scheduler alone"])
    for targets, window in ((100_000, 10), (100_000, 100), (100_000, 1_000), (100_000, 10_000), (1_000_000, 100)):
        words = [str(targets), str(window), "5"]
        found = rates(build, {"action": ["simulator_events", *words, "action"], "limit": ["limit_engine", *words],
                              "stride": ["simulator_events", *words, "stride"],
                              "lane": ["limit_engine", *words, "lane"], "scheduler": ["scheduler_events", *words]},
                      rounds=7)
        million = {name: targets * 5 / seconds / 1e6 for name, (seconds, _) in found.items()}
        table.row(f"{targets:,}, {window:,}", f"{million['action']:.1f}", f"{million['limit']:.1f}",
                  f"{million['limit'] / million['action']:.2f}", f"{million['stride']:.1f}", f"{million['lane']:.1f}",
                  f"{million['lane'] / million['stride']:.2f}", f"{million['scheduler']:.1f}")
    return table


def scale_row(table, build, title, words):
    """One size, both ways; returns what an event costs."""
    found = rates(build, {way: ["simulator_events", *words, way] for way in ("action", "stride")})
    million = int(words[0]) * int(words[2]) / 1e6
    each = {way: max(seconds, 1e-4) / million * 1000 for way, (seconds, _) in found.items()}
    usage, _ = measure([f"{build}/simulator_events", *words, "stride"])
    table.row(title, f"{each['action']:.0f}", f"{each['stride']:.0f}", f"{usage.wall:.2f}",
              usage.memory_kib // 1024)


def bench_scale(place, sluice, build):
    """Targets, windows and child steps from few to many."""
    del place, sluice
    table = Table("R(N, W, K) without the text of a file", [
        "", "event by event, ns an event", "plain lanes in one, ns an event", "whole process, wall s", "peak MiB"])
    for targets in (1_000, 10_000, 100_000, 1_000_000, 10_000_000):
        scale_row(table, build, f"N = {targets:,}, W = 100, K = 5", [str(targets), "100", "5"])
    for window in (1, 10, 100, 1_000, 10_000):
        scale_row(table, build, f"N = 1,000,000, W = {window:,}, K = 5", ["1000000", str(window), "5"])
    for tasks in (1, 2, 5, 10):
        scale_row(table, build, f"N = 1,000,000, W = 100, K = {tasks}", ["1000000", "100", str(tasks)])
    return table


ADVISED = """deployment "Advise"

role web {
  target "web-[001..200]"
  connect local
}

require available(web) >= 80%
require duration <= 10m in 95% of runs

step "Update" on web window 20 {
  step "Leave" { run "true" takes 2s to 4s drains }
  step "Deploy" { run "true" takes lognormal(median 20s, p95 45s) }
  step "Check" { run "true" takes 3s to 9s }
  step "Return" { run "true" takes 1s to 2s restores }
}
"""


def bench_advise(place, sluice, build):
    """Settings of a step of 200 targets × 4 child steps under two contracts, 1,000 runs each."""
    del build
    file = os.path.join(place, "advise.deploy")
    with open(file, "w", encoding="utf-8") as text:
        text.write(ADVISED)
    found = in_turn({count: {"command": [sluice, "advise", file, "--runs", "1000", "--format", "json", "--threads",
                                         count], "statuses": (0, 1)} for count in ("1", "2")})
    if found["1"][1] != found["2"][1]:
        sys.exit("bench: the number of threads changes the advice")
    settings = len(json.loads(found["1"][1])["settings"])
    table = Table(f"`sluice advise`: {settings} settings × 1,000 runs of 200 targets × 4 with two contracts",
                  ["threads", "wall s", "wall s, 30 settings", "CPU s", "peak MiB"])
    for count, (usage, _) in found.items():
        table.row(count, f"{usage.wall:.2f}", f"{usage.wall * 30 / settings:.2f}", f"{usage.cpu:.2f}",
                  usage.memory_kib // 1024)
    return table


def check_shares(build):
    """The test of shared rates is held to what SimGrid says: still the same?"""
    made = subprocess.run([sys.executable, os.path.join(HERE, "shares.py"), f"{build}/peer_shares"],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    with open(os.path.join(HERE, "..", "tests", "simulator", "simgrid_shares.txt"), encoding="utf-8") as file:
        if made != file.read():
            sys.exit("bench: SimGrid says otherwise than tests/simulator/simgrid_shares.txt: make it anew (bench/shares.py)")


def bench_peers(place, sluice, build):
    """Other simulators on the durations that sluice draws: all must end at the same millisecond."""
    del sluice
    check_shares(build)
    targets = 100_000
    peers = {"SimGrid": ["peer_simgrid"], "ns-3": ["peer_ns3"],
             "SimPy": ["/usr/bin/python3", os.path.join(HERE, "peers", "rolling_simpy.py")]}
    table = Table(f"Simulators on the same durations: R({targets:,}, W, 5), million events/s of processor time",
                  ["W", "sluice, event by event", "sluice as it is", "SimGrid, W actors",
                   "ns-3, its quickest scheduler", "SimPy, W processes", "× of SimGrid", "× of ns-3", "× of SimPy",
                   "makespan, in all of them"])
    for window in (10, 100, 1_000):
        words = [str(targets), str(window), "5"]
        drawn = os.path.join(place, "durations")
        measure([f"{build}/simulator_events", *words, "draw", drawn])
        found = rates(build, {way: ["simulator_events", *words, way] for way in ("action", "stride")}
                      | {name: [*program, *words, drawn] for name, program in peers.items()})
        ends = {name: document["makespan_ms"] for name, (_, document) in found.items()}
        if len(set(ends.values())) != 1:
            sys.exit(f"bench: the engines do not agree: {ends}")
        million = {name: targets * 5 / max(seconds, 1e-4) / 1e6 for name, (seconds, _) in found.items()}
        table.row(f"{window:,}", f"{million['action']:.1f}", f"{million['stride']:.1f}",
                  *(f"{million[name]:.2f}" for name in peers),
                  *(f"{million['action'] / million[name]:.1f}" for name in peers), f"{ends['action'] / 1000:,.3f} s")
    return table


def bench_runs(place, sluice, build):
    """Many runs: 10,000 of 1,000 targets × 4 child steps, lognormal, window 50."""
    del build
    file = os.path.join(place, "runs.deploy")
    with open(file, "w", encoding="utf-8") as text:
        text.write('deployment "Bench"\n\nrole web {\n  target "web-[0001..1000]"\n  connect local\n}\n\n'
                   'step "Update" on web window 50 {\n')
        for number in range(1, 5):
            text.write(f'  step "Action {number}" {{\n    run "true"\n'
                       "    takes lognormal(median 1s, p95 2276ms)\n  }\n")
        text.write("}\n")
    command = [sluice, "simulate", file, "--runs", "10000", "--format", "json", "--threads"]
    found = in_turn({count: [*command, count] for count in ("1", "2")})
    if found["1"][1] != found["2"][1]:
        sys.exit("bench: the number of threads changes the numbers")
    table = Table("10,000 runs of R(1000, 50, 4), lognormal (40,000,000 events)",
                  ["threads", "wall s", "CPU s", "million events/s", "peak MiB", "× of one thread"])
    one = found["1"][0].wall
    for count, (usage, _) in found.items():
        table.row(count, f"{usage.wall:.2f}", f"{usage.cpu:.2f}", f"{40 / usage.wall:.1f}", usage.memory_kib // 1024,
                  f"{one / usage.wall:.2f}")
    return table


# Waits for it, since it may come behind the event of the page's being loaded.
FIRST_PAINT = """new Promise((done) => new PerformanceObserver((list) => {
  const entry = list.getEntriesByName('first-contentful-paint')[0];
  if (entry) done(entry.startTime);
}).observe({type: 'paint', buffered: true}))"""


def first_paints(page, place, rounds=3):
    """Milliseconds from asking for the page to its first content, in a browser without a window."""
    sys.path.insert(0, os.path.join(HERE, os.pardir, "tests", "report"))
    import chromium
    browser = chromium.Chromium(chromium.find(), os.path.join(place, "browser"))
    try:
        times = []
        for _ in range(rounds):
            browser.open(page)
            times.append(browser.run(FIRST_PAINT))
        return times
    finally:
        browser.close()


def bench_report(place, sluice, build):
    """The page of 10,000 lanes: written, and seen."""
    del build
    table = Table("HTML report of 10,000 lanes", ["", "write, wall s", "MB", "first paint in Chromium, s"])
    page = os.path.join(place, "report.html")
    for tasks, title in ((1, "R(10000, 100, 1)"), (5, "R(10000, 100, 5)")):
        file = os.path.join(place, "lanes.deploy")
        rolling_file(file, 10_000, 100, tasks)
        usage, _ = in_turn({"page": [sluice, "simulate", file, "-o", page]})["page"]
        table.row(title, f"{usage.wall:.2f}", f"{os.path.getsize(page) / 1e6:.2f}",
                  f"{statistics.median(first_paints(page, place)) / 1000:.2f}")
    return table
