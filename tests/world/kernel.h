// The one line of time of a simulated world, and the programs on it: what is to happen, in order;
// who lives, stands still or has died. All that a program does to the world counts as an effect,
// and it can die at any of them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "support/random_schedule.h"

namespace sluice::world {

enum class Fault : std::uint8_t {
  ControllerKilled,
  PowerLost,
  ControllerFrozen,
  OvertakenController,
  TornWrite,
  DiskFull,
  SyncFailed,
  LinkCut,
  Blackhole,
  RequestLost,
  RequestCut,
  AnswerLost,
  RequestLate,
  RequestDoubled,
  NoisyLogin,
  LoginHangs,
  NoPerl,
  SessionRefused,
  SessionKept,
  SlowMessage,
  HostReboot,
  HostSetUpAnew,
  WatcherKilled,
  DeafScript,
  DeafRest,
  HostDiskFull,
  NoPlace,
  OperatorWord,
  WrongAnswer,
  Count
};
std::string_view fault_name(Fault fault);
using FaultCounts = std::array<std::uint64_t, static_cast<std::size_t>(Fault::Count)>;

class Kernel {
 public:
  // 0 is the world itself.
  using Owner = std::uint32_t;

  explicit Kernel(std::uint64_t seed);
  ~Kernel();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  // The one that what is linked in place of the runtime's own parts belongs to.
  static Kernel& current();

  base::Instant now() const { return now_; }
  void at(base::Instant when, Owner owner, std::function<void()> what);
  void after(std::int64_t ms, Owner owner, std::function<void()> what) {
    at({now_.ms + ms}, owner, std::move(what));
  }
  // The next thing happens; false where nothing is to come.
  bool step();

  // A program: `turn` is called after what came together, `reap` once it has died.
  Owner begin_program(std::function<void()> turn, std::function<void()> reap);
  void end_program(Owner owner);
  bool alive(Owner owner) const;
  void freeze(Owner owner, base::Instant until);
  bool frozen(Owner owner) const;
  void kill(Owner owner);
  // At the n-th effect from now on.
  void kill_at_effect(Owner owner, std::uint64_t n);
  // At the n-th effect from now on it stands still for so long: what it has not sent by then it
  // sends when it wakes. `then`: the world goes on.
  void freeze_at_effect(Owner owner, std::uint64_t n, base::Duration length,
                        std::function<void()> then);
  // What runs now does something to the world; false: it has died, and this no longer happens.
  bool effect();
  Owner running() const { return running_; }
  // Something is done as this program.
  void as(Owner owner, const std::function<void()>& what);

  test::Dice& dice() { return dice_; }
  void count(Fault fault) { ++counts_[static_cast<std::size_t>(fault)]; }
  const FaultCounts& counts() const { return counts_; }

  // The trace: two runs of a seed have the same.
  void note(std::string_view what, std::string_view about = {}, std::int64_t number = 0);
  std::uint64_t trace() const { return trace_; }
  void print_trace(bool wanted) { prints_ = wanted; }
  bool prints() const { return prints_; }

  void violate(const std::string& what);
  const std::string& violation() const { return violation_; }

 private:
  struct Event {
    base::Instant when;
    base::Instant due;  // before `when` where its program stood still: the order stays
    std::uint64_t number = 0;
    Owner owner = 0;
    std::function<void()> what;  // empty: the program's turn
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      if (a.when != b.when) return a.when > b.when;
      return a.due != b.due ? a.due > b.due : a.number > b.number;
    }
  };
  struct Program {
    std::function<void()> turn;
    std::function<void()> reap;
    bool dying = false;
    bool turn_due = false;
    base::Instant frozen_until;
    std::uint64_t effects = 0;
    std::uint64_t dies_at = 0;
    std::uint64_t freezes_at = 0;
    base::Duration freezes_for;
    std::function<void()> then;
  };
  void after_program(Owner owner);

  test::Dice dice_;
  base::Instant now_;
  std::uint64_t entered_ = 0;
  std::priority_queue<Event, std::vector<Event>, Later> events_;
  std::map<Owner, Program> programs_;
  Owner last_ = 0;
  Owner running_ = 0;
  FaultCounts counts_{};
  std::uint64_t trace_ = 0;
  bool prints_ = false;
  std::string violation_;
  Kernel* before_;
};

}  // namespace sluice::world
