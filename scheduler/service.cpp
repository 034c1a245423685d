#include "scheduler/service.h"

#include <algorithm>

namespace sluice::scheduler {

namespace {

bool has_effects(const plan::Plan& plan) {
  for (const plan::Step& step : plan.steps) {
    for (const plan::Task& task : step.tasks) {
      if (task.effect.drains || task.effect.restores || task.effect.interrupts) return true;
    }
  }
  return false;
}

}  // namespace

ServiceTracker::ServiceTracker(const plan::Plan& plan, bool keep_rows)
    : plan_(plan), keep_rows_(keep_rows), roles_(plan.roles.size()) {
  for (const plan::RoleId role : plan.roles.ids()) {
    RoleRow& row = roles_[role.value];
    row.times.targets = plan.target_lists[plan.roles[role].targets].size();
    row.times.available_min = row.times.targets;
    row.in_service = row.settled = row.times.targets;
    row.times.availability.push_back({base::Instant{0}, row.times.targets});
  }
  if (!has_effects(plan)) return;  // nothing will ever be out
  targets_.resize(plan.targets.size());
  first_.assign(plan.targets.size() + 1, 0);
  const auto for_each_member = [&](auto&& visit) {
    for (const plan::RoleId role : plan.roles.ids()) {
      plan.target_lists[plan.roles[role].targets].for_each(
          [&](plan::TargetId target) { visit(target, role); });
    }
  };
  for_each_member([&](plan::TargetId target, plan::RoleId) { ++first_[target.value + 1]; });
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  members_.resize(first_.back());
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  for_each_member(
      [&](plan::TargetId target, plan::RoleId role) { members_[next[target.value]++] = role; });
}

void ServiceTracker::advance(base::Instant now) {
  if (now == now_) return;
  settle_roles();
  now_ = now;
}

void ServiceTracker::drain(plan::TargetId target) {
  TargetRow& row = targets_[target.value];
  const bool was_out = row.drained || row.interruptions > 0;
  row.drained = true;
  update(target, was_out);
}

void ServiceTracker::restore(plan::TargetId target) {
  TargetRow& row = targets_[target.value];
  const bool was_out = row.drained || row.interruptions > 0;
  row.drained = false;
  update(target, was_out);
}

void ServiceTracker::begin_interruption(plan::TargetId target) {
  TargetRow& row = targets_[target.value];
  const bool was_out = row.drained || row.interruptions > 0;
  ++row.interruptions;
  update(target, was_out);
}

void ServiceTracker::end_interruption(plan::TargetId target, bool well) {
  TargetRow& row = targets_[target.value];
  --row.interruptions;
  if (!well) row.drained = true;
  update(target, true);
}

void ServiceTracker::update(plan::TargetId target, bool was_out) {
  TargetRow& row = targets_[target.value];
  const bool out = row.drained || row.interruptions > 0;
  if (out == was_out) return;
  if (out) {
    // Back and gone again at one instant: it was never back.
    const bool touches = row.last_end == now_;
    row.out_since = touches ? row.last_start : now_;
    if (touches && keep_rows_) {
      const auto last = std::find_if(out_rows_.rbegin(), out_rows_.rend(),
                                     [&](const auto& kept) { return kept.target == target; });
      if (last != out_rows_.rend()) out_rows_.erase(std::next(last).base());
    }
  } else {
    if (row.out_since < now_) {
      row.last_start = row.out_since;
      row.last_end = now_;
      if (keep_rows_) out_rows_.push_back({target, {row.out_since, now_}});
    }
    row.out_since = base::Instant::never();
  }
  for (std::uint32_t i = first_[target.value]; i < first_[target.value + 1]; ++i) {
    RoleRow& role = roles_[members_[i].value];
    role.in_service += out ? ~std::uint32_t{0} : 1;  // less or more by one
    if (!role.touched) touched_.push_back(members_[i]);
    role.touched = true;
  }
}

void ServiceTracker::settle_roles() {
  for (const plan::RoleId role : touched_) {
    RoleRow& row = roles_[role.value];
    row.touched = false;
    settle(row, now_, plan_.roles[role].minimum, keep_rows_);
  }
  touched_.clear();
}

// The number in service changed at `at`, or stays as it is: what lies before is added up.
void ServiceTracker::settle(RoleRow& row, base::Instant at, std::uint32_t minimum, bool keep_rows) {
  if (row.in_service == row.settled) return;
  RoleTimes& times = row.times;
  const base::Duration passed = at - row.settled_at;
  if (row.settled < minimum) times.downtime = times.downtime + passed;
  times.out_of_service.ms += passed.ms * (times.targets - row.settled);
  row.settled = row.in_service;
  row.settled_at = at;
  if (keep_rows) times.availability.push_back({at, row.settled});
  if (row.settled < times.available_min) {
    times.available_min = row.settled;
    times.available_min_at = at;
  }
}

void ServiceTracker::fill(base::Instant end, Timeline& timeline) const {
  timeline.roles.clear();
  for (const plan::RoleId role : plan_.roles.ids()) {
    RoleRow row = roles_[role.value];
    const std::uint32_t minimum = plan_.roles[role].minimum;
    settle(row, now_, minimum, keep_rows_);
    const base::Duration passed = end - row.settled_at;
    if (row.settled < minimum) row.times.downtime = row.times.downtime + passed;
    row.times.out_of_service.ms += passed.ms * (row.times.targets - row.settled);
    timeline.roles.push_back(std::move(row.times));
  }
  if (!keep_rows_) return;
  timeline.out_rows = out_rows_;
  for (std::uint32_t target = 0; target < targets_.size(); ++target) {
    const base::Instant since = targets_[target].out_since;
    if (since < end) timeline.out_rows.push_back({plan::TargetId{target}, {since, end}});
  }
  std::sort(timeline.out_rows.begin(), timeline.out_rows.end(), [](const auto& a, const auto& b) {
    return std::tie(a.target, a.interval.start) < std::tie(b.target, b.interval.start);
  });
}

}  // namespace sluice::scheduler
