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
#include "scheduler/timeline.h"
#include "simulator/ahead.h"
#include "simulator/attempts.h"
#include "simulator/connecting.h"
#include "simulator/ends.h"
#include "simulator/settings.h"
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

// `Fold` is told of every instant: observe(now, events, commands); and, where it has it,
// follow(now, followed) of what brings about no more than that. Where it is copyable, so is a run;
// the copy goes on by itself.
template <class Fold>
class VirtualRun {
  using Action = scheduler::Action;
  using Command = scheduler::Command;
  using Event = scheduler::Event;
  using Instant = base::Instant;
  using Outcome = scheduler::Outcome;

 public:
  static constexpr bool can_follow =
      requires(Fold fold, const scheduler::Followed& what) { fold.follow(Instant{}, what); };
  static constexpr std::uint32_t no_end = 0xffff'ffff;
  static constexpr std::uint32_t most_at_once = 256;  // lanes, so that a step of a run stays short

  // Pace::Strides is for folds that look at no task.
  VirtualRun(const plan::Plan& plan, const Attempts& attempts, Fold fold, Pace pace)
      : attempts_(attempts),
        transfers_(plan),
        world_(plan),
        connecting_(plan),
        scheduler_(plan, attempts.lane_durations()),
        fold_(std::move(fold)),
        looks_at_world_(world_.needed()),
        follows_(can_follow && pace != Pace::Commands && goes_by_lanes_alone()),
        strides_(pace == Pace::Strides && goes_by_lanes_alone()) {}

  // The whole of run number `run`, from its first instant on.
  base::Status carry_out(std::uint32_t run) {
    run_ = run;
    bool well = apply();
    while (well && !ended()) well = step(no_end);
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
      if (event.outcome == Outcome::Unreachable) connecting_.lose(event.action);
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
      if (command.kind == Command::Kind::StartAction) {
        transfers_.start(at, command.action);
        connecting_.begin(at, command.action);
      }
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

  // The next instant, or up to `most` of them where they go quickly. False: something could not be
  // drawn, and status() says why.
  bool step(std::uint32_t most = 64) {
    events_.clear();
    if constexpr (can_follow) {
      if (follows_ && !follow_instants(most)) return true;
    }
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
  // What an attempt that began at `since` waited for its connections.
  base::Duration wait(Instant since, const Action& action) const {
    return connecting_.wait(since, action);
  }
  // That followed from the last instant.
  const scheduler::Commands& commands() const { return commands_; }
  const Fold& fold() const { return fold_; }

 private:
  // What happens to one lane's work hangs on nothing but what is drawn for it.
  bool goes_by_lanes_alone() const {
    return !looks_at_world_ && transfers_.idle() && connecting_.idle();
  }

  // What is under way in one of the scheduler's slots.
  struct Slot {
    Action action;
    Instant end;
    Outcome outcome = Outcome::Succeeded;
    bool odd = false;    // more may follow its end than one successor: it stands in odd_
    bool known = false;  // the scheduler has said that its lane may be followed by another one
    bool moved = false;  // it stands in moves_
  };
  // The first attempts of its lane.
  struct Drawn {
    plan::StepId step;
    std::uint32_t lane = 0;
    std::uint32_t first = 0;
    DrawnLane lane_drawn;
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
    now_ = std::min({ends_.next(), odd_.next(), others_.next(), transfers_.next()});
    SLUICE_CHECK(now_ != Instant::never(), "the scheduler waits for what never comes");
    transfers_.take_ended(now_, events_);
    while (others_.next() == now_) events_.push_back(others_.pop());
    while (odd_.next() == now_) take_end(odd_.take());
    while (ends_.next() == now_) take_end(ends_.take());
  }

  // Goes through the instants at which nothing but ends is due that have successors. What has none
  // is left in events_, for apply() at its instant. False: so many instants have passed.
  bool follow_instants(std::uint32_t most) {
    for (; most > 0; --most) {
      const Instant next = ends_.next();
      if (next >= std::min(odd_.next(), others_.next())) return true;
      if (strides_ && proceed()) continue;
      now_ = next;
      do {
        const std::uint32_t place = ends_.next_slot();
        if (follow(place)) continue;
        ends_.clear(place);
        events_.push_back({.action = slots_[place].action, .outcome = slots_[place].outcome});
      } while (ends_.next() == next);
      for (const std::uint32_t place : at_once_) wait_for_end(place);
      at_once_.clear();
      if (!events_.empty()) return true;
    }
    return false;
  }

  // Lanes of a step that are gone through in one stride each begin one after the other, as the
  // slots come free: the queue is all that there is to do for each. False: none of them has.
  bool proceed() {
    const std::uint32_t next = ends_.next_slot();
    const plan::StepId step = slots_[next].action.step;
    if (!attempts_.draws_lanes(step) || !fold_.proceeds(step)) return false;
    const std::uint32_t last = attempts_.tasks(step) - 1;
    if (last >= Attempts::block || slots_[next].action.task != last) return false;
    scheduler::Scheduler::Procession procession = scheduler_.procession(next);
    const Instant until = std::min(odd_.next(), others_.next());
    const std::uint32_t most = std::min(procession.count, most_at_once);
    std::uint32_t begun = 0;
    while (begun < most && ends_.next() < until) {
      const std::uint32_t place = ends_.next_slot();
      Slot& slot = slots_[place];
      if (slot.action.step != step || slot.action.task != last || !may_proceed(place)) break;
      const std::uint32_t lane = procession.first + begun;
      const DrawnLane& drawn = ahead_.lane(attempts_, step, lane, run_);
      if (!drawn.simple) break;
      if (!slot.moved) moves_.push_back({place, slot.action.lane, 0});
      slot.moved = true;
      slot.action.lane = lane;
      now_ = slot.end;
      slot.end = now_ + base::Duration{drawn.all};
      ends_.set(place, slot.end);
      ++begun;
    }
    if (begun == 0) return false;
    for (scheduler::Scheduler::Move& move : moves_) {
      move.to = slots_[move.slot].action.lane;
      slots_[move.slot].moved = false;
    }
    procession.count = begun;
    scheduler_.proceed(now_, step, procession, moves_);
    fold_.proceed(now_, step, procession, moves_);
    moves_.clear();
    return true;
  }

  bool may_proceed(std::uint32_t place) {
    Slot& slot = slots_[place];
    slot.known = slot.known || scheduler_.successor(place).follows == scheduler::Follows::Lane;
    return slot.known;
  }

  // The slot's action ends now. False: apply() has to tell what follows.
  bool follow(std::uint32_t place) {
    Slot& slot = slots_[place];
    const plan::StepId step = slot.action.step;
    if (!attempts_.draws_lanes(step)) return false;
    const scheduler::Successor next = scheduler_.successor(place);
    if (next.follows == scheduler::Follows::More) return false;
    const DrawnLane& drawn = drawn_for(step, next.lane, next.task, place);
    const std::uint32_t first = next.task - next.task % Attempts::block;
    const std::uint32_t at = next.task - first;
    if (!drawn.simple && needs_telling(step, next, drawn.takes[at])) return false;
    const std::uint32_t until = strides_ ? next.until - first : at;
    const Stride stride = stride_from(drawn, at, until, [&](std::uint32_t task) {
      return times_out(step, next.lane, first + task, drawn.takes[task]);
    });
    const std::uint32_t last = first + stride.last;
    const bool goes_on = scheduler_.follow(now_, place, next, last);
    fold_.follow(now_, {step, place, slot.action.lane, slot.action.task, next.lane, next.task});
    slot.action.lane = next.lane;
    slot.action.task = last;
    slot.action.attempt = 1;
    slot.end = now_ + stride.takes;
    slot.outcome = stride.fails ? Outcome::Failed : Outcome::Succeeded;
    slot.odd = stride.fails || !goes_on;
    if (!slot.odd && stride.takes.ms > 0) {
      ends_.set(place, slot.end);
    } else {
      // What takes no time ends in a further round of this instant.
      ends_.clear(place);
      stride.takes.ms == 0 ? at_once_.push_back(place) : wait_for_end(place);
    }
    return true;
  }

  // A timer is to be set for it, or it is longer than stands in a row.
  bool needs_telling(plan::StepId step, const scheduler::Successor& next,
                     std::uint32_t takes) const {
    return takes == DrawnLane::too_long || times_out(step, next.lane, next.task, takes);
  }

  // One whose transfer goes on is told when that has ended.
  void take_end(std::uint32_t place) {
    const Slot& slot = slots_[place];
    const Event event{.action = slot.action, .outcome = slot.outcome};
    if (looks_at_world_ && event.outcome != Outcome::Cancelled) world_.keep(event.action);
    if (event.outcome == Outcome::Unreachable) connecting_.lose(event.action);
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
    const Instant since = work.since + connecting_.wait(work.since, action);
    const bool lasts = !transfers_.moves(action) && now_ > since;
    const base::Result<Attempt> attempt =
        attempts_.draw_rest(action, run_, lasts ? now_ - since : base::Duration{0});
    if (!attempt) return failed(attempt.error());
    begin(action, std::max(now_, since + attempt.value().takes),
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
    ends_.clear(action.slot);
    odd_.clear(action.slot);
    const bool odd =
        follows_ && (outcome != Outcome::Succeeded || !scheduler_.may_be_followed(action));
    slots_[action.slot] = {action, end, outcome, odd, false, false};
    wait_for_end(action.slot);
  }
  void wait_for_end(std::uint32_t place) {
    const Slot& slot = slots_[place];
    slot.odd ? odd_.set(place, slot.end) : ends_.set(place, slot.end);
  }

  bool failed(const base::Error& error) {
    error_ = error;
    return false;
  }

  bool start(const Action& action) {
    if (action.part == scheduler::Part::Run && action.attempt == 1 &&
        attempts_.draws_lanes(action.step) && start_drawn(action)) {
      return true;
    }
    const base::Result<Attempt> attempt = attempts_.draw(action, run_);
    if (!attempt) return failed(attempt.error());
    start_with(action, attempt.value());
    return true;
  }

  // False: it is longer than stands in a row.
  bool start_drawn(const Action& action) {
    const DrawnLane& drawn = drawn_for(action.step, action.lane, action.task, action.slot);
    const std::uint32_t first = action.task - action.task % Attempts::block;
    const std::uint32_t at = action.task - first;
    if (drawn.takes[at] == DrawnLane::too_long) return false;
    const Outcome outcome = drawn.fails(at) ? Outcome::Failed : Outcome::Succeeded;
    if (!strides_) {
      start_with(action, {{drawn.takes[at]}, outcome});
      return true;
    }
    const std::uint32_t until = scheduler_.plain_until(action) - first;
    const Stride stride = stride_from(drawn, at, until, [&](std::uint32_t task) {
      return times_out(action.step, action.lane, first + task, drawn.takes[task]);
    });
    const Action under_way =
        stride.last == at ? action : scheduler_.stride(action, first + stride.last);
    begin(under_way, now_ + stride.takes, stride.fails ? Outcome::Failed : Outcome::Succeeded);
    return true;
  }

  bool times_out(plan::StepId step, std::uint32_t lane, std::uint32_t task,
                 std::uint32_t takes) const {
    return base::Duration{takes} > attempts_.timeout(step, lane, task);
  }

  // The block of its tasks in which this one is. Stands until the next call.
  const DrawnLane& drawn_for(plan::StepId step, std::uint32_t lane, std::uint32_t task,
                             std::uint32_t place) {
    const std::uint32_t first = task - task % Attempts::block;
    const bool ahead = task == 0 && attempts_.tasks(step) <= Attempts::block;
    if (ahead && strides_) return ahead_.lane(attempts_, step, lane, run_);
    if (drawn_.size() <= place) drawn_.resize(place + std::size_t{1});
    Drawn& drawn = drawn_[place];
    if (drawn.step != step || drawn.lane != lane || drawn.first != first) {
      drawn.step = step;
      drawn.lane = lane;
      drawn.first = first;
      if (ahead) {
        drawn.lane_drawn = ahead_.lane(attempts_, step, lane, run_);
      } else {
        attempts_.draw_lanes(step, lane, first, run_, {&drawn.lane_drawn, 1});
      }
    }
    return drawn.lane_drawn;
  }

  void start_with(const Action& action, const Attempt& attempt) {
    transfers_.start(now_, action);
    connecting_.begin(now_, action);
    const Instant connected = now_ + connecting_.wait(now_, action);
    begin(action, connected + attempt.takes, outcome_of(action, attempt));
  }
  Outcome outcome_of(const Action& action, const Attempt& attempt) const {
    return looks_at_world_ ? world_.outcome(action, attempt.outcome) : attempt.outcome;
  }

  const Attempts& attempts_;
  std::uint32_t run_ = 0;
  Instant now_;
  Transfers transfers_;
  World world_;
  Connecting connecting_;
  scheduler::Scheduler scheduler_;
  Fold fold_;
  bool looks_at_world_;
  bool follows_;
  bool strides_;
  Ends ends_;
  Ends odd_;  // of which more than one successor may follow
  Ahead ahead_;
  TimedEvents others_;
  std::vector<Slot> slots_;
  std::vector<Drawn> drawn_;  // as slots_, where any are
  std::vector<scheduler::Scheduler::Move> moves_;
  std::vector<std::uint32_t> at_once_;  // slots of which the action takes no time
  std::vector<Event> events_;
  scheduler::Commands commands_;
  std::optional<base::Error> error_;
};

}  // namespace sluice::simulator
