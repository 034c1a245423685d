#include "plan/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "plan/graph.h"
#include "plan/verify_parts.h"

namespace sluice::plan {

namespace {

using base::Done;
using base::Error;
using base::Status;

// From the tables inward: what a check reads has been checked before it.
class Verifier {
 public:
  explicit Verifier(const Plan& plan) : plan_(plan) {}

  Status verify() {
    check_rows();
    check_names();
    for (const Role& role : plan_.roles) need(plan_.target_lists.contains(role.targets), "a role");
    for (const StepId step : plan_.steps.ids()) verify_step_ids(plan_, step, fault_);
    for (const Join& join : plan_.joins) check_join(join);
    if (!fault_.found()) {
      const auto edges = step_edges(plan_);
      need(topological_order(plan_.steps.size(), edges).has_value(), "the steps go in a circle");
    }
    if (!fault_.found()) verify_declarations(plan_, fault_);
    for (const StepId step : plan_.steps.ids()) {
      if (!fault_.found()) verify_step(plan_, step, fault_);
    }
    if (fault_.found()) {
      return Error{fmt::format("the plan does not hold together: {}", fault_.text)};
    }
    return Done{};
  }

 private:
  void need(bool holds, std::string_view what) { fault_.need(holds, what); }

  template <class Row>
  static bool sorted_by_name(const std::vector<Row>& rows) {
    const auto not_before = [](const Row& a, const Row& b) { return a.name >= b.name; };
    return std::adjacent_find(rows.begin(), rows.end(), not_before) == rows.end();
  }

  void check_rows() {
    for (std::uint32_t i = 0; i < plan_.targets.size(); ++i) {
      const TargetId target{i};
      need(plan_.property_sets.contains(plan_.targets.properties(target)) &&
               plan_.connections.contains(plan_.targets.connection(target)),
           "a target's row");
    }
    for (const PropertySet& set : plan_.property_sets) {
      need(sorted_by_name(set), "a set of properties");
    }
    for (const Connection& connection : plan_.connections) {
      need(sorted_by_name(connection.settings), "the settings of a connection");
      for (const Connection::Setting& setting : connection.settings) {
        verify_expression(plan_, setting.value, setting_type(setting.name),
                          {Stage::PerTarget, {}, 0}, fault_);
      }
    }
    for (const TargetList& list : plan_.target_lists) check_list(list);
  }

  static Type setting_type(std::string_view name) {
    if (name == connect_time_setting) return Type::Duration;
    return name == "port" ? Type::Number : Type::String;
  }

  // No target twice, none out of range: by runs, so that a short list of a million is quick.
  void check_list(const TargetList& list) {
    std::vector<TargetList::Run> runs = list.runs();
    std::sort(runs.begin(), runs.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::uint64_t free = 0;
    bool whole = true;
    for (const TargetList::Run& run : runs) {
      whole = whole && run.first >= free;
      free = std::uint64_t{run.first} + run.count;
    }
    need(whole && free <= plan_.targets.size(), "a list of targets");
  }

  void check_names() {
    for (std::uint32_t i = 0; i < plan_.targets.size(); ++i) {
      need(!plan_.targets.name(TargetId{i}).empty(), "the names of the targets");
    }
    need(plan_.targets.names_are_unique(), "the names of the targets");
    // Gates are siblings of the gates of their step alone.
    std::set<std::pair<StepId, std::string_view>> names;
    for (const Step& step : plan_.steps) {
      need(!step.name.empty() && names.emplace(step.gate_of, step.name).second,
           "the names of the steps");
    }
    std::set<std::string_view> roles;
    for (const Role& role : plan_.roles) need(roles.insert(role.name).second, "the roles' names");
    need(sorted_by_name(plan_.variables), "the variables");
  }

  void check_join(const Join& join) {
    for (std::size_t i = 0; i < join.steps.size(); ++i) {
      const StepId step = join.steps[i];
      need(plan_.steps.contains(step) && !plan_.steps[step].gate_of.valid(), "a join");
      need(i == 0 || join.steps[i - 1] < step, "a join's order");
    }
  }

  const Plan& plan_;
  Fault fault_;
};

}  // namespace

base::Status verify(const Plan& plan) {
  return Verifier(plan).verify();
}

Plan seal(Plan plan) {
  const base::Status verified = verify(plan);
  SLUICE_CHECK(verified.ok(), verified.ok() ? "" : verified.error().message);
  plan.digest = meaning_digest(plan);
  return plan;
}

}  // namespace sluice::plan
