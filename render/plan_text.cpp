#include "render/plan_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/words.h"
#include "plan/contracts.h"
#include "plan/graph.h"
#include "plan/prove.h"
#include "plan/worst_case.h"
#include "render/plan_words.h"
#include "render/step_text.h"
#include "render/text_table.h"

namespace sluice::render {

namespace {

using plan::StepId;

constexpr std::size_t most_listed = 4;

// "`A`, `B` and 3 more".
std::string listed(const plan::Plan& plan, const std::vector<StepId>& steps) {
  const std::size_t written = steps.size() <= most_listed + 1 ? steps.size() : most_listed;
  std::string text;
  for (std::size_t i = 0; i < written; ++i) {
    const bool last = i + 1 == steps.size();
    text += i == 0 ? "" : last ? " and " : ", ";
    text += quoted_name(plan.steps[steps[i]].name);
  }
  if (steps.size() > written) text += fmt::format(" and {} more", steps.size() - written);
  return text;
}

class Writer {
 public:
  explicit Writer(const plan::Plan& plan) : plan_(plan), worst_(plan::worst_case(plan)) {
    beside_.resize(plan.joins.size());
    for (const StepId step : plan.steps.ids()) {
      if (plan.steps[step].gate_of.valid()) continue;
      beside_[plan.steps[step].join.value].push_back(step);
    }
  }

  std::string text() {
    write_head();
    const auto order = plan::topological_order(plan_.steps.size(), plan::step_edges(plan_));
    SLUICE_CHECK(order.has_value(), "the steps of a plan go round in a circle");
    std::size_t number = 0;
    for (const std::uint32_t step : *order) {
      if (!plan_.steps[StepId{step}].gate_of.valid()) write_step(StepId{step}, ++number);
    }
    write_worst_case();
    return std::move(out_);
  }

 private:
  void lines(std::size_t indent, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) line(indent, text);
  }
  void line(std::size_t indent, std::string_view text) {
    out_.append(indent, ' ').append(text).push_back('\n');
  }

  // What is said of the whole.
  void write_head() {
    const std::string environment =
        plan_.environment.empty() ? "" : " in " + shown_name(plan_.environment);
    line(0, shown_name(plan_.deployment) + environment);
    line(0, "plan " + plan_.digest);
    const auto gates = std::count_if(plan_.steps.begin(), plan_.steps.end(),
                                     [](const plan::Step& step) { return step.gate_of.valid(); });
    line(0, fmt::format("{} on {}",
                        base::counted(plan_.steps.size() - static_cast<std::size_t>(gates), "step"),
                        base::counted(plan_.targets.size(), "target")));
    if (plan_.at_most) {
      const std::string& rule = plan_.at_most->rule;
      line(0, fmt::format("{} at once over the whole deployment{}",
                          base::counted(plan_.at_most->value, "target"),
                          rule.empty() ? "" : " (" + rule + ")"));
    }
    if (plan_.deadline) {
      line(0, fmt::format("deadline {}: no target begins after it",
                          plan::to_text(plan::Value{*plan_.deadline})));
    }
    for (const plan::Resource& resource : plan_.resources) {
      const bool rate = resource.kind == plan::Resource::Kind::Rate;
      line(0, fmt::format("shares {}: {}", shown_name(resource.name),
                          rate ? plan::to_text(plan::Value{resource.rate})
                               : base::counted(resource.pieces, "piece")));
    }
    for (const plan::Secret& secret : plan_.secrets) {
      constexpr std::string_view places[] = {"the environment's", "the file", "what is printed by"};
      line(0,
           fmt::format("secret {} from {} {}", shown_name(secret.name),
                       places[static_cast<std::size_t>(secret.source)], shown_name(secret.from)));
    }
    write_contracts();
  }

  // What its limits prove or refute; `check` tries schedules for the others.
  void write_contracts() {
    const std::vector<plan::Proof> proofs = plan::prove(plan_);
    for (std::size_t i = 0; i < proofs.size(); ++i) {
      const plan::Contract& contract = plan_.contracts[i];
      const bool proved = proofs[i].answer == plan::Proof::Answer::Proved;
      const bool open = proofs[i].answer == plan::Proof::Answer::Open;
      line(0, fmt::format("requires {}", fitted(contract.text, 90)));
      if (!open) line(3, (proved ? "proved: " : "refuted: ") + proofs[i].reason);
      if (open && plan::kept_by_admission(plan_, contract)) {
        line(3, "a target is held back rather than break it");
      }
    }
  }

  void write_step(StepId id, std::size_t number) {
    const plan::Step& step = plan_.steps[id];
    out_ += '\n';
    line(0, fmt::format("{}. {}", number, shown_name(step.name)));
    if (step.disabled) line(3, "disabled: it is never run");
    line(3, start_text(id));
    if (step.on_controller) {
      line(3, "on the controller");
    } else {
      lines(3, rolling_lines(plan_, id));
      if (!plan_.target_lists[step.targets].empty()) {
        lines(3, failure_lines(plan_, id, worst_.failed_by_step[id.value]));
      }
    }
    if (step.shared) line(3, "shared: it works on a target beside other steps");
    if (step.required) line(3, "required: nothing leaves it out");
    lines(3, work_lines(plan_, id));
    write_gates(id);
  }

  void write_gates(StepId id) {
    const auto is_gate = [&](StepId gate) {
      return plan_.steps.contains(gate) && plan_.steps[gate].gate_of == id;
    };
    for (StepId gate{id.value + 1}; is_gate(gate); ++gate.value) {
      const plan::Step& row = plan_.steps[gate];
      const std::string condition = condition_text(plan_, row.when, row.condition);
      const auto works = work_lines(plan_, gate);
      line(3, fmt::format("= between batches {}{}: {}", shown_name(row.name),
                          condition.empty() ? "" : " (" + condition + ")", works.front()));
      for (std::size_t i = 1; i < works.size(); ++i) line(5, works[i]);
    }
  }

  std::string start_text(StepId id) const {
    const plan::Step& step = plan_.steps[id];
    const plan::Join& join = plan_.joins[step.join];
    std::string text = "starts at once";
    if (!join.steps.empty()) {
      text = fmt::format("starts when {} {} ended", listed(plan_, join.steps),
                         join.steps.size() == 1 ? "has" : "have");
    }
    std::vector<StepId> beside;
    for (const StepId other : beside_[step.join.value]) {
      if (other != id && beside.size() <= most_listed + 1) beside.push_back(other);
    }
    if (beside.size() > most_listed + 1) {
      text += fmt::format(", together with {} others", beside_[step.join.value].size() - 1);
    } else if (!beside.empty()) {
      text += ", together with " + listed(plan_, beside);
    }
    const std::string condition = condition_text(plan_, step.when, step.condition);
    return condition.empty() ? text : text + ", " + condition;
  }

  void write_worst_case() {
    out_ += '\n';
    line(0, "At its worst, whatever takes how long and whatever fails");
    write_bound("out of service at once", worst_.out, why_out);
    for (const plan::RoleId id : plan_.roles.ids()) write_role(id);
    write_bound("failed when it stops", worst_.failed, why_failed);
  }

  template <class Why>
  void write_bound(std::string_view what, const plan::WorstBound& bound, Why why) {
    if (bound.most == 0) return line(3, fmt::format("{}: no target", what));
    line(3,
         fmt::format("{}: at most {} of {}", what, bound.most, base::counted(bound.of, "target")));
    std::uint64_t sum = 0;
    std::size_t written = 0;
    for (const plan::WorstShare& share : bound.shares) {
      sum += share.total();
      if (written++ >= most_shares) continue;
      for (const std::string& reason : why(plan_, share)) line(5, reason);
    }
    if (written > most_shares) line(5, fmt::format("… and {} more steps", written - most_shares));
    if (sum > bound.by_limits) {
      line(5, fmt::format("but {} in all in such steps", base::counted(bound.by_limits, "target")));
    }
    if (bound.by_limits > bound.most) {
      line(5, fmt::format("but contracts hold targets back beyond {}", bound.most));
    }
  }

  void write_role(plan::RoleId id) {
    const plan::Role& role = plan_.roles[id];
    const plan::WorstBound& bound = worst_.out_of_roles[id.value];
    const std::uint32_t left = bound.of - bound.most;
    std::string text = bound.most == 0
                           ? fmt::format("none of {}", base::counted(bound.of, "target"))
                           : fmt::format("at most {} of {} out, at least {} in service", bound.most,
                                         base::counted(bound.of, "target"), left);
    if (left < role.minimum) text += fmt::format(", below its minimum of {}", role.minimum);
    line(5, fmt::format("{}: {}", shown_name(role.name), text));
  }

  static constexpr std::size_t most_shares = 8;

  const plan::Plan& plan_;
  plan::WorstCase worst_;
  std::vector<std::vector<StepId>> beside_;  // the steps that a join opens
  std::string out_;
};

}  // namespace

std::string plan_text(const plan::Plan& plan) {
  return Writer(plan).text();
}

}  // namespace sluice::render
