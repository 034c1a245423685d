// Works and their names, and the pauses between attempts, worked out by hand.
#include <catch2/catch.hpp>

#include "scheduler/work.h"
#include "support/tiny_plan.h"

using namespace sluice;
using scheduler::Action;
using scheduler::Part;

namespace {

std::vector<std::int64_t> pauses(std::int64_t pause, std::int64_t backoff_micros, std::int64_t most,
                                 std::uint32_t count) {
  scheduler::Pauses retry{{pause}, {backoff_micros}, std::nullopt};
  if (most > 0) retry.most = base::Duration{most};
  std::vector<std::int64_t> all;
  for (std::uint32_t attempt = 1; attempt <= count; ++attempt) {
    all.push_back(scheduler::retry_pause(retry, attempt).ms);
  }
  return all;
}

using Pauses = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a pause grows by its backoff up to its cap") {
  CHECK(pauses(2'000, 1'000'000, 0, 3) == Pauses{2'000, 2'000, 2'000});
  CHECK(pauses(2'000, 2'000'000, 60'000, 7) ==
        Pauses{2'000, 4'000, 8'000, 16'000, 32'000, 60'000, 60'000});
  CHECK(pauses(2'000, 1'500'000, 0, 6) == Pauses{2'000, 3'000, 4'500, 6'750, 10'125, 15'187});
  CHECK(pauses(90'000, 2'000'000, 60'000, 2) == Pauses{60'000, 60'000});
  CHECK(pauses(0, 3'000'000, 0, 2) == Pauses{0, 0});
  CHECK(pauses(1, 1'100'000, 0, 3) == Pauses{1, 1, 1});  // it never gets a millisecond longer
}

TEST_CASE("a pause that grows for ever stays a length of time") {
  const Pauses all = pauses(1'000'000'000, 1'000'000'000, 0, 40);
  CHECK(all.back() > 1'000'000'000'000'000);
  CHECK(base::Instant{0} + base::Duration{all.back()} < base::Instant::never());
}

TEST_CASE("each work of a task has its name") {
  plan::Plan plan = test::tiny_plan("U on a: x; y");
  plan::Step& step = plan.steps[plan::StepId{0}];
  step.verify.emplace().action.kind = "http";
  step.tasks[1].verify.emplace().action.kind = "script";
  step.tasks[1].undo.emplace().action.kind = "package";
  const auto action = [](std::uint32_t task, Part part) {
    return Action{.step = plan::StepId{0}, .task = task, .part = part};
  };
  CHECK(scheduler::part_name(plan, action(1, Part::Run)) == "y");
  CHECK(scheduler::part_name(plan, action(1, Part::Undo)) == "y undo");
  CHECK(scheduler::part_name(plan, action(1, Part::Census)) == "y verify");
  CHECK(scheduler::part_name(plan, action(2, Part::Before)) == "U verify");
  CHECK(&scheduler::work_for(plan, action(1, Part::Run)) == &step.tasks[1]);
  CHECK(scheduler::work_for(plan, action(1, Part::Verify)).action.kind == "script");
  CHECK(scheduler::work_for(plan, action(1, Part::Undo)).action.kind == "package");
  CHECK(scheduler::work_for(plan, action(2, Part::Verify)).action.kind == "http");
  CHECK_FALSE(scheduler::has_work(plan, action(0, Part::Verify)));
  CHECK_FALSE(scheduler::has_work(plan, action(2, Part::Run)));
  CHECK_FALSE(scheduler::has_work(plan, action(2, Part::Undo)));
  CHECK_FALSE(scheduler::has_work(plan, action(3, Part::Verify)));
}
