// The codes of the warnings, W04xx.
#include <array>

#include "compiler/codes.h"

namespace sluice::compiler {

namespace {

constexpr std::array table{
    Code{"W0401", "a target that is never brought back",
         "A step drains its target, and no step restores that target: it stays out of service.",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web { run "true" drains })deploy",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web {
  step "Out" { run "true" drains }
  step "In" { run "true" restores }
})deploy"},
    Code{"W0402", "a variable or secret that is not used",
         "No expression and no script names it. A script has every variable in its environment: "
         "where a program that it starts reads one from there, name it, as in `: \"$release\"`, so "
         "that a reader sees it too.",
         R"deploy(deployment "Acme"
variable release = "2"
step "A" { run "true" })deploy",
         R"deploy(deployment "Acme"
variable release = "2"
step "A" { run "echo \"$release\"" })deploy"},
    Code{"W0403", "a script that names nearly a variable",
         "`$name` and `${name}` are left to the shell, and the name is close to one of the file's "
         "variables, or to what sluice gives a script.",
         R"deploy(deployment "Acme"
variable release = "2"
step "A" { run "echo \"${relase}\" \"$release\"" })deploy",
         R"deploy(deployment "Acme"
variable release = "2"
step "A" { run "echo \"${release}\"" })deploy"},
    Code{"W0404", "a variable that the shell parts into words",
         "Outside quotes a shell parts the value at blanks and expands `*` and `?` in it. What "
         "works for one value does something else for another.",
         R"deploy(deployment "Acme"
variable folder = "/srv/acme site"
step "A" { run "rm -r ${folder}" })deploy",
         R"deploy(deployment "Acme"
variable folder = "/srv/acme site"
step "A" { run "rm -r \"${folder}\"" })deploy"},
    Code{"W0405", "all targets at once, without a canary",
         "The step's window holds all its targets, or it has none and takes them out of service: "
         "a mistake in the release reaches every one before the first has shown it. A narrower "
         "window, batches that begin small, or an earlier step on a few of them would show it.",
         R"deploy(deployment "Acme"
role web { target "web-[1..9]" }
step "A" on web window 100% { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "web-[1..9]" }
step "A" on web batches 1, 50% { run "true" })deploy"},
    Code{"W0406", "a step without an estimate",
         "Other steps say how long they take, and this one does not: the prediction is as good as "
         "the default of its action. `takes history` takes what earlier runs took.",
         R"deploy(deployment "Acme"
step "A" { run "true" takes 5s }
step "B" { run "true" })deploy",
         R"deploy(deployment "Acme"
step "A" { run "true" takes 5s }
step "B" { run "true" takes history })deploy"},
    Code{"W0407", "a retry of what may not be done twice",
         "An attempt that fails may have done half of its work, and a retry begins again. Where "
         "that is fine the step says `idempotent`; requests that change nothing, and states that "
         "are only set, need not.",
         R"deploy(deployment "Acme"
step "A" { run "bin/migrate" retry 3 every 5s })deploy",
         R"deploy(deployment "Acme"
step "A" { run "bin/migrate" retry 3 every 5s idempotent })deploy"},
    Code{"W0408", "a tolerance as large as the role",
         "Every target may fail, and the step is still no failure, only degraded.",
         R"deploy(deployment "Acme"
role web { target "web-[1..3]" }
step "A" on web { tolerate 3 failures run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "web-[1..3]" }
step "A" on web { tolerate 1 failure run "true" })deploy"},
    Code{"W0409", "a rollback without an undo",
         "`on failure rollback` undoes what the steps of a target did, and none of them says how.",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web { on failure rollback run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web { on failure rollback run "true" undo { run "false" } })deploy"},
    Code{"W0410", "an effect on service that is not said",
         "The action usually takes its target out of service, or brings it back, and the step does "
         "not say so: capacity, downtime and contracts do not count it.",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web { run service { name = "web" state = "restart" } })deploy",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web { run service { name = "web" state = "restart" } interrupts })deploy"},
    Code{"W0411", "a name that looks like a range",
         "A range in a target's name is `[1..9]`. `[1:9]`, `[1-9]` and `{1..9}` are of other "
         "tools, and stay in the name as they stand.",
         R"deploy(deployment "Acme"
role web { target "web-[1:9]" { address = "10.0.0.1" } }
step "A" on web { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "web-[1..9]" }
step "A" on web { run "true" })deploy"},
    Code{"W0412", "a text that names a value, and is not filled in",
         "Where sluice fills in a text, a URL or a mail's subject, it is written `${release}`; "
         "`$release` is read by shells alone. A script is filled in by its shell, which knows no "
         "`${target.name}`. `{{ release }}` is of other tools.",
         R"deploy(deployment "Acme"
variable release = "2"
step "A" { run http { url = "https://acme.example/$release" } }
step "B" { run "echo \"$release\"" })deploy",
         R"deploy(deployment "Acme"
variable release = "2"
step "A" { run http { url = "https://acme.example/${release}" } }
step "B" { run "echo \"$release\"" })deploy"},
    Code{"W0413", "a pattern of another kind",
         "`matches(text, pattern)` knows `*` for any characters and `?` for one, and compares the "
         "whole text. Signs of regular expressions stand for themselves.",
         R"deploy(deployment "Acme"
role web { target "web-1" target "web-2" }
step "A" on web where name == "web-1" or matches(name, "^web-.*$") { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "web-1" target "web-2" }
step "A" on web where matches(name, "web-*") { run "true" })deploy"},
    Code{"W0414", "an attempt that cannot end in time",
         "The shortest that `takes` lets an attempt be is longer than its `timeout`: each attempt "
         "is ended, and the step fails.",
         R"deploy(deployment "Acme"
step "A" { run "bin/build" takes 10m timeout 5m })deploy",
         R"deploy(deployment "Acme"
step "A" { run "bin/build" takes 10m timeout 15m })deploy"},
};

}  // namespace

std::span<const Code> warning_codes() {
  return table;
}

}  // namespace sluice::compiler
