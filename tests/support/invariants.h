// A model of what the scheduler may do and must do, written from the rules and not from its code:
// it is told every event and command and finds the first that the rules do not allow, or that they
// ask for and that did not come. Slow and plain on purpose.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "scheduler/scheduler.h"
#include "support/limit_model.h"

namespace sluice::test {

class Invariants {
 public:
  explicit Invariants(const plan::Plan& plan);

  // Every apply(), in order.
  void observe(base::Instant now, std::span<const scheduler::Event> events,
               const scheduler::Commands& commands, const scheduler::Scheduler& scheduler);
  // What was wrong first, and when; empty: nothing.
  const std::string& violation() const { return violation_; }

 private:
  enum class Stage { NotBegun, Live, Ended, LeftOut };
  struct Lane {
    Stage stage = Stage::NotBegun;
    scheduler::State state = scheduler::State::NotStarted;
    std::uint32_t task = 0;     // the next to be ended
    std::uint32_t attempt = 0;  // of it; 0: none was started
    std::uint32_t slot = 0;
    bool acting = false;
    bool cancelling = false;
    bool timed_out = false;
    std::optional<base::Instant> pausing;      // until
    std::optional<scheduler::Outcome> result;  // of the last attempt, not yet answered
    bool resumes = false;                      // its pause is over
    bool failed = false, degraded = false, cut_short = false;
  };
  struct Step {
    bool begun = false, ended = false;
    scheduler::State state = scheduler::State::NotStarted;
    std::vector<Lane> lanes;
    std::uint32_t live = 0, failures = 0;
    bool cut = false;
    scheduler::Reason stop = scheduler::Reason::None;
    std::vector<bool> ancestors;
    std::set<std::uint32_t> failed_targets;
  };

  // events
  void take(const scheduler::Event& event);
  void take_end(const scheduler::Event& event);
  void take_timer(const scheduler::Event& event);
  void take_abort();
  void count_failure(plan::StepId step, Lane& lane);
  // commands
  void follow(const scheduler::Command& command);
  void start_action(const scheduler::Command& command);
  void set_timer(const scheduler::Command& command);
  void end_task(const scheduler::Command& command);
  void begin_lane(const scheduler::Command& command);
  void end_lane(const scheduler::Command& command);
  void leave_out(const scheduler::Command& command);
  void begin_step(const scheduler::Command& command);
  void end_step(const scheduler::Command& command);
  void end_deployment(const scheduler::Command& command);
  // what must have come
  void check_complete(const scheduler::Scheduler& scheduler);
  void check_step_complete(plan::StepId step);

  bool waited_for_ended(plan::StepId step) const;
  std::optional<plan::StepId> failed_ancestor(plan::StepId step) const;
  std::optional<plan::StepId> failed_before(plan::StepId step, std::uint32_t lane) const;
  bool admissible(plan::StepId step, std::uint32_t lane) const;
  std::optional<std::uint32_t> first_admissible(plan::StepId step) const;
  bool may_admit(plan::StepId step) const;
  void allow_stuck(plan::StepId step);
  scheduler::Reason skip_reason(plan::StepId step) const;
  scheduler::Reason task_skip_reason(plan::StepId step, const Lane& lane) const;
  std::uint32_t never_begun(plan::StepId step) const;
  const plan::Task& task_of(const scheduler::Action& action) const;
  Lane& lane_of(const scheduler::Action& action);
  Step& step_of(plan::StepId step) { return steps_[step.value]; }
  const Step& step_of(plan::StepId step) const { return steps_[step.value]; }
  void require(bool holds, const std::string& what);

  const plan::Plan& plan_;
  std::vector<Step> steps_;
  LimitModel limits_;
  std::string violation_;
  std::string at_;
  base::Instant now_;
  bool started_ = false;  // an attempt, in this call
  bool paused_ = false, aborted_ = false, ended_ = false;
  std::vector<scheduler::Action> cancels_;   // that must be said in this call
  std::vector<scheduler::Action> timeouts_;  // timers that must be set in this call
};

}  // namespace sluice::test
