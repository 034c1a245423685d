#include "cli/verdicts.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/prove.h"
#include "simulator/simulator.h"

namespace sluice::cli {

namespace {

using Answer = render::Verdict::Answer;

// A check is to be quick: so many lanes in all schedules together, and so many schedules.
constexpr std::uint64_t most_lanes = 1'000'000;
constexpr std::uint64_t most_schedules = 24;

// Whether every run of the plan without failures is the same, to the millisecond.
bool is_certain(const plan::Work& work) {
  return work.takes.kind == plan::DurationModel::Kind::Constant && !work.fails && !work.offline &&
         work.uses.empty();
}

// A condition that reads an output is only assumed to hold.
bool is_certain(const base::Boxed<plan::Expression>& condition) {
  return !condition || condition->stage != plan::Stage::AtRunTime;
}

bool is_certain(const plan::Plan& plan) {
  return std::all_of(plan.steps.begin(), plan.steps.end(), [](const plan::Step& step) {
    return is_certain(step.condition) && (!step.verify || is_certain(*step.verify)) &&
           std::all_of(step.tasks.begin(), step.tasks.end(), [](const plan::Task& task) {
             return is_certain(static_cast<const plan::Work&>(task)) &&
                    is_certain(task.condition) && (!task.verify || is_certain(*task.verify));
           });
  });
}

}  // namespace

simulator::Settings settings_of(const plan::Course& course) {
  simulator::Settings settings;
  for (const plan::CourseFailure& failure : course.failures) {
    simulator::Failure row;
    row.step = failure.step;
    row.task = failure.task;
    row.lane = failure.lane;
    row.every_lane = failure.every_lane;
    row.attempts = failure.attempts;
    settings.failures.push_back(row);
  }
  settings.unreachable = course.unreachable;
  return settings;
}

namespace {

class Judge {
 public:
  explicit Judge(const plan::Plan& plan) : plan_(plan), proofs_(plan::prove(plan)) {
    for (const plan::Proof& proof : proofs_) {
      render::Verdict verdict;
      verdict.reason = proof.reason;
      if (proof.answer == plan::Proof::Answer::Proved) verdict.answer = Answer::Proved;
      if (proof.answer == plan::Proof::Answer::Refuted) verdict.answer = Answer::Refuted;
      result_.verdicts.push_back(verdict);
    }
    result_.findings = plan::findings(plan);
  }

  Judgement result() {
    std::uint64_t lanes = 0;
    for (const plan::StepId step : plan_.steps.ids()) lanes += plan::lane_count(plan_, step);
    const std::uint64_t schedules =
        std::min(most_schedules, most_lanes / std::max(lanes, std::uint64_t{1}));
    if (!plan_.contracts.empty() && schedules > 0) {
      for (const plan::Course& course : plan::courses(plan_, proofs_, schedules)) try_out(course);
    }
    for (std::size_t i = 0; i < result_.verdicts.size(); ++i) explain(i);
    return std::move(result_);
  }

 private:
  // The first course is the one without failures: what waits for ever there always does.
  void try_out(const plan::Course& course) {
    if (tried_ > 0 && std::none_of(result_.verdicts.begin(), result_.verdicts.end(), is_open)) {
      return;
    }
    const auto prediction = simulator::simulate(plan_, settings_of(course));
    if (!prediction) return;  // what it lacks, `simulate` says
    const scheduler::Timeline& timeline = prediction.value().timeline;
    if (tried_++ == 0) find_stuck(timeline);
    for (std::size_t i = 0; i < plan_.contracts.size(); ++i) {
      render::Verdict& verdict = result_.verdicts[i];
      const bool every_run = !plan_.contracts[i].share || (course.goes_well() && certain_);
      if (!is_open(verdict) || timeline.contracts[i].held || !every_run) continue;
      verdict.answer = Answer::Refuted;
      verdict.reason = render::broken_text(plan_, i, timeline, course);
      verdict.course = course;
      verdict.shown = true;
      verdict.worst = timeline.contracts[i].worst;
      verdict.at = timeline.contracts[i].at;
    }
  }

  static bool is_open(const render::Verdict& verdict) {
    return verdict.answer == Answer::Undecided;
  }

  void find_stuck(const scheduler::Timeline& timeline) {
    const bool known =
        std::any_of(result_.findings.begin(), result_.findings.end(),
                    [](const auto& row) { return row.severity == plan::Finding::Severity::Error; });
    for (const plan::StepId id : plan_.steps.ids()) {
      const scheduler::StepTimes& times = timeline.steps[id.value];
      if (known || times.reason != scheduler::Reason::Stuck) continue;
      const plan::Step& step = plan_.steps[id];
      result_.findings.push_back(
          {plan::Finding::Severity::Error,
           fmt::format(
               "`{}` would wait for ever, though nothing fails: {} of its targets never begin",
               step.name, times.not_started),
           step.place, false});
    }
  }

  void explain(std::size_t contract) {
    render::Verdict& verdict = result_.verdicts[contract];
    if (!is_open(verdict)) return;
    if (plan_.contracts[contract].share) {
      verdict.reason =
          "it is asked of a share of the runs: `sluice simulate --runs 1000` counts them";
    } else if (tried_ == 0) {
      verdict.reason = "its limits do not prove it, and no schedules of it can be tried here";
    } else {
      verdict.reason = fmt::format(
          "its limits do not prove it, and none of the {} schedules that were tried break{} it",
          tried_, tried_ == 1 ? "s" : "");
      if (tried_ == 1) {
        verdict.reason =
            "its limits do not prove it, and the schedule in which nothing fails keeps it";
      }
    }
  }

  const plan::Plan& plan_;
  std::vector<plan::Proof> proofs_;
  bool certain_ = is_certain(plan_);
  std::size_t tried_ = 0;
  Judgement result_;
};

}  // namespace

bool Judgement::refuted() const {
  return std::any_of(verdicts.begin(), verdicts.end(),
                     [](const auto& row) { return row.answer == Answer::Refuted; }) ||
         std::any_of(findings.begin(), findings.end(), [](const plan::Finding& row) {
           return row.severity == plan::Finding::Severity::Error;
         });
}

Judgement judge(const plan::Plan& plan) {
  return Judge(plan).result();
}

}  // namespace sluice::cli
