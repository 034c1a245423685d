// The words for the plan's enumerations, in saved plans: one table for writing and for reading.
#pragma once

#include <optional>
#include <string_view>

#include "plan/plan.h"

namespace sluice::plan {

std::string_view word(Operator op);
std::string_view word(Stage stage);
std::string_view word(When when);
std::string_view word(OnFailure on_failure);
std::string_view word(Via::Kind kind);
std::string_view word(DurationModel::Kind kind);
std::string_view word(Connection::Kind kind);
std::string_view word(Resource::Kind kind);
std::string_view word(Secret::Source source);
std::string_view word(Contract::Kind kind);
std::string_view word(Contract::Comparison comparison);

// The enumerator of a word, or nothing.
template <class Enumeration>
std::optional<Enumeration> from_word(std::string_view text) {
  // Every enumeration here has fewer than 32 enumerators, and its words end with an empty one.
  for (int i = 0; i < 32; ++i) {
    const auto value = static_cast<Enumeration>(i);
    if (word(value).empty()) return std::nullopt;
    if (word(value) == text) return value;
  }
  return std::nullopt;
}

}  // namespace sluice::plan
