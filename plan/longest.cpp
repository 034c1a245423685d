#include "plan/longest.h"

#include <algorithm>
#include <limits>

#include "plan/batches.h"
#include "plan/contracts.h"
#include "plan/graph.h"
#include "plan/target_durations.h"
#include "plan/target_set.h"

namespace sluice::plan {

namespace {

constexpr std::int64_t most_ms = std::numeric_limits<std::int64_t>::max() / 4;

// Sums that stay far from the end of their type: what is larger bounds nothing.
class Sum {
 public:
  void add(std::int64_t ms, std::uint64_t times = 1) {
    if (ms == 0 || times == 0) return;
    known_ = known_ && times <= static_cast<std::uint64_t>((most_ms - total_) / ms);
    if (known_) total_ += ms * static_cast<std::int64_t>(times);
  }
  void lose() { known_ = false; }
  std::optional<std::int64_t> total() const {
    return known_ ? std::optional(total_) : std::nullopt;
  }

 private:
  std::int64_t total_ = 0;
  bool known_ = true;
};

// Works of one step, each at its longest over the step's targets.
class Works {
 public:
  Works(const Plan& plan, const Step& step)
      : plan_(plan), targets_(plan.target_lists[step.targets]) {}

  void add(const Work& work) {
    const bool waits_for_pieces = std::any_of(work.uses.begin(), work.uses.end(),
                                              [](const Use& use) { return use.pieces > 0; });
    if (!work.timeout || waits_for_pieces) return sum_.lose();
    sum_.add(longest(*work.timeout), std::uint64_t{work.retry.more} + 1);
    if (work.retry.more > 0) sum_.add(longest_pause(work.retry), work.retry.more);
  }
  void lose() { sum_.lose(); }
  std::optional<std::int64_t> total() const { return sum_.total(); }

 private:
  std::int64_t longest(const TargetDuration& duration) {
    const auto span = span_of(plan_, duration, targets_);
    if (!span) sum_.lose();
    return span ? span.value().most.ms : 0;
  }
  std::int64_t longest_pause(const Retry& retry) {
    if (retry.backoff.micros != 1'000'000) {
      return retry.most_pause ? longest(*retry.most_pause) : most_ms;
    }
    const std::int64_t pause = longest(retry.pause);
    return retry.most_pause ? std::min(pause, longest(*retry.most_pause)) : pause;
  }

  const Plan& plan_;
  const TargetList& targets_;
  Sum sum_;
};

// The longest that one lane can hold its slot; nothing where it is not bounded.
std::optional<std::int64_t> longest_lane(const Plan& plan, const Step& step) {
  Works works(plan, step);
  if (step.on_failure == OnFailure::Ask) works.lose();
  const bool undoes =
      step.on_failure == OnFailure::Rollback || step.on_failure == OnFailure::RollbackAll;
  const auto verify = [&](const base::Boxed<Work>& work, bool asked_first) {
    for (int i = work ? (asked_first ? 2 : 1) : 0; i > 0; --i) works.add(*work);
  };
  for (const Task& task : step.tasks) {
    if (task.disabled) continue;
    works.add(task);
    verify(task.verify, task.skip_verified);
    if (undoes && task.undo) works.add(*task.undo);
  }
  verify(step.verify, step.skip_verified);
  return works.total();
}

// In a sliding window of w over n lanes the k-th begins when the (k - w)-th has ended at the
// latest, so all have ended after ceil(n / w) times the longest. Where other limits hold lanes back
// too, at least one is at work until all are done.
std::optional<std::int64_t> longest_step(const Plan& plan, StepId id) {
  const Step& step = plan.steps[id];
  const std::uint32_t lanes = lane_count(plan, id);
  if (step.disabled || lanes == 0) return 0;
  const auto lane = longest_lane(plan, step);
  if (!lane) return std::nullopt;
  const bool held_back =
      !step.group_windows.empty() ||
      std::any_of(plan.contracts.begin(), plan.contracts.end(),
                  [&](const Contract& row) { return kept_by_admission(plan, row); });
  std::uint32_t window = step.window.value;
  if (plan.at_most) window = std::min(window, plan.at_most->value);
  Sum sum;
  Batch batch = first_batch(step, lanes);
  for (bool more = true; more; more = next_batch(step, lanes, batch)) {
    const std::uint32_t size = batch.end - batch.begin;
    sum.add(*lane, held_back ? size : (size + window - 1) / window);
  }
  sum.add(step.stagger.ms, lanes - 1);
  if (step.on_failure == OnFailure::RollbackAll) sum.add(*lane, lanes);
  return sum.total();
}

// Steps that may run beside each other hold each other back where they share targets, or a limit
// over all.
bool apart(const Plan& plan) {
  const auto order = topological_order(plan.steps.size(), step_edges(plan));
  std::vector<TargetSet> sets;
  for (const TargetList& list : plan.target_lists) sets.emplace_back(list);
  // Whoever ends before `later` begins: its join's steps, and those before them.
  std::vector<std::vector<bool>> before(plan.steps.size());
  for (const std::uint32_t later : *order) {
    std::vector<bool>& mine = before[later];
    mine.resize(plan.steps.size());
    for (const StepId step : plan.joins[plan.steps[StepId{later}].join].steps) {
      mine[step.value] = true;
      for (std::size_t i = 0; i < mine.size(); ++i) mine[i] = mine[i] || before[step.value][i];
    }
  }
  for (std::uint32_t a = 0; a < plan.steps.size(); ++a) {
    for (std::uint32_t b = a + 1; b < plan.steps.size(); ++b) {
      const Step& first = plan.steps[StepId{a}];
      const Step& second = plan.steps[StepId{b}];
      if (before[a][b] || before[b][a] || first.gate_of.valid() || second.gate_of.valid()) continue;
      if (first.on_controller || second.on_controller) continue;
      if (plan.at_most) return false;
      if (sets[first.targets.value].size_with(sets[second.targets.value]) > 0) return false;
      if (std::any_of(plan.contracts.begin(), plan.contracts.end(),
                      [&](const Contract& row) { return kept_by_admission(plan, row); })) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

std::optional<base::Duration> longest_duration(const Plan& plan) {
  constexpr std::uint32_t most_steps = 1'000;  // what runs beside what is quadratic
  if (plan.steps.size() > most_steps || !apart(plan)) return std::nullopt;
  std::vector<std::int64_t> lengths(plan.steps.size());
  for (const StepId id : plan.steps.ids()) {
    const auto length = longest_step(plan, id);
    if (!length) return std::nullopt;
    const StepId gated = plan.steps[id].gate_of;
    lengths[gated.valid() ? gated.value : id.value] += *length;
  }
  std::vector<std::int64_t> ends(plan.steps.size());
  const auto order = topological_order(plan.steps.size(), step_edges(plan));
  std::int64_t longest = 0;
  for (const std::uint32_t step : *order) {
    std::int64_t start = 0;
    for (const StepId before : plan.joins[plan.steps[StepId{step}].join].steps) {
      start = std::max(start, ends[before.value]);
    }
    if (start > most_ms - lengths[step]) return std::nullopt;
    ends[step] = start + lengths[step];
    if (!plan.steps[StepId{step}].gate_of.valid()) longest = std::max(longest, ends[step]);
  }
  return base::Duration{longest};
}

}  // namespace sluice::plan
