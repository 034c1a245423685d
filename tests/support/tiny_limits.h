// What holds targets back, in the lines and phrases of tiny plans (support/tiny_plan.h).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace sluice::test {

using TargetNamed = std::function<plan::TargetId(const std::string&)>;
using Words = std::vector<std::string>;

// A line that opens with `!`, without it. One that is none fails the test.
void read_tiny_declaration(plan::Plan& plan, const TargetNamed& target, const Words& words);
// False: another phrase. The step's targets and window stand already.
bool read_tiny_limit(plan::Plan& plan, plan::Step& step, const Words& words);
bool read_tiny_use(const plan::Plan& plan, plan::Work& work, const Words& words);

}  // namespace sluice::test
