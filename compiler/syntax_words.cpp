#include "compiler/syntax_words.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::compiler {

namespace {

constexpr std::array places{
    Place{Rule::Declaration, "at the top of a file",
          "a file holds `deployment`, `import`, `inventory`, `role`, `connect`, `variable`, "
          "`secret`, `environment`, `require`, `procedure`, `use`, `at most`, `deadline`, "
          "`resource` and `step`"},
    Place{Rule::EnvironmentBody, "in an environment",
          "an environment holds what a file holds, to take its place: `inventory`, `variable`, "
          "`require`, …"},
    Place{Rule::ProcedureBody, "in a procedure", "a procedure holds steps, and `use`"},
    Place{Rule::RoleBody, "in a role", "a role holds `target`, `connect` and `minimum`"},
    Place{Rule::TargetBody, "in a target",
          "a target holds properties, `name = value`, and `connect`"},
    Place{Rule::Step, "in the header of a step",
          "a header is `step \"Name\"`, then of `once`, `on`, `where`, `except`, `window` or "
          "`batches`, `by` and `via` what is wanted, then `{`"},
    Place{Rule::StepBody, "in a step",
          "a step holds phrases such as `timeout 5m`, `verify`, `undo`, `between batches`, and "
          "either one `run` or steps"},
    Place{Rule::Block, "among attributes", "attributes are written `name = value`"},
};

// How a phrase or declaration is written, by the word it begins with.
constexpr std::array<std::pair<std::string_view, std::string_view>, 55> usages{{
    {"deployment", "deployment \"Name\""},
    {"import", "import \"lib/haproxy.deploy\""},
    {"inventory", "inventory \"hosts.ini\""},
    {"variable", "variable name = value` or `variable name: number"},
    {"secret", "secret token from env \"TOKEN\"`, `from file \"path\"` or `from command \"…\""},
    {"environment", "environment production { … }"},
    {"require", "require available(web) >= 70%` or `require duration <= 30m in 95% of runs"},
    {"procedure", "procedure leave(backend: string) { step \"Name\" { … } }"},
    {"use", "use leave(backend = \"web\")"},
    {"at", "at most 50 targets"},
    {"deadline", "deadline 2h"},
    {"resource", "resource uplink 1Gbps` or `resource license 3"},
    {"connect", "connect ssh { user = \"deploy\" }"},
    {"role", "role web { target \"web-[1..3]\" }"},
    {"minimum", "minimum 2"},
    {"target", "target \"web-[1..3]\""},
    {"step", "step \"Name\" on web window 3 { … }"},
    {"run", "run \"command\"` or `run http { url = \"…\" }"},
    {"verify", "verify { run \"command\" }"},
    {"undo", "undo { run \"command\" }"},
    {"between", "between batches { step \"Name\" { … } }"},
    {"once", "once"},
    {"on", "on web, api"},
    {"where", "where zone == \"eu-1\""},
    {"except", "except \"web-03\""},
    {"window", "window 3`, `window 25%` or `window 2 per zone"},
    {"batches", "batches 1, 10%, 50%` or `batches 5 in lockstep"},
    {"by", "by zone"},
    {"order", "order name`, `order target.rank` or `order random 7"},
    {"stagger", "stagger 30s"},
    {"via", "via lb"},
    {"with", "with previous"},
    {"after", "after \"Name\""},
    {"shared", "shared"},
    {"timeout", "timeout 5m"},
    {"retry", "retry 5 every 2s` or `retry 5 every 2s backoff 2 up to 1m"},
    {"tolerate", "tolerate 2 failures` or `tolerate 10%"},
    {"unreachable", "unreachable skip` or `unreachable skip at most 2"},
    {"when", "when success`, `when failure`, `when always` or `when EXPRESSION"},
    {"takes", "takes 30s` or `takes 20s to 40s"},
    {"fails", "fails 2%"},
    {"offline", "offline 1%"},
    {"gives", "gives healthy = \"yes\""},
    {"uses", "uses 500MB of uplink` or `uses 1 of license"},
    {"tags", "tags nightly, db"},
    {"skip", "skip verified"},
    {"idempotent", "idempotent"},
    {"required", "required"},
    {"drains", "drains"},
    {"restores", "restores"},
    {"interrupts", "interrupts"},
    {"optional", "optional"},
    {"disabled", "disabled"},
    {"backoff", "retry 5 every 2s backoff 2 up to 1m"},
    {"every", "retry 5 every 2s"},
}};

// What people bring along from other tools, and how it is said here.
struct Foreign {
  std::string_view word;
  Rule place;
  std::string_view hint;
};
constexpr std::string_view waits = "a step names those that it waits for: `after \"Name\"`";
constexpr std::string_view one_by_one = "one target after the other is `window 1`";
constexpr std::string_view remark = "a remark is a comment: `# …`";
constexpr std::string_view outputs =
    "a script writes its outputs to `$SLUICE_OUTPUT`; what to assume is `gives name = \"…\"`";
constexpr std::array foreign_words{
    Foreign{"var", Rule::Declaration, "did you mean `variable`?"},
    Foreign{"let", Rule::Declaration, "did you mean `variable`?"},
    Foreign{"const", Rule::Declaration, "did you mean `variable`?"},
    Foreign{"set", Rule::Declaration, "did you mean `variable`?"},
    Foreign{"task", Rule::Declaration, "what is done is a step: `step \"Name\" { … }`"},
    Foreign{"job", Rule::Declaration, "what is done is a step: `step \"Name\" { … }`"},
    Foreign{"stage", Rule::Declaration, "what is done is a step: `step \"Name\" { … }`"},
    Foreign{"group", Rule::Declaration,
            "targets stand in roles: `role web { target \"web-[1..3]\" }`"},
    Foreign{"hosts", Rule::Declaration,
            "targets stand in roles: `role web { target \"web-[1..3]\" }`"},
    Foreign{"include", Rule::Declaration, "did you mean `import`?"},
    Foreign{"function", Rule::Declaration, "did you mean `procedure`?"},
    Foreign{"call", Rule::Declaration, "did you mean `use`?"},
    Foreign{"assert", Rule::Declaration, "did you mean `require`?"},
    Foreign{"for", Rule::Declaration,
            "a step is done on each target: `step \"Name\" on web { … }`"},
    Foreign{"if", Rule::Declaration,
            "a condition stands at a step: `step \"Name\" when lanes > 3 { … }`"},
    Foreign{"parallel", Rule::Declaration,
            "a step that says `with previous` starts together with the one above it"},
    Foreign{"host", Rule::RoleBody, "did you mean `target`?"},
    Foreign{"hosts", Rule::RoleBody, "did you mean `target`?"},
    Foreign{"server", Rule::RoleBody, "did you mean `target`?"},
    Foreign{"task", Rule::StepBody, "within a step stand child steps: `step \"Name\" { … }`"},
    Foreign{"times", Rule::StepBody, "write it as `retry 5 every 2s`"},
    Foreign{"retries", Rule::StepBody, "did you mean `retry`?"},
    Foreign{"delay", Rule::StepBody, "time passes with `run wait 30s`"},
    Foreign{"sleep", Rule::StepBody, "time passes with `run wait 30s`"},
    Foreign{"command", Rule::StepBody, "what is done stands behind `run`: `run \"command\"`"},
    Foreign{"shell", Rule::StepBody, "what is done stands behind `run`: `run \"command\"`"},
    Foreign{"script", Rule::StepBody, "what is done stands behind `run`: `run \"command\"`"},
    Foreign{"onfailure", Rule::StepBody, "it is written `on failure halt`"},
    Foreign{"on_failure", Rule::StepBody, "it is written `on failure halt`"},
    Foreign{"if", Rule::StepBody, "did you mean `when`?"},
    Foreign{"if", Rule::Step, "did you mean `when`?"},
    Foreign{"needs", Rule::StepBody, "did you mean `after`?"},
    Foreign{"needs", Rule::Step, "did you mean `after`?"},
    Foreign{"depends_on", Rule::StepBody, "did you mean `after`?"},
    Foreign{"hosts", Rule::StepBody, "it stands in the first line: `step \"Name\" on web`"},
    Foreign{"parallel", Rule::Step, "all targets run in parallel, or so many: `window 3`"},
    Foreign{"parallel", Rule::StepBody, "all targets run in parallel, or so many: `window 3`"},
    Foreign{"serial", Rule::Step, "did you mean `window` or `batches`?"},
    Foreign{"serial", Rule::StepBody, "did you mean `window` or `batches`?"},
    Foreign{"and", Rule::Step, "several roles are joined by `,`, as in `on web, api`"},
    Foreign{"unless", Rule::Step,
            "what is left out by a property is `where not (zone == \"eu-1\")`"},
    Foreign{"but", Rule::Step, "did you mean `except`?"},
    Foreign{"without", Rule::Step, "did you mean `except`?"},
    Foreign{"through", Rule::Step, "did you mean `via`?"},
    Foreign{"within", Rule::StepBody, "an attempt has a `timeout`; all of them together have none"},
    Foreign{"before", Rule::Step, waits},
    Foreign{"before", Rule::StepBody, waits},
    Foreign{"one", Rule::Step, one_by_one},
    Foreign{"sequential", Rule::Step, one_by_one},
    Foreign{"sequentially", Rule::Step, one_by_one},
    Foreign{"rolling", Rule::Step, one_by_one},
    Foreign{"canary", Rule::Step, "`batches 1, 25%` begins with one target"},
    Foreign{"canary", Rule::StepBody, "`batches 1, 25%` in the first line begins with one target"},
    Foreign{"description", Rule::StepBody, remark},
    Foreign{"comment", Rule::StepBody, remark},
    Foreign{"env", Rule::StepBody,
            "a script's own variables stand in its block: `environment { … }`"},
    Foreign{"outputs", Rule::StepBody, outputs},
    Foreign{"output", Rule::StepBody, outputs},
    Foreign{"register", Rule::StepBody, outputs},
    Foreign{"until", Rule::StepBody, "did you mean `retry`?"},
    Foreign{"ignore_errors", Rule::StepBody, "it is written `on failure ignore`"},
    Foreign{"delegate_to", Rule::StepBody, "it stands in the first line: `via lb`"},
    Foreign{"become", Rule::StepBody, "who logs in stands at `connect ssh { user = \"…\" }`"},
    Foreign{"rollback", Rule::StepBody, "how it is taken back is `undo { run \"command\" }`"},
};

constexpr std::array<std::string_view, 19> units{"ms",  "s",    "m",    "h",    "d",   "B",   "kB",
                                                 "MB",  "GB",   "TB",   "KiB",  "MiB", "GiB", "TiB",
                                                 "bps", "kbps", "Mbps", "Gbps", "%"};

template <class Words>
bool is_in(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

bool is_unit(std::string_view word) {
  return is_in(units, word);
}

const Place* place_of(Rule rule) {
  const auto found = std::find_if(places.begin(), places.end(),
                                  [&](const Place& place) { return place.rule == rule; });
  return found == places.end() ? nullptr : &*found;
}

std::string_view hint_for(std::string_view word, Rule place) {
  const auto found = std::find_if(
      foreign_words.begin(), foreign_words.end(),
      [&](const Foreign& foreign) { return foreign.word == word && foreign.place == place; });
  return found == foreign_words.end() ? "" : found->hint;
}

std::string_view usage_of(std::string_view word) {
  const auto found = std::find_if(usages.begin(), usages.end(),
                                  [&](const auto& usage) { return usage.first == word; });
  return found == usages.end() ? "" : found->second;
}

}  // namespace sluice::compiler
