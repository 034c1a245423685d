// The people of a simulated world: they answer what a run asks, late, and now and then something
// that it does not ask. Each question has one answer: the first (as runtime/orders.h keeps it, by
// the name of a file).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "cli/questions.h"
#include "runtime/driver.h"
#include "support/random_schedule.h"
#include "world/controller.h"

namespace sluice::world {

class Operators {
 public:
  explicit Operators(Shared& shared) : shared_(shared) {}

  // `driver`: of the program that carries the run on; nullptr: none does.
  void watch(std::function<const runtime::Driver*()> driver);
  void order(runtime::Order::Kind kind);
  // Percent of looks at which one answers what is not asked.
  void be_wrong(std::uint32_t percent) { wrong_ = percent; }
  // They look at the host before they say what came of what is not known, for up to so long.
  void take_time(std::uint64_t seed, base::Duration most) {
    looking_ = test::Dice(seed);
    most_looking_ = most;
  }
  // From now on nobody lets the run wait, and nobody pauses it.
  void hurry() { hurry_ = true; }

 private:
  void look();
  void answer(const runtime::Driver& driver);
  void answer_wrongly(const runtime::Driver& driver);
  bool looks_first(const cli::Question& question);
  void leave(runtime::Order order, std::uint32_t round);
  void keep(runtime::Order order);

  Shared& shared_;
  std::function<const runtime::Driver*()> driver_;
  std::uint32_t wrong_ = 0;
  std::uint32_t words_ = 0;
  bool hurry_ = false;
  test::Dice looking_{1};
  base::Duration most_looking_;
  std::map<std::pair<scheduler::Action, std::string>, base::Instant> looked_;
};

}  // namespace sluice::world
