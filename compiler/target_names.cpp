#include "compiler/target_names.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/random.h"

namespace sluice::compiler {

plan::TargetId TargetNames::find(std::string_view name) {
  if (slots_.empty()) {
    // The names so far came in ascending order: one behind the last of them is a new one.
    const bool behind =
        known_ == 0 || plan::ascends(targets_.name(plan::TargetId{known_ - 1}), name);
    if (behind) return {};
    rebuild();
  }
  return slots_[place(name)];
}

void TargetNames::add(plan::TargetId target) {
  SLUICE_CHECK(target.value == known_, "the names of targets are indexed in the rows' order");
  const bool ascending = known_ == 0 || plan::ascends(targets_.name(plan::TargetId{known_ - 1}),
                                                      targets_.name(target));
  if (slots_.empty() && !ascending) rebuild();
  ++known_;
  if (slots_.empty()) return;
  if (std::size_t{known_} * 2 > slots_.size()) return rebuild();
  slots_[place(targets_.name(target))] = target;
}

// Where the name stands, or the free place where it would.
std::size_t TargetNames::place(std::string_view name) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = base::stable_hash(name) & mask;
  while (slots_[at].valid() && targets_.name(slots_[at]) != name) at = (at + 1) & mask;
  return at;
}

// An index of all known targets, with room for as many again.
void TargetNames::rebuild() {
  slots_.assign(std::bit_ceil(std::max<std::size_t>(std::size_t{known_} * 4, 64)), {});
  for (std::uint32_t target = 0; target < known_; ++target) {
    slots_[place(targets_.name(plan::TargetId{target}))] = plan::TargetId{target};
  }
}

}  // namespace sluice::compiler
