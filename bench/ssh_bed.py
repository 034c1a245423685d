"""Hosts for the ssh benchmarks: servers of our own on loopback addresses, and a link that is far away."""
import asyncio
import getpass
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time


class SshBed:
    """Servers with one key and one key exchange, and one client configuration for all peers."""

    MOST_ADDRESSES = 16  # that one sshd listens on

    def __init__(self, place, addresses, port=22222):
        self.place, self.addresses, self.port = place, addresses, port
        self.user = getpass.getuser()
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", ""]
        subprocess.run([*keygen, "-f", f"{place}/host_key"], check=True)
        subprocess.run([*keygen, "-f", f"{place}/user_key"], check=True)
        shutil.copy(f"{place}/user_key.pub", f"{place}/authorized_keys")
        host_key = " ".join(open(f"{place}/host_key.pub", encoding="utf-8").read().split()[:2])
        with open(f"{place}/known_hosts", "w", encoding="utf-8") as file:
            file.write(f"* {host_key}\n")
        self.config = f"{place}/ssh_config"
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"Host *\n  Port {port}\n  User {self.user}\n  IdentityFile {place}/user_key\n"
                       f"  IdentitiesOnly yes\n  UserKnownHostsFile {place}/known_hosts\n"
                       "  StrictHostKeyChecking yes\n  BatchMode yes\n")
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        self.part_homes()
        self.log = open(f"{place}/sshd.log", "w", encoding="utf-8")
        self.apart = self.with_plain_shell()
        self.servers = [self.server(addresses[at:at + self.MOST_ADDRESSES])
                        for at in range(0, len(addresses), self.MOST_ADDRESSES)]
        self.wait_until_up()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()

    def server(self, addresses):
        config = f"{self.place}/sshd_config.{addresses[0]}"
        with open(config, "w", encoding="utf-8") as file:
            file.writelines(f"ListenAddress {address}\n" for address in addresses)
            file.write(f"Port {self.port}\nHostKey {self.place}/host_key\n"
                       f"AuthorizedKeysFile {self.place}/authorized_keys\nPidFile none\nStrictModes no\nUsePAM no\n"
                       f"PasswordAuthentication no\nUseDNS no\nMaxStartups 500:30:1000\nMaxSessions 100\n"
                       "KexAlgorithms curve25519-sha256\nPermitRootLogin prohibit-password\n")
            # Each host has a home, and an empty one: no one's shell start-up is measured.
            for address in addresses:
                home = f"{self.place}/home/{address}"
                os.makedirs(home)
                file.write(f"Match LocalAddress {address}\n  SetEnv HOME={home}\n")
        return subprocess.Popen([*self.apart, "/usr/sbin/sshd", "-D", "-e", "-f", config], stderr=self.log)

    def part_homes(self):
        """What a host has made and removed is no business of the others, which have disks of their own: on the one
        ext4 of this machine each new file would pass over all that was removed beside it in the last minutes. Homes
        are put into block groups of their own, as chattr(1) advises for /home."""
        os.makedirs(f"{self.place}/home")
        subprocess.run(["chattr", "+T", f"{self.place}/home"], stderr=subprocess.DEVNULL, check=False)

    def alone(self, command):
        """What measure() takes, for a run that finds nothing of those before it: an empty home on each host, in a block
        group where nothing was removed, and the like for /tmp here, where the sockets of connections are made."""
        folders = [f"home/{address}" for address in self.addresses]
        words = command["command"]
        if self.apart and not words[0].startswith("/tmp/"):
            folders.append("home/tmp")
            words = [*in_own_mounts(f"{self.place}/home/tmp", "/tmp"), *words]
        return command | {"command": words, "before": lambda: [self.make_anew(name) for name in folders]}

    def make_anew(self, name):
        at = f"{self.place}/{name}"
        if os.path.exists(at):
            os.makedirs(f"{self.place}/left", exist_ok=True)
            os.rename(at, f"{self.place}/left/{time.monotonic_ns()}")
        os.makedirs(at)

    def with_plain_shell(self):
        """The login's shell is dash, as where the goals were founded on: for servers that see a passwd of their own."""
        users = f"{self.place}/passwd"
        text = open("/etc/passwd", encoding="utf-8").read()
        with open(users, "w", encoding="utf-8") as file:
            file.write(re.sub(rf"^({re.escape(self.user)}:.*:)[^:\n]*$", r"\1/bin/dash", text, flags=re.M))
        apart = in_own_mounts(users, "/etc/passwd")
        return apart if subprocess.run([*apart, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0 else []

    def wait_until_up(self):
        missing = list(self.addresses)
        for _ in range(100):
            missing = [address for address in missing if not self.answers(address)]
            if not missing:
                return
            time.sleep(0.1)
        self.down()
        sys.exit(f"bench: sshd does not answer: {open(self.log.name, encoding='utf-8').read()[-2000:]}")

    def answers(self, address):
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex((address, self.port)) == 0

    def connect_phrase(self, wrapper=None, more=""):
        return f'connect ssh {{ config_file = "{self.config}"{more}{self.wrapped(wrapper)} }}'

    def libssh_phrase(self, wrapper=None):
        """The same, over libssh, which reads no configuration of OpenSSH."""
        return (f'connect ssh {{ client = "libssh" port = {self.port} identity_file = "{self.place}/user_key" '
                f'known_hosts_file = "{self.place}/known_hosts"{self.wrapped(wrapper)} }}')

    @staticmethod
    def wrapped(wrapper):
        return f' wrapper = "{wrapper}"' if wrapper else ""

    def down(self):
        for server in self.servers:
            server.terminate()
            server.wait()
        self.log.close()


def in_own_mounts(what, where):
    """Words before a command that sees `what` at `where`."""
    return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"', what, where]


class FarLink:
    """A proxy that holds each byte back for `one_way` seconds, in both directions."""

    def __init__(self, address, port, to, one_way):
        self.to, self.one_way = to, one_way
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.connected, address, port))
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self.end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    async def end(self):
        self.server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def connected(self, reader, writer):
        there_reader, there_writer = await asyncio.open_connection(*self.to)
        for one in (writer, there_writer):
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await asyncio.gather(self.carry(reader, there_writer), self.carry(there_reader, writer))
        except asyncio.CancelledError:
            pass  # the link is taken down

    async def carry(self, reader, writer):
        try:
            while data := await reader.read(65536):
                self.loop.call_later(self.one_way, writer.write, data)
            self.loop.call_later(self.one_way, writer.close)
        except (ConnectionError, asyncio.CancelledError):
            writer.close()


def seconds_there_and_back(port, one_way, rounds=41):
    """What a small message and its echo take over such a link: what its timers round up is the link's own."""
    with socket.create_server(("127.0.0.1", port)) as server:
        def echo():
            there, _ = server.accept()
            with there:
                while data := there.recv(65536):
                    there.sendall(data)

        threading.Thread(target=echo, daemon=True).start()
        with FarLink("127.0.0.1", port + 1, ("127.0.0.1", port), one_way):
            with socket.create_connection(("127.0.0.1", port + 1)) as here:
                here.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                times = []
                for _ in range(rounds):
                    begin = time.monotonic()
                    here.sendall(b"x" * 512)
                    here.recv(65536)
                    times.append(time.monotonic() - begin)
    return statistics.median(times)
