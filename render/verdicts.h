// What `sluice check` says of contracts and of what a plan cannot do: for a person and for a
// program. Who tried the schedules hands in what they showed.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "plan/findings.h"
#include "plan/plan.h"
#include "plan/prove.h"
#include "render/timeline_text.h"
#include "scheduler/timeline.h"

namespace sluice::render {

struct Verdict {
  enum class Answer { Proved, Refuted, Undecided };
  Answer answer = Answer::Undecided;
  std::string reason;   // a sentence: lower case, no full stop
  plan::Course course;  // of a refuted one that a schedule showed: what fails in it
  bool shown = false;   // a schedule showed it; `worst` and `at` are of that schedule
  std::int64_t worst = 0;
  base::Instant at = base::Instant::never();
};

// The reason of a contract that a schedule broke: when, what was out of service, after which
// failures.
std::string broken_text(const plan::Plan& plan, std::size_t contract,
                        const scheduler::Timeline& timeline, const plan::Course& course);

// By contract, then what was found; empty where there is neither. `command`: the plan's file with
// the options that shape it, for the command that shows a schedule again.
std::string verdicts_text(const plan::Plan& plan, const std::vector<Verdict>& verdicts,
                          const std::vector<plan::Finding>& findings, std::string_view command,
                          const TextStyle& style);

// The members `contracts` and `findings` of `sluice.diagnostics/1`, without braces around them.
std::string verdicts_json(const plan::Plan& plan, const std::vector<Verdict>& verdicts,
                          const std::vector<plan::Finding>& findings);

}  // namespace sluice::render
