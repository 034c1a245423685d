// What-ifs: what one failure would do, and which single failure hurts most.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "render/timeline_text.h"
#include "scheduler/releases.h"
#include "scheduler/timeline.h"

namespace sluice::render {

// One simulated run of a what-if, and the target whose failure it asks about. `rollback`: what
// taking back all that was begun by then would be, where the step has anything that undoes.
struct WhatIf {
  std::string target;
  scheduler::Timeline timeline;
  std::vector<std::string> assumed;
  std::optional<scheduler::TakenBack> rollback;
};

// A row a run, the worst first: what a single failure of `task` on each target would do.
std::string what_if_text(const plan::Plan& plan, const std::string& task,
                         const std::vector<WhatIf>& runs, const TextStyle& style);
// The document `sluice.what_if/1`, in the order of the runs.
std::string what_if_json(const plan::Plan& plan, const std::string& task,
                         const std::vector<WhatIf>& runs, std::uint64_t seed);

// What people are asked, when, and what is taken for their answer; empty: nothing.
std::string asked_text(const plan::Plan& plan, const scheduler::Timeline& timeline);

// The first failure, which releases serve where, and for how long side by side; empty where the
// plan brings no release that can be told.
std::string releases_text(const plan::Plan& plan, const scheduler::Timeline& timeline);

// "old", "between", "new".
std::string_view release_name(scheduler::Release release);

}  // namespace sluice::render
