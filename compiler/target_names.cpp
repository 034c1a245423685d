#include "compiler/target_names.h"

#include <bit>

#include "base/random.h"

namespace sluice::compiler {

plan::TargetId TargetNames::find(std::string_view name) const {
  return slots_[place(name)];
}

void TargetNames::add(plan::TargetId target) {
  if (++used_ * 2 > slots_.size()) rebuild(slots_.size() * 2);
  slots_[place(targets_.name(target))] = target;
}

// Where the name stands, or the free place where it would.
std::size_t TargetNames::place(std::string_view name) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = base::stable_hash(name) & mask;
  while (slots_[at].valid() && targets_.name(slots_[at]) != name) at = (at + 1) & mask;
  return at;
}

void TargetNames::reserve(std::size_t targets) {
  const std::size_t slots = std::bit_ceil((targets + 1) * 2);
  if (slots > slots_.size()) rebuild(slots);
}

void TargetNames::rebuild(std::size_t slots) {
  std::vector<plan::TargetId> before(slots);
  before.swap(slots_);
  for (const plan::TargetId target : before) {
    if (target.valid()) slots_[place(targets_.name(target))] = target;
  }
}

}  // namespace sluice::compiler
