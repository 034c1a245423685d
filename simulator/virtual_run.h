// The driver of the scheduler in virtual time: what its commands ask for ends when the attempts
// that were drawn say so. What it finds is folded by whoever needs it. A run may also begin in the
// middle: what has really happened is taken in, and go_on() carries on with what is still to come.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/result.h"
#include "plan/plan.h"
#include "scheduler/open_work.h"
#include "scheduler/outputs.h"
#include "scheduler/scheduler.h"
#include "simulator/attempts.h"
#include "simulator/ends.h"
#include "simulator/transfers.h"
#include "simulator/world.h"

namespace sluice::simulator {

// Timers and answers, soonest first: few beside the ends of actions, or none.
class TimedEvents {
 public:
  void push(base::Instant at, const scheduler::Event& event) {
    entries_.push_back({at, event});
    std::push_heap(entries_.begin(), entries_.end(), later);
  }
  base::Instant next() const {
    return entries_.empty() ? base::Instant::never() : entries_.front().at;
  }
  scheduler::Event pop() {
    std::pop_heap(entries_.begin(), entries_.end(), later);
    const scheduler::Event event = entries_.back().event;
    entries_.pop_back();
    return event;
  }

 private:
  struct Entry {
    base::Instant at;
    scheduler::Event event;
  };
  // What is simultaneous is put in order by the scheduler, not here.
  static bool later(const Entry& a, const Entry& b) { return a.at > b.at; }

  std::vector<Entry> entries_;
};

// `Fold` is told of every instant: observe(now, events, commands). Where it is copyable, so is a
// run; the copy goes on by itself.
template <class Fold>
class VirtualRun {
  using Action = scheduler::Action;
  using Command = scheduler::Command;
  using Event = scheduler::Event;
  using Instant = base::Instant;
  using Outcome = scheduler::Outcome;

 public:
  // `strides`: lanes of which nobody can tell when one task ends and the next begins go through
  // them in one, where the plan lets them; for folds that look at no task.
  VirtualRun(const plan::Plan& plan, const Attempts& attempts, Fold fold, bool strides)
      : attempts_(attempts),
        transfers_(plan),
        world_(plan),
        scheduler_(plan),
        fold_(std::move(fold)),
        looks_at_world_(world_.needed()),
        strides_(strides && !looks_at_world_ && transfers_.idle()) {}

  // The whole of run number `run`, from its first instant on.
  base::Status carry_out(std::uint32_t run) {
    run_ = run;
    bool well = apply();
    while (well && !ended()) well = step();
    return status();
  }

  // What has really happened, one instant after the other, from the first one (of no events) on.
  // `written`: what its scripts wrote; nullptr: what the plan's `gives` say.
  void take(Instant at, std::span<const Event> events,
            const std::vector<scheduler::Written>* written = nullptr) {
    pass_transfers(at);
    now_ = at;
    for (const Event& event : events) {
      if (event.kind != Event::Kind::ActionFinished) continue;
      transfers_.cancel(at, event.action);
      if (written != nullptr || !looks_at_world_ || event.outcome == Outcome::Cancelled) continue;
      world_.keep(event.action);
    }
    if (written != nullptr) {
      for (const scheduler::Written& row : *written) world_.keep(row.action, row.outputs);
    }
    scheduler_.apply(at, events, commands_);
    fold_.observe(at, events, commands_);
    if (looks_at_world_) world_.observe(commands_);
    for (const Command& command : commands_) {
      if (command.kind == Command::Kind::StartAction) transfers_.start(at, command.action);
      if (command.kind == Command::Kind::CancelAction) transfers_.cancel(at, command.action);
    }
  }
  // From here on with the draws of run number `run`; `open` is what all that was taken in has left
  // open. An attempt under way is drawn among those that last so long. What is paused goes on.
  base::Status go_on(std::uint32_t run, Instant now, const scheduler::OpenWork& open) {
    run_ = run;
    pass_transfers(now);
    now_ = now;
    for (const auto& [action, work] : open.open) {
      if (!go_on(action, work)) return status();
    }
    for (const auto& [at, event] : open.timers) {
      const bool over =
          event.timer == scheduler::TimerKind::Timeout && !open.open.contains(event.action);
      if (!over) others_.push(std::max(at, now), event);
    }
    for (const Action& asked : open.conditions) find_out(asked);
    for (const Action& asked : open.questions) answer(asked);
    if (scheduler_.state() == scheduler::State::Paused) {
      Event go_on;
      go_on.kind = Event::Kind::Continue;
      others_.push(now, go_on);
    }
    return base::Done{};
  }

  // The next instant. False: something could not be drawn, and status() says why.
  bool step() {
    events_.clear();
    while (events_.empty()) take_next();
    return apply();
  }

  base::Status status() const {
    if (error_) return *error_;
    return base::Done{};
  }
  bool ended() const { return scheduler_.ended(); }
  scheduler::State state() const { return scheduler_.state(); }
  Instant now() const { return now_; }
  // That followed from the last instant.
  const scheduler::Commands& commands() const { return commands_; }
  const Fold& fold() const { return fold_; }

 private:
  // What is under way in one of the scheduler's slots.
  struct Slot {
    Action action;
    Instant end;
    Outcome outcome = Outcome::Succeeded;
  };
  // The first attempts of its lane, drawn ahead.
  struct Drawn {
    plan::StepId step;
    std::uint32_t lane = 0;
    std::uint32_t first = 0;
    std::array<Attempt, Attempts::block> attempts;
  };

  bool apply() {
    scheduler_.apply(now_, events_, commands_);
    fold_.observe(now_, events_, commands_);
    if (looks_at_world_) world_.observe(commands_);
    for (const Command& command : commands_) {
      if (!carry_out(command)) return false;
    }
    return true;
  }

  void take_next() {
    now_ = std::min({ends_.next(), others_.next(), transfers_.next()});
    SLUICE_CHECK(now_ != Instant::never(), "the scheduler waits for what never comes");
    transfers_.take_ended(now_, events_);
    while (others_.next() == now_) events_.push_back(others_.pop());
    while (ends_.next() == now_) take_end(ends_.take());
  }

  // One whose transfer goes on is told when that has ended.
  void take_end(std::uint32_t place) {
    const Slot& slot = slots_[place];
    const Event event{.action = slot.action, .outcome = slot.outcome};
    if (looks_at_world_ && event.outcome != Outcome::Cancelled) world_.keep(event.action);
    if (!transfers_.idle() && transfers_.goes_on(event)) return;
    events_.push_back(event);
  }

  bool carry_out(const Command& command) {
    switch (command.kind) {
      case Command::Kind::StartAction:
        return start(command.action);
      case Command::Kind::CancelAction:
        transfers_.cancel(now_, command.action);
        begin(command.action, now_, Outcome::Cancelled);
        return true;
      case Command::Kind::SetTimer:
        set_timer(command);
        return true;
      case Command::Kind::EvaluateCondition:
        find_out(command.action);
        return true;
      case Command::Kind::AskOperator:
        answer(command.action);
        return true;
      default:
        return true;
    }
  }

  void find_out(const Action& asked) {
    others_.push(now_, {.kind = Event::Kind::ConditionKnown,
                        .action = asked,
                        .truth = world_.truth(asked, scheduler_.would_be())});
  }
  void answer(const Action& asked) {
    others_.push(now_, {.kind = Event::Kind::Answered, .action = asked, .answer = World::answer});
  }

  // Those that end meanwhile; their actions go on, or their ends have been told.
  void pass_transfers(Instant until) {
    while (transfers_.next() <= until) transfers_.take_ended(transfers_.next(), events_);
  }

  // One under way.
  bool go_on(const Action& action, const scheduler::OpenWork::Open& work) {
    if (work.cancelled) {
      begin(action, now_, Outcome::Cancelled);
      return true;
    }
    const bool moving = transfers_.moves(action);
    const base::Result<Attempt> attempt =
        attempts_.draw_rest(action, run_, moving ? base::Duration{0} : now_ - work.since);
    if (!attempt) return failed(attempt.error());
    begin(action, std::max(now_, work.since + attempt.value().takes),
          outcome_of(action, attempt.value()));
    return true;
  }

  // The timeout of an attempt that ends in time is not worth its place. Where a transfer goes on,
  // nobody knows yet.
  void set_timer(const Command& command) {
    if (command.timer == scheduler::TimerKind::Timeout && transfers_.idle()) {
      const Slot& slot = slots_[command.action.slot];
      if (slot.action != command.action || slot.end <= command.at) return;
    }
    others_.push(
        command.at,
        {.kind = Event::Kind::TimerFired, .action = command.action, .timer = command.timer});
  }

  void begin(const Action& action, Instant end, Outcome outcome) {
    if (slots_.size() <= action.slot) slots_.resize(action.slot + std::size_t{1});
    slots_[action.slot] = {action, end, outcome};
    ends_.set(action.slot, end);
  }

  bool failed(const base::Error& error) {
    error_ = error;
    return false;
  }

  bool start(const Action& action) {
    if (action.part == scheduler::Part::Run && action.attempt == 1 &&
        attempts_.draws_lanes(action.step)) {
      start_drawn(action);
      return true;
    }
    const base::Result<Attempt> attempt = attempts_.draw(action, run_);
    if (!attempt) return failed(attempt.error());
    start_with(action, attempt.value());
    return true;
  }

  void start_drawn(const Action& action) {
    const Drawn& drawn = drawn_for(action);
    const std::uint32_t at = action.task - drawn.first;
    if (!strides_) return start_with(action, drawn.attempts[at]);
    const std::uint32_t until =
        std::min(scheduler_.plain_until(action) - drawn.first, Attempts::block - 1);
    // The last one may fail. One that takes no time ends in a further round of its instant, which
    // is not to be told beforehand.
    std::uint32_t last = at;
    Instant end = now_ + drawn.attempts[at].takes;
    Instant best_end = end;
    for (std::uint32_t next = at; next < until; ++next) {
      const Attempt& attempt = drawn.attempts[next];
      if (attempt.outcome != Outcome::Succeeded ||
          times_out(action.step, drawn.first + next, attempt))
        break;
      const Attempt& behind = drawn.attempts[next + 1];
      if (times_out(action.step, drawn.first + next + 1, behind)) break;
      end = end + behind.takes;
      if (behind.takes.ms == 0) continue;
      last = next + 1;
      best_end = end;
    }
    const Action under_way = last == at ? action : scheduler_.stride(action, drawn.first + last);
    begin(under_way, best_end, drawn.attempts[last].outcome);
  }

  bool times_out(plan::StepId step, std::uint32_t task, const Attempt& attempt) const {
    return attempt.takes > attempts_.timeout(step, task);
  }

  const Drawn& drawn_for(const Action& action) {
    if (drawn_.size() <= action.slot) drawn_.resize(action.slot + std::size_t{1});
    Drawn& drawn = drawn_[action.slot];
    const std::uint32_t first = action.task - action.task % Attempts::block;
    if (drawn.step != action.step || drawn.lane != action.lane || drawn.first != first) {
      drawn.step = action.step;
      drawn.lane = action.lane;
      drawn.first = first;
      attempts_.draw_lane(action.step, action.lane, first, run_, drawn.attempts);
    }
    return drawn;
  }

  void start_with(const Action& action, const Attempt& attempt) {
    transfers_.start(now_, action);
    begin(action, now_ + attempt.takes, outcome_of(action, attempt));
  }
  Outcome outcome_of(const Action& action, const Attempt& attempt) const {
    return looks_at_world_ ? world_.outcome(action, attempt.outcome) : attempt.outcome;
  }

  const Attempts& attempts_;
  std::uint32_t run_ = 0;
  Instant now_;
  Transfers transfers_;
  World world_;
  scheduler::Scheduler scheduler_;
  Fold fold_;
  bool looks_at_world_;
  bool strides_;
  Ends ends_;
  TimedEvents others_;
  std::vector<Slot> slots_;
  std::vector<Drawn> drawn_;  // as slots_, where any are
  std::vector<Event> events_;
  scheduler::Commands commands_;
  std::optional<base::Error> error_;
};

}  // namespace sluice::simulator
