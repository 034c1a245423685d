#include "scheduler/scheduler.h"

#include <memory>
#include <utility>

#include "scheduler/machine.h"

namespace sluice::scheduler {

Scheduler::Scheduler(const plan::Plan& plan)
    : Scheduler(plan, std::make_shared<const LaneDurations>(plan)) {}
Scheduler::Scheduler(const plan::Plan& plan, std::shared_ptr<const LaneDurations> durations)
    : machine_(std::make_unique<Machine>(plan, std::move(durations))) {}
Scheduler::~Scheduler() = default;
Scheduler::Scheduler(const Scheduler& other)
    : machine_(std::make_unique<Machine>(*other.machine_)) {}
Scheduler::Scheduler(Scheduler&&) noexcept = default;
Scheduler& Scheduler::operator=(Scheduler&&) noexcept = default;

void Scheduler::apply(base::Instant now, std::span<const Event> events, Commands& commands) {
  machine_->apply(now, events, commands);
}

std::uint32_t Scheduler::plain_until(const Action& started) const {
  return machine_->plain_until(started);
}
Action Scheduler::stride(const Action& started, std::uint32_t last) {
  return machine_->stride(started, last);
}

bool Scheduler::may_be_followed(const Action& action) const {
  return machine_->may_be_followed(action);
}
Successor Scheduler::successor(std::uint32_t slot) const {
  return machine_->successor(slot);
}
bool Scheduler::follow(base::Instant now, std::uint32_t slot, const Successor& successor,
                       std::uint32_t last) {
  return machine_->follow(now, slot, successor, last);
}

Scheduler::Procession Scheduler::procession(std::uint32_t slot) const {
  return machine_->procession(slot);
}
void Scheduler::proceed(base::Instant now, plan::StepId step, const Procession& begun,
                        std::span<const Move> moves) {
  machine_->proceed(now, step, begun, moves);
}

bool Scheduler::ended() const {
  return machine_->ended();
}
bool Scheduler::at_rest() const {
  return machine_->at_rest();
}
State Scheduler::state() const {
  return machine_->state();
}
State Scheduler::would_be() const {
  return machine_->would_be();
}
std::uint32_t Scheduler::in_flight() const {
  return machine_->in_flight();
}

}  // namespace sluice::scheduler
