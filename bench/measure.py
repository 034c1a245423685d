"""Programs measured in turn with their peers, and the tables that say what was found."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 3


class Usage:
    """Wall time, processor time of the command and all that it waited for, peak memory, and the
    processor time that everything on this machine took meanwhile."""

    def __init__(self, wall, cpu, memory_kib, machine=0.0):
        self.wall, self.cpu, self.memory_kib, self.machine = wall, cpu, memory_kib, machine


def busy_seconds():
    with open("/proc/stat", encoding="utf-8") as file:
        user, nice, system, _, _, interrupt, soft = map(int, file.readline().split()[1:8])
    return (user + nice + system + interrupt + soft) / os.sysconf("SC_CLK_TCK")


def measure(command, environment=None, statuses=(0,), directory=None, before=None):
    if before:
        before()
    begin, busy = time.monotonic(), busy_seconds()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                 env={**os.environ, **(environment or {})}, cwd=directory)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall, busy = time.monotonic() - begin, busy_seconds() - busy
        output.seek(0)
        text = output.read().decode(errors="replace")
    if child.returncode not in statuses:
        sys.exit(f"bench: {' '.join(command)} ended with {child.returncode}:\n{text[-3000:]}")
    return Usage(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, busy), text


def in_turn(commands, rounds=ROUNDS):
    """{name: command} measured in alternation; {name: (median usage, last output)}."""
    seen = {name: [] for name in commands}
    texts = {}
    for _ in range(rounds):
        for name, command in commands.items():
            usage, texts[name] = measure(**command) if isinstance(command, dict) else measure(command)
            seen[name].append(usage)
    middle = lambda values: statistics.median(values)
    return {name: (Usage(middle([u.wall for u in usages]), middle([u.cpu for u in usages]),
                         max(u.memory_kib for u in usages), middle([u.machine for u in usages])), texts[name])
            for name, usages in seen.items()}


class Table:
    def __init__(self, title, columns):
        self.title, self.columns, self.rows = title, columns, []

    def row(self, *cells):
        self.rows.append([str(cell) for cell in cells])

    def __str__(self):
        lines = [f"### {self.title}", "", "| " + " | ".join(self.columns) + " |",
                 "| " + " | ".join("---" for _ in self.columns) + " |"]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join(lines) + "\n"


def rates(build, commands, rounds=ROUNDS):
    """Programs that print their own processor time, in alternation: {name: (seconds, last document)}."""
    seen = {name: [] for name in commands}
    last = {}
    for _ in range(rounds):
        for name, words in commands.items():
            _, text = measure([f"{build}/{words[0]}", *words[1:]] if not words[0].startswith("/") else words)
            last[name] = json.loads(text.strip().splitlines()[-1])
            seen[name].append(last[name]["seconds"])
    return {name: (statistics.median(times), last[name]) for name, times in seen.items()}
