#include "runtime/run_state.h"

#include <algorithm>

namespace sluice::runtime {

namespace {

using scheduler::Action;
using scheduler::Command;
using scheduler::Event;

bool ends(const Instant& instant, const Action& action) {
  return std::any_of(instant.events.begin(), instant.events.end(), [&](const Event& event) {
    return event.kind == Event::Kind::ActionFinished && event.action == action;
  });
}

}  // namespace

RunState::RunState(const plan::Plan& whole) : OpenWork(whole), machine(whole), outputs(whole) {}

void RunState::take(const Instant& instant, scheduler::Commands& commands) {
  keep_outputs(instant);
  for (const Event& event : instant.events) settle(event);
  for (const Order& order : instant.orders) {
    if (!order.name.empty()) taken.insert(order.name);
    if (order.host.empty()) {
      if (answers_question(order.kind)) ++answers[order.action];
      continue;
    }
    unknown.erase({order.action, order.host});
    if (order.kind != Order::Kind::Retry) continue;
    ++retries[{order.action, order.host}];
    set_timeout(order.action, instant.at);
  }
  if (instant.session) {
    ++sessions;
    last_session = instant.session;
    last_session_at = instant.at;
  }
  machine.apply(instant.at, instant.events, commands);
  for (const Command& command : commands) follow(command, instant.at);
  last = instant.at;
}

void RunState::keep_outputs(const Instant& instant) {
  for (const HostResult& result : instant.results) {
    if (ends(instant, result.action)) continue;
    if (result.completion.ending == Completion::Ending::Lost) {
      unknown[{result.action, result.host}] = result.completion.detail;
    } else {
      unknown.erase({result.action, result.host});
    }
  }
  for (scheduler::Written& written : written_in(instant)) {
    outputs.keep(written.action, std::move(written.outputs));
  }
}

void RunState::settle(const Event& event) {
  OpenWork::settle(event);
  if (event.kind != Event::Kind::ActionFinished) return;
  const Action& action = event.action;
  std::erase_if(unknown, [&](const auto& row) { return row.first.first == action; });
  std::erase_if(retries, [&](const auto& row) { return row.first.first == action; });
}

void RunState::set_timeout(const Action& action, base::Instant from) {
  const auto found = open.find(action);
  if (found == open.end() || !found->second.timeout) return;
  const auto timer = std::find_if(timers.begin(), timers.end(), [&](const auto& row) {
    return row.second.timer == scheduler::TimerKind::Timeout && row.second.action == action;
  });
  if (timer == timers.end()) return;
  auto moved = timers.extract(timer);
  moved.key() = from + *found->second.timeout;
  timers.insert(std::move(moved));
}

std::size_t RunState::unknown_hosts(const Action& action) const {
  std::size_t count = 0;
  for (auto row = unknown.lower_bound({action, ""});
       row != unknown.end() && row->first.first == action; ++row) {
    ++count;
  }
  return count;
}

std::size_t RunState::waiting_for_people() const {
  std::size_t count = questions.size() + manual_actions();
  const Action* before = nullptr;
  for (const auto& [where, why] : unknown) {
    if (before == nullptr || *before != where.first) ++count;
    before = &where.first;
  }
  return count;
}

// Those of an attempt on several hosts are put together, in the hosts' order.
std::vector<scheduler::Written> written_in(const Instant& instant) {
  std::vector<scheduler::Written> all;
  for (const HostResult& result : instant.results) {
    if (!ends(instant, result.action)) continue;
    if (all.empty() || all.back().action != result.action) all.push_back({result.action, {}});
    // The last of a name counts: it is found first.
    std::vector<Output>& outputs = all.back().outputs;
    const std::vector<Output>& more = result.completion.outputs;
    outputs.insert(outputs.begin(), more.begin(), more.end());
  }
  return all;
}

}  // namespace sluice::runtime
