#include "scheduler/pieces.h"

#include <algorithm>
#include <functional>

#include "base/check.h"

namespace sluice::scheduler {

Pieces::Pieces(const plan::Plan& plan, const std::vector<std::vector<plan::Use>>& kinds) {
  for (const std::vector<plan::Use>& uses : kinds) kinds_.push_back({uses, {}});
  if (kinds_.empty()) return;
  for (const plan::Resource& resource : plan.resources) free_.push_back(resource.pieces);
}

bool Pieces::take(std::uint32_t number) {
  const Kind& kind = kinds_[number];
  if (!fits(kind)) return false;
  for (const plan::Use& use : kind.uses) free_[use.resource.value] -= use.pieces;
  return true;
}

void Pieces::give_back(std::uint32_t number) {
  for (const plan::Use& use : kinds_[number].uses) free_[use.resource.value] += use.pieces;
  changed_ = true;
}

void Pieces::wait(std::uint32_t number, plan::StepId step, std::uint32_t lane, std::uint32_t slot) {
  std::vector<Waiter>& waiting = kinds_[number].waiting;
  waiting.push_back({std::uint64_t{step.value} << 32U | lane, slot});
  std::push_heap(waiting.begin(), waiting.end(), std::greater<>());
  ++waiting_;
  changed_ = true;
}

void Pieces::leave(std::uint32_t slot) {
  for (Kind& kind : kinds_) {
    const auto left =
        std::erase_if(kind.waiting, [&](const Waiter& waiter) { return waiter.slot == slot; });
    if (left == 0) continue;
    std::make_heap(kind.waiting.begin(), kind.waiting.end(), std::greater<>());
    --waiting_;
  }
}

bool Pieces::next(std::uint32_t& slot) {
  if (waiting_ == 0 || !changed_) return false;
  Kind* first = nullptr;
  for (Kind& kind : kinds_) {
    if (kind.waiting.empty() || !fits(kind)) continue;
    if (first == nullptr || first->waiting.front() > kind.waiting.front()) first = &kind;
  }
  changed_ = first != nullptr;
  if (first == nullptr) return false;
  slot = first->waiting.front().slot;
  std::pop_heap(first->waiting.begin(), first->waiting.end(), std::greater<>());
  first->waiting.pop_back();
  --waiting_;
  for (const plan::Use& use : first->uses) free_[use.resource.value] -= use.pieces;
  return true;
}

bool Pieces::fits(const Kind& kind) const {
  return std::all_of(kind.uses.begin(), kind.uses.end(),
                     [&](const plan::Use& use) { return use.pieces <= free_[use.resource.value]; });
}

}  // namespace sluice::scheduler
