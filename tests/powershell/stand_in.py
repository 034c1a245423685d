#!/usr/bin/python3
"""Stands for PowerShell on hosts of the tests, and runs none: no line of a script is carried out but those
that open with `# stand-in: `, by sh. What it does check is what comes to it, and what it writes down:

powershell.exe  the session of a Windows host: decodes the command, reads the wrapper that the command speaks of,
                and goes no further where its length or its SHA-256 is another. Then it plays the wrapper's part
                of the conversation, by the wrapper for POSIX hosts, which answers in the same words.
powershell      what that one starts: a script with its environment
pwsh            PowerShell on the controller: decodes the command, which names its script in the environment

Each appends a line of JSON to $HOME/heard."""
import base64
import hashlib
import json
import os
import re
import subprocess
import sys


def hear(what):
    name = os.path.join(os.environ.get("STAND_IN_HOME") or os.environ["HOME"], "heard")
    with open(name, "a", encoding="utf-8") as file:
        file.write(json.dumps(what) + "\n")


def command():
    encoded = sys.argv[sys.argv.index("-EncodedCommand") + 1]
    return base64.b64decode(encoded, validate=True).decode("utf-16-le")


def session():
    text = command()
    length = int(re.search(r"New-Object byte\[\] (\d+)", text).group(1))
    digest = re.search(r"-ne '([0-9a-f]{64})'", text).group(1)
    wrapper = b""
    while len(wrapper) < length:
        got = os.read(0, length - len(wrapper))
        if not got:
            sys.exit(3)
        wrapper += got
    if hashlib.sha256(wrapper).hexdigest() != digest:
        sys.exit(3)
    hear({"is": "session", "arguments": sys.argv[1:], "wrapper": digest})
    with open(os.path.join(os.path.dirname(sys.argv[0]), "posix_wrapper"), encoding="utf-8") as file:
        os.execvp("dash", ["dash", "-c", file.read()])


def script(path, command_text=""):
    with open(path, encoding="utf-8", newline="") as file:
        body = file.read()
    names = os.environ["sluice_names"].split()
    items = re.findall(r"([^.]*)\.", os.environ["sluice_arguments"])
    hear({"is": "script", "body": body, "command": command_text,
          "variables": {name: os.environ[name] for name in names},
          "arguments": [base64.b64decode(item, validate=True).decode() for item in items],
          "environment": sorted(os.environ)})
    # Where there are two fifos, who comes first waits at them to be looked at.
    home = os.environ.get("STAND_IN_HOME") or os.environ["HOME"]
    there = os.path.join(home, "there")
    if os.path.exists(there):
        with open(there, "w", encoding="utf-8") as file:
            file.write("here\n")
        with open(os.path.join(home, "gate"), encoding="utf-8") as file:
            file.read()
    status = 0
    for line in body.splitlines():
        if line.startswith("# stand-in: "):
            sys.stdout.flush()
            status = subprocess.run(["sh", "-c", line[len("# stand-in: "):]], check=False).returncode
    sys.exit(status)


me = os.path.basename(sys.argv[0])
if me == "powershell.exe":
    session()
elif me == "pwsh":
    script(os.environ["sluice_script"], command())
else:
    script(sys.argv[2])
