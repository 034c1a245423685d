#!/usr/bin/env python3
"""Carries plans out for real and holds them to their prediction: scripts that sleep and fail as drawn.

usage: validate.py SLUICE [NAME…]     NAME: plans of this file; all by default

Each plan is simulated once, and its scripts then do on each target what was drawn for it: they sleep
so long and end so. What the runtime measures is compared with what was predicted: the duration within
2% and 50 ms for each action of the longest chain, the order in which targets begin in each step, the
lowest number in service, attempts and states exactly. Of a few seeds the one is taken in which what
is decided stands furthest apart, since two targets that end within a few milliseconds may end the
other way round in any real run. Targets are local, and ssh servers of our own on loopback, to which
it is measured beforehand what connecting takes (`connect_time`).
"""
import getpass
import json
import os
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench"))
from ssh_bed import SshBed  # noqa: E402

SEEDS = 40
ACT = """#!/bin/sh
read -r seconds status output <"$1/$2.$3.$target_name.$attempt" || exit 99
if [ -n "$output" ]; then echo "$output" >>"$SLUICE_OUTPUT"; fi
sleep "$seconds"
exit "$status"
"""


def act(step, child):
    return f'run "{{act}} {{place}} {step} {child}"'


def child(step, name, takes, *phrases):
    lines = "".join(f"\n    {phrase}" for phrase in phrases)
    return f'  step "{name}" {{\n    {act(step, name)}\n    takes {takes}{lines}\n  }}\n'


def rolling(name, head, *phrases, deploy=(), fails=""):
    return (f'step "{name}" {head} {{\n' + "".join(f"  {phrase}\n" for phrase in phrases)
            + child(name, "Leave", "150ms to 400ms", "drains")
            + child(name, "Deploy", "500ms to 1500ms", *([f"fails {fails}"] if fails else []), *deploy)
            + child(name, "Return", "150ms to 400ms", "restores") + "}\n")


WEB = 'role web {{\n{targets}  minimum 2\n}}\n\n'

# Name: (what it shows, ssh or not, text behind the role `web` of eight targets).
PLANS = {
    "window": ("a sliding window", False, rolling("Update", "on web window 3")),
    "batches": ("batches", False, rolling("Update", "on web batches 1, 3")),
    "gates": ("a pause between batches", False,
              rolling("Update", "on web batches 2, 6",
                      'between batches { step "Bake" { run wait 500ms } }')),
    "lockstep": ("batches in lockstep", False, rolling("Update", "on web batches 4 in lockstep")),
    "zones": ("one zone after the other", False, rolling("Update", "on web window 2 by zone")),
    "groups": ("a window for each zone", False, rolling("Update", "on web window 1 per zone")),
    "retries": ("failures and retries", False,
                rolling("Update", "on web window 3", "tolerate 8 failures", fails="35%",
                        deploy=("retry 2 every 300ms", "idempotent"))),
    "halt": ("more failures than tolerated", False,
             rolling("Update", "on web window 2", "tolerate 1 failure", fails="45%")),
    "rollback": ("a failed target taken back", False,
                 rolling("Update", "on web window 3", "tolerate 8 failures", "on failure rollback", fails="40%",
                         deploy=("undo { run \"{act} {place} Update Back\"  takes 350ms }",))),
    "contract": ("targets held back for a contract", False,
                 "require unavailable(web) <= 2\n\n" + rolling("Update", "on web")),
    "license": ("pieces of a resource", False,
                "resource license 2\n\n" + rolling("Update", "on web window 5", deploy=("uses 1 of license",))),
    "beside": ("two steps on the same targets", False,
               rolling("Update", "on web window 2") + "\n"
               + f'step "Scan" on web window 3 with previous {{\n  {act("Scan", "Scan")}\n  takes 400ms to 900ms\n}}\n'),
    "stagger": ("begins apart", False, rolling("Update", "on web window 4", "stagger 400ms")),
    "ssh-window": ("a sliding window over ssh", True, rolling("Update", "on web window 3")),
    "ssh-retries": ("failures, retries and batches over ssh", True,
                    rolling("Update", "on web batches 2, 6", "tolerate 8 failures", fails="30%",
                            deploy=("retry 2 every 300ms", "idempotent"))),
}


class Bench:
    def __init__(self, sluice, place):
        self.sluice, self.place = sluice, place
        self.act = os.path.join(place, "act")
        with open(self.act, "w", encoding="utf-8") as file:
            file.write(ACT)
        os.chmod(self.act, 0o755)

    def command(self, *words, statuses=(0,)):
        done = subprocess.run([self.sluice, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        if done.returncode not in statuses:
            sys.exit(f"validate: sluice {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def deploy(self, name, connect, text):
        names = [f"127.0.2.{n}" for n in range(1, 9)]
        targets = "".join(f'  target "{target}" {{{{ zone = "{"ab"[n // 4]}" }}}}\n' for n, target in enumerate(names))
        file = os.path.join(self.place, f"{name}.deploy")
        with open(file, "w", encoding="utf-8") as out:
            out.write(f'deployment "{name}"\n\n{connect}\n\n')
            out.write(WEB.format(targets=targets.replace("{{", "{").replace("}}", "}")))
            out.write(text.replace("{act}", self.act).replace("{place}", f"{self.place}/{name}"))
        os.makedirs(os.path.join(self.place, name))
        return file


def instants(timeline):
    seen = {lane[end] for lane in timeline["lanes"] for end in ("start_ms", "end_ms") if lane[end] is not None}
    seen |= {task["end_ms"] for lane in timeline["lanes"] for task in lane["tasks"] if task["end_ms"] is not None}
    return sorted(seen)


def apart(timeline):
    """The least time between two instants at which something is decided."""
    times = instants(timeline)
    return min((b - a for a, b in zip(times, times[1:])), default=1_000_000)


def write_draws(place, timeline, connects):
    """What each attempt does, less what the first one on its target waits for the connection."""
    firsts = {}
    for lane in timeline["lanes"]:
        for start, _ in (attempt for task in lane["tasks"] for attempt in task["attempt_ms"]):
            firsts[lane["target"]] = min(start, firsts.get(lane["target"], start))
    for lane in timeline["lanes"]:
        for task in lane["tasks"]:
            name = "Back" if task["name"].endswith(" undo") else task["name"]
            for number, (start, end) in enumerate(task["attempt_ms"], 1):
                last = number == len(task["attempt_ms"])
                status = 0 if last and task["state"] == "succeeded" else 1
                waits = connects if start == firsts[lane["target"]] else 0
                path = f"{place}/{lane['step'].replace(' ', '-')}.{name}.{lane['target']}.{number}"
                with open(path, "w", encoding="utf-8") as file:
                    file.write(f"{(end - start - waits) / 1000:.3f} {status}\n")


def order(timeline):
    """By step: its targets as they began; those that begin at one instant by name."""
    steps = {}
    for lane in timeline["lanes"]:
        if lane["start_ms"] is not None:
            steps.setdefault(lane["step"], []).append((lane["start_ms"], lane["target"]))
    return {step: sorted(lanes) for step, lanes in steps.items()}


def same_order(predicted, measured):
    wanted, found = order(predicted), order(measured)
    if wanted.keys() != found.keys():
        return False
    for step, lanes in wanted.items():
        at = 0
        begun = [target for _, target in found[step]]
        while at < len(lanes):
            together = [target for start, target in lanes if start == lanes[at][0]]
            if sorted(begun[at:at + len(together)]) != sorted(together):
                return False
            at += len(together)
        if len(begun) != len(lanes):
            return False
    return True


def ends(timeline):
    return {(lane["step"], lane["target"], lane.get("batch")):
            (lane["state"], [(task["name"], task["state"], task["attempts"]) for task in lane["tasks"]])
            for lane in timeline["lanes"]}


def compare(predicted, measured):
    """(lateness in ms, what it may be, what differs)"""
    chain = max(1, len(predicted["critical_path"]))
    allowed = predicted["duration_ms"] * 0.02 + 50 * chain
    late = measured["duration_ms"] - predicted["duration_ms"]
    wrong = []
    if abs(late) > allowed:
        wrong.append(f"the duration is {late} ms off, {allowed:.0f} are allowed")
    if predicted["outcome"] != measured["outcome"]:
        wrong.append(f"outcome {measured['outcome']}, predicted {predicted['outcome']}")
    if not same_order(predicted, measured):
        wrong.append(f"the order: {order(measured)}, predicted {order(predicted)}")
    if ends(predicted) != ends(measured):
        wrong.append("states or attempts")
    lowest = [[role["available_min"] for role in timeline["roles"]] for timeline in (predicted, measured)]
    if lowest[0] != lowest[1]:
        wrong.append(f"lowest in service {lowest[1]}, predicted {lowest[0]}")
    return late, allowed, wrong


def added(predicted, measured):
    """What the runtime adds to an attempt, in ms: the medians of each lane's first one, and of all others. What
    was cut short, and what waits for nothing but the clock, is left out."""
    found = {(lane["step"], lane["target"], lane.get("batch")): lane for lane in measured["lanes"]}
    first, others = [], []
    for lane in predicted["lanes"]:
        begun = sorted((attempt[0], attempt[1] - attempt[0], task["name"], number) for task in lane["tasks"]
                       for number, attempt in enumerate(task["attempt_ms"]))
        tasks = {task["name"]: task["attempt_ms"] for task in found.get(
            (lane["step"], lane["target"], lane.get("batch")), {"tasks": []})["tasks"]}
        if lane["target"] == "controller":
            continue
        for place, (_, length, name, number) in enumerate(begun):
            if number < len(tasks.get(name, [])):
                start, end = tasks[name][number]
                (others if place else first).append(end - start - length)
    return [round(statistics.median(rows)) if rows else 0 for rows in (first, others)]


def connect_time(bench, connect):
    """What connecting takes, in ms: by how much a target's first action is longer than its second."""
    steps = "".join(f'step "{name}" on web window 3 {{\n  run "true"\n}}\n' for name in ("First", "Second"))
    file = bench.deploy("connect", connect, steps)
    state = os.path.join(bench.place, "connect.state")
    bench.command("run", file, "--yes", "--quiet", "--state", state)
    lanes = json.loads(bench.command("status", "--state", state, "--format", "json"))["lanes"]
    took = {step: statistics.median(lane["end_ms"] - lane["start_ms"] for lane in lanes if lane["step"] == step)
            for step in ("First", "Second")}
    return round(took["First"] - took["Second"])


def validate(bench, name, connect, connects):
    _, _, text = PLANS[name]
    file = bench.deploy(name, connect, text)
    simulated = [json.loads(bench.command("simulate", file, "--seed", str(seed), "--format", "json", statuses=(0, 1)))
                 for seed in range(1, SEEDS + 1)]
    predicted = max(simulated, key=apart)
    write_draws(os.path.join(bench.place, name), predicted, connects)
    state = os.path.join(bench.place, f"{name}.state")
    bench.command("run", file, "--yes", "--quiet", "--state", state, statuses=(0, 1, 3))
    measured = json.loads(bench.command("status", "--state", state, "--format", "json"))
    return predicted, measured


def main():
    sluice = os.path.abspath(sys.argv[1])
    names = sys.argv[2:] or list(PLANS)
    unknown = [name for name in names if name not in PLANS]
    if unknown:
        sys.exit(f"validate: there is no plan {', '.join(unknown)}; there are {', '.join(PLANS)}")
    print("| plan | what it shows | predicted | measured | off | allowed | added: to a lane's first action, to others "
          "| lowest in service | |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="sluice-validate-") as place:
        bench = Bench(sluice, place)
        bed, to_hosts, took = None, "", 0
        try:
            for name in names:
                about, ssh, _ = PLANS[name]
                if ssh and not bed:
                    bed = SshBed(place, [f"127.0.2.{n}" for n in range(1, 9)], port=22224)
                    settings = (f'user = "{getpass.getuser()}" port = {bed.port} identity_file = "{place}/user_key" '
                                f'known_hosts_file = "{place}/known_hosts"')
                    took = connect_time(bench, f"connect ssh {{ {settings} }}")
                    to_hosts = f"connect ssh {{ {settings} connect_time = {took}ms }}"
                predicted, measured = (validate(bench, name, to_hosts, took) if ssh else
                                       validate(bench, name, "connect local", 0))
                late, allowed, wrong = compare(predicted, measured)
                first, others = added(predicted, measured)
                failed += bool(wrong)
                print(f"| {name} | {about} | {predicted['duration_ms']} ms | {measured['duration_ms']} ms | {late} ms | "
                      f"{allowed:.0f} ms | {first} ms, {others} ms | {predicted['roles'][0]['available_min']} | {'; '.join(wrong) or 'agrees'} |",
                      flush=True)
        finally:
            if bed:
                bed.down()
    print(f"\n{len(names) - failed} of {len(names)} plans agree with their prediction; load {os.getloadavg()[0]:.1f} "
          f"at the end")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
