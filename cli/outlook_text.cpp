#include <fmt/format.h>

#include <algorithm>

#include "cli/outlook.h"
#include "plan/prove.h"
#include "render/text_table.h"

namespace sluice::cli {

namespace {

using render::fitted;
using render::TextTable;
using simulator::Outlook;
using simulator::Probability;
using simulator::Sample;

// To a tenth, and never 100% or 0% of what is not all or nothing.
std::string percent(double share) {
  if (share > 0.999 && share < 1) return "99.9%";
  if (share > 0 && share < 0.001) return "0.1%";
  std::string text = fmt::format("{:.1f}", share * 100);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text + "%";
}

std::string interval_text(const Probability& probability) {
  return fmt::format("{} to {}", percent(probability.low), percent(probability.high));
}

std::string duration_sentences(const Outlook& outlook) {
  const Sample& duration = outlook.duration_ms;
  if (duration.min() == duration.max()) {
    return fmt::format("Every rollout ends after {}.\n", rounded_up_time(duration.max()));
  }
  const Sample::Interval interval = duration.interval(950);
  return fmt::format(
      "19 of 20 rollouts end within {} ({} to {} with 95% confidence), half within {}; the longest "
      "took {}.\n",
      rounded_up_time(duration.quantile(950)), rounded_up_time(interval.low),
      rounded_up_time(interval.high), rounded_up_time(duration.quantile(500)),
      rounded_up_time(duration.max()));
}

std::string outcome_sentence(const Outlook& outlook) {
  if (outlook.succeeded == outlook.runs) {
    return fmt::format("All {} succeed: a rollout does with at least {}.\n", outlook.runs,
                       percent(outlook.success.low));
  }
  const auto share = [&](std::uint32_t count) {
    return percent(static_cast<double>(count) / outlook.runs);
  };
  std::string text = fmt::format("{} succeed ({} with 95% confidence)", share(outlook.succeeded),
                                 interval_text(outlook.success));
  if (outlook.degraded > 0) text += fmt::format(", {} end degraded", share(outlook.degraded));
  if (outlook.failed > 0) text += fmt::format(", {} fail", share(outlook.failed));
  if (outlook.aborted > 0) text += fmt::format(", {} are aborted", share(outlook.aborted));
  return text + ".\n";
}

std::string role_sentence(const plan::Plan& plan, plan::RoleId id, const Outlook& outlook) {
  const plan::Role& role = plan.roles[id];
  const simulator::RoleSample& sample = outlook.roles[id.value];
  const std::uint32_t targets = plan.target_lists[role.targets].size();
  std::string text = fmt::format("{}: ", fitted(role.name, 40));
  if (sample.available_min.min() == targets) {
    return text + fmt::format("all {} stay in service.\n", targets);
  }
  text += fmt::format("never fewer than {} of {} in service", sample.available_min.min(), targets);
  if (sample.available_min.quantile(50) > sample.available_min.min()) {
    const Sample::Interval interval = sample.available_min.interval(50);
    text += fmt::format(", at least {} in 19 of 20 rollouts ({} to {} with 95% confidence)",
                        sample.available_min.quantile(50), interval.low, interval.high);
  }
  const Sample& downtime = sample.downtime_ms;
  if (downtime.max() == 0) {
    text += fmt::format("; never below the minimum of {}.\n", role.minimum);
  } else {
    const Sample::Interval interval = downtime.interval(950);
    text += fmt::format(
        "; below the minimum of {} for at most {} in 19 of 20 ({} to {} with 95% confidence), {} "
        "at "
        "worst.\n",
        role.minimum, rounded_up_time(downtime.quantile(950)), rounded_up_time(interval.low),
        rounded_up_time(interval.high), rounded_up_time(downtime.max()));
  }
  return text;
}

std::string contract_sentence(const plan::Contract& contract,
                              const simulator::ContractSample& sample, bool proved,
                              std::uint32_t runs, const render::TextStyle& style) {
  const std::string_view colour = !style.colour ? "" : sample.held ? "\x1b[32m" : "\x1b[31m";
  const std::string_view plain = style.colour ? "\x1b[0m" : "";
  const std::string text = fitted(contract.text, 70);
  const std::string verdict =
      fmt::format("{}{}{}", colour, sample.held ? "holds" : "does not hold", plain);
  if (proved) return fmt::format("`{}` {}: proved, whatever takes how long.\n", text, verdict);
  if (sample.held_runs == runs) {
    return fmt::format("`{}` {}, estimated: in every run, so in at least {} of all.\n", text,
                       verdict, percent(sample.probability.low));
  }
  return fmt::format(
      "`{}` {}, estimated: in {} of the runs ({} with 95% confidence); {} are asked for.\n", text,
      verdict, percent(sample.probability.value), interval_text(sample.probability),
      sample.required < 1 ? percent(sample.required) : "all");
}

std::string quantile_table(const plan::Plan& plan, const Outlook& outlook) {
  TextTable table;
  table.column("");
  constexpr std::string_view titles[] = {"mean", "p5", "p50", "p90", "p95", "p99", "longest"};
  for (const std::string_view title : titles) {
    table.column(std::string(title), TextTable::Align::Right);
  }
  const auto row = [&](std::string name, const Sample& sample) {
    std::vector<std::string> cells{std::move(name),
                                   rounded_up_time(static_cast<std::int64_t>(sample.mean()))};
    for (const std::uint32_t per_mille : {50U, 500U, 900U, 950U, 990U, 1000U}) {
      cells.push_back(rounded_up_time(sample.quantile(per_mille)));
    }
    table.row(std::move(cells));
  };
  row("duration", outlook.duration_ms);
  if (outlook.waiting_ms.max() > 0) row("of it waiting for people", outlook.waiting_ms);
  std::uint32_t left = 10;  // roles; all stand in the JSON
  for (const plan::RoleId id : plan.roles.ids()) {
    const simulator::RoleSample& sample = outlook.roles[id.value];
    if (sample.out_of_service_ms.max() == 0) continue;
    if (left == 0) break;
    --left;
    const std::string name = fitted(plan.roles[id].name, 24);
    if (sample.downtime_ms.max() > 0) row(name + " below its minimum", sample.downtime_ms);
    row(name + " out of service, summed", sample.out_of_service_ms);
  }
  return table.text(2);
}

// Steps to which at least a twentieth of the spread goes back.
std::string drivers_text(const plan::Plan& plan, const std::vector<simulator::Driver>& drivers) {
  std::string text;
  for (const simulator::Driver& driver : drivers) {
    if (driver.share < 0.05) continue;
    text += fmt::format(
        "    {}: {} of the spread; if it always took its median, 19 of 20 would end within {}\n",
        fitted(plan.steps[driver.step].name, 50), percent(driver.share),
        rounded_up_time(driver.p95_ms));
  }
  return text.empty() ? "" : "\n  what makes the duration uncertain\n" + text;
}

}  // namespace

std::string rounded_up_time(std::int64_t ms) {
  const std::int64_t unit = ms >= 600'000 ? 1000 : ms >= 60'000 ? 100 : 1;
  return render::time_text(base::Instant{(ms + unit - 1) / unit * unit});
}

std::vector<std::string> outlook_sentences(const plan::Plan& plan, const Outlook& outlook) {
  std::vector<std::string> sentences{duration_sentences(outlook), outcome_sentence(outlook)};
  for (const plan::RoleId role : plan.roles.ids()) {
    sentences.push_back(role_sentence(plan, role, outlook));
  }
  for (std::string& sentence : sentences) sentence.pop_back();  // its line end
  return sentences;
}

std::string outlook_text(const plan::Plan& plan, const Outlook& outlook,
                         const std::vector<simulator::Driver>& drivers, std::uint64_t seed,
                         const render::TextStyle& style) {
  std::string text =
      fmt::format("{}: {} runs of seed {}\n\n", fitted(plan.deployment, 60), outlook.runs, seed);
  text += "  " + duration_sentences(outlook);
  text += "  " + outcome_sentence(outlook);
  for (const plan::RoleId role : plan.roles.ids())
    text += "  " + role_sentence(plan, role, outlook);
  const std::vector<plan::Proof> proofs = plan::prove(plan);
  for (std::size_t i = 0; i < plan.contracts.size(); ++i) {
    const bool proved = proofs[i].answer == plan::Proof::Answer::Proved;
    text += "  " +
            contract_sentence(plan.contracts[i], outlook.contracts[i], proved, outlook.runs, style);
  }
  text += "\n" + quantile_table(plan, outlook);
  text += drivers_text(plan, drivers);
  if (!outlook.assumed.empty()) {
    text += "\n  assumed\n";
    constexpr std::size_t most = 8;
    for (std::size_t i = 0; i < std::min(most, outlook.assumed.size()); ++i) {
      text += "    " + fitted(outlook.assumed[i], 120) + "\n";
    }
    if (outlook.assumed.size() > most) {
      text += fmt::format("    … and {} more\n", outlook.assumed.size() - most);
    }
  }
  return text;
}

}  // namespace sluice::cli
