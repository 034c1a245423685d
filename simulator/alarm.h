// Where a run leaves what was predicted of it: a step, or the whole, that takes longer or was over
// sooner than 9 of 10 runs. It knows no clock and no words.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "plan/plan.h"
#include "scheduler/scheduler.h"
#include "simulator/forecast.h"
#include "simulator/settings.h"

namespace sluice::simulator {

struct Alarm {
  plan::StepId step;  // invalid: the deployment as a whole
  bool over = false;  // it has ended; else it goes on
  base::Duration took;
  Span predicted;
  bool longer() const { return took > predicted.high; }
  bool operator==(const Alarm&) const = default;
};

// What is not held to any prediction: steps of which the file does not say how long they take,
// steps that wait for people, what ended badly or is being undone, and what stood still. What is so
// little outside, 2% and 50 ms for each action one after the other, is within: the controller's own
// work is no part of a prediction.
class Alarms {
 public:
  // The plan must outlive it. `takes history` says something where there is some.
  explicit Alarms(const plan::Plan& plan, const History& history = {});

  // Whether anything is held to a prediction at all.
  bool any() const;
  // What was to be expected of the whole, before it began; it may come later than that.
  void expect(const Prospect& prospect);
  // Each instant of the run, in order.
  void observe(base::Instant now, std::span<const scheduler::Event> events,
               const scheduler::Commands& commands);
  // The run stood still, or waits for a person: what has begun is no longer held to anything.
  void stood_still();
  // What has left its prediction by now, and has not been told yet: each step once.
  std::vector<Alarm> take(base::Instant now);
  // When take() is worth another look, as things stand; never() where nothing is.
  base::Instant next() const;

 private:
  struct Row {
    base::Instant start = base::Instant::never();
    base::Instant end = base::Instant::never();
    bool held = false;  // to its prediction
    base::Duration slack;
    Span expected;
  };
  void end_step(base::Instant now, const scheduler::Command& command);
  bool is_over(std::size_t place) const;
  bool watches(const Row& row) const { return row.held && row.start != base::Instant::never(); }
  base::Instant too_late(const Row& row) const;
  base::Duration shortest(const Row& row) const;

  const plan::Plan& plan_;
  std::vector<Row> rows_;    // by StepId, and the whole
  std::uint32_t ended_ = 0;  // steps
  bool expects_ = false;
};

}  // namespace sluice::simulator
