"""Operators at another terminal: pause, abort, answers and approvals, and who may give them.

usage: operators.py SLUICE [unittest's arguments]
"""
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from run_case import RunCase, SLUICE


class Operators(RunCase):
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

    def test_an_answer_that_came_as_its_question_became_another_holds_nothing_up(self):
        self.write('deployment "Roll"\nstep "Look" { run manual "well?" timeout 1s on failure ask }\n')
        self.call("run", self.file, "--yes", status=4)
        run = self.run_name()
        with tempfile.TemporaryDirectory() as folder:
            other = os.path.join(folder, "state")
            shutil.copytree(self.state, other)
            self.end(self.popen("approve", run, "--state", other), 0)
            program = self.popen("resume", "--wait", "--state", self.state)
            self.read_until(program, "longer than its timeout of 1s")
            self.read_until(program, "retry|ignore|exclude|abort")
            program.kill()
            program.wait()
            shutil.copytree(os.path.join(other, "runs", run, "orders"),
                            os.path.join(self.state, "runs", run, "orders"), dirs_exist_ok=True)
        said = self.call("resume", status=4)
        self.assertIn(f'sluice answer {run} "Look@controller" retry|ignore|exclude|abort', said)
        self.call("answer", run, "Look@controller", "ignore", status=0)
        self.call("resume", status=3)


if __name__ == "__main__":
    unittest.main()
