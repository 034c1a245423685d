// The parts of a saved plan that both ways of plan/json.h are made of: each written and read beside
// the other. What a part leaves out has its default; what it writes, it writes in one way alone.
#pragma once

#include <string_view>

#include "base/json_writer.h"
#include "plan/json_document.h"
#include "plan/plan.h"
#include "plan/words.h"

namespace sluice::plan {

// {"duration":30000}, {"list":[{"string":"a"}]}: the type, and the value in its smallest unit.
void write_value(base::JsonWriter& json, const Value& value);
Value read_value(const JsonNode& node);

// A constant is its value; anything else an object with `op`.
void write_expression(base::JsonWriter& json, const Expression& expression);
Expression read_expression(const JsonNode& node);

void write_limit(base::JsonWriter& json, std::string_view name, const Limit& limit);
Limit read_limit(const JsonNode& node);

void write_action(base::JsonWriter& json, const Action& action);
Action read_action(const JsonNode& node);

// The members of a work, into the object that is open: a verify's, an undo's, a task's.
void write_work(base::JsonWriter& json, const Work& work);
Work read_work(const JsonNode& node);  // a verify or an undo: all members are a work's

void write_task(base::JsonWriter& json, const Task& task);
Task read_task(const JsonNode& node);

void write_step(base::JsonWriter& json, const Step& step);
Step read_step(const JsonNode& node);

void write_secret(base::JsonWriter& json, const Secret& secret);
Secret read_secret(const JsonNode& node);
void write_resource(base::JsonWriter& json, const Resource& resource);
Resource read_resource(const JsonNode& node);
void write_contract(base::JsonWriter& json, const Contract& contract);
Contract read_contract(const JsonNode& node);

// Where everything comes from: places, sources, the compiler's version.
void write_origin(base::JsonWriter& json, const Plan& plan);
void read_origin(const JsonNode& node, Plan& plan);

// {"name":"a","value":…}, as variables and properties have it.
template <class Named>
void write_named_value(base::JsonWriter& json, const Named& row) {
  json.begin_object().member("name", row.name).key("value");
  write_value(json, row.value);
  json.end_object();
}

template <class Rows, class Write>
void write_list(base::JsonWriter& json, std::string_view name, const Rows& rows, Write write) {
  json.key(name).begin_array();
  for (const auto& row : rows) write(row);
  json.end_array();
}

// Leaves an empty list out.
template <class Rows, class Write>
void write_some(base::JsonWriter& json, std::string_view name, const Rows& rows, Write write) {
  if (!rows.empty()) write_list(json, name, rows, write);
}

// The items of a list that may be left out.
template <class Visit>
void read_some(const JsonNode& node, std::string_view name, Visit visit) {
  if (node.has(name)) node[name].each(visit);
}

// A flag that is left out where it is false.
inline void write_flag(base::JsonWriter& json, std::string_view name, bool set) {
  if (set) json.member(name, true);
}
inline bool read_flag(const JsonNode& node, std::string_view name) {
  return node.has(name) && node[name].truth();
}

template <class Enumeration>
Enumeration read_word(const JsonNode& node) {
  const std::string text = node.text();
  const auto value = from_word<Enumeration>(text);
  if (!value) node.fail("this is no word of this format");
  return value.value_or(Enumeration{});
}

}  // namespace sluice::plan
