// What a plan's own words cannot do, found before it starts: targets that nothing brings back into
// service, limits that can never be met together, steps that would wait for ever. Each is about
// what the plan says, for every schedule; none is a guess.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace sluice::plan {

struct Finding {
  enum class Severity {
    Error,    // it cannot be carried out to its end
    Warning,  // on some way through it something is left that nobody wants
    Note,     // worth knowing: as it is written, and as it may be meant
  };
  Severity severity = Severity::Error;
  std::string message;  // lower case, no full stop, names in backticks
  Place place;
  // The compiler warns of it as well, when it reads the file: said of saved plans alone.
  bool told_by_compiler = false;
  bool operator==(const Finding&) const = default;
};

// In the order of the steps, the worst of each first.
std::vector<Finding> findings(const Plan& plan);

}  // namespace sluice::plan
