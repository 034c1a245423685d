"""Runs whose program is killed, and operators at another terminal. Nothing sleeps: scripts wait at named
pipes, and what was really done stands in a ledger that sluice knows nothing of.

usage: resume.py SLUICE [unittest's arguments]
"""
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import unittest

SLUICE = os.path.abspath(sys.argv.pop(1))

ROLL = '''
deployment "Roll"
connect local
variable folder: string
role web { target "web-[1..3]" }
step "Update" on web window 1 {
  step "Work" { run script """
    echo "work $target_name" >> "$folder/ledger"
    echo "first line of $target_name"
    echo $$ > "$folder/pid"
    if [ -p "$folder/gate-$target_name" ]; then
      echo "$target_name" > "$folder/there"
      read -r word < "$folder/gate-$target_name"
      [ "$word" = go ]
    fi
    echo "last line of $target_name"
  """ VERIFY }
  step "Clean" { run "echo clean $target_name >> $folder/ledger" }
FAILURE
}
'''


class RunCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.state = os.path.join(self.folder, ".sluice")
        self.file = os.path.join(self.folder, "roll.deploy")
        self.path("there", os.mkfifo)

    def path(self, name, make=None):
        path = os.path.join(self.folder, name)
        if make:
            make(path)
        return path

    def write(self, text):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)

    def roll(self, verify="", failure=""):
        self.write(ROLL.replace("VERIFY", verify).replace("FAILURE", failure))

    def gate(self, target):
        return self.path(f"gate-{target}", os.mkfifo)

    def popen(self, *words):
        program = subprocess.Popen([SLUICE, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        return program

    def begin(self, *more):
        return self.popen("run", self.file, "--yes", "--set", f"folder={self.folder}", *more)

    def call(self, *words, status=None):
        done = subprocess.run([SLUICE, *words, "--state", self.state], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def run_name(self):
        return sorted(os.listdir(os.path.join(self.state, "runs")))[-1]

    def arrived(self):
        """The name of the target whose script stands at its gate."""
        with open(self.path("there"), encoding="utf-8") as file:
            return file.read().strip()

    def killed_at_work(self):
        """A run whose program is gone while the script of web-1 stands at its gate."""
        self.gate("web-1")
        program = self.begin()
        self.arrived()
        program.kill()
        program.wait()

    def kill_all(self, program):
        """The program, who watches over its script, and the script."""
        with open(f"/proc/{program.pid}/task/{program.pid}/children", encoding="utf-8") as file:
            supervisor = int(file.read().split()[0])
        with open(self.path("pid"), encoding="utf-8") as file:
            script = int(file.read())
        for process in (program.pid, supervisor, script):
            os.kill(process, signal.SIGKILL)
        program.wait()

    def with_few_files(self, most, *words):
        """What it says and how it ends where it may have so many open files."""
        limit = f"ulimit -n {most}; exec \"$0\" \"$@\""
        done = subprocess.run(["/bin/sh", "-c", limit, SLUICE, *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def let_go(self, target, word="go"):
        with open(self.path(f"gate-{target}"), "w", encoding="utf-8") as file:
            file.write(word + "\n")

    def needs_mounts(self):
        if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("no file system of its own can be made here")

    def small_disk(self):
        """Where a script mounts one, of the size that it says."""
        self.needs_mounts()
        disk = self.path("disk")
        os.mkdir(disk)
        return disk

    def ledger(self):
        with open(self.path("ledger"), encoding="utf-8") as file:
            return file.read().split("\n")[:-1]

    def end(self, program, status):
        said = program.stdout.read()
        self.assertEqual(program.wait(), status, said)
        return said

    def read_until(self, program, part):
        said = ""
        for line in program.stdout:
            said += line
            if part in line:
                return said
        self.fail(f"it ended without saying {part!r}:\n{said}")

    def status(self):
        return json.loads(self.call("status", "--format", "json", status=0))

    def outcome(self):
        return self.status()["outcome"]

    WHOLE = [f"{what} web-{i}" for i in (1, 2, 3) for what in ("work", "clean")]


class Runs(RunCase):
    def test_who_may_not_look_into_the_runs_is_told_so(self):
        runs = os.path.join(self.state, "runs")
        os.makedirs(os.path.join(runs, "20260101-000000-00001"))
        os.chmod(runs, 0)
        # root may look everywhere, but for what it gives up.
        ahead = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
        for command in ("status", "logs", "resume", "history"):
            done = subprocess.run([*ahead, SLUICE, command, "--state", self.state], capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=60, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(f"cannot read {runs}: Permission denied", done.stderr)
        os.chmod(runs, 0o700)
        if os.geteuid() == 0:
            os.chmod(self.folder, 0o755)
            os.chmod(self.state, 0o700)
            done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", SLUICE, "status", "--state",
                                   self.state], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                  timeout=60, check=False)
            self.assertIn("Permission denied, for it belongs to root, who alone may use it\n", done.stderr)
        self.assertIn("there are no runs in", self.call("status", status=2))

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

    def test_where_too_few_files_may_be_open_nothing_is_begun(self):
        self.roll()
        begin = ["run", self.file, "--yes", "--set", f"folder={self.folder}"]
        for most in range(8, 40):
            status, said = self.with_few_files(most, *begin)
            self.assertEqual(status, 2, said)
            self.assertIn("files at least", said)
            self.assertIn(f"may have {most} in all", said)
        self.assertFalse(os.path.exists(self.state))
        self.killed_at_work()
        status, said = self.with_few_files(10, "resume", "--state", self.state)
        self.assertEqual(status, 2, said)
        self.assertIn("files at least", said)
        self.let_go("web-1")
        self.call("resume", status=0)

    def test_a_journal_that_was_emptied_is_not_taken_for_one_of_nothing(self):
        self.roll()
        self.killed_at_work()
        os.truncate(os.path.join(self.state, "runs", self.run_name(), "journal.db"), 0)
        for command in ("status", "resume", "status"):
            said = self.call(command, status=2)
            self.assertIn("was changed or damaged: it is empty, and its run had begun", said)
            self.assertIn("look at the targets", said)
        self.let_go("web-1")

    def test_a_link_of_ones_own_leads_to_the_runs(self):
        self.roll()
        os.mkdir(self.path("elsewhere"), 0o700)
        os.symlink("elsewhere", self.path("link"))
        with_link = ("--state", self.path("link"))
        self.end(self.begin(*with_link), 0)
        self.assertEqual(len(os.listdir(self.path("elsewhere/runs"))), 1)
        self.assertIn("succeeded", subprocess.run([SLUICE, "status", *with_link], capture_output=True,
                                                     text=True, timeout=60).stdout)
        os.symlink("nowhere", self.path("to-nothing"))
        self.assertIn("is no directory", self.end(self.begin("--state", self.path("to-nothing")), 2))

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

    def test_ctrl_c_twice_lets_go_and_all_is_resumed(self):
        self.roll()
        self.gate("web-1")
        program = self.begin()
        self.arrived()
        program.send_signal(signal.SIGINT)
        self.read_until(program, "stopping")
        program.send_signal(signal.SIGINT)
        self.assertIn("letting go", self.end(program, 130))
        self.let_go("web-1")
        self.end(self.popen("resume", "--state", self.state), 0)
        self.assertEqual(self.ledger(), self.WHOLE)

    def test_a_pause_from_another_terminal_holds_until_it_is_taken_back(self):
        self.roll()
        self.gate("web-1")
        self.gate("web-2")
        program = self.begin()
        self.arrived()
        self.assertIn("written down, for ", self.call("pause", self.run_name(), status=0))
        self.read_until(program, ": pause")
        go_on = f"sluice continue {self.run_name()} --state {self.state}"
        self.read_until(program, f"    to go on: {go_on}\n")
        self.let_go("web-1")
        self.read_until(program, "web-1   Update: succeeded")
        self.assertEqual(self.ledger(), ["work web-1", "clean web-1"])
        self.assertEqual(self.outcome(), "paused")
        self.assertRegex(self.call("status", status=0), f": paused; carried on by .*: {re.escape(go_on)}\n")
        self.call("continue", self.run_name(), status=0)
        self.assertEqual(self.arrived(), "web-2")
        self.let_go("web-2")
        self.end(program, 0)
        self.assertEqual(self.ledger(), self.WHOLE)
        self.assertRegex(self.call("status", status=0), r"Z \w+: pause\n.*Z \w+: continue\n")

    def test_the_time_of_a_run_that_waits_goes_on(self):
        self.roll()
        self.gate("web-1")
        program = self.begin()
        self.arrived()
        for _ in range(3000):
            said = self.call("status", status=0)
            if re.search(r"(?m)^Roll: running after [0-9.]+s$", said):
                break
        shown = json.loads(self.call("status", "--format", "json", status=0))
        self.assertGreater(shown["duration_ms"], 1000)
        self.let_go("web-1")
        self.end(program, 0)

    def test_an_abort_from_another_terminal_ends_what_runs(self):
        self.roll()
        self.gate("web-1")
        program = self.begin()
        self.arrived()
        self.call("abort", self.run_name(), status=0)
        self.end(program, 1)
        self.assertEqual(self.ledger(), ["work web-1"])
        self.assertEqual(self.outcome(), "aborted")

    def test_an_abort_that_no_program_reads_is_carried_out_by_the_next(self):
        self.roll()
        self.gate("web-1")
        program = self.begin()
        self.arrived()
        program.kill()
        program.wait()
        self.assertIn("no program carries the run on", self.call("abort", self.run_name(), status=0))
        self.end(self.popen("resume", "--state", self.state), 1)
        self.assertEqual(self.ledger(), ["work web-1"])

    def test_of_a_run_that_is_to_be_aborted_nobody_is_told_to_answer(self):
        self.write('deployment "Ask"\nstep "Look" { run manual "well?" }\n')
        self.call("run", self.file, "--yes", status=4)
        self.assertIn("waits for a person", self.call("status", status=0))
        self.call("abort", self.run_name(), status=0)
        said = self.call("status", status=0)
        self.assertIn(": abort, which no program has taken yet\n", said)
        self.assertNotIn("waits for a person", said)
        self.assertEqual(self.status()["waits_for"], [])
        self.call("resume", status=1)

    def test_the_first_answer_to_a_failure_counts(self):
        self.roll(failure="on failure ask")
        self.gate("web-1")
        program = self.begin("--wait")
        self.arrived()
        run = self.run_name()
        self.assertIn("waits for nobody", self.call("answer", run, "retry", status=2))
        self.let_go("web-1", "fail")
        self.read_until(program, "failed on `web-1`")
        self.assertIn(f'sluice answer {run} "Update/Work@web-1" retry|ignore|exclude|abort',
                      self.call("status", run, status=0))
        self.assertEqual(self.status()["waits_for"],
                         [{"kind": "failure", "question": "Update/Work@web-1",
                           "answers": ["retry", "ignore", "exclude", "abort"]}])
        self.assertIn(f"process {program.pid} on", self.status()["carried_on_by"])
        self.assertIn("nothing that is open", self.call("answer", run, "approve", status=2))
        self.call("answer", run, "Update/Work@web-1", "retry", status=0)
        self.assertEqual(self.arrived(), "web-1")
        for words in (["Update/Work@web-1", "abort"], ["ignore"]):
            self.assertRegex(self.call("answer", run, *words, status=2),
                             r"\w+ has answered `retry` already, to `Update/Work@web-1`, at 2.*Z\n")
        self.assertEqual(self.status()["waits_for"], [])
        (said,) = self.status()["said"]
        self.assertEqual((said["word"], said["question"]), ("retry", "Update/Work@web-1"))
        # The question that was answered is closed; another failure is another question.
        self.let_go("web-1", "fail")
        self.read_until(program, "attempt 2 of")
        self.call("answer", run, "ignore", status=0)
        self.end(program, 3)
        self.assertEqual(self.ledger(), ["work web-1"] + self.WHOLE)

    def test_two_answers_to_one_question_are_one(self):
        self.roll(failure="on failure ask")
        self.gate("web-1")
        program = self.begin()
        self.arrived()
        self.let_go("web-1", "fail")
        self.end(program, 4)  # nobody is there to be asked
        run = self.run_name()
        self.call("answer", run, "exclude", status=0)
        self.assertIn("has answered `exclude` already", self.call("answer", run, "retry", status=2))
        said = self.call("status", status=0)
        self.assertRegex(said, r"Z \w+: exclude Update/Work@web-1, which no program has taken yet\n")
        self.assertNotIn("waits for a person", said)
        self.assertEqual(self.status()["waits_for"], [])
        self.assertEqual([row["word"] for row in self.status()["said"]], ["exclude"])
        self.end(self.popen("resume", "--state", self.state), 3)
        # Whose state it was that the run did not end well is named in the last table.
        said = self.call("status", status=0)
        self.assertNotIn("no program has taken", said)
        self.assertRegex(said, r"at the end +state.*\n  web-1 +excluded ")
        self.assertEqual(self.ledger(), ["work web-1"] + self.WHOLE[2:])

    def test_what_is_manual_is_approved_from_another_terminal(self):
        self.write('deployment "Roll"\nstep "Look" { run manual "is it well?" }\n'
                   f'step "Then" {{ run "echo then >> {self.folder}/ledger" }}\n')
        program = self.popen("run", self.file, "--yes")
        said = self.end(program, 4)
        run = self.run_name()
        self.assertIn(f'sluice approve {run} "Look@controller"', said)
        self.call("approve", run, status=0)
        self.assertIn("has answered `approve` already", self.call("reject", run, status=2))
        self.assertIn(": approve Look@controller\n", self.end(self.popen("resume", "--state", self.state), 0))
        self.assertEqual(self.ledger(), ["then"])

    def test_what_is_printed_to_be_typed_is_taken_whatever_the_name_has_in_it(self):
        names = [r"tab\tin", r"\u{200F}right", r"\u{1B}[31m", r"\\t", r"a\"b\u{7}", r"$(id)\u{7}!"]
        self.write('deployment "Roll"\n' + "\n".join(
            f'step "{name}" with previous {{ run manual "is it well?" }}' if i else
            f'step "{name}" {{ run manual "is it well?" }}' for i, name in enumerate(names)))
        said = self.end(self.popen("run", self.file, "--yes"), 4)
        typed = [line.split("   (or reject)")[0] for line in said.splitlines() if "sluice approve" in line]
        self.assertEqual(len(typed), len(names), said)
        for command in typed:
            for status in (0, 2):  # the second is told who was quicker
                done = subprocess.run(["/bin/sh", "-c", f'sluice() {{ "{SLUICE}" "$@"; }}; {command}'],
                                      capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
                self.assertEqual(done.returncode, status, command + done.stderr)
            self.assertIn("has answered `approve` already", done.stderr)
        self.end(self.popen("resume", "--state", self.state), 0)

    def test_an_answer_to_the_second_question_about_an_action_is_told_while_nobody_has_taken_it(self):
        self.write('deployment "Roll"\nstep "Look" on failure ask { run manual "is it well?" }\n')
        self.end(self.popen("run", self.file, "--yes"), 4)
        self.call("reject", self.run_name(), status=0)
        self.call("resume", status=4)
        self.assertEqual([row["kind"] for row in self.status()["waits_for"]], ["failure"])
        self.call("answer", self.run_name(), "ignore", status=0)
        said = self.call("status", status=0)
        self.assertRegex(said, r"ignore Look@controller, which no program has taken yet\n")
        self.assertNotIn("waits for a person", said)
        self.call("resume", status=3)

    def test_what_was_rejected_is_told_with_who_did_and_as_nothing_that_could_have_written(self):
        self.write('deployment "Roll"\nstep "Look" { run manual "is it well?" }\n')
        self.end(self.popen("run", self.file, "--yes"), 4)
        self.call("reject", self.run_name(), status=0)
        said = self.end(self.popen("resume", "--state", self.state), 1)
        self.assertIn("`Look` failed on `controller`, attempt 1 of 1: rejected by ", said)
        self.assertNotIn("wrote", said)

    def test_only_an_approver_may_approve(self):
        me = pwd.getpwuid(os.geteuid()).pw_name
        self.write('deployment "Roll"\nvariable who = "ada"\n'
                   'step "Look" { run manual { instructions = "is it well?" approvers = ["bob", who] } }\n'
                   f'step "Then" {{ run "echo then >> {self.folder}/ledger" }}\n')
        said = self.end(self.popen("run", self.file, "--yes"), 4)
        self.assertIn("    who may answer: bob, ada\n", said)
        run = self.run_name()
        for word in ("approve", "reject"):
            self.assertIn("only bob, ada may answer this", self.call(word, run, status=2))
        self.assertEqual(os.listdir(os.path.join(self.state, "runs", run, "orders")), [])
        self.assertIn("who may answer: bob, ada", self.call("status", status=0))
        self.assertEqual(self.status()["waits_for"],
                         [{"kind": "manual", "question": "Look@controller", "answers": ["approve", "reject"],
                           "instructions": "is it well?", "approvers": ["bob", "ada"]}])
        said = self.end(self.popen("run", self.file, "--yes", "--set", "who=" + me), 4)
        self.call("approve", self.run_name(), status=0)
        self.end(self.popen("resume", "--state", self.state), 0)
        self.assertEqual(self.ledger(), ["then"])

    def test_an_approval_that_was_left_by_somebody_else_is_not_taken(self):
        me = pwd.getpwuid(os.geteuid()).pw_name
        self.write('deployment "Roll"\nvariable who = "ada"\n'
                   'step "Look" { run manual { approvers = [who] } }\n')
        self.end(self.popen("run", self.file, "--yes", "--set", "who=" + me), 4)
        self.call("approve", self.run_name(), status=0)
        orders = os.path.join(self.state, "runs", self.run_name(), "orders")
        if os.geteuid() != 0:
            self.skipTest("only root can leave a file as another user")
        (name,) = os.listdir(orders)
        os.chown(os.path.join(orders, name), 65534, 65534)
        said = self.end(self.popen("resume", "--state", self.state), 4)
        self.assertIn(f"only {me} may answer this", said)
        # It is not the first answer either.
        self.assertEqual(os.listdir(orders), [])
        program = self.popen("resume", "--wait", "--state", self.state)
        self.read_until(program, "a person is waited for")
        self.call("reject", self.run_name(), status=0)
        self.end(program, 1)

    def test_an_approver_who_is_let_in_answers_for_himself(self):
        if os.geteuid() != 0:
            self.skipTest("only root can be somebody else as well")
        as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        nobody = pwd.getpwuid(65534).pw_name
        os.chmod(self.folder, 0o777)
        # root for a run of somebody else's; and somebody else, let in by root.
        for approver, run_as, answer_as in (("root", as_nobody, []), (nobody, [], as_nobody)):
            state = self.path(f"state-{approver}")
            self.write(f'deployment "Roll"\nstep "Look" {{ run manual {{ approvers = ["{approver}"] }} }}\n')
            def call(*words):
                return subprocess.run([*words, "--state", state], capture_output=True, text=True, timeout=60,
                                      stdin=subprocess.DEVNULL, check=False)
            self.assertEqual(call(*run_as, SLUICE, "run", self.file, "--yes").returncode, 4)
            (name,) = os.listdir(os.path.join(state, "runs"))
            if answer_as:
                refused = call(*answer_as, SLUICE, "approve", name)
                self.assertEqual(refused.returncode, 2, refused.stderr)
                subprocess.run(["chmod", "-R", "a+rwX", state], check=True)
            else:
                self.assertIn(f"only {approver} may answer", call(*run_as, SLUICE, "approve", name).stderr)
            done = call(*answer_as, SLUICE, "approve", name)
            self.assertEqual(done.returncode, 0, done.stderr)
            done = call(*run_as, SLUICE, "resume")
            self.assertIn(f"\n{approver}: approve Look@controller\n", done.stderr)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_run_ends_as_it_ends_where_nobody_can_be_told(self):
        self.roll()
        with open("/dev/full", "wb") as full:
            for words, status in ((["run", self.file, "--yes", "--set", f"folder={self.folder}"], 0), (["resume"], 2)):
                done = subprocess.run([SLUICE, *words, "--state", self.state], stdin=subprocess.DEVNULL,
                                      stderr=full, check=False)
                self.assertEqual(done.returncode, status)
        self.assertEqual(self.ledger(), self.WHOLE)

    def test_what_did_not_arrive_is_no_success(self):
        self.roll()
        self.end(self.popen("run", self.file, "--yes", "--set", f"folder={self.folder}", "--state", self.state), 0)
        with open("/dev/full", "wb") as full:
            for words in (["status", "--state", self.state], ["status", "--format", "json", "--state", self.state],
                          ["logs", "--state", self.state], ["history", "--state", self.state],
                          ["plan", self.file, "--set", "folder=x"],
                          ["check", "--format", "json", self.file, "--set", "folder=x"], ["explain"],
                          ["explain", "E0203"], ["completion", "bash"], ["version"], ["--version"], ["--help"]):
                done = subprocess.run([SLUICE, *words], stdin=subprocess.DEVNULL, stdout=full,
                                      stderr=subprocess.PIPE, check=False)
                self.assertEqual((words, done.returncode), (words, 2))
                self.assertIn(b"sluice: cannot write standard output: ", done.stderr)
            # A run has been carried out all the same; that its events did not arrive is told once.
            done = subprocess.run([SLUICE, "run", self.file, "--yes", "--format", "json", "--set",
                                   f"folder={self.folder}", "--state", self.state],
                                  stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 0)
            self.assertEqual(done.stderr.count(b"standard output cannot be written (No space left"), 1)

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

    def test_scripts_whose_folder_is_gone_are_not_begun_again(self):
        self.roll()
        self.killed_at_work()
        self.let_go("web-1")
        shutil.rmtree(os.path.join(self.state, "runs", self.run_name(), "scripts"))
        self.assertIn("the folder of its files is gone", self.call("resume", status=4))
        self.assertEqual(self.ledger(), ["work web-1"])
        self.call("answer", self.run_name(), "succeeded", status=0)
        self.call("resume", status=0)
        self.assertEqual(self.ledger(), self.WHOLE)

    def test_what_is_lost_is_done_where_its_verify_says_so(self):
        self.roll(verify='verify { run "grep -q \\"work $target_name\\" $folder/ledger" }')
        self.gate("web-1")
        program = self.begin()
        self.arrived()
        self.kill_all(program)
        self.end(self.popen("resume", "--state", self.state), 0)
        self.assertEqual(self.ledger(), self.WHOLE)

    def test_a_run_whose_journal_was_removed_begins_nothing_more(self):
        self.roll()
        self.gate("web-1")
        program = self.begin()
        self.arrived()
        os.rename(os.path.join(self.state, "runs"), self.path("elsewhere"))
        self.let_go("web-1")
        said = self.end(program, 4)
        self.assertIn("journal.db is not there any more", said)
        self.assertEqual(self.ledger(), ["work web-1"])
        # Put back, it goes on as if it had been killed; how the script ended could be written nowhere.
        os.rename(self.path("elsewhere"), os.path.join(self.state, "runs"))
        self.call("resume", status=4)
        self.call("answer", self.run_name(), "succeeded", status=0)
        self.call("resume", status=0)
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

    def test_a_run_whose_journal_is_lost_is_still_the_last_one(self):
        self.write('deployment "Ask"\nstep "Look" { run manual "well?" }\n')
        self.call("run", self.file, "--yes", status=4)
        first = self.run_name()
        self.call("run", self.file, "--yes", status=4)
        last = self.run_name()
        self.assertNotEqual(first, last)
        os.remove(os.path.join(self.state, "runs", last, "journal.db"))
        for words in (["status"], ["resume"], ["status", last], ["approve", last]):
            said = self.call(*words, status=2)
            self.assertIn(f"{last}/journal.db was changed or damaged: it is not there, and its run had begun", said)
        said = self.call("history", status=0)
        self.assertIn(f"sluice: {last}: the journal ", said)
        self.assertIn(f"\n{first} ", said)
        self.call("status", first, status=0)
        os.remove(os.path.join(self.state, "runs", last, "journal.db.last"))
        self.call("status", status=0)

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

    def begun_in(self, folder, *more):
        """A run that is typed in that folder, where the file and the state directory are."""
        os.mkdir(folder)
        os.rename(self.file, os.path.join(folder, "roll.deploy"))
        program = subprocess.Popen([SLUICE, "run", "roll.deploy", "--yes", *more], cwd=folder, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        return program

    def test_a_run_whose_folder_was_renamed_begins_nothing_more(self):
        self.roll()
        self.gate("web-1")
        before = self.path("before")
        program = self.begun_in(before, "--set", f"folder={self.folder}")
        self.arrived()
        os.rename(before, self.path("after"))
        self.state = os.path.join(self.path("after"), ".sluice")
        self.let_go("web-1")
        said = self.end(program, 4)
        self.assertIn("journal.db is not there any more", said)
        self.assertEqual(self.ledger(), ["work web-1"])
        self.assertFalse(os.path.exists(before))
        self.call("resume", status=4)
        self.call("answer", self.run_name(), "succeeded", status=0)
        self.call("resume", status=0)
        self.assertEqual(self.ledger(), self.WHOLE)

    def test_a_run_whose_folder_was_renamed_stops_though_it_waits_for_a_person_alone(self):
        self.write('deployment "Ask" step "Ask" { run manual { instructions = "well?" } }')
        before = self.path("before")
        program = self.begun_in(before, "--wait")
        self.read_until(program, "a person is waited for")
        os.rename(before, self.path("after"))
        self.state = os.path.join(self.path("after"), ".sluice")
        self.assertIn("journal.db is not there any more", self.end(program, 4))
        self.call("approve", self.run_name(), status=0)
        self.call("resume", status=0)

    def test_a_limit_on_the_size_of_files_is_told_and_ends_nobody(self):
        self.roll()
        done = subprocess.run(["sh", "-c", 'ulimit -f 100; exec "$0" "$@"', SLUICE, "run", self.file, "--yes", "--set",
                               f"folder={self.folder}", "--state", self.state],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("File too large", done.stderr)

    def test_a_log_of_the_journal_that_cannot_have_its_size_grows(self):
        self.write('deployment "Roll" step "Go" { run "true" }')
        most = 270 * 1024  # bytes a file: the place that is kept is smaller, and the log would be larger
        done = subprocess.run(["prlimit", f"--fsize={most}", SLUICE, "run", self.file, "--yes", "--state", self.state],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.call("status", status=0)

    def test_on_a_full_disk_nothing_begins_and_what_ran_is_written_down(self):
        self.fill_a_disk("")

    def test_a_full_disk_is_found_also_where_the_log_of_the_journal_has_its_size(self):
        # As many commits as make it begin again from its start.
        self.fill_a_disk('''role many { target "many-[1..300]" { connect local } }
step "Many" on many window 1 { run wait 1ms }
''')

    def fill_a_disk(self, before):
        disk = self.small_disk()
        self.write(f'''deployment "Roll"
{before}step "Fill" {{ run "echo fill >> {self.folder}/ledger; head -c 10M /dev/zero > {disk}/filler || true" }}
step "Then" {{ run "echo then >> {self.folder}/ledger" }}
step "Last" {{ run "echo last >> {self.folder}/ledger" }}
''')
        script = f'''set -u
mount -t tmpfs -o size=1500k tmpfs {disk}
{SLUICE} run {self.file} --yes --state {disk}/state; echo "first $?"
rm {disk}/filler
{SLUICE} resume --state {disk}/state; echo "second $?"
{SLUICE} status --state {disk}/state
'''
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        self.assertIn("first 4\n", said)
        self.assertIn("the disk is full: nothing more begins", said)
        self.assertIn("second 0\n", said)
        self.assertEqual(self.ledger(), ["fill", "then", "last"])

    def test_what_cannot_begin_on_a_full_disk_has_not_failed(self):
        disk = self.small_disk()
        # Without a free number for a file the journal can still be written, and no script can.
        self.write(f'''deployment "Roll"
role web {{ target "web-[1..3]" {{ connect local }} }}
step "Fill" {{ run "echo fill >> {self.folder}/ledger; i=0; while true > {disk}/n$i; do i=$((i + 1)); done || true" }}
step "Then" on web {{ run "echo then >> {self.folder}/ledger" }}
step "Back" on web when failure {{ run "echo back >> {self.folder}/ledger" }}
''')
        script = f'''set -u
mount -t tmpfs -o size=20m,nr_inodes=200 tmpfs {disk}
{SLUICE} run {self.file} --yes --state {disk}/state; echo "first $?"
{SLUICE} resume --state {disk}/state; echo "second $?"
rm {disk}/n*
{SLUICE} resume --state {disk}/state; echo "third $?"
'''
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        self.assertIn("first 4\n", said)
        self.assertIn("the disk is full: nothing more begins", said)
        self.assertNotIn("failed on", said)
        self.assertNotIn("second 0\n", said)
        self.assertIn("third 0\n", said)
        self.assertEqual(self.ledger(), ["fill", "then", "then", "then"])

    def test_a_script_that_fails_on_a_full_disk_is_told_with_that(self):
        disk = self.small_disk()
        self.write(f'''deployment "Full"
step "Fill" {{ run "head -c 30000000 /dev/zero > {disk}/filler || true; echo done" }}
''')
        script = f'''set -u
mount -t tmpfs -o size=3m tmpfs {disk}
{SLUICE} run {self.file} --yes --state {disk}/state
'''
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False)
        self.assertIn("`Fill` failed on `controller`, attempt 1 of 1: exit status 1\n    it wrote nothing\n"
                      f"    the disk of {disk}/state is full: what is written here has no place\n", done.stderr)

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

    def test_who_is_not_asked_any_more_at_the_deadline_was_not_too_late(self):
        self.write('''deployment "Roll"
deadline 200ms
step "Look" { run manual "look"  timeout 1h }
''')
        said = self.call("run", self.file, "--yes", "--wait", status=1)
        self.assertIn("`Look` failed on `controller`, attempt 1 of 1: the deadline has passed\n", said)

    def test_once_the_deadline_has_passed_nobody_is_asked_and_resume_ends_the_run(self):
        for waits, word in (('run manual "well?"', "approve"),
                            ('run "false" on failure ask', "retry")):
            self.write(f"""deployment "Late"
deadline 1s
step "Look" {{ {waits} }}
step "After" {{ run "true" }}
""")
            self.call("run", self.file, "--yes", status=4)
            name = self.run_name()
            for _ in range(3000):
                if not self.status()["waits_for"]:
                    break
            self.assertIn("  its deadline has passed: nobody is asked any more\n", self.call("status", status=0))
            words = [word, name] if word == "approve" else ["answer", name, "Look@controller", word]
            self.assertIn("the run waits for nobody just now: its deadline has passed", self.call(*words, status=2))
            said = self.call("resume", status=1)
            self.assertIn("After: skipped, the deadline has passed\n", said)
            self.assertNotIn("a person is needed", said)

    def test_a_run_that_ended_as_the_disk_was_full_has_ended_and_is_not_paused(self):
        disk = self.folder + "/disk"
        os.mkdir(disk)
        self.write(f'''deployment "Full"
step "Fill" {{ run "head -c 3000000 /dev/zero > {disk}/filler || echo fill >> {self.folder}/ledger" }}
''')
        script = f'''set -u
mount -t tmpfs -o size=1500k tmpfs {disk}
{SLUICE} run {self.file} --yes --state {disk}/state; echo "first $?"
{SLUICE} status --state {disk}/state
'''
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False)
        self.assertIn("first 0\n", done.stdout)
        self.assertRegex(done.stdout, "run .*: succeeded\n")
        self.assertEqual(self.ledger(), ["fill"])


if __name__ == "__main__":
    unittest.main()
