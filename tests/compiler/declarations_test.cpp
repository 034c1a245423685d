// What stands around the steps: inventories in a plan, imports, environments, procedures, settings,
// contracts, and what the command line chooses.
#include <catch2/catch.hpp>

#include "compiler/compile.h"
#include "support/inventory_text.h"
#include "support/memory_files.h"

using namespace sluice;

namespace {

struct Compiled {
  std::optional<plan::Plan> plan;
  std::string said;
};

// The main file, and behind a line `=== NAME` each other.
Compiled compile(std::string_view text, compiler::Options options = {}) {
  test::MemoryFiles files(text);
  base::Sources sources;
  base::Diagnostics diagnostics;
  const base::FileId file = sources.add(base::SourceFile("web.deploy", files.main()));
  options.reader = &files;
  Compiled made;
  made.plan = compiler::compile(sources, file, options, diagnostics);
  made.said = base::print_diagnostics(diagnostics, sources, false);
  return made;
}

std::string step_names(const plan::Plan& plan) {
  std::string names;
  for (const plan::Step& step : plan.steps) names += (names.empty() ? "" : ", ") + step.name;
  return names;
}

std::string target_names(const plan::Plan& plan, plan::TargetListId list) {
  std::string names;
  plan.target_lists[list].for_each([&](plan::TargetId target) {
    names += (names.empty() ? "" : " ") + std::string(plan.targets.name(target));
  });
  return names;
}

std::string connection_text(const plan::Plan& plan, std::string_view target) {
  for (std::uint32_t i = 0; i < plan.targets.size(); ++i) {
    if (plan.targets.name({i}) != target) continue;
    const plan::Connection& made = plan.connections[plan.targets.connection({i})];
    std::string text = made.kind == plan::Connection::Kind::Local ? "local" : "ssh";
    for (const auto& setting : made.settings) {
      const auto value =
          plan::evaluate(setting.value, plan::PlanEnvironment(plan, plan::TargetId{i}, {}));
      text += " " + setting.name + "=" + plan::to_text(value.value());
    }
    return text;
  }
  return "";
}

const std::string three_steps = R"(deployment "Acme"
role web { target "web-[1..4]" }
role db { target "db-1" }
step "A" once on db { run "true" }
step "B" on web { step "One" { run "true" tags fast } step "Two" { run "true" } }
step "C" on web with previous { run "true" tags nightly }
step "D" { run "true" }
)";

}  // namespace

TEST_CASE("a property named like a word of the language is compared by its bare name") {
  const Compiled made = compile(R"(deployment "Acme"
role db {
  target "db-1" { role = "primary" order = 1 window = "night" }
  target "db-2" { role = "replica" order = 2 window = "day" }
  target "db-3" { role = "replica" order = 3 window = "night" }
}
step "A" on db where role == "replica" and order > 2 or (window != "night") window 1 {
  run "true"
}
)");
  CHECK(made.said == "");
  REQUIRE(made.plan);
  CHECK(target_names(*made.plan, made.plan->steps[plan::StepId{0}].targets) == "db-2 db-3");
}

TEST_CASE("an inventory's groups are roles, and its connections merge with the nearest connect") {
  const Compiled made = compile(R"(deployment "Acme"
inventory "hosts.ini"
connect ssh { user = "general" config_file = "ssh.conf" }
role db { connect ssh { user = "dba" } minimum 1 }
step "A" on web { run "true" }
step "B" on db { run "true" }
=== hosts.ini
[web]
web-1 ansible_host=10.0.0.1 ansible_port=2222
web-2 ansible_user=own zone=eu
here ansible_connection=local
[db]
db-1 ansible_host=10.0.0.9 ansible_user=ignored
=== group_vars/web.yml
zone: us
weight: 5
)");
  INFO(made.said);
  REQUIRE(made.plan);
  CHECK(connection_text(*made.plan, "web-1") ==
        "ssh address=10.0.0.1 config_file=ssh.conf port=2222 user=general");
  CHECK(connection_text(*made.plan, "web-2") == "ssh config_file=ssh.conf user=own");
  CHECK(connection_text(*made.plan, "here") == "local");
  CHECK(connection_text(*made.plan, "db-1") == "ssh address=10.0.0.9 user=dba");
  CHECK(plan::target_property(*made.plan, {0}, "address") == plan::Value{std::string("10.0.0.1")});
  CHECK(plan::target_property(*made.plan, {0}, "zone") == plan::Value{std::string("us")});
  CHECK(plan::target_property(*made.plan, {1}, "zone") == plan::Value{std::string("eu")});
  CHECK(plan::target_property(*made.plan, {1}, "weight") == plan::Value{plan::Number{5'000'000}});
}

TEST_CASE("an inventory that says libssh says who connects, unless what is nearer needs another") {
  const Compiled made = compile(R"(deployment "Acme"
inventory "hosts.ini"
connect ssh { user = "deploy" }
role db { connect ssh { jump = "bastion" } }
step "A" on web, db { run "true" }
=== hosts.ini
[web]
web-1 ansible_connection=libssh
web-2 ansible_connection=ansible.netcommon.libssh ansible_user=own
web-3
[db]
db-1 ansible_connection=libssh
)");
  INFO(made.said);
  REQUIRE(made.plan);
  CHECK(connection_text(*made.plan, "web-1") == "ssh client=libssh user=deploy");
  CHECK(connection_text(*made.plan, "web-2") == "ssh client=libssh user=own");
  CHECK(connection_text(*made.plan, "web-3") == "ssh user=deploy");
  CHECK(connection_text(*made.plan, "db-1") == "ssh jump=bastion");
}

TEST_CASE("who keeps an action's files is named, and known before any target is") {
  const auto made = [](const std::string& wrapper) {
    return compile("deployment \"Acme\"\nconnect ssh { wrapper = " + wrapper +
                   " }\nrole web { target \"w-1\" }\nstep \"A\" on web { run \"true\" }\n");
  };
  const Compiled by_perl = made("\"perl\"");
  INFO(by_perl.said);
  REQUIRE(by_perl.plan);
  CHECK(connection_text(*by_perl.plan, "w-1") == "ssh wrapper=perl");
  CHECK(made("\"python\"").said.find("`wrapper` is \"sh\" or \"perl\"") != std::string::npos);
  CHECK_FALSE(made("target.name").plan);
}

TEST_CASE("an environment replaces what the file declares") {
  const std::string text = R"(deployment "Acme"
inventory "test.csv"
variable pause = 1s
at most 9 targets
require available(web) >= 50%
environment production {
  inventory "prod.csv"
  variable pause = 2s
  at most 2 targets
  require available(web) >= 75%
}
step "A" on web { run wait { duration = pause } }
=== test.csv
name,groups,cores
t-1,web,2
=== prod.csv
name,groups,cores
p-[1:4],web,8
)";
  const Compiled plain = compile(text);
  INFO(plain.said);
  REQUIRE(plain.plan);
  CHECK(plain.plan->targets.size() == 1);
  CHECK(plain.plan->at_most->value == 9);
  compiler::Options options;
  options.chosen = "production";
  const Compiled chosen = compile(text, options);
  INFO(chosen.said);
  REQUIRE(chosen.plan);
  CHECK(chosen.plan->environment == "production");
  CHECK(chosen.plan->targets.size() == 4);
  CHECK(chosen.plan->at_most->value == 2);
  REQUIRE(chosen.plan->contracts.size() == 1);
  CHECK(chosen.plan->contracts[0].bounds[0].count == 3);
  CHECK(chosen.plan->contracts[0].text == "available(web) >= 75%");
}

TEST_CASE("a procedure's steps stand where it is used, with what its parameters were given") {
  const Compiled made = compile(R"(deployment "Acme"
import "lib.deploy"
role web { target "web-1" }
step "Update" on web {
  use leave(pause = 5s)
  step "Deploy" { run "true" }
}
use tell(whom = "a")
use tell(whom = "b") as "again"
=== lib.deploy
procedure leave(pause: duration) { step "Leave" { run wait { duration = pause } } }
procedure tell(whom: string) {
  step "First" { run http { url = "http://localhost/${whom}" } }
  step "Second" after "First" { run wait 1s }
}
)");
  INFO(made.said);
  REQUIRE(made.plan);
  CHECK(step_names(*made.plan) == "Update, First, Second, again: First, again: Second");
  const plan::Plan& plan = *made.plan;
  CHECK(plan.steps[plan::StepId{0}].tasks[0].name == "Leave");
  const auto* pause = plan.steps[plan::StepId{0}].tasks[0].action.attribute("duration");
  CHECK(*plan::constant_value(*pause) == plan::Value{base::Duration{5000}});
  const auto* url = plan.steps[plan::StepId{3}].tasks[0].action.attribute("url");
  CHECK(*plan::constant_value(*url) == plan::Value{std::string("http://localhost/b")});
  const plan::Join& last = plan.joins[plan.steps[plan::StepId{4}].join];
  CHECK(last.steps == std::vector<plan::StepId>{plan::StepId{3}});
}

TEST_CASE("an argument of the wrong type is told where it is given") {
  const Compiled made = compile(R"(deployment "Acme"
procedure rest(pause: duration) { step "Rest" { run wait { duration = pause } } }
use rest(pause = "5s")
)");
  CHECK_FALSE(made.plan);
  CHECK(made.said.find("web.deploy:3:18: error[E0205]: the parameter `pause` is") !=
        std::string::npos);
}

TEST_CASE("steps are chosen by name, pattern and tag, and joins are led past what is left out") {
  compiler::Options options;
  options.skip = {"B"};
  Compiled made = compile(three_steps, options);
  INFO(made.said);
  REQUIRE(made.plan);
  CHECK(step_names(*made.plan) == "A, C, D");
  // C stood beside B: it waits for A still; D waited for both.
  const plan::Plan& plan = *made.plan;
  CHECK(plan.joins[plan.steps[plan::StepId{1}].join].steps ==
        std::vector<plan::StepId>{plan::StepId{0}});
  CHECK(plan.joins[plan.steps[plan::StepId{2}].join].steps ==
        std::vector<plan::StepId>{plan::StepId{1}});
  options.skip = {};
  options.only = {"nightly,[AD]"};
  CHECK(step_names(*compile(three_steps, options).plan) == "A, C, D");
  options.only = {"fast"};
  made = compile(three_steps, options);
  CHECK(step_names(*made.plan) == "B");
  CHECK(made.plan->steps[plan::StepId{0}].tasks.size() == 1);
  options.only = {"Q"};
  CHECK(compile(three_steps, options).said.find("E0616") != std::string::npos);
}

TEST_CASE("targets are chosen by name, pattern, range and role; roles stay whole") {
  compiler::Options options;
  options.limit = {"web-[1-3],web-4"};
  options.exclude = {"web-2"};
  const Compiled made = compile(three_steps, options);
  INFO(made.said);
  REQUIRE(made.plan);
  const plan::Plan& plan = *made.plan;
  // The database is left out, and so is the step that had no other target.
  CHECK(step_names(plan) == "B, C, D");
  CHECK(target_names(plan, plan.steps[plan::StepId{0}].targets) == "web-1 web-3 web-4");
  CHECK(target_names(plan, plan.roles[plan::RoleId{0}].targets) == "web-1 web-2 web-3 web-4");
  options.limit = {"web-[2..3]", "db"};
  CHECK(step_names(*compile(three_steps, options).plan) == "A, B, C, D");
  options.limit = {"nobody"};
  CHECK(compile(three_steps, options).said.find("E0616") != std::string::npos);
}

TEST_CASE("a file that was made to break an inventory's reader is refused with a place") {
  const auto said = [](const char* name, const std::string& text) {
    const test::InventoryText read = test::read_inventory_text(name, text);
    CHECK_FALSE(read.good);
    return read.said.substr(0, read.said.find('\n'));
  };
  CHECK(said("h.ini", "w[1:999999999]") ==
        "h.ini:1:1: error[E0508]: `w[1:999999999]` stands for more hosts than 10000000");
  CHECK(said("h.ini", "w[1:9999]-[1:9999]").find("E0508") != std::string::npos);
  CHECK(said("h.ini", "w\xFF") == "h.ini:1:2: error[E0102]: the byte 0xFF is no UTF-8");
  CHECK(said("h.ini", std::string("w\0x", 3)).find("E0103") != std::string::npos);
  CHECK(said("h.json", "{\"a\":" + std::string(1'000'000, '['))
            .find("nested deeper than 128 levels") != std::string::npos);
  CHECK(said("h.yml", "a: " + std::string(1'000'000, '[')).find("nested deeper than 128 levels") !=
        std::string::npos);
  std::string bomb = "x: &a0 {a: {}}\n";
  for (int i = 1; i < 20; ++i) {
    bomb += "y" + std::to_string(i) + ":\n  children: &a" + std::to_string(i) + "\n";
    for (int k = 0; k < 9; ++k) {
      bomb += "    c" + std::to_string(i) + "-" + std::to_string(k) + ": {children: *a" +
              std::to_string(i - 1) + "}\n";
    }
  }
  CHECK(said("h.yml", bomb).find("E0508") != std::string::npos);
}

TEST_CASE("a script may stand in a file of its own, and the plan holds its text") {
  const Compiled made = compile(R"(deployment "Acme"
import "lib/steps.deploy"
variable release = "2.4.1"
step "A" { run script { file = "bin/a.sh"  shell = "bash" } }
use install
=== bin/a.sh
#!/bin/bash
echo "$release"
=== lib/steps.deploy
procedure install { step "B" { run script { file = "b" } } }
=== lib/b
echo b
)");
  REQUIRE(made.plan);
  CHECK(made.said == "");
  const plan::Action& first = made.plan->steps[plan::StepId{0}].tasks[0].action;
  CHECK(first.attribute("file") == nullptr);
  CHECK(*plan::constant_value(*first.attribute("body")) ==
        plan::Value{std::string("#!/bin/bash\necho \"$release\"\n")});
  const plan::Action& second = made.plan->steps[plan::StepId{1}].tasks[0].action;
  CHECK(*plan::constant_value(*second.attribute("body")) == plan::Value{std::string("echo b\n")});
  CHECK(made.plan->sources.size() == 4);
}

TEST_CASE("a variable may read one that is declared below it") {
  const Compiled made = compile(R"(deployment "Acme"
variable folder = "${base}/${name_of}"
variable name_of = upper(base)
variable base = "srv"
step "A" { run "ls \"$folder\"" }
)");
  REQUIRE(made.plan);
  CHECK(made.said == "");
  CHECK(made.plan->variables[1].name == "folder");
  CHECK(made.plan->variables[1].value == plan::Value{std::string("srv/SRV")});
}

TEST_CASE("a chain of variables, each below its first use, is as deep as one likes") {
  constexpr int links = 20'000;
  std::string text = "deployment \"Acme\"\nvariable v0 = v1\n";
  for (int i = 1; i < links; ++i) {
    text += "variable v" + std::to_string(i) + " = v" + std::to_string(i + 1) + "\n";
  }
  text += "variable v" + std::to_string(links) + " = 1\nstep \"A\" { run \"echo $v0\" }\n";
  CHECK(compile(text).said == "");
}

TEST_CASE("a property of several types says where they differ, wherever it is used") {
  const std::string inventory = "=== hosts.ini\n[web]\na slots=1\nb slots=many\n";
  const std::string head = "deployment \"Acme\"\ninventory \"hosts.ini\"\n";
  for (const std::string step :
       {"step \"A\" on web where slots == 1 { run \"true\" }\n",
        "step \"A\" on web where target.slots == 1 { run \"true\" }\n",
        "step \"A\" on web { run http { url = \"http://${target.slots}/\" } }\n"}) {
    const Compiled made = compile(head + step + inventory);
    INFO(made.said);
    CHECK(made.said.find("the property `slots` cannot be used: it is a number for some targets and "
                         "a string for others (hosts.ini:3)") != std::string::npos);
  }
}
