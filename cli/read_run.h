// A run as its journal tells it.
#pragma once

#include "base/result.h"
#include "cli/questions.h"
#include "plan/plan.h"
#include "runtime/journal.h"
#include "runtime/runs.h"
#include "scheduler/timeline.h"
#include "simulator/forecast.h"

namespace sluice::cli {

struct ReadRun {
  runtime::RunRecord record;
  plan::Plan plan;
  scheduler::Timeline timeline;
  std::vector<Question> questions;     // that are open, as far as it is written down and in time
  std::vector<runtime::Order> orders;  // that have been carried out
  std::vector<runtime::Order> left;    // that the next program to take them finds; the oldest first
  std::vector<runtime::Session> sessions;
  std::vector<simulator::Happened> happened;
  base::Instant last_session_at;  // when the last of them took it up
};

// Whether it has not ended: it runs or is paused, with a program that carries it on or without.
bool goes_on(const ReadRun& run);

// Where the run is in its own time just now, by the clocks of this machine.
base::Instant time_of(const ReadRun& run);

// Whether its `deadline` has passed by now, and it goes on: nobody is asked any more whether a
// failure counts or a `manual` step is approved, though no program may have written that down yet.
bool is_past_deadline(const ReadRun& run);

// What is open and has not been answered by somebody whose word no program has taken yet.
std::vector<Question> unanswered(const ReadRun& run);

// Refuses, with the reason, a journal that cannot be read or was changed. Its timeline ends with
// the last event; with the folder `state` of runs that of a run which a program carries on goes up
// to now.
base::Result<ReadRun> read_run(const runtime::RunFolder& folder, const std::string& state = "");

}  // namespace sluice::cli
