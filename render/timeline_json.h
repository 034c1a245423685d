// The document `sluice.timeline/1` (docs/FORMATS.md): a prediction, or what really happened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "scheduler/timeline.h"

namespace sluice::render {

struct TimelineHeader {
  std::optional<std::uint64_t> seed;      // of a prediction
  std::optional<std::string> run;         // of a real run: its name
  std::optional<std::string> started_at;  // of a real run: RFC 3339, UTC
  std::vector<std::string> assumed;
  // Of a real run that goes on: what half and 9 of 10 of its continuations still need at most.
  struct TimeLeft {
    base::Duration p50;
    base::Duration p90;
  };
  std::optional<TimeLeft> time_left = {};
  // Of a real run: who carries it on, what it waits for a person for, and what people have said.
  struct Waiting {
    std::string_view kind;  // "failure", "manual" or "unknown"
    std::string question;   // as `answer`, `approve` and `reject` take it
    std::vector<std::string_view> answers;
    std::string instructions;            // of a `manual` step
    std::vector<std::string> approvers;  // the same: who may answer; empty: everybody
  };
  struct Said {
    std::string at;  // RFC 3339, UTC
    std::string who;
    std::string_view word;
    std::string question;  // empty: of the whole run
  };
  struct People {
    std::string carried_on_by;  // empty: by no program
    std::vector<Waiting> waiting;
    std::vector<Said> said;
  };
  std::optional<People> people = {};
};

// One line with its line end. Needs Detail::Lanes.
std::string timeline_json(const plan::Plan& plan, const scheduler::Timeline& timeline,
                          const TimelineHeader& header);

}  // namespace sluice::render
