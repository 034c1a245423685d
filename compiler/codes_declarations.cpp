// The codes of what stands around the steps: imports, environments, procedures, settings,
// contracts, and what is chosen on the command line (E06xx).
#include <array>

#include "compiler/codes.h"

namespace sluice::compiler {

namespace {

constexpr std::array table{
    Code{"E0601", "an import that cannot be read",
         "The path is seen from the file that names it, and lies, links followed, beneath the main "
         "file's folder or `--root`.",
         R"deploy(deployment "Acme"
import "lib/nowhere.deploy"
step "A" { run "true" })deploy",
         R"deploy(deployment "Acme"
import "lib/haproxy.deploy"
step "A" { run "true" }
=== lib/haproxy.deploy
role lb { target "lb-1" }
)deploy"},
    Code{"E0602", "files that import each other", "What two files need goes into a third.",
         R"deploy(deployment "Acme"
import "a.deploy"
step "A" { run "true" }
=== a.deploy
import "b.deploy"
=== b.deploy
import "a.deploy")deploy",
         R"deploy(deployment "Acme"
import "a.deploy"
step "A" { run "true" }
=== a.deploy
import "b.deploy"
=== b.deploy
procedure greet { step "Greet" { run "true" } })deploy"},
    Code{"E0603", "too many imports",
         "A deployment has at most 64 imported files, and 32 MiB of text with them.", "", ""},
    Code{"E0604", "what does not belong into an imported file",
         "A library has procedures, variables, roles, inventories, secrets and resources. Steps "
         "and what holds for the whole deployment stand in the main file.",
         R"deploy(deployment "Acme"
import "lib.deploy"
step "A" { run "true" }
=== lib.deploy
step "B" { run "true" })deploy",
         R"deploy(deployment "Acme"
import "lib.deploy"
use b
=== lib.deploy
procedure b { step "B" { run "true" } })deploy"},
    Code{"E0605", "an unknown environment", "`--environment` names one that the file declares.",
         R"deploy(# sluice check web.deploy --environment prodution
deployment "Acme"
environment production { deadline 1h }
step "A" { run "true" })deploy",
         R"deploy(# sluice check web.deploy --environment production
deployment "Acme"
environment production { deadline 1h }
step "A" { run "true" })deploy"},
    Code{"E0606", "what does not belong into an environment",
         "An environment replaces what the file declares; steps are the same in all of them.",
         R"deploy(deployment "Acme"
environment production { step "A" { run "true" } }
step "B" { run "true" })deploy",
         R"deploy(deployment "Acme"
environment production { deadline 1h }
step "A" { run "true" })deploy"},
    Code{"E0607", "an unknown procedure", "`use` names a procedure of the file or of an import.",
         R"deploy(deployment "Acme"
procedure greet { step "Greet" { run "true" } }
use great)deploy",
         R"deploy(deployment "Acme"
procedure greet { step "Greet" { run "true" } }
use greet)deploy"},
    Code{"E0608", "a procedure without steps", "A procedure is a named group of steps.",
         R"deploy(deployment "Acme"
procedure greet { }
step "A" { run "true" })deploy",
         R"deploy(deployment "Acme"
procedure greet { step "Greet" { run "true" } }
use greet)deploy"},
    Code{"E0609", "an argument that does not fit",
         "Each parameter of a procedure is given once, by its name.",
         R"deploy(deployment "Acme"
procedure greet(whom: string) { step "Greet" { run wait 1s } }
use greet(who = "you"))deploy",
         R"deploy(deployment "Acme"
procedure greet(whom: string) { step "Greet" { run wait 1s } }
use greet(whom = "you"))deploy"},
    Code{"E0610", "procedures in a circle", "A procedure does not use itself, not through others.",
         R"deploy(deployment "Acme"
procedure ping { use pong }
procedure pong { use ping }
use ping)deploy",
         R"deploy(deployment "Acme"
procedure ping { use pong }
procedure pong { step "Pong" { run "true" } }
use ping)deploy"},
    Code{"E0611", "a procedure that is used twice at one place",
         "The steps of one place have names of their own: a second use says `as \"name\"`, and its "
         "steps are called `name: …`.",
         R"deploy(deployment "Acme"
procedure greet { step "Greet" { run "true" } }
use greet
use greet)deploy",
         R"deploy(deployment "Acme"
procedure greet { step "Greet" { run "true" } }
use greet
use greet as "again")deploy"},
    Code{"E0612", "procedures that stand for too many steps",
         "Procedures that use others stand for at most 20,000 steps in all, 128 in one another.",
         R"deploy(deployment "Acme"
procedure p0 { step "A" { run "true" } }
procedure p1 { use p0 as "a" use p0 as "b" use p0 as "c" use p0 as "d" use p0 as "e" }
procedure p2 { use p1 as "a" use p1 as "b" use p1 as "c" use p1 as "d" use p1 as "e" }
procedure p3 { use p2 as "a" use p2 as "b" use p2 as "c" use p2 as "d" use p2 as "e" }
procedure p4 { use p3 as "a" use p3 as "b" use p3 as "c" use p3 as "d" use p3 as "e" }
procedure p5 { use p4 as "a" use p4 as "b" use p4 as "c" use p4 as "d" use p4 as "e" }
procedure p6 { use p5 as "a" use p5 as "b" use p5 as "c" use p5 as "d" use p5 as "e" }
procedure p7 { use p6 as "a" use p6 as "b" use p6 as "c" use p6 as "d" use p6 as "e" }
use p7)deploy",
         ""},
    Code{"E0613", "a setting that is not allowed",
         "Counts are whole numbers from 1, a deadline and a rate are more than nothing.",
         R"deploy(deployment "Acme"
at most 0 targets
step "A" { run "true" })deploy",
         R"deploy(deployment "Acme"
at most 50 targets
step "A" { run "true" })deploy"},
    Code{"E0614", "a secret that is read from nowhere",
         "A secret is read when the run starts, from an environment variable, a file or what a "
         "command prints.",
         R"deploy(deployment "Acme"
secret api_key from vault "acme/api"
step "A" { run "true" })deploy",
         R"deploy(deployment "Acme"
secret api_key from command "vault read acme/api"
step "A" { run script { body = "deploy"  environment { API_KEY = api_key } } })deploy"},
    Code{"E0615", "a contract that cannot be",
         "What can be required: available(ROLE) >= …, unavailable(ROLE) <= …, downtime(ROLE) == "
         "0s, duration <= …; each with `in 95% of runs`, if not in all.",
         R"deploy(deployment "Acme"
role web { target "web-[1..4]" }
require available(web) <= 3
step "A" on web { run "true" })deploy",
         R"deploy(deployment "Acme"
role web { target "web-[1..4]" }
require available(web) >= 3
step "A" on web window 1 { run "true" })deploy"},
    Code{"E0616", "a choice that names nothing",
         "`--only` and `--skip` name steps, `STEP/CHILD`, tags, or patterns of them; `--limit` and "
         "`--exclude` name targets, roles, or patterns; several with commas between them.",
         R"deploy(# sluice check web.deploy --only Updat
deployment "Acme"
role web { target "web-[1..4]" }
step "Update" on web { run "true" })deploy",
         R"deploy(# sluice check web.deploy --only Update
deployment "Acme"
role web { target "web-[1..4]" }
step "Update" on web { run "true" })deploy"},
    Code{"E0617", "a choice that leaves no step", "Every step was left out, or has no target left.",
         R"deploy(# sluice check web.deploy --skip U*
deployment "Acme"
role web { target "web-[1..4]" }
step "Update" on web { run "true" })deploy",
         R"deploy(# sluice check web.deploy --skip R*
deployment "Acme"
role web { target "web-[1..4]" }
step "Update" on web { run "true" }
step "Restart" on web { run "true" })deploy"},
    Code{"E0618", "a step that reads what is left out",
         "A step that reads an output of another cannot do without it.",
         R"deploy(# sluice check web.deploy --skip Find
deployment "Acme"
step "Find" { run "echo version=2 >> \"$SLUICE_OUTPUT\"" }
step "Say" { run http { url = "http://localhost/${steps["Find"].outputs.version}" } })deploy",
         R"deploy(# sluice check web.deploy --skip Find,Say
deployment "Acme"
step "Find" { run "echo version=2 >> \"$SLUICE_OUTPUT\"" }
step "Say" { run http { url = "http://localhost/${steps["Find"].outputs.version}" } }
step "Go" { run "true" })deploy"},
};

}  // namespace

std::span<const Code> declaration_codes() {
  return table;
}

}  // namespace sluice::compiler
