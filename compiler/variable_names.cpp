#include "compiler/variable_names.h"

#include <algorithm>
#include <array>

namespace sluice::compiler {

namespace {

// Keywords that begin or join a phrase, of the whole language: a file that is good today stays
// good.
constexpr std::array keywords = {
    std::string_view{"after"},      std::string_view{"and"},        std::string_view{"as"},
    std::string_view{"at"},         std::string_view{"backoff"},    std::string_view{"batches"},
    std::string_view{"between"},    std::string_view{"by"},         std::string_view{"connect"},
    std::string_view{"deadline"},   std::string_view{"deployment"}, std::string_view{"disabled"},
    std::string_view{"drains"},     std::string_view{"else"},       std::string_view{"environment"},
    std::string_view{"every"},      std::string_view{"except"},     std::string_view{"failure"},
    std::string_view{"failures"},   std::string_view{"fails"},      std::string_view{"false"},
    std::string_view{"first"},      std::string_view{"from"},       std::string_view{"gives"},
    std::string_view{"idempotent"}, std::string_view{"if"},         std::string_view{"import"},
    std::string_view{"in"},         std::string_view{"interrupts"}, std::string_view{"inventory"},
    std::string_view{"minimum"},    std::string_view{"not"},        std::string_view{"of"},
    std::string_view{"offline"},    std::string_view{"on"},         std::string_view{"once"},
    std::string_view{"optional"},   std::string_view{"or"},         std::string_view{"order"},
    std::string_view{"per"},        std::string_view{"procedure"},  std::string_view{"require"},
    std::string_view{"required"},   std::string_view{"resource"},   std::string_view{"restores"},
    std::string_view{"retry"},      std::string_view{"role"},       std::string_view{"run"},
    std::string_view{"secret"},     std::string_view{"shared"},     std::string_view{"skip"},
    std::string_view{"stagger"},    std::string_view{"step"},       std::string_view{"tags"},
    std::string_view{"takes"},      std::string_view{"target"},     std::string_view{"then"},
    std::string_view{"timeout"},    std::string_view{"to"},         std::string_view{"tolerate"},
    std::string_view{"true"},       std::string_view{"undo"},       std::string_view{"unreachable"},
    std::string_view{"up"},         std::string_view{"use"},        std::string_view{"uses"},
    std::string_view{"variable"},   std::string_view{"verify"},     std::string_view{"via"},
    std::string_view{"when"},       std::string_view{"where"},      std::string_view{"window"},
    std::string_view{"with"}};

// What a shell, a loader or PowerShell gives a meaning, in lower case.
constexpr std::array system_names = {
    std::string_view{"path"},       std::string_view{"ifs"},        std::string_view{"env"},
    std::string_view{"home"},       std::string_view{"pwd"},        std::string_view{"oldpwd"},
    std::string_view{"shell"},      std::string_view{"user"},       std::string_view{"logname"},
    std::string_view{"lang"},       std::string_view{"language"},   std::string_view{"term"},
    std::string_view{"tmpdir"},     std::string_view{"tz"},         std::string_view{"cdpath"},
    std::string_view{"mail"},       std::string_view{"ps1"},        std::string_view{"ps2"},
    std::string_view{"ps4"},        std::string_view{"bash_env"},   std::string_view{"bashopts"},
    std::string_view{"shellopts"},  std::string_view{"optarg"},     std::string_view{"optind"},
    std::string_view{"random"},     std::string_view{"seconds"},    std::string_view{"lineno"},
    std::string_view{"uid"},        std::string_view{"euid"},       std::string_view{"ppid"},
    std::string_view{"hostname"},   std::string_view{"editor"},     std::string_view{"pager"},
    std::string_view{"pythonpath"}, std::string_view{"pythonhome"}, std::string_view{"args"},
    std::string_view{"error"},      std::string_view{"host"},       std::string_view{"input"},
    std::string_view{"null"},       std::string_view{"profile"},    std::string_view{"pid"},
    std::string_view{"matches"},    std::string_view{"psitem"},     std::string_view{"this"},
    std::string_view{"foreach"},    std::string_view{"switch"},     std::string_view{"attempt"}};

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool has_prefix(std::string_view name, std::string_view prefix) {
  return name.substr(0, prefix.size()) == prefix;
}

}  // namespace

std::string refused_variable_name(std::string_view name) {
  std::string lower(name);
  bool has_lower = false;
  for (char& c : lower) {
    has_lower = has_lower || (c >= 'a' && c <= 'z');
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (!has_lower) return "names without a lower-case letter are the system's";
  if (contains(keywords, name)) return "it is a word of the language";
  if (contains(system_names, lower)) return "systems and shells give that name a meaning";
  for (const std::string_view prefix : {"target_", "step_", "deployment_", "sluice_"}) {
    if (has_prefix(lower, prefix)) return "names that begin so are given to scripts by sluice";
  }
  if (has_prefix(lower, "ld_")) return "the loader gives names that begin so a meaning";
  const bool proxy = lower.size() > 6 && lower.substr(lower.size() - 6) == "_proxy";
  if (proxy) return "programs give names that end so a meaning";
  return "";
}

}  // namespace sluice::compiler
