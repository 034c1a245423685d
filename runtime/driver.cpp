#include "runtime/driver.h"

#include <algorithm>
#include <queue>

#include "runtime/fan_out.h"
#include "scheduler/outputs.h"
#include "scheduler/work.h"

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
  Implementation(const plan::Plan& whole, std::string name, Executor& executor,
                 Journal& event_journal, Observer& listener, const Secrets* values)
      : plan(whole),
        run(std::move(name)),
        journal(event_journal),
        observer(listener),
        secrets(values),
        machine(plan),
        outputs(plan),
        fan_out(
            plan, [this] { return RunFacts{run, outputs, status(), secrets}; }, executor,
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

  scheduler::RunEnvironment::Status status() const {
    return [this] { return machine.would_be(); };
  }

  void operator_said(Event::Kind kind) {
    Event event;
    event.kind = kind;
    news.events.push_back(event);
  }

  void answered(const Action& action, scheduler::Answer answer) {
    Event event;
    event.kind = Event::Kind::Answered;
    event.action = action;
    event.answer = answer;
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
    keep_outputs(instant.results);
    for (const Event& event : instant.events) {
      if (event.kind == Event::Kind::ActionFinished && is_manual(event.action)) --manual;
    }
    machine.apply(now, instant.events, commands);
    if (base::Status committed = journal.commit(instant); !committed) return committed;
    observer.instant(instant, commands);
    for (const Command& command : commands) carry_out(command);
    return base::Done{};
  }

  // Those of an attempt on several hosts are put together, in the hosts' order.
  void keep_outputs(const std::vector<HostResult>& results) {
    for (std::size_t i = 0; i < results.size();) {
      const Action& action = results[i].action;
      std::vector<Output> written;
      for (; i < results.size() && results[i].action == action; ++i) {
        // The last of a name counts: it is found first.
        const std::vector<Output>& more = results[i].completion.outputs;
        written.insert(written.begin(), more.begin(), more.end());
      }
      outputs.keep(action, std::move(written));
    }
  }

  bool is_manual(const Action& action) const {
    return scheduler::work_for(plan, action).action.kind == "manual";
  }

  void carry_out(const Command& command) {
    const Action& action = command.action;
    Event event;
    event.action = action;
    switch (command.kind) {
      case Command::Kind::StartAction:
        close_question(action);
        if (is_manual(action)) ++manual;
        return fan_out.start(action);
      case Command::Kind::CancelAction:
        return fan_out.cancel(action);
      case Command::Kind::SetTimer:
        event.kind = Event::Kind::TimerFired;
        event.timer = command.timer;
        return timers.push({command.at, event});
      case Command::Kind::EvaluateCondition:
        close_question(action);
        event.kind = Event::Kind::ConditionKnown;
        event.truth = truth(action);
        return news.events.push_back(event);
      case Command::Kind::AskOperator:
        return questions.push_back(action);
      case Command::Kind::TaskEnded:
        return close_question(action);
      default:
        return;
    }
  }

  scheduler::Truth truth(const Action& asked) const {
    const plan::TargetId target = scheduler::asked_target(plan, asked);
    return scheduler::truth_of(
        scheduler::asked_condition(plan, asked),
        scheduler::RunEnvironment(plan, outputs, status(), target, target, run));
  }

  // Whatever its slot does next, nobody is asked about it any more.
  void close_question(const Action& action) {
    if (action.lane == Action::none) return;  // a step, which has no slot
    std::erase_if(questions, [&](const Action& open) { return open.slot == action.slot; });
  }

  const plan::Plan& plan;
  std::string run;
  Journal& journal;
  Observer& observer;
  const Secrets* secrets;
  scheduler::Scheduler machine;
  scheduler::Outputs outputs;
  FanOut fan_out;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers;
  Instant news;  // what has come since the last turn
  scheduler::Commands commands;
  std::vector<Action> questions;
  std::size_t manual = 0;  // actions at work that a person carries out
  bool begun = false;
};

Driver::Driver(const plan::Plan& plan, std::string run, Executor& executor, Journal& journal,
               Observer& observer, const Secrets* secrets)
    : implementation_(std::make_unique<Implementation>(plan, std::move(run), executor, journal,
                                                       observer, secrets)) {}
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

void Driver::answer(const Action& asked, scheduler::Answer answer) {
  implementation_->answered(asked, answer);
}

const std::vector<Action>& Driver::questions() const {
  return implementation_->questions;
}

bool Driver::waits_for_people() const {
  const std::size_t people = implementation_->questions.size() + implementation_->manual;
  return people > 0 && implementation_->machine.in_flight() == people && !has_news();
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
