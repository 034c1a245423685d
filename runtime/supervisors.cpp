#include "runtime/supervisors.h"

#include <algorithm>
#include <utility>

namespace sluice::runtime {

Supervisors::Supervisors(Loop& loop, std::string directory, Supervisor::Ended ended, Gone gone)
    : loop_(loop),
      directory_(std::move(directory)),
      ended_(std::move(ended)),
      gone_(std::move(gone)) {}

base::Result<Supervisor*> Supervisors::least_busy() {
  Supervisor* best = nullptr;
  std::size_t room = all_.size();
  for (std::size_t place = 0; place < all_.size(); ++place) {
    Supervisor* const one = all_[place].get();
    if (one == nullptr) {
      room = std::min(room, place);
      continue;
    }
    if (best == nullptr || one->open().size() < best->open().size()) best = one;
  }
  if (room == all_.size() || (best != nullptr && best->open().empty())) return best;
  const base::Status begun = begin(room);
  if (begun) best = all_[room].get();
  if (best == nullptr) return begun.error();
  return best;
}

base::Status Supervisors::begin(std::size_t place) {
  constexpr base::Duration grace{5'000};
  auto begun = Supervisor::begin(loop_, directory_, grace, ended_, [this, place] { gone(place); });
  if (!begun) return begun.error();
  all_[place] = std::move(begun).value();
  return base::Done{};
}

void Supervisors::gone(std::size_t place) {
  const std::set<std::string> names = all_[place]->open();
  all_[place].reset();
  gone_(names);
}

void Supervisors::cancel(const std::string& name) {
  for (const auto& one : all_) {
    if (one != nullptr && one->open().contains(name)) one->cancel(name);
  }
}

void Supervisors::wake() {
  for (const auto& one : all_) {
    if (one != nullptr) one->wake();
  }
}

std::set<std::string> Supervisors::names() const {
  std::set<std::string> names;
  for (const auto& one : all_) {
    if (one != nullptr) names.insert(one->name());
  }
  return names;
}

}  // namespace sluice::runtime
