// Many runs of one plan, and what they have in common: quantiles of durations, lowest capacity,
// the chance of success and of each contract. Run i of a seed is the same whoever carries it out,
// so the numbers are the same for any number of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "simulator/settings.h"

namespace sluice::simulator {

// What a number came to over all runs, sorted. Eight bytes a run, which is what exact quantiles
// need; nothing else grows with the runs.
class Sample {
 public:
  explicit Sample(std::size_t runs) : values_(runs) {}
  void set(std::size_t run, std::int64_t value) { values_[run] = value; }
  void sort();

  // After sort(): the smallest value that at least so many thousandths of the runs do not exceed.
  std::int64_t quantile(std::uint32_t per_mille) const;
  // Where that quantile of all possible runs lies, in 95 of 100 cases: order statistics by the
  // binomial distribution's normal approximation (Conover, "Practical Nonparametric Statistics",
  // 3.2).
  struct Interval {
    std::int64_t low = 0;
    std::int64_t high = 0;
    bool operator==(const Interval&) const = default;
  };
  Interval interval(std::uint32_t per_mille) const;
  double mean() const;
  const std::vector<std::int64_t>& values() const { return values_; }
  double variance() const;
  std::int64_t min() const { return values_.front(); }
  std::int64_t max() const { return values_.back(); }

  bool operator==(const Sample&) const = default;

 private:
  std::vector<std::int64_t> values_;
};

// A share of runs, with the interval that holds its true value in 95 of 100 cases (Wilson,
// "Probable inference, the law of succession, and statistical inference", JASA 22, 1927).
struct Probability {
  double value = 0;
  double low = 0;
  double high = 0;
  bool operator==(const Probability&) const = default;
};
Probability probability_of(std::uint32_t hits, std::uint32_t runs);

struct RoleSample {
  Sample available_min;
  Sample downtime_ms;
  Sample out_of_service_ms;
  bool operator==(const RoleSample&) const = default;
};

struct ContractSample {
  std::uint32_t held_runs = 0;
  Probability probability;
  double required = 1;  // the share of runs in which it must hold
  bool held = false;
  bool operator==(const ContractSample&) const = default;
};

struct Outlook {
  std::uint32_t runs = 0;
  Sample duration_ms{0};
  Sample waiting_ms{0};
  std::uint32_t succeeded = 0, degraded = 0, failed = 0, aborted = 0;
  Probability success;  // ended `succeeded`
  std::vector<RoleSample> roles;
  std::vector<ContractSample> contracts;
  std::vector<std::string> assumed;
  bool operator==(const Outlook&) const = default;
};

inline constexpr std::uint32_t most_runs = 10'000'000;

struct MonteCarlo {
  std::uint32_t runs = 1000;  // 1 … most_runs
  std::uint32_t threads = 1;
  std::function<void(std::uint32_t done)> progress;  // now and then, on the caller's thread
};

// Runs settings.run, settings.run + 1, …; detail is of no account. Fails where one run does.
base::Result<Outlook> predict(const plan::Plan& plan, const Settings& settings,
                              const MonteCarlo& many);

}  // namespace sluice::simulator
