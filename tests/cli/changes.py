"""What `resume` says of files that were edited since their run began, and what becomes of journals and
plans that another sluice wrote.

usage: changes.py SLUICE [unittest's arguments]
"""
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import unittest

from run_case import RunCase, SLUICE

JOURNALS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "journals")

ROLL = '''deployment "Roll"
connect local
variable folder: string
variable word = "work"
inventory "hosts.ini"
step "Update" on web window 1 {
  step "Work" { run script """
    echo "$word $target_name" >> "$folder/ledger"
    if [ -p "$folder/gate-$target_name" ]; then
      echo "$target_name" > "$folder/there"
      read -r go < "$folder/gate-$target_name"
    fi
  """ }
}
'''
HOSTS = "[web]\nweb-1\nweb-2\nweb-3\n"
GOES_ON = ": the plan that the run began with goes on\n"


class Edited(RunCase):
    def setUp(self):
        super().setUp()
        self.write(ROLL)
        self.hosts(HOSTS)
        self.gate("web-1")

    def hosts(self, text, mode=0o644):
        path = self.path("hosts.ini")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def interrupted(self, *more, file=None, environment=None, folder=None):
        """A run whose program was killed while web-1 was at work."""
        program = subprocess.Popen(
            [SLUICE, "run", file or self.file, "--yes", "--state", self.state, *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})}, cwd=folder)
        self.assertEqual(self.arrived(), "web-1")
        program.kill()
        program.wait()
        self.let_go("web-1")

    def resumed(self, *more, word="work"):
        """What it says; and the plan that the run began with was carried out, whatever is there now."""
        said = self.call("resume", *more, status=0)
        self.assertEqual(self.ledger(), [f"{word} web-{i}" for i in (1, 2, 3)])
        return said

    def set(self):
        return ["--set", f"folder={self.folder}"]

    def test_nothing_is_said_where_nothing_changed(self):
        self.interrupted(*self.set())
        said = self.resumed()
        self.assertTrue(said.startswith("run "), said)

    def test_what_differs_is_told_line_by_line(self):
        self.interrupted(*self.set())
        self.write(ROLL.replace('echo "$word', 'echo "now $word').replace("window 1", "window 2")
                   + 'step "More" { run "true" }\n')
        self.hosts("[web]\nweb-1\nweb-2\nweb-4\n")
        said = self.resumed()
        for name in ("roll.deploy", "hosts.ini"):
            self.assertIn(f"{self.folder}/{name} has changed since{GOES_ON}", said)
        self.assertIn("what it makes now differs, and is no part of this run:\n", said)
        self.assertIn("    window: 1 (window 1) → 2 (window 2)\n", said)
        self.assertIn('      - echo "$word $target_name" >> "$folder/ledger"\n'
                      '      + echo "now $word $target_name" >> "$folder/ledger"\n', said)
        self.assertIn("+ step `More`: on the controller\n+ target web-4\n- target web-3\n", said)

    def test_the_same_settings_are_taken_as_the_run_was_begun_with(self):
        self.interrupted(*self.set(), "--exclude", "web-3", "--exclude", "web-2", file=None,
                         environment={"SLUICE_VAR_word": "said", "SLUICE_VAR_unasked": "kept nowhere"})
        with open(os.path.join(self.state, "runs", self.run_name(), "journal.db"), "rb") as file:
            self.assertNotIn(b"kept nowhere", file.read())
        self.write("# more words, and the same meaning\n" + ROLL)
        said = self.call("resume", status=0)
        self.assertEqual(self.ledger(), ["said web-1"])
        self.assertIn("compiled again it makes the same plan: nothing differs\n", said)

    def test_files_are_found_from_any_other_folder(self):
        self.interrupted(*self.set(), file="roll.deploy", folder=self.folder)
        self.hosts("[web]\nweb-1\nweb-2\n")
        said = self.resumed()
        self.assertIn(f"hosts.ini has changed since{GOES_ON}", said)
        self.assertNotIn("roll.deploy has changed", said)
        self.assertIn("- target web-3\n", said)

    def test_a_file_that_does_not_compile_any_more(self):
        self.interrupted(*self.set())
        self.write(ROLL.replace("window 1", "window nothing"))
        said = self.resumed()
        self.assertIn("roll.deploy:6:", said)
        self.assertIn("roll.deploy does not compile as it is now, so what differs cannot be told\n", said)

    def test_files_that_are_gone(self):
        self.interrupted(*self.set())
        os.remove(self.path("hosts.ini"))
        said = self.resumed()
        self.assertIn(f"hosts.ini is not there any more{GOES_ON}", said)
        self.assertIn("roll.deploy does not compile as it is now", said)

    def test_a_pipe_in_its_place_is_not_waited_for(self):
        self.interrupted(*self.set())
        os.remove(self.path("hosts.ini"))
        os.mkfifo(self.path("hosts.ini"))
        self.assertIn(f"hosts.ini is no file, and is not read again{GOES_ON}", self.resumed())

    def test_the_main_file_is_gone(self):
        self.interrupted(*self.set())
        os.remove(self.file)
        said = self.resumed()
        self.assertTrue(said.startswith(f"{self.file} is not there any more{GOES_ON}run "), said)

    def test_an_inventory_that_is_a_program_is_asked_again(self):
        program = '#!/bin/sh\necho \'{"web": {"hosts": [HOSTS]}}\'\n'
        self.hosts(program.replace("HOSTS", '"web-1", "web-2", "web-3"'), 0o755)
        self.interrupted(*self.set())
        self.hosts(program.replace("HOSTS", '"web-1", "web-2", "web-3", "web-4"'), 0o755)
        said = self.resumed()
        self.assertNotIn("not there any more", said)
        self.assertIn("+ target web-4\n", said)

    def test_quiet_and_json_say_nothing_of_it(self):
        self.interrupted(*self.set())
        self.write(ROLL.replace("window 1", "window 2"))
        self.assertNotIn("changed", self.resumed("--quiet"))

    def test_a_saved_plan_names_itself(self):
        saved = self.path("roll.plan")
        subprocess.run([SLUICE, "plan", self.file, *self.set(), "-o", saved], check=True,
                       stderr=subprocess.DEVNULL)
        self.interrupted(file=saved)
        self.write(ROLL.replace("window 1", "window 2"))
        said = self.resumed()
        self.assertIn(f"the run carries out a saved plan: `sluice diff {saved} FILE` tells how they differ\n", said)

    def test_a_saved_plan_that_is_gone_is_not_to_be_compared(self):
        saved = self.path("roll.plan")
        subprocess.run([SLUICE, "plan", self.file, *self.set(), "-o", saved], check=True,
                       stderr=subprocess.DEVNULL)
        self.interrupted(file=saved)
        self.write(ROLL.replace("window 1", "window 2"))
        os.unlink(saved)
        said = self.resumed()
        self.assertIn("has changed since: the plan that the run began with goes on\n", said)
        self.assertNotIn("sluice diff", said)

    def test_what_it_was_compiled_with_cannot_be_changed_unseen(self):
        self.interrupted(*self.set())
        journal = os.path.join(self.state, "runs", self.run_name(), "journal.db")
        with sqlite3.connect(journal) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        for change in ("UPDATE given SET value = 'folder=/' WHERE word = 'set'", "DELETE FROM given"):
            kept = shutil.copy(journal, journal + ".kept")
            with sqlite3.connect(journal) as database:
                database.execute(change)
            database.close()
            self.assertIn("was changed or damaged", self.call("resume", status=2))
            os.replace(kept, journal)
        self.resumed()


class OtherVersions(RunCase):
    """journals/ holds what earlier versions wrote, as SQL."""

    def fixture(self, name, run="20261126-121200-40171"):
        run = os.path.join(self.state, "runs", run)
        os.makedirs(run)
        with open(os.path.join(JOURNALS, name), encoding="utf-8") as file:
            with sqlite3.connect(os.path.join(run, "journal.db")) as database:
                database.executescript(file.read())
        database.close()

    def asked(self, sql):
        journal = os.path.join(self.state, "runs", self.run_name(), "journal.db")
        with sqlite3.connect(journal) as database:
            rows = database.execute(sql).fetchall()
        database.close()
        return rows

    def sluice(self, *words, status):
        done = subprocess.run([SLUICE, *words, "--state", self.state], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False,
                              env={**os.environ, "SLUICE_LEDGER": self.path("ledger"),
                                   "SLUICE_GATE": ""})
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_one_of_format_3_is_resumed(self):
        self.fixture("format-3.sql")
        with open(self.path("ledger"), "w", encoding="utf-8") as file:
            file.write("work web-1\nclean web-1\nwork web-2\n")
        said = self.sluice("resume", status=0)
        self.assertIn("roll.deploy is not there any more", said)
        # web-2 was at work; its files are away, so its verify said that it had been done.
        self.assertEqual(self.ledger(), self.WHOLE)
        self.assertIn("has ended: succeeded", self.sluice("resume", status=2))

    def test_one_of_format_4_is_resumed_and_is_of_this_format_from_then_on(self):
        self.renew(4)

    def test_one_of_format_5_is_resumed_and_is_of_this_format_from_then_on(self):
        self.renew(5)

    def renew(self, older_format):
        self.fixture(f"format-{older_format}.sql", "20261127-033747-00637")
        with open(self.path("ledger"), "w", encoding="utf-8") as file:
            file.write("work web-1\nclean web-1\nwork web-2\n")
        before = self.sluice("status", self.run_name(), status=0)
        self.assertIn("no program carries it on", before)
        self.assertIn("root: continue", before)
        self.assertEqual(self.asked("SELECT format FROM run"), [(older_format,)])  # to look at it changes nothing
        older = self.asked("SELECT seq, at_ms FROM instants")
        self.sluice("resume", status=0)
        self.assertEqual(self.ledger(), self.WHOLE)
        self.assertEqual(self.asked("SELECT format FROM run"), [(6,)])
        self.assertEqual(self.asked("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"),
                         [("given",), ("instants",), ("run",)])
        records = self.asked("SELECT seq, at_ms, record FROM instants")
        self.assertEqual([row[:2] for row in records[:len(older)]], older)
        self.assertEqual(records[4][2], "E 0 0 0 -1 0 1 4\n"
                         "o 0 -1 0 0 0 1 0 0: 4:root 20:2026-11-27T03:37:47Z 12:order-000001\n")
        after = self.sluice("status", self.run_name(), status=0)
        self.assertIn("succeeded", after)
        self.assertEqual(self.asked("SELECT word, value FROM given"), [("plan", "/srv/roll/roll.plan")])

    def refused_when(self, record_3_is_changed):
        run = os.path.join(self.state, "runs", self.run_name())
        with sqlite3.connect(os.path.join(run, "journal.db")) as database:
            database.execute(record_3_is_changed)
        database.close()
        self.assertIn("its record 3 does not follow from the one before", self.sluice("resume", status=2))

    def test_one_of_format_5_that_was_changed_is_refused(self):
        self.fixture("format-5.sql", "20261127-033747-00637")
        self.refused_when("UPDATE instants SET record = replace(record, 'web-1', 'web-3') WHERE seq = 3")
        self.assertEqual(self.asked("SELECT format FROM run"), [(5,)])

    def test_one_that_cannot_be_renewed_stays_as_it_was(self):
        self.fixture("format-4.sql", "20261127-033747-00637")
        self.refused_when("UPDATE events SET kind = 2 WHERE seq = 3")
        self.assertEqual(self.asked("SELECT format, (SELECT count(*) FROM events) FROM run"), [(4, 5)])

    def test_one_of_format_2_is_looked_at_and_not_resumed(self):
        self.fixture("format-2.sql")
        for command in ("status", "history"):
            self.assertIn("20261126-121200-40171", self.sluice(command, status=0))
        self.assertIn("was written by an older sluice (format 2), and what it began can be looked at and no "
                      "longer be resumed", self.sluice("resume", status=2))
        self.assertFalse(os.path.exists(self.path("ledger")))

    def test_formats_that_are_not_known(self):
        self.fixture("format-3.sql")
        journal = os.path.join(self.state, "runs", self.run_name(), "journal.db")
        for number, word in ((99, "a newer sluice (format 99; this one reads up to 6)"),
                             (1, "an older sluice (format 1; this one reads from 2 on)")):
            with sqlite3.connect(journal) as database:
                database.execute("UPDATE run SET format = ?", (number,))
            database.close()
            for command in ("resume", "status"):
                self.assertIn(word, self.sluice(command, status=2))
        self.assertFalse(os.path.exists(self.path("ledger")))

    def test_a_plan_that_was_saved_earlier_is_carried_out(self):
        said = self.sluice("run", os.path.join(JOURNALS, "plan-1.json"), "--yes", status=0)
        self.assertIn("Roll: succeeded", said)
        self.assertEqual(self.ledger(), self.WHOLE)

    def test_a_plan_of_a_newer_sluice_is_refused(self):
        with open(os.path.join(JOURNALS, "plan-1.json"), encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(json.loads(text)["schema"], "sluice.plan/1")
        newer = self.path("newer.json")
        with open(newer, "w", encoding="utf-8") as file:
            text = text.replace("sluice.plan/1", "sluice.plan/2")
            text = text[:text.rindex(',"file_digest"')]
            file.write(f'{text},"file_digest":"sha256:{hashlib.sha256(text.encode()).hexdigest()}"}}\n')
        said = self.sluice("run", newer, "--yes", status=2)
        self.assertIn("this is `sluice.plan/2`, and `sluice.plan/1` is read", said)
        self.assertFalse(os.path.exists(self.path("ledger")))


if __name__ == "__main__":
    unittest.main()
