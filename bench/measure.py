"""Programs measured in turn with their peers, and the tables that say what was found."""
import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 3
PR_SET_CHILD_SUBREAPER = 36


class Usage:
    """Wall time, processor time of the command and its processes, peak memory, and the processor time
    that everything on this machine took meanwhile."""

    def __init__(self, wall, cpu, memory_kib, machine=0.0):
        self.wall, self.cpu, self.memory_kib, self.machine = wall, cpu, memory_kib, machine


def busy_seconds():
    with open("/proc/stat", encoding="utf-8") as file:
        user, nice, system, _, _, interrupt, soft = map(int, file.readline().split()[1:8])
    return (user + nice + system + interrupt + soft) / os.sysconf("SC_CLK_TCK")


def measure(command, environment=None, statuses=(0,), directory=None, before=None, after=None):
    """`before`: makes what the command finds. `after`: ends what the command has left in the background, whose
    processor time counts as well."""
    if before:
        before()
    report, written = os.pipe()
    with tempfile.TemporaryFile() as output:
        keeper = os.fork()
        if keeper == 0:
            os.close(report)
            keep(command, output, {**os.environ, **(environment or {})}, directory, written, waits=after is not None)
        os.close(written)
        with os.fdopen(report, encoding="utf-8") as lines:
            status, wall, cpu, memory_kib, busy = json.loads(lines.readline() or sys.exit(1))
            if after:
                after()
                cpu += json.loads(lines.readline())
        os.waitpid(keeper, 0)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if status not in statuses:
        sys.exit(f"bench: {' '.join(command)} ended with {status}:\n{text[-3000:]}")
    return Usage(wall, cpu, memory_kib, busy), text


def keep(command, output, environment, directory, report, waits):
    """A process of its own that inherits what the command leaves behind; it does not return."""
    try:
        if waits:
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        begin, busy = time.monotonic(), busy_seconds()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                 env=environment, cwd=directory)
        _, status, usage = os.wait4(child.pid, 0)
        wall, busy = time.monotonic() - begin, busy_seconds() - busy
        found = [os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, busy]
        os.write(report, f"{json.dumps(found)}\n".encode())
        if waits:
            os.write(report, f"{seconds_left_behind()}\n".encode())
    except OSError as error:
        print(f"bench: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(0)


def seconds_left_behind():
    seconds = 0.0
    while True:
        try:
            _, _, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return seconds
        seconds += usage.ru_utime + usage.ru_stime


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
