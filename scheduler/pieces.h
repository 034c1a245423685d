// The pieces of counted resources (`uses 1 of license`): who has them, and who waits for them. An
// attempt takes all that it needs at once, or its lane waits in its slot. Of those that wait, the
// first in the order of steps and lanes whose pieces are all there gets them; one that needs more
// than there are holds back none behind it. It knows no lane's course and no time.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"
#include "scheduler/rules.h"

namespace sluice::scheduler {

class Pieces {
 public:
  // All that is used of pieces, each kind of attempts once: WorkRules::pieces is a position in it.
  Pieces(const plan::Plan& plan, const std::vector<std::vector<plan::Use>>& kinds);

  bool any() const { return !kinds_.empty(); }
  // False: not all of them are there, and none is taken.
  bool take(std::uint32_t kind);
  void give_back(std::uint32_t kind);

  void wait(std::uint32_t kind, plan::StepId step, std::uint32_t lane, std::uint32_t slot);
  // It no longer waits, if it did.
  void leave(std::uint32_t slot);
  // The first of those that wait whose pieces are all there is given them. False: there is none.
  // Costs O(kinds) for each that is served, and nothing where none has come back.
  bool next(std::uint32_t& slot);

 private:
  struct Waiter {
    std::uint64_t order = 0;  // step, then lane
    std::uint32_t slot = 0;
    bool operator>(const Waiter& other) const { return order > other.order; }
  };
  struct Kind {
    std::vector<plan::Use> uses;
    std::vector<Waiter> waiting;  // min-heap
  };
  bool fits(const Kind& kind) const;

  std::vector<Kind> kinds_;
  std::vector<std::uint32_t> free_;  // by resource
  std::uint32_t waiting_ = 0;
  bool changed_ = false;  // since nobody could be served
};

}  // namespace sluice::scheduler
