// The codes of the resolver: E02xx declarations and expressions, E03xx steps.
#include <array>

#include "compiler/codes.h"

namespace sluice::compiler {

namespace {

constexpr std::array table{
    Code{"E0201", "`deployment` is missing, or not first, or there twice",
         "A file that is run begins with `deployment` and a name, once.",
         "step \"A\" { run \"true\" }",
         R"deploy(deployment "Acme"
step "A" { run "true" })deploy"},
    Code{"E0202", "declared twice",
         "Roles, variables, steps, the child steps of a step and the targets of a role each have a "
         "name of their own. Variables that differ in case alone count as one.",
         R"deploy(deployment "Acme"
step "A" { run "true" }
step "A" { run "true" })deploy",
         R"deploy(deployment "Acme"
step "A" { run "true" }
step "B" { run "true" })deploy"},
    Code{"E0203", "an unknown role", "`on`, `via` and `count` name a role of the file.",
         R"deploy(deployment "Acme"
role web { target "web-1" }
step "A" on wbe { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "web-1" }
step "A" on web { run "true" })deploy"},
    Code{"E0204", "an unknown variable",
         "An expression names a variable that the file declares. A text stands in quotes.",
         R"deploy(deployment "Acme"
variable pause = 5s
step "A" { run wait { duration = pase } })deploy",
         R"deploy(deployment "Acme"
variable pause = 5s
step "A" { run wait { duration = pause } })deploy"},
    Code{"E0205", "a value of the wrong type",
         "Nothing converts silently: a duration has a unit, a string has quotes, and operators "
         "take what the reference says.",
         R"deploy(deployment "Acme"
step "A" {
  run "true"
  timeout 30
})deploy",
         R"deploy(deployment "Acme"
step "A" {
  run "true"
  timeout 30s
})deploy"},
    Code{"E0206", "a malformed range",
         "A range in a target's name is two whole numbers or two letters, ascending, with an "
         "optional step: [01..10], [a..f], [1..9 step 2].",
         R"deploy(deployment "Acme"
role web { target "web-[10..1]" }
step "A" on web { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "web-[1..10]" }
step "A" on web { run "true" })deploy"},
    Code{"E0207", "too many targets",
         "A deployment has at most 10,000,000 targets; a range's size is worked out before it is "
         "expanded.",
         R"deploy(deployment "Acme"
role web { target "web-[1..999999999]" }
step "A" on web { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "web-[1..999]" }
step "A" on web { run "true" })deploy"},
    Code{"E0208", "a variable without a value",
         "A variable without a value in the file must be given one: --set NAME=VALUE, or "
         "SLUICE_VAR_NAME in the environment.",
         R"deploy(deployment "Acme"
variable release: string
step "A" { run "echo \"$release\"" })deploy",
         R"deploy(deployment "Acme"
variable release = "2.4.1"
step "A" { run "echo \"$release\"" })deploy"},
    Code{"E0209", "a name that a variable may not have",
         "Variables reach scripts as environment variables, so names that systems, shells and "
         "sluice itself give a meaning are refused; and so are the words of the language, which "
         "could be mistaken for a phrase.",
         R"deploy(deployment "Acme"
variable path = "/srv"
step "A" { run "ls $path" })deploy",
         R"deploy(deployment "Acme"
variable folder = "/srv"
step "A" { run "ls \"$folder\"" })deploy"},
    Code{"E0210", "a value given from outside that does not fit",
         "What --set or SLUICE_VAR_ gives is read as the type that the variable has, and only "
         "declared variables can be set.",
         R"deploy(# sluice check web.deploy --set replicas=many --set replica=3
deployment "Acme"
variable replicas: number
step "A" { run "echo \"$replicas\"" })deploy",
         R"deploy(# sluice check web.deploy --set replicas=3
deployment "Acme"
variable replicas: number
step "A" { run "echo \"$replicas\"" })deploy"},
    Code{"E0211", "an unknown action",
         "docs/ACTIONS.md lists what `run` takes; a text alone is a script.",
         R"deploy(deployment "Acme"
step "A" { run htp { url = "http://localhost/" } })deploy",
         R"deploy(deployment "Acme"
step "A" { run http { url = "http://localhost/" } })deploy"},
    Code{"E0212", "an unknown attribute", "The reference lists what each action takes.",
         R"deploy(deployment "Acme"
step "A" { run http { uri = "http://localhost/" } })deploy",
         R"deploy(deployment "Acme"
step "A" { run http { url = "http://localhost/" } })deploy"},
    Code{"E0213", "a missing attribute",
         "The action cannot do without this attribute, or not where another one is given; or the "
         "template of `azure_resource_group` without that parameter.",
         R"deploy(deployment "Acme"
step "A" { run http { expect = 200 } })deploy",
         R"deploy(deployment "Acme"
step "A" { run http { url = "http://localhost/" } })deploy"},
    Code{"E0214", "set twice", "Each property, attribute and setting is given once.",
         R"deploy(deployment "Acme"
role web { target "web-1" { zone = "a" zone = "b" } }
step "A" on web { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "web-1" { zone = "a" } }
step "A" on web { run "true" })deploy"},
    Code{"E0215", "a value that is not allowed here",
         "The place takes certain words, or texts of a certain form: a URL, a status, a name of "
         "HAProxy's, a header.",
         R"deploy(deployment "Acme"
step "A" { run http { url = "localhost" } })deploy",
         R"deploy(deployment "Acme"
step "A" { run http { url = "http://localhost/" } })deploy"},
    Code{"E0216", "two declarations of a target that disagree",
         "A name in two roles is one target. What both roles say of it must be the same.",
         R"deploy(deployment "Acme"
role web { target "a" { zone = "x" } }
role api { target "a" { zone = "y" } }
step "A" on web, api { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "a" { zone = "x" } }
role api { target "a" }
step "A" on web, api { run "true" })deploy"},
    Code{"E0217", "an expression that cannot be worked out",
         "A sum out of range, a division by zero, or a property that one of the targets does not "
         "have.",
         R"deploy(deployment "Acme"
role web { target "a" { time = 5s } target "b" }
step "A" on web { run "true" takes target.time })deploy",
         R"deploy(deployment "Acme"
role web { target "a" { time = 5s } target "b" { time = 9s } }
step "A" on web { run "true" takes target.time })deploy"},
    Code{"E0218", "a value that is not known yet",
         "Windows, tolerances, counts of attempts and the like are the same for all targets and "
         "known when compiling; `takes`, `timeout` and pauses may hang on the target.",
         R"deploy(deployment "Acme"
role web { target "a" { lanes = 2 } }
step "A" on web window target.lanes { run "true" })deploy",
         R"deploy(deployment "Acme"
variable lanes = 2
role web { target "a" }
step "A" on web window lanes { run "true" })deploy"},
    Code{"E0219", "an unknown type",
         "Types are string, number, boolean, duration, percentage, size and list.",
         R"deploy(deployment "Acme"
variable count_of: int = 3
step "A" { run "echo \"$count_of\"" })deploy",
         R"deploy(deployment "Acme"
variable count_of: number = 3
step "A" { run "echo \"$count_of\"" })deploy"},
    Code{"E0220", "a connection that is not known",
         "Targets are reached by `connect ssh` or `connect local`. Settings of ssh are user, "
         "address, port, identity_file, known_hosts_file, config_file, jump, client, wrapper "
         "and connect_time; all else belongs into OpenSSH's own configuration. With `client` = "
         "\"libssh\" that is not read, so there is no `config_file` and no `jump`.",
         R"deploy(deployment "Acme"
connect shh { user = "deploy" }
step "A" { run "true" })deploy",
         R"deploy(deployment "Acme"
connect ssh { user = "deploy" }
step "A" { run "true" })deploy"},
    Code{"E0221", "an unknown function, or one called with the wrong arguments",
         "Functions are count, lower, upper, replace, matches, number and text.",
         R"deploy(deployment "Acme"
variable name_of = uper("a")
step "A" { run "echo \"$name_of\"" })deploy",
         R"deploy(deployment "Acme"
variable name_of = upper("a")
step "A" { run "echo \"$name_of\"" })deploy"},
    Code{"E0222", "an unknown property",
         "`target.NAME` and `host.NAME` name a property that some target declares, or `name` or "
         "`address`; `deployment` has `name`, `id`, `status` and `environment`; what a step wrote "
         "is "
         "`steps[\"NAME\"].outputs.NAME`.",
         R"deploy(deployment "Acme"
role web { target "a" { zone = "x" } }
step "A" on web { run http { url = "http://${target.zon}/" } })deploy",
         R"deploy(deployment "Acme"
role web { target "a" { zone = "x" } }
step "A" on web { run http { url = "http://${target.zone}/" } })deploy"},
    Code{"E0223", "a secret where it would be seen",
         "A secret's value is in no plan, no text and no output. It stands alone, and only where "
         "the reference says so: in a script's `environment`, as a password, as the value of a "
         "header.",
         R"deploy(deployment "Acme"
secret token from env "TOKEN"
step "A" { run http { url = "http://localhost/?token=${token}" } })deploy",
         R"deploy(deployment "Acme"
secret token from env "TOKEN"
step "A" { run http { url = "http://localhost/" headers { Authorization = token } } })deploy"},
    Code{"E0224", "variables that need each other",
         "A variable's value may name others, wherever they are declared, as long as it does not "
         "come back to itself. The message shows the way round.",
         R"deploy(deployment "Acme"
variable folder = "${base}/releases"
variable base = "${folder}/.."
step "A" { run "ls \"$folder\"" })deploy",
         R"deploy(deployment "Acme"
variable folder = "${base}/releases"
variable base = "/srv"
step "A" { run "ls \"$folder\"" })deploy"},
    Code{"E0225", "an action's file that cannot be read",
         "`run script { file = \"bin/install.sh\" }` reads the script when the file is compiled, "
         "from the folder of the file that names it and beneath the main file's folder (or "
         "`--root`); so does `template` of `azure_resource_group`. It is UTF-8 without NUL, of at "
         "most 16 MiB. Of a package's archive, which lies "
         "there too, its size and its SHA-256 are taken; one that is not there yet is fine until "
         "`run`.",
         R"deploy(deployment "Acme"
step "A" { run script { file = "bin/instal" } })deploy",
         R"deploy(deployment "Acme"
step "A" { run script { file = "bin/install" } }
=== bin/install
tar xf acme.tar.gz
)deploy"},
    Code{"E0301", "a step that does nothing, or two things",
         "A step has either one `run` or child steps.",
         R"deploy(deployment "Acme"
step "A" { timeout 5s })deploy",
         R"deploy(deployment "Acme"
step "A" { run "true" timeout 5s })deploy"},
    Code{"E0302", "a phrase in the wrong place",
         "Which targets and how many at once is said before the step's `{`; what concerns one "
         "action is said beside its `run`.",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web {
  window 3
  run "true"
})deploy",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web window 3 {
  run "true"
})deploy"},
    Code{"E0303", "said twice", "Each phrase is said once.",
         R"deploy(deployment "Acme"
step "A" { run "true" timeout 5s timeout 6s })deploy",
         R"deploy(deployment "Acme"
step "A" { run "true" timeout 5s })deploy"},
    Code{"E0304", "phrases in another order",
         "A step's first line says: once, on, where and except, window or batches, by, via.",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" window 3 on web { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web window 3 { run "true" })deploy"},
    Code{"E0305", "a count that is not allowed",
         "A window or batch is a whole number from 1, or a percentage above 0% and at most 100%; a "
         "tolerance may be 0; a retry is a whole number from 1, and its pause grows by a number "
         "from 1.",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web window 0 { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web window 1 { run "true" })deploy"},
    Code{"E0306", "a step without targets",
         "The step's roles have no targets. Where that is fine, `optional` skips it.",
         R"deploy(deployment "Acme"
role web { }
step "A" on web { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { }
step "A" on web { optional run "true" })deploy"},
    Code{"E0307", "an unknown step",
         "`after` names steps of the file; `with previous` needs a step above.",
         R"deploy(deployment "Acme"
step "A" { run "true" }
step "B" after "Aa" { run "true" })deploy",
         R"deploy(deployment "Acme"
step "A" { run "true" }
step "B" after "A" { run "true" })deploy"},
    Code{"E0308", "steps that wait for each other",
         "The path shows the circle. A plain step waits for all above it.",
         R"deploy(deployment "Acme"
step "A" after "B" { run "true" }
step "B" after "A" { run "true" })deploy",
         R"deploy(deployment "Acme"
step "A" { run "true" }
step "B" after "A" { run "true" })deploy"},
    Code{"E0309", "an unknown word",
         "An order is inventory, name, reverse, longest, random with a seed, or target with a "
         "property; a condition begins with success, failure or always, or is an expression.",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web order backwards { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web order reverse { run "true" })deploy"},
    Code{"E0310", "an effect on service without a target",
         "`drains`, `restores` and `interrupts` speak of the step's target, and a step without "
         "`on` has none.",
         R"deploy(deployment "Acme"
step "A" { run "true" drains })deploy",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web { run "true" drains restores })deploy"},
    Code{"E0311", "a phrase that a child step cannot have",
         "A child step runs on its step's targets, one after the other in one slot: what concerns "
         "targets and limits is said at the step.",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web {
  step "B" window 2 { run "true" }
})deploy",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web window 2 {
  step "B" { run "true" }
})deploy"},
    Code{"E0312", "`skip verified` without `verify`",
         "`skip verified` asks the step's `verify` first and leaves alone a target that is there "
         "already; so there must be one.",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web { skip verified run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "a" }
step "A" on web { skip verified verify { run "false" } run "true" })deploy"},
    Code{"E0313", "a script as a template",
         "Scripts are never templates: `${name}` in a script is the shell's. Variables reach the "
         "script as environment variables, so no value can turn into code.",
         R"deploy(deployment "Acme"
step "A" { run "echo ${1 + 2}" })deploy",
         R"deploy(deployment "Acme"
variable total = 1 + 2
step "A" { run "echo $total" })deploy"},
    Code{"E0314", "a duration that is not allowed",
         "A timeout is longer than nothing, and a range of durations goes upwards.",
         R"deploy(deployment "Acme"
step "A" { run "true" takes 9s to 5s })deploy",
         R"deploy(deployment "Acme"
step "A" { run "true" takes 5s to 9s })deploy"},
    Code{"E0315", "an output that may not be read here",
         "Only a step that waits for the one that writes may read what it wrote, so that timing "
         "never decides. Each target reads its own; all read those of a `once` or controller step. "
         "Only scripts write outputs.",
         R"deploy(deployment "Acme"
role web { target "web-[1..3]" }
step "Look" on web { run "echo healthy=yes >> \"$SLUICE_OUTPUT\"" }
step "Tell" when steps["Look"].outputs.healthy == "yes" { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "web-[1..3]" }
step "Look" once on web { run "echo healthy=yes >> \"$SLUICE_OUTPUT\"" }
step "Tell" when steps["Look"].outputs.healthy == "yes" { run "true" })deploy"},
    Code{"E0316", "`except` names no target of the step",
         "What `except` leaves out must be one of the targets that `on` names; else a misspelt "
         "name would leave out nobody.",
         R"deploy(deployment "Acme"
role web { target "web-[01..09]" }
step "A" on web except "web-3" { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "web-[01..09]" }
step "A" on web except "web-03" { run "true" })deploy"},
    Code{"E0317", "a batch in lockstep that could never begin",
         "A batch in lockstep begins as a whole or not yet. A window, a limit for each value or "
         "`at most` that is narrower than the batch would hold it for ever, and `stagger` would "
         "part it.",
         R"deploy(deployment "Acme"
role web { target "web-[1..9]" }
step "A" on web window 2 batches 3 in lockstep { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "web-[1..9]" }
step "A" on web batches 3 in lockstep { run "true" })deploy"},
    Code{"E0318", "an unknown resource",
         "`uses` names a resource that the file declares: `resource uplink 1Gbps`.",
         R"deploy(deployment "Acme"
step "A" { run "true" uses 1 of license })deploy",
         R"deploy(deployment "Acme"
step "A" { run "true" })deploy"},
    Code{"E0319", "steps between batches of a step that has none",
         "`between batches` runs its steps after each batch but the last; so the step has "
         "`batches`, or goes `by` a property.",
         R"deploy(deployment "Acme"
role web { target "web-[1..9]" }
step "A" on web window 3 {
  run "true"
  between batches { step "Look" { run wait 5m } }
})deploy",
         R"deploy(deployment "Acme"
role web { target "web-[1..9]" }
step "A" on web batches 3 {
  run "true"
  between batches { step "Look" { run wait 5m } }
})deploy"},
};

}  // namespace

std::span<const Code> resolver_codes() {
  return table;
}

}  // namespace sluice::compiler
