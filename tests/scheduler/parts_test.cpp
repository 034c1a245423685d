// The scheduler's parts by themselves: the graph of the steps, who failed where, and the table of
// the transitions.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "scheduler/failed_targets.h"
#include "scheduler/step_graph.h"
#include "scheduler/transitions.h"
#include "support/golden.h"
#include "support/random_schedule.h"
#include "support/tiny_plan.h"

using namespace sluice;
using plan::StepId;
using plan::TargetId;
using scheduler::FailedTargets;
using scheduler::LanePhase;
using scheduler::StepGraph;
using scheduler::StepPhase;

namespace {

std::string alone(std::string_view text) {
  const plan::Plan plan = test::tiny_plan(text);
  const StepGraph graph(plan);
  std::string names;
  for (const StepId step : plan.steps.ids()) {
    if (graph.runs_alone(step)) names += plan.steps[step].name;
  }
  return names;
}

bool waits_for(const plan::Plan& plan, StepId later, StepId earlier) {
  for (const StepId above : plan.joins[plan.steps[later].join].steps) {
    if (above == earlier || waits_for(plan, above, earlier)) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a step runs alone where every other one waits for it or is waited for") {
  CHECK(alone("A\nB\nC") == "ABC");
  CHECK(alone("A\nB, with previous") == "");
  CHECK(alone("A\nB, with previous\nC") == "C");
  CHECK(alone("A\nB\nC, with previous\nD\nE") == "ADE");
  CHECK(alone("A\nB\nC, after A\nD, after C") == "A");
  CHECK(alone("A\nB\nC\nD, after A") == "A");
}

TEST_CASE("a step runs alone exactly where no other one could run beside it") {
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    const plan::Plan plan = test::random_schedule(seed);
    const StepGraph graph(plan);
    for (const StepId step : plan.steps.ids()) {
      if (plan.steps[step].gate_of.valid()) continue;  // it runs within its step
      bool expected = true;
      for (const StepId other : plan.steps.ids()) {
        if (plan.steps[other].gate_of.valid()) continue;
        expected = expected &&
                   (other == step || waits_for(plan, step, other) || waits_for(plan, other, step));
      }
      if (graph.runs_alone(step) != expected) FAIL_CHECK("seed " << seed << ", " << step.value);
    }
  }
}

TEST_CASE("sets of steps in which targets failed come together, each step once") {
  FailedTargets failed;
  const std::uint32_t first = failed.record(failed.record(FailedTargets::none, TargetId{3}), {5});
  const std::uint32_t second = failed.record(FailedTargets::none, TargetId{3});
  const auto one = failed.with(FailedTargets::none, StepId{4}, first);
  const auto two = failed.with(one, StepId{2}, second);
  CHECK(failed.merged(two, one) == two);
  CHECK(failed.merged(two, FailedTargets::none) == two);
  CHECK(failed.merged(FailedTargets::none, two) == two);
  plan::TargetList targets;
  for (const std::uint32_t target : {7U, 5U, 3U, 1U}) targets.add({target});
  const auto lanes = failed.lanes_of(two, targets);
  REQUIRE(lanes.size() == 2);
  CHECK((lanes[0].lane == 1 && lanes[0].cause == StepId{4}));
  CHECK((lanes[1].lane == 2 && lanes[1].cause == StepId{2}));
  CHECK(failed.lanes_of(FailedTargets::none, targets).empty());
}

TEST_CASE("sets that meet again and again stay as small as their steps are many") {
  // Three rows of sets, each level the union of two of the level above: without a look at what is
  // in a set already they would double at each level.
  FailedTargets failed;
  std::vector<FailedTargets::StepSet> row;
  for (std::uint32_t step = 0; step < 3; ++step) {
    const std::uint32_t list = failed.record(FailedTargets::none, TargetId{step});
    row.push_back(failed.with(FailedTargets::none, StepId{step}, list));
  }
  for (int level = 0; level < 60; ++level) {
    row = {failed.merged(row[0], row[1]), failed.merged(row[1], row[2]),
           failed.merged(row[2], row[0])};
  }
  plan::TargetList targets;
  for (std::uint32_t target = 0; target < 5; ++target) targets.add({target});
  CHECK(failed.lanes_of(row[0], targets).size() == 3);
}

namespace {

struct Meaning {
  std::string_view from, to, label;
};

constexpr Meaning colours[] = {
    {"succeeded", "#dff2dc", ""}, {"degraded", "#fdf0cf", ""}, {"failed", "#f9dcd9", ""},
    {"cancelled", "#e8e0f3", ""}, {"left out", "#ececec", ""}, {"skipped", "#ececec", ""},
    {"undone", "#f9dcd9", ""},    {"excluded", "#fdf0cf", ""}, {"left behind", "#fdf0cf", ""},
};

// The table as a picture; what each change means stands here, and a change without a meaning, or a
// meaning without a change, shows.
template <class Phase>
std::string picture(std::string_view name, std::uint8_t phases, std::string_view layout,
                    std::span<const Meaning> meanings) {
  std::string dot =
      "// Made from the table in scheduler/transitions.h by a test; "
      "scripts/pictures draws it.\n";
  dot += "digraph " + std::string(name) + " {\n" + R"(  rankdir = LR
  bgcolor = white
  nodesep = 0.3
  node [shape = box, style = "rounded,filled", fillcolor = "#eef3fa", color = "#3b5b8c", fontname = "DejaVu Sans", fontsize = 11]
  edge [color = "#5f6b7a", fontname = "DejaVu Sans", fontsize = 9, fontcolor = "#414b57"]
)";
  for (std::uint8_t phase = 0; phase < phases; ++phase) {
    const std::string_view word = phase_name(static_cast<Phase>(phase));
    for (const Meaning& colour : colours) {
      if (colour.from != word) continue;
      dot += "  \"" + std::string(word) + "\" [fillcolor = \"" + std::string(colour.to) + "\"]\n";
    }
  }
  dot += std::string(layout);
  std::size_t told = 0;
  for (std::uint8_t from = 0; from < phases; ++from) {
    for (std::uint8_t to = 0; to < phases; ++to) {
      if (!scheduler::may_become(static_cast<Phase>(from), static_cast<Phase>(to))) continue;
      const std::string_view before = phase_name(static_cast<Phase>(from));
      const std::string_view after = phase_name(static_cast<Phase>(to));
      std::string_view label = "?";
      for (const Meaning& meaning : meanings) {
        if (meaning.from == before && meaning.to == after) label = meaning.label;
      }
      if (label != "?") ++told;
      dot += "  \"" + std::string(before) + "\" -> \"" + std::string(after) + "\" [label = \"" +
             std::string(label) + "\"]\n";
    }
  }
  CHECK(told == meanings.size());
  return dot + "}\n";
}

}  // namespace

TEST_CASE("the pictures of lanes and steps show the tables of their transitions") {
  const Meaning lane[] = {
      {"not begun", "deciding", "admitted"},
      {"not begun", "left out", "failed before, gone, not needed"},
      {"deciding", "acting", "attempt starts"},
      {"deciding", "pausing", "retry, later"},
      {"deciding", "evaluating", "the driver is asked"},
      {"deciding", "asking", "a person is asked"},
      {"deciding", "waiting", "for its batch, for pieces"},
      {"deciding", "succeeded", "no task left"},
      {"deciding", "degraded", "a failure was ignored"},
      {"deciding", "failed", "a task failed for good"},
      {"deciding", "undone", "and was taken back"},
      {"deciding", "cancelled", "cut short by an abort"},
      {"deciding", "excluded", "a person says so"},
      {"deciding", "left behind", "out of reach, untouched"},
      {"deciding", "skipped", "in place, not needed"},
      {"acting", "deciding", "attempt ended"},
      {"acting", "ending", "timeout, abort"},
      {"ending", "deciding", "attempt ended"},
      {"pausing", "deciding", "pause over, abort"},
      {"evaluating", "deciding", "known"},
      {"asking", "deciding", "answered, abort, deadline"},
      {"waiting", "acting", "all have come so far, pieces are free"},
      {"waiting", "deciding", "abort"},
  };
  test::check_golden(
      "../docs/pictures/lane.dot",
      picture<LanePhase>(
          "lane", 17,
          R"(  { rank = same; "acting"; "ending"; "pausing"; "evaluating"; "asking"; "waiting" }
)",
          lane));
  const Meaning step[] = {
      {"waiting", "ready", "its join is open"},
      {"waiting", "asking", "the driver is asked"},
      {"waiting", "skipped", "its condition does not hold"},
      {"asking", "ready", "it holds, or is not known"},
      {"asking", "skipped", "it does not, or an abort came"},
      {"ready", "running", "unless paused"},
      {"ready", "skipped", "aborted in a pause"},
      {"running", "succeeded", "all lanes ended well"},
      {"running", "degraded", "failures within tolerance"},
      {"running", "failed", "more failures, aborted, stuck"},
      {"running", "skipped", "needed on no target"},
  };
  test::check_golden("../docs/pictures/step.dot", picture<StepPhase>("step", 8, "", step));
}

TEST_CASE("what has ended changes no more") {
  for (std::uint8_t to = 0; to < 17; ++to) {
    for (const LanePhase end : {LanePhase::Succeeded, LanePhase::Degraded, LanePhase::Failed,
                                LanePhase::Undone, LanePhase::Cancelled, LanePhase::Excluded,
                                LanePhase::LeftBehind, LanePhase::Skipped, LanePhase::LeftOut}) {
      CHECK_FALSE(may_become(end, static_cast<LanePhase>(to)));
    }
  }
  for (std::uint8_t to = 0; to < 8; ++to) {
    for (const StepPhase end :
         {StepPhase::Succeeded, StepPhase::Degraded, StepPhase::Failed, StepPhase::Skipped}) {
      CHECK_FALSE(may_become(end, static_cast<StepPhase>(to)));
    }
  }
}

TEST_CASE("phases have their words, for the world and for the pictures") {
  CHECK(state_of(LanePhase::NotBegun) == scheduler::State::NotStarted);
  CHECK(state_of(LanePhase::Pausing) == scheduler::State::Running);
  CHECK(state_of(LanePhase::Asking) == scheduler::State::Running);
  CHECK(state_of(LanePhase::LeftOut) == scheduler::State::Skipped);
  CHECK(state_of(LanePhase::LeftBehind) == scheduler::State::LeftBehind);
  CHECK(state_of(StepPhase::Ready) == scheduler::State::NotStarted);
  CHECK(state_of(StepPhase::Running) == scheduler::State::Running);
  CHECK(phase_name(LanePhase::NotBegun) == "not begun");
  CHECK(phase_name(StepPhase::Skipped) == "skipped");
}
