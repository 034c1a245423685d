#include "compiler/step_targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "compiler/phrases.h"
#include "compiler/ranges.h"
#include "compiler/selection.h"
#include "compiler/suggest.h"
#include "compiler/write_expression.h"

namespace sluice::compiler {

namespace {

class TargetsOfStep {
 public:
  TargetsOfStep(const StepNode& node, plan::Step& step, Resolver& resolver)
      : node_(node), step_(step), resolver_(resolver) {}

  bool resolve() {
    const PhraseNode* on = find_phrase(node_.phrases, Phrase::On);
    step_.on_controller = on == nullptr;
    step_.targets = resolver_.intern({});
    if (on == nullptr) {
      refuse_without_on();
      return true;
    }
    std::vector<plan::RoleId> roles;
    const bool known = named_roles(*on, roles);
    step_.targets = targets_of(roles);
    for (const Name& name : on->names) {
      step_.targets_rule += (step_.targets_rule.empty() ? "" : ", ") + write_name(name);
    }
    filter();
    const bool was_empty = resolver_.plan.target_lists[step_.targets].empty();
    if (find_phrase(node_.phrases, Phrase::Required) == nullptr) {
      step_.targets = selected(step_.targets, resolver_);
    }
    const bool emptied = !was_empty && resolver_.plan.target_lists[step_.targets].empty();
    if (emptied) resolver_.emptied_steps.push_back(plan::StepId{resolver_.plan.steps.size()});
    const bool optional = find_phrase(node_.phrases, Phrase::Optional) != nullptr;
    const bool empty = resolver_.plan.target_lists[step_.targets].empty();
    if (known && sound_ && empty && !optional && !emptied) {
      resolver_.report.error("E0306", on->span, "the step has no targets",
                             {"say `optional` where that is fine: it is skipped then"});
    }
    return known && sound_;
  }

 private:
  void refuse_without_on() {
    for (const Phrase phrase :
         {Phrase::Once, Phrase::Where, Phrase::Except, Phrase::Window, Phrase::Batches, Phrase::By,
          Phrase::Order, Phrase::Stagger, Phrase::Unreachable}) {
      const PhraseNode* found = find_phrase(node_.phrases, phrase);
      if (found == nullptr) continue;
      resolver_.report.error("E0302", found->span,
                             fmt::format("this step has no `on`, and so no targets for `{}`",
                                         phrase_rule(phrase).words),
                             {"say `on ROLE`"});
    }
  }

  bool named_roles(const PhraseNode& on, std::vector<plan::RoleId>& roles) {
    bool known = true;
    std::unordered_set<std::uint32_t> seen;
    for (const Name& name : on.names) {
      const auto id = find_role(name, resolver_);
      if (!id) {
        known = false;
      } else if (!seen.insert(id->value).second) {
        resolver_.report.error("E0303", name.span, fmt::format("`{}` is named twice", name.text));
      } else {
        roles.push_back(*id);
        known = known && resolver_.broken_roles.count(name.text) == 0;
      }
    }
    return known;
  }

  // Each target once, in the order of first mention. Worked out once for the same roles.
  plan::TargetListId targets_of(const std::vector<plan::RoleId>& roles) {
    if (roles.size() == 1) return resolver_.plan.roles[roles[0]].targets;
    std::string key = "on";
    for (const plan::RoleId id : roles) key += fmt::format(" {}", id.value);
    const auto known = resolver_.step_lists.find(key);
    if (known != resolver_.step_lists.end()) return known->second;
    plan::TargetList all;
    std::vector<bool> seen(resolver_.plan.targets.size());
    for (const plan::RoleId id : roles) {
      resolver_.plan.target_lists[resolver_.plan.roles[id].targets].for_each(
          [&](plan::TargetId target) {
            if (seen[target.value]) return;
            seen[target.value] = true;
            all.add(target);
          });
    }
    return resolver_.step_lists[key] = resolver_.intern(std::move(all));
  }

  void filter() {
    const PhraseNode* where = find_phrase(node_.phrases, Phrase::Where);
    if (where != nullptr) keep_where(where->values[0]);
    const PhraseNode* except = find_phrase(node_.phrases, Phrase::Except);
    if (except != nullptr) leave_out(*except);
  }

  void keep_where(const ExpressionNode& node) {
    step_.targets_rule += " where " + write_expression(node);
    Wanted wanted{"`where`", {plan::Type::Boolean}, plan::Stage::PerTarget, true};
    const auto condition = resolver_.expressions.resolve(node, wanted);
    const plan::TargetList before = resolver_.plan.target_lists[step_.targets];
    if (!condition || !resolver_.expressions.check_targets(*condition, before, node.span, wanted)) {
      sound_ = false;
      return;
    }
    plan::TargetList kept;
    before.for_each([&](plan::TargetId target) {
      const auto value =
          plan::evaluate(*condition, plan::PlanEnvironment(resolver_.plan, target, target));
      if (value && std::get<bool>(value.value().content)) kept.add(target);
    });
    step_.targets = resolver_.intern(std::move(kept));
  }

  // Names of targets, or ranges of them, that the roles hold.
  void leave_out(const PhraseNode& except) {
    std::unordered_set<std::uint32_t> left_out;
    std::string rule;
    for (const Name& name : except.names) {
      rule += (rule.empty() ? "" : ", ") + write_string(name.text);
      add_left_out(name, left_out);
    }
    step_.targets_rule += " except " + rule;
    plan::TargetList kept;
    resolver_.plan.target_lists[step_.targets].for_each([&](plan::TargetId target) {
      if (left_out.count(target.value) == 0) kept.add(target);
    });
    step_.targets = resolver_.intern(std::move(kept));
  }

  void add_left_out(const Name& name, std::unordered_set<std::uint32_t>& left_out) {
    const auto count = count_names(name.text, most_targets);
    if (!count) {
      report_range(name, count.error().message, resolver_);
      sound_ = false;
      return;
    }
    const plan::TargetListId of_roles =
        find_phrase(node_.phrases, Phrase::On) == nullptr ? step_.targets : targets_named();
    std::string unknown;
    for_each_name(name.text, [&](std::string_view text) {
      const plan::TargetId target = resolver_.names.find(text);
      if (target.valid() && in_roles(target, of_roles)) {
        left_out.insert(target.value);
      } else if (unknown.empty()) {
        unknown = text;
      }
    });
    if (unknown.empty()) return;
    resolver_.report.error("E0316", name.span,
                           fmt::format("`{}` is none of the targets that `on` names", unknown),
                           close_names(unknown, of_roles));
    sound_ = false;
  }

  // Before `where`: what it has left out may be named all the same.
  plan::TargetListId targets_named() {
    std::vector<plan::RoleId> roles;
    std::unordered_set<std::uint32_t> seen;
    for (const Name& name : find_phrase(node_.phrases, Phrase::On)->names) {
      const auto found = resolver_.scope.roles.find(name.text);
      if (found == resolver_.scope.roles.end()) continue;
      if (seen.insert(found->second.value).second) roles.push_back(found->second);
    }
    return targets_of(roles);
  }

  bool in_roles(plan::TargetId target, plan::TargetListId list) {
    if (list != members_of_) {
      members_.assign(resolver_.plan.targets.size(), false);
      resolver_.plan.target_lists[list].for_each(
          [&](plan::TargetId member) { members_[member.value] = true; });
      members_of_ = list;
    }
    return members_[target.value];
  }

  std::vector<std::string> close_names(const std::string& name, plan::TargetListId list) {
    constexpr std::uint32_t most = 1000;
    std::vector<std::string> names;
    const plan::TargetList& targets = resolver_.plan.target_lists[list];
    for (std::uint32_t i = 0; i < std::min(targets.size(), most); ++i) {
      names.emplace_back(resolver_.plan.targets.name(targets.at(i)));
    }
    return did_you_mean(name, names);
  }

  const StepNode& node_;
  plan::Step& step_;
  Resolver& resolver_;
  bool sound_ = true;
  plan::TargetListId members_of_;
  std::vector<bool> members_;
};

// What a machine that sluice runs on is called.
bool is_the_controller(std::string_view name) {
  return name == "controller" || name == "localhost" || name == "local" || name == "self";
}

}  // namespace

std::optional<plan::RoleId> find_role(const Name& name, Resolver& resolver) {
  const auto found = resolver.scope.roles.find(name.text);
  if (found != resolver.scope.roles.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, id] : resolver.scope.roles) {
    if (resolver.report.helps()) names.push_back(known);
  }
  auto hints = did_you_mean(name.text, names);
  if (resolver.names.find(name.text).valid()) {
    hints = {fmt::format("it is a target, and steps run on roles: `on ROLE where name == \"{}\"`",
                         name.text)};
  }
  if (is_the_controller(name.text)) {
    hints = {
        "a step without `on` runs on the controller, and `via controller` does so for a target"};
  }
  constexpr std::size_t few = 12;
  if (hints.empty() && !names.empty() && names.size() <= few) {
    hints.push_back(there_are(names));
  }
  resolver.report.error("E0203", name.span, fmt::format("there is no role `{}`", name.text), hints);
  return std::nullopt;
}

bool resolve_on(const StepNode& node, plan::Step& step, Resolver& resolver) {
  return TargetsOfStep(node, step, resolver).resolve();
}

}  // namespace sluice::compiler
