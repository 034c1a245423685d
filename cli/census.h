// What a census found, target by target, and how it is told.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.h"
#include "plan/census.h"
#include "scheduler/timeline.h"

namespace sluice::cli {

// What one `verify` said of one target, or all of them together: the worst of what they said, in
// this order.
enum class Found : std::uint8_t {
  NotNeeded,  // its condition does not hold there
  InPlace,
  NotKnown,  // it could not be asked, or there is nothing to ask
  NotInPlace,
};

struct Asked {
  std::string name;  // of the step, or STEP/CHILD
  Found found = Found::NotKnown;
  std::string reason;               // where neither in place nor not needed
  std::vector<std::string> output;  // the last lines that it wrote, where not in place
};

struct CensusRow {
  plan::TargetId target;  // invalid: the controller
  Found found = Found::NotNeeded;
  std::vector<Asked> asked;  // but what is in place or not needed
};

struct CensusReport {
  // Of each target that a step works on, in the plan's order; then of the controller, where a
  // `verify` speaks of it.
  std::vector<CensusRow> rows;
  std::uint32_t counted(Found found) const;
};

// `timeline`: of the census' plan carried out. `failures`: by action of that plan.
CensusReport read_census(const plan::Plan& plan, const plan::CensusPlan& census,
                         const scheduler::Timeline& timeline,
                         const std::map<scheduler::Action, Failure>& failures);

// `logs`: what shows all that was written, to type; empty where nothing was.
std::string census_text(const plan::Plan& plan, const CensusReport& report, bool colour);
// docs/FORMATS.md, sluice.census/1.
std::string census_json(const plan::Plan& plan, const CensusReport& report, std::string_view run,
                        std::string_view started_at);

}  // namespace sluice::cli
