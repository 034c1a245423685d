// The parts of plan/verify.h, for its own files: each notes what does not hold.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace sluice::plan {

// The first fault only: a plan with one is not used at all.
struct Fault {
  std::string text;

  bool found() const { return !text.empty(); }
  void need(bool holds, std::string_view what) {
    if (!holds && text.empty()) text = what;
  }
};

// What an expression at a place may read: the latest stage, and whose outputs.
struct Reader {
  Stage latest = Stage::AtRunTime;
  StepId step;              // of whom it is a part; invalid: reads no outputs
  std::uint32_t tasks = 0;  // of the step itself, it reads the outputs of so many of its tasks
};

// Of the wanted type and well formed, and reads nothing that it may not.
void verify_expression(const Plan& plan, const Expression& expression, Type wanted,
                       const Reader& reader, Fault& fault);

// The ids that steps hold must be in range (verify_step_ids), the joins acyclic.
void verify_step_ids(const Plan& plan, StepId step, Fault& fault);
void verify_step(const Plan& plan, StepId step, Fault& fault);

void verify_declarations(const Plan& plan, Fault& fault);

// Calls `visit` for each expression of a work.
template <class Visit>
void each_expression(const Work& work, Visit visit) {
  for (const Action::Attribute& attribute : work.action.attributes) visit(attribute.value);
  visit(work.takes.low);
  visit(work.takes.high);
  visit(work.takes.mode);
  for (const Given& given : work.gives) visit(given.value);
  const auto of_target = [&](const TargetDuration& duration) {
    if (!duration.is_same()) visit(*duration.by_target);
  };
  if (work.timeout) of_target(*work.timeout);
  of_target(work.retry.pause);
  if (work.retry.most_pause) of_target(*work.retry.most_pause);
}

}  // namespace sluice::plan
