#include "scheduler/service.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <tuple>

namespace sluice::scheduler {

namespace {

// By how much a value is within its limit; negative: beyond it.
std::int64_t room(plan::Contract::Comparison comparison, std::int64_t value, std::int64_t limit) {
  switch (comparison) {
    case plan::Contract::Comparison::Less:
      return limit - 1 - value;
    case plan::Contract::Comparison::LessOrEqual:
      return limit - value;
    case plan::Contract::Comparison::Greater:
      return value - limit - 1;
    case plan::Contract::Comparison::GreaterOrEqual:
      return value - limit;
    case plan::Contract::Comparison::Equal:
      break;
  }
  return value == limit ? 0 : -std::abs(value - limit);
}

bool has_effects(const plan::Plan& plan) {
  for (const plan::Step& step : plan.steps) {
    for (const plan::Task& task : step.tasks) {
      if (task.effect != plan::ServiceEffect{}) return true;
      if (task.undo && task.undo->effect != plan::ServiceEffect{}) return true;
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
    row.minimum = plan.roles[role].minimum;
  }
  add_groups();
  for (RoleRow& row : roles_) {
    row.times.available_min = row.in_service = row.settled = row.times.targets;
    row.times.availability.push_back({base::Instant{0}, row.times.targets});
    if (row.times.targets < row.minimum) row.first_down = base::Instant{0};
  }
  if (!has_effects(plan)) return;  // nothing will ever be out
  targets_.resize(plan.targets.size());
  first_.assign(plan.targets.size() + 1, 0);
  for_each_member([&](plan::TargetId target, plan::RoleId) { ++first_[target.value + 1]; });
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
  members_.resize(first_.back());
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  for_each_member(
      [&](plan::TargetId target, plan::RoleId role) { members_[next[target.value]++] = role; });
}

// A row for each bound of each contract that is about part of a role; the others read the role's.
void ServiceTracker::add_groups() {
  for (const plan::Contract& contract : plan_.contracts) {
    const bool of_part = !contract.per.empty() && contract.role.valid();
    first_bound_.push_back(of_part ? static_cast<std::uint32_t>(roles_.size())
                                   : contract.role.value);
    if (!of_part) continue;
    for (const plan::Contract::Bound& bound : contract.bounds) {
      RoleRow row;
      row.times.targets = bound.targets;
      row.minimum = plan_.roles[contract.role].minimum;
      roles_.push_back(std::move(row));
    }
  }
}

template <class Visit>
void ServiceTracker::for_each_member(Visit visit) const {
  for (const plan::RoleId role : plan_.roles.ids()) {
    plan_.target_lists[plan_.roles[role].targets].for_each(
        [&](plan::TargetId target) { visit(target, role); });
  }
  for (std::size_t i = 0; i < plan_.contracts.size(); ++i) {
    const plan::Contract& contract = plan_.contracts[i];
    if (contract.per.empty() || !contract.role.valid()) continue;
    plan_.target_lists[plan_.roles[contract.role].targets].for_each([&](plan::TargetId target) {
      const auto value = plan::target_property(plan_, target, contract.per);
      const auto bound = std::find_if(contract.bounds.begin(), contract.bounds.end(),
                                      [&](const auto& row) { return value == row.value; });
      if (bound == contract.bounds.end()) return;
      const auto place = static_cast<std::uint32_t>(bound - contract.bounds.begin());
      visit(target, plan::RoleId{first_bound_[i] + place});
    });
  }
}

std::uint32_t ServiceTracker::in_service(std::size_t contract, std::size_t bound) const {
  const std::size_t row = plan_.contracts[contract].per.empty() ? 0 : bound;
  return roles_[first_bound_[contract] + row].in_service;
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
    settle(row, now_, keep_rows_);
  }
  touched_.clear();
}

// The number in service changed at `at`, or stays as it is: what lies before is added up.
void ServiceTracker::settle(RoleRow& row, base::Instant at, bool keep_rows) {
  if (row.in_service == row.settled) return;
  RoleTimes& times = row.times;
  const base::Duration passed = at - row.settled_at;
  if (row.settled < row.minimum) times.downtime = times.downtime + passed;
  times.out_of_service.ms += passed.ms * (times.targets - row.settled);
  row.settled = row.in_service;
  row.settled_at = at;
  if (keep_rows) times.availability.push_back({at, row.settled});
  if (row.settled < times.available_min) {
    times.available_min = row.settled;
    times.available_min_at = at;
  }
  if (row.settled < row.minimum) row.first_down = std::min(row.first_down, at);
}

ServiceTracker::RoleRow ServiceTracker::closed(const RoleRow& open, base::Instant end) const {
  RoleRow row = open;
  settle(row, now_, keep_rows_);
  const base::Duration passed = end - row.settled_at;
  if (row.settled < row.minimum) row.times.downtime = row.times.downtime + passed;
  row.times.out_of_service.ms += passed.ms * (row.times.targets - row.settled);
  return row;
}

void ServiceTracker::fill(base::Instant end, Timeline& timeline) const {
  timeline.roles.clear();
  for (const plan::RoleId role : plan_.roles.ids()) {
    timeline.roles.push_back(closed(roles_[role.value], end).times);
  }
  timeline.contracts.clear();
  for (std::size_t i = 0; i < plan_.contracts.size(); ++i) {
    timeline.contracts.push_back(contract_times(plan_.contracts[i], first_bound_[i], end));
  }
  timeline.target_out.resize(targets_.size());
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    timeline.target_out[target] = targets_[target].drained || targets_[target].interruptions > 0;
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

ContractTimes ServiceTracker::contract_times(const plan::Contract& contract,
                                             std::uint32_t first_row, base::Instant end) const {
  ContractTimes times;
  if (contract.kind == plan::Contract::Kind::Duration) {
    times.worst = end.ms;
    times.held = room(contract.comparison, end.ms, contract.duration.ms) >= 0;
    return times;
  }
  const bool of_time = contract.kind == plan::Contract::Kind::Downtime;
  const auto rows = contract.per.empty() ? std::size_t{1} : contract.bounds.size();
  std::int64_t least_room = std::numeric_limits<std::int64_t>::max();
  for (std::uint32_t bound = 0; bound < rows; ++bound) {
    const RoleRow row = closed(roles_[first_row + bound], end);
    std::int64_t value = row.times.available_min;
    if (of_time) value = row.times.downtime.ms;
    if (contract.kind == plan::Contract::Kind::Unavailable) value = row.times.targets - value;
    const std::int64_t limit =
        of_time ? contract.duration.ms : std::int64_t{contract.bounds[bound].count};
    const std::int64_t own = room(contract.comparison, value, limit);
    if (own >= least_room) continue;
    least_room = own;
    times = {own >= 0, value, of_time ? row.first_down : row.times.available_min_at, bound};
  }
  return times;
}

}  // namespace sluice::scheduler
