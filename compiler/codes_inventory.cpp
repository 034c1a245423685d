// The codes of inventories (E05xx, W05xx). An example that needs a file beside it has a line
// `=== NAME` before that file's text.
#include <array>

#include "compiler/codes.h"

namespace sluice::compiler {

namespace {

constexpr std::array table{
    Code{"E0501", "an inventory that cannot be read",
         "The path is seen from the file that names it, and lies, links followed, beneath the main "
         "file's folder or `--root`.",
         R"deploy(deployment "Acme"
inventory "nowhere.ini"
step "A" { run "true" })deploy",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" { run "true" }
=== hosts.ini
web-1)deploy"},
    Code{"E0502", "a line of an inventory that cannot be read",
         "An INI inventory has sections, lines of hosts with `name=value` behind them, and in "
         "`[group:vars]` a variable a line. Values with blanks stand in quotes.",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-1 zone eu-1)deploy",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-1 zone=eu-1)deploy"},
    Code{"E0503", "a malformed range or port in an inventory",
         "Ansible's ranges have a colon between their ends, and may have a step: [01:10], [a:f], "
         "[1:9:2]. With leading zeros both ends have as many digits.",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-[01:100])deploy",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-[001:100])deploy"},
    Code{"E0504", "a group that is nowhere opened",
         "What `[group:children]` names, and what `[group:vars]` is for, has a section of its own.",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-1
[all_servers:children]
wbe)deploy",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-1
[all_servers:children]
web)deploy"},
    Code{"E0505", "groups in a circle", "A group is not below itself, not through others either.",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web:children]
eu
[eu:children]
web)deploy",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web:children]
eu
[eu]
web-1)deploy"},
    Code{"E0506", "a text that is no YAML, JSON or CSV",
         "The file's ending says what it is: .yml and .yaml, .json, .csv; everything else is read "
         "as an INI inventory.",
         R"deploy(deployment "Acme"
inventory "hosts.yml"
step "A" on web { run "true" }
=== hosts.yml
web:
	hosts:)deploy",
         R"deploy(deployment "Acme"
inventory "hosts.yml"
step "A" on web { run "true" }
=== hosts.yml
web:
  hosts:
    web-1:)deploy"},
    Code{"E0507", "an inventory of another shape",
         "In YAML a group is a map with `hosts`, `vars` and `children`, which are maps as well: "
         "each name has a colon behind it.",
         R"deploy(deployment "Acme"
inventory "hosts.yml"
step "A" on web { run "true" }
=== hosts.yml
web:
  hosts:
    - web-1)deploy",
         R"deploy(deployment "Acme"
inventory "hosts.yml"
step "A" on web { run "true" }
=== hosts.yml
web:
  hosts:
    web-1:)deploy"},
    Code{"E0508", "an inventory that is too large",
         "At most 64 MiB are read, 100,000 groups and 10,000,000 hosts; ranges are counted before "
         "any is made.",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-[1:999999999])deploy",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-[1:9])deploy"},
    Code{"E0509", "an inventory that is a program",
         "A program that a file names is started by `run` and `census`, by `resume`, which "
         "compares, "
         "and elsewhere with `--programs`. It is given `--list`, prints what `ansible-inventory "
         "--list` prints, ends with status 0 within 60 seconds, and prints at most 64 MiB.",
         R"deploy(# sluice check web.deploy
deployment "Acme"
inventory "hosts.sh"
step "A" on web { run "true" }
=== hosts.sh
#!/bin/sh
echo '{ "web": { "hosts": ["web-1"] } }'
)deploy",
         ""},
    Code{"E0510", "a host that cannot be reached as the inventory says",
         "Hosts are reached by ssh, or local. What Ansible works out from a template is not known "
         "here. Of hosts that no step reaches W0506 warns instead.",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-1 ansible_connection=winrm)deploy",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-1 ansible_connection=ssh)deploy"},
    Code{"E0511", "a table without the names of its columns",
         "The first line of a CSV inventory names the columns, each once: `name` is the target's, "
         "`groups` those that it is in, every other one a property.",
         R"deploy(deployment "Acme"
inventory "hosts.csv"
step "A" on web { run "true" }
=== hosts.csv
web-1,web)deploy",
         R"deploy(deployment "Acme"
inventory "hosts.csv"
step "A" on web { run "true" }
=== hosts.csv
name,groups
web-1,web)deploy"},
    Code{"E0512", "a file that holds no hosts",
         "It is encrypted, or it tells a plugin of Ansible where to ask. Ansible can write down "
         "what it finds: `ansible-inventory -i FILE --list > hosts.json`.",
         R"deploy(deployment "Acme"
inventory "hosts.yml"
step "A" on web { run "true" }
=== hosts.yml
plugin: amazon.aws.aws_ec2)deploy",
         R"deploy(deployment "Acme"
inventory "hosts.json"
step "A" on web { run "true" }
=== hosts.json
{"web": {"hosts": ["web-1"]}})deploy"},
    Code{"W0501", "a secret in an inventory",
         "Variables that end in `password`, `pass` or `token`, and what ansible-vault has "
         "encrypted, are left out of the plan. A secret is read when the run starts.",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-1 db_password=sesame)deploy",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
secret db_password from env "DB_PASSWORD"
step "A" on web {
  run script {
    body = "psql"
    environment { PGPASSWORD = db_password }
  }
}
=== hosts.ini
[web]
web-1)deploy"},
    Code{"W0502", "a variable that no property can hold",
         "A property is a text, a number with at most six decimal places, a truth, or a list of "
         "these.",
         R"deploy(deployment "Acme"
inventory "hosts.yml"
step "A" on web { run "true" }
=== hosts.yml
web:
  hosts:
    web-1:
      disks: {root: 20}
)deploy",
         R"deploy(deployment "Acme"
inventory "hosts.yml"
step "A" on web { run "true" }
=== hosts.yml
web:
  hosts:
    web-1:
      root_disk: 20
)deploy"},
    Code{"W0503", "a setting of Ansible's connection that is not taken over",
         "Options of ssh stand in OpenSSH's own configuration, or in `connect ssh`.",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-1
[web:vars]
ansible_ssh_common_args='-o ProxyJump=gate')deploy",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
connect ssh { jump = "gate" }
step "A" on web { run "true" }
=== hosts.ini
[web]
web-1)deploy"},
    Code{"W0504", "a template of Ansible",
         "What stands between `{{` and `}}` is not worked out: the property has the text as it "
         "stands.",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-1 url="http://{{ inventory_hostname }}/")deploy",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run http { url = "http://${target.name}/" } }
=== hosts.ini
[web]
web-1)deploy"},
    Code{"W0505", "a key of an inventory that is not read, or stands there twice",
         "A group has `hosts`, `vars` and `children`. Of one key that stands twice in a map the "
         "last counts.",
         R"deploy(deployment "Acme"
inventory "hosts.yml"
step "A" on web { run "true" }
=== hosts.yml
web:
  hosts:
    web-1:
  variables:
    zone: eu-1
)deploy",
         R"deploy(deployment "Acme"
inventory "hosts.yml"
step "A" on web { run "true" }
=== hosts.yml
web:
  hosts:
    web-1:
  vars:
    zone: eu-1
)deploy"},
    Code{"W0506", "a host that cannot be reached as the inventory says, and is not",
         "An inventory may hold hosts that are reached by other ways than ssh, or by what Ansible "
         "works out from a template. While no step reaches them that is no mistake (E0510).",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-1
[switches]
sw-1 ansible_connection=ansible.netcommon.network_cli)deploy",
         R"deploy(deployment "Acme"
inventory "hosts.ini"
step "A" on web { run "true" }
=== hosts.ini
[web]
web-1)deploy"},
};

}  // namespace

std::span<const Code> inventory_codes() {
  return table;
}

}  // namespace sluice::compiler
