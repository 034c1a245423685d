// A saved plan back from its JSON. nlohmann-json is seen here alone; a problem travels as an
// exception within this file, with the path of the member that it is in.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "plan/json.h"
#include "plan/verify.h"
#include "plan/words.h"

namespace sluice::plan {

namespace {

using nlohmann::json;

constexpr int most_levels = 200;
constexpr std::uint32_t most_targets = 10'000'000;

struct Problem {
  std::string message;
};

[[noreturn]] void fail(const std::string& path, std::string_view why) {
  throw Problem{fmt::format("{}: {}", path.empty() ? "the document" : path, why)};
}

// A JSON value with its path, which must be of the type that is asked of it.
class Node {
 public:
  Node(const json& value, std::string path) : value_(&value), path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  // Exactly these members, no other and none missing.
  void expect(std::initializer_list<std::string_view> names,
              std::initializer_list<std::string_view> optional = {}) const {
    if (!value_->is_object()) fail(path_, "an object is expected");
    for (const auto& [name, member] : value_->items()) {
      const auto is = [&name = name](std::string_view known) { return known == name; };
      if (std::none_of(names.begin(), names.end(), is) &&
          std::none_of(optional.begin(), optional.end(), is)) {
        fail(path_, fmt::format("there is no member `{}` in this format", name));
      }
    }
    for (const std::string_view name : names) {
      if (!value_->contains(name)) fail(path_, fmt::format("the member `{}` is missing", name));
    }
  }
  bool has(std::string_view name) const { return value_->contains(name); }
  bool is_null() const { return value_->is_null(); }
  Node operator[](std::string_view name) const {
    return {value_->at(std::string(name)), fmt::format("{}.{}", path_, name)};
  }
  std::string text() const {
    if (!value_->is_string()) fail(path_, "a text is expected");
    return value_->get<std::string>();
  }
  bool truth() const {
    if (!value_->is_boolean()) fail(path_, "true or false is expected");
    return value_->get<bool>();
  }
  std::int64_t integer() const {
    const bool fits = value_->is_number_integer() &&
                      !(value_->is_number_unsigned() &&
                        value_->get<std::uint64_t>() > std::uint64_t{0x7fff'ffff'ffff'ffff});
    if (!fits) fail(path_, "a whole number is expected");
    return value_->get<std::int64_t>();
  }
  std::uint32_t count() const {
    const std::int64_t number = integer();
    if (number < 0 || number > 0xffff'ffff) fail(path_, "the number is out of range");
    return static_cast<std::uint32_t>(number);
  }
  base::Duration duration() const { return {integer()}; }
  template <class Enumeration>
  Enumeration enumerator() const {
    const auto value = from_word<Enumeration>(text());
    if (!value) fail(path_, fmt::format("`{}` is no word of this format", text()));
    return *value;
  }
  template <class Visit>
  void each(Visit visit) const {
    if (!value_->is_array()) fail(path_, "a list is expected");
    std::size_t index = 0;
    for (const json& item : *value_) visit(Node(item, fmt::format("{}[{}]", path_, index++)));
  }
  std::vector<std::uint32_t> counts(std::size_t wanted) const {
    std::vector<std::uint32_t> numbers;
    each([&](const Node& item) { numbers.push_back(item.count()); });
    if (numbers.size() != wanted) fail(path_, fmt::format("{} numbers are expected", wanted));
    return numbers;
  }

 private:
  const json* value_;
  std::string path_;
};

class Reader {
 public:
  Plan read(const Node& document) {
    document.expect({"schema", "plan", "origin", "digest", "file_digest"});
    const Node meaning = document["plan"];
    meaning.expect({"deployment", "variables", "property_sets", "connections", "targets",
                    "target_lists", "roles", "joins", "steps"});
    plan_.deployment = meaning["deployment"].text();
    meaning["variables"].each([this](const Node& node) {
      node.expect({"name", "value"});
      plan_.variables.push_back({node["name"].text(), value(node["value"], 0)});
    });
    meaning["property_sets"].each([this](const Node& node) {
      PropertySet set;
      node.each([&](const Node& item) {
        item.expect({"name", "value"});
        set.push_back({item["name"].text(), value(item["value"], 0)});
      });
      plan_.property_sets.add(std::move(set));
    });
    meaning["connections"].each([this](const Node& node) { read_connection(node); });
    read_targets(meaning["targets"]);
    meaning["target_lists"].each([this](const Node& node) { read_target_list(node); });
    meaning["roles"].each([this](const Node& node) {
      node.expect({"name", "targets", "minimum"});
      plan_.roles.add({node["name"].text(), {node["targets"].count()}, node["minimum"].count()});
    });
    meaning["joins"].each([this](const Node& node) {
      Join join;
      node.each([&](const Node& item) { join.steps.push_back({item.count()}); });
      plan_.joins.add(std::move(join));
    });
    meaning["steps"].each([this](const Node& node) { read_step(node); });
    read_origin(document["origin"]);
    plan_.digest = document["digest"].text();
    return std::move(plan_);
  }

 private:
  Value value(const Node& node, int level) {
    if (level > most_levels) fail(node.path(), "this is nested too deep");
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
    node["list"].each([&](const Node& item) { items.push_back(value(item, level + 1)); });
    return Value{std::move(items)};
  }

  Expression expression(const Node& node, int level = 0) {
    if (level > most_levels) fail(node.path(), "this is nested too deep");
    if (!node.has("op")) return constant(value(node, level));
    node.expect({"op", "type", "stage", "operands"}, {"name"});
    Expression made;
    made.op = node["op"].enumerator<Operator>();
    if (made.op == Operator::Constant) fail(node.path(), "a constant is written as its value");
    const auto type = type_of_name(node["type"].text());
    if (!type) fail(node.path(), "there is no such type");
    made.type = *type;
    made.stage = node["stage"].enumerator<Stage>();
    if (node.has("name")) made.name = node["name"].text();
    node["operands"].each(
        [&](const Node& item) { made.operands.push_back(expression(item, level + 1)); });
    return made;
  }

  void read_connection(const Node& node) {
    node.expect({"kind", "settings"});
    Connection made;
    made.kind = node["kind"].enumerator<Connection::Kind>();
    node["settings"].each([&](const Node& item) {
      item.expect({"name", "value"});
      made.settings.push_back({item["name"].text(), expression(item["value"])});
    });
    plan_.connections.add(std::move(made));
  }

  void read_targets(const Node& node) {
    node.expect({"names", "properties", "connections"});
    node["names"].each([this](const Node& item) {
      if (plan_.targets.size() == most_targets) fail(item.path(), "there are too many targets");
      plan_.targets.add(item.text(), {}, {});
    });
    read_runs(node["properties"], [this](TargetId target, std::uint32_t id) {
      plan_.targets.set_properties(target, {id});
    });
    read_runs(node["connections"], [this](TargetId target, std::uint32_t id) {
      plan_.targets.set_connection(target, {id});
    });
  }

  template <class Set>
  void read_runs(const Node& node, Set set) {
    std::uint64_t next = 0;
    node.each([&](const Node& run) {
      const auto numbers = run.counts(2);
      if (next + numbers[1] > plan_.targets.size())
        fail(run.path(), "there are not so many targets");
      for (std::uint32_t i = 0; i < numbers[1]; ++i) {
        set(TargetId{static_cast<std::uint32_t>(next++)}, numbers[0]);
      }
    });
    if (next != plan_.targets.size()) fail(node.path(), "some targets are missing here");
  }

  void read_target_list(const Node& node) {
    TargetList list;
    node.each([&](const Node& run) {
      const auto numbers = run.counts(2);
      const std::uint64_t end = std::uint64_t{numbers[0]} + numbers[1];
      if (end > plan_.targets.size() || list.size() + numbers[1] > plan_.targets.size()) {
        fail(run.path(), "there are not so many targets");
      }
      for (std::uint32_t i = 0; i < numbers[1]; ++i) list.add(TargetId{numbers[0] + i});
    });
    plan_.target_lists.add(std::move(list));
  }

  Limit limit(const Node& node) {
    node.expect({"value", "rule"});
    return {node["value"].count(), node["rule"].text()};
  }

  void read_step(const Node& node) {
    node.expect({"name", "has_child_steps", "on_controller", "targets", "window", "tolerate",
                 "on_failure", "when", "shared", "optional", "disabled", "join", "tasks"});
    Step step;
    step.name = node["name"].text();
    step.has_child_steps = node["has_child_steps"].truth();
    step.on_controller = node["on_controller"].truth();
    step.targets = {node["targets"].count()};
    step.window = limit(node["window"]);
    step.tolerate = limit(node["tolerate"]);
    step.on_failure = node["on_failure"].enumerator<OnFailure>();
    step.when = node["when"].enumerator<When>();
    step.shared = node["shared"].truth();
    step.optional = node["optional"].truth();
    step.disabled = node["disabled"].truth();
    step.join = {node["join"].count()};
    node["tasks"].each([&](const Node& item) { step.tasks.push_back(task(item)); });
    plan_.steps.add(std::move(step));
  }

  Task task(const Node& node) {
    node.expect({"name", "action", "via", "when", "disabled", "ignore_failure", "timeout_ms",
                 "retry", "takes", "drains", "restores", "interrupts"});
    Task made;
    made.name = node["name"].text();
    const Node action = node["action"];
    action.expect({"kind", "attributes"});
    made.action.kind = action["kind"].text();
    action["attributes"].each([&](const Node& item) {
      item.expect({"name", "value"});
      made.action.attributes.push_back({item["name"].text(), expression(item["value"])});
    });
    const Node via = node["via"];
    via.expect({"kind", "hosts"});
    made.via = {via["kind"].enumerator<Via::Kind>(), {via["hosts"].count()}};
    made.when = node["when"].enumerator<When>();
    made.disabled = node["disabled"].truth();
    made.ignore_failure = node["ignore_failure"].truth();
    if (!node["timeout_ms"].is_null()) made.timeout = node["timeout_ms"].duration();
    const Node retry = node["retry"];
    retry.expect({"more", "pause_ms"});
    made.retry.more = retry["more"].count();
    made.retry.pause = retry["pause_ms"].duration();
    const Node takes = node["takes"];
    takes.expect({"kind", "low", "assumed"}, {"high"});
    made.takes.kind = takes["kind"].enumerator<DurationModel::Kind>();
    made.takes.low = expression(takes["low"]);
    if (takes.has("high")) made.takes.high = expression(takes["high"]);
    made.takes.assumed = takes["assumed"].truth();
    made.effect = {node["drains"].truth(), node["restores"].truth(), node["interrupts"].truth()};
    return made;
  }

  void read_origin(const Node& node) {
    node.expect({"compiler_version", "sources", "places"});
    plan_.compiler_version = node["compiler_version"].text();
    node["sources"].each([this](const Node& item) {
      item.expect({"name", "sha256"});
      plan_.sources.add({item["name"].text(), item["sha256"].text()});
    });
    std::uint32_t step = 0;
    node["places"].each([&](const Node& item) {
      if (step == plan_.steps.size()) fail(item.path(), "there are not so many steps");
      read_places(item, plan_.steps[StepId{step++}]);
    });
    if (step != plan_.steps.size()) fail(node.path(), "some steps have no place");
  }

  void read_places(const Node& node, Step& step) {
    std::vector<Place> places;
    node.each([&](const Node& item) { places.push_back(place(item)); });
    if (places.size() != 1 + 2 * step.tasks.size()) fail(node.path(), "a place is missing");
    step.place = places[0];
    for (std::size_t i = 0; i < step.tasks.size(); ++i) {
      step.tasks[i].place = places[1 + 2 * i];
      step.tasks[i].action_place = places[2 + 2 * i];
    }
  }

  static Place place(const Node& node) {
    std::vector<std::int64_t> numbers;
    node.each([&](const Node& item) { numbers.push_back(item.integer()); });
    const auto fits = [](std::int64_t number) { return number >= -1 && number <= 0xffff'ffff; };
    if (numbers.size() != 3 || !std::all_of(numbers.begin(), numbers.end(), fits)) {
      fail(node.path(), "a place is file, line and column");
    }
    Place made;
    if (numbers[0] >= 0) made.file = {static_cast<std::uint32_t>(numbers[0])};
    made.line = static_cast<std::uint32_t>(numbers[1]);
    made.column = static_cast<std::uint32_t>(numbers[2]);
    return made;
  }

  Plan plan_;
};

// The digest of the file is of all that stands before it, and is looked at first: behind it every
// other fault would only be a consequence.
bool file_is_whole(std::string_view text) {
  constexpr std::string_view mark = ",\"file_digest\":\"";
  const std::size_t at = text.rfind(mark);
  if (at == std::string_view::npos) return false;
  const std::string expected =
      fmt::format("{}sha256:{}\"}}\n", mark, base::sha256_hex(text.substr(0, at)));
  return text.substr(at) == expected;
}

}  // namespace

base::Result<Plan> from_json(std::string_view text) {
  const base::Error changed{"the plan was changed or damaged since it was saved"};
  try {
    const json document = json::parse(text);
    const Node root(document, "");
    if (!document.is_object() || !document.contains("schema") || !root["schema"].text().size()) {
      return base::Error{"this is no saved plan"};
    }
    const std::string schema = root["schema"].text();
    if (schema != "sluice.plan/1") {
      return base::Error{fmt::format("this is `{}`, and `sluice.plan/1` is read", schema)};
    }
    if (!file_is_whole(text)) return changed;
    Plan plan = Reader().read(root);
    if (const base::Status verified = verify(plan); !verified) return verified.error();
    if (plan.digest != meaning_digest(plan)) return changed;
    return plan;
  } catch (const Problem& problem) {
    return base::Error{problem.message};
  } catch (const json::exception&) {
    return base::Error{"this is no JSON document, or a damaged one"};
  }
}

}  // namespace sluice::plan
