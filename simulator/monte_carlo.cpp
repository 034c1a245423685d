#include "simulator/monte_carlo.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "simulator/attempts.h"
#include "simulator/carry_out.h"
#include "simulator/parallel.h"
#include "simulator/simulator.h"

namespace sluice::simulator {

namespace {

using base::Error;
using base::Result;

constexpr double z_of_interval = 1.959963984540054;  // two-sided, 95%
constexpr std::uint32_t portion = 8;                 // runs that a thread takes at once

// What one thread counts; summed when all are done, in which no order can be seen.
struct Counts {
  std::uint32_t succeeded = 0, degraded = 0, failed = 0, aborted = 0;
  std::vector<std::uint32_t> held;
  std::uint32_t failed_run = 0;
  std::optional<Error> error;  // of the first run that could not be worked out
};

void count(Counts& counts, const scheduler::Timeline& timeline) {
  switch (timeline.outcome) {
    case scheduler::State::Succeeded:
      ++counts.succeeded;
      break;
    case scheduler::State::Degraded:
      ++counts.degraded;
      break;
    case scheduler::State::Aborted:
      ++counts.aborted;
      break;
    default:
      ++counts.failed;
      break;
  }
  for (std::size_t i = 0; i < counts.held.size(); ++i) {
    counts.held[i] += timeline.contracts[i].held ? 1U : 0U;
  }
}

void set(Outlook& outlook, std::uint32_t run, const scheduler::Timeline& timeline) {
  outlook.duration_ms.set(run, timeline.duration.ms);
  outlook.waiting_ms.set(run, timeline.waiting.ms);
  for (std::size_t i = 0; i < outlook.roles.size(); ++i) {
    const scheduler::RoleTimes& times = timeline.roles[i];
    outlook.roles[i].available_min.set(run, times.available_min);
    outlook.roles[i].downtime_ms.set(run, times.downtime.ms);
    outlook.roles[i].out_of_service_ms.set(run, times.out_of_service.ms);
  }
}

void sum_up(Outlook& outlook, const plan::Plan& plan, const std::vector<Counts>& all) {
  std::vector<std::uint32_t> held(plan.contracts.size());
  for (const Counts& counts : all) {
    outlook.succeeded += counts.succeeded;
    outlook.degraded += counts.degraded;
    outlook.failed += counts.failed;
    outlook.aborted += counts.aborted;
    for (std::size_t i = 0; i < held.size(); ++i) held[i] += counts.held[i];
  }
  outlook.success = probability_of(outlook.succeeded, outlook.runs);
  outlook.duration_ms.sort();
  outlook.waiting_ms.sort();
  for (RoleSample& role : outlook.roles) {
    role.available_min.sort();
    role.downtime_ms.sort();
    role.out_of_service_ms.sort();
  }
  for (std::size_t i = 0; i < held.size(); ++i) {
    ContractSample sample;
    sample.held_runs = held[i];
    sample.probability = probability_of(held[i], outlook.runs);
    const auto& share = plan.contracts[i].share;
    const std::int64_t micros = share ? share->micros : 100'000'000;
    sample.required = static_cast<double>(micros) / 100e6;
    // In whole numbers: 95 of 100 runs are 95%.
    sample.held = std::int64_t{held[i]} * 100'000'000 >= micros * std::int64_t{outlook.runs};
    outlook.contracts.push_back(sample);
  }
}

}  // namespace

void Sample::sort() {
  std::sort(values_.begin(), values_.end());
}

std::int64_t Sample::quantile(std::uint32_t per_mille) const {
  const std::size_t rank = (values_.size() * per_mille + 999) / 1000;
  return values_[std::max<std::size_t>(rank, 1) - 1];
}

Sample::Interval Sample::interval(std::uint32_t per_mille) const {
  const auto runs = static_cast<double>(values_.size());
  const double share = per_mille / 1000.0;
  const double spread = z_of_interval * std::sqrt(runs * share * (1 - share));
  const double last = runs - 1;
  const double low = std::clamp(std::floor(runs * share - spread) - 1, 0.0, last);
  const double high = std::clamp(std::ceil(runs * share + spread), 0.0, last);
  return {values_[static_cast<std::size_t>(low)], values_[static_cast<std::size_t>(high)]};
}

double Sample::mean() const {
  __extension__ using Wide = __int128;
  Wide sum = 0;
  for (const std::int64_t value : values_) sum += value;
  return static_cast<double>(sum) / static_cast<double>(values_.size());
}

double Sample::variance() const {
  const double middle = mean();
  double sum = 0;
  for (const std::int64_t value : values_) {
    const double off = static_cast<double>(value) - middle;
    sum += off * off;
  }
  return values_.size() < 2 ? 0 : sum / static_cast<double>(values_.size() - 1);
}

Probability probability_of(std::uint32_t hits, std::uint32_t runs) {
  SLUICE_CHECK(runs > 0, "a share of no runs");
  const double n = runs;
  const double share = hits / n;
  const double z2 = z_of_interval * z_of_interval;
  const double middle = (share + z2 / (2 * n)) / (1 + z2 / n);
  const double half =
      z_of_interval / (1 + z2 / n) * std::sqrt(share * (1 - share) / n + z2 / (4 * n * n));
  return {share, hits == 0 ? 0 : std::max(0.0, middle - half),
          hits == runs ? 1 : std::min(1.0, middle + half)};
}

Result<Outlook> predict(const plan::Plan& plan, const Settings& settings, const MonteCarlo& many) {
  SLUICE_CHECK(many.runs > 0 && many.runs <= most_runs && many.threads > 0,
               "so many runs cannot be made");
  const Attempts attempts(plan, settings, many.runs);
  Outlook outlook;
  outlook.runs = many.runs;
  outlook.duration_ms = outlook.waiting_ms = Sample(many.runs);
  const RoleSample of_role{Sample(many.runs), Sample(many.runs), Sample(many.runs)};
  outlook.roles.assign(plan.roles.size(), of_role);
  std::vector<Counts> all(many.threads);
  for (Counts& counts : all) counts.held.resize(plan.contracts.size());
  share_out(
      many.threads, many.runs, portion,
      [&](const Portion& part) {
        Counts& counts = all[part.worker];
        for (std::uint32_t run = part.begin; run < part.end && !counts.error; ++run) {
          const auto timeline = carry_out(plan, attempts, settings.run + run,
                                          scheduler::Detail::Summary, settings.pace);
          if (!timeline) {
            counts.error = timeline.error();
            counts.failed_run = run;
            return;
          }
          count(counts, timeline.value());
          set(outlook, run, timeline.value());
        }
      },
      many.progress);
  const Counts* wrong = nullptr;
  for (const Counts& counts : all) {
    const bool earlier = wrong == nullptr || counts.failed_run < wrong->failed_run;
    if (counts.error && earlier) wrong = &counts;
  }
  if (wrong != nullptr) return *wrong->error;
  sum_up(outlook, plan, all);
  outlook.assumed = assumptions(plan, settings);
  return outlook;
}

}  // namespace sluice::simulator
