// An instant as the journal keeps it: text, a line for each event, result, order and session, in
// that order; and the digests that chain one to the next.
//
//   E LANE TASK SLOT STEP PART ATTEMPT KIND OUTCOME TIMER TRUTH ANSWER
//   R HOST LANE TASK SLOT STEP PART ATTEMPT OUTCOME ENDING EXIT_STATUS SIGNAL DETAIL OUTPUTS
//   o KIND ACTION HOST WHO AT NAME
//   s WHO VERSION BOOT BOOT_MS WALL_MS
//
// Of an E and an R the fields at its end are left out that are as expected: of an E as in the E
// before it; of an R up to OUTCOME as in the E in its place, as far as there are so many, and else
// as in the R before it. The first are held against an action of step 0 that went well: LANE, TASK
// and SLOT 0, attempt 1, exit status 0, no signal, no detail, no outputs.
//
// ACTION is STEP LANE TASK PART ATTEMPT SLOT, a step of -1 where there is none; what has no exit
// status or no signal has a dash there. Enumerations are their numbers; what is text is its length
// in bytes, a colon and the bytes; OUTPUTS is a text of NAME=VALUE lines. In format 5 events and
// results were whole:
//
//   e KIND ACTION OUTCOME TIMER TRUTH ANSWER
//   r ACTION OUTCOME ENDING EXIT_STATUS SIGNAL HOST DETAIL OUTPUTS
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/journal.h"

namespace sluice::runtime {

std::string instant_text(const Instant& instant);
// The reverse, but for the time, which is not in it; none where the text is not one of these.
std::optional<Instant> read_instant(std::string_view text);

// The digest of a journal's beginning, and of a record behind what has the digest `before`.
std::string first_link(const RunRecord& record);
std::string chain(const std::string& before, base::Instant at, std::string_view record);
// The same of an instant up to format 4, which had no text.
std::string older_chain(const std::string& before, const Instant& instant);

// The outputs of a result as one text, and back.
std::vector<Output> read_outputs(std::string_view text);

}  // namespace sluice::runtime
