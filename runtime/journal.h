// The record of a run: its plan, and every instant with its events, committed before the commands
// that follow from them go out. A run is what its journal says: replayed through the scheduler it
// gives the same timeline.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "plan/plan.h"
#include "runtime/executor.h"
#include "scheduler/scheduler.h"
#include "scheduler/timeline.h"

namespace sluice::runtime {

// How one attempt ended on one host, beside the event that it led to.
struct HostResult {
  scheduler::Action action;
  std::string host;
  Completion completion;
  bool operator==(const HostResult&) const = default;
};

struct Instant {
  base::Instant at;
  std::vector<scheduler::Event> events;
  std::vector<HostResult> results;
  bool operator==(const Instant&) const = default;
};

// What a journal begins with.
struct RunRecord {
  std::string run;         // its name
  std::string started_at;  // RFC 3339, UTC
  std::string version;     // of the program that carried it out
  std::string plan_json;
  bool operator==(const RunRecord&) const = default;
};

class Journal {
 public:
  virtual ~Journal() = default;
  // Durable when it returns; an error means that nothing may follow from these events.
  virtual base::Status commit(const Instant& instant) = 0;
};

// A new journal in a file that must not be there yet.
base::Result<std::unique_ptr<Journal>> create_journal(const std::string& path,
                                                      const RunRecord& record);

struct ReadJournal {
  RunRecord record;
  std::vector<Instant> instants;
};
// Refuses a journal that was changed (its rows are chained by digests) or is of another format.
base::Result<ReadJournal> read_journal(const std::string& path);

// The timeline that the instants give, by the same scheduler and fold as ever.
scheduler::Timeline replay(const plan::Plan& plan, const std::vector<Instant>& instants);

}  // namespace sluice::runtime
