#include "support/lengths.h"

#include <utility>

namespace sluice::test {

void set_lengths(plan::Plan& plan, const std::vector<std::int64_t>& lengths) {
  plan::Step& step = plan.steps[plan::StepId{0}];
  plan::Expression property;
  property.op = plan::Operator::TargetProperty;
  property.type = plan::Type::Duration;
  property.stage = plan::Stage::PerTarget;
  property.name = "length";
  step.tasks[0].takes.low = property;
  for (std::uint32_t lane = 0; lane < lengths.size(); ++lane) {
    const plan::TargetId target = plan.target_lists[step.targets].at(lane);
    plan::PropertySet set = plan.property_sets[plan.targets.properties(target)];
    set.push_back({"length", plan::Value{base::Duration{lengths[lane]}}});
    plan.targets.set_properties(target, plan.property_sets.add(std::move(set)));
  }
}

}  // namespace sluice::test
