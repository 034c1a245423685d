// Who waits for which limit, and whom it admits: windows of groups, `at most`, contracts. A limit
// has places; lanes that it holds back stand in its heap by cohorts, so that the first in order is
// found without a walk. It knows nothing of windows, batches and locks: that is the machine's.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"
#include "scheduler/failed_targets.h"
#include "scheduler/heaps.h"
#include "scheduler/limit_rules.h"
#include "scheduler/outages.h"
#include "scheduler/state.h"

namespace sluice::scheduler {

class Limits {
 public:
  Limits(const plan::Plan& plan, const StepGraph& graph);

  // Whether there is any at all, and whether any of them is a contract's: a plan without is not to
  // pay for them.
  bool any() const { return !rules_.cohorts.empty(); }
  bool keep_contracts() const { return rules_.keeps_contracts; }
  // Whether anything holds the step's lanes back; where not, the step is never to be asked about.
  bool holds(plan::StepId step) const { return rules_.steps[step.value].cohorts > 0; }

  // The step has begun; those that are left out will never be asked for.
  void open(plan::StepId step, const std::vector<FailedTargets::Lane>& left_out);
  // Its lanes are taken back, in this order: from now on a place is one in it. Else it is the lane.
  void reopen(plan::StepId step, const std::vector<std::uint32_t>& lanes);
  // No more of its lanes begin.
  void close(plan::StepId step);
  // The first place below `until` that every limit admits leaves its queue. False: there is none.
  bool next(plan::StepId step, std::uint32_t until, std::uint32_t& place);
  // Whether every limit admits all of these lanes at once, of a step in lockstep. If not, the step
  // is offered when the first limit that does not has places for all of them.
  bool admits(plan::StepId step, const std::vector<std::uint32_t>& lanes);
  // A lane that left its queue and could not begin may be asked for again.
  void put_back(plan::StepId step, std::uint32_t place);

  // Whether its lanes may take their targets out of service, as things stand.
  bool goes_out(plan::StepId step) const {
    const LimitRules::StepPart& part = rules_.steps[step.value];
    return steps_[step.value].undoing ? part.undo_goes_out : part.goes_out();
  }
  // A lane begins and ends. `begin` returns whether its target counts as out of service from now
  // on; until `give_up`, or `end` is told that it still does, or, if it is out, until it is back.
  bool begin(plan::StepId step, std::uint32_t lane);
  void end(plan::StepId step, std::uint32_t lane, bool counts);
  // Nothing takes a lane's target out of service after this task.
  bool was_last(plan::StepId step, std::uint32_t task) const {
    const LimitRules::StepPart& part = rules_.steps[step.value];
    return part.goes_out() && task >= part.last_out;
  }
  // The last task that does.
  std::uint32_t last_out(plan::StepId step) const { return rules_.steps[step.value].last_out; }
  void give_up(plan::TargetId target);
  // What works do to their target; invalid: the controller.
  void start_work(plan::TargetId target, const plan::ServiceEffect& effect);
  void end_work(plan::TargetId target, const plan::ServiceEffect& effect, bool well);

  // Whether nobody is given a place when a work of this effect ends well on a lane's target, which
  // `gives_up` its place as well or not.
  bool ends_quietly(plan::TargetId target, const plan::ServiceEffect& effect, bool gives_up) const {
    if (!rules_.keeps_contracts || !target.valid() || !outages_.counts(target)) return true;
    return outages_.counts_after(target, effect, gives_up ? 1 : 0);
  }
  // A lane's last work, of this effect, ends well, and its places go over to the first lane that
  // was not looked at, which alone waits for them: that lane. none: it is not as simple as that.
  std::uint32_t heir(plan::StepId step, std::uint32_t lane, const plan::ServiceEffect& effect,
                     bool keeps_place) const;
  // It does.
  void inherit(plan::StepId step, std::uint32_t lane, std::uint32_t heir,
               const plan::ServiceEffect& effect, bool keeps_place);
  // Heirs one after the other, from this one on: up to which lane, as far as was looked.
  std::uint32_t heirs_until(plan::StepId step, std::uint32_t heir) const;
  // So many heirs have begun; and of those at work, one has taken the other's place.
  void proceed(plan::StepId step, std::uint32_t heir, std::uint32_t count);
  void move(plan::StepId step, std::uint32_t lane, std::uint32_t heir,
            const plan::ServiceEffect& effect, bool keeps_place);
  static constexpr std::uint32_t none = LimitRules::none;

  // Limits have places again: lanes that waited for them go back to their steps' queues, as many as
  // there are places. To be called before lanes are admitted and after each step, until nothing is
  // offered: a lane that its step cannot take passes its place on.
  void wake() {
    if (!roomy_.empty()) wake_waiting();
  }
  // Steps of which a lane may begin that could not before. The caller takes them and clears.
  std::vector<plan::StepId>& offers() { return offers_; }

  // The contract for which lanes of the step wait; none: they wait for none.
  std::uint32_t awaited_contract(plan::StepId step) const;

 private:
  static constexpr std::uint32_t open_heap = 0xffff'fffe;

  // Which limits a lane needs no place of: its target counts there already, or it goes not out.
  enum Exempt : std::uint8_t { Bounds = 1, AtMost = 2 };

  // Of a step in lockstep, which waits for so many places at once.
  struct Batch {
    plan::StepId step;
    std::uint32_t places = 0;
  };
  struct LimitRow {
    std::uint32_t free = 0;
    std::uint32_t waiting = Heaps::none;
    bool roomy = false;
    std::vector<Batch> batches;
  };
  // Lanes of a cohort that need the same places. Its number is that of its node in the heaps.
  struct Queue {
    plan::StepId step;
    std::uint32_t cohort = 0;
    std::uint32_t where = none;        // a limit that holds it back, or open_heap
    std::uint32_t next = 0, last = 0;  // what was never looked at: of the cohort's lanes
    std::uint32_t next_variant = none;
    std::uint8_t exempt = 0;
    std::vector<std::uint32_t> returned;  // min-heap: looked at before
  };
  struct StepRow {
    std::uint32_t open = Heaps::none;  // queues that nothing is known to hold back
    std::uint32_t first_done = 0;      // in done_
    bool running = false;
    std::uint32_t awaited = none;         // the limit that its batch in lockstep waits for
    bool undoing = false;                 // a place is not the lane, but one in the order of:
    std::vector<std::uint32_t> order;     // place to lane
    std::vector<std::uint32_t> place_of;  // lane to place
  };

  static std::uint64_t key(plan::StepId step, std::uint32_t place) {
    return std::uint64_t{step.value} << 32U | place;
  }
  std::uint32_t lane_at(plan::StepId step, std::uint32_t place) const {
    const StepRow& row = steps_[step.value];
    return row.undoing ? row.order[place] : place;
  }
  std::uint32_t place_of(plan::StepId step, std::uint32_t lane) const {
    const StepRow& row = steps_[step.value];
    return row.undoing ? row.place_of[lane] : lane;
  }
  plan::TargetId target_of(plan::StepId step, std::uint32_t lane) const {
    return rules_.steps[step.value].targets->at(lane);
  }
  bool done(plan::StepId step, std::uint32_t place) const {
    return done_[steps_[step.value].first_done + place];
  }
  std::uint8_t exempt(plan::StepId step, std::uint32_t lane) const;
  std::uint32_t head(Queue& queue);
  void take_head(Queue& queue);
  bool needs_place(std::uint32_t limit, std::uint8_t without) const;
  void end_at_most(plan::StepId step, plan::TargetId target, std::uint32_t limit);
  std::uint32_t full_limit(const Queue& queue) const;
  void file(plan::StepId step, std::uint32_t place);
  void file_counted(plan::StepId step);
  std::uint32_t variant(std::uint32_t cohort, plan::StepId step, std::uint8_t exempt);
  void enter(std::uint32_t queue);
  void wake_waiting();
  void take(std::uint32_t limit);
  void give_back(std::uint32_t limit);
  void no_longer_count(plan::TargetId target);
  void refile(plan::TargetId target, plan::StepId besides, bool bounds, bool locked);

  LimitRules rules_;
  Outages outages_;
  Heaps heaps_;
  std::vector<LimitRow> limits_;
  std::vector<Queue> queues_;  // the first of them by cohort
  std::vector<StepRow> steps_;
  std::vector<bool> done_;              // by place, of steps with cohorts: begun or left out
  std::vector<std::uint32_t> at_work_;  // by target, where they are counted: lanes
  std::uint32_t lanes_at_work_ = 0;
  std::vector<std::uint32_t> roomy_;   // limits that have places again
  std::vector<plan::StepId> running_;  // steps whose lanes may be looked up
  std::vector<plan::StepId> offers_;
  std::vector<std::uint32_t> needed_;         // by limit; all 0 between calls
  std::vector<std::uint32_t> needed_limits_;  // of those above 0
};

}  // namespace sluice::scheduler
