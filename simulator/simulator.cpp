#include "simulator/simulator.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "simulator/attempts.h"

namespace sluice::simulator {

namespace {

using base::Instant;
using base::Result;
using scheduler::Action;
using scheduler::Command;
using scheduler::Event;
using scheduler::Outcome;

// What will happen, soonest first; as many entries as actions are in flight, and their timeouts.
class Queue {
 public:
  void push(Instant at, const Event& event) {
    entries_.push_back({at, event});
    std::push_heap(entries_.begin(), entries_.end(), later);
  }
  bool empty() const { return entries_.empty(); }
  Instant next() const { return entries_.front().at; }
  Event pop() {
    std::pop_heap(entries_.begin(), entries_.end(), later);
    const Event event = entries_.back().event;
    entries_.pop_back();
    return event;
  }

 private:
  struct Entry {
    Instant at;
    Event event;
  };
  // What is simultaneous is put in order by the scheduler, not here.
  static bool later(const Entry& a, const Entry& b) { return a.at > b.at; }

  std::vector<Entry> entries_;
};

class Run {
 public:
  Run(const plan::Plan& plan, const Settings& settings)
      : plan_(plan),
        settings_(settings),
        attempts_(plan, settings),
        scheduler_(plan),
        builder_(plan, settings.detail) {}

  Result<scheduler::Timeline> carry_out() {
    Instant now{0};
    do {
      events_.clear();
      if (begun_) {
        SLUICE_CHECK(!queue_.empty(), "the scheduler waits for something that never comes");
        now = queue_.next();
        while (!queue_.empty() && queue_.next() == now) take(queue_.pop());
        if (events_.empty()) continue;
      }
      begun_ = true;
      scheduler_.apply(now, events_, commands_);
      builder_.observe(now, events_, commands_);
      for (const Command& command : commands_) {
        if (auto failed = carry_out(now, command); !failed) return failed.error();
      }
    } while (!scheduler_.ended());
    return builder_.build(now);
  }

 private:
  // An end that was overtaken by a cancellation is dropped here.
  void take(const Event& event) {
    if (event.kind == Event::Kind::ActionFinished) {
      Action& running = running_[event.action.slot];
      if (running != event.action) return;
      running = Action{};
    }
    events_.push_back(event);
  }

  base::Status carry_out(Instant now, const Command& command) {
    switch (command.kind) {
      case Command::Kind::StartAction:
        return start(now, command.action);
      case Command::Kind::CancelAction:
        queue_.push(now, {.action = command.action, .outcome = Outcome::Cancelled});
        return base::Done{};
      case Command::Kind::SetTimer:
        queue_.push(
            command.at,
            {.kind = Event::Kind::TimerFired, .action = command.action, .timer = command.timer});
        return base::Done{};
      default:
        return base::Done{};
    }
  }

  base::Status start(Instant now, const Action& action) {
    const Result<Attempt> attempt = attempts_.draw(action, settings_.run);
    if (!attempt) return attempt.error();
    if (running_.size() <= action.slot) running_.resize(action.slot + std::size_t{1});
    running_[action.slot] = action;
    queue_.push(now + attempt.value().takes,
                {.action = action, .outcome = attempt.value().outcome});
    return base::Done{};
  }

  const plan::Plan& plan_;
  const Settings& settings_;
  Attempts attempts_;
  scheduler::Scheduler scheduler_;
  scheduler::TimelineBuilder builder_;
  Queue queue_;
  std::vector<Action> running_;  // by slot; step invalid where none runs
  std::vector<Event> events_;
  scheduler::Commands commands_;
  bool begun_ = false;
};

std::vector<std::string> assumptions(const plan::Plan& plan) {
  std::vector<std::string> texts;
  for (const plan::Step& step : plan.steps) {
    for (const plan::Task& task : step.tasks) {
      const plan::Value* low = plan::constant_value(task.takes.low);
      if (!task.takes.assumed || low == nullptr) continue;
      const std::string name =
          step.has_child_steps ? fmt::format("{}/{}", step.name, task.name) : step.name;
      texts.push_back(fmt::format("`{}` has no `takes`: {} assumed, the default of `{}`", name,
                                  plan::to_text(*low), task.action.kind));
    }
  }
  return texts;
}

}  // namespace

Result<Prediction> simulate(const plan::Plan& plan, const Settings& settings) {
  Result<scheduler::Timeline> timeline = Run(plan, settings).carry_out();
  if (!timeline) return timeline.error();
  return Prediction{std::move(timeline).value(), assumptions(plan)};
}

}  // namespace sluice::simulator
