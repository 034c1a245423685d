"""Controller and hosts in network namespaces of their own, with real sshd's: links that are cut, routes that swallow what
is sent there, one way and both, at many points of a rollout; and controllers that race for one run. What really ran
stands in a ledger outside of sluice. Scripts cut the links themselves, so each point is where it is said to be.

usage: partition.py SLUICE [unittest's arguments]; status 77 where no namespace can be made
"""
import collections
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

SLUICE = os.path.abspath(sys.argv.pop(1))
SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
PREFIX = f"slt{os.getpid()}"
HOSTS = ("h1", "h2")
ADDRESS = {"h1": "10.201.1.2", "h2": "10.201.2.2"}
NEAR = {"h1": "10.201.1.1", "h2": "10.201.2.1"}


def call(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more)


def inside(space, *words):
    return ["ip", "netns", "exec", f"{PREFIX}{space}", *words]


def make_network():
    """`c` is the controller's; each host has a link of its own to it."""
    for space in ("c", *HOSTS):
        call("ip", "netns", "add", PREFIX + space)
        call(*inside(space, "ip", "link", "set", "lo", "up"))
    for host in HOSTS:
        call("ip", "link", "add", f"to-{host}", "netns", PREFIX + "c", "type", "veth", "peer", "name", "up0", "netns",
             PREFIX + host)
        call(*inside("c", "ip", "address", "add", NEAR[host] + "/24", "dev", f"to-{host}"))
        call(*inside("c", "ip", "link", "set", f"to-{host}", "up"))
        call(*inside(host, "ip", "address", "add", ADDRESS[host] + "/24", "dev", "up0"))
        call(*inside(host, "ip", "link", "set", "up0", "up"))


def remove_network():
    for space in ("c", *HOSTS):
        subprocess.run(["ip", "netns", "del", PREFIX + space], capture_output=True, check=False)


# How a host is cut off from inside (by its own script), and comes back.
CUTS = {
    "link down": ("ip link set up0 down", "ip link set up0 up"),
    "answers lost": ("ip route add blackhole {near}/32", "ip route del blackhole {near}/32"),
    "requests lost": ("ip addr del {address}/24 dev up0", "ip addr add {address}/24 dev up0"),
}
# Shorter than ssh's keep-alive (2 s here), and longer: then the connection is lost and made again.
LENGTHS = (1, 6)
# Where in a script: before it has written anything, in the middle of its output, and as its last act.
POINTS = ("first", "middle", "last")

WEB = """
connect ssh {{ identity_file = "{folder}/id" known_hosts_file = "{folder}/known" config_file = "{folder}/config" }}
role web {{
  target "h1" {{ address = "10.201.1.2" }}
  target "h2" {{ address = "10.201.2.2" }}
}}
"""

ROLL = """
deployment "Cut"
""" + WEB + """step "One" on web window 2 {{ run "echo one $target_name >> {folder}/ledger" }}
step "Two" on web window 2 {{
  run script \"\"\"
    echo "two $target_name" >> {folder}/ledger
    [ "$target_name" != h1 ] || . {folder}/first
    i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i + 1)); done
    [ "$target_name" != h1 ] || . {folder}/middle
    while [ $i -lt 4000 ]; do echo "line $i"; i=$((i + 1)); done
    [ "$target_name" != h1 ] || . {folder}/last
  \"\"\"
}}
step "Three" on web window 2 {{ run "echo three $target_name >> {folder}/ledger" }}
"""

GATES = """
deployment "Gates"
""" + WEB + """step "Wait" on web window 1 {{
  run script "echo begun $target_name >> {folder}/ledger; echo > {folder}/there-$target_name; read -r _ < {folder}/gate-$target_name"
}}
"""


class Partition(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.chmod(self.folder, 0o755)
        for key in ("host_key", "id"):
            call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(key))
        with open(self.path("host_key.pub"), encoding="utf-8") as key:
            text = key.read()
        self.write("known", "".join(f"{ADDRESS[host]} {text}" for host in HOSTS))
        self.write("config", "Host *\n  ServerAliveInterval 1\n  ServerAliveCountMax 2\n  ConnectTimeout 2\n")
        for host in HOSTS:
            self.start_sshd(host)

    def start_sshd(self, host):
        os.makedirs(self.path("home-" + host))
        self.write("sshd-" + host, f"Port 22\nListenAddress {ADDRESS[host]}\nHostKey {self.path('host_key')}\nUsePAM no\n"
                   f"AuthorizedKeysFile {self.path('id.pub')}\nPidFile none\nStrictModes no\nPermitRootLogin yes\n"
                   f"SetEnv HOME={self.path('home-' + host)}\n")
        sshd = subprocess.Popen(inside(host, SSHD, "-D", "-e", "-f", self.path("sshd-" + host)),
                                stderr=subprocess.PIPE, text=True)
        self.addCleanup(sshd.stderr.close)
        self.addCleanup(sshd.wait)
        self.addCleanup(sshd.terminate)
        while "Server listening" not in sshd.stderr.readline():
            self.assertIsNone(sshd.poll())
        threading.Thread(target=sshd.stderr.read, daemon=True).start()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def ledger(self):
        with open(self.path("ledger"), encoding="utf-8") as file:
            return collections.Counter(file.read().splitlines())

    def sluice(self, *words):
        """Its output goes to a file: what it leaves behind when it is killed would hold a pipe open."""
        said = tempfile.NamedTemporaryFile(dir=self.folder, delete=False)
        self.addCleanup(said.close)
        program = subprocess.Popen(inside("c", SLUICE, *words), stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        program.said = said.name
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        return program

    def end_of(self, program):
        status = program.wait(timeout=90)
        with open(program.said, encoding="utf-8") as said:
            return status, said.read()

    def cut_once(self, kind, length, point):
        away, back = (text.format(near=NEAR["h1"], address=ADDRESS["h1"]) for text in CUTS[kind])
        for name in POINTS:
            self.write(name, "")
        # Once: where the script were begun a second time, the ledger would say so.
        self.write(point, f"mkdir {self.path('cut')} && {{ {away}; "
                          f"setsid sh -c 'sleep {length}; {back}' < /dev/null > /dev/null 2>&1 & }}\n")
        self.write("cut.deploy", ROLL.format(folder=self.folder))
        status, output = self.end_of(self.sluice("run", self.path("cut.deploy"), "--yes", "--state", self.path("state")))
        self.assertEqual(status, 0, output)
        self.assertTrue(os.path.exists(self.path("cut")))
        self.assertEqual(self.ledger(), {f"{step} {host}": 1 for step in ("one", "two", "three") for host in HOSTS})
        lines = re.findall(r"h1 +│ line (\d+)\n", output)
        self.assertEqual(lines, [str(number) for number in range(4000)])
        for name in ("ledger", "cut"):
            shutil.rmtree(self.path(name)) if name == "cut" else os.remove(self.path(name))
        shutil.rmtree(self.path("state"))

    def test_links_cut_at_many_points(self):
        for kind in CUTS:
            for length in LENGTHS:
                for point in POINTS:
                    with self.subTest(kind=kind, length=length, point=point):
                        self.cut_once(kind, length, point)

    def test_a_host_that_is_cut_off_before_it_is_reached_is_out_of_reach(self):
        for name in POINTS:
            self.write(name, "")
        self.write("cut.deploy", ROLL.format(folder=self.folder))
        call(*inside("c", "ip", "route", "add", "blackhole", ADDRESS["h1"] + "/32"))
        self.addCleanup(subprocess.run, inside("c", "ip", "route", "del", "blackhole", ADDRESS["h1"] + "/32"), check=False,
                        capture_output=True)
        status, output = self.end_of(self.sluice("run", self.path("cut.deploy"), "--yes", "--state", self.path("state")))
        self.assertEqual(status, 1, output)
        self.assertRegex(output, r"`One` failed on `h1`, attempt 1 of 1: cannot connect to 10\.201\.1\.2")
        self.assertIn("nothing was done on it", output)
        self.assertEqual(self.ledger(), {"one h2": 1})

    def gates(self):
        for host in HOSTS:
            for name in ("there-", "gate-"):
                os.mkfifo(self.path(name + host))
        self.write("gates.deploy", GATES.format(folder=self.folder))

    def wait_for(self, host):
        with open(self.path("there-" + host), encoding="utf-8") as there:
            there.read()

    def let_go_on(self, host):
        with open(self.path("gate-" + host), "w", encoding="utf-8") as gate:
            gate.write("go\n")

    def test_of_controllers_that_race_for_a_run_one_has_it(self):
        self.gates()
        first = self.sluice("run", self.path("gates.deploy"), "--yes", "--state", self.path("state"))
        self.wait_for("h1")
        for _ in range(3):
            first.kill()
            first.wait()
            racing = [self.sluice("resume", "--state", self.path("state")) for _ in range(6)]
            # All but one are told who has it, and end.
            ended = []
            one_left = threading.Semaphore(0)

            def watch(program, ended=ended, one_left=one_left):
                program.wait()
                ended.append(program)
                one_left.release()

            for program in racing:
                threading.Thread(target=watch, args=(program,), daemon=True).start()
            for _ in range(len(racing) - 1):
                self.assertTrue(one_left.acquire(timeout=60))
            for program in ended:
                status, output = self.end_of(program)
                self.assertEqual(status, 2, output)
                self.assertIn("is being carried out already", output)
            (first,) = [program for program in racing if program.poll() is None]
        for host in HOSTS:
            if host != "h1":
                self.wait_for(host)
            self.let_go_on(host)
        self.assertEqual(first.wait(timeout=60), 0)
        self.assertEqual(self.ledger(), {"begun h1": 1, "begun h2": 1})

    def test_a_controller_that_was_overtaken_is_refused_by_the_hosts(self):
        self.gates()
        first = self.sluice("run", self.path("gates.deploy"), "--yes", "--state", self.path("state"))
        self.wait_for("h1")
        self.stop(first)
        # As on another machine, which has the state directory and not the lock.
        shutil.copytree(self.path("state"), self.path("other"))
        second = self.sluice("resume", "--state", self.path("other"))
        self.let_go_on("h1")
        self.wait_for("h2")
        # Now the first one wakes, sees that h1 has ended, and goes on to h2.
        self.go_on(first)
        status, output = self.end_of(first)
        self.assertIn("another controller has taken this run over", output)
        self.assertNotIn(status, (0, 3), output)
        self.let_go_on("h2")
        status, output = self.end_of(second)
        self.assertEqual(status, 0, output)
        self.assertEqual(self.ledger(), {"begun h1": 1, "begun h2": 1})

    # `ip netns exec` becomes the program: its processes are those of its number.
    def stop(self, program):
        program.send_signal(signal.SIGSTOP)

    def go_on(self, program):
        program.send_signal(signal.SIGCONT)


if __name__ == "__main__":
    try:
        make_network()
    except (OSError, subprocess.CalledProcessError) as error:
        remove_network()
        print(f"skipped: no network namespaces: {getattr(error, 'stderr', error)}")
        sys.exit(77)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        unittest.main(verbosity=2)
    finally:
        remove_network()
