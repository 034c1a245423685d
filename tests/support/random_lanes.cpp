#include "support/random_lanes.h"

#include <vector>

#include "support/random_batches.h"

namespace sluice::test {

namespace {

plan::Expression milliseconds(std::uint32_t count) {
  return plan::constant({base::Duration{count}});
}

class Lanes {
 public:
  Lanes(Dice& dice, plan::Plan& plan) : dice_(dice), plan_(plan) {}

  void add() {
    add_flags();
    if (dice_.chance(12)) plan_.deadline = base::Duration{1 + dice_.below(60)};
    for (const plan::StepId id : plan_.steps.ids()) add_to(id);
  }

 private:
  void add_flags() {
    for (std::uint32_t target = 0; target < plan_.targets.size(); ++target) {
      if (dice_.chance(90)) add_property(plan_, {target}, "flag", {dice_.chance(65)});
    }
  }

  plan::Work work() {
    plan::Work made;
    made.action.kind = "script";
    made.via.hosts = plan::TargetListId{0};
    made.takes.low = milliseconds(dice_.below(6));
    retry(made.retry, 25);
    if (dice_.chance(20)) made.timeout = base::Duration{1 + dice_.below(9)};
    return made;
  }

  void retry(plan::Retry& retry, std::uint32_t percent) {
    if (!dice_.chance(percent)) return;
    retry.more = 1 + dice_.below(3);
    retry.pause = base::Duration{dice_.chance(30) ? 0 : 1 + dice_.below(5)};
    if (dice_.chance(50)) retry.backoff = {1'000'000 + dice_.below(3) * 750'000};
    if (dice_.chance(30)) retry.most_pause = base::Duration{retry.pause.same.ms + dice_.below(9)};
  }

  void add_to(plan::StepId id) {
    plan::Step& step = plan_.steps[id];
    const std::uint32_t ways = dice_.below(10);
    if (ways == 0 || ways == 1) step.on_failure = plan::OnFailure::Ask;
    if (ways == 2 || ways == 3) step.on_failure = plan::OnFailure::Rollback;
    if (ways == 4 || ways == 5) step.on_failure = plan::OnFailure::RollbackAll;
    if (!step.on_controller && dice_.chance(30)) {
      step.unreachable.skip = true;
      if (dice_.chance(50)) step.unreachable.at_most.emplace().value = dice_.below(3);
    }
    if (dice_.chance(12)) step.condition = condition(id, static_cast<std::uint32_t>(0), true);
    if (step.has_child_steps && dice_.chance(15)) {
      step.verify = work();
      step.skip_verified = dice_.chance(40);
    }
    const auto tasks = static_cast<std::uint32_t>(step.tasks.size());
    for (std::uint32_t i = 0; i < tasks; ++i) add_to(id, i);
  }

  void add_to(plan::StepId id, std::uint32_t number) {
    plan::Task& task = plan_.steps[id].tasks[number];
    if (task.retry.more > 0 && dice_.chance(30)) retry(task.retry, 100);
    if (dice_.chance(15)) {
      task.verify = work();
      task.skip_verified = dice_.chance(40);
    }
    const plan::OnFailure on_failure = plan_.steps[id].on_failure;
    const bool undoes =
        on_failure == plan::OnFailure::Rollback || on_failure == plan::OnFailure::RollbackAll;
    if (dice_.chance(undoes ? 70 : 3)) task.undo = work();
    if (dice_.chance(12)) task.condition = condition(id, number, false);
    if (dice_.chance(6)) task.action.kind = "manual";
  }

  // Of a step: of its own, or for each of its lanes; of its task `number` otherwise.
  plan::Expression condition(plan::StepId id, std::uint32_t number, bool of_step) {
    const std::uint32_t kind = dice_.below(10);
    if (kind == 0) return plan::constant({dice_.chance(50)});
    const std::vector<plan::OutputSource> sources = sources_of(id, of_step ? 0 : number);
    if (kind < 5 || sources.empty()) {
      if (plan_.steps[id].on_controller) return plan::constant({true});
      plan::Expression flag;
      flag.op = plan::Operator::TargetProperty;
      flag.type = plan::Type::Boolean;
      flag.stage = plan::Stage::PerTarget;
      flag.name = "flag";
      return flag;
    }
    plan::Expression output;
    output.op = plan::Operator::StepOutput;
    output.stage = plan::Stage::AtRunTime;
    output.name = "ok";
    output.source = sources[dice_.below(static_cast<std::uint32_t>(sources.size()))];
    plan::Task& writer = plan_.steps[plan::StepId{output.source.step}].tasks[output.source.task];
    if (writer.gives.empty()) {
      writer.gives.push_back(
          {"ok", plan::constant({std::string(dice_.chance(60) ? "yes" : "no")})});
    }
    plan::Expression compared;
    compared.op = plan::Operator::Equal;
    compared.type = plan::Type::Boolean;
    compared.stage = plan::Stage::AtRunTime;
    compared.operands = {output, plan::constant({std::string("yes")})};
    return compared;
  }

  // What it may read: earlier tasks of its own lane, and steps that it waits for.
  std::vector<plan::OutputSource> sources_of(plan::StepId id, std::uint32_t number) const {
    std::vector<plan::OutputSource> sources;
    for (std::uint32_t task = 0; task < number; ++task) sources.push_back({id.value, task, false});
    std::vector<bool> above(plan_.steps.size());
    add_above(id, above);
    for (std::uint32_t other = 0; other < plan_.steps.size(); ++other) {
      const plan::StepId step{other};
      if (!above[other] || plan::lane_count(plan_, step) == 0) continue;
      const bool single = plan::lane_count(plan_, step) == 1;
      if (!single && (plan_.steps[id].on_controller || plan_.steps[step].on_controller)) continue;
      const auto tasks = static_cast<std::uint32_t>(plan_.steps[step].tasks.size());
      for (std::uint32_t task = 0; task < tasks; ++task) sources.push_back({other, task, single});
    }
    return sources;
  }

  void add_above(plan::StepId step, std::vector<bool>& above) const {
    for (const plan::StepId awaited : plan_.joins[plan_.steps[step].join].steps) {
      if (above[awaited.value]) continue;
      above[awaited.value] = true;
      add_above(awaited, above);
    }
  }

  Dice& dice_;
  plan::Plan& plan_;
};

}  // namespace

void add_random_lanes(Dice& dice, plan::Plan& plan) {
  Lanes(dice, plan).add();
}

}  // namespace sluice::test
