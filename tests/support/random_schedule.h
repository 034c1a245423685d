// Random plans for whatever is driven by the scheduler, and a random world that carries them out:
// durations, failures, late cancellations, pauses and aborts, all from a seed. The world draws by
// the identity of an action, so the order in which it hands events over changes nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "plan/plan.h"
#include "scheduler/scheduler.h"

namespace sluice::test {

// A small generator of its own (splitmix64), the same on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(next() % bound); }
  bool chance(std::uint32_t percent) { return below(100) < percent; }

 private:
  std::uint64_t state_;
};

struct Draws {
  bool limits = true;  // windows of groups, `at most`, contracts, and the properties they ask for
  // Conditions, `verify`, `undo`, questions, backoff, targets out of reach, deadlines, rollback;
  // batches, gates, lockstep, stagger, counted resources.
  bool lanes = true;
  // In half of the plans timeouts and pauses that hang on the target.
  bool by_target = true;
};

// Up to 8 steps over up to 12 targets, with everything that the scheduler reads, in all mixtures.
plan::Plan random_schedule(std::uint64_t seed, const Draws& draws = {});

struct WorldSettings {
  std::uint64_t seed = 1;
  std::uint64_t order = 0;       // shuffles the events of an instant; 0: as they come
  std::uint32_t failures = 20;   // percent of attempts
  std::uint32_t longest = 12;    // of an attempt, in milliseconds; the shortest is 0
  bool operators_words = false;  // now and then a pause, with its continue, or an abort
  bool prompt = false;  // what is told to end ends at once, and conditions are known at once
};

class World {
 public:
  World(const plan::Plan& plan, const WorldSettings& settings);

  // Called after every apply().
  using Observer = std::function<void(base::Instant, const std::vector<scheduler::Event>&,
                                      const scheduler::Commands&, const scheduler::Scheduler&)>;
  // To the end, or to `limit` calls of apply(): true if it ended.
  bool run(const Observer& observer, std::uint32_t limit = 100'000);
  base::Instant now() const { return now_; }

 private:
  struct Due {
    base::Instant at;
    std::uint64_t number;  // in the order of entry
    scheduler::Event event;
  };
  Dice dice(const scheduler::Action& action, std::uint32_t draw) const;
  void enter(base::Instant at, const scheduler::Event& event);
  void obey(const scheduler::Command& command);
  void start(const scheduler::Action& action);
  void evaluate(const scheduler::Action& asked);
  void answer(const scheduler::Action& asked);
  void cancel(const scheduler::Action& action);
  std::vector<scheduler::Event> take_due();
  void plan_operators_words();

  const plan::Plan& plan_;
  WorldSettings settings_;
  scheduler::Scheduler scheduler_;
  std::vector<Due> due_;
  std::map<scheduler::Action, std::uint32_t> asked_;  // how often
  std::uint64_t entered_ = 0;
  base::Instant now_;
};

}  // namespace sluice::test
