// Values and expressions of a saved plan, both ways.
#include "plan/json_parts.h"

namespace sluice::plan {

namespace {

using base::JsonWriter;

struct ValueWriter {
  JsonWriter& json;
  void operator()(const std::string& text) const { json.member("string", text); }
  void operator()(Number number) const { json.member("number", number.micros); }
  void operator()(bool truth) const { json.member("boolean", truth); }
  void operator()(base::Duration duration) const { json.member("duration", duration.ms); }
  void operator()(Percentage share) const { json.member("percentage", share.micros); }
  void operator()(Size size) const { json.member("size", size.bytes); }
  void operator()(Rate rate) const { json.member("rate", rate.bits_per_second); }
  void operator()(const Value::List& list) const {
    json.key("list").begin_array();
    for (const Value& item : list) write_value(json, item);
    json.end_array();
  }
};

void write_source(JsonWriter& json, const OutputSource& source) {
  json.key("source").begin_object().member("step", source.step).member("task", source.task);
  write_flag(json, "single", source.single);
  json.end_object();
}

OutputSource read_source(const JsonNode& node) {
  node.expect({"step", "task"}, {"single"});
  return {node["step"].count(), node["task"].count(), read_flag(node, "single")};
}

}  // namespace

void write_value(JsonWriter& json, const Value& value) {
  json.begin_object();
  std::visit(ValueWriter{json}, value.content);
  json.end_object();
}

// Nesting is bounded by that of the document.
Value read_value(const JsonNode& node) {
  if (node.has("string")) return node.expect({"string"}), Value{node["string"].text()};
  if (node.has("number")) return node.expect({"number"}), Value{Number{node["number"].integer()}};
  if (node.has("boolean")) return node.expect({"boolean"}), Value{node["boolean"].truth()};
  if (node.has("duration")) return node.expect({"duration"}), Value{node["duration"].duration()};
  if (node.has("percentage")) {
    return node.expect({"percentage"}), Value{Percentage{node["percentage"].integer()}};
  }
  if (node.has("size")) return node.expect({"size"}), Value{Size{node["size"].integer()}};
  if (node.has("rate")) return node.expect({"rate"}), Value{Rate{node["rate"].integer()}};
  node.expect({"list"});
  Value::List items;
  node["list"].each([&](const JsonNode& item) { items.push_back(read_value(item)); });
  return Value{std::move(items)};
}

void write_expression(JsonWriter& json, const Expression& expression) {
  if (expression.op == Operator::Constant) return write_value(json, expression.value);
  json.begin_object().member("op", word(expression.op));
  json.member("type", type_name(expression.type)).member("stage", word(expression.stage));
  if (!expression.name.empty()) json.member("name", expression.name);
  if (expression.op == Operator::StepOutput) write_source(json, expression.source);
  write_list(json, "operands", expression.operands,
             [&](const Expression& operand) { write_expression(json, operand); });
  json.end_object();
}

Expression read_expression(const JsonNode& node) {
  if (!node.has("op")) return constant(read_value(node));
  node.expect({"op", "type", "stage", "operands"}, {"name", "source"});
  Expression made;
  made.op = read_word<Operator>(node["op"]);
  if (made.op == Operator::Constant) node.fail("a constant is written as its value");
  const auto type = type_of_name(node["type"].text());
  if (!type) node.fail("there is no such type");
  made.type = type.value_or(Type::String);
  made.stage = read_word<Stage>(node["stage"]);
  if (node.has("name")) made.name = node["name"].text();
  if (node.has("source")) made.source = read_source(node["source"]);
  node["operands"].each(
      [&](const JsonNode& item) { made.operands.push_back(read_expression(item)); });
  return made;
}

void write_limit(JsonWriter& json, std::string_view name, const Limit& limit) {
  json.key(name).begin_object().member("value", limit.value).member("rule", limit.rule);
  json.end_object();
}

Limit read_limit(const JsonNode& node) {
  node.expect({"value", "rule"});
  return {node["value"].count(), node["rule"].text()};
}

}  // namespace sluice::plan
