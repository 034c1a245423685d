#include "simulator/alarm.h"

#include <algorithm>

#include "plan/batches.h"

namespace sluice::simulator {

namespace {

using base::Duration;
using base::Instant;
using scheduler::Command;
using scheduler::State;

constexpr Duration slack_per_action{50};
constexpr std::int64_t slack_percent = 2;
// Fewer are no interval.
constexpr std::uint32_t fewest_runs = 20;

// How many actions of a step stand one after the other at least.
std::int64_t chain_of(const plan::Plan& plan, plan::StepId id) {
  const plan::Step& step = plan.steps[id];
  const std::uint32_t lanes = plan::lane_count(plan, id);
  if (lanes == 0) return 0;
  std::int64_t rounds = 0;
  plan::Batch batch = plan::first_batch(step, lanes);
  do {
    const std::uint32_t width = std::max(1U, step.window.value);
    rounds += (std::int64_t{batch.end} - batch.begin + width - 1) / width;
  } while (plan::next_batch(step, lanes, batch));
  return rounds * static_cast<std::int64_t>(step.tasks.size());
}

bool is_said(const plan::Step& step, const plan::Task& task, const History& history) {
  if (task.takes.kind != plan::DurationModel::Kind::History) return !task.takes.assumed;
  return !history.of(step.name, task.name).empty();
}

bool is_held(const plan::Step& step, const History& history) {
  return !step.disabled && std::all_of(step.tasks.begin(), step.tasks.end(), [&](const auto& task) {
    return task.disabled || (is_said(step, task, history) && task.action.kind != "manual");
  });
}

bool ended_well(State state) {
  return state == State::Succeeded || state == State::Degraded;
}

}  // namespace

// A deployment of one step is that step.
Alarms::Alarms(const plan::Plan& plan, const History& history) : plan_(plan) {
  Row whole;
  whole.held = plan.steps.size() > 1;
  whole.start = {0};
  for (const plan::StepId id : plan.steps.ids()) {
    Row row;
    row.held = is_held(plan.steps[id], history);
    row.slack = {slack_per_action.ms * chain_of(plan, id)};
    whole.held = whole.held && (row.held || plan.steps[id].disabled);
    whole.slack = whole.slack + row.slack;
    rows_.push_back(row);
  }
  rows_.push_back(whole);
}

bool Alarms::any() const {
  return std::any_of(rows_.begin(), rows_.end(), [](const Row& row) { return row.held; });
}

void Alarms::expect(const Prospect& prospect) {
  for (std::size_t step = 0; step < prospect.steps.size(); ++step) {
    rows_[step].expected = prospect.steps[step].length;
    rows_[step].held = rows_[step].held && prospect.steps[step].runs >= fewest_runs;
  }
  const Sample& end = prospect.end_ms;
  rows_.back().expected = {{end.quantile(50)}, {end.quantile(500)}, {end.quantile(950)}};
  expects_ = true;
}

void Alarms::observe(Instant now, std::span<const scheduler::Event> events,
                     const scheduler::Commands& commands) {
  for (const scheduler::Event& event : events) {
    const bool by_operator =
        event.kind == scheduler::Event::Kind::Pause || event.kind == scheduler::Event::Kind::Abort;
    if (by_operator) stood_still();
  }
  for (const Command& command : commands) {
    if (command.kind == Command::Kind::AskOperator) stood_still();
    if (command.kind == Command::Kind::StepBegan) rows_[command.action.step.value].start = now;
    const bool undoes =
        command.kind == Command::Kind::StartAction && command.action.part == scheduler::Part::Undo;
    if (undoes) rows_[command.action.step.value].held = rows_.back().held = false;
    if (command.kind == Command::Kind::StepEnded) end_step(now, command);
  }
}

// The deployment ends with the last step that ran, before the census.
void Alarms::end_step(Instant now, const Command& command) {
  Row& row = rows_[command.action.step.value];
  row.end = now;
  ++ended_;
  row.held = row.held && ended_well(command.state);
  if (command.state == State::Skipped) return;
  rows_.back().end = now;
  rows_.back().held = rows_.back().held && ended_well(command.state);
}

void Alarms::stood_still() {
  for (Row& row : rows_) row.held = row.held && row.start == Instant::never();
}

Instant Alarms::too_late(const Row& row) const {
  return row.start + row.expected.high + row.slack +
         Duration{row.expected.high.ms * slack_percent / 100};
}

Duration Alarms::shortest(const Row& row) const {
  return row.expected.low - row.slack - Duration{row.expected.low.ms * slack_percent / 100};
}

bool Alarms::is_over(std::size_t place) const {
  const bool is_whole = place + 1 == rows_.size();
  return is_whole ? ended_ == plan_.steps.size() : rows_[place].end != Instant::never();
}

std::vector<Alarm> Alarms::take(Instant now) {
  std::vector<Alarm> alarms;
  if (!expects_) return alarms;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    Row& row = rows_[i];
    if (!watches(row)) continue;
    const bool over = is_over(i);
    const Instant until = over ? row.end : now;
    const Duration took = until - row.start;
    if (until > too_late(row) || (over && took < shortest(row))) {
      const bool is_whole = i + 1 == rows_.size();
      const plan::StepId step =
          is_whole ? plan::StepId{} : plan::StepId{static_cast<std::uint32_t>(i)};
      alarms.push_back({step, over, took, row.expected});
      row.held = false;
    }
    if (over) row.held = false;
  }
  return alarms;
}

Instant Alarms::next() const {
  Instant soonest = Instant::never();
  if (!expects_) return soonest;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!watches(rows_[i])) continue;
    const Instant at = is_over(i) ? rows_[i].end : too_late(rows_[i]) + Duration{1};
    soonest = std::min(soonest, at);
  }
  return soonest;
}

}  // namespace sluice::simulator
