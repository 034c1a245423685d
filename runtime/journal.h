// The record of a run: its plan, and every instant with its events, committed before the commands
// that follow from them go out. A run is what its journal says: replayed through the scheduler it
// gives the same timeline.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "plan/plan.h"
#include "runtime/executor.h"
#include "runtime/order.h"
#include "scheduler/scheduler.h"
#include "scheduler/timeline.h"

namespace sluice::runtime {

// How one attempt ended on one host, beside the event that it led to. Without such an event: what
// came of it is not known (its ending is Lost), and a person is asked.
struct HostResult {
  scheduler::Action action;
  std::string host;
  Completion completion;
  bool operator==(const HostResult&) const = default;
};

// A program that carries the run on, from the instant that it stands in.
struct Session {
  std::string who;           // "ada, process 4711 on build-1"
  std::string version;       // of the program
  std::string boot;          // of its machine
  std::int64_t boot_ms = 0;  // what the clock that runs from that boot showed
  std::int64_t wall_ms = 0;  // and the wall's, from 1970 on
  bool operator==(const Session&) const = default;
};

struct Instant {
  base::Instant at;
  std::vector<scheduler::Event> events;
  std::vector<HostResult> results;
  std::vector<Order> orders;
  std::optional<Session> session;
  bool operator==(const Instant&) const = default;
};

// Runs from `oldest_resumed_format` on are resumed, and are of the newest format from then on;
// those of format 2 can only be looked at.
inline constexpr std::int64_t newest_journal_format = 6;
inline constexpr std::int64_t oldest_resumed_format = 3;

// What a journal begins with.
struct RunRecord {
  std::string run;         // its name
  std::string started_at;  // RFC 3339, UTC
  std::string version;     // of the program that carried it out
  std::string plan_json;
  std::string folder;  // of the file, absolute: what it names is beneath
  std::int64_t format = newest_journal_format;
  // What the plan was compiled from and with, in words that the runtime does not read; from format
  // 4 on.
  std::vector<std::pair<std::string, std::string>> given{};
  bool operator==(const RunRecord&) const = default;
};

class Journal {
 public:
  virtual ~Journal() = default;
  // Durable when it returns; an error means that nothing may follow from these events.
  virtual base::Status commit(const Instant& instant) = 0;
  // The disk is full, and what is kept back for this is for what runs: nothing more should begin.
  virtual bool low() const { return false; }
  // Another program writes it by now: this one has nothing more to do with the run.
  virtual bool taken_over() const { return false; }
};

// A new journal in a file that must not be there yet; and beside it `FILE.reserve`, which holds a
// place on the disk for what must still be written when it is full.
base::Result<std::unique_ptr<Journal>> create_journal(const std::string& path,
                                                      const RunRecord& record);

struct ReadJournal {
  RunRecord record;
  std::vector<Instant> instants;
};
// Refuses a journal that was changed (its rows are chained by digests) or is of another format.
base::Result<ReadJournal> read_journal(const std::string& path);

struct ContinuedJournal {
  ReadJournal read;
  std::unique_ptr<Journal> journal;
};
// Goes on with one, behind what it holds.
base::Result<ContinuedJournal> continue_journal(const std::string& path);

// The timeline that the instants give, by the same scheduler and fold as ever; as far as the last
// of them, or as `until` where that is later.
scheduler::Timeline replay(const plan::Plan& plan, const std::vector<Instant>& instants,
                           base::Instant until = {});

}  // namespace sluice::runtime
