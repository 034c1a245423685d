"""Ctrl-C, once and twice, while a run goes on. Nothing sleeps: a script waits at a named pipe until it
is let go, and the signal is sent when the script has said that it is there.

usage: interrupts.py SLUICE [unittest's arguments]
"""
import contextlib
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import unittest

SLUICE = os.path.abspath(sys.argv.pop(1))

DEPLOY = '''
deployment "Interrupted"
connect local
variable gate: string
role web { target "web-[1..3]" }
step "Update" on web window 1 {
  step "Work" { run script """
    echo "at the gate of $target_name"
    read -r _ < "$gate"
  """ }
  step "Clean" { run "echo cleaned $target_name" when always }
}
step "Tell" { run "echo told" when always }
'''


def rest_of(terminal):
    """What is written there until the other side is closed."""
    said = b""
    try:
        while part := os.read(terminal, 4096):
            said += part
    except OSError:
        pass
    return said


def written(case, text):
    """A file of that text, in a folder of its own."""
    folder = tempfile.TemporaryDirectory()
    case.addCleanup(folder.cleanup)
    path = os.path.join(folder.name, "one.deploy")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def file_and_gate(case):
    """Where a file is to be written, and a gate for its scripts."""
    folder = tempfile.TemporaryDirectory()
    case.addCleanup(folder.cleanup)
    gate = os.path.join(folder.name, "gate")
    os.mkfifo(gate)
    return os.path.join(folder.name, "one.deploy"), gate


class Interrupts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.gate = os.path.join(self.folder, "gate")
        os.mkfifo(self.gate)
        path = os.path.join(self.folder, "interrupted.deploy")
        with open(path, "w", encoding="utf-8") as file:
            file.write(DEPLOY)
        self.path = path
        self.start()

    def start(self, *before):
        self.run_ = subprocess.Popen([*before, SLUICE, "run", self.path, "--yes", "--set", "gate=" + self.gate],
                                     stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.run_.stderr.close)
        self.addCleanup(self.run_.wait)
        self.addCleanup(self.run_.kill)
        self.said = ""

    def read_until(self, part):
        for line in self.run_.stderr:
            self.said += line
            if part in line:
                return
        self.fail(f"it ended without saying {part!r}:\n{self.said}")

    def let_go(self):
        with open(self.gate, "w", encoding="utf-8") as file:
            file.write("go\n")

    def end(self):
        self.said += self.run_.stderr.read()
        return self.run_.wait()

    def status(self):
        done = subprocess.run([SLUICE, "status", "--state", os.path.join(self.folder, ".sluice"), "--format",
                               "json"], capture_output=True, check=True)
        return json.loads(done.stdout)

    def states(self):
        document = self.status()
        return ({f"{lane['step']}@{lane['target']}": lane["state"] for lane in document["lanes"]},
                document["outcome"])

    def test_a_hang_up_lets_go_at_once_but_under_nohup_the_run_goes_on(self):
        self.read_until("at the gate of web-1")
        self.run_.send_signal(signal.SIGHUP)
        self.assertEqual(self.end(), 129, self.said)
        self.let_go()  # the script, which runs on
        shutil.rmtree(os.path.join(self.folder, ".sluice"))
        self.start("nohup")
        for name in ("web-1", "web-2", "web-3"):
            self.read_until(f"at the gate of {name}")
            self.run_.send_signal(signal.SIGHUP)
            self.let_go()
        self.assertEqual(self.end(), 0, self.said)

    def test_once_what_has_begun_goes_to_its_end_and_nothing_else_begins(self):
        self.read_until("at the gate of web-1")
        self.run_.send_signal(signal.SIGINT)
        self.read_until("stopping")
        self.let_go()
        self.assertEqual(self.end(), 130, self.said)
        self.assertIn("cleaned web-1", self.said)
        lanes, outcome = self.states()
        self.assertEqual(outcome, "paused")
        self.assertEqual(lanes, {"Update@web-1": "succeeded", "Update@web-2": "not_started",
                                 "Update@web-3": "not_started", "Tell@controller": "not_started"})

    def resume(self):
        return subprocess.Popen([SLUICE, "resume", "--state", os.path.join(self.folder, ".sluice")],
                                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def test_twice_it_lets_go_and_what_runs_runs_on(self):
        self.read_until("at the gate of web-1")
        self.run_.send_signal(signal.SIGINT)
        self.read_until("stopping")
        self.run_.send_signal(signal.SIGINT)
        self.assertEqual(self.end(), 130, self.said)
        self.assertIn("letting go", self.said)
        self.assertEqual(self.states()[0]["Update@web-1"], "running")
        again = self.resume()
        self.addCleanup(again.kill)
        said = ""
        for target in (1, 2, 3):
            for line in again.stderr:
                said += line
                if f"at the gate of web-{target}" in line:
                    break
            self.let_go()
        said += again.stderr.read()
        again.stderr.close()
        self.assertEqual(again.wait(), 0, said)
        self.assertEqual(set(self.states()[0].values()), {"succeeded"})
        self.assertEqual(said.count("cleaned"), 3, said)

    def test_termination_is_told_apart_by_the_exit_status(self):
        self.read_until("at the gate of web-1")
        self.run_.send_signal(signal.SIGTERM)
        self.read_until("stopping")
        self.let_go()
        self.assertEqual(self.end(), 143, self.said)
        self.assertEqual(self.states()[1], "paused")

    def test_targets_that_were_done_before_stay_done(self):
        self.read_until("at the gate of web-1")
        self.let_go()
        self.read_until("at the gate of web-2")
        self.run_.send_signal(signal.SIGINT)
        self.read_until("stopping")
        self.let_go()
        self.assertEqual(self.end(), 130, self.said)
        lanes, _ = self.states()
        self.assertEqual([lanes[f"Update@web-{i}"] for i in (1, 2, 3)],
                         ["succeeded", "succeeded", "not_started"])


class Started(unittest.TestCase):
    def test_how_scripts_ended_is_learnt_whatever_the_program_before_thought_of_its_children(self):
        path, _ = file_and_gate(self)
        with open(path, "w", encoding="utf-8") as file:
            file.write('deployment "Started" step "Greet" { run "echo hello" }')
        done = subprocess.run([SLUICE, "run", path, "--yes"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN), check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


class Asked(unittest.TestCase):
    def test_whoever_stops_a_run_waits_for_nobodys_answer(self):
        path = written(self, 'deployment "Asks"\nstep "Look" { run manual "is it well?" }\n')
        asks = subprocess.Popen([SLUICE, "run", path, "--yes", "--wait"], stdin=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)
        self.addCleanup(asks.stderr.close)
        self.addCleanup(asks.wait)
        self.addCleanup(asks.kill)
        said = ""
        for line in asks.stderr:
            said += line
            if "sluice approve" in line:
                break
        self.assertIn("    is it well?\n", said)
        asks.send_signal(signal.SIGTERM)
        said += asks.stderr.read()
        self.assertEqual(asks.wait(), 143, said)
        self.assertIn("to go on: sluice resume", said)


class Unread(unittest.TestCase):
    """Whoever is to read does not: a pager, a terminal that was stopped, a connection that died."""

    def run_with(self, *words, **streams):
        path, gate = file_and_gate(self)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'''
deployment "Much"
step "Write" {{ run "yes 0123456789 | head -c 400000" }}
step "Go on" {{ run "echo here > {gate}" }}
''')
        run = subprocess.Popen([SLUICE, "run", path, "--yes", *words], stdin=subprocess.DEVNULL, **streams)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        # Its script says that the run has come by what nobody has read.
        here = os.open(gate, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, here)
        came, _, _ = select.select([here], [], [], 60)
        self.assertTrue(came, "the run stands still")
        return run

    def test_the_run_goes_on_and_its_end_is_there_for_who_reads_later(self):
        run = self.run_with(stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(run.stderr.close)
        said = run.stderr.read().decode()
        self.assertEqual(run.wait(), 0, said[-1000:])
        self.assertEqual(said.count("0123456789"), said.count("│ 0123456789"))
        self.assertIn("Much: succeeded", said)

    def test_who_stops_the_program_does_not_wait_for_who_reads(self):
        run = self.run_with(stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(run.stderr.close)
        run.send_signal(signal.SIGTERM)
        self.assertIn(run.wait(60), (0, 143))

    def test_events_wait_for_who_reads_them(self):
        ours, theirs = os.pipe()
        self.addCleanup(os.close, ours)
        os.set_blocking(theirs, False)
        filled = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                filled += os.write(theirs, b"\n" * 4096)
        os.set_blocking(theirs, True)
        run = self.run_with("--format", "json", stdout=theirs, stderr=subprocess.DEVNULL)
        os.close(theirs)
        said = b""
        while part := os.read(ours, 65536):
            said += part
        self.assertEqual(run.wait(), 0)
        events = [json.loads(line) for line in said[filled:].splitlines()]
        self.assertEqual([event["seq"] for event in events], list(range(len(events))))
        self.assertEqual(events[-1]["event"], "deployment_ended")


class Terminals(unittest.TestCase):
    def file_with_gate(self, then):
        """A file whose first script stands at a gate, with what comes behind it; and the gate."""
        path, gate = file_and_gate(self)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'deployment "One"\nstep "Work" {{ run "echo at the gate; read -r _ < {gate}" }}\n{then}')
        return path, gate

    def written_to(self, terminal, then="", answer=b""):
        """What a run writes to a terminal of that kind, while its script stands at a gate. `then`: more of
        the file, in which a person is asked, and answers as soon as the question is there."""
        path, gate = self.file_with_gate(then)
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        run = subprocess.Popen([SLUICE, "run", path, "--yes"], stdin=theirs, stdout=theirs, stderr=theirs,
                               env={**os.environ, "TERM": terminal})
        os.close(theirs)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        said = b""
        while b"at the gate" not in said.replace(b"echo at the gate", b""):
            said += os.read(ours, 4096)
        if terminal != "dumb":
            while b"0 of 1" not in said:
                said += os.read(ours, 4096)
        with open(gate, "w", encoding="utf-8") as file:
            file.write("go\n")
        if answer:
            while b"approve or reject?" not in said:
                said += os.read(ours, 4096)
            os.write(ours, answer)
        said += rest_of(ours)
        self.assertEqual(run.wait(), 0, said)
        return said

    def test_only_a_terminal_that_can_move_its_cursor_has_live_lines(self):
        self.assertIn(b"\x1b[", self.written_to("xterm"))
        said = self.written_to("dumb")
        self.assertNotIn(b"\x1b", said)
        self.assertNotIn(b"0 of 1", said)

    class Own:
        """A run at a terminal of its own, whose first script stands at a gate; then a person is asked."""

        def __init__(self, test):
            self.test = test
            self.path, self.gate = test.file_with_gate('step "Look" { run manual "well?" }\n')
            self.process, self.terminal = pty.fork()
            if self.process == 0:
                os.execve(SLUICE, [SLUICE, "run", self.path, "--yes"], {**os.environ, "TERM": "dumb"})
            test.addCleanup(os.close, self.terminal)
            self.said = b""

        def read_until(self, part):
            while part not in self.said:
                self.said += os.read(self.terminal, 4096)

        def type(self, words):
            os.write(self.terminal, words)

        def open_gate(self):
            with open(self.gate, "w", encoding="utf-8") as file:
                file.write("go\n")
            self.read_until(b"approve or reject?")

        def ends_with(self, status):
            self.said += rest_of(self.terminal)
            self.test.assertEqual(os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1]), status, self.said)

    def test_what_was_typed_before_a_question_stood_there_is_no_answer_to_it(self):
        run = self.Own(self)
        run.read_until(b"at the gate")
        run.type(b"approve\n")
        run.read_until(b"approve\r\n")  # it lies in the terminal now
        run.open_gate()
        run.type(b"reject\n")
        run.read_until(b"Look: failed")
        run.ends_with(1)

    def test_who_answers_first_is_the_first_at_the_terminal_too(self):
        run = self.Own(self)
        run.open_gate()
        os.kill(run.process, signal.SIGSTOP)
        os.waitpid(run.process, os.WUNTRACED)
        run.type(b"approve\n")  # not read yet
        state = os.path.join(os.path.dirname(run.path), ".sluice")
        name = sorted(os.listdir(os.path.join(state, "runs")))[-1]
        other = subprocess.run([SLUICE, "reject", name, "--state", state], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        self.assertEqual(other.returncode, 0, other.stderr)
        os.kill(run.process, signal.SIGCONT)
        run.ends_with(1)
        self.assertIn(b"Look: failed", run.said)

    def test_a_run_begins_where_somebody_says_yes_and_nowhere_else(self):
        path = written(self, 'deployment "One"\nstep "Work" { run "true" }\n')
        for answer, status in ((b"y\n", 0), (b"Y\n", 0), (b"Yes\n", 0), (b"n\n", 2), (b"\n", 2), (b"yy\n", 2),
                               (b"\x04", 2)):
            run, ours = pty.fork()
            if run == 0:
                os.execve(SLUICE, [SLUICE, "run", path], {**os.environ, "TERM": "dumb"})
            said = b""
            while b"[y/N] " not in said:
                said += os.read(ours, 4096)
            os.write(ours, answer)
            said += rest_of(ours)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(run, 0)[1]), status, said)
            self.assertEqual(b"nothing was done" in said, status == 2, said)
            os.close(ours)

    def test_what_was_typed_before_a_run_asks_whether_it_may_begin_is_no_yes(self):
        path = written(self, 'deployment "One"\nstep "Work" { run "true" }\n')
        typed, tell = os.pipe()
        run, ours = pty.fork()
        if run == 0:
            os.read(typed, 1)
            os.execve(SLUICE, [SLUICE, "run", path], {**os.environ, "TERM": "dumb"})
        for end in (typed, tell, ours):
            self.addCleanup(os.close, end)
        os.write(ours, b"y\n")
        said = b""
        while b"y\r\n" not in said:  # it lies in the terminal now
            said += os.read(ours, 4096)
        os.write(tell, b".")
        while b"[y/N] " not in said:
            said += os.read(ours, 4096)
        os.write(ours, b"n\n")
        said += rest_of(ours)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(run, 0)[1]), 2, said)
        self.assertIn(b"nothing was done", said)

    def test_a_terminal_that_was_stopped_does_not_stop_the_run(self):
        path, gate = self.file_with_gate(f'step "Go on" {{ run "seq 100 199; echo here > {self.fifo()}" }}\n')
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        run = subprocess.Popen([SLUICE, "run", path, "--yes"], stdin=theirs, stdout=theirs, stderr=theirs,
                               env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"})
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        said = b""
        while b"0 of 1" not in said:
            said += os.read(ours, 4096)
        termios.tcflow(theirs, termios.TCOOFF)  # what Ctrl-S does, some time after it was written
        with open(gate, "w", encoding="utf-8") as file:
            file.write("go\n")
        came, _, _ = select.select([self.come], [], [], 60)
        self.assertTrue(came, "the run stands still")
        termios.tcflow(theirs, termios.TCOON)
        os.close(theirs)
        said += rest_of(ours)
        self.assertEqual(run.wait(), 0, said)
        self.assertIn(b"One: succeeded", said)
        self.assertEqual([said.count(b"\xe2\x94\x82 %d\r\n" % number) for number in range(100, 200)], [1] * 100)
        self.assertLess(said.count(b"at work"), 10)  # not a frame a line

    def fifo(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "come")
        os.mkfifo(path)
        self.come = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, self.come)
        return path

    def test_beneath_a_question_there_are_no_live_lines(self):
        said = self.written_to("xterm", 'step "Look" { run manual "well?" }\n', b"approve\n")
        question, answered = said.split(b"approve or reject?")[-1].split(b"Look: succeeded")
        self.assertNotIn(b"at work", question)


if __name__ == "__main__":
    unittest.main()
