"""Kills sluice at its system calls, by ptrace, and resumes: no action is begun twice, none is lost, and the
run ends as the one that was not killed. What was really done stands in a ledger outside of sluice.

usage: kills.py SLUICE [--every N] [--nested]    each N-th call (default 97; 1: all of them)
"""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

SLUICE = os.path.abspath(sys.argv[1])
EVERY = int(sys.argv[sys.argv.index("--every") + 1]) if "--every" in sys.argv else 97
NESTED = "--nested" in sys.argv

PTRACE_TRACEME, PTRACE_SYSCALL, PTRACE_KILL, PTRACE_SETOPTIONS = 0, 24, 8, 0x4200
PTRACE_O_TRACESYSGOOD, PTRACE_O_EXITKILL = 1, 0x100000
SYSCALL_STOP = signal.SIGTRAP | 0x80

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long

DEPLOY = '''
deployment "Kills"
connect local
variable ledger: string
role web { target "web-[1..4]" }
step "Before" { run script "echo before >> $ledger; echo version=7 > $SLUICE_OUTPUT" }
step "Update" on web window 2 {
  step "Stop" { run "echo stop $target_name >> $ledger" }
  step "Work" { run script """
    echo "work $target_name $attempt" >> $ledger
    [ "$target_name" != web-3 ] || [ "$attempt" -gt 1 ]
  """ retry 1 }
  step "Start" { run "echo start $target_name >> $ledger" }
}
step "After" { run "echo after >> $ledger" }
'''

EXPECTED = sorted(["before", "after"] +
                  [f"{what} web-{i}" for i in range(1, 5) for what in ("stop", "start")] +
                  [f"work web-{i} 1" for i in range(1, 5)] + ["work web-3 2"])


def ptrace(request, process, data=0):
    if LIBC.ptrace(request, process, None, ctypes.c_void_p(data)) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def traced(words, kill_at):
    """Runs sluice and kills it at that stop of a system call (each has two: before and behind it). Gives the
    number of stops, and whether it was killed."""
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        LIBC.ptrace(PTRACE_TRACEME, 0, None, None)
        os.execv(SLUICE, [SLUICE, *words])
    os.waitpid(child, 0)
    # Its children are not traced: the one that watches over scripts goes on when it is killed.
    ptrace(PTRACE_SETOPTIONS, child, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)
    stops = 0
    pass_on = 0
    while True:
        ptrace(PTRACE_SYSCALL, child, pass_on)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            return stops, False, status
        pass_on = os.WSTOPSIG(status)
        if pass_on == SYSCALL_STOP:
            pass_on = 0
            stops += 1
            if stops == kill_at:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return stops, True, 0


class Place:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sluice-kills-")
        self.ledger = os.path.join(self.folder, "ledger")
        self.state = os.path.join(self.folder, ".sluice")
        self.file = os.path.join(self.folder, "kills.deploy")
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(DEPLOY)

    def words(self):
        return ["run", self.file, "--yes", "--quiet", "--set", f"ledger={self.ledger}"]

    def has_run(self):
        runs = os.path.join(self.state, "runs")
        return os.path.isdir(runs) and any(
            os.path.exists(os.path.join(runs, run, "journal.db")) for run in os.listdir(runs))

    def lines(self):
        if not os.path.exists(self.ledger):
            return []
        with open(self.ledger, encoding="utf-8") as file:
            return sorted(file.read().split("\n")[:-1])

    def resume(self):
        return subprocess.run([SLUICE, "resume", "--quiet", "--state", self.state], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)

    def outcome(self):
        done = subprocess.run([SLUICE, "status", "--format", "json", "--state", self.state], capture_output=True,
                              text=True, check=True)
        return json.loads(done.stdout)["outcome"]

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def check(place, at):
    """What is wrong with a run that was killed at that stop, or nothing."""
    if not place.has_run():
        # Nothing was begun: the journal is made before anything is.
        return [] if place.lines() == [] else [f"{at}: effects without a journal"]
    done = place.resume()
    said = done.stdout + done.stderr
    if "is empty, as a program leaves it" in said or "cannot read the journal" in said:
        return [] if place.lines() == [] else [f"{at}: effects, and a journal that says nothing: {said}"]
    if done.returncode != 0 and "has ended: succeeded" not in said:
        return [f"{at}: resume gave {done.returncode}: {said}"]
    if place.lines() != EXPECTED:
        return [f"{at}: {place.lines()}"]
    return [] if place.outcome() == "succeeded" else [f"{at}: {place.outcome()}"]


def main():
    place = Place()
    total, _, status = traced(place.words(), 0)
    if status != 0 or place.lines() != EXPECTED:
        print(f"the run that is not killed is not what it should be: {status} {place.lines()}")
        return 1
    place.close()
    wrong = []
    points = range(1, total + 1, EVERY)
    killed = 0
    nested = 0
    for at in points:
        place = Place()
        _, was_killed, _ = traced(place.words(), at)
        killed += was_killed
        # Killed once more, while it resumes.
        if NESTED and place.has_run() and at % 3 == 0:
            _, again, _ = traced(["resume", "--quiet", "--state", place.state], 1 + at * 7 % total)
            nested += again
        wrong += check(place, at)
        place.close()
    print(f"{total} stops at system calls in a whole run; killed at {killed} of them, {nested} resumes killed as "
          f"well, {len(wrong)} wrong")
    for line in wrong[:20]:
        print(line)
    return 1 if wrong or killed < len(points) // 2 else 0


if __name__ == "__main__":
    sys.exit(main())
