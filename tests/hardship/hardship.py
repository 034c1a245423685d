"""Runs under hardship: the wall clock jumps, memory runs out, the program is stopped again and again, there are
very many targets. What was really done stands in a ledger that sluice knows nothing of.

usage: hardship.py SLUICE HARDSHIP [unittest's arguments]    (HARDSHIP: the library of hardship.cpp)
"""
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SLUICE = os.path.abspath(sys.argv.pop(1))
HARDSHIP = os.path.abspath(sys.argv.pop(1))
TEN_YEARS = 10 * 365 * 86400

SMALL = '''
deployment "Small"
connect local
variable folder: string
role web { target "web-[1..4]" }
step "Work" on web window 2 { timeout 5m  run script """
  echo "work $target_name" >> "$folder/ledger"
  if [ -p "$folder/gate-$target_name" ]; then
    echo "$target_name" > "$folder/there"
    read -r word < "$folder/gate-$target_name"
  fi
""" }
'''
WHOLE = [f"work web-{i}" for i in range(1, 5)]


class Hardship(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.state = self.path("state")
        self.write("small.deploy", SMALL)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def begin(self, *words, **hardship):
        environment = dict(os.environ, **hardship)
        if hardship:
            environment["LD_PRELOAD"] = HARDSHIP
        program = subprocess.Popen([SLUICE, *words, "--state", self.state], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        return program

    def run_small(self, **hardship):
        return self.begin("run", self.path("small.deploy"), "--yes", "--set", f"folder={self.folder}", **hardship)

    def end(self, program):
        said = program.communicate(timeout=120)[0]
        return program.returncode, said

    def status(self):
        done = subprocess.run([SLUICE, "status", "--format", "json", "--state", self.state], capture_output=True,
                              check=True, text=True)
        return json.loads(done.stdout)

    def ledger(self):
        if not os.path.exists(self.path("ledger")):
            return []
        with open(self.path("ledger"), encoding="utf-8") as file:
            return file.read().split("\n")[:-1]

    def arrived(self):
        with open(self.path("there"), encoding="utf-8") as file:
            return file.read().strip()

    def let_go(self, target):
        with open(self.path(f"gate-{target}"), "w", encoding="utf-8") as file:
            file.write("go\n")

    def test_the_wall_clock_jumps_and_nothing_goes_by_it(self):
        os.mkfifo(self.path("there"))
        for target in ("web-1", "web-3"):
            os.mkfifo(self.path(f"gate-{target}"))
        clock = {"SLUICE_TEST_CLOCK": self.path("clock")}
        began = time.monotonic()
        self.write("clock", "0")
        program = self.run_small(**clock)
        self.assertEqual(self.arrived(), "web-1")
        self.write("clock", str(TEN_YEARS))
        self.let_go("web-1")
        self.assertEqual(self.arrived(), "web-3")
        # Back, and behind where it began; and another program goes on from there.
        self.write("clock", str(-TEN_YEARS))
        program.kill()
        program.wait()
        program = self.begin("resume", **clock)
        self.let_go("web-3")
        code, said = self.end(program)
        self.assertEqual(code, 0, said)
        self.assertEqual(sorted(self.ledger()), WHOLE)
        ended = self.status()
        self.assertEqual(ended["outcome"], "succeeded")
        self.assertLessEqual(ended["duration_ms"], (time.monotonic() - began) * 1000 + 1)
        # That it was another clock is seen by what is shown.
        self.assertNotEqual(ended["started_at"][:4], "1970")

    def allocations(self):
        code, said = self.end(self.run_small(SLUICE_TEST_COUNT=self.path("count")))
        self.assertEqual(code, 0, said)
        with open(self.path("count"), encoding="utf-8") as file:
            return int(file.read())

    def test_memory_that_runs_out_anywhere_loses_nothing(self):
        count = self.allocations()
        self.assertGreater(count, 1000)
        os.remove(self.path("ledger"))
        failed = 0
        # The later ones are those of the run itself.
        points = sorted({int(count * (i / 60) ** 0.5) for i in range(1, 60)})
        for point in points:
            with self.subTest(point=point, count=count):
                self.state = self.path(f"state-{point}")
                code, said = self.end(self.run_small(SLUICE_TEST_MALLOC=str(point)))
                failed += code != 0
                begun = os.path.exists(os.path.join(self.state, "runs"))
                for _ in range(3):
                    if code == 0 or not begun:
                        break
                    code, said = self.end(self.begin("resume"))
                if code == 0 or "has ended: succeeded" in said:
                    self.assertEqual(sorted(self.ledger()), WHOLE, said)
                else:
                    # It had not come as far as its journal.
                    self.assertEqual(self.ledger(), [], said)
                if self.ledger():
                    os.remove(self.path("ledger"))
        self.assertGreater(failed, len(points) // 4)

    def test_a_program_that_is_stopped_again_and_again_goes_on(self):
        self.write("small.deploy", SMALL.replace("[1..4]", "[1..120]").replace("window 2", "window 8"))
        program = self.run_small()
        stops = 0
        while program.poll() is None:
            # What waits in the kernel is interrupted each time.
            program.send_signal(signal.SIGSTOP)
            program.send_signal(signal.SIGCONT)
            stops += 1
        code, said = self.end(program)
        self.assertEqual(code, 0, said)
        self.assertGreater(stops, 100)
        self.assertEqual(sorted(self.ledger()), sorted(f"work web-{i}" for i in range(1, 121)))

    def test_ten_thousand_targets(self):
        self.write("large.deploy", 'deployment "Large"\nconnect local\nrole web { target "web-[1..10000]" }\n'
                                   'step "Wait" on web window 500 { run wait 1ms }\n')
        code, said = self.end(self.begin("run", self.path("large.deploy"), "--yes", "--quiet"))
        self.assertEqual(code, 0, said)
        targets = [row for row in self.status()["targets"] if row["state"] == "succeeded"]
        self.assertEqual(len(targets), 10_000)
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 300 * 1024)


if __name__ == "__main__":
    unittest.main()
