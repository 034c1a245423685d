// A plan as canonical JSON. What it means stands in one member, whose bytes the digest is taken of;
// where it came from stands beside it.
#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/sha256.h"
#include "plan/json.h"
#include "plan/verify.h"
#include "plan/words.h"

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
    for (const Value& item : list) {
      json.begin_object();
      std::visit(ValueWriter{json}, item.content);
      json.end_object();
    }
    json.end_array();
  }
};

class MeaningWriter {
 public:
  MeaningWriter(const Plan& plan, std::string& out) : plan_(plan), json_(out) {}

  void write() {
    json_.begin_object().member("deployment", plan_.deployment);
    list("variables", plan_.variables, [this](const Variable& variable) {
      json_.begin_object().member("name", variable.name).key("value");
      value(variable.value);
      json_.end_object();
    });
    list("property_sets", plan_.property_sets, [this](const PropertySet& set) {
      json_.begin_array();
      for (const Property& property : set) {
        json_.begin_object().member("name", property.name).key("value");
        value(property.value);
        json_.end_object();
      }
      json_.end_array();
    });
    list("connections", plan_.connections, [this](const Connection& row) { connection(row); });
    targets();
    list("target_lists", plan_.target_lists, [this](const TargetList& row) {
      json_.begin_array();
      for (const TargetList::Run& run : row.runs()) {
        json_.begin_array().value(run.first).value(run.count).end_array();
      }
      json_.end_array();
    });
    list("roles", plan_.roles, [this](const Role& role) {
      json_.begin_object().member("name", role.name).member("targets", role.targets.value);
      json_.member("minimum", role.minimum).end_object();
    });
    list("joins", plan_.joins, [this](const Join& join) {
      json_.begin_array();
      for (const StepId step : join.steps) json_.value(step.value);
      json_.end_array();
    });
    list("steps", plan_.steps, [this](const Step& row) { step(row); });
    json_.end_object();
  }

 private:
  template <class Rows, class Write>
  void list(std::string_view name, const Rows& rows, Write write) {
    json_.key(name).begin_array();
    for (const auto& row : rows) write(row);
    json_.end_array();
  }

  void value(const Value& content) {
    json_.begin_object();
    std::visit(ValueWriter{json_}, content.content);
    json_.end_object();
  }

  void expression(const Expression& row) {
    if (row.op == Operator::Constant) {
      value(row.value);
      return;
    }
    json_.begin_object().member("op", word(row.op)).member("type", type_name(row.type));
    json_.member("stage", word(row.stage));
    if (!row.name.empty()) json_.member("name", row.name);
    list("operands", row.operands, [this](const Expression& operand) { expression(operand); });
    json_.end_object();
  }

  void connection(const Connection& row) {
    json_.begin_object().member("kind", word(row.kind));
    list("settings", row.settings, [this](const Connection::Setting& setting) {
      json_.begin_object().member("name", setting.name).key("value");
      expression(setting.value);
      json_.end_object();
    });
    json_.end_object();
  }

  // By column; properties and connections as runs of equal ids: [id, count].
  void targets() {
    json_.key("targets").begin_object().key("names").begin_array();
    for (std::uint32_t i = 0; i < plan_.targets.size(); ++i) {
      json_.value(plan_.targets.name(TargetId{i}));
    }
    json_.end_array();
    runs("properties", [this](TargetId target) { return plan_.targets.properties(target).value; });
    runs("connections", [this](TargetId target) { return plan_.targets.connection(target).value; });
    json_.end_object();
  }

  template <class Column>
  void runs(std::string_view name, Column column) {
    json_.key(name).begin_array();
    for (std::uint32_t i = 0; i < plan_.targets.size();) {
      const std::uint32_t id = column(TargetId{i});
      std::uint32_t count = 0;
      while (i < plan_.targets.size() && column(TargetId{i}) == id) ++i, ++count;
      json_.begin_array().value(id).value(count).end_array();
    }
    json_.end_array();
  }

  void limit(std::string_view name, const Limit& row) {
    json_.key(name).begin_object().member("value", row.value).member("rule", row.rule).end_object();
  }

  void step(const Step& row) {
    json_.begin_object().member("name", row.name);
    json_.member("has_child_steps", row.has_child_steps);
    json_.member("on_controller", row.on_controller).member("targets", row.targets.value);
    limit("window", row.window);
    limit("tolerate", row.tolerate);
    json_.member("on_failure", word(row.on_failure)).member("when", word(row.when));
    json_.member("shared", row.shared).member("optional", row.optional);
    json_.member("disabled", row.disabled).member("join", row.join.value);
    list("tasks", row.tasks, [this](const Task& task_row) { task(task_row); });
    json_.end_object();
  }

  void task(const Task& row) {
    json_.begin_object().member("name", row.name).key("action").begin_object();
    json_.member("kind", row.action.kind);
    list("attributes", row.action.attributes, [this](const Action::Attribute& attribute) {
      json_.begin_object().member("name", attribute.name).key("value");
      expression(attribute.value);
      json_.end_object();
    });
    json_.end_object().key("via").begin_object().member("kind", word(row.via.kind));
    json_.member("hosts", row.via.hosts.value).end_object();
    json_.member("when", word(row.when)).member("disabled", row.disabled);
    json_.member("ignore_failure", row.ignore_failure).key("timeout_ms");
    row.timeout ? json_.value(row.timeout->ms) : json_.null();
    json_.key("retry").begin_object().member("more", row.retry.more);
    json_.member("pause_ms", row.retry.pause.ms).end_object();
    json_.key("takes").begin_object().member("kind", word(row.takes.kind)).key("low");
    expression(row.takes.low);
    if (row.takes.kind == DurationModel::Kind::Uniform) {
      json_.key("high");
      expression(row.takes.high);
    }
    json_.member("assumed", row.takes.assumed).end_object();
    json_.member("drains", row.effect.drains).member("restores", row.effect.restores);
    json_.member("interrupts", row.effect.interrupts).end_object();
  }

  const Plan& plan_;
  JsonWriter json_;
};

std::string meaning(const Plan& plan) {
  std::string text;
  MeaningWriter(plan, text).write();
  return text;
}

std::string digest_of(std::string_view text) {
  return "sha256:" + base::sha256_hex(text);
}

void write_place(JsonWriter& json, const Place& place) {
  json.begin_array().value(place.file.valid() ? std::int64_t{place.file.value} : -1);
  json.value(place.line).value(place.column).end_array();
}

void write_origin(JsonWriter& json, const Plan& plan) {
  json.begin_object().member("compiler_version", plan.compiler_version);
  json.key("sources").begin_array();
  for (const SourceNote& source : plan.sources) {
    json.begin_object().member("name", source.name).member("sha256", source.sha256).end_object();
  }
  // A step's place, then for each task its own and its action's.
  json.end_array().key("places").begin_array();
  for (const Step& step : plan.steps) {
    json.begin_array();
    write_place(json, step.place);
    for (const Task& task : step.tasks) {
      write_place(json, task.place);
      write_place(json, task.action_place);
    }
    json.end_array();
  }
  json.end_array().end_object();
}

}  // namespace

std::string meaning_digest(const Plan& plan) {
  return digest_of(meaning(plan));
}

std::string to_json(const Plan& plan) {
  std::string text = "{\"schema\":\"sluice.plan/1\",\"plan\":";
  const std::string meant = meaning(plan);
  text += meant;
  text += ",\"origin\":";
  JsonWriter origin(text);
  write_origin(origin, plan);
  text += fmt::format(",\"digest\":\"{}\"", digest_of(meant));
  text += fmt::format(",\"file_digest\":\"{}\"}}\n", digest_of(text));
  return text;
}

}  // namespace sluice::plan
