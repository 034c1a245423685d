// A plan as canonical JSON. What it means stands in one member, whose bytes the digest is taken of;
// where it came from stands beside it.
#include <fmt/format.h>

#include "base/sha256.h"
#include "plan/json.h"
#include "plan/json_parts.h"
#include "plan/verify.h"

namespace sluice::plan {

namespace {

using base::JsonWriter;

// With `digest` the text goes into it bit by bit, and is never there as a whole: of ten million
// targets it would be larger than the plan.
class MeaningWriter {
 public:
  MeaningWriter(const Plan& plan, std::string& out, base::Sha256* digest = nullptr)
      : plan_(plan), out_(out), digest_(digest), json_(out) {}

  void write() {
    json_.begin_object().member("deployment", plan_.deployment);
    if (!plan_.environment.empty()) json_.member("environment", plan_.environment);
    write_list(json_, "variables", plan_.variables,
               [this](const Variable& variable) { write_named_value(json_, variable); });
    write_some(json_, "secrets", plan_.secrets,
               [this](const Secret& secret) { write_secret(json_, secret); });
    rows();
    write_list(json_, "joins", plan_.joins, [this](const Join& join) {
      json_.begin_array();
      for (const StepId step : join.steps) json_.value(step.value);
      json_.end_array();
    });
    write_list(json_, "steps", plan_.steps, [this](const Step& step) {
      write_step(json_, step);
      pass_on();
    });
    write_some(json_, "resources", plan_.resources,
               [this](const Resource& resource) { write_resource(json_, resource); });
    write_some(json_, "contracts", plan_.contracts,
               [this](const Contract& contract) { write_contract(json_, contract); });
    if (plan_.at_most) write_limit(json_, "at_most", *plan_.at_most);
    if (plan_.deadline) json_.member("deadline_ms", plan_.deadline->ms);
    json_.end_object();
  }

 private:
  void rows() {
    write_list(json_, "property_sets", plan_.property_sets, [this](const PropertySet& set) {
      json_.begin_array();
      for (const Property& property : set) write_named_value(json_, property);
      json_.end_array();
    });
    write_list(json_, "connections", plan_.connections, [this](const Connection& connection) {
      json_.begin_object().member("kind", word(connection.kind));
      write_list(json_, "settings", connection.settings, [this](const auto& setting) {
        json_.begin_object().member("name", setting.name).key("value");
        write_expression(json_, setting.value);
        json_.end_object();
      });
      json_.end_object();
    });
    targets();
    write_list(json_, "target_lists", plan_.target_lists, [this](const TargetList& list) {
      json_.begin_array();
      for (const TargetList::Run& run : list.runs()) {
        json_.begin_array().value(run.first).value(run.count).end_array();
      }
      json_.end_array();
    });
    write_list(json_, "roles", plan_.roles, [this](const Role& role) {
      json_.begin_object().member("name", role.name).member("targets", role.targets.value);
      json_.member("minimum", role.minimum).end_object();
    });
  }

  // By column; properties and connections as runs of equal ids: [id, count].
  void targets() {
    json_.key("targets").begin_object().key("names").begin_array();
    for (std::uint32_t i = 0; i < plan_.targets.size(); ++i) {
      json_.value(plan_.targets.name(TargetId{i}));
      pass_on();
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

  void pass_on() {
    constexpr std::size_t portion = 64 << 10U;
    if (digest_ == nullptr || out_.size() < portion) return;
    digest_->add(out_);
    out_.clear();
  }

  const Plan& plan_;
  std::string& out_;
  base::Sha256* digest_;
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

}  // namespace

std::string meaning_digest(const Plan& plan) {
  base::Sha256 digest;
  std::string text;
  MeaningWriter(plan, text, &digest).write();
  digest.add(text);
  return "sha256:" + digest.hex();
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
