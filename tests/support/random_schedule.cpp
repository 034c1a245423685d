#include "support/random_schedule.h"

#include <algorithm>
#include <string>

#include "support/random_batches.h"
#include "support/random_durations.h"
#include "support/random_lanes.h"
#include "support/random_limits.h"
#include "support/tiny_plan.h"

namespace sluice::test {

using scheduler::Action;
using scheduler::Command;
using scheduler::Event;
using scheduler::Outcome;

std::uint64_t Dice::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t bits = state_;
  bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebULL;
  return bits ^ (bits >> 31U);
}

namespace {

plan::When random_when(Dice& dice, std::uint32_t percent_other) {
  if (!dice.chance(percent_other)) return plan::When::Success;
  return dice.chance(60) ? plan::When::Always : plan::When::Failure;
}

plan::Task random_task(Dice& dice, std::uint32_t number) {
  plan::Task task;
  task.name = "t" + std::to_string(number);
  task.when = random_when(dice, 25);
  task.disabled = dice.chance(8);
  task.ignore_failure = dice.chance(12);
  if (dice.chance(25)) task.timeout = base::Duration{1 + dice.below(12)};
  if (dice.chance(30)) {
    task.retry.more = 1 + dice.below(3);
    task.retry.pause = base::Duration{dice.chance(40) ? 0 : 1 + dice.below(6)};
  }
  return task;
}

plan::TargetList random_targets(Dice& dice, std::uint32_t targets) {
  std::vector<std::uint32_t> order;
  const std::uint32_t share = dice.chance(4) ? 0 : dice.chance(60) ? 100 : 50;
  for (std::uint32_t target = 0; target < targets; ++target) {
    if (dice.chance(share)) order.push_back(target);
  }
  if (dice.chance(40)) {
    for (std::size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[dice.below(static_cast<std::uint32_t>(i))]);
    }
  }
  plan::TargetList list;
  for (const std::uint32_t target : order) list.add({target});
  return list;
}

plan::Step random_step(Dice& dice, plan::Plan& plan) {
  plan::Step step;
  step.on_controller = dice.chance(15);
  step.targets = plan::TargetListId{0};
  std::uint32_t lanes = 1;
  if (!step.on_controller) {
    step.targets = plan.target_lists.add(random_targets(dice, plan.targets.size()));
    lanes = plan.target_lists[step.targets].size();
  }
  step.has_child_steps = true;
  const std::uint32_t tasks = 1 + dice.below(dice.chance(50) ? 1 : 4);
  for (std::uint32_t i = 0; i < tasks; ++i) step.tasks.push_back(random_task(dice, i));
  step.window.value = dice.chance(25) ? std::max(1U, lanes) : 1 + dice.below(4);
  if (dice.chance(65)) step.tolerate.value = dice.below(6);
  if (dice.chance(25)) step.on_failure = plan::OnFailure::Continue;
  step.when = random_when(dice, 25);
  step.shared = dice.chance(15);
  step.optional = lanes == 0;
  step.disabled = dice.chance(6);
  return step;
}

}  // namespace

plan::Plan random_schedule(std::uint64_t seed, const Draws& draws) {
  const auto [limits, lanes, by_target] = draws;
  Dice dice(seed);
  plan::Plan plan;
  plan.deployment = "Random";
  plan.property_sets.add({});
  plan.connections.add({});
  plan.target_lists.add({});
  const std::uint32_t targets = 1 + dice.below(dice.chance(50) ? 4 : 12);
  for (std::uint32_t i = 0; i < targets; ++i) {
    plan.targets.add("w" + std::to_string(i), plan::PropertySetId{0}, plan::ConnectionId{0});
  }
  const std::uint32_t steps = 1 + dice.below(8);
  // In sequence mostly, or mostly not.
  const std::uint32_t parallel = dice.chance(50) ? 20 : 70;
  std::vector<std::vector<std::uint32_t>> above(steps);
  for (std::uint32_t i = 0; i < steps; ++i) {
    plan::Step step = random_step(dice, plan);
    step.name = "s" + std::to_string(i);
    plan.steps.add(std::move(step));
    if (i > 0 && dice.chance(parallel)) {
      if (dice.chance(50)) {
        above[i] = above[i - 1];
      } else {
        for (std::uint32_t j = 0; j < i; ++j) {
          if (dice.chance(40)) above[i].push_back(j);
        }
      }
    } else {
      for (std::uint32_t j = 0; j < i; ++j) above[i].push_back(j);
    }
  }
  if (lanes) {
    Dice batches(seed ^ 0x62617463686573ULL);
    if (batches.chance(60)) add_random_batches(batches, plan, above);
  }
  set_joins(plan, above);
  if (lanes) add_random_lanes(dice, plan);
  if (limits) add_random_limits(plan, seed);
  if (by_target && (seed % 4 == 1 || seed % 4 == 2)) add_random_durations(plan, seed);
  return plan;
}

World::World(const plan::Plan& plan, const WorldSettings& settings)
    : plan_(plan), settings_(settings), scheduler_(plan) {
  if (settings_.operators_words) plan_operators_words();
}

void World::plan_operators_words() {
  Dice dice(settings_.seed ^ 0x6f70657261746f72ULL);
  const std::uint32_t pauses = dice.below(3);
  for (std::uint32_t i = 0; i < pauses; ++i) {
    const std::uint32_t at = dice.below(60);
    enter({at}, {.kind = Event::Kind::Pause, .action = {}});
    enter({at + dice.below(30)}, {.kind = Event::Kind::Continue, .action = {}});
  }
  // Whatever came before, it goes on in the end.
  if (pauses > 0) enter({90}, {.kind = Event::Kind::Continue, .action = {}});
  if (dice.chance(40)) {
    const std::uint32_t at = dice.below(60);
    enter({at}, {.kind = Event::Kind::Abort, .action = {}});
    if (dice.chance(25)) enter({at + dice.below(20)}, {.kind = Event::Kind::Abort, .action = {}});
  }
}

bool World::run(const Observer& observer, std::uint32_t limit) {
  scheduler::Commands commands;
  std::vector<Event> events;
  for (std::uint32_t calls = 0; calls < limit; ++calls) {
    if (calls > 0) {
      if (due_.empty()) return false;
      events = take_due();
    }
    scheduler_.apply(now_, events, commands);
    observer(now_, events, commands, scheduler_);
    if (scheduler_.ended()) return true;
    for (const Command& command : commands) obey(command);
  }
  return false;
}

Dice World::dice(const Action& action, std::uint32_t draw) const {
  Dice dice(settings_.seed);
  for (const std::uint32_t part : {action.step.value, action.lane, action.task,
                                   static_cast<std::uint32_t>(action.part), action.attempt, draw}) {
    dice = Dice(dice.next() ^ part);
  }
  return dice;
}

void World::enter(base::Instant at, const Event& event) {
  due_.push_back({at, entered_++, event});
}

void World::obey(const Command& command) {
  switch (command.kind) {
    case Command::Kind::StartAction:
      return start(command.action);
    case Command::Kind::CancelAction:
      return cancel(command.action);
    case Command::Kind::SetTimer:
      return enter(
          command.at,
          {.kind = Event::Kind::TimerFired, .action = command.action, .timer = command.timer});
    case Command::Kind::EvaluateCondition:
      return evaluate(command.action);
    case Command::Kind::AskOperator:
      return answer(command.action);
    default:
      return;
  }
}

void World::evaluate(const Action& asked) {
  Dice drawn = dice(asked, 2);
  const scheduler::Truth truth = drawn.chance(60)   ? scheduler::Truth::True
                                 : drawn.chance(60) ? scheduler::Truth::False
                                                    : scheduler::Truth::Unknown;
  const base::Duration later{settings_.prompt || drawn.chance(70) ? 0 : drawn.below(6)};
  enter(now_ + later, {.kind = Event::Kind::ConditionKnown, .action = asked, .truth = truth});
}

// Sometimes twice: the first counts.
void World::answer(const Action& asked) {
  Dice drawn = dice(asked, 100 + asked_[asked]++);
  for (std::uint32_t times = drawn.chance(15) ? 2 : 1; times > 0; --times) {
    const std::uint32_t word = drawn.below(12);
    const scheduler::Answer answer = word < 4    ? scheduler::Answer::Retry
                                     : word < 7  ? scheduler::Answer::Ignore
                                     : word < 11 ? scheduler::Answer::Exclude
                                                 : scheduler::Answer::Abort;
    enter(now_ + base::Duration{drawn.below(10)},
          {.kind = Event::Kind::Answered, .action = asked, .answer = answer});
  }
}

void World::start(const Action& action) {
  Dice drawn = dice(action, 0);
  const base::Duration length{drawn.below(settings_.longest + 1)};
  Outcome outcome = drawn.chance(settings_.failures) ? Outcome::Failed : Outcome::Succeeded;
  if (outcome == Outcome::Failed && drawn.chance(30)) outcome = Outcome::Unreachable;
  enter(now_ + length, {.action = action, .outcome = outcome});
  if (drawn.chance(10)) {
    enter(now_, {.kind = Event::Kind::ActionStarted, .action = action});
  }
}

// What was told to end ends soon, one way or another.
void World::cancel(const Action& action) {
  Dice drawn = dice(action, 1);
  for (Due& due : due_) {
    if (due.event.kind != Event::Kind::ActionFinished || due.event.action != action) continue;
    const base::Duration later{drawn.below(4)};
    due.at = settings_.prompt ? now_ : std::min(due.at, now_ + later);
    due.event.outcome = drawn.chance(70)   ? Outcome::Cancelled
                        : drawn.chance(50) ? Outcome::Failed
                                           : Outcome::Succeeded;
  }
}

std::vector<Event> World::take_due() {
  now_ = std::min_element(due_.begin(), due_.end(), [](const Due& a, const Due& b) {
           return a.at < b.at;
         })->at;
  const auto rest = std::stable_partition(due_.begin(), due_.end(),
                                          [&](const Due& due) { return due.at == now_; });
  std::vector<Event> events;
  for (auto due = due_.begin(); due != rest; ++due) events.push_back(due->event);
  due_.erase(due_.begin(), rest);
  if (settings_.order != 0) {
    Dice shuffle(settings_.order ^ static_cast<std::uint64_t>(now_.ms));
    for (std::size_t i = events.size(); i > 1; --i) {
      std::swap(events[i - 1], events[shuffle.below(static_cast<std::uint32_t>(i))]);
    }
  }
  return events;
}

}  // namespace sluice::test
