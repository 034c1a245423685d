// How a run goes on from where it stands: what has really happened so far is replayed, and then
// carried on many times in virtual time, each time with other draws of what is still to come. With
// nothing that has happened it is the prediction of the whole. It knows no clock: who asks says
// what time it is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "plan/plan.h"
#include "scheduler/outputs.h"
#include "scheduler/scheduler.h"
#include "simulator/monte_carlo.h"
#include "simulator/settings.h"

namespace sluice::simulator {

// One instant of a real run, and what its scripts wrote.
struct Happened {
  base::Instant at;
  std::vector<scheduler::Event> events;
  std::vector<scheduler::Written> written;
  bool taken_up = false;  // by another program than the one before: nobody carried it on meanwhile
  bool operator==(const Happened&) const = default;
};

// Of what 9 of 10 runs take: the 5th percentile, the median, the 95th.
struct Span {
  base::Duration low;
  base::Duration middle;
  base::Duration high;
  bool operator==(const Span&) const = default;
};

struct Prospect {
  std::uint32_t runs = 0;
  Sample end_ms{0};             // instants at which the last step ends
  std::uint32_t succeeded = 0;  // runs that ended `succeeded`
  // Actions under way that take longer than was ever to be expected: taken to end at once.
  std::uint32_t overdue = 0;
  struct Step {
    std::uint32_t runs = 0;  // in which it ran
    Span length;             // of those, from its begin to its end
    bool operator==(const Step&) const = default;
  };
  std::vector<Step> steps;  // by StepId
  bool operator==(const Prospect&) const = default;

  // What a share of the runs still needs at most, from `now` on.
  base::Duration left(base::Instant now, std::uint32_t per_mille) const;
};

// So many runs of this plan are worth their time, where about so many ends of actions may be gone
// through; at least 20 and at most `most`.
std::uint32_t affordable_runs(const plan::Plan& plan, std::uint64_t actions, std::uint32_t most);

// From `now` on, which is not before the last instant. `happened` is empty, or opens with the
// instant that began the run. Runs settings.run, settings.run + 1, …: a run that was simulated with
// one of them and is cut anywhere goes on as it did.
base::Result<Prospect> forecast(const plan::Plan& plan, const Settings& settings,
                                std::span<const Happened> happened, base::Instant now,
                                const MonteCarlo& many);

// The same bit by bit, beside a run that goes on meanwhile.
class Forecast {
 public:
  // The plan must outlive it.
  Forecast(const plan::Plan& plan, const Settings& settings, std::uint32_t runs);
  ~Forecast();
  Forecast(Forecast&&) noexcept;
  Forecast& operator=(Forecast&&) noexcept;

  void take(base::Instant at, std::span<const scheduler::Event> events,
            const std::vector<scheduler::Written>& written);
  // Goes through about so many instants of simulated runs, each of which starts from what has
  // happened when it is begun. True: a prospect has become complete, and the next one is begun.
  // Fails where nothing can be predicted.
  base::Result<bool> work(base::Instant now, std::uint32_t instants);
  // The last one that was complete.
  const std::optional<Prospect>& prospect() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace sluice::simulator
