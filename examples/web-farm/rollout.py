"""Carries the web farm's deployment out while people use the site, and measures what they noticed.

scripts/demo and the tests use it. What is measured comes from the users, from HAProxy and from the
servers themselves; sluice is asked for its prediction and for its own record, to compare.
"""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from traffic import WEB, Farm, Observer, Traffic  # noqa: E402

HERE = os.path.dirname(os.path.realpath(__file__))
DEPLOY = os.path.join(HERE, "web-farm.deploy")


class Rollout:
    """One rollout: `sluice` the program, `folder` where `lab up` has set the farm up."""

    def __init__(self, sluice, folder, release, state, deploy=DEPLOY):
        self.sluice, self.folder, self.release, self.state = sluice, folder, release, state
        self.deploy = deploy
        self.farm = Farm(folder)
        self.environment = {**os.environ, **self.farm.variables, "SLUICE_VAR_release": release}
        self.prediction = self.ask("simulate", deploy)

    def ask(self, *words):
        """What a command says as JSON."""
        done = subprocess.run([self.sluice, *words, "--format", "json"], env=self.environment,
                              stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    def carry_out(self, **streams):
        self.before = {server: self.farm.release_of(server) for server in WEB}
        with Traffic(self.farm) as self.traffic, Observer(self.farm) as self.observer:
            self.traffic.wait_for_answers()
            begun = time.monotonic()
            self.status = subprocess.run(
                [self.sluice, "run", self.deploy, "--yes", "--state", self.state],
                env=self.environment, **streams).returncode
            self.duration_s = time.monotonic() - begun
            self.traffic.wait_for_answers()
        self.after = {server: self.farm.release_of(server) for server in WEB}
        self.fact = self.ask("status", "--state", self.state)
        return self

    def predicted_lowest(self):
        return next(role["available_min"] for role in self.prediction["roles"] if role["role"] == "web")


def shape(document):
    """What a prediction and a fact must agree on to the letter: all but the times."""
    return {
        "outcome": document["outcome"],
        "plan": document["plan"],
        "steps": [[step[name] for name in ("name", "state", "targets", "limit", "succeeded", "failed",
                                           "skipped", "not_started")] for step in document["steps"]],
        "lanes": [(lane["step"], lane["target"], lane["state"],
                   [(task["name"], task["state"]) for task in lane["tasks"]])
                  for lane in document["lanes"]],
        "lowest": {role["role"]: role["available_min"] for role in document["roles"]},
        "census": document["census"],
    }


def order_problems(document):
    """Where targets did not begin in the plan's order, or more were at work than the limit allows."""
    problems = []
    for step in document["steps"]:
        lanes = [lane for lane in document["lanes"]
                 if lane["step"] == step["name"] and lane["start_ms"] is not None]
        starts = [lane["start_ms"] for lane in lanes]
        if starts != sorted(starts):
            problems.append(f"{step['name']}: targets began in another order: {starts}")
        for lane in lanes:
            at_work = sum(other["start_ms"] <= lane["start_ms"] < other["end_ms"] for other in lanes)
            if at_work > step["limit"]:
                problems.append(f"{step['name']}: {at_work} at work at {lane['start_ms']}ms")
            times = [(task["start_ms"], task["end_ms"]) for task in lane["tasks"]]
            if any(end > start for (_, end), (start, _) in zip(times, times[1:])):
                problems.append(f"{step['name']}: child steps overlap on {lane['target']}: {times}")
    return problems
