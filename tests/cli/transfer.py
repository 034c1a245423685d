"""A package whose controller is killed in the middle of the transfer, on a real sshd: what resumes the run sends the
rest, and no more; the release has the archive's bytes, and its scripts ran once. The link stands still at a chosen
byte, so that nothing depends on how fast anything is.

usage: transfer.py SLUICE [unittest's arguments]
"""
import getpass
import hashlib
import io
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest

SLUICE = os.path.abspath(sys.argv.pop(1))
SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
SIZE = 12 << 20
FILE = '''
deployment "Ship"
connect ssh {{ port = {port} user = "{user}" identity_file = "{folder}/id" known_hosts_file = "{folder}/known" }}
role web {{ target "web-1" {{ address = "127.0.0.1" }} }}
step "Put" on web {{
  run package {{
    source = "app.tar.gz"
    to = "{folder}/srv"
    before = "echo before >> {folder}/ledger"
    after = "echo after >> {folder}/ledger"
  }}
}}
'''
SMALL = '''
deployment "Ship"
connect ssh {{ port = {port} user = "{user}" identity_file = "{folder}/id" known_hosts_file = "{folder}/known" }}
role web {{ target "web-1" {{ address = "127.0.0.1" }} }}
step "Look" on web {{ run "true" }}
step "Wait" {{ run "read -r word < {folder}/gate || true" }}
'''


class Link:
    """A TCP proxy that stands still, with all its connections open, once so many bytes have gone to the server."""

    def __init__(self, port, still_at):
        self.still_at, self.sent, self.still = still_at, 0, threading.Event()
        self.lock, self.open = threading.Lock(), []
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.own_port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.port))
            self.open += [client, server]
            for source, sink, to_server in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.pump, args=(source, sink, to_server), daemon=True).start()

    def pump(self, source, sink, to_server):
        try:
            while data := source.recv(16384):
                if to_server:
                    with self.lock:
                        if self.still_at is not None:
                            data = data[:max(0, self.still_at - self.sent)]
                        self.sent += len(data)
                    sink.sendall(data)
                    if self.still_at is not None and self.sent >= self.still_at:
                        self.still.set()
                        return
                else:
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        """All connections end; those that come pass whole."""
        self.still_at = None
        for end in self.open:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        self.open = []


def handles(processes):
    """Of those that have not ended yet."""
    found = []
    for process in processes:
        try:
            found.append(os.pidfd_open(process))
        except ProcessLookupError:
            pass
    return found


def below(process):
    """All that the process has started, and that these have."""
    with open(f"/proc/{process}/task/{process}/children", encoding="utf-8") as file:
        children = [int(word) for word in file.read().split()]
    return children + [more for child in children for more in below(child)]


class Transfer(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.makedirs(self.path("home"))
        for key in ("host_key", "id"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(key)], check=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        with open(self.path("sshd_config"), "w", encoding="utf-8") as file:
            file.write(f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.path('host_key')}\nUsePAM no\n"
                       f"AuthorizedKeysFile {self.path('id.pub')}\nPidFile none\nStrictModes no\n"
                       f"SetEnv HOME={self.path('home')}\n")
        self.sshd = subprocess.Popen([SSHD, "-D", "-e", "-f", self.path("sshd_config")], stderr=subprocess.PIPE,
                                     text=True)
        self.addCleanup(self.sshd.stderr.close)
        self.addCleanup(self.sshd.wait)
        self.addCleanup(self.sshd.terminate)
        while "Server listening" not in self.sshd.stderr.readline():
            self.assertIsNone(self.sshd.poll())
        threading.Thread(target=self.sshd.stderr.read, daemon=True).start()
        self.content = os.urandom(SIZE)  # does not get smaller
        data = tarfile.TarInfo("data")
        data.size = SIZE
        with tarfile.open(self.path("app.tar.gz"), "w:gz", compresslevel=1) as archive:
            archive.addfile(data, io.BytesIO(self.content))
        self.size = os.path.getsize(self.path("app.tar.gz"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def link_to(self, text, still_at):
        """A link to the host, and a file that goes over it."""
        link = Link(self.port, still_at)
        self.addCleanup(link.cut)
        self.addCleanup(link.listener.close)
        with open(self.path("host_key.pub"), encoding="utf-8") as key, \
                open(self.path("known"), "w", encoding="utf-8") as known:
            known.write(f"[127.0.0.1]:{link.own_port} {key.read()}")
        with open(self.path("ship.deploy"), "w", encoding="utf-8") as file:
            file.write(text.format(port=link.own_port, user=getpass.getuser(), folder=self.folder))
        return link

    def run_cut_at(self, still_at):
        link = self.link_to(FILE, still_at)
        with open(self.path("first"), "wb") as said:
            program = subprocess.Popen([SLUICE, "run", self.path("ship.deploy"), "--yes"], stdin=subprocess.DEVNULL,
                                       stdout=said, stderr=said)
            self.addCleanup(program.wait)
            self.addCleanup(program.kill)
            stood_still = link.still.wait(60)
            program.kill()
            program.wait()
        with open(self.path("first"), encoding="utf-8") as said:
            self.assertTrue(stood_still, said.read())
        on_the_host = handles(below(self.sshd.pid))
        link.cut()
        # What had arrived there is written when they have ended.
        for process in on_the_host:
            select.select([process], [], [])
            os.close(process)
        arrived = sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(self.folder)
                      for name in names if name.endswith(".part"))
        before = link.sent
        done = subprocess.run([SLUICE, "resume", "--state", self.path(".sluice")], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return arrived, link.sent - before

    def check(self):
        with open(self.path("srv/current/data"), "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).hexdigest(), hashlib.sha256(self.content).hexdigest())
        with open(self.path("ledger"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "before\nafter\n")
        releases = [name for name in os.listdir(self.path("srv")) if name != "current" and name[0] != "."]
        self.assertEqual(len(releases), 1, releases)

    def test_while_a_run_that_is_over_tidies_its_hosts_the_next_may_begin(self):
        link = self.link_to(SMALL, None)
        os.mkfifo(self.path("gate"))
        program = subprocess.Popen([SLUICE, "run", self.path("ship.deploy"), "--yes"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        with open(self.path("gate"), "w", encoding="utf-8"):  # it stands there: the host's step is over
            link.still_at = 0
        with open(self.path("next.deploy"), "w", encoding="utf-8") as file:
            file.write('deployment "Ship"\nstep "Next" { run "true" }\n')
        status = 2
        while status == 2 and program.poll() is None:  # until it has ended as well
            status = subprocess.run([SLUICE, "run", self.path("next.deploy"), "--yes"], stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode
        self.assertEqual((status, program.poll()), (0, None))
        program.send_signal(signal.SIGINT)
        self.assertEqual(program.wait(60), 0)  # as the run ended

    # Of what was on its way when the link was cut, sshd may not have handed on as much as it grants at once. What is
    # sent then is the rest of what has arrived, and what ssh says beside.
    GRANTED, BESIDE = 2 << 20, 256 << 10

    def test_killed_in_the_middle_the_rest_is_sent(self):
        half = self.size // 2
        arrived, sent = self.run_cut_at(half)
        self.check()
        self.assertGreater(arrived, half - self.GRANTED - self.BESIDE)
        self.assertLess(sent, self.size - arrived + self.BESIDE)

    def test_killed_near_the_end_little_is_sent(self):
        near = self.size - (64 << 10)
        arrived, sent = self.run_cut_at(near)
        self.check()
        self.assertGreater(arrived, near - self.GRANTED - self.BESIDE)
        self.assertLess(sent, self.size - arrived + self.BESIDE)

    def test_killed_at_the_beginning_all_is_sent_once(self):
        for kilobytes in (2, 64):
            with self.subTest(kilobytes=kilobytes):
                shutil.rmtree(self.path("srv"), ignore_errors=True)
                if os.path.exists(self.path("ledger")):
                    os.remove(self.path("ledger"))
                arrived, sent = self.run_cut_at(kilobytes << 10)
                self.check()
        self.assertLess(sent, self.size - arrived + self.BESIDE)


if __name__ == "__main__":
    unittest.main(verbosity=2)
