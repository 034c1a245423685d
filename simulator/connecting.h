// Connections that take a time to make: the first work on a host waits until its connection stands,
// and so does what begins there meanwhile. From then on it is kept, as the runtime keeps it.
#pragma once

#include <vector>

#include "base/time.h"
#include "plan/plan.h"
#include "scheduler/scheduler.h"
#include "scheduler/timeline.h"

namespace sluice::simulator {

class Connecting {
 public:
  // The plan must outlive it.
  explicit Connecting(const plan::Plan& plan);

  // No connection of the plan takes any time, and nothing below is needed.
  bool idle() const { return stands_.empty(); }

  // An attempt of this action begins: its connections that do not stand yet are made from now on.
  void begin(base::Instant now, const scheduler::Action& action);
  // How long an attempt that began at `since` waited for its connections: no time once they stand.
  base::Duration wait(base::Instant since, const scheduler::Action& action) const;
  // All attempts of a run, of which every interval was kept, in the order in which they began.
  void begin_all(const scheduler::Timeline& timeline);
  // How long an attempt of this timeline's task took once its connections stood.
  base::Duration connected(plan::StepId step, std::uint32_t lane, std::uint32_t task,
                           const scheduler::Interval& attempt) const;
  // It was out of reach: its target has no connection.
  void lose(const scheduler::Action& action);

 private:
  template <class Visit>
  void for_each_host(const scheduler::Action& action, Visit visit) const;
  base::Duration connect_time(plan::TargetId host) const;

  const plan::Plan& plan_;
  std::vector<base::Instant> stands_;  // by target: from when on; never(): nobody connects to it
};

}  // namespace sluice::simulator
