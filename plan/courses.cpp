// Schedules that are worth trying where a contract could not be proved: see plan/prove.h.
#include <algorithm>

#include "plan/contracts.h"
#include "plan/lane_fate.h"
#include "plan/prove.h"
#include "plan/worst_case.h"

namespace sluice::plan {

namespace {

class Courses {
 public:
  Courses(const Plan& plan, std::size_t most) : plan_(plan), most_(most) {}

  std::vector<Course> of(const std::vector<Proof>& proofs) {
    add({});
    for (std::size_t i = 0; i < proofs.size(); ++i) {
      if (proofs[i].answer == Proof::Answer::Proved) continue;
      const Contract& contract = plan_.contracts[i];
      if (contract.kind == Contract::Kind::Duration) {
        add_retries();
        continue;
      }
      for (const Contract::Bound& bound : bounds_of(plan_, contract)) {
        if (found_.size() < most_) add_outages(targets_of(plan_, contract, bound));
      }
      if (contract.kind == Contract::Kind::Downtime) add_retries();
    }
    return std::move(found_);
  }

 private:
  void add(Course course) {
    if (found_.size() >= most_) return;
    if (std::find(found_.begin(), found_.end(), course) == found_.end()) {
      found_.push_back(std::move(course));
    }
  }

  // Everything that is retried succeeds at its last attempt only.
  void add_retries() {
    Course course;
    for (const StepId step : plan_.steps.ids()) {
      if (lane_count(plan_, step) == 0) continue;
      const auto& tasks = plan_.steps[step].tasks;
      for (std::uint32_t task = 0; task < tasks.size(); ++task) {
        if (tasks[task].disabled || tasks[task].retry.more == 0) continue;
        course.failures.push_back({step, task, 0, true, tasks[task].retry.more});
      }
    }
    add(std::move(course));
  }

  // The shares of the worst case, one after the other and all together.
  void add_outages(const TargetList& targets) {
    const WorstBound worst = worst_out_of(plan_, std::vector<OutOf>{{targets, "", {}}}).front();
    std::vector<bool> wanted(plan_.targets.size());
    targets.for_each([&](TargetId target) { wanted[target.value] = true; });
    Course together;
    for (const WorstShare& share : worst.shares) {
      const Course one = course_of(share, wanted);
      together.failures.insert(together.failures.end(), one.failures.begin(), one.failures.end());
      together.unreachable.insert(together.unreachable.end(), one.unreachable.begin(),
                                  one.unreachable.end());
      add(one);
      // One failure less, as the step then goes on; and one alone.
      for (const std::size_t fewer : {one.failures.size() / 2, std::size_t{1}}) {
        if (fewer == 0 || fewer >= one.failures.size()) continue;
        Course less;
        less.failures.assign(one.failures.begin(),
                             one.failures.begin() + static_cast<std::ptrdiff_t>(fewer));
        add(std::move(less));
      }
    }
    add(std::move(together));
  }

  Course course_of(const WorstShare& share, const std::vector<bool>& wanted) const {
    Course course;
    const Step& step = plan_.steps[share.step];
    if (share.not_restored > 0) {
      if (!share.by_ignored_failures) return course;  // so it is without any failure
      for (std::uint32_t task = 0; task < step.tasks.size(); ++task) {
        const Task& row = step.tasks[task];
        if (row.ignore_failure && !row.disabled && (row.effect.restores || row.effect.interrupts)) {
          course.failures.push_back({share.step, task, 0, true, CourseFailure::all});
        }
      }
      return course;
    }
    add_left_behind(share, wanted, course);
    const std::size_t leaves_out = task_that_leaves_out(step);
    if (leaves_out == step.tasks.size()) return course;
    std::uint32_t left = std::min(share.failed + share.answered + share.undone, most_failures);
    const std::uint32_t lanes = lane_count(plan_, share.step);
    for (std::uint32_t lane = 0; lane < lanes && left > 0; ++lane) {
      const TargetId target = lane_target(plan_, share.step, lane);
      const auto& gone = course.unreachable;
      if (!wanted[target.value] || std::find(gone.begin(), gone.end(), target) != gone.end()) {
        continue;
      }
      course.failures.push_back(
          {share.step, static_cast<std::uint32_t>(leaves_out), lane, false, CourseFailure::all});
      --left;
    }
    return course;
  }

  void add_left_behind(const WorstShare& share, const std::vector<bool>& wanted,
                       Course& course) const {
    std::uint32_t left = std::min(share.left_behind, most_failures);
    const std::uint32_t lanes = lane_count(plan_, share.step);
    for (std::uint32_t lane = 0; lane < lanes && left > 0; ++lane) {
      const TargetId target = lane_target(plan_, share.step, lane);
      if (!wanted[target.value]) continue;
      course.unreachable.push_back(target);
      --left;
    }
  }

  // The first task whose failure leaves its target out; their number: there is none.
  static std::size_t task_that_leaves_out(const Step& step) {
    for (std::size_t task = 0; task < step.tasks.size(); ++task) {
      const Task& row = step.tasks[task];
      if (!row.disabled && row.when != When::Failure && out_at_end(step, task)) return task;
    }
    return step.tasks.size();
  }

  static constexpr std::uint32_t most_failures = 1'000;

  const Plan& plan_;
  std::size_t most_;
  std::vector<Course> found_;
};

}  // namespace

std::vector<Course> courses(const Plan& plan, const std::vector<Proof>& proofs, std::size_t most) {
  return Courses(plan, most).of(proofs);
}

}  // namespace sluice::plan
