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
  static constexpr std::array<std::string_view, 24> words{"constant",
                                                          "target_property",
                                                          "host_property",
                                                          "deployment_property",
                                                          "step_output",
                                                          "secret",
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
  static constexpr std::array<std::string_view, 5> words{"halt", "continue", "ask", "rollback",
                                                         "rollback_all"};
  return at(words, on_failure);
}

std::string_view word(Via::Kind kind) {
  static constexpr std::array<std::string_view, 4> words{"target", "each", "first", "controller"};
  return at(words, kind);
}

std::string_view word(DurationModel::Kind kind) {
  static constexpr std::array<std::string_view, 7> words{
      "constant", "uniform", "normal", "lognormal", "triangular", "exponential", "history"};
  return at(words, kind);
}

std::string_view word(Connection::Kind kind) {
  static constexpr std::array<std::string_view, 2> words{"local", "ssh"};
  return at(words, kind);
}

std::string_view word(Resource::Kind kind) {
  static constexpr std::array<std::string_view, 2> words{"rate", "pieces"};
  return at(words, kind);
}

std::string_view word(Secret::Source source) {
  static constexpr std::array<std::string_view, 3> words{"environment", "file", "command"};
  return at(words, source);
}

std::string_view word(Contract::Kind kind) {
  static constexpr std::array<std::string_view, 4> words{"available", "unavailable", "downtime",
                                                         "duration"};
  return at(words, kind);
}

std::string_view word(Contract::Comparison comparison) {
  static constexpr std::array<std::string_view, 5> words{"less", "less_or_equal", "greater",
                                                         "greater_or_equal", "equal"};
  return at(words, comparison);
}

}  // namespace sluice::plan
