#include "render/plan_facts.h"

#include <fmt/format.h>

#include "base/words.h"
#include "plan/words.h"
#include "render/expression_text.h"
#include "render/plan_words.h"

namespace sluice::render {

namespace {

std::string text_of(base::Duration duration) {
  return plan::to_text(plan::Value{duration});
}

template <class Rows, class Text>
std::string listed(const Rows& rows, Text text) {
  std::string out;
  for (const auto& row : rows) out += (out.empty() ? "" : ", ") + text(row);
  return out;
}

std::string limit_text(const plan::Limit& limit) {
  return limit.rule.empty() ? fmt::format("{}", limit.value)
                            : fmt::format("{} ({})", limit.value, limit.rule);
}

class Things {
 public:
  explicit Things(const plan::Plan& plan) : plan_(plan) {}

  std::vector<Thing> all() {
    whole();
    for (const plan::Variable& row : plan_.variables) {
      begin("variable", row.name, plan::to_text(row.value));
      say("value", literal(row.value));
    }
    for (const plan::Secret& row : plan_.secrets) {
      begin("secret", row.name, "");
      say("from", fmt::format("{} {}", plan::word(row.source), row.from));
    }
    for (const plan::Resource& row : plan_.resources) {
      const bool rate = row.kind == plan::Resource::Kind::Rate;
      begin("resource", row.name, "");
      say("size", rate ? plan::to_text(plan::Value{row.rate}) : base::counted(row.pieces, "piece"));
    }
    for (const plan::Role& row : plan_.roles) {
      begin("role", row.name, base::counted(plan_.target_lists[row.targets].size(), "target"));
      say("minimum", fmt::format("{}", row.minimum));
    }
    for (const plan::Contract& row : plan_.contracts) contract(row);
    for (const plan::StepId id : plan_.steps.ids()) step(id);
    return std::move(things_);
  }

 private:
  void begin(std::string what, std::string name, std::string short_text, std::string child = "") {
    things_.push_back(
        {std::move(what), std::move(name), std::move(child), std::move(short_text), {}});
  }
  void say(std::string field, std::string value) {
    if (!value.empty()) things_.back().facts.push_back({std::move(field), std::move(value)});
  }
  void flag(std::string field, bool truth) {
    if (truth) say(std::move(field), "yes");
  }

  std::string literal(const plan::Value& value) const {
    return expression_text(plan_, plan::constant(value));
  }
  std::string written(const base::Boxed<plan::Expression>& expression) const {
    return expression ? expression_text(plan_, *expression) : "";
  }

  void whole() {
    begin("deployment", plan_.deployment, "");
    say("name", plan_.deployment);
    say("environment", plan_.environment);
    if (plan_.at_most) say("at most", limit_text(*plan_.at_most));
    if (plan_.deadline) say("deadline", text_of(*plan_.deadline));
  }

  // The text says it all but which numbers its percentages came to.
  void contract(const plan::Contract& row) {
    begin("contract", row.text, "");
    for (const plan::Contract::Bound& bound : row.bounds) {
      const std::string where =
          row.per.empty() ? "targets" : fmt::format("{} {}", row.per, plan::to_text(bound.value));
      say(where, fmt::format("{} of {}", bound.count, bound.targets));
    }
    if (row.role.valid()) say("role", plan_.roles[row.role].name);
    say("kind", std::string(plan::word(row.kind)));
    say("comparison", std::string(plan::word(row.comparison)));
    say("per", row.per);
    if (row.kind == plan::Contract::Kind::Downtime || row.kind == plan::Contract::Kind::Duration) {
      say("time", text_of(row.duration));
    }
    if (row.share) say("share", plan::to_text(plan::Value{*row.share}));
  }

  void step(plan::StepId id) {
    const plan::Step& row = plan_.steps[id];
    const bool gate = row.gate_of.valid();
    const std::string name = gate ? plan_.steps[row.gate_of].name + "/" + row.name : row.name;
    const std::string where = row.on_controller
                                  ? "on the controller"
                                  : "on " + base::counted(plan::lane_count(plan_, id), "target");
    begin(gate ? "gate" : "step", name, where);
    say("waits for", listed(plan_.joins[row.join].steps,
                            [&](plan::StepId before) { return plan_.steps[before].name; }));
    if (row.when != plan::When::Success) say("when", std::string(plan::word(row.when)));
    say("if", written(row.condition));
    say("runs", row.on_controller ? "on the controller" : "on targets");
    say("chosen by", row.targets_rule);
    say("order", row.order_rule);
    say("window", limit_text(row.window));
    for (const plan::GroupWindow& window : row.group_windows) {
      say("window per " + window.property,
          listed(window.groups, [](const plan::GroupWindow::Group& group) {
            return fmt::format("{}: {}", plan::to_text(group.value), limit_text(group.limit));
          }));
    }
    say("batches", listed(row.batches.sizes, limit_text));
    flag("lockstep", row.batches.lockstep);
    say("by", row.by);
    say("values of by", listed(row.by_groups, [](const plan::ByGroup& group) {
          return fmt::format("{} ({})", plan::to_text(group.value), group.count);
        }));
    if (row.stagger.ms > 0) say("stagger", text_of(row.stagger));
    say("tolerate", limit_text(row.tolerate));
    say("on failure", std::string(plan::word(row.on_failure)));
    if (row.unreachable.skip) {
      say("out of reach", row.unreachable.at_most
                              ? "skip at most " + limit_text(*row.unreachable.at_most)
                              : "skip");
    }
    if (row.verify) work("verify ", *row.verify);
    flag("skip verified", row.skip_verified);
    flag("shared", row.shared);
    flag("optional", row.optional);
    flag("required", row.required);
    flag("disabled", row.disabled);
    flag("child steps", row.has_child_steps);
    say("tags", listed(row.tags, [](const std::string& tag) { return tag; }));
    for (const plan::Task& task_row : row.tasks) task(id, name, task_row);
  }

  void task(plan::StepId id, const std::string& step_name, const plan::Task& row) {
    const plan::Step& step = plan_.steps[id];
    if (step.has_child_steps) {
      const std::string what = step.gate_of.valid() ? "gate" : "step";
      begin(what, step_name, row.action.kind + ", takes " + takes_text(plan_, id, row.takes),
            row.name);
      if (row.when != plan::When::Success) say("when", std::string(plan::word(row.when)));
      flag("disabled", row.disabled);
    }
    say(step.has_child_steps ? "if" : "task if", written(row.condition));
    flag("its failure is ignored", row.ignore_failure);
    work("", row);
    if (row.verify) work("verify ", *row.verify);
    flag("skip verified", row.skip_verified);
    if (row.undo) work("undo ", *row.undo);
    if (step.has_child_steps) {
      say("tags", listed(row.tags, [](const std::string& tag) { return tag; }));
    } else {
      // Its one task says what stands at the step.
      if (row.when != plan::When::Success) say("task when", std::string(plan::word(row.when)));
      flag("task disabled", row.disabled);
      say("task tags", listed(row.tags, [](const std::string& tag) { return tag; }));
      if (row.name != step.name) say("task name", row.name);
    }
  }

  void work(const std::string& of, const plan::Work& row) {
    say(of + "action", row.action.kind);
    for (const plan::Action::Attribute& attribute : row.action.attributes) {
      say(of + attribute.name, attribute_text(attribute.value));
    }
    say(of + "via", via(row.via));
    say(of + "takes", takes(row.takes));
    if (row.takes.assumed) say(of + "takes is", "assumed");
    if (row.timeout) say(of + "timeout", duration(*row.timeout));
    say(of + "retry", retry(row.retry));
    flag(of + "drains", row.effect.drains);
    flag(of + "restores", row.effect.restores);
    flag(of + "interrupts", row.effect.interrupts);
    if (row.fails) say(of + "fails", plan::to_text(plan::Value{*row.fails}));
    if (row.offline) say(of + "offline", plan::to_text(plan::Value{*row.offline}));
    for (const plan::Given& given : row.gives) {
      say(of + "gives " + given.name, expression_text(plan_, given.value));
    }
    for (const plan::Use& use : row.uses) {
      const plan::Resource& resource = plan_.resources[use.resource];
      const bool rate = resource.kind == plan::Resource::Kind::Rate;
      say(of + "uses " + resource.name,
          rate ? plan::to_text(plan::Value{use.size}) : fmt::format("{}", use.pieces));
    }
    flag(of + "idempotent", row.idempotent);
  }

  // A script of several lines as it is, so that its lines can be compared.
  std::string attribute_text(const plan::Expression& value) const {
    const plan::Value* known = plan::constant_value(value);
    const auto* text = known == nullptr ? nullptr : std::get_if<std::string>(&known->content);
    const bool lines = text != nullptr && text->find('\n') != std::string::npos;
    return lines ? *text : expression_text(plan_, value);
  }

  std::string via(const plan::Via& row) const {
    if (row.kind == plan::Via::Kind::Target) return "";
    if (row.kind == plan::Via::Kind::Controller) return "the controller";
    std::string names;
    plan_.target_lists[row.hosts].for_each([&](plan::TargetId host) {
      names += (names.empty() ? "" : ", ") + std::string(plan_.targets.name(host));
    });
    return fmt::format("{}: {}", plan::word(row.kind), names);
  }

  std::string takes(const plan::DurationModel& row) const {
    const bool constant = row.kind == plan::DurationModel::Kind::Constant;
    std::string text = constant ? "" : std::string(plan::word(row.kind)) + " ";
    text += expression_text(plan_, row.low);
    if (row.high != plan::Expression{}) text += ", " + expression_text(plan_, row.high);
    if (row.mode != plan::Expression{}) text += ", mostly " + expression_text(plan_, row.mode);
    return text;
  }

  std::string duration(const plan::TargetDuration& row) const {
    return row.is_same() ? text_of(row.same) : expression_text(plan_, *row.by_target);
  }

  std::string retry(const plan::Retry& row) const {
    if (row == plan::Retry{}) return "";
    std::string text = fmt::format("{} every {}", row.more, duration(row.pause));
    if (row.backoff.micros != 1'000'000) {
      text += " backoff " + plan::to_text(plan::Value{row.backoff});
    }
    if (row.most_pause) text += " up to " + duration(*row.most_pause);
    return text;
  }

  const plan::Plan& plan_;
  std::vector<Thing> things_;
};

}  // namespace

std::string connection_text(const plan::Plan& plan, const plan::Connection& connection) {
  std::string text(plan::word(connection.kind));
  for (const plan::Connection::Setting& setting : connection.settings) {
    text += fmt::format(", {} = {}", setting.name, expression_text(plan, setting.value));
  }
  return text;
}

std::vector<Thing> things_of(const plan::Plan& plan) {
  return Things(plan).all();
}

}  // namespace sluice::render
