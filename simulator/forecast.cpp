#include "simulator/forecast.h"

#include <algorithm>

#include "scheduler/open_work.h"
#include "simulator/parallel.h"
#include "simulator/virtual_run.h"

namespace sluice::simulator {

namespace {

using base::Duration;
using base::Instant;
using base::Result;
using scheduler::Command;
using scheduler::State;

// When the steps of a run begin and end.
class Course {
 public:
  explicit Course(std::size_t steps) : steps_(steps, {Instant::never(), Instant::never()}) {}

  void observe(Instant now, std::span<const scheduler::Event>,
               const scheduler::Commands& commands) {
    for (const Command& command : commands) {
      if (command.kind == Command::Kind::StepBegan) steps_[command.action.step.value].start = now;
      if (command.kind != Command::Kind::StepEnded) continue;
      scheduler::Interval& step = steps_[command.action.step.value];
      if (command.state == State::Skipped) {
        step.start = Instant::never();
      } else {
        step.end = end_ = now;
      }
    }
  }

  // No step begins or ends there.
  void follow(Instant, const scheduler::Followed&) {}
  static bool proceeds(plan::StepId) { return true; }
  void proceed(Instant, plan::StepId, const scheduler::Scheduler::Procession&,
               std::span<const scheduler::Scheduler::Move>) {}

  Instant end() const { return end_; }
  // Nothing of one that did not run.
  std::optional<Duration> length(std::size_t step) const {
    const scheduler::Interval& times = steps_[step];
    if (times.start == Instant::never() || times.end == Instant::never()) return std::nullopt;
    return times.end - times.start;
  }

 private:
  std::vector<scheduler::Interval> steps_;
  Instant end_{0};
};

using Continued = VirtualRun<Course>;

// What has happened so far, ready to be carried on.
struct SoFar {
  SoFar(const plan::Plan& plan, const Attempts& attempts, Pace pace)
      : run(plan, attempts, Course(plan.steps.size()), pace), open(plan) {}

  void take(Instant at, std::span<const scheduler::Event> events,
            const std::vector<scheduler::Written>* written) {
    begun = true;
    for (const scheduler::Event& event : events) open.settle(event);
    run.take(at, events, written);
    for (const Command& command : run.commands()) open.follow(command, at);
  }
  void begin() {
    if (!begun) take({0}, {}, nullptr);
  }

  Continued run;
  scheduler::OpenWork open;
  bool begun = false;
};

// What many runs gave, each in its place, whoever ends first.
class Rows {
 public:
  Rows(std::size_t steps, std::uint32_t runs)
      : lengths_(steps, std::vector<std::int64_t>(runs, not_run)), ends_(runs), states_(runs) {}

  void set(std::uint32_t row, const Continued& run) {
    ends_[row] = run.fold().end().ms;
    states_[row] = run.state();
    for (std::size_t step = 0; step < lengths_.size(); ++step) {
      const auto length = run.fold().length(step);
      lengths_[step][row] = length ? length->ms : not_run;
    }
  }

  Prospect prospect(std::uint32_t overdue) const {
    Prospect made;
    made.runs = static_cast<std::uint32_t>(ends_.size());
    made.overdue = overdue;
    made.end_ms = sample_of(ends_);
    made.succeeded =
        static_cast<std::uint32_t>(std::count(states_.begin(), states_.end(), State::Succeeded));
    for (const std::vector<std::int64_t>& lengths : lengths_) {
      std::vector<std::int64_t> ran;
      std::copy_if(lengths.begin(), lengths.end(), std::back_inserter(ran),
                   [](std::int64_t length) { return length != not_run; });
      Prospect::Step& step = made.steps.emplace_back();
      step.runs = static_cast<std::uint32_t>(ran.size());
      if (ran.empty()) continue;
      const Sample sample = sample_of(ran);
      step.length = {{sample.quantile(50)}, {sample.quantile(500)}, {sample.quantile(950)}};
    }
    return made;
  }

 private:
  static constexpr std::int64_t not_run = -1;
  static Sample sample_of(const std::vector<std::int64_t>& values) {
    Sample sample(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) sample.set(i, values[i]);
    sample.sort();
    return sample;
  }

  std::vector<std::vector<std::int64_t>> lengths_;  // by step, then run
  std::vector<std::int64_t> ends_;                  // by run
  std::vector<State> states_;
};

std::uint32_t count_overdue(const Attempts& attempts, const SoFar& so_far, Instant now) {
  std::uint32_t count = 0;
  for (const auto& [action, work] : so_far.open.open) {
    const Duration elapsed = now - work.since - so_far.run.wait(work.since, action);
    if (!work.cancelled && attempts.is_overdue(action, std::max(elapsed, Duration{0}))) ++count;
  }
  return count;
}

}  // namespace

Duration Prospect::left(Instant now, std::uint32_t per_mille) const {
  return std::max(Duration{0}, Instant{end_ms.quantile(per_mille)} - now);
}

std::uint32_t affordable_runs(const plan::Plan& plan, std::uint64_t actions, std::uint32_t most) {
  constexpr std::uint64_t fewest = 20;
  std::uint64_t of_one = 1;
  for (const plan::StepId step : plan.steps.ids()) {
    of_one += std::uint64_t{plan::lane_count(plan, step)} * plan.steps[step].tasks.size();
  }
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(std::max(actions / of_one, fewest), most));
}

Result<Prospect> forecast(const plan::Plan& plan, const Settings& settings,
                          std::span<const Happened> happened, Instant now, const MonteCarlo& many) {
  const Attempts attempts(plan, settings);
  SoFar so_far(plan, attempts, settings.pace);
  for (const Happened& instant : happened) {
    so_far.take(instant.at, instant.events, &instant.written);
  }
  so_far.begin();
  Rows rows(plan.steps.size(), many.runs);
  std::vector<std::optional<base::Error>> errors(many.threads);
  share_out(
      many.threads, many.runs, 4,
      [&](const Portion& part) {
        for (std::uint32_t run = part.begin; run < part.end && !errors[part.worker]; ++run) {
          Continued continued = so_far.run;
          base::Status done = continued.go_on(settings.run + run, now, so_far.open);
          while (done && !continued.ended()) {
            if (!continued.step()) done = continued.status();
          }
          if (!done) errors[part.worker] = done.error();
          rows.set(run, continued);
        }
      },
      many.progress);
  for (const auto& error : errors) {
    if (error) return *error;
  }
  return rows.prospect(count_overdue(attempts, so_far, now));
}

struct Forecast::Implementation {
  Implementation(const plan::Plan& plan, const Settings& wanted, std::uint32_t count)
      : settings(wanted),
        attempts(plan, settings),
        so_far(plan, attempts, settings.pace),
        rows(plan.steps.size(), count),
        runs(count) {}

  Result<bool> work(Instant now, std::uint32_t instants) {
    so_far.begin();
    for (std::uint32_t i = 0; i < instants; ++i) {
      if (!current) {
        current.emplace(so_far.run);
        const base::Status begun = current->go_on(settings.run + done, now, so_far.open);
        if (!begun) return begun.error();
      }
      if (!current->ended()) {
        if (!current->step()) return current->status().error();
        continue;
      }
      rows.set(done, *current);
      current.reset();
      if (++done < runs) continue;
      done = 0;
      prospect = rows.prospect(count_overdue(attempts, so_far, now));
      return true;
    }
    return false;
  }

  const Settings settings;
  const Attempts attempts;
  SoFar so_far;
  Rows rows;
  std::uint32_t runs;
  std::uint32_t done = 0;            // of the prospect that is being made
  std::optional<Continued> current;  // of them, the next
  std::optional<Prospect> prospect;
};

Forecast::Forecast(const plan::Plan& plan, const Settings& settings, std::uint32_t runs)
    : implementation_(std::make_unique<Implementation>(plan, settings, runs)) {}
Forecast::~Forecast() = default;
Forecast::Forecast(Forecast&&) noexcept = default;
Forecast& Forecast::operator=(Forecast&&) noexcept = default;

void Forecast::take(Instant at, std::span<const scheduler::Event> events,
                    const std::vector<scheduler::Written>& written) {
  implementation_->so_far.take(at, events, &written);
}
Result<bool> Forecast::work(Instant now, std::uint32_t instants) {
  return implementation_->work(now, instants);
}
const std::optional<Prospect>& Forecast::prospect() const {
  return implementation_->prospect;
}

}  // namespace sluice::simulator
