// Short words to write the table of actions with.
#pragma once

#include <string>
#include <utility>

#include "compiler/action_table.h"

namespace sluice::compiler::schema {

inline plan::Value text(std::string_view content) {
  return {std::string(content)};
}
inline plan::Value number(std::int64_t whole) {
  return {plan::Number{whole * 1'000'000}};
}

inline AttributeSchema attribute(std::string_view name, plan::Type type,
                                 std::string_view documentation) {
  AttributeSchema made;
  made.name = name;
  made.type = type;
  made.documentation = documentation;
  return made;
}
inline AttributeSchema string(std::string_view name, std::string_view documentation) {
  return attribute(name, plan::Type::String, documentation);
}
// Each of its values may be a secret.
inline AttributeSchema map_of_text(std::string_view name, std::string_view documentation) {
  AttributeSchema made = string(name, documentation);
  made.map = true;
  made.secret = true;
  return made;
}

inline AttributeSchema required(AttributeSchema made) {
  made.required = true;
  return made;
}
inline AttributeSchema literal(AttributeSchema made) {
  made.literal = true;
  return made;
}
inline AttributeSchema known(AttributeSchema made) {
  made.known = true;
  return made;
}
inline AttributeSchema secret(AttributeSchema made) {
  made.secret = true;
  return made;
}
inline AttributeSchema with_default(AttributeSchema made, plan::Value value) {
  made.default_value = std::move(value);
  return made;
}
inline AttributeSchema one_of(AttributeSchema made, std::vector<std::string_view> words) {
  made.words = std::move(words);
  return made;
}
inline AttributeSchema form(AttributeSchema made, Form wanted) {
  made.form = wanted;
  return made;
}

// The parts of the table.
std::vector<ActionSchema> general_actions();
std::vector<ActionSchema> windows_and_azure_actions();

}  // namespace sluice::compiler::schema
