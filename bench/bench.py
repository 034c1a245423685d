#!/usr/bin/env python3
"""Measures sluice beside its peers and beside what this machine can do at all, in one run.

usage: bench.py BUILD_DIR [NAME…]     NAME: simulate, events, scale, peers, runs, advise, report, compile, local, ssh;
                                      all by default

Every figure is the median of several runs, taken in turn with its peer so that a busy minute hits
both. Traffic goes to loopback addresses only; each server that is started here is ended here.
"""
import getpass
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import compile_files
import simulation
from measure import ROUNDS, Table, in_turn, measure

def growth(table, sluice, kind, files):
    """`sluice check` on files of one kind, each twice as large as the one before; {size: usage}."""
    found = in_turn({size: [sluice, "check", file] for size, file in files.items()})
    before = None
    for size, (usage, _) in found.items():
        table.row(f"{kind}: {size}", f"{usage.wall:.3f}", f"{usage.cpu:.3f}", usage.memory_kib // 1024,
                  f"{usage.cpu / before:.1f}" if before else "")
        before = usage.cpu
    return {size: usage for size, (usage, _) in found.items()}


def bench_compile(place, sluice, build):
    """From the text to the sealed plan, and what others take to read as much."""
    del build
    at = lambda name: os.path.join(place, name)
    table = Table("Compile: text to sealed plan with its contracts answered, `sluice check`, whole process",
                  ["", "wall s", "CPU s", "peak MiB", "× of half the size, CPU"])
    compile_files.services(at("small.deploy"), 1_000)
    runs = [measure([sluice, "check", at("small.deploy")])[0] for _ in range(21)]
    table.row("a file of 1 KB", f"{statistics.median(u.wall for u in runs):.4f}",
              f"{statistics.median(u.cpu for u in runs):.4f}", max(u.memory_kib for u in runs) // 1024, "")
    sizes = {}
    for count in (10_000, 20_000, 40_000):
        compile_files.steps(at(f"steps-{count}.deploy"), count)
        sizes[f"{count:,}"] = at(f"steps-{count}.deploy")
    of_steps = growth(table, sluice, "steps", sizes)
    sizes, services = {}, 0
    for megabytes in (2.5, 5, 10):
        count = compile_files.services(at(f"large-{megabytes}.deploy"), int(megabytes * 1e6))
        services = services or count
        sizes[f"{megabytes} MB, {count:,} steps × 4"] = at(f"large-{megabytes}.deploy")
    of_bytes = growth(table, sluice, "one file", sizes)
    for name, as_range in (("lines", False), ("range", True)):
        growth(table, sluice, "hosts of an INI inventory, each on a line" if name == "lines" else "hosts of one range",
               {f"{count:,}": compile_files.hosts(place, name, count, as_range)[1]
                for count in (250_000, 500_000, 1_000_000)})
    sizes = {}
    for targets in (250_000, 500_000, 1_000_000):
        simulation.rolling_file(at(f"rolling-{targets}.deploy"), targets, 100)
        sizes[f"{targets:,} × 5"] = at(f"rolling-{targets}.deploy")
    growth(table, sluice, "targets × child steps of R(N, 100, 5)", sizes)
    return f"{table}\n{compile_peers(place, sluice, services, of_steps, of_bytes)}"


def compile_peers(place, sluice, services, of_steps, of_bytes):
    at = lambda name: os.path.join(place, name)
    compile_files.edges(at("build.ninja"), 10_000)
    compile_files.services_yaml(at("services.yml"), services)
    inventory, deploy = compile_files.hosts(place, "few", 2_000, False)
    load = "import sys, yaml; yaml.load(open(sys.argv[1], encoding='utf-8'), Loader=yaml.CSafeLoader)"
    found = in_turn({
        "ninja": {"command": ["ninja", "-n", "-C", place, "step-10000"]},
        "yaml": {"command": ["/usr/bin/python3", "-c", load, at("services.yml")]},
        "ansible": {"command": ["ansible-inventory", "-i", inventory, "--list"],
                    "environment": ansible_environment(place)},
        "sluice": {"command": [sluice, "check", deploy]}}, rounds=2)
    table = Table("Beside other readers, which plan and check less or nothing",
                  ["", "wall s", "CPU s", "peak MiB", "× of sluice, CPU"])
    for peer, title, ours in (
            ("ninja", "`ninja -n`, 10,000 edges in a row; sluice: 10,000 steps", next(iter(of_steps.values()))),
            ("yaml", f"PyYAML's C loader, {services:,} services; sluice: the same in 2.5 MB",
             next(iter(of_bytes.values()))),
            ("ansible", "`ansible-inventory --list`, 2,000 lines; sluice: the same inventory to a plan",
             found["sluice"][0])):
        theirs = found[peer][0]
        table.row(title, f"{theirs.wall:.2f}; {ours.wall:.3f}", f"{theirs.cpu:.2f}; {ours.cpu:.3f}",
                  f"{theirs.memory_kib // 1024}; {ours.memory_kib // 1024}", f"{theirs.cpu / ours.cpu:.1f}")
    return table


def deploy_text(connect, targets):
    text = f'deployment "Bench"\n\nrole web {{\n{targets}  {connect}\n}}\n\nstep "Update" on web window 10 {{\n'
    for number in range(1, 5):
        text += f'  step "Action {number}" {{\n    run "true"\n    takes 10ms\n  }}\n'
    return text + "}\n"


def playbook(connection):
    tasks = "".join(f"    - name: Action {n}\n      {connection}: 'true'\n" for n in range(1, 5))
    return f"- hosts: web\n  gather_facts: false\n  serial: 10\n  tasks:\n{tasks}"


def ansible_environment(place):
    config = os.path.join(place, "ansible.cfg")
    with open(config, "w", encoding="utf-8") as file:
        file.write("[defaults]\nforks = 10\nretry_files_enabled = false\ninterpreter_python = /usr/bin/python3\n"
                   "[ssh_connection]\npipelining = true\nssh_args = -o ControlMaster=auto -o ControlPersist=60s\n")
    return {"ANSIBLE_CONFIG": config, "ANSIBLE_LOCAL_TEMP": os.path.join(place, "tmp"), "LC_ALL": "C.UTF-8",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": os.path.join(place, "cp")}


def compare_run(title, place, sluice, deploy, inventory, kinds, actions):
    """One rollout by sluice and by Ansible, with each of its modules named in `kinds`."""
    commands = {"sluice": {"command": [sluice, "run", "--yes", "--quiet", "--state", f"{place}/state", deploy]}}
    environment = ansible_environment(place)
    for kind in kinds:
        book = os.path.join(place, f"{kind}.yml")
        with open(book, "w", encoding="utf-8") as file:
            file.write(playbook(kind))
        commands[kind] = {"command": ["ansible-playbook", "-i", inventory, book], "environment": environment}
    found = in_turn(commands)
    ours, _ = found["sluice"]
    table = Table(title, ["", "wall s", "actions/s", "CPU s, ours or theirs", "× of sluice, wall", "× of sluice, CPU"])
    table.row("`sluice run`, journal on", f"{ours.wall:.2f}", f"{actions / ours.wall:.0f}", f"{ours.cpu:.2f}", "1", "1")
    for kind in kinds:
        usage, _ = found[kind]
        table.row(f"Ansible `{kind}`, serial 10, forks 10, pipelining", f"{usage.wall:.2f}",
                  f"{actions / usage.wall:.0f}", f"{usage.cpu:.2f}", f"{usage.wall / ours.wall:.1f}",
                  f"{usage.cpu / ours.cpu:.1f}")
    return table


def bench_local(place, sluice, build):
    deploy = os.path.join(place, "local.deploy")
    with open(deploy, "w", encoding="utf-8") as file:
        file.write(deploy_text("connect local", '  target "web-[001..100]"\n'))
    inventory = os.path.join(place, "local.ini")
    with open(inventory, "w", encoding="utf-8") as file:
        file.write("[web]\nweb-[001:100] ansible_connection=local\n")
    table = compare_run("Carry out 100 local targets × 4 no-op scripts, 10 at a time", place, sluice, deploy,
                        inventory, ["command"], 400)
    spawn, text = in_turn({"limit": [f"{build}/limit_spawn", "400", "10", "/bin/sh", "-c", "true"]})["limit"]
    table.row("vfork + exec of `sh` alone, 10 in flight (`bench/limit_spawn`)", f"{spawn.wall:.2f}",
              f"{400 / spawn.wall:.0f}", f"{spawn.cpu:.2f}", "", "")
    return table


class SshBed:
    """Servers of our own on loopback addresses, with one key and a known_hosts file."""

    MOST_ADDRESSES = 16  # that one sshd listens on

    def __init__(self, place, addresses, port=22222):
        self.place, self.addresses, self.port = place, addresses, port
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", ""]
        subprocess.run([*keygen, "-f", f"{place}/host_key"], check=True)
        subprocess.run([*keygen, "-f", f"{place}/user_key"], check=True)
        shutil.copy(f"{place}/user_key.pub", f"{place}/authorized_keys")
        host_key = " ".join(open(f"{place}/host_key.pub", encoding="utf-8").read().split()[:2])
        with open(f"{place}/known_hosts", "w", encoding="utf-8") as file:
            file.writelines(f"[{address}]:{port} {host_key}\n" for address in addresses)
        home = os.path.join(place, "home")  # an empty one, so that no one's shell start-up is measured
        os.makedirs(home)
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        self.log = open(f"{place}/sshd.log", "w", encoding="utf-8")
        self.servers = [self.server(addresses[at:at + self.MOST_ADDRESSES], home)
                        for at in range(0, len(addresses), self.MOST_ADDRESSES)]
        self.wait_until_up()

    def server(self, addresses, home):
        config = f"{self.place}/sshd_config.{addresses[0]}"
        with open(config, "w", encoding="utf-8") as file:
            file.writelines(f"ListenAddress {address}\n" for address in addresses)
            file.write(f"Port {self.port}\nHostKey {self.place}/host_key\n"
                       f"AuthorizedKeysFile {self.place}/authorized_keys\nPidFile none\nStrictModes no\nUsePAM no\n"
                       f"PasswordAuthentication no\nUseDNS no\nMaxStartups 500:30:1000\nMaxSessions 100\n"
                       f"KexAlgorithms curve25519-sha256\nPermitRootLogin prohibit-password\nSetEnv HOME={home}\n")
        return subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", config], stderr=self.log)

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

    def down(self):
        for server in self.servers:
            server.terminate()
            server.wait()
        self.log.close()


def bench_ssh(place, sluice, build):
    addresses = [f"127.0.1.{n}" for n in range(1, 51)]
    bed = SshBed(place, addresses)
    try:
        settings = (f'connect ssh {{ user = "{getpass.getuser()}" port = {bed.port} identity_file = "{place}/user_key" '
                    f'known_hosts_file = "{place}/known_hosts" }}')
        deploy = os.path.join(place, "ssh.deploy")
        with open(deploy, "w", encoding="utf-8") as file:
            file.write(deploy_text(settings, '  target "127.0.1.[1..50]"\n'))
        inventory = os.path.join(place, "ssh.ini")
        with open(inventory, "w", encoding="utf-8") as file:
            file.write("[web]\n" + "\n".join(addresses) + "\n[web:vars]\n"
                       f"ansible_port={bed.port}\nansible_ssh_private_key_file={place}/user_key\n"
                       f"ansible_ssh_common_args=-o UserKnownHostsFile={place}/known_hosts\n")
        return compare_run("Carry out 50 ssh targets × 4 no-op scripts on loopback, 10 at a time", place, sluice,
                           deploy, inventory, ["command", "raw"], 200)
    finally:
        bed.down()


def main():
    build = os.path.abspath(sys.argv[1])
    sluice = os.path.join(build, "sluice")
    all_benches = {name: getattr(simulation, f"bench_{name}")
                   for name in ("simulate", "events", "scale", "peers", "runs", "advise", "report")}
    all_benches |= {"compile": bench_compile, "local": bench_local, "ssh": bench_ssh}
    names = sys.argv[2:] or list(all_benches)
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), "unknown")
    print(f"{os.cpu_count()} cores, {model}; load {os.getloadavg()[0]:.1f} at the start; "
          f"medians of {ROUNDS} runs, taken in turn\n")
    for name in names:
        with tempfile.TemporaryDirectory(prefix="sluice-bench-") as place:
            print(all_benches[name](place, sluice, build), flush=True)


if __name__ == "__main__":
    main()
