// What can be said of a plan's contracts before anything starts: proved from limits, tolerances and
// effects, for every schedule; refuted where they cannot hold from the start; else open, with the
// courses that are worth trying. Pure: who has a simulator carries the courses out and looks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace sluice::plan {

// Attempts that fail: the first `attempts` of a task's run, on a lane or on every one.
struct CourseFailure {
  static constexpr std::uint32_t all = 0xffff'ffff;
  StepId step;
  std::uint32_t task = 0;
  std::uint32_t lane = 0;
  bool every_lane = false;
  std::uint32_t attempts = all;
  bool operator==(const CourseFailure&) const = default;
};

// A schedule to be tried: what fails in it, and what cannot be reached; nothing: the one in which
// all goes well.
struct Course {
  std::vector<CourseFailure> failures;
  std::vector<TargetId> unreachable;
  bool goes_well() const { return failures.empty() && unreachable.empty(); }
  bool operator==(const Course&) const = default;
};

struct Proof {
  enum class Answer { Proved, Refuted, Open };
  Answer answer = Answer::Open;
  std::string reason;  // a sentence, lower case, no full stop; empty where open
  bool operator==(const Proof&) const = default;
};

// By contract, in the plan's order. A contract with a share of runs is proved where it holds in
// every run, and open otherwise: how often it holds is the simulator's to say.
std::vector<Proof> prove(const Plan& plan);

// The courses that may break what `proofs` left open, the one without failures first; at most
// `most`. They are those that the worst case is made of: targets that fail so that they stay out,
// what is retried as often as it may be.
std::vector<Course> courses(const Plan& plan, const std::vector<Proof>& proofs, std::size_t most);

}  // namespace sluice::plan
