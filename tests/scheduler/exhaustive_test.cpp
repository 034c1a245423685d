// Every small plan in every course: which actions end together, in which order, and which one
// fails. No seed can leave anything out here.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/invariants.h"
#include "support/tiny_plan.h"

using namespace sluice;
using scheduler::Action;
using scheduler::Command;
using scheduler::Event;
using scheduler::Outcome;

namespace {

// One choice at each instant: which of the actions at work end (a bit each). A course is replayed
// from the start, then the last choice that has another one is taken on.
class Courses {
 public:
  Courses(const plan::Plan& plan, std::uint32_t failing) : plan_(plan), failing_(failing) {}

  // False: all have been taken.
  bool next() {
    while (!choices_.empty() && choices_.back().taken == choices_.back().last) choices_.pop_back();
    if (choices_.empty()) return !begun_;
    ++choices_.back().taken;
    return true;
  }

  // What the rules do not allow, or nothing.
  std::string run(bool reversed, bool check = true) {
    begun_ = true;
    scheduler::Scheduler scheduler(plan_);
    test::Invariants invariants(plan_);
    scheduler::Commands commands;
    std::vector<Event> events;
    std::vector<Action> at_work;
    trace_.clear();
    for (std::int64_t instant = 0;; ++instant) {
      scheduler.apply({instant}, events, commands);
      if (check) invariants.observe({instant}, events, commands, scheduler);
      trace_.insert(trace_.end(), commands.begin(), commands.end());
      if (scheduler.ended() || !invariants.violation().empty()) return invariants.violation();
      for (const Command& command : commands) {
        if (command.kind == Command::Kind::StartAction) at_work.push_back(command.action);
      }
      if (at_work.empty()) return "nothing is at work, and it has not ended";
      events = end_some(static_cast<std::size_t>(instant), at_work);
      if (reversed) std::reverse(events.begin(), events.end());
    }
  }

  const std::vector<Command>& trace() const { return trace_; }

 private:
  struct Choice {
    std::uint32_t taken;
    std::uint32_t last;
  };

  std::vector<Event> end_some(std::size_t instant, std::vector<Action>& at_work) {
    if (choices_.size() <= instant) choices_.push_back({1, (1U << at_work.size()) - 1});
    std::vector<Event> events;
    std::vector<Action> others;
    for (std::size_t i = 0; i < at_work.size(); ++i) {
      if ((choices_[instant].taken >> i & 1U) == 0) {
        others.push_back(at_work[i]);
        continue;
      }
      // The lanes of all steps counted through: the one that fails.
      const std::uint32_t number = at_work[i].step.value * 3 + at_work[i].lane;
      events.push_back({.action = at_work[i],
                        .outcome = number == failing_ ? Outcome::Failed : Outcome::Succeeded});
    }
    at_work = std::move(others);
    return events;
  }

  const plan::Plan& plan_;
  std::uint32_t failing_;
  bool begun_ = false;
  std::vector<Choice> choices_;
  std::vector<Command> trace_;
};

std::string targets(std::uint32_t count, bool reversed) {
  std::string text;
  for (std::uint32_t i = 0; i < count; ++i) {
    text += " t" + std::to_string(reversed ? count - i : i + 1);
  }
  return text;
}

std::uint64_t take_all_courses(const std::string& text) {
  const plan::Plan plan = test::tiny_plan(text);
  std::uint64_t courses = 0;
  constexpr std::uint32_t nobody = 6;
  for (std::uint32_t failing = 0; failing <= nobody; ++failing) {
    Courses all(plan, failing);
    while (all.next()) {
      ++courses;
      const std::string violation = all.run(false);
      const std::vector<Command> trace = all.trace();
      const std::string reversed = all.run(true, false);
      if (!violation.empty() || !reversed.empty() || all.trace() != trace) {
        FAIL_CHECK(text << "\nfailing " << failing << ": " << violation << reversed);
        return courses;
      }
    }
  }
  return courses;
}

// All windows over all numbers of targets up to three.
std::uint64_t take_all_plans(const std::string& first_rules, const std::string& second_rules,
                             bool in_reverse_too) {
  std::uint64_t courses = 0;
  for (std::uint32_t count = 1; count <= 3; ++count) {
    for (std::uint32_t first = 1; first <= count; ++first) {
      for (std::uint32_t second = 1; second <= count; ++second) {
        for (const bool reversed : {false, true}) {
          if (reversed && !in_reverse_too) continue;
          courses += take_all_courses(fmt::format("A on{}, window {}{}\nB on{}, window {}{}",
                                                  targets(count, false), first, first_rules,
                                                  targets(count, reversed), second, second_rules));
        }
      }
    }
  }
  return courses;
}

}  // namespace

TEST_CASE("every small plan of two steps in sequence keeps the rules in every course") {
  std::uint64_t courses = 0;
  for (const std::string first : {"", ", tolerate 1", ", continue"}) {
    for (const std::string second : {"", ", always", ", failure"}) {
      courses += take_all_plans(first, second, false);
    }
  }
  CHECK(courses == 19'166);
}

TEST_CASE("every small plan of two steps on the same targets keeps the rules in every course") {
  std::uint64_t courses = 0;
  for (const std::string first : {"", ", tolerate 1", ", continue"}) {
    courses += take_all_plans(first, ", with previous", true);
  }
  CHECK(courses == 77'542);
}

TEST_CASE("every small plan of a step beside a shared one keeps the rules in every course") {
  CHECK(take_all_plans("", ", with previous, shared", false) == 86'986);
}
