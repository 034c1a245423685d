#include "runtime/driver.h"

#include <algorithm>
#include <queue>

#include "runtime/fan_out.h"

namespace sluice::runtime {

namespace {

using scheduler::Action;
using scheduler::Command;
using scheduler::Event;
using scheduler::Outcome;

struct Timer {
  base::Instant at;
  Event event;
  bool operator>(const Timer& other) const { return at > other.at; }
};

}  // namespace

struct Driver::Implementation {
  Implementation(const plan::Plan& plan, const std::string& run, Executor& executor,
                 Journal& event_journal, Observer& listener)
      : journal(event_journal),
        observer(listener),
        machine(plan),
        fan_out(
            plan, run, executor,
            [this](const Action& action, Outcome outcome, std::vector<HostResult> results) {
              finished(action, outcome, std::move(results));
            },
            [this](const Action& action, const std::string& host, std::string_view bytes) {
              observer.output(action, host, bytes);
            }) {}

  void finished(const Action& action, Outcome outcome, std::vector<HostResult> results) {
    Event event;
    event.kind = Event::Kind::ActionFinished;
    event.action = action;
    event.outcome = outcome;
    news.events.push_back(event);
    for (HostResult& result : results) news.results.push_back(std::move(result));
  }

  void operator_said(Event::Kind kind) {
    Event event;
    event.kind = kind;
    news.events.push_back(event);
  }

  base::Status turn(base::Instant now) {
    while (!timers.empty() && timers.top().at <= now) {
      news.events.push_back(timers.top().event);
      timers.pop();
    }
    if (begun && news.events.empty()) return base::Done{};
    begun = true;
    Instant instant = std::move(news);
    news = {};
    instant.at = now;
    std::stable_sort(instant.results.begin(), instant.results.end(),
                     [](const HostResult& a, const HostResult& b) { return a.action < b.action; });
    machine.apply(now, instant.events, commands);
    if (base::Status committed = journal.commit(instant); !committed) return committed;
    observer.instant(instant, commands);
    for (const Command& command : commands) carry_out(command);
    return base::Done{};
  }

  void carry_out(const Command& command) {
    if (command.kind == Command::Kind::StartAction) fan_out.start(command.action);
    if (command.kind == Command::Kind::CancelAction) fan_out.cancel(command.action);
    if (command.kind != Command::Kind::SetTimer) return;
    Event event;
    event.kind = Event::Kind::TimerFired;
    event.action = command.action;
    event.timer = command.timer;
    timers.push({command.at, event});
  }

  Journal& journal;
  Observer& observer;
  scheduler::Scheduler machine;
  FanOut fan_out;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers;
  Instant news;  // what has come since the last turn
  scheduler::Commands commands;
  bool begun = false;
};

Driver::Driver(const plan::Plan& plan, std::string run, Executor& executor, Journal& journal,
               Observer& observer)
    : implementation_(std::make_unique<Implementation>(plan, run, executor, journal, observer)) {}
Driver::~Driver() = default;

base::Status Driver::turn(base::Instant now) {
  return implementation_->turn(now);
}
void Driver::pause() {
  implementation_->operator_said(Event::Kind::Pause);
}
void Driver::abort() {
  implementation_->operator_said(Event::Kind::Abort);
}

base::Instant Driver::next_timer() const {
  const auto& timers = implementation_->timers;
  return timers.empty() ? base::Instant::never() : timers.top().at;
}

bool Driver::has_news() const {
  return !implementation_->begun || !implementation_->news.events.empty();
}
bool Driver::ended() const {
  return implementation_->machine.ended();
}
bool Driver::at_rest() const {
  return implementation_->machine.at_rest();
}
scheduler::State Driver::state() const {
  return implementation_->machine.state();
}

}  // namespace sluice::runtime
