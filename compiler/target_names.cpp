#include "compiler/target_names.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/quick_hash.h"

namespace sluice::compiler {

plan::TargetId TargetNames::find(std::string_view name) {
  // Behind the last of names that ascend comes a new one.
  if (known_ == 0) return {};
  if (ascending_ && plan::ascends(targets_.name(plan::TargetId{known_ - 1}), name)) return {};
  catch_up();
  return slots_[place(name, base::quick_hash(name))].target;
}

void TargetNames::add(plan::TargetId target) {
  SLUICE_CHECK(target.value == known_, "the names of targets are indexed in the rows' order");
  if (ascending_ && known_ > 0) {
    ascending_ = plan::ascends(targets_.name(plan::TargetId{known_ - 1}), targets_.name(target));
  }
  ++known_;
}

// Where the name stands, or the free place where it would.
std::size_t TargetNames::place(std::string_view name, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].target.valid() &&
         (slots_[at].hash != base::upper_half(hash) || targets_.name(slots_[at].target) != name)) {
    at = (at + 1) & mask;
  }
  return at;
}

// Puts the rows into the index that came since it was last asked, with room for some more.
void TargetNames::catch_up() {
  if (std::size_t{known_} * 4 > slots_.size() * 3) {
    slots_.assign(std::bit_ceil(std::max<std::size_t>(std::size_t{known_} * 3 / 2, 64)), {});
    indexed_ = 0;
  }
  for (; indexed_ < known_; ++indexed_) {
    const plan::TargetId target{indexed_};
    const std::uint64_t hash = base::quick_hash(targets_.name(target));
    slots_[place(targets_.name(target), hash)] = {base::upper_half(hash), target};
  }
}

}  // namespace sluice::compiler
