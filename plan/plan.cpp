#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/batches.h"

namespace sluice::plan {

const Expression* Action::attribute(std::string_view name) const {
  for (const Attribute& candidate : attributes) {
    if (candidate.name == name) return &candidate.value;
  }
  return nullptr;
}

std::uint32_t lane_count(const Plan& plan, StepId step) {
  const Step& row = plan.steps[step];
  if (row.gate_of.valid()) {
    const std::uint32_t batches =
        batch_count(plan.steps[row.gate_of], lane_count(plan, row.gate_of));
    return std::max(batches, 1U) - 1;
  }
  return row.on_controller ? 1 : plan.target_lists[row.targets].size();
}

TargetId lane_target(const Plan& plan, StepId step, std::uint32_t lane) {
  const Step& row = plan.steps[step];
  return row.on_controller ? TargetId{} : plan.target_lists[row.targets].at(lane);
}

std::string_view lane_name(const Plan& plan, StepId step, std::uint32_t lane) {
  const TargetId target = lane_target(plan, step, lane);
  return target.valid() ? plan.targets.name(target) : controller_name;
}

namespace {

std::optional<Value> declared(const Plan& plan, TargetId target, std::string_view name) {
  for (const Property& property : plan.property_sets[plan.targets.properties(target)]) {
    if (property.name == name) return property.value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Value> target_property(const Plan& plan, TargetId target, std::string_view name) {
  if (!target.valid()) {
    if (name == "name") return Value{std::string(controller_name)};
    if (name == "address") return Value{std::string("localhost")};
    return std::nullopt;
  }
  if (name == "name") return Value{std::string(plan.targets.name(target))};
  if (auto found = declared(plan, target, name)) return found;
  if (name == "address") return Value{std::string(plan.targets.name(target))};
  return std::nullopt;
}

std::string place_text(const Plan& plan, const Place& place) {
  if (place.line == 0 || !plan.sources.contains(place.file)) return "";
  return fmt::format("{}:{}:{}", plan.sources[place.file].name, place.line, place.column);
}

PlanEnvironment::PlanEnvironment(const Plan& plan, TargetId target, TargetId host,
                                 std::string deployment_id)
    : plan_(plan), target_(target), host_(host), deployment_id_(std::move(deployment_id)) {}

std::optional<Value> PlanEnvironment::target_property(std::string_view name) const {
  return plan::target_property(plan_, target_, name);
}

std::optional<Value> PlanEnvironment::host_property(std::string_view name) const {
  return plan::target_property(plan_, host_, name);
}

std::optional<Value> PlanEnvironment::deployment_property(std::string_view name) const {
  if (name == "name") return Value{plan_.deployment};
  if (name == "id" && !deployment_id_.empty()) return Value{deployment_id_};
  return std::nullopt;
}

}  // namespace sluice::plan
