"""What becomes of a run where its state is harmed: full disks, journals and folders that are gone or moved,
limits on files.

usage: state.py SLUICE [unittest's arguments]
"""
import os
import shutil
import subprocess
import unittest

from run_case import RunCase, SLUICE


class State(RunCase):
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

    def test_a_run_ends_as_it_ends_where_nobody_can_be_told(self):
        self.roll()
        with open("/dev/full", "wb") as full:
            for words, status in ((["run", self.file, "--yes", "--set", f"folder={self.folder}"], 0), (["resume"], 2)):
                done = subprocess.run([SLUICE, *words, "--state", self.state], stdin=subprocess.DEVNULL,
                                      stderr=full, check=False)
                self.assertEqual(done.returncode, status)
        self.assertEqual(self.ledger(), self.WHOLE)

    def test_a_run_goes_on_where_who_read_it_has_gone(self):
        self.roll()
        for words in ([], ["--format", "json"]):
            reader, writer = os.pipe()
            os.close(reader)
            done = subprocess.run([SLUICE, "run", self.file, "--yes", "--set", f"folder={self.folder}", "--state",
                                   self.state, *words],
                                  stdin=subprocess.DEVNULL, stdout=writer, stderr=writer, check=False)
            os.close(writer)
            self.assertEqual(done.returncode, 0)
        self.assertEqual(self.ledger(), 2 * self.WHOLE)

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

    def test_on_a_full_disk_nothing_begins_and_what_ran_is_written_down(self):
        self.fill_a_disk("")

    def test_a_full_disk_is_found_also_where_the_log_of_the_journal_has_its_size(self):
        # As many commits as make it begin again from its start.
        self.fill_a_disk('''role many { target "many-[1..300]" { connect local } }
step "Many" on many window 1 { run wait 1ms }
''')

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
