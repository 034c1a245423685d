#include "scheduler/rules.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "scheduler/work.h"

namespace sluice::scheduler {

namespace {

bool reads_its_run(const plan::Expression& expression) {
  return expression.stage == plan::Stage::AtRunTime;
}

Asks who_knows(const base::Boxed<plan::Expression>& condition) {
  if (!condition) return Asks::Nothing;
  return reads_its_run(*condition) ? Asks::Driver : Asks::Self;
}

// It starts, whatever is known of the run, with a first attempt of its own.
bool simply_starts(const plan::Task& task) {
  return !task.disabled && task.when != plan::When::Failure && !task.condition &&
         !task.skip_verified && !is_manual(task);
}

// Nobody but its own lane can tell when the one ends and the other begins.
bool goes_on_plainly(const plan::Task& from, const plan::Task& to) {
  const auto plain = [](const plan::Task& task) {
    return !is_manual(task) && task.uses.empty() && !task.effect.interrupts;
  };
  if (!plain(from) || from.verify || from.effect.restores) return false;
  return plain(to) && simply_starts(to) && !to.effect.drains;
}

bool leaves_behind(const plan::Step& step) {
  return step.unreachable.skip && !step.on_controller;
}

}  // namespace

bool reads_its_lane(const plan::Expression& condition) {
  if (condition.op == plan::Operator::TargetProperty) return true;
  if (condition.op == plan::Operator::HostProperty) return true;
  if (condition.op == plan::Operator::StepOutput) return !condition.source.single;
  return std::any_of(condition.operands.begin(), condition.operands.end(), reads_its_lane);
}

Rules::Rules(const plan::Plan& plan, const StepGraph& graph,
             std::shared_ptr<const LaneDurations> durations)
    : durations_(std::move(durations)) {
  steps.reserve(plan.steps.size());
  for (const plan::StepId id : plan.steps.ids()) {
    const plan::Step& step = plan.steps[id];
    StepRules rules;
    rules.lanes = plan::lane_count(plan, id);
    rules.window = step.window.value;
    rules.tolerate = step.tolerate.value;
    rules.when = step.when;
    rules.on_failure = step.on_failure;
    rules.disabled = step.disabled;
    // A lock that no other step can want is not worth its keeping.
    rules.locks = !step.shared && !step.on_controller && !graph.runs_alone(id);
    rules.join = step.join;
    rules.stagger = step.stagger;
    rules.gate_of = step.gate_of;
    if (step.gate_of.valid()) ++steps[step.gate_of].gates;
    if (!step.batches.sizes.empty() || step.by_groups.size() > 1) rules.batches = batched_steps++;
    if (step.batches.lockstep) rules.lockstep = lockstep_steps++;
    rules.targets = step.on_controller ? nullptr : &plan.target_lists[step.targets];
    rules.single = !step.has_child_steps;
    rules.verify = add_work(step.verify);
    rules.before = step.skip_verified && step.verify.has_value();
    const bool by_lane =
        step.condition &&
        (step.gate_of.valid() || (!step.on_controller && reads_its_lane(*step.condition)));
    if (by_lane) {
      rules.lane_condition = who_knows(step.condition);
    } else {
      rules.condition = who_knows(step.condition);
    }
    if (leaves_behind(step)) {
      rules.most_left_behind =
          step.unreachable.at_most ? step.unreachable.at_most->value : rules.lanes;
    }
    add_tasks(step, rules);
    rules.in_census = rules.in_census && !step.gate_of.valid();
    rules.unneeded_lanes = rules.in_census && (rules.unneeded_lanes || step.condition.has_value());
    any_locks = any_locks || rules.locks;
    any_left_behind = any_left_behind || leaves_behind(step);
    steps.add(rules);
  }
}

WorkRules Rules::rules_of(const plan::Work& work) {
  WorkRules rules;
  if (work.timeout) rules.timeout = work.timeout->same;
  rules.pause = work.retry.pause.same;
  rules.more = work.retry.more;
  add_lane_rules(work, rules);
  rules.grows = work.retry.backoff != plan::Number{1'000'000} || work.retry.most_pause.has_value();
  rules.manual = is_manual(work);
  std::vector<plan::Use> pieces;
  std::vector<std::uint32_t> key;
  for (const plan::Use& use : work.uses) {
    if (use.pieces == 0) continue;
    pieces.push_back(use);
    key.insert(key.end(), {use.resource.value, use.pieces});
  }
  if (pieces.empty()) return rules;
  const auto known =
      known_pieces_.emplace(std::move(key), static_cast<std::uint32_t>(piece_kinds.size()));
  if (known.second) piece_kinds.push_back(std::move(pieces));
  rules.pieces = known.first->second;
  return rules;
}

void Rules::add_lane_rules(const plan::Work& work, WorkRules& rules) {
  LaneRules row;
  if (work.timeout) row.timeout = durations_->of(*work.timeout);
  row.pause = durations_->of(work.retry.pause);
  if (work.retry.most_pause) row.most_pause = durations_->of(*work.retry.most_pause);
  if (row.timeout != nullptr) rules.timeout = WorkRules::by_lane;
  if (row.pause != nullptr) rules.pause = WorkRules::by_lane;
  if (row.timeout == nullptr && row.pause == nullptr && row.most_pause == nullptr) return;
  rules.lane_rules = static_cast<std::uint32_t>(lane_rules.size());
  lane_rules.push_back(row);
}

void Rules::add_tasks(const plan::Step& step, StepRules& rules) {
  rules.first_task = static_cast<std::uint32_t>(tasks.size());
  rules.tasks = static_cast<std::uint32_t>(step.tasks.size());
  rules.in_census = step.verify.has_value();
  const bool undoes = step.on_failure == plan::OnFailure::Rollback ||
                      step.on_failure == plan::OnFailure::RollbackAll;
  for (const plan::Task& task : step.tasks) {
    TaskRules row;
    row.run = rules_of(task);
    row.verify = add_work(task.verify);
    row.undo = add_work(task.undo);
    row.when = task.when;
    row.condition = who_knows(task.condition);
    row.disabled = task.disabled;
    row.ignore_failure = task.ignore_failure;
    row.effect = task.effect;
    row.before = task.skip_verified && task.verify.has_value();
    row.remembered = undoes && task.undo.has_value();
    rules.remembers = rules.remembers || row.remembered;
    rules.unneeded_lanes =
        rules.unneeded_lanes || (task.verify.has_value() && task.condition.has_value());
    rules.in_census = rules.in_census || task.verify.has_value();
    tasks.push_back(row);
  }
  find_plain_tasks(step, rules);
}

void Rules::find_plain_tasks(const plan::Step& step, const StepRules& rules) {
  for (std::uint32_t task = rules.tasks; task-- > 0;) {
    const bool last = task + 1 == rules.tasks || step.batches.lockstep ||
                      !goes_on_plainly(step.tasks[task], step.tasks[task + 1]);
    std::uint32_t& until = tasks[rules.first_task + task].plain_until;
    until = last ? task : tasks[rules.first_task + task + 1].plain_until;
    tasks[rules.first_task + task].follows = follows(step, rules, task);
  }
}

Follows Rules::follows(const plan::Step& step, const StepRules& rules, std::uint32_t task) const {
  const TaskRules& own = tasks[rules.first_task + task];
  const auto needs_pieces = [](const TaskRules& row) {
    return row.run.pieces != WorkRules::no_pieces;
  };
  if (rules.lockstep != TaskRules::none || own.verify != TaskRules::none || own.run.manual ||
      needs_pieces(own)) {
    return Follows::More;
  }
  if (task + 1 < rules.tasks) {
    const bool simple =
        simply_starts(step.tasks[task + 1]) && !needs_pieces(tasks[rules.first_task + task + 1]);
    return simple ? Follows::Task : Follows::More;
  }
  const bool begins = rules.lane_condition == Asks::Nothing && !rules.before &&
                      rules.stagger.ms == 0 && !rules.locks && !rules.gate_of.valid();
  const bool simple = begins && rules.verify == TaskRules::none && simply_starts(step.tasks[0]) &&
                      !needs_pieces(tasks[rules.first_task]);
  return simple ? Follows::Lane : Follows::More;
}

std::uint32_t Rules::add_work(const base::Boxed<plan::Work>& work) {
  if (!work) return TaskRules::none;
  works.push_back(rules_of(*work));
  return static_cast<std::uint32_t>(works.size() - 1);
}

}  // namespace sluice::scheduler
