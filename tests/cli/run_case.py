"""What tests of runs share. Nothing sleeps: scripts wait at named pipes, and what was really done stands in a
ledger that sluice knows nothing of. The first argument of the program that uses it is SLUICE.
"""
import json
import os
import signal
import subprocess
import sys
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
