"""The web farm, carried out on the lab: real sshd's, HAProxy and web servers, under real traffic.

usage: lab.py SLUICE [unittest's arguments]

Nothing here is tried again, and nothing waits for a time to pass: what is checked is what users, HAProxy
and the servers saw, not how long it took them.
"""
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import unittest

SLUICE = os.path.abspath(sys.argv.pop(1))
FARM = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "examples", "web-farm")
sys.path.insert(0, FARM)
from rollout import DEPLOY, Rollout, order_problems, shape  # noqa: E402
from traffic import WEB, Observer, Traffic  # noqa: E402


def lab(command, folder, **environment):
    return subprocess.run([os.path.join(FARM, "lab"), command, folder], text=True, capture_output=True,
                          env={**os.environ, "LAB_ANY_PORT": "1", **environment})


def recorded(folder):
    """(name, pid, start time) of every process that the lab has recorded."""
    with open(os.path.join(folder, "lab.json"), encoding="utf-8") as file:
        rows = [tuple(row) for row in json.load(file)["started"]]
    for server in WEB:
        with open(os.path.join(folder, "hosts", server, "web.pid"), encoding="utf-8") as file:
            pid, started = file.read().split()
        rows.append((server, int(pid), started))
    return rows


def runs(pid, started):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            words = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return False
    return words[0] != "Z" and words[19] == started


def end(pid):
    """Ends a process of the lab, and comes back when it is gone."""
    handle = os.pidfd_open(pid)
    signal.pidfd_send_signal(handle, signal.SIGKILL)
    select.select([handle], [], [])
    os.close(handle)


class LabCase(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="lab-")
        self.addCleanup(place.cleanup)
        self.place = place.name
        self.folder = os.path.join(self.place, "farm")
        self.state = os.path.join(self.place, "state")
        self.addCleanup(lab, "down", self.folder)

    def up(self):
        done = lab("up", self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)


class TheRollout(LabCase):
    def check_users_noticed_nothing(self, rollout):
        self.assertEqual(rollout.traffic.failures, [], rollout.said)
        self.assertGreater(rollout.traffic.sent, 100)

    def carry_out(self, release, deploy=DEPLOY):
        rollout = Rollout(SLUICE, self.folder, release, self.state, deploy)
        with tempfile.TemporaryFile("w+") as said:
            rollout.carry_out(stderr=said, stdout=said)
            said.seek(0)
            rollout.said = said.read()
        return rollout

    def test_users_notice_nothing_and_all_is_as_predicted(self):
        self.up()
        rollout = self.carry_out("2.4.1")
        self.assertEqual(rollout.status, 0, rollout.said)
        self.check_users_noticed_nothing(rollout)
        self.assertEqual(set(rollout.before.values()), {"2.4.0"})
        self.assertEqual(set(rollout.after.values()), {"2.4.1"})
        self.assertEqual(shape(rollout.fact), shape(rollout.prediction))
        self.assertEqual(order_problems(rollout.fact), [])
        # HAProxy's own account: never fewer than predicted, and every server was out and came back.
        self.assertEqual(rollout.predicted_lowest(), 4)
        self.assertGreaterEqual(rollout.observer.lowest(), 4)
        out = [server for server in WEB
               if any(server not in servers for _, servers in rollout.observer.changes)]
        self.assertEqual(out, list(WEB))
        self.assertEqual(rollout.observer.changes[-1][1], frozenset(WEB))
        # No user was sent back to the old release by a server that had the new one.
        for server in WEB:
            releases = [release for _, name, release in rollout.traffic.answers if name == server]
            self.assertEqual(releases, sorted(releases), server)
        self.check_database("2.4.1")

        # And again, to the next release, by a plan that was saved and stands alone.
        plan = os.path.join(self.place, "web.plan")
        subprocess.run([SLUICE, "plan", DEPLOY, "-o", plan], check=True, stderr=subprocess.DEVNULL,
                       env={**rollout.environment, "SLUICE_VAR_release": "2.4.2"})
        rollout = self.carry_out("2.4.2", plan)
        self.assertEqual(rollout.status, 0, rollout.said)
        self.check_users_noticed_nothing(rollout)
        self.assertEqual(set(rollout.after.values()), {"2.4.2"})
        self.assertEqual(shape(rollout.fact), shape(rollout.prediction))
        self.check_database("2.4.2")

    def check_database(self, release):
        with open(os.path.join(self.folder, "hosts", "db-1", "schema"), encoding="utf-8") as file:
            self.assertEqual(file.read().strip(), release)

    def test_a_host_that_is_gone_stops_the_rollout_and_users_notice_nothing(self):
        self.up()
        end(next(pid for name, pid, _ in recorded(self.folder) if name == "sshd of web-4"))
        rollout = self.carry_out("2.4.1")
        self.assertEqual(rollout.status, 1, rollout.said)
        self.check_users_noticed_nothing(rollout)
        self.assertIn("`Update the website/Deploy the site` failed on `web-4`", rollout.said)
        self.assertIn("web-farm.deploy:", rollout.said)
        states = {lane["target"]: lane["state"] for lane in rollout.fact["lanes"]
                  if lane["step"] == "Update the website"}
        self.assertEqual(states["web-4"], "failed")
        self.assertEqual([states[f"web-{i}"] for i in (1, 2, 3)], ["succeeded"] * 3)
        self.assertIn("not_started", states.values())
        self.assertEqual(rollout.fact["outcome"], "failed")
        # It stays out of service: nothing that is not well goes back.
        self.assertNotIn("web-4", rollout.observer.changes[-1][1])
        self.assertGreaterEqual(rollout.observer.lowest(), 4)
        self.assertEqual(rollout.after["web-4"], "2.4.0")

    def test_a_careless_rollout_is_noticed_by_the_users_of_this_lab(self):
        """What is measured can fail: servers restarted under their users' hands make requests fail."""
        self.up()
        careless = os.path.join(self.place, "careless.deploy")
        with open(DEPLOY, encoding="utf-8") as file:
            head = file.read().split('step "Migrate the database"')[0]
        with open(careless, "w", encoding="utf-8") as file:
            file.write(head + 'step "Restart" on web { run "bin/web restart" takes 1s }\n')
        rollout = self.carry_out("2.4.1", careless)
        self.assertEqual(rollout.status, 0, rollout.said)
        self.assertNotEqual(rollout.traffic.failures, [])


class TheLab(LabCase):
    def test_up_twice_changes_nothing_and_down_ends_exactly_what_up_started(self):
        self.up()
        processes = recorded(self.folder)
        self.assertEqual(len(processes), 8 + 1 + 6)
        again = lab("up", self.folder)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("is up already", again.stdout)
        self.assertEqual(recorded(self.folder), processes)
        self.assertEqual(lab("status", self.folder).returncode, 0)
        for name, pid, started in processes:
            self.assertTrue(runs(pid, started), name)

        bystander = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
        self.addCleanup(bystander.wait)
        self.addCleanup(bystander.stdin.close)
        self.assertEqual(lab("down", self.folder).returncode, 0)
        self.assertFalse(os.path.exists(self.folder))
        for name, pid, started in processes:
            self.assertFalse(runs(pid, started), name)
        self.assertIsNone(bystander.poll())
        again = lab("down", self.folder)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(lab("status", self.folder).returncode, 1)

    def test_a_part_that_has_ended_is_told_and_up_sets_the_farm_up_anew(self):
        self.up()
        processes = recorded(self.folder)
        end(processes[-1][1])
        self.assertEqual(lab("status", self.folder).returncode, 1)
        self.up()
        self.assertEqual(lab("status", self.folder).returncode, 0)
        for name, pid, started in processes:
            self.assertFalse(runs(pid, started), name)

    def test_an_up_that_fails_half_way_leaves_nothing_behind(self):
        tools = os.path.join(self.place, "tools")
        os.mkdir(tools)
        with open(os.path.join(tools, "haproxy"), "w", encoding="utf-8") as file:
            # Finds no fault with its settings, and gives up when it is started: by then all else runs.
            file.write('#!/bin/sh\n[ "$1" = -c ] && exit 0\ncp "$LAB/lab.json" "$LAB/../seen"\n'
                       'cat "$LAB"/hosts/*/web.pid > "$LAB/../seen-web"\necho no luck; exit 3\n')
        os.chmod(os.path.join(tools, "haproxy"), 0o700)
        done = lab("up", self.folder, LAB=self.folder, PATH=tools + ":" + os.environ["PATH"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("haproxy has ended; it says: no luck", done.stderr)
        self.assertFalse(os.path.exists(self.folder))
        with open(os.path.join(self.place, "seen"), encoding="utf-8") as file:
            rows = json.load(file)["started"]
        started = [(pid, begun) for name, pid, begun in rows if name != "haproxy"]
        with open(os.path.join(self.place, "seen-web"), encoding="utf-8") as file:
            started += [tuple(line.split()) for line in file]
        self.assertEqual(len(started), 8 + 6)
        for pid, begun in started:
            self.assertFalse(runs(pid, begun))

    def test_a_folder_that_holds_something_else_is_left_alone(self):
        os.mkdir(self.folder)
        mine = os.path.join(self.folder, "mine")
        with open(mine, "w", encoding="utf-8") as file:
            file.write("precious")
        done = lab("up", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("holds something else", done.stderr)
        lab("down", self.folder)
        self.assertEqual(os.listdir(self.folder), ["mine"])


if __name__ == "__main__":
    unittest.main()
