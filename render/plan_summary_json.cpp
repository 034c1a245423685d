// A plan's order, limits and worst case for a program: the document `sluice.plan_summary/1`. The
// plan itself, with all that is carried out, is what `sluice plan -o` saves.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/json_writer.h"
#include "plan/batches.h"
#include "plan/contracts.h"
#include "plan/graph.h"
#include "plan/limits.h"
#include "plan/prove.h"
#include "plan/target_durations.h"
#include "plan/words.h"
#include "plan/worst_case.h"
#include "render/expression_text.h"
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
    json_.member("deployment", plan_.deployment).member("environment", plan_.environment);
    json_.member("plan", plan_.digest).member("targets", plan_.targets.size());
    write_limit("at_most", plan_.at_most);
    write_time("deadline_ms", plan_.deadline);
    write_resources();
    json_.key("order").begin_array();
    const auto order = plan::topological_order(plan_.steps.size(), plan::step_edges(plan_));
    SLUICE_CHECK(order.has_value(), "the steps of a plan go round in a circle");
    for (const std::uint32_t step : *order) {
      if (!plan_.steps[StepId{step}].gate_of.valid()) json_.value(plan_.steps[StepId{step}].name);
    }
    json_.end_array().key("steps").begin_array();
    for (const StepId step : plan_.steps.ids()) write_step(step);
    json_.end_array().key("roles").begin_array();
    for (const plan::RoleId role : plan_.roles.ids()) write_role(role);
    json_.end_array().key("contracts").begin_array();
    write_contracts();
    json_.end_array().key("worst_case").begin_object();
    write_bound("out_of_service", worst_.out, why_out);
    write_bound("failed", worst_.failed, why_failed);
    json_.end_object().end_object();
    text_.push_back('\n');
    return std::move(text_);
  }

 private:
  void write_limit(std::string_view name, const std::optional<plan::Limit>& limit) {
    json_.key(name);
    if (!limit) {
      json_.null();
      return;
    }
    json_.begin_object().member("value", limit->value).member("rule", limit->rule).end_object();
  }

  void write_time(std::string_view name, const std::optional<base::Duration>& time) {
    json_.key(name);
    time ? json_.value(time->ms) : json_.null();
  }

  // Of one that hangs on the target the most, and the least beside it.
  void write_span(StepId step, std::string_view name,
                  const std::optional<plan::TargetDuration>& duration) {
    std::optional<plan::DurationSpan> span;
    if (duration) {
      const auto& targets = plan_.target_lists[plan_.steps[step].targets];
      const auto found = plan::span_of(plan_, *duration, targets);
      SLUICE_CHECK(found.ok(), "a duration that cannot be worked out for its target");
      span = found.value();
    }
    write_time(fmt::format("{}_ms", name), span ? std::optional(span->most) : std::nullopt);
    if (span && !duration->is_same()) {
      json_.member(fmt::format("{}_least_ms", name), span->least.ms);
    }
  }

  void write_condition(const base::Boxed<plan::Expression>& condition) {
    json_.key("condition");
    condition ? json_.value(expression_text(plan_, *condition)) : json_.null();
  }

  void write_resources() {
    json_.key("resources").begin_array();
    for (const plan::Resource& resource : plan_.resources) {
      const bool rate = resource.kind == plan::Resource::Kind::Rate;
      json_.begin_object().member("name", resource.name).member("kind", plan::word(resource.kind));
      if (rate) {
        json_.member("bits_per_second", resource.rate.bits_per_second);
      } else {
        json_.member("pieces", resource.pieces);
      }
      json_.end_object();
    }
    json_.end_array();
  }

  void write_step(StepId id) {
    const plan::Step& step = plan_.steps[id];
    const std::uint32_t lanes = plan::lane_count(plan_, id);
    const plan::Limit own = plan::own_limit(plan_, id);
    json_.begin_object().member("name", step.name).key("gate_of");
    step.gate_of.valid() ? json_.value(plan_.steps[step.gate_of].name) : json_.null();
    json_.key("waits_for").begin_array();
    for (const StepId before : plan_.joins[step.join].steps) json_.value(plan_.steps[before].name);
    json_.end_array().member("when", plan::word(step.when));
    write_condition(step.condition);
    json_.member("targets", lanes).member("targets_rule", step.targets_rule);
    json_.member("order_rule", step.order_rule).member("on_controller", step.on_controller);
    json_.member("limit", own.value).member("limit_rule", own.rule);
    write_limit("window", plan::Limit{std::min(step.window.value, lanes), step.window.rule});
    write_group_windows(step);
    write_batches(id);
    json_.member("stagger_ms", step.stagger.ms).member("tolerate", step.tolerate.value);
    json_.member("tolerate_rule", step.tolerate.rule);
    json_.member("on_failure", plan::word(step.on_failure));
    json_.key("unreachable").begin_object().member("skip", step.unreachable.skip);
    write_limit("at_most", step.unreachable.at_most);
    json_.end_object();
    json_.member("shared", step.shared).member("optional", step.optional);
    json_.member("required", step.required).member("disabled", step.disabled);
    json_.member("most_failures", worst_.failed_by_step[id.value].total());
    json_.key("tags").begin_array();
    for (const std::string& tag : step.tags) json_.value(tag);
    json_.end_array().key("tasks").begin_array();
    for (const plan::Task& task : step.tasks) write_task(id, task);
    json_.end_array();
    write_part("verify", id, step.verify);
    json_.member("skip_verified", step.skip_verified).end_object();
  }

  void write_group_windows(const plan::Step& step) {
    json_.key("group_windows").begin_array();
    for (const plan::GroupWindow& window : step.group_windows) {
      json_.begin_object().member("property", window.property).key("groups").begin_array();
      for (const plan::GroupWindow::Group& group : window.groups) {
        json_.begin_object().member("group", plan::to_text(group.value));
        json_.member("value", group.limit.value).member("rule", group.limit.rule).end_object();
      }
      json_.end_array().end_object();
    }
    json_.end_array();
  }

  void write_batches(StepId id) {
    constexpr std::size_t most_sizes = 1'000;
    const plan::Step& step = plan_.steps[id];
    json_.key("by");
    if (step.by.empty()) {
      json_.null();
    } else {
      json_.begin_object().member("property", step.by).key("groups").begin_array();
      for (const plan::ByGroup& group : step.by_groups) {
        json_.begin_object().member("group", plan::to_text(group.value));
        json_.member("targets", group.count).end_object();
      }
      json_.end_array().end_object();
    }
    json_.key("batches");
    if (step.batches.sizes.empty()) {
      json_.null();
      return;
    }
    const std::uint32_t lanes = plan::lane_count(plan_, id);
    json_.begin_object().member("count", plan::batch_count(step, lanes));
    json_.member("lockstep", step.batches.lockstep).key("rules").begin_array();
    for (const plan::Limit& size : step.batches.sizes) json_.value(size.rule);
    json_.end_array().key("sizes").begin_array();
    plan::Batch batch = plan::first_batch(step, lanes);
    bool more = lanes > 0;
    for (std::size_t i = 0; more && i < most_sizes; ++i) {
      json_.value(batch.end - batch.begin);
      more = plan::next_batch(step, lanes, batch);
    }
    json_.end_array().end_object();
  }

  void write_task(StepId step, const plan::Task& task) {
    json_.begin_object().member("name", task.name).member("when", plan::word(task.when));
    write_condition(task.condition);
    json_.member("ignore_failure", task.ignore_failure).member("disabled", task.disabled);
    write_work(step, task);
    write_part("verify", step, task.verify);
    json_.member("skip_verified", task.skip_verified);
    write_part("undo", step, task.undo);
    json_.end_object();
  }

  void write_part(std::string_view name, StepId step, const base::Boxed<plan::Work>& work) {
    json_.key(name);
    if (!work) {
      json_.null();
      return;
    }
    json_.begin_object();
    write_work(step, *work);
    json_.end_object();
  }

  void write_work(StepId step, const plan::Work& work) {
    json_.member("action", work.action.kind).member("via", plan::word(work.via.kind));
    json_.member("takes", takes_text(plan_, step, work.takes));
    write_span(step, "timeout", work.timeout);
    json_.member("attempts", std::uint64_t{work.retry.more} + 1);
    write_span(step, "retry_pause", work.retry.pause);
    json_.member("backoff", plan::to_text(plan::Value{work.retry.backoff}));
    write_span(step, "most_pause", work.retry.most_pause);
    json_.member("drains", work.effect.drains).member("restores", work.effect.restores);
    json_.member("interrupts", work.effect.interrupts).member("idempotent", work.idempotent);
    json_.key("uses").begin_array();
    for (const plan::Use& use : work.uses) {
      const plan::Resource& resource = plan_.resources[use.resource];
      json_.begin_object().member("resource", resource.name);
      if (resource.kind == plan::Resource::Kind::Rate) {
        json_.member("bytes", use.size.bytes);
      } else {
        json_.member("pieces", use.pieces);
      }
      json_.end_object();
    }
    json_.end_array();
  }

  void write_contracts() {
    const std::vector<plan::Proof> proofs = plan::prove(plan_);
    for (std::size_t i = 0; i < proofs.size(); ++i) {
      constexpr std::string_view answers[] = {"proved", "refuted", "undecided"};
      const plan::Contract& contract = plan_.contracts[i];
      json_.begin_object().member("text", contract.text);
      json_.member("holds_targets_back", plan::kept_by_admission(plan_, contract));
      json_.member("answer", answers[static_cast<std::size_t>(proofs[i].answer)]);
      json_.member("reason", proofs[i].reason).end_object();
    }
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
    json_.member("by_limits", bound.by_limits);
    json_.key("shares").begin_array();
    for (const plan::WorstShare& share : bound.shares) {
      json_.begin_object().member("step", plan_.steps[share.step].name);
      json_.member("at_work", share.at_work).member("failed", share.failed);
      json_.member("not_restored", share.not_restored).member("answered", share.answered);
      json_.member("undone", share.undone).member("left_behind", share.left_behind);
      json_.key("why").begin_array();
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
