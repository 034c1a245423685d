#!/usr/bin/env python3
"""The demonstration: sets the farm up, predicts a rollout, carries it out under traffic, and compares.

usage: demo.py SLUICE FOLDER    FOLDER keeps the pictures and the run's record
scripts/demo builds everything and calls it. It ends with status 1 where a promise does not hold.
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
from rollout import DEPLOY, Rollout, order_problems, shape  # noqa: E402
from traffic import WEB  # noqa: E402

RELEASE = "2.4.1"
CLOSE = 0.3  # of the predicted duration: how far off the measured one may be
COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def styled(text, code):
    return f"\x1b[{code}m{text}\x1b[0m" if COLOUR else text


def title(number, text, why=""):
    print(f"\n{styled(f'{number}  {text}', '1;36')}", flush=True)
    if why:
        print(styled(f"   {why}", "2"), flush=True)
    print(flush=True)


def typed(words):
    """A command's words as a person would type them here."""
    here = os.getcwd() + os.sep
    return [word.removeprefix(here) for word in words]


def shown(words):
    return " ".join(typed(words))


class Demo:
    def __init__(self, sluice, folder, lab):
        self.sluice, self.folder, self.lab = sluice, folder, lab
        self.state = os.path.join(folder, "state")

    def command(self, *words):
        print(styled(f"$ sluice {shown(words)}", "1"), flush=True)
        subprocess.run([self.sluice, *typed(words)], check=True, env=self.rollout.environment)

    def run(self):
        title(1, "A farm", "six web servers behind HAProxy, a database: eight hosts with an sshd each, on loopback")
        subprocess.run([os.path.join(HERE, "lab"), "up", self.lab], check=True)
        self.rollout = Rollout(self.sluice, self.lab, RELEASE, self.state)

        title(2, "The deployment", f"{shown([DEPLOY])}: how the farm is updated, two servers at a time")
        self.command("check", DEPLOY)
        print()
        self.command("plan", DEPLOY)

        title(3, "Drawn")
        for ending in ("svg", "png"):
            self.command("graph", DEPLOY, "-o", os.path.join(self.folder, f"web-farm.{ending}"))

        title(4, "Predicted", "nothing has been touched yet: the same scheduler, in virtual time")
        self.command("simulate", DEPLOY)

        title(5, "Carried out", "four users keep sending requests to the site meanwhile")
        print(styled(f"$ sluice run {shown([DEPLOY])} --yes", "1"), flush=True)
        self.rollout.carry_out()

        title(6, "Predicted and measured",
              "by the users, by HAProxy's own `show stat`, and by asking each server")
        return self.compare()

    def compare(self):
        rollout = self.rollout
        predicted_s = rollout.prediction["duration_ms"] / 1000
        measured_s = rollout.fact["duration_ms"] / 1000
        failed = len(rollout.traffic.failures)
        lowest, predicted_lowest = rollout.observer.lowest(), rollout.predicted_lowest()
        # What `takes` says is what it takes where others do not want the processors as well.
        load, cores = os.getloadavg()[0], os.cpu_count()
        busy = load > 2 * cores
        close = abs(measured_s - predicted_s) <= CLOSE * predicted_s
        note = f"{(measured_s / predicted_s - 1) * 100:+.0f}%"
        if busy:
            note += f"; this machine is busy: a load of {load:.0f} on {cores} cores"
        rows = [
            ("duration", f"{predicted_s:.2f}s", f"{measured_s:.2f}s", close or busy, note),
            ("fewest servers in service", predicted_lowest, lowest, lowest >= predicted_lowest,
             f"HAProxy was asked {rollout.observer.looks} times"),
            ("requests that failed", 0, failed, failed == 0, f"of {rollout.traffic.sent} sent"),
        ]
        for server in WEB:
            rows.append((f"release on {server}", RELEASE, rollout.after[server],
                         rollout.after[server] == RELEASE, f"was {rollout.before[server]}"))
        same = shape(rollout.fact) == shape(rollout.prediction) and not order_problems(rollout.fact)
        rows.append(("what ran, and in which order", "as planned", "as planned" if same else "otherwise",
                     same, ""))
        print(styled(f"   {'':30} {'predicted':>10}  {'measured':>10}", "2"))
        for what, predicted, measured, held, note in rows:
            mark = styled("✓", "1;32") if held else styled("✗", "1;31")
            if what == "duration" and busy and not close:
                mark = styled("~", "1;33")
            print(f"   {what:30} {predicted!s:>10}  {measured!s:>10}  {mark}  {styled(note, '2')}")
        for at, problem in rollout.traffic.failures[:5]:
            print(f"   a request failed after {at:.2f}s: {problem}")
        for problem in order_problems(rollout.fact):
            print(f"   {problem}")
        held = rollout.status == 0 and all(row[3] for row in rows)
        print("\n   " + (styled("Every promise held.", "1;32") if held
                         else styled("A promise did not hold.", "1;31")))
        print(f"   pictures: {shown([self.folder])}/web-farm.svg and .png"
              f"\n   the run:  {shown([self.sluice])} status --state {shown([self.state])}, or logs, or history")
        return 0 if held else 1


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sluice, folder = (os.path.abspath(word) for word in sys.argv[1:])
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    lab = tempfile.mkdtemp(prefix="web-farm-")  # in a short place: sockets have short names
    try:
        return Demo(sluice, folder, lab).run()
    except subprocess.CalledProcessError as error:
        print(f"\n{shown(map(str, error.cmd))} ended with status {error.returncode}", file=sys.stderr)
        return 1
    finally:
        subprocess.run([os.path.join(HERE, "lab"), "down", lab], stdout=subprocess.DEVNULL, check=True)
        shutil.rmtree(lab, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
