#!/usr/bin/env python3
"""Holds docs/FORMATS.md against what the program writes: every member that is documented exists,
and no other one does, over the examples and a few files of its own.

    formats.py PROGRAM SOURCE_DIRECTORY
"""

import json
import os
import re
import subprocess
import sys
import tempfile

WORK = re.compile(r"^steps\[\]\.(tasks\[\]\.)?(verify|undo)\.")
WORST = re.compile(r"^worst_case\.(out_of_service|failed)\.")

EVERYTHING = """deployment "Everything"
variable lanes = 2
resource uplink 1Gbps
resource license 2
role web { target "web-[1..4]" { zone = "a" } target "web-[5..6]" { zone = "b" } connect local }
role db { target "db-1" connect local }
at most 5 targets
deadline 2h
require available(web) >= 50%
require unavailable(web per zone) <= 3
require downtime(web) <= 1s
require duration <= 1h in 95% of runs
step "Migrate" once on db { run "true" uses 100MB of uplink takes 10s to 20s tags nightly }
step "Update" on web window 3, 2 per zone by zone {
  tolerate 1 failure
  unreachable skip at most 1
  on failure rollback all
  step "Leave" { run "true" takes 1s drains undo { run "true" takes 1s } }
  step "Deploy" {
    run "true"
    takes 5s
    uses 1 of license
    retry 2 every 1s
    verify { run "true" takes 1s uses 1MB of uplink }
    undo { run "true" takes 2s uses 1 of license }
  }
  step "Return" { run "true" takes 1s restores when always }
}
step "Waves" on web batches 1, 50% {
  verify { run "true" takes 1s }
  skip verified
  step "Run" { run "true" takes 1s to 3s }
  between batches { step "Look" { run "true" takes 1s } }
}
step "Tell" { run "true" takes 1s when failure }
"""

MISTAKES = """deployment "Mistakes"
role web { target "web-1" }
role web { target "web-2" }
step "A" on wbe { run "true" }
step "A" on web { run "true" }
variable x = 1
variable x = 2
"""


def documented(text):
    """By schema: [[alternative paths], optional] a member."""
    schemas = {}
    name = None
    for line in text.splitlines():
        heading = re.match(r"## `sluice\.(\w+)/1`", line)
        if heading:
            name = heading.group(1)
            schemas[name] = []
        elif line.startswith("## "):
            name = None
        if name in (None, "plan") or not line.startswith("| `"):
            continue
        cells = line.strip("|").split(" | ")
        optional = "*optional*" in line
        full = ""
        for word in re.findall(r"`([^`]+)`", cells[0]):
            if not word.startswith("….") and not word.startswith("worst_case.*"):
                full = word
                schemas[name].append(([word], optional))
                continue
            if word.startswith("worst_case.*"):
                full = word
            rest = word[2:] if word.startswith("….") else None
            paths = [full] if rest is None else [f"{full}.{rest}", f"{full.rsplit('.', 1)[0]}.{rest}"]
            schemas[name].append((paths, optional))
    return schemas


def members(value, path, found):
    if isinstance(value, dict):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key
            if isinstance(inner, list):
                here += "[]"
                found.add(here)
                for item in inner:
                    members(item, here, found)
            else:
                found.add(here)
                members(inner, here, found)


def normal(path):
    path = WORK.sub("steps[].tasks[].", path)
    return WORST.sub("worst_case.*.", path)


class Program:
    def __init__(self, program):
        self.program = program
        self.seen = {}

    def run(self, *words, statuses=(0, 1, 3)):
        done = subprocess.run([self.program, *words], capture_output=True, text=True, timeout=120)
        if done.returncode not in statuses:
            sys.exit(f"sluice {' '.join(words)}: status {done.returncode}\n{done.stderr}")
        for line in done.stdout.splitlines() if "--format" in words else ():
            self.take(json.loads(line))

    def take(self, document):
        name = re.match(r"sluice\.(\w+)/1$", document["schema"]).group(1)
        found = self.seen.setdefault(name, set())
        if name == "what_if":
            for run in document["runs"]:
                self.take(run.pop("timeline"))
                found.add("runs[].timeline")
        members(document, "", found)


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def exercise(program, source, folder):
    everything = write(folder, "everything.deploy", EVERYTHING)
    mistakes = write(folder, "mistakes.deploy", MISTAKES)
    examples = os.path.join(source, "examples")
    files = sorted(os.path.join(examples, name) for name in os.listdir(examples)
                   if name.endswith(".deploy"))
    for file in [everything, *files]:
        program.run("plan", file, "--format", "json")
        program.run("check", file, "--format", "json")
        program.run("simulate", file, "--format", "json")
    program.run("check", mistakes, "--format", "json", statuses=(2,))
    program.run("simulate", everything, "--runs", "20", "--format", "json")
    program.run("simulate", everything, "--explain", "--fail", "Deploy@web-2", "--unreachable",
                "web-3", "--format", "json")
    program.run("simulate", everything, "--fail", "Deploy@each", "--format", "json")
    program.run("diff", everything, files[0], "--format", "json")
    hello = os.path.join(examples, "hello.deploy")
    failing = os.path.join(examples, "failing-migration.deploy")
    state = os.path.join(folder, "state")
    program.run("run", hello, "--yes", "--format", "json", "--state", state)
    program.run("run", failing, "--yes", "--format", "json", "--state", state)
    notified(program, folder)
    program.run("status", "--format", "json", "--state", state)
    program.run("history", "--format", "json", "--state", state)
    counted = write(folder, "counted.deploy", COUNTED)
    program.run("census", counted, "--format", "json", statuses=(3,))


# One target of each class that a census has.
COUNTED = """deployment "Counted"
role web { target "web-[1..2]" connect local }
step "Put" on web { run "true" verify { run "echo seen; test $target_name = web-1" } }
step "Tell" { run "true" }
"""

# A failure, a step that is over sooner than predicted, a question.
NOTIFYING = """deployment "Notifying"
environment production { }
role web { target "web-[1..2]" connect local }
step "Soon" { run "true" takes 1h }
step "Try" on web window 1 { step "One" { run "echo said; exit 3" } on failure continue }
step "Look" when always { run manual "look at it" }
"""


def notified(program, folder):
    """What a program that is told of runs finds on its standard input."""
    file = write(folder, "notifying.deploy", NOTIFYING)
    hook = write(folder, "hook", '#!/bin/sh\nexec cat >> "$1"\n')
    os.chmod(hook, 0o700)
    told, state = os.path.join(folder, "told"), os.path.join(folder, "notifying")
    to = ["--state", state, "--notify", f"'{hook}' '{told}'"]
    program.run("run", file, "--yes", "--quiet", "--environment", "production", *to, statuses=(4,))
    (run,) = os.listdir(os.path.join(state, "runs"))
    program.run("status", "--format", "json", "--state", state)
    program.run("approve", run, "--state", state)
    program.run("resume", "--quiet", *to)
    program.run("status", "--format", "json", "--state", state)
    with open(told, encoding="utf-8") as lines:
        for line in lines:
            program.take(json.loads(line))


def main():
    program = Program(os.path.abspath(sys.argv[1]))
    source = os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        exercise(program, source, folder)
    with open(os.path.join(source, "docs", "FORMATS.md"), encoding="utf-8") as file:
        schemas = documented(file.read())
    problems = []
    for name, found in sorted(program.seen.items()):
        seen = {normal(path) for path in found}
        known = set()
        for paths, optional in schemas.get(name, []):
            there = [path for path in paths if path in seen]
            known.update(there)
            if not there and not optional:
                problems.append(f"sluice.{name}/1: `{paths[0]}` is documented, and never written")
        for path in sorted(seen - known):
            problems.append(f"sluice.{name}/1: `{path}` is written, and not documented")
    for name in schemas:
        if name != "plan" and name not in program.seen:
            problems.append(f"sluice.{name}/1 is documented, and no command wrote it")
    print("\n".join(problems))
    print(f"formats: {len(program.seen)} schemas, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
