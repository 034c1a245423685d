// A plan's order, limits and worst case for a program: the document `sluice.plan_summary/1`. The
// plan itself, with all that is carried out, is what `sluice plan -o` saves.
#include <algorithm>

#include "base/json_writer.h"
#include "plan/batches.h"
#include "plan/graph.h"
#include "plan/words.h"
#include "plan/worst_case.h"
#include "render/plan_text.h"
#include "render/plan_words.h"

namespace sluice::render {

namespace {

using plan::StepId;

class Summary {
 public:
  explicit Summary(const plan::Plan& plan)
      : plan_(plan), worst_(plan::worst_case(plan)), json_(text_) {}

  std::string text() {
    json_.begin_object().member("schema", "sluice.plan_summary/1");
    json_.member("deployment", plan_.deployment).member("plan", plan_.digest);
    json_.member("targets", plan_.targets.size()).key("order").begin_array();
    const auto order = plan::topological_order(plan_.steps.size(), plan::step_edges(plan_));
    SLUICE_CHECK(order.has_value(), "the steps of a plan go round in a circle");
    for (const std::uint32_t step : *order) json_.value(plan_.steps[StepId{step}].name);
    json_.end_array().key("steps").begin_array();
    for (const StepId step : plan_.steps.ids()) write_step(step);
    json_.end_array().key("roles").begin_array();
    for (const plan::RoleId role : plan_.roles.ids()) write_role(role);
    json_.end_array().key("worst_case").begin_object();
    write_bound("out_of_service", worst_.out, why_out);
    write_bound("failed", worst_.failed, why_failed);
    json_.end_object().end_object();
    text_.push_back('\n');
    return std::move(text_);
  }

 private:
  void write_step(StepId id) {
    const plan::Step& step = plan_.steps[id];
    const std::uint32_t lanes = plan::lane_count(plan_, id);
    json_.begin_object().member("name", step.name).key("waits_for").begin_array();
    for (const StepId before : plan_.joins[step.join].steps) json_.value(plan_.steps[before].name);
    json_.end_array().member("when", plan::word(step.when)).member("targets", lanes);
    json_.member("on_controller", step.on_controller);
    json_.member("limit", plan::most_at_once(plan_, id));
    json_.member("limit_rule", step.window.rule).member("tolerate", step.tolerate.value);
    json_.member("tolerate_rule", step.tolerate.rule);
    json_.member("on_failure", plan::word(step.on_failure)).member("shared", step.shared);
    json_.member("disabled", step.disabled);
    json_.member("most_failures", worst_.failed_by_step[id.value].total());
    json_.key("tasks").begin_array();
    for (const plan::Task& task : step.tasks) write_task(task);
    json_.end_array().end_object();
  }

  void write_task(const plan::Task& task) {
    json_.begin_object().member("name", task.name).member("action", task.action.kind);
    json_.member("via", plan::word(task.via.kind)).member("when", plan::word(task.when));
    json_.key("timeout_ms");
    task.timeout ? json_.value(task.timeout->ms) : json_.null();
    json_.member("attempts", std::uint64_t{task.retry.more} + 1);
    json_.member("retry_pause_ms", task.retry.pause.ms);
    json_.member("ignore_failure", task.ignore_failure).member("disabled", task.disabled);
    json_.member("drains", task.effect.drains).member("restores", task.effect.restores);
    json_.member("interrupts", task.effect.interrupts).end_object();
  }

  void write_role(plan::RoleId id) {
    const plan::Role& role = plan_.roles[id];
    const plan::WorstBound& bound = worst_.out_of_roles[id.value];
    json_.begin_object().member("role", role.name).member("targets", bound.of);
    json_.member("minimum", role.minimum).member("most_out_of_service", bound.most);
    json_.member("least_in_service", bound.of - bound.most).end_object();
  }

  template <class Why>
  void write_bound(std::string_view name, const plan::WorstBound& bound, Why why) {
    json_.key(name).begin_object().member("most", bound.most).member("of", bound.of);
    json_.key("shares").begin_array();
    for (const plan::WorstShare& share : bound.shares) {
      json_.begin_object().member("step", plan_.steps[share.step].name);
      json_.member("at_work", share.at_work).member("failed", share.failed);
      json_.member("not_restored", share.not_restored).key("why").begin_array();
      for (const std::string& reason : why(plan_, share)) json_.value(reason);
      json_.end_array().end_object();
    }
    json_.end_array().end_object();
  }

  const plan::Plan& plan_;
  plan::WorstCase worst_;
  std::string text_;
  base::JsonWriter json_;
};

}  // namespace

std::string plan_summary_json(const plan::Plan& plan) {
  return Summary(plan).text();
}

}  // namespace sluice::render
