"""The files that `scripts/bench compile` reads, and what other tools read beside them.

Each text is written here from a count, so that it grows in one place: steps, bytes or hosts.
"""
import os

SERVICE = '''# The service number {n}, as its owners want it.
step "Update service {n}" on web where zone == "eu-1" window 3 {{
  tolerate 1 failure

  step "Leave the load balancer" via lb {{
    run haproxy {{ backend = "service-{n}"  server = target.name  state = "drain" }}
    takes 5s
    drains
  }}
  step "Deploy" {{
    run """
      set -x
      bin/install --service {n} "$release"
      bin/migrate --service {n}
      """
    timeout 5m
    takes 30s to 50s
  }}
  step "Check" {{
    run http {{ url = "http://${{target.address}}:8080/service-{n}/health"  expect = 200 }}
    retry 10 every 2s
    takes 6s
  }}
  step "Return to the load balancer" via lb {{
    run haproxy {{ backend = "service-{n}"  server = target.name  state = "ready" }}
    takes 2s
    restores
  }}
}}

'''

# The same in YAML, as other tools for the purpose write it.
SERVICE_YAML = '''  # The service number {n}, as its owners want it.
  - step: "Update service {n}"
    on: web
    where: zone == "eu-1"
    window: 3
    tolerate: 1 failure
    steps:
      - step: Leave the load balancer
        via: lb
        haproxy: {{backend: "service-{n}", server: "{{{{ target.name }}}}", state: drain}}
        takes: 5s
        effect: drains
      - step: Deploy
        script: |
          set -x
          bin/install --service {n} "$release"
          bin/migrate --service {n}
        timeout: 5m
        takes: 30s to 50s
      - step: Check
        http: {{url: "http://{{{{ target.address }}}}:8080/service-{n}/health", expect: 200}}
        retry: {{more: 10, every: 2s}}
        takes: 6s
      - step: Return to the load balancer
        via: lb
        haproxy: {{backend: "service-{n}", server: "{{{{ target.name }}}}", state: ready}}
        takes: 2s
        effect: restores

'''

HEAD = '''deployment "Services"

variable release = "2.4.1"

role web {
  target "web-[1..10]" { zone = "eu-1" }
  connect local
}
role lb {
  target "lb-1"
  connect local
}

'''


def services(path, size):
    """A .deploy file of at least `size` bytes; says how many services stand in it."""
    count = 0
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEAD)
        while count == 0 or file.tell() < size:
            count += 1
            file.write(SERVICE.format(n=count))
    return count


def services_yaml(path, count):
    with open(path, "w", encoding="utf-8") as file:
        file.write("deployment: Services\nvariables: {release: 2.4.1}\n"
                   "roles:\n  web: {targets: \"web-[1..10]\", zone: eu-1}\n  lb: {targets: lb-1}\nsteps:\n")
        for number in range(1, count + 1):
            file.write(SERVICE_YAML.format(n=number))


def steps(path, count):
    with open(path, "w", encoding="utf-8") as file:
        file.write('deployment "Steps"\n\nrole web {\n  target "web-[1..10]"\n  connect local\n}\n\n')
        for number in range(1, count + 1):
            file.write(f'step "Step {number}" on web window 3 {{\n  run "bin/work {number}"\n  takes 1s\n}}\n\n')


def edges(path, count):
    """As many edges for ninja, each behind the one before it, as steps are."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("rule work\n  command = bin/work $number\n  description = Step $number\n\n")
        for number in range(1, count + 1):
            behind = f"step-{number - 1}" if number > 1 else ""
            file.write(f"build step-{number}: work {behind}\n  number = {number}\n")


def hosts(folder, name, count, as_range):
    """An inventory and the .deploy file that reads it; their paths."""
    inventory, deploy = (os.path.join(folder, f"{name}-{count}.{ending}") for ending in ("ini", "deploy"))
    with open(inventory, "w", encoding="utf-8") as file:
        file.write("[web]\n")
        if as_range:
            file.write(f"web-[1:{count}].acme.example zone=eu-1\n")
        else:
            file.writelines(f"web-{n}.acme.example zone=eu-{n % 3}\n" for n in range(1, count + 1))
    with open(deploy, "w", encoding="utf-8") as file:
        file.write(f'deployment "Hosts"\n\ninventory "{os.path.basename(inventory)}"\n\n'
                   'step "Update" on web window 100 {\n  run "bin/update"\n  takes 1s\n}\n')
    return inventory, deploy
