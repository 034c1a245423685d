#include "cli/typed.h"

#include <fmt/format.h>

#include "base/utf8.h"
#include "render/plan_words.h"

namespace sluice::cli {

std::string typed_word(const std::string& word) {
  return word.empty() ? "''" : base::printable(render::shell_word(word));
}

// Within double quotes a shell still looks at these, an interactive one at `!` as well.
std::string typed_name(const std::string& name) {
  return name.find_first_of("\"$`\\!") == std::string::npos ? "\"" + base::printable(name) + "\""
                                                            : typed_word(name);
}

std::string typed_state(const std::string& state) {
  return state.empty() ? "" : " --state " + typed_word(state);
}

std::string deployment_words(const plan::Plan& plan) {
  std::string words = fmt::format("`{}`", base::printable(plan.deployment));
  if (plan.environment.empty()) return words;
  return words + fmt::format(" in `{}`", base::printable(plan.environment));
}

std::string typed_command(const std::string& verb, const std::string& run,
                          const std::string& state) {
  return fmt::format("sluice {} {}{}", verb, run, typed_state(state));
}

// What begins with a dash is no option behind two of them.
std::string typed_logs(const std::string& run, const std::string& target,
                       const std::string& state) {
  const std::string word = typed_word(target);
  if (target.starts_with('-')) return typed_command("logs", run, state) + " -- " + word;
  return fmt::format("sluice logs {} {}{}", run, word, typed_state(state));
}

}  // namespace sluice::cli
