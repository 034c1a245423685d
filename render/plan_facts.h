// What a plan says, as a list of things with fields in words: so that two plans can be held against
// each other. It knows nothing of the other plan.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace sluice::render {

struct Fact {
  std::string field;
  std::string value;
  bool operator==(const Fact&) const = default;
};

// What has its default says nothing. Names are unique among things of one kind.
struct Thing {
  std::string what;   // deployment, variable, secret, resource, role, contract, step, gate
  std::string name;   // of a gate, STEP/GATE
  std::string child;  // of a child step; empty: the thing itself
  std::string short_text;
  std::vector<Fact> facts;
};

// In the plan's order, child steps right behind their step. Of targets only how many there are:
// which ones is for who has both plans.
std::vector<Thing> things_of(const plan::Plan& plan);

// A connection in words: "ssh, user = deploy".
std::string connection_text(const plan::Plan& plan, const plan::Connection& connection);

}  // namespace sluice::render
