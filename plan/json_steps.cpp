// Steps of a saved plan, both ways: which targets, how many at once, when, and what failures do.
#include "plan/json_parts.h"

namespace sluice::plan {

namespace {

using base::JsonWriter;

void write_group_window(JsonWriter& json, const GroupWindow& window) {
  json.begin_object().member("property", window.property);
  write_list(json, "groups", window.groups, [&](const GroupWindow::Group& group) {
    json.begin_object().key("value");
    write_value(json, group.value);
    write_limit(json, "limit", group.limit);
    json.end_object();
  });
  json.end_object();
}

GroupWindow read_group_window(const JsonNode& node) {
  node.expect({"property", "groups"});
  GroupWindow window;
  window.property = node["property"].text();
  node["groups"].each([&](const JsonNode& item) {
    item.expect({"value", "limit"});
    window.groups.push_back({read_value(item["value"]), read_limit(item["limit"])});
  });
  return window;
}

void write_batches(JsonWriter& json, const Batches& batches) {
  if (batches == Batches{}) return;
  json.key("batches").begin_object();
  json.key("sizes").begin_array();
  for (const Limit& size : batches.sizes) {
    json.begin_object().member("value", size.value).member("rule", size.rule).end_object();
  }
  json.end_array();
  write_flag(json, "lockstep", batches.lockstep);
  json.end_object();
}

Batches read_batches(const JsonNode& node) {
  node.expect({"sizes"}, {"lockstep"});
  Batches batches;
  node["sizes"].each([&](const JsonNode& item) { batches.sizes.push_back(read_limit(item)); });
  batches.lockstep = read_flag(node, "lockstep");
  return batches;
}

void write_rolling(JsonWriter& json, const Step& step) {
  write_some(json, "group_windows", step.group_windows,
             [&](const GroupWindow& window) { write_group_window(json, window); });
  write_batches(json, step.batches);
  if (!step.by.empty()) json.member("by", step.by);
  write_some(json, "by_groups", step.by_groups, [&](const ByGroup& group) {
    json.begin_object().key("value");
    write_value(json, group.value);
    json.member("count", group.count).end_object();
  });
  if (step.stagger.ms != 0) json.member("stagger_ms", step.stagger.ms);
}

void read_rolling(const JsonNode& node, Step& step) {
  read_some(node, "group_windows",
            [&](const JsonNode& item) { step.group_windows.push_back(read_group_window(item)); });
  if (node.has("batches")) step.batches = read_batches(node["batches"]);
  if (node.has("by")) step.by = node["by"].text();
  read_some(node, "by_groups", [&](const JsonNode& item) {
    item.expect({"value", "count"});
    step.by_groups.push_back({read_value(item["value"]), item["count"].count()});
  });
  if (node.has("stagger_ms")) step.stagger = node["stagger_ms"].duration();
}

void write_unreachable(JsonWriter& json, const Unreachable& unreachable) {
  if (unreachable == Unreachable{}) return;
  json.key("unreachable").begin_object().member("skip", unreachable.skip);
  if (unreachable.at_most) write_limit(json, "at_most", *unreachable.at_most);
  json.end_object();
}

Unreachable read_unreachable(const JsonNode& node) {
  node.expect({"skip"}, {"at_most"});
  Unreachable unreachable;
  unreachable.skip = node["skip"].truth();
  if (node.has("at_most")) unreachable.at_most = read_limit(node["at_most"]);
  return unreachable;
}

}  // namespace

void write_step(JsonWriter& json, const Step& step) {
  json.begin_object().member("name", step.name);
  json.member("has_child_steps", step.has_child_steps);
  json.member("on_controller", step.on_controller).member("targets", step.targets.value);
  if (!step.targets_rule.empty()) json.member("targets_rule", step.targets_rule);
  if (!step.order_rule.empty()) json.member("order_rule", step.order_rule);
  write_limit(json, "window", step.window);
  write_rolling(json, step);
  write_limit(json, "tolerate", step.tolerate);
  json.member("on_failure", word(step.on_failure));
  write_unreachable(json, step.unreachable);
  json.member("when", word(step.when));
  if (step.condition) {
    json.key("condition");
    write_expression(json, *step.condition);
  }
  json.member("shared", step.shared).member("optional", step.optional);
  write_flag(json, "required", step.required);
  json.member("disabled", step.disabled).member("join", step.join.value);
  if (step.gate_of.valid()) json.member("gate_of", step.gate_of.value);
  write_list(json, "tasks", step.tasks, [&](const Task& task) { write_task(json, task); });
  if (step.verify) {
    json.key("verify").begin_object();
    write_work(json, *step.verify);
    json.end_object();
  }
  write_flag(json, "skip_verified", step.skip_verified);
  write_some(json, "tags", step.tags, [&](const std::string& tag) { json.value(tag); });
  json.end_object();
}

Step read_step(const JsonNode& node) {
  node.expect(
      {"name", "has_child_steps", "on_controller", "targets", "window", "tolerate", "on_failure",
       "when", "shared", "optional", "disabled", "join", "tasks"},
      {"targets_rule", "order_rule", "group_windows", "batches", "by", "by_groups", "stagger_ms",
       "unreachable", "condition", "required", "gate_of", "verify", "skip_verified", "tags"});
  Step step;
  step.name = node["name"].text();
  step.has_child_steps = node["has_child_steps"].truth();
  step.on_controller = node["on_controller"].truth();
  step.targets = {node["targets"].count()};
  if (node.has("targets_rule")) step.targets_rule = node["targets_rule"].text();
  if (node.has("order_rule")) step.order_rule = node["order_rule"].text();
  step.window = read_limit(node["window"]);
  read_rolling(node, step);
  step.tolerate = read_limit(node["tolerate"]);
  step.on_failure = read_word<OnFailure>(node["on_failure"]);
  if (node.has("unreachable")) step.unreachable = read_unreachable(node["unreachable"]);
  step.when = read_word<When>(node["when"]);
  if (node.has("condition")) step.condition = read_expression(node["condition"]);
  step.shared = node["shared"].truth();
  step.optional = node["optional"].truth();
  step.required = read_flag(node, "required");
  step.disabled = node["disabled"].truth();
  step.join = {node["join"].count()};
  if (node.has("gate_of")) step.gate_of = {node["gate_of"].count()};
  node["tasks"].each([&](const JsonNode& item) { step.tasks.push_back(read_task(item)); });
  if (node.has("verify")) step.verify = read_work(node["verify"]);
  step.skip_verified = read_flag(node, "skip_verified");
  read_some(node, "tags", [&](const JsonNode& item) { step.tags.push_back(item.text()); });
  return step;
}

}  // namespace sluice::plan
