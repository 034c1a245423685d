#include "simulator/simulator.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "simulator/attempts.h"
#include "simulator/carry_out.h"
#include "simulator/transfers.h"
#include "simulator/world.h"

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
  Instant next() const { return entries_.empty() ? Instant::never() : entries_.front().at; }
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
  Run(const plan::Plan& plan, const Attempts& attempts, std::uint32_t run, scheduler::Detail detail)
      : attempts_(attempts),
        run_(run),
        transfers_(plan),
        world_(plan),
        scheduler_(plan),
        builder_(plan, detail) {}

  Result<scheduler::Timeline> carry_out() {
    Instant now{0};
    do {
      events_.clear();
      if (begun_) {
        now = std::min(queue_.next(), transfers_.next());
        SLUICE_CHECK(now != Instant::never(), "the scheduler waits for what never comes");
        transfers_.take_ended(now, events_);
        while (queue_.next() == now) take(queue_.pop());
        if (events_.empty()) continue;
      }
      begun_ = true;
      scheduler_.apply(now, events_, commands_);
      builder_.observe(now, events_, commands_);
      if (world_.needed()) world_.observe(commands_);
      for (const Command& command : commands_) {
        if (auto failed = carry_out(now, command); !failed) return failed.error();
      }
    } while (!scheduler_.ended());
    return builder_.build(now);
  }

 private:
  // An end that was overtaken by a cancellation is dropped here; one whose transfer goes on is told
  // when that has ended.
  void take(const Event& event) {
    if (event.kind == Event::Kind::ActionFinished) {
      Action& running = running_[event.action.slot];
      if (running != event.action) return;
      running = Action{};
      if (world_.needed() && event.outcome != Outcome::Cancelled) world_.keep(event.action);
      if (transfers_.goes_on(event)) return;
    }
    events_.push_back(event);
  }

  base::Status carry_out(Instant now, const Command& command) {
    switch (command.kind) {
      case Command::Kind::StartAction:
        return start(now, command.action);
      case Command::Kind::CancelAction:
        transfers_.cancel(now, command.action);
        running_[command.action.slot] = command.action;
        queue_.push(now, {.action = command.action, .outcome = Outcome::Cancelled});
        return base::Done{};
      case Command::Kind::SetTimer:
        queue_.push(
            command.at,
            {.kind = Event::Kind::TimerFired, .action = command.action, .timer = command.timer});
        return base::Done{};
      case Command::Kind::EvaluateCondition:
        queue_.push(now, {.kind = Event::Kind::ConditionKnown,
                          .action = command.action,
                          .truth = world_.truth(command.action, scheduler_.would_be())});
        return base::Done{};
      case Command::Kind::AskOperator:
        queue_.push(
            now,
            {.kind = Event::Kind::Answered, .action = command.action, .answer = World::answer});
        return base::Done{};
      default:
        return base::Done{};
    }
  }

  base::Status start(Instant now, const Action& action) {
    const Result<Attempt> attempt = attempts_.draw(action, run_);
    if (!attempt) return attempt.error();
    if (running_.size() <= action.slot) running_.resize(action.slot + std::size_t{1});
    running_[action.slot] = action;
    transfers_.start(now, action);
    const Outcome outcome =
        world_.needed() ? world_.outcome(action, attempt.value().outcome) : attempt.value().outcome;
    queue_.push(now + attempt.value().takes, {.action = action, .outcome = outcome});
    return base::Done{};
  }

  const Attempts& attempts_;
  std::uint32_t run_;
  Transfers transfers_;
  World world_;
  scheduler::Scheduler scheduler_;
  scheduler::TimelineBuilder builder_;
  Queue queue_;
  std::vector<Action> running_;  // by slot; step invalid where none runs
  std::vector<Event> events_;
  scheduler::Commands commands_;
  bool begun_ = false;
};

}  // namespace

Result<scheduler::Timeline> carry_out(const plan::Plan& plan, const Attempts& attempts,
                                      std::uint32_t run, scheduler::Detail detail) {
  return Run(plan, attempts, run, detail).carry_out();
}

Result<Prediction> simulate(const plan::Plan& plan, const Settings& settings) {
  Result<scheduler::Timeline> timeline =
      carry_out(plan, Attempts(plan, settings), settings.run, settings.detail);
  if (!timeline) return timeline.error();
  return Prediction{std::move(timeline).value(), assumptions(plan, settings)};
}

}  // namespace sluice::simulator
