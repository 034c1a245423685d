#include "scheduler/releases.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace sluice::scheduler {

namespace {

using base::Instant;
using plan::StepId;
using plan::TargetId;

bool takes_out(const plan::Step& step) {
  return !step.disabled &&
         std::any_of(step.tasks.begin(), step.tasks.end(), [](const plan::Task& task) {
           return !task.disabled && (task.effect.drains || task.effect.interrupts);
         });
}

bool brings(const plan::Task& task) {
  constexpr std::array<std::string_view, 5> others{"http", "wait", "manual", "email", "haproxy"};
  return !task.disabled && !task.effect.drains && !task.effect.restores &&
         std::find(others.begin(), others.end(), task.action.kind) == others.end();
}

// The release tasks of every step, looked up once.
class Rule {
 public:
  explicit Rule(const plan::Plan& plan) : tasks_(plan.steps.size()) {
    const bool any = std::any_of(plan.steps.begin(), plan.steps.end(), takes_out);
    for (const StepId id : plan.steps.ids()) {
      const plan::Step& step = plan.steps[id];
      if (step.on_controller || step.disabled || (any && !takes_out(step))) continue;
      for (std::uint32_t task = 0; task < step.tasks.size(); ++task) {
        if (brings(step.tasks[task])) tasks_[id.value].push_back(task);
      }
    }
  }
  const std::vector<std::uint32_t>& of(StepId step) const { return tasks_[step.value]; }

 private:
  std::vector<std::vector<std::uint32_t>> tasks_;
};

// What became of the release tasks of one target, over all steps.
struct Row {
  std::uint32_t wanted = 0;
  std::uint32_t done = 0;
  std::uint32_t begun = 0;
  std::uint32_t undoable = 0;  // of those begun
  std::uint32_t undone = 0;
  bool undoing = false;  // an undo of one of them was begun, and did not end well
  Instant last_done;
  Instant last_undone;
};

// Its target was out of reach, so that nothing was done to it.
bool was_away(const TaskTimes& task) {
  return task.attempts == 1 && task.state == State::Failed && task.reason == Reason::OutOfReach;
}

bool in_place(const TaskTimes& task) {
  return task.state == State::Succeeded || task.reason == Reason::Verified;
}

// Not needed: its condition did not hold, or it is for what failed.
bool not_wanted(const TaskTimes& task, const LaneTimes& lane) {
  return task.reason == Reason::Condition || task.reason == Reason::WithoutFailure ||
         lane.reason == Reason::Condition || task.reason == Reason::Disabled;
}

void add_lane(const plan::Plan& plan, const Timeline& timeline, StepId step, std::uint32_t lane,
              const std::vector<std::uint32_t>& tasks, Row& row) {
  const LaneTimes& times = timeline.lane(step, lane);
  for (const std::uint32_t number : tasks) {
    const TaskTimes& task = timeline.task(plan, step, lane, number);
    if (not_wanted(task, times)) continue;
    ++row.wanted;
    if (times.state == State::Skipped && times.reason == Reason::Verified) {
      ++row.done;
      continue;
    }
    if (was_away(task)) continue;
    if (task.attempts > 0) ++row.begun;
    if (task.attempts > 0 && plan.steps[step].tasks[number].undo) ++row.undoable;
    if (in_place(task)) {
      ++row.done;
      if (task.end != Instant::never()) row.last_done = std::max(row.last_done, task.end);
    }
    for (const PartTimes& part : timeline.parts_of(step, lane)) {
      if (part.part != Part::Undo || part.task != number) continue;
      if (part.times.state != State::Succeeded) {
        row.undoing = row.undoing || part.times.attempts > 0;
        continue;
      }
      ++row.undone;
      row.last_undone = std::max(row.last_undone, part.times.end);
    }
  }
}

}  // namespace

bool is_release_task(const plan::Plan& plan, StepId step, std::uint32_t task) {
  const Rule rule(plan);
  const auto& tasks = rule.of(step);
  return std::find(tasks.begin(), tasks.end(), task) != tasks.end();
}

std::uint32_t Releases::count(Release release) const {
  std::uint32_t found = 0;
  for (std::size_t i = 0; i < at_end.size(); ++i) {
    if (concerned[i] && at_end[i] == release) ++found;
  }
  return found;
}

Releases releases_of(const plan::Plan& plan, const Timeline& timeline) {
  const Rule rule(plan);
  std::vector<Row> rows(plan.targets.size());
  Releases found;
  found.concerned.resize(plan.targets.size());
  found.at_end.resize(plan.targets.size(), Release::Old);
  for (const StepId step : plan.steps.ids()) {
    if (rule.of(step).empty()) continue;
    for (std::uint32_t lane = 0; lane < plan::lane_count(plan, step); ++lane) {
      const TargetId target = plan::lane_target(plan, step, lane);
      found.concerned[target.value] = true;
      add_lane(plan, timeline, step, lane, rule.of(step), rows[target.value]);
    }
  }
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const bool whole = row.wanted > 0 && row.done == row.wanted;
    const bool taken_back = row.undone > 0 && row.undone >= row.undoable;
    if (whole && row.begun > 0) found.switches.push_back({{i}, row.last_done, true});
    if (whole && taken_back) found.switches.push_back({{i}, row.last_undone, false});
    // An undo that did not end well is begun work as well, and what was undone is not in place.
    const bool in_part = row.undoing || row.undone > 0;
    found.at_end[i] = taken_back                      ? Release::Old
                      : whole && !in_part             ? Release::New
                      : row.begun > 0 || row.done > 0 ? Release::Between
                                                      : Release::Old;
  }
  return found;
}

namespace {

// Serving the old, or the new: how many more or fewer of a role from an instant on.
struct Serving {
  std::int64_t at;
  std::uint32_t role;
  bool is_new;
  int by;
};

class Sweep {
 public:
  Sweep(const plan::Plan& plan, const Timeline& timeline, const Releases& releases)
      : plan_(plan), timeline_(timeline), releases_(releases) {
    for (const plan::RoleId role : plan.roles.ids()) {
      plan.target_lists[plan.roles[role].targets].for_each([&](TargetId target) {
        if (releases.concerned[target.value]) add(role, target);
      });
    }
  }

  std::vector<SideBySide> run() {
    std::sort(changes_.begin(), changes_.end(),
              [](const Serving& a, const Serving& b) { return a.at < b.at; });
    std::vector<std::array<int, 2>> serving(plan_.roles.size());
    std::map<std::pair<std::uint32_t, std::uint32_t>, SideBySide> found;
    for (std::size_t i = 0; i < changes_.size();) {
      const std::int64_t at = changes_[i].at;
      for (; i < changes_.size() && changes_[i].at == at; ++i) {
        serving[changes_[i].role][changes_[i].is_new ? 1 : 0] += changes_[i].by;
      }
      const std::int64_t until = i < changes_.size() ? changes_[i].at : timeline_.duration.ms;
      if (until > at) count(serving, at, until, found);
    }
    std::vector<SideBySide> rows;
    for (const auto& [pair, row] : found) rows.push_back(row);
    return rows;
  }

 private:
  void add(plan::RoleId role, TargetId target) {
    const auto piece = [&](std::int64_t from, std::int64_t to, bool is_new) {
      if (from >= to) return;
      changes_.push_back({from, role.value, is_new, 1});
      changes_.push_back({to, role.value, is_new, -1});
    };
    // The instants at which its release changes, and which it serves before each.
    std::vector<std::pair<std::int64_t, bool>> versions;
    const auto& switches = releases_.switches;
    auto row = std::lower_bound(
        switches.begin(), switches.end(), target,
        [](const Releases::Switch& each, TargetId wanted) { return each.target < wanted; });
    for (; row != switches.end() && row->target == target; ++row) {
      versions.emplace_back(row->at.ms, !row->to_new);
    }
    // One that was on the new release from the start never switches.
    const bool last_new = releases_.at_end[target.value] == Release::New;
    versions.emplace_back(timeline_.duration.ms, last_new);
    std::int64_t from = 0;
    const auto in_service = [&](std::int64_t begin, std::int64_t end) {
      std::int64_t at = begin;
      for (const auto& [until, is_new] : versions) {
        if (until <= at) continue;
        piece(at, std::min(until, end), is_new);
        at = std::min(until, end);
      }
    };
    for (const Interval& out : timeline_.out_of_service(target)) {
      in_service(from, out.start.ms);
      from = out.end == Instant::never() ? timeline_.duration.ms : out.end.ms;
    }
    in_service(from, timeline_.duration.ms);
  }

  void count(const std::vector<std::array<int, 2>>& serving, std::int64_t at, std::int64_t until,
             std::map<std::pair<std::uint32_t, std::uint32_t>, SideBySide>& found) const {
    for (std::uint32_t a = 0; a < serving.size(); ++a) {
      if (serving[a][0] == 0) continue;
      for (std::uint32_t b = 0; b < serving.size(); ++b) {
        if (serving[b][1] == 0) continue;
        SideBySide& row = found[{a, b}];
        if (row.time.ms == 0) row.span.start = {at};
        row.old_role = {a};
        row.new_role = {b};
        row.time.ms += until - at;
        row.span.end = {until};
      }
    }
  }

  const plan::Plan& plan_;
  const Timeline& timeline_;
  const Releases& releases_;
  std::vector<Serving> changes_;
};

}  // namespace

std::vector<SideBySide> side_by_side(const plan::Plan& plan, const Timeline& timeline,
                                     const Releases& releases) {
  return Sweep(plan, timeline, releases).run();
}

FirstFailure first_failure(const plan::Plan& plan, const Timeline& timeline) {
  FirstFailure first;
  const auto look = [&](StepId step, std::uint32_t lane, std::uint32_t task, Part part,
                        const TaskTimes& times) {
    if (times.state != State::Failed || times.end >= first.at) return;
    first = {step, lane, task, part, times.end};
  };
  for (const StepId step : plan.steps.ids()) {
    const auto tasks = static_cast<std::uint32_t>(plan.steps[step].tasks.size());
    for (std::uint32_t lane = 0; lane < plan::lane_count(plan, step); ++lane) {
      for (std::uint32_t task = 0; task < tasks; ++task) {
        look(step, lane, task, Part::Run, timeline.task(plan, step, lane, task));
      }
      for (const PartTimes& part : timeline.parts_of(step, lane)) {
        if (part.part == Part::Verify) look(step, lane, part.task, part.part, part.times);
      }
    }
  }
  return first;
}

TakenBack taken_back(const plan::Plan& plan, const Timeline& timeline) {
  TakenBack found;
  Instant last;
  const PartTimes* before = nullptr;
  for (const PartTimes& part : timeline.parts) {
    if (part.part != Part::Undo || part.times.end == Instant::never()) continue;
    const bool same = before != nullptr && before->step == part.step && before->lane == part.lane;
    if (!same) ++found.lanes;
    before = &part;
    last = std::max(last, part.times.end);
  }
  const Instant failed = first_failure(plan, timeline).at;
  if (found.lanes > 0 && failed <= last) found.time = last - failed;
  return found;
}

}  // namespace sluice::scheduler
