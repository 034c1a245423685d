"""Runs whose program is killed, and those that come behind them; what status and logs tell of them.

usage: resume.py SLUICE [unittest's arguments]
"""
import json
import os
import shutil
import signal
import subprocess
import tarfile
import unittest

from run_case import RunCase, SLUICE


class Runs(RunCase):
    def test_runs_of_one_deployment_say_in_which_environment(self):
        self.write('''deployment "Roll"
environment prod { variable place = "p" }
variable place = "nowhere"
step "Look" { run manual "look at ${place}" }
''')
        said = self.call("run", self.file, "--yes", "--environment", "prod", status=4)
        self.assertRegex(said, "run .* of `Roll` in `prod`\n")
        self.assertIn("Roll in prod: paused after ", said)
        said = self.call("run", self.file, "--yes", "--environment", "prod", status=4)
        self.assertRegex(said, "sluice: .* of `Roll` in `prod` has not ended")
        self.call("run", self.file, "--yes", status=4)
        self.assertRegex(self.call("history"), "Roll in prod +paused.*\n.*Roll in prod +paused.*\n.*Roll +paused")
        runs = json.loads(self.call("history", "--format", "json"))["runs"]
        self.assertEqual([run.get("environment") for run in runs], ["prod", "prod", None])

    def test_status_tells_of_runs_before_the_last_that_have_not_ended(self):
        look = 'deployment "{}"\nstep "Look" {{ run manual "well?" }}\n'
        for name in ("First", "Second", "Third"):
            self.write(look.format(name))
            self.call("run", self.file, "--yes", status=4)
        first, second, third = sorted(os.listdir(os.path.join(self.state, "runs")))
        told = "  before it, and not ended either: `{}`, sluice status {} --state " + self.state + "\n"
        self.assertIn(told.format("Second", second) + told.format("First", first), self.call("status", status=0))
        self.assertNotIn("before it", self.call("status", third, status=0))
        self.call("approve", second, status=0)
        self.call("resume", second, status=0)
        said = self.call("status", status=0)
        self.assertIn(told.format("First", first), said)
        self.assertNotIn(second, said)

    def test_what_a_shell_made_of_a_variable_without_a_value_is_no_name(self):
        self.roll()
        self.gate("web-1")
        program = self.begin()
        self.assertEqual(self.arrived(), "web-1")
        for words in (["abort", ""], ["pause", ""], ["answer", "", "retry"], ["resume", ""], ["status", ""],
                      ["report", ""], ["logs", ""]):
            self.assertIn("nothing stands there", self.call(*words, status=2))
        for option in ("--environment", "--expect", "--root", "--state"):
            done = subprocess.run([SLUICE, "run", self.file, "--yes", option, ""], capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=60, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(f"{option}: nothing stands there", done.stderr)
        self.let_go("web-1")
        self.end(program, 0)
        self.assertEqual(self.ledger(), self.WHOLE)

    def test_a_program_that_is_killed_is_resumed_where_its_script_is(self):
        self.roll()
        self.gate("web-2")
        program = self.begin()
        self.assertEqual(self.arrived(), "web-2")
        program.kill()
        program.wait()
        self.assertIn("no program carries it on", self.call("status", status=0))
        resumed = self.popen("resume", "--state", self.state)
        self.read_until(resumed, "first line of web-2")
        self.let_go("web-2")
        self.end(resumed, 0)
        self.assertEqual(self.ledger(), self.WHOLE)
        logs = self.call("logs", self.run_name(), "web-2", "--step", "Update/Work", status=0)
        self.assertEqual(logs, "==> Update/Work on web-2, attempt 1\nfirst line of web-2\nlast line of web-2\n")
        self.assertIn("has ended: succeeded", self.call("resume", status=2))

    def test_who_begins_another_run_is_told_of_one_that_was_killed(self):
        self.roll()
        self.killed_at_work()
        killed = self.run_name()
        begin = ["run", self.file, "--set", f"folder={self.folder}"]
        said = self.call(*begin, status=2)
        self.assertIn(f"{killed} of `Roll` has not ended, and what it began may still be at work: "
                      f"sluice resume {killed} --state {self.state} goes on with it\n", said)
        self.assertIn("nobody is there to be asked", said)
        resumed = self.popen("resume", "--state", self.state)
        self.read_until(resumed, "first line of web-1")
        self.let_go("web-1")
        self.end(resumed, 0)
        self.assertNotIn("has not ended", self.call(*begin, status=2))

    def test_logs_take_a_targets_name_alone_and_say_where_it_is_none(self):
        self.write('deployment "Roll"\nstep "Tell" { run "echo told" }\n')
        self.end(self.popen("run", self.file, "--yes"), 0)
        self.assertEqual(self.call("logs", "controller", status=0), "==> Tell on controller, attempt 1\ntold\n")
        self.assertIn(f"there is no run `web-9` in {self.state}, and no target `web-9` in the last one, "
                      f"{self.run_name()}\n", self.call("logs", "web-9", status=2))

    def test_what_ended_while_no_program_was_there_is_found(self):
        self.roll()
        self.killed_at_work()
        self.let_go("web-1")
        self.assertEqual(self.end(self.popen("resume", "--state", self.state), 0).count("last line of web-1"), 1)
        self.assertEqual(self.ledger(), self.WHOLE)

    def test_a_second_controller_is_refused_and_told_who_is_the_first(self):
        self.roll()
        self.gate("web-1")
        program = self.begin()
        self.arrived()
        for words in (["resume"], ["run", self.file, "--yes", "--set", f"folder={self.folder}"]):
            said = self.call(*words, status=2)
            self.assertIn(f"`Roll` is being carried out already: ", said)
            self.assertIn(f"process {program.pid} on ", said)
        self.let_go("web-1")
        self.end(program, 0)
        self.assertEqual(self.ledger(), self.WHOLE)

    def test_a_program_that_was_overtaken_says_who_has_the_run(self):
        self.roll()
        self.gate("web-1")
        self.gate("web-2")
        first = self.begin()
        self.arrived()
        first.send_signal(signal.SIGSTOP)
        # As on a file system without locks.
        shutil.rmtree(os.path.join(self.state, "leases"))
        second = self.popen("resume", "--state", self.state)
        self.let_go("web-1")
        self.assertEqual(self.arrived(), "web-2")
        first.send_signal(signal.SIGCONT)
        said = self.end(first, 4)
        self.assertIn("another program has taken this run over", said)
        self.assertIn(f"process {second.pid} on ", said)
        self.assertIn("sluice status", said)
        self.assertNotIn("sluice resume", said)
        self.let_go("web-2")
        self.end(second, 0)
        self.assertEqual(self.ledger(), self.WHOLE)

    def test_another_deployment_beside_it_is_not_refused(self):
        self.roll()
        self.gate("web-1")
        program = self.begin()
        self.arrived()
        other = self.path("other.deploy")
        with open(other, "w", encoding="utf-8") as file:
            file.write('deployment "Other"\nstep "A" { run "true" }\n')
        self.call("run", other, "--yes", status=0)
        self.let_go("web-1")
        self.end(program, 0)

    def test_what_is_lost_is_asked_about_and_not_begun_again(self):
        self.roll()
        self.gate("web-1")
        program = self.begin()
        self.arrived()
        self.kill_all(program)
        said = self.end(self.popen("resume", "--state", self.state), 4)
        self.assertIn("what came of `Update/Work` on `web-1` is not known: what watched over it was killed", said)
        run = self.run_name()
        self.assertIn("nothing that is open", self.call("answer", run, "ignore", status=2))
        self.call("answer", run, "Update/Work@web-1", "succeeded", status=0)
        self.end(self.popen("resume", "--state", self.state), 0)
        self.assertEqual(self.ledger(), self.WHOLE)

    def test_what_is_lost_is_done_where_its_verify_says_so(self):
        self.roll(verify='verify { run "grep -q \\"work $target_name\\" $folder/ledger" }')
        self.gate("web-1")
        program = self.begin()
        self.arrived()
        self.kill_all(program)
        self.end(self.popen("resume", "--state", self.state), 0)
        self.assertEqual(self.ledger(), self.WHOLE)

    def test_scripts_here_begin_where_run_was_typed_wherever_it_is_resumed(self):
        os.makedirs(self.path("work/deep"))
        self.write(f"""deployment "Here"
step "Before" {{ run "pwd >> {self.folder}/ledger" }}
step "Ask" {{ run manual "well?" }}
step "After" {{ run "pwd >> {self.folder}/ledger" }}
step "Deep" {{ run script "pwd >> {self.folder}/ledger" {{ directory = "deep" }} }}
""")
        plan = self.path("here.plan")
        subprocess.run([SLUICE, "plan", self.file, "-o", plan], check=True, capture_output=True)
        work = os.path.realpath(self.path("work"))
        for file in (self.file, plan):
            run = subprocess.run([SLUICE, "run", file, "--yes", "--state", self.state], cwd=work, check=False,
                                 capture_output=True, stdin=subprocess.DEVNULL)
            self.assertEqual(run.returncode, 4, run.stderr)
            self.call("approve", self.run_name(), status=0)
            self.call("resume", status=0)
        self.assertEqual(self.ledger(), [work, work, work + "/deep"] * 2)

    def test_a_run_goes_on_whose_program_was_removed_as_an_upgrade_does(self):
        program = shutil.copy(SLUICE, self.path("sluice"))
        with tarfile.open(self.path("app.tar.gz"), "w:gz") as archive:
            archive.add(__file__, "app/file")
        self.gate("once")
        self.write(f'''deployment "Upgrade"
step "Wait" {{ run "echo there > {self.folder}/there; read -r _ < {self.folder}/gate-once" }}
step "Put" {{ run package {{ source = "app.tar.gz"  to = "{self.folder}/srv" }} }}
step "Tell" {{ run "echo told" }}
''')
        running = subprocess.Popen([program, "run", self.file, "--yes"], stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(running.stdout.close)
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        self.arrived()
        os.unlink(program)
        self.let_go("once")
        self.end(running, 0)
        self.assertTrue(os.path.exists(self.path("srv/current/app/file")))

    def test_a_run_that_could_not_begin_is_not_the_last_one(self):
        disk = self.small_disk()
        self.write('deployment "Roll"\nstep "Look" { run manual "look" }\n')
        other = self.path("other.deploy")
        with open(other, "w", encoding="utf-8") as file:
            file.write('deployment "Roll"\nstep "Look" { run "true" }\n')
        script = f'''set -u
mount -t tmpfs -o size=1500k tmpfs {disk}
{SLUICE} run {self.file} --yes --state {disk}/state; echo "first $?"
head -c 10M /dev/zero > {disk}/filler
{SLUICE} run {other} --yes --state {disk}/state; echo "second $?"
rm {disk}/filler
ls {disk}/state/runs | wc -l
{SLUICE} status --state {disk}/state
'''
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False)
        self.assertIn("first 4\nsecond 2\n1\nrun ", done.stdout, done.stderr)
        self.assertIn("waits for a person", done.stdout)


if __name__ == "__main__":
    unittest.main()
