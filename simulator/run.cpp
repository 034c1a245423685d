// The driver of the scheduler in virtual time.
#include <algorithm>
#include <array>

#include "base/check.h"
#include "simulator/attempts.h"
#include "simulator/carry_out.h"
#include "simulator/ends.h"
#include "simulator/transfers.h"
#include "simulator/world.h"

namespace sluice::simulator {

namespace {

using base::Duration;
using base::Instant;
using base::Result;
using scheduler::Action;
using scheduler::Command;
using scheduler::Event;
using scheduler::Outcome;
using scheduler::Part;

// Timers and answers, soonest first: few beside the ends of actions, or none.
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
  Run(const plan::Plan& plan, const Attempts& attempts, std::uint32_t run, scheduler::Detail detail,
      bool strides)
      : attempts_(attempts),
        run_(run),
        transfers_(plan),
        world_(plan),
        scheduler_(plan),
        builder_(plan, detail),
        looks_at_world_(world_.needed()),
        strides_(strides && detail == scheduler::Detail::Summary && !looks_at_world_ &&
                 transfers_.idle()) {}

  Result<scheduler::Timeline> carry_out() {
    Instant now{0};
    for (;;) {
      scheduler_.apply(now, events_, commands_);
      builder_.observe(now, events_, commands_);
      if (looks_at_world_) world_.observe(commands_);
      for (const Command& command : commands_) {
        if (auto failed = carry_out(now, command); !failed) return failed.error();
      }
      if (scheduler_.ended()) return builder_.build(now);
      events_.clear();
      while (events_.empty()) now = take_next();
    }
  }

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

  Instant take_next() {
    const Instant now = std::min({ends_.next(), others_.next(), transfers_.next()});
    SLUICE_CHECK(now != Instant::never(), "the scheduler waits for what never comes");
    transfers_.take_ended(now, events_);
    while (others_.next() == now) events_.push_back(others_.pop());
    while (ends_.next() == now) take_end(ends_.take());
    return now;
  }

  // One whose transfer goes on is told when that has ended.
  void take_end(std::uint32_t place) {
    const Slot& slot = slots_[place];
    const Event event{.action = slot.action, .outcome = slot.outcome};
    if (looks_at_world_ && event.outcome != Outcome::Cancelled) world_.keep(event.action);
    if (!transfers_.idle() && transfers_.goes_on(event)) return;
    events_.push_back(event);
  }

  base::Status carry_out(Instant now, const Command& command) {
    switch (command.kind) {
      case Command::Kind::StartAction:
        return start(now, command.action);
      case Command::Kind::CancelAction:
        transfers_.cancel(now, command.action);
        begin(command.action, now, Outcome::Cancelled);
        return base::Done{};
      case Command::Kind::SetTimer:
        set_timer(command);
        return base::Done{};
      case Command::Kind::EvaluateCondition:
        others_.push(now, {.kind = Event::Kind::ConditionKnown,
                           .action = command.action,
                           .truth = world_.truth(command.action, scheduler_.would_be())});
        return base::Done{};
      case Command::Kind::AskOperator:
        others_.push(
            now,
            {.kind = Event::Kind::Answered, .action = command.action, .answer = World::answer});
        return base::Done{};
      default:
        return base::Done{};
    }
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

  base::Status start(Instant now, const Action& action) {
    if (action.part == Part::Run && action.attempt == 1 && attempts_.draws_lanes(action.step)) {
      start_drawn(now, action);
      return base::Done{};
    }
    const Result<Attempt> attempt = attempts_.draw(action, run_);
    if (!attempt) return attempt.error();
    start_with(now, action, attempt.value());
    return base::Done{};
  }

  void start_drawn(Instant now, const Action& action) {
    const Drawn& drawn = drawn_for(action);
    const std::uint32_t at = action.task - drawn.first;
    if (!strides_) return start_with(now, action, drawn.attempts[at]);
    const std::uint32_t until =
        std::min(scheduler_.plain_until(action) - drawn.first, Attempts::block - 1);
    // The last one may fail. One that takes no time ends in a further round of its instant, which
    // is not to be told beforehand.
    std::uint32_t last = at;
    Instant end = now + drawn.attempts[at].takes;
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

  void start_with(Instant now, const Action& action, const Attempt& attempt) {
    transfers_.start(now, action);
    begin(action, now + attempt.takes,
          looks_at_world_ ? world_.outcome(action, attempt.outcome) : attempt.outcome);
  }

  const Attempts& attempts_;
  std::uint32_t run_;
  Transfers transfers_;
  World world_;
  scheduler::Scheduler scheduler_;
  scheduler::TimelineBuilder builder_;
  bool looks_at_world_;
  bool strides_;
  Ends ends_;
  Queue others_;
  std::vector<Slot> slots_;
  std::vector<Drawn> drawn_;  // as slots_, where any are
  std::vector<Event> events_;
  scheduler::Commands commands_;
};

}  // namespace

Result<scheduler::Timeline> carry_out(const plan::Plan& plan, const Attempts& attempts,
                                      std::uint32_t run, scheduler::Detail detail, bool strides) {
  return Run(plan, attempts, run, detail, strides).carry_out();
}

}  // namespace sluice::simulator
