#include <fmt/format.h>

#include <algorithm>

#include "cli/advice.h"
#include "cli/outlook.h"
#include "render/text_table.h"

namespace sluice::cli {

namespace {

using render::fitted;
using render::TextTable;
using simulator::Advice;
using simulator::Candidate;
using simulator::Setting;

// Roles of which some target goes out of service with one of the settings.
std::vector<plan::RoleId> roles_to_show(const plan::Plan& plan, const Advice& advice) {
  std::vector<plan::RoleId> roles;
  for (const plan::RoleId id : plan.roles.ids()) {
    const std::uint32_t all = plan.target_lists[plan.roles[id].targets].size();
    const bool goes_out =
        std::any_of(advice.candidates.begin(), advice.candidates.end(),
                    [&](const Candidate& row) { return row.lowest[id.value] < all; });
    if (goes_out) roles.push_back(id);
  }
  return roles;
}

std::string name_of(const Candidate& candidate) {
  const bool own = candidate.changes == 0;
  return setting_text(candidate.setting) + (own ? " (as written)" : "");
}

// The front and the file's own, the quickest first.
std::vector<const Candidate*> rows_to_show(const Advice& advice) {
  std::vector<const Candidate*> rows;
  for (const Candidate& candidate : advice.candidates) {
    const bool same = std::any_of(rows.begin(), rows.end(), [&](const Candidate* row) {
      return row->p50_ms == candidate.p50_ms && row->p95_ms == candidate.p95_ms &&
             row->lowest == candidate.lowest && row->bad == candidate.bad;
    });
    if (candidate.changes == 0 || (candidate.on_front && !same)) rows.push_back(&candidate);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Candidate* a, const Candidate* b) { return a->p95_ms < b->p95_ms; });
  return rows;
}

std::string table_text(const plan::Plan& plan, const Advice& advice,
                       const std::vector<const Candidate*>& rows) {
  const std::vector<plan::RoleId> roles = roles_to_show(plan, advice);
  const bool contracts = !plan.contracts.empty();
  TextTable table;
  table.column("setting");
  table.column("half within", TextTable::Align::Right);
  table.column("19 of 20 within", TextTable::Align::Right);
  for (const plan::RoleId id : roles) {
    table.column(fmt::format("lowest {}", fitted(plan.roles[id].name, 20)),
                 TextTable::Align::Right);
  }
  table.column("bad", TextTable::Align::Right);
  table.column("noticed after", TextTable::Align::Right);
  if (contracts) table.column("contracts");
  for (const Candidate* row : rows) {
    std::vector<std::string> cells{name_of(*row), rounded_up_time(row->p50_ms),
                                   rounded_up_time(row->p95_ms)};
    for (const plan::RoleId id : roles) cells.push_back(fmt::format("{}", row->lowest[id.value]));
    cells.push_back(fmt::format("{}", row->bad));
    cells.push_back(rounded_up_time(row->noticed_ms));
    if (contracts) cells.emplace_back(row->keeps_contracts ? "kept" : "broken");
    table.row(std::move(cells));
  }
  return table.text(2);
}

// Duration to the right, the lowest share in service in brackets: what is bought with what.
std::string picture(const std::vector<const Candidate*>& rows, const render::TextStyle& style) {
  std::int64_t longest = 1;
  std::size_t widest = 0;
  for (const Candidate* row : rows) {
    longest = std::max(longest, row->p95_ms);
    widest = std::max(widest, name_of(*row).size());
  }
  const auto names = static_cast<int>(std::min<std::size_t>(widest, 40));
  const std::int64_t room = std::max(10, std::min(60, style.width - names - 14));
  std::string text;
  for (const Candidate* row : rows) {
    const std::int64_t half = std::max<std::int64_t>(1, row->p50_ms * room / longest);
    const std::int64_t whole = std::max(half, row->p95_ms * room / longest);
    std::string bar;
    for (std::int64_t i = 0; i < whole; ++i) {
      bar += !style.unicode ? (i < half ? "#" : "-") : i < half ? "█" : "░";
    }
    text += fmt::format("    {}  {} {}\n", render::padded(name_of(*row), names), bar,
                        rounded_up_time(row->p95_ms));
  }
  return text;
}

std::string contracts_sentence(const plan::Plan& plan, const Advice& advice) {
  if (plan.contracts.empty()) return "";
  if (!advice.smallest) return "  No setting that was tried keeps every contract.\n";
  if (*advice.smallest == 0) return "  As it is written, it keeps every contract.\n";
  const Candidate& least = advice.candidates[*advice.smallest];
  return fmt::format(
      "  The least change that keeps every contract: {}. 19 of 20 then end within {}.\n",
      setting_text(least.setting), rounded_up_time(least.p95_ms));
}

std::string order_sentence(const Advice& advice) {
  if (!advice.order) return "";
  const simulator::OrderAdvice& order = *advice.order;
  const bool better = order.longest_first_ms < order.as_written_ms;
  return fmt::format(
      "  Order: the step takes {} as it is written and {} with the longest first{}; no order could "
      "do it within less than {} (each at the median).\n",
      rounded_up_time(order.as_written_ms), rounded_up_time(order.longest_first_ms),
      better ? " (`order longest`)" : "", rounded_up_time(order.bound_ms));
}

std::string start_sentence(const Advice& advice, const WantedEnd& wanted) {
  const double percent = wanted.per_mille / 10.0;
  return fmt::format("  To have ended by {} in {:g} of 100 rollouts, start by {} at the latest.\n",
                     time_of_day(wanted.second_of_day), percent,
                     time_of_day(latest_start(advice, wanted)));
}

}  // namespace

std::string setting_text(const Setting& setting) {
  std::string text = fmt::format("window {}", setting.window);
  if (!setting.batches.empty()) {
    text += ", batches ";
    for (std::size_t i = 0; i < setting.batches.size(); ++i) {
      text += fmt::format("{}{}", i == 0 ? "" : ", ", setting.batches[i]);
    }
  }
  if (setting.order == Setting::Order::LongestFirst) text += ", longest first";
  if (setting.order == Setting::Order::ShortestFirst) text += ", shortest first";
  return text;
}

std::int64_t latest_start(const Advice& advice, const WantedEnd& wanted) {
  const std::int64_t longest = advice.duration_ms.interval(wanted.per_mille).high;
  return wanted.second_of_day - (longest + 999) / 1000;
}

std::string time_of_day(std::int64_t second) {
  constexpr std::int64_t day = 86'400;
  std::int64_t days = 0;
  for (; second < 0; second += day) ++days;
  std::string text = fmt::format("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
  if (days == 1) text += " the day before";
  if (days > 1) text += fmt::format(" {} days before", days);
  return text;
}

std::string advice_text(const plan::Plan& plan, const Advice& advice, std::uint64_t seed,
                        const std::optional<WantedEnd>& wanted, const render::TextStyle& style) {
  const std::vector<const Candidate*> rows = rows_to_show(advice);
  std::string text = fmt::format("{}: {} settings of `{}`, {} runs each of seed {}\n\n",
                                 fitted(plan.deployment, 60), advice.candidates.size(),
                                 fitted(plan.steps[advice.step].name, 40), advice.runs, seed);
  text += table_text(plan, advice, rows);
  text +=
      "\n  Each of these is better than every other in something. bad: on so many targets it has\n"
      "  failed before it stops, if it fails on all; noticed: when the first of them is seen.\n\n";
  text += picture(rows, style) + "\n";
  text += contracts_sentence(plan, advice) + order_sentence(advice);
  if (wanted) text += start_sentence(advice, *wanted);
  return text;
}

}  // namespace sluice::cli
