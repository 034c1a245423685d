#include "simulator/advise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <tuple>
#include <utility>

#include "simulator/attempts.h"
#include "simulator/carry_out.h"
#include "simulator/parallel.h"

namespace sluice::simulator {

namespace {

using base::Result;

// What the runs of one setting came to.
struct Measured {
  explicit Measured(std::uint32_t runs) : duration(runs), step(runs) {}
  Sample duration;
  Sample step;  // the step's own length
};

class Adviser {
 public:
  Adviser(const plan::Plan& plan, const Settings& settings, const Advise& request)
      : plan_(plan), settings_(settings), request_(request) {}

  Result<Advice> advise() {
    const std::vector<Setting> all = settings_to_try(plan_, settings_, request_.step);
    wanted_ = static_cast<std::uint32_t>(all.size());
    advice_.step = request_.step;
    advice_.runs = request_.many.runs;
    for (const Setting& setting : all) {
      if (const base::Status done = try_out(setting, all.front()); !done) return done.error();
      ++tried_;
    }
    const bool ordered = std::any_of(all.begin(), all.end(), [](const Setting& setting) {
      return setting.order == Setting::Order::LongestFirst;
    });
    if (!ordered) advice_.order.reset();
    find_front();
    find_smallest();
    return std::move(advice_);
  }

 private:
  base::Status try_out(const Setting& setting, const Setting& own) {
    const plan::Plan plan = with_setting(plan_, settings_, request_.step, setting);
    MonteCarlo many = request_.many;
    many.progress = [this](std::uint32_t done) {
      const std::uint64_t before = std::uint64_t{tried_} * request_.many.runs;
      const std::uint64_t all = std::uint64_t{wanted_} * request_.many.runs;
      if (request_.many.progress) {
        request_.many.progress(static_cast<std::uint32_t>((before + done) * 1000 / all));
      }
    };
    Result<Outlook> outlook = predict(plan, settings_, many);
    if (!outlook) return outlook.error();
    Candidate candidate;
    candidate.setting = setting;
    candidate.changes = (setting.window != own.window ? 1U : 0U) +
                        (setting.batches != own.batches ? 1U : 0U) +
                        (setting.order != own.order ? 1U : 0U);
    const Outlook& found = outlook.value();
    candidate.p50_ms = found.duration_ms.quantile(500);
    candidate.p95_ms = found.duration_ms.quantile(950);
    candidate.success = found.success.value;
    for (const RoleSample& role : found.roles) {
      candidate.lowest.push_back(static_cast<std::uint32_t>(role.available_min.min()));
    }
    candidate.keeps_contracts = std::all_of(found.contracts.begin(), found.contracts.end(),
                                            [](const auto& contract) { return contract.held; });
    if (const base::Status told = find_blast(plan, candidate); !told) return told;
    if (setting == own) advice_.duration_ms = found.duration_ms;
    if (const base::Status told = note_order(plan, setting, own); !told) return told;
    advice_.candidates.push_back(std::move(candidate));
    return base::Done{};
  }

  // The same step, bad on every target: the worst over its tasks, of which it may be any.
  base::Status find_blast(const plan::Plan& plan, Candidate& candidate) {
    const plan::Step& step = plan.steps[request_.step];
    const auto tasks = static_cast<std::uint32_t>(step.tasks.size());
    for (std::uint32_t task = tasks > most_tasks ? tasks - 1 : 0; task < tasks; ++task) {
      Settings settings = settings_;
      Failure everywhere;
      everywhere.step = request_.step;
      everywhere.task = task;
      everywhere.every_lane = true;
      settings.failures.push_back(everywhere);
      const Result<scheduler::Timeline> timeline = carry_out(
          plan, Attempts(plan, settings), settings.run, scheduler::Detail::Lanes, settings_.pace);
      if (!timeline) return timeline.error();
      const std::uint32_t bad = timeline.value().steps[request_.step.value].failed;
      if (bad < candidate.bad) continue;
      if (bad > candidate.bad) candidate.noticed_ms = 0;
      candidate.bad = bad;
      const std::int64_t noticed = first_failure(plan, timeline.value(), task);
      candidate.noticed_ms = std::max(candidate.noticed_ms, noticed);
    }
    return base::Done{};
  }

  std::int64_t first_failure(const plan::Plan& plan, const scheduler::Timeline& timeline,
                             std::uint32_t task) const {
    base::Instant first = base::Instant::never();
    const std::uint32_t lanes = plan::lane_count(plan, request_.step);
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      const scheduler::TaskTimes& times = timeline.task(plan, request_.step, lane, task);
      if (times.state == scheduler::State::Failed) first = std::min(first, times.end);
    }
    return first == base::Instant::never() ? 0 : first.ms;
  }

  // The step's own length with the file's order, and with the longest first.
  base::Status note_order(const plan::Plan& plan, const Setting& setting, const Setting& own) {
    const bool longest = setting.order == Setting::Order::LongestFirst;
    if (!longest && setting != own) return base::Done{};
    const Attempts attempts(plan, settings_);
    if (!attempts.draws_lanes(request_.step) || !simple(plan)) return base::Done{};
    const std::uint32_t runs = std::min(request_.many.runs, most_bound_runs);
    Sample lengths(runs);
    Sample bounds(runs);
    for (std::uint32_t run = 0; run < runs; ++run) {
      const Result<scheduler::Timeline> timeline = carry_out(
          plan, attempts, settings_.run + run, scheduler::Detail::Summary, settings_.pace);
      if (!timeline) return timeline.error();
      const scheduler::StepTimes& times = timeline.value().steps[request_.step.value];
      const bool ran = times.start != base::Instant::never() && times.end != base::Instant::never();
      lengths.set(run, ran ? (times.end - times.start).ms : 0);
      bounds.set(run, bound(plan, attempts, settings_.run + run));
    }
    lengths.sort();
    bounds.sort();
    if (!advice_.order) advice_.order.emplace();
    (longest ? advice_.order->longest_first_ms : advice_.order->as_written_ms) =
        lengths.quantile(500);
    advice_.order->bound_ms = bounds.quantile(500);
    return base::Done{};
  }

  // Every task runs once on each target, and nothing but the window holds a target back.
  bool simple(const plan::Plan& plan) const {
    const plan::Step& step = plan.steps[request_.step];
    return step.batches.sizes.empty() && step.by.empty() &&
           std::all_of(step.tasks.begin(), step.tasks.end(), [](const plan::Task& task) {
             return !task.fails && !task.disabled && task.when != plan::When::Failure &&
                    !task.condition && !task.verify && !task.skip_verified;
           });
  }

  // max(longest lane, all of them shared out over the window): Graham, "Bounds on multiprocessing
  // timing anomalies", SIAM J. Appl. Math. 17, 1969.
  std::int64_t bound(const plan::Plan& plan, const Attempts& attempts, std::uint32_t run) const {
    const plan::Step& step = plan.steps[request_.step];
    const auto tasks = static_cast<std::uint32_t>(step.tasks.size());
    const std::uint32_t lanes = plan::lane_count(plan, request_.step);
    std::int64_t all = 0;
    std::int64_t longest = 0;
    std::array<DrawnLane, 1> drawn;
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      std::int64_t length = 0;
      for (std::uint32_t task = 0; task < tasks; ++task) {
        const std::uint32_t at = task % Attempts::block;
        if (at == 0) attempts.draw_lanes(request_.step, lane, task, run, drawn);
        length += drawn[0].takes[at];
      }
      all += length;
      longest = std::max(longest, length);
    }
    const std::int64_t window = std::max(1U, step.window.value);
    return std::max(longest, (all + window - 1) / window);
  }

  static bool as_good(const Candidate& a, const Candidate& b) {
    return a.p50_ms <= b.p50_ms && a.p95_ms <= b.p95_ms && a.bad <= b.bad &&
           a.success >= b.success &&
           std::equal(a.lowest.begin(), a.lowest.end(), b.lowest.begin(), std::greater_equal<>());
  }

  void find_front() {
    for (Candidate& candidate : advice_.candidates) {
      const auto beats = [&](const Candidate& other) {
        return as_good(other, candidate) && !as_good(candidate, other);
      };
      candidate.on_front =
          std::none_of(advice_.candidates.begin(), advice_.candidates.end(), beats);
    }
  }

  // Few changes before many, then a window near the file's before one far away, then the quicker.
  void find_smallest() {
    const double own = advice_.candidates.front().setting.window;
    const auto cost = [&](const Candidate& candidate) {
      const double far = std::abs(std::log(candidate.setting.window / own));
      return std::tuple(candidate.changes, far, candidate.p95_ms);
    };
    for (std::uint32_t i = 0; i < advice_.candidates.size(); ++i) {
      const Candidate& candidate = advice_.candidates[i];
      if (!candidate.keeps_contracts) continue;
      const bool less =
          !advice_.smallest || cost(candidate) < cost(advice_.candidates[*advice_.smallest]);
      if (less) advice_.smallest = i;
    }
  }

  static constexpr std::uint32_t most_tasks = 8;         // of which each is made to fail in turn
  static constexpr std::uint32_t most_bound_runs = 200;  // for the bound of the order

  const plan::Plan& plan_;
  const Settings& settings_;
  const Advise& request_;
  Advice advice_;
  std::uint32_t tried_ = 0;
  std::uint32_t wanted_ = 0;
};

}  // namespace

Result<Advice> advise(const plan::Plan& plan, const Settings& settings, const Advise& request) {
  return Adviser(plan, settings, request).advise();
}

}  // namespace sluice::simulator
