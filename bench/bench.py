#!/usr/bin/env python3
"""Measures sluice beside its peers and beside what this machine can do at all, in one run.

usage: bench.py BUILD_DIR [NAME…]     NAME: simulate, events, scale, peers, runs, advise, report, compile, local, ssh,
                                      ssh-wide, fan-out, delay, journal; all by default

Every figure is the median of several runs, taken in turn with its peer so that a busy minute hits
both. Traffic goes to loopback addresses only; each server that is started here is ended here.
"""
import os
import statistics
import sys
import tempfile

import compile_files
import fan_out
import simulation
from fan_out import ansible_environment
from measure import ROUNDS, Table, in_turn, measure


def growth(table, sluice, kind, files):
    """`sluice check` on files of one kind, each twice as large as the one before; {size: usage}."""
    found = in_turn({size: [sluice, "check", file] for size, file in files.items()})
    before = None
    for size, (usage, _) in found.items():
        table.row(f"{kind}: {size}", f"{usage.wall:.3f}", f"{usage.cpu:.3f}", usage.memory_kib // 1024,
                  f"{usage.cpu / before:.1f}" if before else "")
        before = usage.cpu
    return {size: usage for size, (usage, _) in found.items()}


def bench_compile(place, sluice, build):
    """From the text to the sealed plan, and what others take to read as much."""
    del build
    at = lambda name: os.path.join(place, name)
    table = Table("Compile: text to sealed plan with its contracts answered, `sluice check`, whole process",
                  ["", "wall s", "CPU s", "peak MiB", "× of half the size, CPU"])
    compile_files.services(at("small.deploy"), 1_000)
    runs = [measure([sluice, "check", at("small.deploy")])[0] for _ in range(21)]
    table.row("a file of 1 KB", f"{statistics.median(u.wall for u in runs):.4f}",
              f"{statistics.median(u.cpu for u in runs):.4f}", max(u.memory_kib for u in runs) // 1024, "")
    sizes = {}
    for count in (10_000, 20_000, 40_000):
        compile_files.steps(at(f"steps-{count}.deploy"), count)
        sizes[f"{count:,}"] = at(f"steps-{count}.deploy")
    of_steps = growth(table, sluice, "steps", sizes)
    sizes, services = {}, 0
    for megabytes in (2.5, 5, 10):
        count = compile_files.services(at(f"large-{megabytes}.deploy"), int(megabytes * 1e6))
        services = services or count
        sizes[f"{megabytes} MB, {count:,} steps × 4"] = at(f"large-{megabytes}.deploy")
    of_bytes = growth(table, sluice, "one file", sizes)
    for name, as_range in (("lines", False), ("range", True)):
        growth(table, sluice, "hosts of an INI inventory, each on a line" if name == "lines" else "hosts of one range",
               {f"{count:,}": compile_files.hosts(place, name, count, as_range)[1]
                for count in (250_000, 500_000, 1_000_000)})
    sizes = {}
    for targets in (250_000, 500_000, 1_000_000):
        simulation.rolling_file(at(f"rolling-{targets}.deploy"), targets, 100)
        sizes[f"{targets:,} × 5"] = at(f"rolling-{targets}.deploy")
    growth(table, sluice, "targets × child steps of R(N, 100, 5)", sizes)
    return f"{table}\n{compile_peers(place, sluice, services, of_steps, of_bytes)}"


def compile_peers(place, sluice, services, of_steps, of_bytes):
    at = lambda name: os.path.join(place, name)
    compile_files.edges(at("build.ninja"), 10_000)
    compile_files.services_yaml(at("services.yml"), services)
    inventory, deploy = compile_files.hosts(place, "few", 2_000, False)
    load = "import sys, yaml; yaml.load(open(sys.argv[1], encoding='utf-8'), Loader=yaml.CSafeLoader)"
    found = in_turn({
        "ninja": {"command": ["ninja", "-n", "-C", place, "step-10000"]},
        "yaml": {"command": ["/usr/bin/python3", "-c", load, at("services.yml")]},
        "ansible": {"command": ["ansible-inventory", "-i", inventory, "--list"],
                    "environment": ansible_environment(place)},
        "sluice": {"command": [sluice, "check", deploy]}}, rounds=2)
    table = Table("Beside other readers, which plan and check less or nothing",
                  ["", "wall s", "CPU s", "peak MiB", "× of sluice, CPU"])
    for peer, title, ours in (
            ("ninja", "`ninja -n`, 10,000 edges in a row; sluice: 10,000 steps", next(iter(of_steps.values()))),
            ("yaml", f"PyYAML's C loader, {services:,} services; sluice: the same in 2.5 MB",
             next(iter(of_bytes.values()))),
            ("ansible", "`ansible-inventory --list`, 2,000 lines; sluice: the same inventory to a plan",
             found["sluice"][0])):
        theirs = found[peer][0]
        table.row(title, f"{theirs.wall:.2f}; {ours.wall:.3f}", f"{theirs.cpu:.2f}; {ours.cpu:.3f}",
                  f"{theirs.memory_kib // 1024}; {ours.memory_kib // 1024}", f"{theirs.cpu / ours.cpu:.1f}")
    return table


def main():
    all_benches = {name: getattr(simulation, f"bench_{name}")
                   for name in ("simulate", "events", "scale", "peers", "runs", "advise", "report")}
    all_benches |= {"compile": bench_compile, "local": fan_out.bench_local, "ssh": fan_out.bench_ssh,
                    "ssh-wide": fan_out.bench_ssh_wide, "fan-out": fan_out.bench_fan_out,
                    "delay": fan_out.bench_delay, "journal": fan_out.bench_journal}
    names = sys.argv[2:] or list(all_benches)
    if not set(names) <= set(all_benches):
        usage = ("usage: scripts/bench [NAME …]: all, or these of " + " ".join(all_benches) +
                 "\ndocs/PERFORMANCE.md says what each measures, and beside what")
        sys.exit(usage if not names[0] in ("-h", "--help") else print(usage))
    build = os.path.abspath(sys.argv[1])
    sluice = os.path.join(build, "sluice")
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), "unknown")
    print(f"{os.cpu_count()} cores, {model}; load {os.getloadavg()[0]:.1f} at the start; "
          f"medians of {ROUNDS} runs, taken in turn\n")
    for name in names:
        # Not below /tmp, for which a run may get a folder of its own.
        with tempfile.TemporaryDirectory(prefix="bench-sluice-", dir="/var/tmp") as place:
            print(all_benches[name](place, sluice, build), flush=True)


if __name__ == "__main__":
    main()
