#include "plan/words.h"

#include <array>

namespace sluice::plan {

namespace {

template <class Enumeration, std::size_t count>
std::string_view at(const std::array<std::string_view, count>& words, Enumeration value) {
  const auto index = static_cast<std::size_t>(value);
  return index < count ? words[index] : std::string_view{};
}

}  // namespace

std::string_view word(Operator op) {
  static constexpr std::array<std::string_view, 22> words{"constant",
                                                          "target_property",
                                                          "host_property",
                                                          "deployment_property",
                                                          "concatenate",
                                                          "negate",
                                                          "not",
                                                          "add",
                                                          "subtract",
                                                          "multiply",
                                                          "divide",
                                                          "equal",
                                                          "not_equal",
                                                          "less",
                                                          "less_or_equal",
                                                          "greater",
                                                          "greater_or_equal",
                                                          "and",
                                                          "or",
                                                          "if_then_else",
                                                          "call",
                                                          "list"};
  return at(words, op);
}

std::string_view word(Stage stage) {
  static constexpr std::array<std::string_view, 4> words{"known", "per_target", "per_host",
                                                         "at_run_time"};
  return at(words, stage);
}

std::string_view word(When when) {
  static constexpr std::array<std::string_view, 3> words{"success", "failure", "always"};
  return at(words, when);
}

std::string_view word(OnFailure on_failure) {
  static constexpr std::array<std::string_view, 2> words{"halt", "continue"};
  return at(words, on_failure);
}

std::string_view word(Via::Kind kind) {
  static constexpr std::array<std::string_view, 4> words{"target", "each", "first", "controller"};
  return at(words, kind);
}

std::string_view word(DurationModel::Kind kind) {
  static constexpr std::array<std::string_view, 2> words{"constant", "uniform"};
  return at(words, kind);
}

std::string_view word(Connection::Kind kind) {
  static constexpr std::array<std::string_view, 2> words{"local", "ssh"};
  return at(words, kind);
}

}  // namespace sluice::plan
