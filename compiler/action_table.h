// The one table of what a step can run: kinds, attributes, types, defaults. Checks, docs and,
// later, editors read it; who carries an action out needs only what the plan holds.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "plan/expression.h"
#include "plan/value.h"

namespace sluice::compiler {

struct AttributeSchema {
  std::string_view name;
  plan::Type type = plan::Type::String;
  bool map = false;  // a block of names and strings: headers { "Accept" = "text/plain" }
  bool required = false;
  bool literal = false;  // must be known when compiling, without `${…}`: a script's text
  bool secret = false;   // it may be a secret; of a map, each of its values
  std::optional<plan::Value> default_value;
  std::vector<std::string_view> words;  // the only texts allowed; empty: any
  std::string_view documentation;
};

struct ActionSchema {
  std::string_view kind;
  std::string_view argument;  // the attribute that may stand behind the kind
  std::vector<AttributeSchema> attributes;
  std::optional<base::Duration> default_takes;  // none: as long as the attribute `duration`
  std::string_view documentation;
  bool writes_outputs = false;  // it has a script, which may write `name=value` lines
};

std::span<const ActionSchema> action_table();
const ActionSchema* find_action(std::string_view kind);

}  // namespace sluice::compiler
