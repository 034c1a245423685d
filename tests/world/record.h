// What the world knows to have been written down: every instant whose commit has returned, played
// through a scheduler of the world's own under the rules of tests/support/invariants.h.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "runtime/journal.h"
#include "scheduler/scheduler.h"
#include "scheduler/timeline.h"
#include "support/invariants.h"
#include "world/ledger.h"

namespace sluice::world {

class Record {
 public:
  // `checks`: held against the model. A second run of a seed is only compared with the first.
  Record(Kernel& kernel, const plan::Plan& plan, Ledger& ledger, bool checks);

  // It was committed, and whoever did so knows.
  void committed(const runtime::Instant& instant);
  // What a journal holds that is read: all that was committed, and at most one instant more.
  void read(const std::vector<runtime::Instant>& instants);
  // A commit was begun by a program that died, or failed: it may be there, or not.
  void attempted(const runtime::Instant& instant) { attempted_.push_back(instant); }
  // Before anything was committed: that journal is of no run.
  bool empty() const { return instants_.empty(); }

  bool may_start(const scheduler::Action& action) const { return open_.contains(action); }
  bool is_asked(const scheduler::Action& action) const { return questions_.contains(action); }
  bool ended() const { return machine_.ended(); }
  const std::set<scheduler::Action>& open() const { return open_; }
  void check_end();
  void check_census();
  std::size_t size() const { return instants_.size(); }
  scheduler::State state() const { return machine_.state(); }

 private:
  void print(const runtime::Instant& instant) const;
  void take(const runtime::Instant& instant);
  void check_session(const runtime::Instant& instant);
  void check_questions(const scheduler::Command& command);

  Kernel& kernel_;
  const plan::Plan& plan_;
  Ledger& ledger_;
  const bool checks_;
  std::vector<runtime::Instant> instants_;
  std::vector<runtime::Instant> attempted_;
  scheduler::Scheduler machine_;
  scheduler::TimelineBuilder builder_;
  test::Invariants invariants_;
  scheduler::Commands commands_;
  std::set<scheduler::Action> open_;
  std::set<scheduler::Action> questions_;
  std::set<std::string> orders_;  // names
};

}  // namespace sluice::world
