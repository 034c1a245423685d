// What really ran: kept by the simulated hosts, and by nothing of sluice. Every begin is held
// against the rules at once: nothing twice, one thing at a time on a target, windows and contracts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plan/plan.h"
#include "runtime/executor.h"
#include "runtime/journal.h"
#include "world/kernel.h"

namespace sluice::world {

class Ledger {
 public:
  using Where = std::pair<scheduler::Action, std::string>;  // and the host
  struct Effect {
    Where where;
    std::uint32_t generation = 0;
    bool may_repeat = false;  // it is idempotent, or changes nothing
    std::uint32_t starts = 0;
    std::uint32_t forgotten = 0;  // the host has lost every sign of it, so often
    bool running = false;
    bool lost = false;              // it was reported that nobody knows
    std::uint32_t lost_by = 0;      // the program that reported it
    bool out_of_reach = false;      // since the host could not be asked: it may run, and even begin
    std::set<std::uint32_t> heard;  // by which programs, that it has begun
    bool known_begun = false;       // and written down
    bool settled = false;           // an end was
    std::optional<int> exit_code;
    std::optional<int> signal;
    // How it ended each time: where it began again and nobody could know, more than once.
    std::set<int> exit_codes;
    std::set<int> signals;
    std::uint64_t order = 0;  // of its begin
  };

  Ledger(Kernel& kernel, const plan::Plan& plan);

  // The program that carries the run on, as far as its journal says.
  void carried_on_by(std::uint32_t program) { writer_ = program; }
  std::uint32_t writer() const { return writer_; }
  // Somebody has asked for it: who it is that runs under this name.
  void name(const runtime::ActionRequest& request);
  // Whether what is written down lets it begin under this name: the first time, again of itself
  // where it may be repeated, and once more for each time that a person has said so.
  bool may_begin(const runtime::ActionRequest& request) const;
  // A program was told that it has begun.
  void heard(const std::string& key, std::uint32_t program);
  const Effect* find(const std::string& key) const;
  // It begins on the host, asked for by that program; `newest`: the last that has spoken to the
  // host.
  void begin(const std::string& key, std::uint32_t program, std::uint32_t newest);
  // The same, where nothing could tell that it must not.
  void begin_unnoticed(const std::string& key);
  void end(const std::string& key, std::optional<int> exit_code, std::optional<int> signal);
  // The host was set up anew: it knows nothing of what it has run.
  void forget(const std::string& host);

  // What was written down of it: held against what really was.
  void reported(const runtime::Instant& instant, const std::set<scheduler::Action>& open);
  // It is to be carried out, beside what is open.
  void ordered(const scheduler::Action& action, const std::set<scheduler::Action>& open);
  void ended() { ended_ = true; }
  void may_retry(const Where& where) { ++retries_[where]; }
  // Whether a `verify` finds the work of its action in place.
  bool in_place(const scheduler::Action& verify) const;
  std::uint64_t begun() const { return order_; }
  // Under one name alone, and what that is.
  bool ran_once(const Where& where) const;
  const std::string& key_of(const Where& where) const { return keys_.at(where).front(); }
  // Nothing runs any more that was reported as ended.
  void check_rest();

 private:
  // In any attempt, on any host.
  bool was_ever_well(const scheduler::Action& action) const;
  void check_repeats(const Effect& effect, std::uint32_t program);
  void check_lane(const Effect& effect, std::uint32_t program);
  void check_window(const Effect& effect);
  bool both_serve(const scheduler::Action& one, const scheduler::Action& other) const;
  void check_shared(const Effect& effect);
  void check_contracts(const Effect& effect, bool begins);
  void person_has_done(const scheduler::Event& event);
  void check_outcomes(const runtime::Instant& instant);
  void lose_probes(const runtime::HostResult& result);
  void check_result(const runtime::HostResult& result);
  std::string text(const Effect& effect) const;

  Kernel& kernel_;
  const plan::Plan& plan_;
  std::map<std::string, Effect> effects_;
  std::map<Where, std::vector<std::string>> keys_;
  std::map<Where, std::uint32_t> retries_;
  std::set<Where> said_;  // a person has said what came of it
  std::map<std::string, std::uint32_t> running_keys_;
  std::set<std::uint32_t> drained_;
  std::map<std::uint32_t, std::uint32_t> interrupted_;
  std::set<std::uint32_t> uncertain_;  // targets of which the ledger and the plan may differ
  std::uint64_t order_ = 0;
  std::uint32_t writer_ = 0;
  bool ended_ = false;
};

}  // namespace sluice::world
