#include "simulator/transfers.h"

#include <algorithm>

#include "simulator/attempts.h"

namespace sluice::simulator {

Transfers::Transfers(const plan::Plan& plan) : plan_(plan), rates_(plan) {
  const auto add = [&](const plan::Work& work) {
    if (work.uses.empty()) return;
    const SharedRates::Kind kind = rates_.kind_of(work);
    if (kind == SharedRates::none) return;
    works_.push_back(&work);
    kinds_.push_back(kind);
  };
  for (const plan::Step& step : plan.steps) {
    for (const plan::Task& task : step.tasks) {
      add(task);
      if (task.verify) add(*task.verify);
      if (task.undo) add(*task.undo);
    }
    if (step.verify) add(*step.verify);
  }
  any_ = !works_.empty();
}

SharedRates::Kind Transfers::kind_of(const scheduler::Action& action) const {
  const auto found = std::find(works_.begin(), works_.end(), &work_of(plan_, action));
  if (found == works_.end()) return SharedRates::none;
  return kinds_[static_cast<std::size_t>(found - works_.begin())];
}

void Transfers::start(base::Instant now, const scheduler::Action& action) {
  if (!any_) return;
  const SharedRates::Kind kind = kind_of(action);
  if (kind == SharedRates::none) return;
  if (rows_.size() <= action.slot) rows_.resize(action.slot + std::size_t{1});
  rows_[action.slot] = {};
  rows_[action.slot].moving = true;
  rates_.start(now, kind, action.slot);
}

void Transfers::cancel(base::Instant now, const scheduler::Action& action) {
  if (action.slot >= rows_.size() || !rows_[action.slot].moving) return;
  rates_.cancel(now, action.slot);
  rows_[action.slot] = {};
}

bool Transfers::goes_on(const scheduler::Event& event) {
  const std::uint32_t slot = event.action.slot;
  if (slot >= rows_.size() || !rows_[slot].moving) return false;
  rows_[slot].waiting = true;
  rows_[slot].end = event;
  return true;
}

void Transfers::take_ended(base::Instant now, std::vector<scheduler::Event>& events) {
  if (!any_) return;
  ended_.clear();
  rates_.take_ended(now, ended_);
  for (const std::uint32_t slot : ended_) {
    if (rows_[slot].waiting) events.push_back(rows_[slot].end);
    rows_[slot] = {};
  }
}

}  // namespace sluice::simulator
