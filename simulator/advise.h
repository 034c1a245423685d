// What other settings of one step would do: its window, its batches, its order. Each is simulated
// with the same draws, so that what differs between two settings is theirs and not chance's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "simulator/monte_carlo.h"
#include "simulator/settings.h"

namespace sluice::simulator {

struct Setting {
  enum class Order { AsWritten, LongestFirst, ShortestFirst };
  std::uint32_t window = 0;
  std::vector<std::uint32_t> batches;  // sizes, the last one repeats; empty: none
  Order order = Order::AsWritten;
  bool operator==(const Setting&) const = default;
};

struct Candidate {
  Setting setting;
  std::uint32_t changes = 0;  // of the three, how many are not the file's
  std::int64_t p50_ms = 0;
  std::int64_t p95_ms = 0;
  std::vector<std::uint32_t> lowest;  // by RoleId: in service, in any of the runs
  double success = 0;
  bool keeps_contracts = true;
  // If the step were bad on every target: how many it would have failed on before it stops, and
  // when the first of these failures is seen.
  std::uint32_t bad = 0;
  std::int64_t noticed_ms = 0;
  bool on_front = false;  // no other is as good in all of this, and better in some
  bool operator==(const Candidate&) const = default;
};

// The step's own length, at the median, and what no order of its targets could fall below: the
// longest of them, or the work of all shared out over the window.
struct OrderAdvice {
  std::int64_t as_written_ms = 0;
  std::int64_t longest_first_ms = 0;
  std::int64_t bound_ms = 0;
  bool operator==(const OrderAdvice&) const = default;
};

struct Advice {
  plan::StepId step;
  std::uint32_t runs = 0;
  std::vector<Candidate> candidates;      // the first is the file's own
  std::optional<std::uint32_t> smallest;  // the least change that keeps all contracts; 0: none
  std::optional<OrderAdvice> order;       // where targets take different times, and nothing fails
  Sample duration_ms{0};                  // of the file's own
  bool operator==(const Advice&) const = default;
};

struct Advise {
  plan::StepId step;
  MonteCarlo many;  // for each setting; progress is told of all runs of all settings
};

// The step that `advise` is about where none is named: of those with several targets the one with
// the most work; invalid: there is none.
plan::StepId step_to_advise(const plan::Plan& plan, const Settings& settings);

// Its settings that are worth a look: the file's own first. At most about thirty.
std::vector<Setting> settings_to_try(const plan::Plan& plan, const Settings& settings,
                                     plan::StepId step);

// The plan with this setting. Batches of a `by` stay as they are.
plan::Plan with_setting(const plan::Plan& plan, const Settings& settings, plan::StepId step,
                        const Setting& setting);

base::Result<Advice> advise(const plan::Plan& plan, const Settings& settings,
                            const Advise& request);

}  // namespace sluice::simulator
