#!/usr/bin/python3
"""What Ansible itself makes of inventories: for each file named, the listing that `ansible-inventory --list` prints,
or null where it refuses the file; all in one process, as one JSON object by file name. With --hosts, for each file named
`{"variables": {HOST: {…}}, "groups": {GROUP: [HOST…]}}` instead: what a play sees, the hosts in the order that it takes them.

usage: ansible_listing.py [--hosts] FILE…
"""
import contextlib
import io
import json
import os
import sys
import tempfile

# No settings but ours: neither those of the machine nor those of the user.
home = tempfile.TemporaryDirectory()
os.environ["HOME"] = home.name
os.environ["ANSIBLE_HOME"] = home.name
os.environ["ANSIBLE_CONFIG"] = os.path.join(home.name, "ansible.cfg")
open(os.environ["ANSIBLE_CONFIG"], "w").close()
os.environ["ANSIBLE_INVENTORY_UNPARSED_FAILED"] = "true"
os.environ["ANSIBLE_NOCOLOR"] = "true"

from ansible import constants  # noqa: E402
from ansible.cli.inventory import InventoryCLI  # noqa: E402
from ansible.errors import AnsibleError  # noqa: E402
from ansible.inventory.manager import InventoryManager  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.vars.manager import VariableManager  # noqa: E402

PLUGINS = {".ini": "ini", ".yml": "yaml", ".yaml": "yaml", ".sh": "script"}


def listing(command, path, hosts_alone):
    constants.INVENTORY_ENABLED = [PLUGINS[os.path.splitext(path)[1]]]
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            command.loader = DataLoader()
            command.inventory = InventoryManager(loader=command.loader, sources=[path])
            command.vm = VariableManager(loader=command.loader, inventory=command.inventory)
            if hosts_alone:
                return hosts_of(command)
            return json.loads(command.dump(command.json_inventory(command._get_group("all"))))
    except (AnsibleError, ValueError):
        return None


def hosts_of(command):
    hosts = command.inventory.get_hosts()
    variables = {host.name: command._get_host_variables(host=host) for host in hosts}
    groups = {name: [host.name for host in command.inventory.get_hosts(name)] for name in command.inventory.groups}
    return {"variables": json.loads(command.dump(variables)), "groups": groups}


def main():
    command = InventoryCLI(["ansible-inventory", "--list"])
    command.parse()
    hosts_alone = sys.argv[1] == "--hosts"
    json.dump({path: listing(command, path, hosts_alone) for path in sys.argv[1 + hosts_alone:]}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
