#include "simulator/connecting.h"

#include <algorithm>
#include <utility>

#include "simulator/attempts.h"

namespace sluice::simulator {

namespace {

using base::Duration;
using base::Instant;

const plan::Expression* find_connect_time(const plan::Connection& connection) {
  for (const plan::Connection::Setting& setting : connection.settings) {
    if (setting.name == plan::connect_time_setting) return &setting.value;
  }
  return nullptr;
}

scheduler::Action action_of(plan::StepId step, std::uint32_t lane, std::uint32_t task) {
  scheduler::Action action;
  action.step = step;
  action.lane = lane;
  action.task = task;
  return action;
}

}  // namespace

Connecting::Connecting(const plan::Plan& plan) : plan_(plan) {
  const bool any = std::any_of(
      plan.connections.begin(), plan.connections.end(),
      [](const plan::Connection& connection) { return find_connect_time(connection) != nullptr; });
  if (any) stands_.resize(plan.targets.size(), Instant::never());
}

void Connecting::begin(Instant now, const scheduler::Action& action) {
  for_each_host(action, [&](plan::TargetId host) {
    Instant& stands = stands_[host.value];
    if (stands == Instant::never()) stands = now + connect_time(host);
  });
}

Duration Connecting::wait(Instant since, const scheduler::Action& action) const {
  Duration longest;
  for_each_host(action, [&](plan::TargetId host) {
    const Instant stands = stands_[host.value];
    if (stands != Instant::never()) longest = std::max(longest, stands - since);
  });
  return longest;
}

void Connecting::begin_all(const scheduler::Timeline& timeline) {
  if (idle()) return;
  std::vector<std::pair<Instant, scheduler::Action>> begun;
  for (const plan::StepId step : plan_.steps.ids()) {
    const auto tasks = static_cast<std::uint32_t>(plan_.steps[step].tasks.size());
    for (std::uint32_t lane = 0; lane < plan::lane_count(plan_, step); ++lane) {
      for (std::uint32_t task = 0; task < tasks; ++task) {
        const auto attempts = timeline.attempts(plan_, step, lane, task);
        if (!attempts.empty()) begun.emplace_back(attempts[0].start, action_of(step, lane, task));
      }
    }
  }
  for (const scheduler::PartTimes& part : timeline.parts) {
    scheduler::Action action = action_of(part.step, part.lane, part.task);
    action.part = part.part;
    if (!part.attempts.empty()) begun.emplace_back(part.attempts[0].start, action);
  }
  std::stable_sort(begun.begin(), begun.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [at, action] : begun) begin(at, action);
}

Duration Connecting::connected(plan::StepId step, std::uint32_t lane, std::uint32_t task,
                               const scheduler::Interval& attempt) const {
  const Duration whole = attempt.end - attempt.start;
  return std::max(whole - wait(attempt.start, action_of(step, lane, task)), Duration{0});
}

void Connecting::lose(const scheduler::Action& action) {
  for_each_host(action, [&](plan::TargetId host) { stands_[host.value] = Instant::never(); });
}

// The hosts on which the action is carried out; none where that is the controller.
template <class Visit>
void Connecting::for_each_host(const scheduler::Action& action, Visit visit) const {
  if (idle()) return;
  const plan::Step& step = plan_.steps[action.step];
  const plan::Work& work = work_of(plan_, action);
  if (is_carried_out_on_target(step, work)) {
    visit(plan::lane_target(plan_, action.step, action.lane));
  } else if (work.via.kind == plan::Via::Kind::Each || work.via.kind == plan::Via::Kind::First) {
    plan_.target_lists[work.via.hosts].for_each(visit);
  }
}

// Where it cannot be worked out it is none: a run says so when it connects.
Duration Connecting::connect_time(plan::TargetId host) const {
  const plan::Expression* time =
      find_connect_time(plan_.connections[plan_.targets.connection(host)]);
  if (time == nullptr) return {};
  const base::Result<plan::Value> value =
      plan::evaluate(*time, plan::PlanEnvironment(plan_, host, host));
  const Duration* duration = value ? std::get_if<Duration>(&value.value().content) : nullptr;
  return duration == nullptr ? Duration{} : std::max(*duration, Duration{0});
}

}  // namespace sluice::simulator
