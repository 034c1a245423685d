#include "plan/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "base/words.h"
#include "plan/batches.h"
#include "plan/contracts.h"
#include "plan/lane_fate.h"
#include "plan/order.h"
#include "plan/target_set.h"

namespace sluice::plan {

namespace {

using base::counted;
using base::quoted;
using Severity = Finding::Severity;

bool takes_out(const Task& task) {
  return !task.disabled && (task.effect.drains || task.effect.interrupts);
}

// It runs where nothing fails, whatever its targets are like and whatever earlier steps give.
bool surely_runs(const Step& step) {
  return !step.condition && step.when != When::Failure;
}

bool restores(const Step& step) {
  return !step.disabled && std::any_of(step.tasks.begin(), step.tasks.end(), [](const Task& task) {
    return !task.disabled && task.effect.restores;
  });
}

class Search {
 public:
  explicit Search(const Plan& plan) : plan_(plan) {
    for (const TargetList& list : plan.target_lists) sets_.emplace_back(list);
    for (const Contract& contract : plan.contracts) {
      if (kept_by_admission(plan, contract)) kept_.push_back(&contract);
    }
    for (const StepId step : plan.steps.ids()) {
      if (!restores(plan.steps[step])) continue;
      restoring_.push_back(step);
      if (plan.steps[step].when != When::Success) restoring_after_failure_.push_back(step);
    }
  }

  std::vector<Finding> run() {
    for (const StepId step : plan_.steps.ids()) {
      const Step& row = plan_.steps[step];
      if (row.disabled || row.on_controller || plan_.target_lists[row.targets].empty()) continue;
      can_never_begin(step);
      lockstep(step);
      never_restored(step);
    }
    contradictions();
    return std::move(found_);
  }

 private:
  void tell(Severity severity, const Place& place, std::string message) {
    found_.push_back({severity, std::move(message), place, false});
  }

  // Of the targets of a contract's bound, how many the step has.
  std::uint32_t shared(const Step& step, const TargetList& bound) const {
    return sets_[step.targets.value].size_with(TargetSet(bound));
  }

  std::string whose(const Contract& contract, const Contract::Bound& bound) const {
    std::string text = quoted(plan_.roles[contract.role].name);
    if (!contract.per.empty()) {
      text += fmt::format(" with {} {}", contract.per, base::printable(to_text(bound.value)));
    }
    return text;
  }

  template <class Visit>
  void each_bound(const Step& step, Visit visit) const {
    for (const Contract* contract : kept_) {
      std::size_t told = 0;
      for (const Contract::Bound& bound : bounds_of(plan_, *contract)) {
        const auto most = most_out(plan_, *contract, bound);
        if (!most || told == most_bounds) continue;
        const TargetList list = targets_of(plan_, *contract, bound);
        if (visit(*contract, bound, *most, list, shared(step, list))) ++told;
      }
    }
  }

  bool brought_back_beside(StepId step) const {
    const std::vector<bool> before = waited_for(plan_, step);
    const std::vector<bool> behind = waiting_for(plan_, step);
    return std::any_of(restoring_.begin(), restoring_.end(), [&](StepId other) {
      return other != step && !before[other.value] && !behind[other.value];
    });
  }

  // An error only where it happens though nothing fails: else a run may well end.
  void wait_for_ever(const Step& step, std::string_view why) {
    const bool sure = surely_runs(step);
    tell(sure ? Severity::Error : Severity::Warning, step.place,
         fmt::format("{}{} would wait for ever{}", sure ? "" : "where it runs, ", quoted(step.name),
                     why));
  }

  void can_never_begin(StepId id) {
    const Step& step = plan_.steps[id];
    if (std::none_of(step.tasks.begin(), step.tasks.end(), takes_out)) return;
    const bool leaves_out = fate_of(step).out_unless_failed;
    each_bound(step, [&](const Contract& contract, const Contract::Bound& bound, std::uint32_t most,
                         const TargetList&, std::uint32_t own) {
      if (own == 0) return false;
      if (most == 0) {
        wait_for_ever(step,
                      fmt::format(": it takes targets of {} out of service, and {} lets none be",
                                  whose(contract, bound), quoted(contract.text)));
        return true;
      }
      if (!leaves_out || own <= most || brought_back_beside(id)) return false;
      wait_for_ever(step,
                    fmt::format(" after {}: it leaves {} of {} out of service, and {} lets {} be",
                                counted(most, "target"), own, whose(contract, bound),
                                quoted(contract.text), most));
      return true;
    });
  }

  // A batch in lockstep begins as a whole, so every limit must have room for all of it.
  void lockstep(StepId id) {
    const Step& step = plan_.steps[id];
    if (!step.batches.lockstep) return;
    const std::uint32_t lanes = lane_count(plan_, id);
    Batch batch = first_batch(step, lanes);
    std::uint32_t largest = 0;
    Batch worst = batch;
    for (bool more = lanes > 0; more; more = next_batch(step, lanes, batch)) {
      if (batch.end - batch.begin > largest) worst = batch;
      largest = std::max(largest, batch.end - batch.begin);
    }
    const auto never = [&](std::uint32_t size, const std::string& why) {
      wait_for_ever(step, fmt::format(": its batch {} begins as a whole, with {}, and {}",
                                      worst.number + 1, counted(size, "target"), why));
    };
    if (plan_.at_most && plan_.at_most->value < largest) {
      never(largest, fmt::format("at most {} are worked on at once", plan_.at_most->value));
    }
    if (step.window.value < largest) {
      never(largest, fmt::format("its window is {}", step.window.value));
    }
    TargetList whole;
    for (std::uint32_t lane = worst.begin; lane < worst.end; ++lane) {
      whole.add(lane_target(plan_, id, lane));
    }
    lockstep_groups(step, whole, never);
    if (std::none_of(step.tasks.begin(), step.tasks.end(), takes_out)) return;
    each_bound(step, [&](const Contract& contract, const Contract::Bound& bound, std::uint32_t most,
                         const TargetList& list, std::uint32_t) {
      const std::uint32_t own = TargetSet(list).size_with(TargetSet(whole));
      if (most == 0 || own <= most) return false;
      never(largest, fmt::format("{} lets {} of {} be out of service", quoted(contract.text), most,
                                 whose(contract, bound)));
      return true;
    });
  }

  template <class Never>
  void lockstep_groups(const Step& step, const TargetList& batch, Never never) {
    for (const GroupWindow& window : step.group_windows) {
      for (const GroupWindow::Group& group : window.groups) {
        std::uint32_t count = 0;
        batch.for_each([&](TargetId target) {
          if (target_property(plan_, target, window.property) == group.value) ++count;
        });
        if (count <= group.limit.value) continue;
        never(batch.size(),
              fmt::format("its window is {} for {} {}, of which it has {}", group.limit.value,
                          window.property, base::printable(to_text(group.value)), count));
        break;
      }
    }
  }

  // Whether a later step brings the step's targets back, also where something failed.
  bool restored_later(StepId id, bool after_failure) {
    const std::pair key{plan_.steps[id].targets, after_failure};
    auto known = brought_back_.find(key);
    if (known == brought_back_.end()) {
      // Many lists of targets, in a plan of many steps: only the last of them are kept.
      if (brought_back_.size() == most_kept) brought_back_.clear();
      known = brought_back_.emplace(key, find_brought_back(key.first, after_failure)).first;
    }
    return known->second[id.value];
  }

  // The steps behind which these targets are brought back: those that a step waits for which
  // restores them all. Worked out once for all steps on the same targets.
  std::vector<bool> find_brought_back(TargetListId targets, bool after_failure) const {
    const TargetSet& mine = sets_[targets.value];
    std::vector<StepId> restoring;
    for (const StepId other : after_failure ? restoring_after_failure_ : restoring_) {
      const Step& row = plan_.steps[other];
      if (row.on_controller || row.condition) continue;
      if (!after_failure && row.when == When::Failure) continue;
      const bool all =
          row.targets == targets || sets_[row.targets.value].size_with(mine) == mine.size();
      if (all) restoring.push_back(other);
    }
    return waited_for(plan_, restoring);
  }

  // Whether some task restores each of the step's targets, whenever and wherever.
  bool restored_anywhere(StepId id) {
    if (!restored_) {
      restored_.emplace();
      std::set<TargetListId> seen;
      for (const StepId other : restoring_) {
        const Step& row = plan_.steps[other];
        if (row.on_controller || !seen.insert(row.targets).second) continue;
        restored_->add(plan_.target_lists[row.targets]);
      }
    }
    const TargetSet& mine = sets_[plan_.steps[id].targets.value];
    return restored_->size_with(mine) == mine.size();
  }

  void never_restored(StepId id) {
    const Step& step = plan_.steps[id];
    if (!fate_of(step).out_while_run) return;
    if (out_at_end(step, step.tasks.size())) {
      if (restored_later(id, false)) return;
      const bool at_all = restored_anywhere(id);
      tell(Severity::Warning, step.place,
           fmt::format("{} takes its targets out of service, and {}", quoted(step.name),
                       at_all ? "no step behind it is sure to bring them back"
                              : "nothing brings them back"));
      found_.back().told_by_compiler = !at_all;
      return;
    }
    under_condition(id);
    left_behind(id);
    after_failure(id);
  }

  // A task that restores and may be left alone, behind one that drains and may not.
  void under_condition(StepId id) {
    const Step& step = plan_.steps[id];
    const Task* drained_by = nullptr;
    for (const Task& task : step.tasks) {
      if (task.disabled || task.when == When::Failure) continue;
      if (task.effect.drains) drained_by = &task;
      if (!task.effect.restores || drained_by == nullptr) continue;
      if (task.condition && task.condition != drained_by->condition && !restored_later(id, false)) {
        tell(Severity::Warning, task.place,
             fmt::format("where the condition of {} does not hold, a target that {} took out stays "
                         "out of service",
                         quoted(task.name), quoted(drained_by->name)));
      }
      drained_by = nullptr;
    }
  }

  // No later step takes part in what is left behind.
  void left_behind(StepId id) {
    const Step& step = plan_.steps[id];
    if (!fate_of(step).out_left_behind) return;
    tell(Severity::Warning, step.place,
         fmt::format("a target that is out of reach as {} takes it out of service is left behind, "
                     "and stays out",
                     quoted(step.name)));
  }

  void after_failure(StepId id) {
    const Step& step = plan_.steps[id];
    if (restored_later(id, true)) return;
    const bool undoes =
        step.on_failure == OnFailure::Rollback || step.on_failure == OnFailure::RollbackAll;
    std::vector<const Task*> culprits;
    for (std::size_t i = 0; i < step.tasks.size(); ++i) {
      const Task& task = step.tasks[i];
      if (task.disabled || task.when == When::Failure || !out_at_end(step, i)) continue;
      culprits.push_back(&task);
    }
    if (culprits.empty()) return;
    const bool taken_back =
        undoes && std::all_of(step.tasks.begin(), step.tasks.end(), [](const Task& task) {
          return !takes_out(task) || task.undo.has_value();
        });
    if (taken_back) return;
    std::string names;
    for (std::size_t i = 0; i < culprits.size(); ++i) {
      const bool last = i + 1 == culprits.size();
      names += (i == 0 ? "" : last ? " or " : ", ") + quoted(culprits[i]->name);
    }
    const bool times_out = std::any_of(culprits.begin(), culprits.end(),
                                       [](const Task* task) { return task->timeout.has_value(); });
    tell(Severity::Note, culprits.front()->place,
         fmt::format("a target on which {} fails{} stays out of service: nothing brings it back "
                     "after a failure",
                     names, times_out ? " or takes too long" : ""));
  }

  // Two contracts about one thing that leave no value between them.
  void contradictions() {
    for (std::size_t i = 0; i < plan_.contracts.size(); ++i) {
      for (std::size_t j = i + 1; j < plan_.contracts.size() && j < i + most_pairs; ++j) {
        const Contract& first = plan_.contracts[i];
        const Contract& second = plan_.contracts[j];
        if (first.share || second.share || !exclude(first, second)) continue;
        tell(Severity::Error, second.place,
             fmt::format("{} and {} can never both hold", quoted(first.text), quoted(second.text)));
      }
    }
  }

  static bool exclude(const Contract& first, const Contract& second) {
    if (first.kind != second.kind || first.role != second.role || first.per != second.per) {
      return false;
    }
    if (first.bounds.size() != second.bounds.size()) return false;
    if (first.bounds.empty()) {
      return apart(first, first.duration.ms, second, second.duration.ms);
    }
    for (std::size_t i = 0; i < first.bounds.size(); ++i) {
      if (first.bounds[i].value != second.bounds[i].value) return false;
      if (apart(first, first.bounds[i].count, second, second.bounds[i].count)) return true;
    }
    return false;
  }

  // No whole number fits both: it would be at one of their limits, or beside one.
  static bool apart(const Contract& first, std::int64_t a, const Contract& second, std::int64_t b) {
    for (const std::int64_t at : {a - 1, a, a + 1, b - 1, b, b + 1}) {
      if (at >= 0 && holds(first.comparison, at, a) && holds(second.comparison, at, b))
        return false;
    }
    return true;
  }

  static constexpr std::size_t most_bounds = 3;   // values of `per` that are told of, a contract
  static constexpr std::size_t most_pairs = 200;  // a contract is held against
  static constexpr std::size_t most_kept = 64;    // lists of targets in `brought_back_`

  const Plan& plan_;
  std::vector<TargetSet> sets_;
  std::vector<const Contract*> kept_;
  std::vector<StepId> restoring_;  // in the order of the file, as the next
  std::vector<StepId> restoring_after_failure_;
  // By targets, and whether something failed: the steps behind which they are brought back.
  std::map<std::pair<TargetListId, bool>, std::vector<bool>> brought_back_;
  std::optional<TargetSet> restored_;  // by any step
  std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> findings(const Plan& plan) {
  return Search(plan).run();
}

}  // namespace sluice::plan
