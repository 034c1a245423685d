// One step of a plan: its limits and groups, its gates, its works.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/utf8.h"
#include "plan/target_durations.h"
#include "plan/verify_parts.h"

namespace sluice::plan {

namespace {

bool strictly_sorted(const std::vector<std::string>& names) {
  return std::adjacent_find(names.begin(), names.end(), std::greater_equal<>()) == names.end();
}

class StepVerifier {
 public:
  StepVerifier(const Plan& plan, StepId id, Fault& fault)
      : plan_(plan), id_(id), step_(plan.steps[id]), fault_(fault) {}

  void verify() {
    need(step_.window.value >= 1, "a window");
    need(step_.has_child_steps ? !step_.tasks.empty() : step_.tasks.size() == 1, "its tasks");
    need(!step_.on_controller || plan_.target_lists[step_.targets].empty(),
         "targets beside the controller");
    need(strictly_sorted(step_.tags), "its tags");
    need(step_.unreachable.skip || !step_.unreachable.at_most, "what is out of reach");
    need(step_.has_child_steps || (!step_.verify && !step_.skip_verified), "a verify");
    need(!step_.skip_verified || step_.verify, "a verify that is asked first");
    verify_rolling();
    if (step_.gate_of.valid()) verify_gate();
    if (step_.condition) expression(*step_.condition, Type::Boolean, 0);
    std::set<std::string_view> names;
    for (std::uint32_t i = 0; i < step_.tasks.size(); ++i) {
      need(!step_.tasks[i].name.empty() && names.insert(step_.tasks[i].name).second,
           "the names of its child steps");
      verify_task(step_.tasks[i], i);
    }
    if (step_.verify) verify_work(*step_.verify, static_cast<std::uint32_t>(step_.tasks.size()));
  }

 private:
  void need(bool holds, std::string_view what) {
    if (!holds && !fault_.found()) {
      fault_.need(false, fmt::format("the step `{}`: {}", base::printable(step_.name), what));
    }
  }

  void expression(const Expression& row, Type wanted, std::uint32_t tasks,
                  Stage latest = Stage::AtRunTime) {
    Fault found;
    verify_expression(plan_, row, wanted, {latest, id_, tasks}, found);
    need(!found.found(), found.text);
  }

  // The values of a property among the step's targets, in their order; false: one has none. Targets
  // that were declared together share their properties, so most are looked up once.
  template <class Visit>
  bool each_value(const std::string& property, Visit visit) const {
    PropertySetId last;
    std::optional<Value> value;
    bool all = true;
    plan_.target_lists[step_.targets].for_each([&](TargetId target) {
      const PropertySetId set = plan_.targets.properties(target);
      const bool by_row = property == "name" || property == "address";
      if (!value || set != last || by_row) value = target_property(plan_, target, property);
      last = set;
      all = all && value.has_value();
      if (all) visit(*value);
    });
    return all;
  }

  void verify_rolling() {
    const bool rolls = !step_.group_windows.empty() || step_.batches != Batches{} ||
                       !step_.by.empty() || !step_.by_groups.empty();
    need(!step_.on_controller || !rolls, "a rollout on the controller");
    for (const Limit& size : step_.batches.sizes) need(size.value >= 1, "the size of a batch");
    need(!step_.batches.lockstep || !step_.batches.sizes.empty(), "lockstep without batches");
    need(step_.stagger.ms >= 0 && (step_.stagger.ms == 0 || !step_.batches.lockstep), "a stagger");
    std::set<std::string_view> properties;
    for (const GroupWindow& window : step_.group_windows) {
      need(!window.property.empty() && properties.insert(window.property).second,
           "the property of a window");
      verify_groups(window);
    }
    verify_by();
  }

  // Every value among the targets once, in the order of first mention.
  void verify_groups(const GroupWindow& window) {
    std::unordered_map<std::string, std::size_t> seen;
    bool in_order = true;
    const Value* last = nullptr;
    const bool all = each_value(window.property, [&](const Value& value) {
      if (!in_order || (last != nullptr && *last == value)) return;
      const std::size_t place = seen.emplace(value_key(value), seen.size()).first->second;
      in_order = place < window.groups.size() && window.groups[place].value == value;
      if (in_order) last = &window.groups[place].value;
    });
    need(all && in_order && seen.size() == window.groups.size(), "the groups of a window");
    for (const GroupWindow::Group& group : window.groups) {
      need(group.limit.value >= 1, "the window of a group");
    }
  }

  void verify_by() {
    need(step_.by.empty() ? step_.by_groups.empty() : !step_.on_controller, "`by`");
    if (step_.by.empty()) return;
    std::size_t group = 0;
    std::uint32_t left = step_.by_groups.empty() ? 0 : step_.by_groups[0].count;
    bool fits = true;
    const bool all = each_value(step_.by, [&](const Value& value) {
      if (left == 0 && ++group < step_.by_groups.size()) left = step_.by_groups[group].count;
      fits = fits && left > 0 && step_.by_groups[group].value == value;
      if (left > 0) --left;
    });
    const bool whole =
        step_.by_groups.empty() || (left == 0 && group + 1 == step_.by_groups.size());
    need(all && fits && whole, "the groups of `by`");
    std::unordered_set<std::string> values;
    for (const ByGroup& row : step_.by_groups) {
      need(values.insert(value_key(row.value)).second, "a value of `by` twice");
    }
  }

  void verify_gate() {
    const StepId of = step_.gate_of;
    need(of < id_ && !plan_.steps[of].gate_of.valid(), "the step that a gate belongs to");
    for (std::uint32_t i = of.value + 1; i < id_.value && !fault_.found(); ++i) {
      need(plan_.steps[StepId{i}].gate_of == of, "a gate that does not stand behind its step");
    }
    if (fault_.found()) return;
    const Step& gated = plan_.steps[of];
    need(!gated.batches.sizes.empty() || !gated.by.empty(), "a gate without batches");
    need(step_.on_controller && !step_.has_child_steps, "a gate that is no plain step");
    need(plan_.joins[step_.join].steps.empty(), "a gate that waits for steps");
  }

  void verify_task(const Task& task, std::uint32_t position) {
    verify_work(task, position);
    if (task.condition) expression(*task.condition, Type::Boolean, position);
    need(!task.skip_verified || task.verify, "a verify that is asked first");
    need(strictly_sorted(task.tags), "the tags of a child step");
    if (task.verify) verify_work(*task.verify, position + 1);
    if (task.undo) verify_work(*task.undo, position + 1);
  }

  // `tasks`: whose outputs, of its own step, it may read.
  void verify_work(const Work& work, std::uint32_t tasks) {
    need(plan_.target_lists.contains(work.via.hosts), "the hosts of an action");
    if (work.timeout) verify_duration(*work.timeout, 1, "a timeout");
    verify_duration(work.retry.pause, 0, "a pause");
    need(work.retry.backoff.micros >= 1'000'000, "a pause");
    if (work.retry.most_pause) verify_duration(*work.retry.most_pause, 0, "the longest pause");
    for (const Action::Attribute& attribute : work.action.attributes) {
      expression(attribute.value, attribute.value.type, tasks);
    }
    verify_model(work.takes);
    verify_share(work.fails);
    verify_share(work.offline);
    for (std::size_t i = 0; i < work.gives.size(); ++i) {
      need(i == 0 || work.gives[i - 1].name < work.gives[i].name, "the outputs to assume");
      expression(work.gives[i].value, Type::String, 0, Stage::PerTarget);
    }
    for (std::size_t i = 0; i < work.uses.size(); ++i) {
      need(i == 0 || work.uses[i - 1].resource < work.uses[i].resource, "what is used, its order");
      verify_use(work.uses[i]);
    }
  }

  // One that hangs on the target has a value that will do for each of them.
  void verify_duration(const TargetDuration& duration, std::int64_t least, std::string_view what) {
    if (duration.is_same()) return need(duration.same.ms >= least, what);
    need(duration.same == base::Duration{} && !step_.on_controller &&
             duration.by_target->stage == Stage::PerTarget,
         what);
    expression(*duration.by_target, Type::Duration, 0, Stage::PerTarget);
    if (fault_.found()) return;
    const TargetList& targets = plan_.target_lists[step_.targets];
    const auto span = span_of(plan_, duration, targets);
    need(span && (targets.empty() || span.value().least.ms >= least), what);
  }

  void verify_share(const std::optional<Percentage>& share) {
    need(!share || (share->micros >= 0 && share->micros <= 100'000'000), "a chance");
  }

  void verify_model(const DurationModel& takes) {
    using Kind = DurationModel::Kind;
    const bool low_only = takes.kind == Kind::Constant || takes.kind == Kind::Exponential ||
                          takes.kind == Kind::History;
    const auto duration = [&](const Expression& row) {
      expression(row, Type::Duration, 0, Stage::PerTarget);
    };
    duration(takes.low);
    low_only ? need(takes.high == Expression{}, "a duration") : duration(takes.high);
    takes.kind == Kind::Triangular ? duration(takes.mode)
                                   : need(takes.mode == Expression{}, "a duration");
  }

  void verify_use(const Use& use) {
    if (!plan_.resources.contains(use.resource)) return need(false, "a resource");
    const Resource& resource = plan_.resources[use.resource];
    if (resource.kind == Resource::Kind::Rate) {
      return need(use.size.bytes > 0 && use.pieces == 0, "what is used of a rate");
    }
    need(use.size.bytes == 0 && use.pieces >= 1 && use.pieces <= resource.pieces,
         "what is used of pieces");
  }

  const Plan& plan_;
  StepId id_;
  const Step& step_;
  Fault& fault_;
};

}  // namespace

void verify_step_ids(const Plan& plan, StepId step, Fault& fault) {
  const Step& row = plan.steps[step];
  fault.need(plan.joins.contains(row.join) && plan.target_lists.contains(row.targets) &&
                 (!row.gate_of.valid() || row.gate_of < step),
             "a step");
}

void verify_step(const Plan& plan, StepId step, Fault& fault) {
  StepVerifier(plan, step, fault).verify();
}

}  // namespace sluice::plan
