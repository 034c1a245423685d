"""What carrying out costs: fan-out over ssh and on this machine, beside its peers and the limits."""
import os
import re
import statistics

from measure import Table, in_turn, measure
from ssh_bed import FarLink, SshBed, seconds_there_and_back

STEPS = 4


def deploy_text(connect, targets, window, steps=STEPS):
    text = f'deployment "Bench"\n\nrole web {{\n  target "{targets}"\n  {connect}\n}}\n\n'
    text += f'step "Update" on web window {window} {{\n'
    for number in range(1, steps + 1):
        text += f'  step "Action {number}" {{\n    run "true"\n    takes 10ms\n  }}\n'
    return text + "}\n"


def write(place, name, text):
    path = os.path.join(place, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def playbook(module, window):
    tasks = "".join(f"    - name: Action {n}\n      {module}: 'true'\n" for n in range(1, STEPS + 1))
    return f"- hosts: web\n  gather_facts: false\n  serial: {window}\n  tasks:\n{tasks}"


def ansible_environment(place, forks=10):
    config = write(place, f"ansible-{forks}.cfg",
                   f"[defaults]\nforks = {forks}\nretry_files_enabled = false\n"
                   "interpreter_python = /usr/bin/python3\n[ssh_connection]\npipelining = true\n"
                   "ssh_args = -o ControlMaster=auto -o ControlPersist=60s\n")
    return {"ANSIBLE_CONFIG": config, "ANSIBLE_LOCAL_TEMP": os.path.join(place, "tmp"), "LC_ALL": "C.UTF-8",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": os.path.join(place, "cp")}


def sluice_run(place, sluice, deploy):
    # Its clients of OpenSSH are in the background, and end by themselves.
    return {"command": [sluice, "run", "--yes", "--quiet", "--state", f"{place}/state", deploy],
            "after": lambda: None}


def sluice_runs(place, sluice, bed, targets, window, steps=STEPS):
    """By OpenSSH's client, and over libssh; with the wrapper that hosts with Perl get, and the shell's."""
    over = {"": bed.connect_phrase(), ", over libssh": bed.libssh_phrase(),
            ", by the shell": bed.connect_phrase("sh"), ", over libssh, by the shell": bed.libssh_phrase("sh")}
    return {f"`sluice run`, journal on{name}":
            sluice_run(place, sluice, write(place, f"ssh-{number}.deploy", deploy_text(phrase, targets, window, steps)))
            for number, (name, phrase) in enumerate(over.items())}


def ansible_run(place, inventory, module, window):
    book = write(place, f"{module}-{window}.yml", playbook(module, window))
    return {"command": ["ansible-playbook", "-i", inventory, book],
            "environment": ansible_environment(place, window),
            "after": lambda: end_masters(os.path.join(place, "cp"))}


def end_masters(directory):
    """The connections that Ansible keeps for a minute: each of its runs makes its own."""
    for name in os.listdir(directory) if os.path.isdir(directory) else []:
        measure(["ssh", "-o", f"ControlPath={os.path.join(directory, name)}", "-O", "exit", "there"],
                statuses=(0, 255))


def compare(title, found, actions):
    """`found`: {name: (usage, text)}, sluice's first."""
    table = Table(title, ["", "wall s", "actions/s", "CPU s, ours or theirs", "CPU s, all else at work",
                          "× of sluice, wall", "× of sluice, CPU"])
    ours = next(iter(found.values()))[0]
    for name, (usage, _) in found.items():
        table.row(name, f"{usage.wall:.2f}", f"{actions / usage.wall:.0f}", f"{usage.cpu:.2f}",
                  f"{max(usage.machine - usage.cpu, 0):.2f}", f"{usage.wall / ours.wall:.1f}",
                  f"{usage.cpu / ours.cpu:.1f}")
    return table


def journal_share(place, build, wall):
    """What the journal of the newest run takes by itself, of the run's time."""
    _, text = measure(["find", f"{place}/state", "-name", "journal.db", "-size", "+0"])
    journal = max(text.split(), key=os.path.getmtime)
    copies = os.path.join(place, "copies")
    os.makedirs(copies, exist_ok=True)
    _, text = measure([f"{build}/durable_records", "again", journal, copies])
    records, seconds, commits = re.search(r"(\d+) records in ([\d.]+) s, (\d+) commits", text).groups()
    return (f"The journal of that run by itself: {records} records in {commits} commits, {float(seconds):.3f} s, "
            f"{100 * float(seconds) / wall:.1f} % of the wall time.\n")


def ssh_inventory(place, bed):
    return write(place, "ssh.ini", "[web]\n" + "\n".join(bed.addresses) + "\n[web:vars]\n"
                 f"ansible_ssh_common_args=-F {bed.config}\n")


def bench_ssh(place, sluice, build):
    return rolling(place, sluice, build, targets=50, window=10, rounds=3)


def bench_ssh_wide(place, sluice, build):
    return rolling(place, sluice, build, targets=200, window=50, rounds=1)


def rolling(place, sluice, build, targets, window, rounds):
    with SshBed(place, [f"127.0.1.{n}" for n in range(1, targets + 1)]) as bed:
        inventory = ssh_inventory(place, bed)
        runs = sluice_runs(place, sluice, bed, f"127.0.1.[1..{targets}]", window) | {
            f"Ansible `{module}`, serial and forks {window}, pipelining":
            ansible_run(place, inventory, module, window) for module in ("command", "raw")}
        found = in_turn({name: bed.alone(command) for name, command in runs.items()}, rounds)
        table = compare(f"Carry out {targets} ssh targets × {STEPS} no-op scripts on loopback, {window} at a time",
                        found, targets * STEPS)
        return f"{table}\n{journal_share(place, build, next(iter(found.values()))[0].wall)}"


def bench_fan_out(place, sluice, build):
    """100 targets × `true`, 50 at a time."""
    del build
    with SshBed(place, [f"127.0.1.{n}" for n in range(1, 101)]) as bed:
        plain = {"PDSH_SSH_ARGS_APPEND": f"-F {bed.config}"}
        hosts = write(place, "hosts", "\n".join(bed.addresses) + "\n")
        runs = sluice_runs(place, sluice, bed, "127.0.1.[1..100]", 50, steps=1) | {
            "`pdsh -R ssh -f 50`": {"command": ["pdsh", "-R", "ssh", "-f", "50", "-w", "127.0.1.[1-100]", "true"],
                                    "environment": plain},
            "`clush -f 50`": {"command": ["clush", "-f", "50", "-o", f"-F {bed.config}", "-w", "127.0.1.[1-100]",
                                          "true"]},
            "`xargs -P 50 ssh`": {"command": ["xargs", "-a", hosts, "-P", "50", "-I", "{}", "ssh", "-F", bed.config,
                                              "{}", "true"]}}
        found = in_turn({name: bed.alone(command) for name, command in runs.items()})
        return compare("100 ssh targets × `true` on loopback, 50 at a time", found, 100)


def seconds_an_action(bed, sluice, name, connect, target, rounds=3):
    """From the walls of a run with 5 actions in a row and one with 45: connecting falls out."""
    few, many = 5, 45
    commands = {count: bed.alone(sluice_run(bed.place, sluice, write(bed.place, f"{name}-{count}.deploy",
                                                                     deploy_text(connect, target, 1, count))))
                for count in (few, many)}
    found = in_turn(commands, rounds)
    return (found[many][0].wall - found[few][0].wall) / (many - few)


def seconds_a_command(bed, host, more, rounds=15):
    """A bare command over an open connection of OpenSSH's own."""
    path = f"{bed.place}/m"
    words = ["ssh", "-F", bed.config, "-o", f"ControlPath={path}", *more]
    measure([*words, "-o", "ControlMaster=yes", "-o", "ControlPersist=60", "-N", "-f", host])
    walls = [measure([*words, host, "true"])[0].wall for _ in range(rounds)]
    measure([*words, "-O", "exit", host])
    return statistics.median(walls)


def bench_delay(place, sluice, build):
    """What an action on an open connection takes above its command, near and far."""
    del build
    ms = lambda seconds: f"{1000 * seconds:.1f}"
    _, text = measure(["/bin/sh", "-c", "t=$(date +%s%N); for i in $(seq 100); do sh -c true; done; "
                       "echo $(( ($(date +%s%N) - t) / 100 ))"])
    bare = int(text) / 1e9
    table = Table("One action after the other on an open connection, ms each",
                  ["link", "a round trip, measured", "an action of sluice", "above a round trip and `sh -c true` alone",
                   "`ssh HOST true` with ControlPersist, for comparison"])
    def row(link, round_trip, wrapper, connect, target, command):
        seconds = seconds_an_action(bed, sluice, f"delay-{wrapper}", connect, target)
        table.row(f"{link}, `wrapper = \"{wrapper}\"`", ms(round_trip), ms(seconds), ms(seconds - round_trip - bare),
                  ms(command))

    with SshBed(place, ["127.0.1.1"]) as bed:
        command = seconds_a_command(bed, "127.0.1.1", [])
        for wrapper in ("sh", "perl"):
            row("loopback", 0, wrapper, bed.connect_phrase(wrapper), "127.0.1.1", command)
        for port, one_way in ((bed.port + 1, 0.010), (bed.port + 2, 0.020)):
            round_trip = seconds_there_and_back(bed.port + 5, one_way)
            with FarLink("127.0.1.2", port, ("127.0.1.1", bed.port), one_way):
                command = seconds_a_command(bed, "127.0.1.2", ["-p", str(port)])
                for wrapper in ("sh", "perl"):
                    connect = bed.connect_phrase(wrapper, f" port = {port}")
                    row(f"a proxy that delays by {ms(one_way)} ms each way", round_trip, wrapper, connect, "127.0.1.2",
                        command)
    return table


def bench_local(place, sluice, build):
    """1,000 targets × 4; Ansible is given a tenth of them, for it takes minutes."""
    table = Table("Carry out local targets × 4 no-op scripts, 10 at a time",
                  ["", "targets", "wall s", "actions/s", "CPU s, ours or theirs", "of the limit's actions/s",
                   "× of Ansible's actions/s"])
    script = write(place, "script", "true")
    inventory = write(place, "local.ini", "[web]\nweb-[001:100] ansible_connection=local\n")
    found = in_turn({
        "`sluice run`, journal on": sluice_run(place, sluice, write(
            place, "local.deploy", deploy_text("connect local", "web-[0001..1000]", 10))),
        "vfork + exec of `sh -eu SCRIPT` alone (`bench/limit_spawn`)":
            [f"{build}/limit_spawn", "4000", "10", "/bin/sh", "-eu", script]})
    share = journal_share(place, build, next(iter(found.values()))[0].wall)
    ansible = "Ansible `command`, serial and forks 10, pipelining"
    found |= in_turn({ansible: ansible_run(place, inventory, "command", 10)}, rounds=1)
    rate = {name: (400 if name == ansible else 4000) / usage.wall for name, (usage, _) in found.items()}
    limit = max(rate.values())
    for name, (usage, _) in found.items():
        table.row(name, 100 if name == ansible else "1,000", f"{usage.wall:.2f}", f"{rate[name]:.0f}",
                  f"{usage.cpu:.2f}", f"{rate[name] / limit:.2f}", f"{rate[name] / rate[ansible]:.0f}")
    return f"{table}\n{share}"


WAITING = """deployment "Ten thousand"

role web {
  target "web-[1..10000]"
  connect local
}

step "Update" on web window 100 {
  step "One" { run wait 1ms }
  step "Two" { run wait 1ms }
  step "Three" { run wait 1ms }
  step "Four" { run wait 1ms }
}

step "Look" { run manual { instructions = "fine?" } takes 1m }
"""


def bench_journal(place, sluice, build):
    """Durable records, and a run of 10,000 targets whose actions take nothing, taken up again."""
    table = Table("Durable records, each an event and its result",
                  ["ready together", "records/s", "commits/s", "128 bytes each, bare: records/s", "commits/s"])
    for ready in (1, 16, 256):
        count = {1: 3_000, 16: 100_000, 256: 300_000}[ready]
        found = in_turn({mode: [f"{build}/durable_records", mode, place, str(count), str(ready)]
                         for mode in ("write", "bare")}, rounds=1)
        row = [ready]
        for _, text in found.values():
            records, seconds, commits = re.search(r"(\d+) records in ([\d.]+) s, (\d+) commits", text).groups()
            row += [f"{int(records) / float(seconds):,.0f}", f"{int(commits) / float(seconds):,.0f}"]
        table.row(*row)
    deploy = write(place, "waiting.deploy", WAITING)
    waits = (4,)  # for a person, who is not there
    run, _ = measure(**sluice_run(place, sluice, deploy), statuses=waits)
    again, _ = measure([sluice, "resume", "--quiet", "--state", f"{place}/state"], statuses=waits)
    large = Table("10,000 targets × 4 actions that wait for 1 ms each, window 100, journal on",
                  ["", "wall s", "CPU s", "peak MiB"])
    for name, usage in (("`sluice run`, to a question at its end", run),
                        ("`sluice resume` of its 40,000 actions, to the question", again)):
        large.row(name, f"{usage.wall:.2f}", f"{usage.cpu:.2f}", usage.memory_kib // 1024)
    return f"{table}\n{large}"
