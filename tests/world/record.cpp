#include "world/record.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/request.h"

namespace sluice::world {

using scheduler::Command;
using scheduler::Event;

Record::Record(Kernel& kernel, const plan::Plan& plan, Ledger& ledger, bool checks)
    : kernel_(kernel),
      plan_(plan),
      ledger_(ledger),
      checks_(checks),
      machine_(plan),
      builder_(plan, scheduler::Detail::Lanes),
      invariants_(plan) {}

void Record::committed(const runtime::Instant& instant) {
  attempted_.clear();
  take(instant);
}

void Record::take(const runtime::Instant& instant) {
  if (!instants_.empty() && instant.at < instants_.back().at) {
    kernel_.violate("time has gone back in the journal");
  }
  instants_.push_back(instant);
  kernel_.note("written down", "", static_cast<std::int64_t>(instants_.size()));
  if (kernel_.prints()) print(instant);
  ledger_.reported(instant, open_);
  for (const runtime::Order& order : instant.orders) {
    if (!order.name.empty() && !orders_.insert(order.name).second) {
      kernel_.violate("an order was taken twice: " + order.name);
    }
  }
  for (const Event& event : instant.events) {
    if (event.kind == Event::Kind::ActionFinished) {
      if (open_.erase(event.action) == 0) kernel_.violate("an end of what was not at work");
    }
    if (event.kind == Event::Kind::Answered) questions_.erase(event.action);
  }
  check_session(instant);
  machine_.apply(instant.at, instant.events, commands_);
  if (checks_) {
    builder_.observe(instant.at, instant.events, commands_);
    invariants_.observe(instant.at, instant.events, commands_, machine_);
  }
  if (!invariants_.violation().empty()) kernel_.violate(invariants_.violation());
  for (const Command& command : commands_) {
    if (command.kind == Command::Kind::StartAction) {
      ledger_.ordered(command.action, open_);
      open_.insert(command.action);
    }
    check_questions(command);
    if (command.kind == Command::Kind::AskOperator) questions_.insert(command.action);
    if (command.kind == Command::Kind::DeploymentEnded) ledger_.ended();
  }
}

// For who reads a trace.
void Record::print(const runtime::Instant& instant) const {
  const auto named = [&](const scheduler::Action& action) {
    const bool has_lane = action.lane < plan::lane_count(plan_, action.step);
    return fmt::format("`{}` for {}, attempt {}", runtime::task_name(plan_, action),
                       has_lane ? plan::lane_name(plan_, action.step, action.lane) : "no target",
                       action.attempt);
  };
  for (const runtime::HostResult& result : instant.results) {
    const runtime::Completion& end = result.completion;
    fmt::print("              {} on {}: outcome {}, {} {}\n", named(result.action), result.host,
               static_cast<int>(end.outcome), runtime::ending_name(end.ending), end.detail);
  }
  for (const Event& event : instant.events) {
    if (!event.action.step.valid()) {
      fmt::print("              event {}\n", static_cast<int>(event.kind));
      continue;
    }
    fmt::print("              event {} of {}\n", static_cast<int>(event.kind), named(event.action));
  }
}

// Who takes a run up goes on with it, though whoever carried it on before was told to pause.
void Record::check_session(const runtime::Instant& instant) {
  if (!instant.session || machine_.state() != scheduler::State::Paused) return;
  const bool goes_on =
      std::any_of(instant.events.begin(), instant.events.end(),
                  [](const Event& event) { return event.kind == Event::Kind::Continue; });
  if (!goes_on) kernel_.violate("a run that was paused was resumed, and stays paused");
}

// No further target of a step begins while a person is asked about one of them; a batch in lockstep
// begins as one.
void Record::check_questions(const Command& command) {
  if (command.kind != Command::Kind::LaneBegan) return;
  const bool lockstep = plan_.steps[command.action.step].batches.lockstep;
  if (lockstep || command.action.part == scheduler::Part::Undo) return;
  for (const scheduler::Action& asked : questions_) {
    if (asked.step == command.action.step && asked.lane != command.action.lane) {
      kernel_.violate("a target begins while a person is asked about another of its step");
    }
  }
}

void Record::read(const std::vector<runtime::Instant>& instants) {
  if (instants.size() < instants_.size()) {
    return kernel_.violate(fmt::format("{} instants were committed, and {} are there",
                                       instants_.size(), instants.size()));
  }
  for (std::size_t i = 0; i < instants_.size(); ++i) {
    if (!(instants[i] == instants_[i])) {
      return kernel_.violate(fmt::format("instant {} is another than the one committed", i));
    }
  }
  // A loss of power can bring back what was not there a moment ago: what was tried is known until
  // another instant has taken its place.
  const auto tried = attempted_;
  for (std::size_t i = instants_.size(); i < instants.size(); ++i) {
    const bool known = std::find(tried.begin(), tried.end(), instants[i]) != tried.end();
    if (!known) return kernel_.violate(fmt::format("instant {} was never to be committed", i));
    kernel_.note("was committed, though nobody knew");
    attempted_.clear();
    take(instants[i]);
  }
}

void Record::check_census() {
  if (!checks_) return;
  const scheduler::Timeline timeline =
      builder_.build(instants_.empty() ? base::Instant{} : instants_.back().at);
  const scheduler::Census& census = timeline.census;
  const std::uint32_t sum = census.verified + census.failed + census.skipped + census.excluded +
                            census.left_behind + census.not_started + census.unknown;
  const auto planned =
      std::count(timeline.target_planned.begin(), timeline.target_planned.end(), true);
  if (sum != planned) {
    kernel_.violate(fmt::format("the census counts {} targets of {}", sum, planned));
  }
}

void Record::check_end() {
  check_census();
  ledger_.check_rest();
  if (!open_.empty()) kernel_.violate("the run has ended, and an action has no end");
  if (!checks_) return;
  const scheduler::Timeline again = runtime::replay(plan_, instants_);
  const scheduler::Timeline first = builder_.build(instants_.back().at);
  if (!(again == first)) kernel_.violate("the journal, replayed, gives another timeline");
}

}  // namespace sluice::world
