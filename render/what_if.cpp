#include "render/what_if.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "base/json_writer.h"
#include "base/words.h"
#include "render/plan_words.h"
#include "render/state_words.h"
#include "render/text_table.h"
#include "render/timeline_json.h"
#include "scheduler/asked.h"
#include "scheduler/work.h"

namespace sluice::render {

namespace {

using scheduler::Release;
using scheduler::State;
using scheduler::Timeline;

// What a run leaves behind, in numbers.
struct Harm {
  scheduler::Releases releases;
  std::uint32_t bad = 0;  // targets that did not end verified
  std::uint32_t out = 0;  // of service at the end
  std::uint32_t lowest = 0xffff'ffff;
};

Harm harm_of(const plan::Plan& plan, const Timeline& timeline) {
  Harm harm;
  harm.releases = scheduler::releases_of(plan, timeline);
  const scheduler::Census& census = timeline.census;
  harm.bad = census.failed + census.skipped + census.excluded + census.left_behind +
             census.not_started + census.unknown;
  for (const bool out : timeline.target_out) harm.out += out ? 1 : 0;
  for (const auto& role : timeline.roles) harm.lowest = std::min(harm.lowest, role.available_min);
  return harm;
}

// The worst first: most targets that did not get there, then most left out, lowest capacity,
// longest.
std::vector<std::size_t> worst_first(const std::vector<WhatIf>& runs,
                                     const std::vector<Harm>& harms) {
  std::vector<std::size_t> order(runs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto rank = [&](std::size_t i) {
    return std::array<std::int64_t, 4>{-std::int64_t{harms[i].bad}, -std::int64_t{harms[i].out},
                                       harms[i].lowest, -runs[i].timeline.duration.ms};
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  return order;
}

// Roles of which none goes out of service in any run would only make the table wide.
std::vector<plan::RoleId> roles_shown(const plan::Plan& plan, const std::vector<WhatIf>& runs) {
  std::vector<plan::RoleId> roles;
  for (const plan::RoleId id : plan.roles.ids()) {
    const bool goes_out = std::any_of(runs.begin(), runs.end(), [&](const WhatIf& run) {
      const scheduler::RoleTimes& role = run.timeline.roles[id.value];
      return role.available_min < role.targets;
    });
    if (goes_out) roles.push_back(id);
  }
  return roles;
}

std::string rollback_cell(const std::optional<scheduler::TakenBack>& rollback) {
  if (!rollback) return "—";
  return fmt::format("{} ({})", duration_text(rollback->time),
                     base::counted(rollback->lanes, "target"));
}

// Of a scheduler::FirstFailure or a scheduler::Asked.
template <class Row>
std::string full_name(const plan::Plan& plan, const Row& row) {
  const plan::Step& step = plan.steps[row.step];
  const std::string part =
      scheduler::part_name(plan, {.step = row.step, .task = row.task, .part = row.part});
  return step.has_child_steps ? step.name + "/" + part : part;
}

}  // namespace

std::string_view release_name(Release release) {
  switch (release) {
    case Release::Old:
      return "old";
    case Release::Between:
      return "between";
    case Release::New:
      return "new";
  }
  return "";
}

std::string what_if_text(const plan::Plan& plan, const std::string& task,
                         const std::vector<WhatIf>& runs, const TextStyle& style) {
  std::vector<Harm> harms;
  for (const WhatIf& run : runs) harms.push_back(harm_of(plan, run.timeline));
  const std::vector<plan::RoleId> roles = roles_shown(plan, runs);
  const bool undoes = std::any_of(runs.begin(), runs.end(),
                                  [](const WhatIf& run) { return run.rollback.has_value(); });
  TextTable table;
  table.column("fails on");
  table.column("outcome");
  for (const char* title :
       {"duration", "failed", "not reached", "on new", "between", "on old", "out at the end"}) {
    table.column(title, TextTable::Align::Right);
  }
  for (const plan::RoleId id : roles) {
    table.column(fmt::format("lowest {}", fitted(plan.roles[id].name, 20)),
                 TextTable::Align::Right);
  }
  if (undoes) table.column("all back in", TextTable::Align::Right);
  for (const std::size_t i : worst_first(runs, harms)) {
    const Timeline& timeline = runs[i].timeline;
    const scheduler::Census& census = timeline.census;
    const scheduler::Releases& releases = harms[i].releases;
    std::vector<std::string> cells{fitted(runs[i].target, 40), state_words(timeline.outcome),
                                   duration_text(timeline.duration)};
    for (const std::uint32_t count :
         {census.failed, census.skipped + census.not_started, releases.count(Release::New),
          releases.count(Release::Between), releases.count(Release::Old), harms[i].out}) {
      cells.push_back(fmt::format("{}", count));
    }
    for (const plan::RoleId id : roles) {
      cells.push_back(fmt::format("{}", timeline.roles[id.value].available_min));
    }
    if (undoes) cells.push_back(rollback_cell(runs[i].rollback));
    table.row(std::move(cells));
    table.colour_last(1, state_colour(timeline.outcome, style.colour));
  }
  return fmt::format("{}: what if `{}` fails on one target, the worst first\n\n{}",
                     fitted(plan.deployment, 60), fitted(task, 60), table.text(2));
}

std::string what_if_json(const plan::Plan& plan, const std::string& task,
                         const std::vector<WhatIf>& runs, std::uint64_t seed) {
  std::vector<Harm> harms;
  for (const WhatIf& run : runs) harms.push_back(harm_of(plan, run.timeline));
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().member("schema", "sluice.what_if/1").member("fail", task);
  json.key("worst_first").begin_array();
  for (const std::size_t i : worst_first(runs, harms)) json.value(runs[i].target);
  json.end_array().end_object();
  text.pop_back();
  text += ",\"runs\":[";
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const WhatIf& run = runs[i];
    if (i > 0) text += ',';
    base::JsonWriter row(text);
    const scheduler::Releases& releases = harms[i].releases;
    row.begin_object().member("fail", fmt::format("{}@{}", task, run.target));
    row.member("new", releases.count(Release::New));
    row.member("between", releases.count(Release::Between));
    row.member("old", releases.count(Release::Old)).member("out_of_service", harms[i].out);
    row.key("rollback");
    if (run.rollback) {
      row.begin_object().member("targets", run.rollback->lanes);
      row.member("time_ms", run.rollback->time.ms).end_object();
    } else {
      row.null();
    }
    row.end_object();
    text.pop_back();
    std::string document = timeline_json(plan, run.timeline, {seed, {}, {}, run.assumed});
    document.pop_back();
    text += ",\"timeline\":" + document + "}";
  }
  return text + "]}\n";
}

std::string asked_text(const plan::Plan& plan, const Timeline& timeline) {
  constexpr std::size_t most = 8;
  const std::vector<scheduler::Asked> rows = scheduler::asked_of(plan, timeline);
  if (rows.empty()) return "";
  std::string text = "  a person is asked\n";
  for (std::size_t i = 0; i < rows.size() && i < most; ++i) {
    const scheduler::Asked& row = rows[i];
    const bool approves = row.question == scheduler::Asked::Question::Approve;
    text +=
        fmt::format("    at {}  {} on {}{}\n", time_text(row.at), quoted_name(full_name(plan, row)),
                    shown_name(plan::lane_name(plan, row.step, row.lane)),
                    approves ? ": approve or reject? (here: approve)"
                             : " failed: retry, ignore, exclude or abort? (here: exclude)");
  }
  if (rows.size() > most) text += fmt::format("    … and {} times more\n", rows.size() - most);
  return text;
}

std::string releases_text(const plan::Plan& plan, const Timeline& timeline) {
  std::string text;
  const scheduler::FirstFailure first = scheduler::first_failure(plan, timeline);
  if (first.step.valid()) {
    base::Instant last;
    for (const scheduler::LaneTimes& lane : timeline.lanes) {
      if (lane.start != base::Instant::never()) last = std::max(last, lane.start);
    }
    text += fmt::format("  the first failure: {} on {} at {}; the last target begins at {}\n",
                        quoted_name(full_name(plan, first)),
                        shown_name(plan::lane_name(plan, first.step, first.lane)),
                        time_text(first.at), time_text(last));
  }
  const scheduler::Releases releases = scheduler::releases_of(plan, timeline);
  const std::uint32_t fresh = releases.count(Release::New);
  const std::uint32_t between = releases.count(Release::Between);
  const std::uint32_t old = releases.count(Release::Old);
  if (fresh + between + old == 0) return text;
  text += fmt::format("  on the new release {}, between {}, on the old {}\n", fresh, between, old);
  for (const scheduler::SideBySide& row : scheduler::side_by_side(plan, timeline, releases)) {
    const std::string old_role = shown_name(plan.roles[row.old_role].name);
    const std::string new_role = shown_name(plan.roles[row.new_role].name);
    const std::string who = row.old_role == row.new_role
                                ? fmt::format("{}: old and new serve side by side", old_role)
                                : fmt::format("old {} serves beside new {}", old_role, new_role);
    text += fmt::format("  {} for {}, from {} to {}\n", who, duration_text(row.time),
                        time_text(row.span.start), time_text(row.span.end));
  }
  return text;
}

}  // namespace sluice::render
