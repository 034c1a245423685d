#include "compiler/syntax_words.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::compiler {

namespace {

// Words of the language that this version does not know yet.
constexpr std::array<std::string_view, 34> later{
    "inventory", "environment", "import",   "procedure", "use",     "secret",  "require",
    "at",        "deadline",    "resource", "batches",   "between", "per",     "by",
    "where",     "except",      "stagger",  "verify",    "undo",    "backoff", "unreachable",
    "required",  "idempotent",  "tags",     "skip",      "fails",   "offline", "gives",
    "uses",      "in",          "as",       "lockstep",  "from",    "rollback"};

constexpr std::array places{
    Place{Rule::Declaration, "at the top of a file",
          "a file holds `deployment`, `variable`, `connect`, `role` and `step`"},
    Place{Rule::RoleBody, "in a role", "a role holds `target`, `connect` and `minimum`"},
    Place{Rule::TargetBody, "in a target",
          "a target holds properties, `name = value`, and `connect`"},
    Place{Rule::Step, "in the header of a step",
          "a header is `step \"Name\"`, then of `once`, `on`, `window`, `order`, `via`, "
          "`with previous`, `after` and `shared` what is wanted, then `{`"},
    Place{Rule::StepBody, "in a step",
          "a step holds phrases such as `timeout 5m`, and either one `run` or steps"},
    Place{Rule::Block, "among attributes", "attributes are written `name = value`"},
};

// How a phrase or declaration is written, by the word it begins with.
constexpr std::array<std::pair<std::string_view, std::string_view>, 26> usages{{
    {"deployment", "deployment \"Name\""},
    {"variable", "variable name = value` or `variable name: number"},
    {"connect", "connect ssh { user = \"deploy\" }"},
    {"role", "role web { target \"web-[1..3]\" }"},
    {"minimum", "minimum 2"},
    {"target", "target \"web-[1..3]\""},
    {"step", "step \"Name\" on web window 3 { … }"},
    {"run", "run \"command\"` or `run http { url = \"…\" }"},
    {"once", "once"},
    {"on", "on web, api"},
    {"window", "window 3` or `window 25%"},
    {"order", "order name"},
    {"via", "via lb"},
    {"with", "with previous"},
    {"after", "after \"Name\""},
    {"shared", "shared"},
    {"timeout", "timeout 5m"},
    {"retry", "retry 5 every 2s"},
    {"tolerate", "tolerate 2 failures` or `tolerate 10%"},
    {"when", "when success`, `when failure` or `when always"},
    {"takes", "takes 30s` or `takes 20s to 40s"},
    {"drains", "drains"},
    {"restores", "restores"},
    {"interrupts", "interrupts"},
    {"optional", "optional"},
    {"disabled", "disabled"},
}};

constexpr std::array<std::string_view, 19> units{"ms",  "s",    "m",    "h",    "d",   "B",   "kB",
                                                 "MB",  "GB",   "TB",   "KiB",  "MiB", "GiB", "TiB",
                                                 "bps", "kbps", "Mbps", "Gbps", "%"};

template <class Words>
bool is_in(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

bool is_later_word(std::string_view word) {
  return is_in(later, word);
}

bool is_unit(std::string_view word) {
  return is_in(units, word);
}

const Place* place_of(Rule rule) {
  const auto found = std::find_if(places.begin(), places.end(),
                                  [&](const Place& place) { return place.rule == rule; });
  return found == places.end() ? nullptr : &*found;
}

std::string_view usage_of(std::string_view word) {
  const auto found = std::find_if(usages.begin(), usages.end(),
                                  [&](const auto& usage) { return usage.first == word; });
  return found == usages.end() ? "" : found->second;
}

}  // namespace sluice::compiler
