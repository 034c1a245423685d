"""Rollouts over real sshd's, and here, while faults come at random moments; each from a seed. A black box: only the
program's commands are used, and what really ran stands in a ledger that the scripts write outside of sluice.

usage: chaos.py SLUICE SECONDS [FIRST_SEED]
Prints a line for each rollout; where something is wrong it says what, leaves the folder, and ends with 1.
"""
import collections
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench"))
from ssh_bed import SshBed  # noqa: E402

HOSTS = 6
FIRST_PORT = 23000
MOST_TURNS = 60  # of `run` and `resume`; then the rollout never ends
LIMIT = 900      # seconds for one of them
ENDS = ("succeeded", "degraded", "failed", "aborted")
ONCE = ("Prep", "Out", "In", "Wide", "After", "UndoOut", "UndoWork")
FAULTS = ("kill", "kill all", "terminate", "interrupt twice", "stop for a moment", "kill ssh", "kill sshd",
          "kill a watcher", "home away")

# A script tells the ledger that it begins and ends, and whether another of its target still runs as it begins.
SCRIPT = '''run script """
  lane="$ledger.$target_name"
  other=$(cat "$lane" 2>/dev/null) || other=
  if [ -n "$other" ] && grep -q '^State:[[:space:]]*[RSD]' "/proc/$other/status" 2>/dev/null; then
    printf 'beside NAME %s %s %s\\n' "$target_name" "$attempt" "$other" >> "$ledger"
  fi
  echo "$$" > "$lane"
  printf 'begin NAME %s %s %s\\n' "$target_name" "$attempt" "$$" >> "$ledger"
  sleep SECONDS
  FAILS
  printf 'end NAME %s %s %s\\n' "$target_name" "$attempt" "$$" >> "$ledger"
  rm -f "$lane"
  LAST
"""'''
IN_PLACE = ('grep -E "^end (Work|UndoWork) $target_name " "$ledger" | tail -n 1 | '
            'grep -q "^end Work "')
FAILURES = ("", '[ "$target_name" != h2 ] || { rm -f "$lane"; exit 3; }',
            '[ "$target_name" != h2 ] || [ "$attempt" -gt 1 ] || { rm -f "$lane"; exit 3; }')
ON_FAILURE = ("", "on failure ask", "on failure ask", "on failure rollback", "on failure rollback all",
              "tolerate 100%")


class Rollout:
    """What is rolled out, and what goes wrong meanwhile, all drawn from the seed."""

    def __init__(self, seed):
        self.seed = seed
        self.dice = random.Random(seed)
        self.place = tempfile.mkdtemp(prefix=f"sluice-chaos-{seed}-")
        self.ledger = self.place + "/ledger"
        with open(self.ledger, "w", encoding="utf-8"):
            pass
        self.state = self.place + "/.sluice"
        self.file = self.place + "/chaos.deploy"
        self.addresses = [f"127.7.{1 + seed % 200}.{host + 1}" for host in range(HOSTS)]
        self.local = self.dice.random() < 0.3
        self.window = self.dice.choice([1, 2, 3, HOSTS])
        self.idempotent = self.dice.choice(["", "", "idempotent"])
        self.verified = self.dice.random() < 0.6
        self.by_libssh = seed % 2 == 0
        self.wrapper = (None, "sh", "perl")[seed // 2 % 3]
        self.faults = [fault for fault in FAULTS if self.dice.random() < 0.5] or ["kill"]
        self.most = self.dice.choice([1, 3, 5, 8, 15])
        self.gap = self.dice.choice([0.05, 0.2, 0.5, 1.0])

    def where(self):
        return "here" if self.local else f"{'libssh' if self.by_libssh else 'ssh'} {self.wrapper or ''}".rstrip()

    def script(self, name, fails="", last=""):
        seconds = self.dice.choice(["0", "0.05", "0.3", "0.8"])
        return (SCRIPT.replace("NAME", name).replace("SECONDS", seconds).replace("FAILS", fails)
                .replace("LAST", last))

    def write(self, connect):
        targets = "\n".join(f'  target "h{host + 1}" {{ address = "{address}" }}'
                            for host, address in enumerate(self.addresses))
        verify = ""
        if self.verified:
            verify = (f"verify {{ {self.script('Check', '', IN_PLACE)} }} "
                      + self.dice.choice(["", "skip verified"]))
        text = f"""deployment "Chaos"
{"connect local" if self.local else connect}
variable ledger: string
role web {{
{targets}
}}
step "Prep" {{ {self.script("Prep")} }}
step "Roll" on web window {self.window} {{
  step "Out" {{ {self.script("Out")} undo {{ {self.script("UndoOut")} }} }}
  step "Work" {{
    {self.script("Work", self.dice.choice(FAILURES))} retry 1 {self.idempotent} {verify}
    undo {{ {self.script("UndoWork")} }}
  }}
  step "In" when always {{ {self.script("In")} }}
  {self.dice.choice(ON_FAILURE)}
}}
step "Wide" on web {{ {self.script("Wide")} }}
step "After" when always {{ {self.script("After")} }}
"""
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)

    def rows(self):
        with open(self.ledger, encoding="utf-8") as file:
            return [line.split() for line in file]

    def began(self, what, name, target):
        return [row for row in self.rows() if row[:2] == [what, name] and target in (row[2], "controller")]


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
            found = [int(word) for word in file.read().split()]
    except OSError:
        return []
    return found + [grandchild for child in found for grandchild in children(child)]


def words_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def kill(pids, number=signal.SIGKILL):
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            pass


class Faults(threading.Thread):
    """Does to a rollout what it has drawn, until that is done or `over` is set."""

    def __init__(self, rollout, bed):
        super().__init__()
        self.rollout, self.bed = rollout, bed
        self.program = None  # what runs now
        self.over = threading.Event()
        self.done = collections.Counter()

    def run(self):
        dice = random.Random(self.rollout.seed + 1)
        for _ in range(self.rollout.most):
            if self.over.wait(dice.random() * self.rollout.gap * 2):
                return
            fault = dice.choice(self.rollout.faults)
            program = self.program
            try:
                if program is not None and self.do(fault, program.pid, dice):
                    self.done[fault] += 1
            except OSError:
                pass  # what it is about is gone

    def do(self, fault, pid, dice):
        if fault == "kill":
            kill([pid])
        elif fault == "kill all":
            kill([pid, *children(pid)])
        elif fault == "terminate":
            kill([pid], signal.SIGTERM)
        elif fault == "interrupt twice":
            kill([pid], signal.SIGINT)
            kill([pid], signal.SIGINT)
        elif fault == "stop for a moment":
            kill([pid], signal.SIGSTOP)
            self.over.wait(0.3)
            kill([pid], signal.SIGCONT)
        elif fault == "kill ssh":
            kill([child for child in children(pid) if "ssh" in words_of(child)])
        elif fault == "kill sshd":
            servers = [child for server in self.bed.servers for child in children(server.pid)
                       if "sshd" in words_of(child)]
            kill([dice.choice(servers)] if servers else [])
        elif fault == "kill a watcher":
            watchers = self.watchers()
            kill([dice.choice(watchers)] if watchers else [])
        else:
            self.take_home(dice.choice(self.rollout.addresses))
        return True

    def watchers(self):
        """Processes of the wrapper, and of scripts, that belong to this rollout."""
        mine = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    if self.rollout.place.encode() in file.read() and "sluice" in words_of(int(name)):
                        mine.append(int(name))
            except OSError:
                pass
        return [pid for pid in mine if self.program is None or pid != self.program.pid]

    def take_home(self, address):
        home = f"{self.rollout.place}/home/{address}"
        os.rename(home, home + ".away")
        self.over.wait(0.2)
        if os.path.exists(home):  # made anew by a login meanwhile
            shutil.copytree(home, home + ".away", symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(home)
        os.rename(home + ".away", home)


class Person:
    """Goes on with a rollout, and answers what it asks by what the ledger says."""

    def __init__(self, sluice, rollout, faults):
        self.sluice, self.rollout, self.faults = sluice, rollout, faults
        self.dice = random.Random(rollout.seed + 2)
        self.problems = []
        self.answers = 0
        self.status = {}

    def call(self, *words):
        return subprocess.run([self.sluice, *words, "--state", self.rollout.state], capture_output=True, text=True,
                              check=False)

    def carry_out(self):
        begin = ["run", self.rollout.file, "--yes", "--set", f"ledger={self.rollout.ledger}"]
        words = begin
        for _ in range(MOST_TURNS):
            program = subprocess.Popen([self.sluice, *words, "--state", self.rollout.state],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.faults.program = program
            program.communicate(timeout=LIMIT)
            self.faults.program = None
            if program.returncode == 5 or program.returncode < 0 and -program.returncode not in (2, 9, 15):
                self.problems.append(f"`{words[0]}` ended with {program.returncode}")
            said = self.call("status")
            if "there are no runs" in said.stderr or "is empty, as a program leaves it" in said.stderr:
                if self.rollout.rows():
                    self.problems.append("something ran, and there is no run")
                words = begin
                continue
            self.status = json.loads(self.call("status", "--format", "json").stdout or "{}")
            if self.status.get("outcome") in ENDS:
                return
            if program.returncode == 4:
                self.faults.join()  # what is asked is answered when all is quiet
                self.answer(said.stdout)
            words = ["resume"]
        self.problems.append("it never ended")

    def answer(self, said):
        for run, question, choices in re.findall(r'sluice answer (\S+) "?([^"\n]+@[^"\s]+)"? ([a-z|]+)', said):
            name, target = question.split("@")
            word = self.dice.choice(["retry", "ignore", "exclude"])
            if "succeeded" in choices:
                name = name.split("/")[-1]
                begun, ended = (len(self.rollout.began(what, name, target)) for what in ("begin", "end"))
                word = "retry" if begun == 0 else "succeeded" if begun == ended else "failed"
            self.answers += self.call("answer", run, question, word).returncode == 0


def judged(rollout, status):
    """What is wrong with what the ledger and the program say."""
    problems = []
    rows = rollout.rows()
    begun = collections.Counter(tuple(row[1:4]) for row in rows if row[0] == "begin")
    for (name, target, attempt), times in begun.items():
        once = name in ONCE or name == "Work" and not rollout.idempotent
        if once and times > 1:
            problems.append(f"attempt {attempt} of {name} on {target} began {times} times")
    problems += [f"{row[1]} on {row[2]} began while {row[4]} ran" for row in rows if row[0] == "beside"]
    census = status.get("census", {})
    if sum(census.values()) != HOSTS:
        problems.append(f"the census does not add up: {census}")
    for lane in status.get("lanes", []):
        for task in lane["tasks"]:
            problems += judged_task(rollout, task, lane["target"])
    return problems


def judged_task(rollout, task, target):
    name = task["name"]
    if name not in ONCE and name != "Work":
        return []
    where = f"{name} on {target}"
    began = rollout.began("begin", name, target)
    problems = []
    if task["state"] == "succeeded" and not rollout.began("end", name, target):
        problems.append(f"{where} succeeded, and never ended")
    if task["state"] in ("skipped", "not_started") and began:
        problems.append(f"{where} is told as {task['state']}, and began")
    if task.get("attempts", 0) < len({row[3] for row in began}):
        problems.append(f"{where} is told with {task.get('attempts')} attempts of {len(began)}")
    return problems


def one(sluice, seed):
    rollout = Rollout(seed)
    since = time.monotonic()
    with SshBed(rollout.place, rollout.addresses, FIRST_PORT + seed % 4000) as bed:
        phrase = bed.libssh_phrase if rollout.by_libssh else bed.connect_phrase
        rollout.write(phrase(rollout.wrapper))
        faults = Faults(rollout, bed)
        person = Person(sluice, rollout, faults)
        faults.start()
        try:
            person.carry_out()
        finally:
            faults.over.set()
            faults.join()
    problems = person.problems or judged(rollout, person.status)
    what = ", ".join(f"{fault} {times}" for fault, times in sorted(faults.done.items())) or "no fault"
    print(f"seed {seed}, {rollout.where()}, window {rollout.window}: {what}; "
          f"{person.answers} answers; {person.status.get('outcome')} after {time.monotonic() - since:.1f} s; "
          + ("WRONG: " + "; ".join(problems) + f"; see {rollout.place}" if problems else "all as it should be"),
          flush=True)
    if not problems:
        shutil.rmtree(rollout.place, ignore_errors=True)
    return faults.done, not problems


def main():
    sluice, seconds = os.path.abspath(sys.argv[1]), float(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    until = time.monotonic() + seconds
    rollouts, wrong, faults = 0, 0, collections.Counter()
    while time.monotonic() < until:
        done, well = one(sluice, seed)
        faults += done
        rollouts, wrong, seed = rollouts + 1, wrong + (not well), seed + 1
    print(f"{rollouts} rollouts, {sum(faults.values())} faults, {wrong} wrong")
    for fault, times in faults.most_common():
        print(f"{times:8}  {fault}")
    sys.exit(1 if wrong else 0)


main()
