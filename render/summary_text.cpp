// The summary of a timeline.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "plan/limits.h"
#include "render/state_words.h"
#include "render/text_table.h"
#include "render/timeline_text.h"

namespace sluice::render {

namespace {

using base::Instant;
using scheduler::State;
using scheduler::state_name;

std::uint32_t not_run(const scheduler::StepTimes& row) {
  return row.skipped + row.not_started + row.excluded + row.left_behind;
}

// The table of the steps, their names cut to so many columns. What is nought everywhere is not
// said.
std::string steps_table(const plan::Plan& plan, const scheduler::Timeline& timeline,
                        const TextStyle& style, int name_width) {
  const auto any = [&](auto count) {
    return std::any_of(timeline.steps.begin(), timeline.steps.end(),
                       [&](const scheduler::StepTimes& row) { return count(row) > 0; });
  };
  const auto failed = [](const auto& row) { return row.failed - row.undone; };
  const bool any_failed = any(failed);
  const bool any_undone = any([](const auto& row) { return row.undone; });
  const bool any_not_run = any(not_run);
  TextTable table;
  table.column("step");
  table.column("state");
  for (const char* title : {"start", "end", "at once", "well"}) {
    table.column(title, TextTable::Align::Right);
  }
  if (any_failed) table.column("failed", TextTable::Align::Right);
  if (any_undone) table.column("undone", TextTable::Align::Right);
  if (any_not_run) table.column("not run", TextTable::Align::Right);
  for (const plan::StepId id : plan.steps.ids()) {
    const scheduler::StepTimes& row = timeline.steps[id.value];
    const std::uint32_t at_once = plan::own_limit(plan, id).value;
    std::vector<std::string> cells{fitted(plan.steps[id].name, name_width), state_words(row.state)};
    cells.push_back(time_text(row.start));
    cells.push_back(time_text(row.end));
    cells.push_back(fmt::format("{}", at_once));
    cells.push_back(fmt::format("{} of {}", row.succeeded, row.targets));
    if (any_failed) cells.push_back(fmt::format("{}", failed(row)));
    if (any_undone) cells.push_back(fmt::format("{}", row.undone));
    if (any_not_run) cells.push_back(fmt::format("{}", not_run(row)));
    table.row(std::move(cells));
    table.colour_last(1, state_colour(row.state, style.colour));
  }
  return table.text(2);
}

// The names get what the other columns leave of the width.
std::string steps_table(const plan::Plan& plan, const scheduler::Timeline& timeline,
                        const TextStyle& style) {
  constexpr int narrowest = 12;
  TextStyle plain = style;
  plain.colour = false;
  const std::string table = steps_table(plan, timeline, plain, narrowest);
  const int used = base::display_width(std::string_view(table).substr(0, table.find('\n')));
  return steps_table(plan, timeline, style, std::max(narrowest, narrowest + style.width - used));
}

// Why what was not run was not run, a line a step.
std::string reasons(const plan::Plan& plan, const scheduler::Timeline& timeline) {
  std::string text;
  for (const plan::StepId id : plan.steps.ids()) {
    const scheduler::StepTimes& row = timeline.steps[id.value];
    if (row.reason == scheduler::Reason::None) continue;
    text +=
        fmt::format("  {} {}: {}\n", fitted(plan.steps[id].name, 60), state_words(row.state),
                    fitted(scheduler::reason_text(plan, row.reason, row.cause, row.contract), 100));
  }
  return text;
}

std::string roles_table(const plan::Plan& plan, const scheduler::Timeline& timeline) {
  TextTable table;
  table.column("role");
  table.column("targets", TextTable::Align::Right);
  table.column("lowest in service", TextTable::Align::Right);
  table.column("at", TextTable::Align::Right);
  table.column("downtime", TextTable::Align::Right);
  table.column("out of service, summed", TextTable::Align::Right);
  for (const plan::RoleId id : plan.roles.ids()) {
    const scheduler::RoleTimes& role = timeline.roles[id.value];
    table.row({fitted(plan.roles[id].name, 30), fmt::format("{}", role.targets),
               fmt::format("{}", role.available_min), time_text(role.available_min_at),
               duration_text(role.downtime), duration_text(role.out_of_service)});
  }
  return table.text(2);
}

// A schedule that breaks a contract refutes it, unless it need only hold in a share of runs.
std::string_view in_general(const plan::Contract& contract, bool held, const plan::Proof& proof) {
  if (proof.answer == plan::Proof::Answer::Proved) return "proved";
  return held || contract.share ? "undecided" : "refuted";
}

std::string contracts_table(const plan::Plan& plan, const scheduler::Timeline& timeline,
                            const TextStyle& style, const std::vector<plan::Proof>& proofs) {
  TextTable table;
  table.column("contract");
  table.column("");
  if (!proofs.empty()) table.column("in general");
  table.column("worst", TextTable::Align::Right);
  table.column("at", TextTable::Align::Right);
  for (std::size_t i = 0; i < plan.contracts.size(); ++i) {
    const plan::Contract& contract = plan.contracts[i];
    const scheduler::ContractTimes& times = timeline.contracts[i];
    const bool of_time = contract.kind == plan::Contract::Kind::Duration ||
                         contract.kind == plan::Contract::Kind::Downtime;
    std::string worst = of_time ? duration_text({times.worst}) : fmt::format("{}", times.worst);
    if (!contract.per.empty()) {
      worst += " in " + plan::to_text(contract.bounds[times.bound].value);
    }
    std::vector<std::string> cells{fitted(contract.text, 60), times.held ? "held" : "broken"};
    if (!proofs.empty()) cells.emplace_back(in_general(contract, times.held, proofs[i]));
    cells.push_back(fitted(worst, 30));
    cells.push_back(time_text(times.at));
    table.row(std::move(cells));
    table.colour_last(1, state_colour(times.held ? State::Succeeded : State::Failed, style.colour));
  }
  return table.text(2);
}

// The path step by step: what stands on one target in one step is one item.
std::string critical_path_text(const plan::Plan& plan, const scheduler::Timeline& timeline) {
  struct Item {
    plan::StepId step;
    std::string targets;
    std::uint32_t lanes = 0;
    base::Duration length;
  };
  std::vector<Item> items;
  std::uint32_t last_lane = 0;
  for (const scheduler::PathPart& part : timeline.critical_path) {
    const bool same_step = !items.empty() && items.back().step == part.step;
    const std::string name(plan::lane_name(plan, part.step, part.lane));
    if (!same_step) {
      items.push_back({part.step, name, 1, {}});
    } else if (part.lane != last_lane) {
      ++items.back().lanes;
      const std::size_t arrow = items.back().targets.find(" … ");
      items.back().targets = items.back().targets.substr(0, arrow) + " … " + name;
    }
    last_lane = part.lane;
    items.back().length = items.back().length + (part.end - part.start);
  }
  std::string text = "  critical path\n";
  for (const Item& item : items) {
    text += fmt::format("    {}  {} ({})\n", padded(duration_text(item.length), 10),
                        fitted(plan.steps[item.step].name, 50),
                        item.lanes == 1 ? fitted(item.targets, 40)
                                        : fmt::format("{} targets in a row: {}", item.lanes,
                                                      fitted(item.targets, 60)));
  }
  return items.empty() ? "" : text;
}

}  // namespace

std::string duration_text(base::Duration duration) {
  constexpr std::int64_t minute = 60'000;
  if (duration.ms < 1000 || duration.ms % 1000 == 0) return plan::to_text(plan::Value{duration});
  std::string seconds = fmt::format("{}.{:03}", duration.ms % minute / 1000, duration.ms % 1000);
  seconds.erase(seconds.find_last_not_of('0') + 1);
  const base::Duration whole{duration.ms / minute * minute};
  return (whole.ms > 0 ? plan::to_text(plan::Value{whole}) : "") + seconds + "s";
}

std::string time_text(Instant at) {
  return at == Instant::never() ? "—" : duration_text(at - Instant{0});
}

std::string deployment_text(const plan::Plan& plan, int columns) {
  const std::string text = fitted(plan.deployment, columns);
  return plan.environment.empty() ? text : text + " in " + fitted(plan.environment, 30);
}

std::string summary_text(const plan::Plan& plan, const scheduler::Timeline& timeline,
                         const std::vector<std::string>& assumed, const TextStyle& style,
                         const std::vector<plan::Proof>& proofs) {
  const std::string_view colour = state_colour(timeline.outcome, style.colour);
  const bool whole = scheduler::is_end(timeline.outcome);
  std::string text = fmt::format("{}: {}{}{} {} {}", deployment_text(plan, 60), colour,
                                 state_words(timeline.outcome), colour.empty() ? "" : "\x1b[0m",
                                 whole ? "in" : "after", duration_text(timeline.duration));
  if (timeline.waiting.ms > 0) {
    text += fmt::format(", {} of it waiting for people", duration_text(timeline.waiting));
  }
  text += "\n\n";
  text += steps_table(plan, timeline, style);
  const std::string why = reasons(plan, timeline);
  if (!why.empty()) text += "\n" + why;
  if (!plan.roles.empty()) text += "\n" + roles_table(plan, timeline);
  if (!plan.contracts.empty()) text += "\n" + contracts_table(plan, timeline, style, proofs);
  const std::string path = critical_path_text(plan, timeline);
  if (!path.empty()) text += "\n" + path;
  if (!assumed.empty()) {
    text += "\n  assumed\n";
    constexpr std::size_t most = 8;
    for (std::size_t i = 0; i < assumed.size() && i < most; ++i) {
      text += "    " + fitted(assumed[i], 120) + "\n";
    }
    if (assumed.size() > most) text += fmt::format("    … and {} more\n", assumed.size() - most);
  }
  return text;
}

}  // namespace sluice::render
