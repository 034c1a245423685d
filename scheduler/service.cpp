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
  if (keep_rows) times_.resize(plan.targets.size());
  find_spans();
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

// visit(first, count, row): so many targets side by side stand in that row.
template <class Visit>
void ServiceTracker::for_each_run(Visit visit) const {
  for (const plan::RoleId role : plan_.roles.ids()) {
    for (const auto& run : plan_.target_lists[plan_.roles[role].targets].runs()) {
      visit(run.first, run.count, role);
    }
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
      visit(target.value, 1, plan::RoleId{first_bound_[i] + place});
    });
  }
}

// Where runs of rows begin and end; between two such places all targets stand in the same rows.
void ServiceTracker::find_spans() {
  struct Edge {
    std::uint32_t at = 0;
    bool begins = false;
    plan::RoleId row;
  };
  std::vector<Edge> edges;
  for_each_run([&](std::uint32_t first, std::uint32_t count, plan::RoleId row) {
    // A row goes on where one run of it ends and the next begins.
    const bool goes_on = !edges.empty() && edges.back().row == row && edges.back().at == first;
    if (goes_on) {
      edges.back().at += count;
    } else {
      edges.push_back({first, true, row});
      edges.push_back({first + count, false, row});
    }
  });
  std::stable_sort(edges.begin(), edges.end(),
                   [](const Edge& a, const Edge& b) { return a.at < b.at; });
  std::vector<plan::RoleId> rows;
  spans_.push_back({0, 0});
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const Edge& edge = edges[i];
    if (edge.begins) {
      rows.push_back(edge.row);
    } else {
      rows.erase(std::find(rows.begin(), rows.end(), edge.row));
    }
    if (i + 1 < edges.size() && edges[i + 1].at == edge.at) continue;
    const auto member = static_cast<std::uint32_t>(members_.size());
    if (edge.at == 0) {
      spans_.back().first_member = member;
    } else {
      spans_.push_back({edge.at, member});
    }
    members_.insert(members_.end(), rows.begin(), rows.end());
  }
  spans_.push_back({~std::uint32_t{0}, static_cast<std::uint32_t>(members_.size())});
}

bool ServiceTracker::alike(const plan::TargetList& targets) {
  if (spans_.empty() || targets.empty()) return true;
  const std::uint32_t span = span_of(targets.at(0));
  return std::all_of(targets.runs().begin(), targets.runs().end(), [&](const auto& run) {
    return span_of(plan::TargetId{run.first}) == span &&
           span_of(plan::TargetId{run.first + run.count - 1}) == span;
  });
}

std::uint32_t ServiceTracker::span_of(plan::TargetId target) {
  const bool same = spans_[last_span_].first <= target.value &&
                    target.value < spans_[last_span_ + std::size_t{1}].first;
  if (same) return last_span_;
  const auto after =
      std::upper_bound(spans_.begin(), spans_.end(), target.value,
                       [](std::uint32_t wanted, const Span& span) { return wanted < span.first; });
  last_span_ = static_cast<std::uint32_t>(after - spans_.begin()) - 1;
  return last_span_;
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
  const bool was_out = row.out();
  row.drained = 1;
  update(target, was_out);
}

void ServiceTracker::restore(plan::TargetId target) {
  TargetRow& row = targets_[target.value];
  const bool was_out = row.out();
  row.drained = 0;
  update(target, was_out);
}

void ServiceTracker::begin_interruption(plan::TargetId target) {
  TargetRow& row = targets_[target.value];
  const bool was_out = row.out();
  ++row.interruptions;
  update(target, was_out);
}

void ServiceTracker::end_interruption(plan::TargetId target, bool well) {
  TargetRow& row = targets_[target.value];
  --row.interruptions;
  if (!well) row.drained = 1;
  update(target, true);
}

void ServiceTracker::hand_over(plan::TargetId restored, plan::TargetId drained) {
  TargetRow& from = targets_[restored.value];
  TargetRow& to = targets_[drained.value];
  const bool plain = from.drained == 1 && from.interruptions == 0 && !to.out() && !keep_rows_;
  if (!plain || span_of(restored) != span_of(drained)) {
    restore(restored);
    drain(drained);
    return;
  }
  from.drained = 0;  // as many of each role are in service as before
  to.drained = 1;
}

void ServiceTracker::update(plan::TargetId target, bool was_out) {
  const bool out = targets_[target.value].out();
  if (out == was_out) return;
  if (keep_rows_) keep_times(target, out);
  targets_out_ += out ? 1 : ~std::uint32_t{0};
  const std::uint32_t span = span_of(target);
  for (std::uint32_t i = spans_[span].first_member; i < spans_[span + 1].first_member; ++i) {
    RoleRow& role = roles_[members_[i].value];
    role.in_service += out ? ~std::uint32_t{0} : 1;  // less or more by one
    if (!role.touched) touched_.push_back(members_[i]);
    role.touched = true;
  }
}

void ServiceTracker::keep_times(plan::TargetId target, bool out) {
  OutTimes& times = times_[target.value];
  if (out) {
    // Back and gone again at one instant: it was never back.
    const bool touches = times.last_end == now_;
    times.since = touches ? times.last_start : now_;
    if (!touches) return;
    const auto last = std::find_if(out_rows_.rbegin(), out_rows_.rend(),
                                   [&](const auto& kept) { return kept.target == target; });
    if (last != out_rows_.rend()) out_rows_.erase(std::next(last).base());
    return;
  }
  if (times.since < now_) {
    times.last_start = times.since;
    times.last_end = now_;
    out_rows_.push_back({target, {times.since, now_}});
  }
  times.since = base::Instant::never();
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
    timeline.target_out[target] = targets_[target].out();
  }
  if (!keep_rows_) return;
  timeline.out_rows = out_rows_;
  for (std::uint32_t target = 0; target < targets_.size(); ++target) {
    const base::Instant since = times_[target].since;
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
