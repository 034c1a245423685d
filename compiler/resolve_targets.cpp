// Roles, the targets in them and their properties; how they are reached is settled with the help of
// resolve_connections.h.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "compiler/ranges.h"
#include "compiler/resolve_connections.h"
#include "compiler/resolver.h"

namespace sluice::compiler {

namespace {

using plan::Type;

class TargetsResolver {
 public:
  explicit TargetsResolver(Resolver& resolver) : resolver_(resolver), connections_(resolver) {
    plain_ = resolver_.plan.property_sets.add({});
  }

  // First all properties, so that an expression over them finds their types; then connections.
  void resolve(const SyntaxTree& tree) {
    std::vector<const RoleNode*> roles;
    std::vector<const ConnectNode*> connects;
    for (const DeclarationNode& declaration : tree.declarations) {
      if (const auto* role = std::get_if<RoleNode>(&declaration)) roles.push_back(role);
      if (const auto* connect = std::get_if<ConnectNode>(&declaration)) connects.push_back(connect);
    }
    for (const RoleNode* role : roles) {
      for (const TargetNode& target : role->targets) collect_properties(target);
    }
    resolver_.scope.targets_known = true;
    const plan::ConnectionId general = connections_.one(connects);
    for (const RoleNode* role : roles) declare_role(*role);
    connections_.settle(general);
  }

 private:
  void collect_properties(const TargetNode& node) {
    plan::PropertySet set;
    std::vector<const AttributeNode*> seen;
    for (const AttributeNode& attribute : node.properties) {
      const std::string& name = attribute.name.text;
      const auto same = std::find_if(seen.begin(), seen.end(), [&](const AttributeNode* other) {
        return other->name.text == name;
      });
      if (same != seen.end()) {
        resolver_.report.error("E0214", attribute.name.span,
                               fmt::format("the property `{}` is set twice", name), {},
                               {{(*same)->name.span, "first set here"}});
        continue;
      }
      seen.push_back(&attribute);
      if (name == "name") {
        resolver_.report.error("E0214", attribute.name.span,
                               "a target's `name` is what stands behind `target`");
        continue;
      }
      if (!attribute.value) {
        resolver_.report.error("E0205", attribute.span, "a property has one value",
                               {fmt::format("write `{} = …`", name)});
        continue;
      }
      const auto value = resolver_.expressions.resolve_known(
          *attribute.value, {fmt::format("the property `{}`", name), {}, plan::Stage::Known});
      if (!value) continue;
      if (!agree_on_type(name, value->type(), attribute)) continue;
      set.push_back({name, *value});
    }
    std::sort(set.begin(), set.end(),
              [](const plan::Property& a, const plan::Property& b) { return a.name < b.name; });
    const plan::PropertySetId id = set.empty() ? plain_ : resolver_.plan.property_sets.add(set);
    property_sets_.push_back(id);
  }

  bool agree_on_type(const std::string& name, Type type, const AttributeNode& attribute) {
    if (name == "address" && type != Type::String) {
      resolver_.report.error("E0205", attribute.span, "an address is a string");
      return false;
    }
    const auto [known, added] = resolver_.scope.properties.emplace(name, type);
    if (added) property_spans_[name] = attribute.name.span;
    if (known->second == type) return true;
    const auto there = property_spans_.find(name);
    std::vector<base::Note> notes;
    if (there != property_spans_.end()) notes.push_back({there->second, "there"});
    resolver_.report.error("E0205", attribute.span,
                           fmt::format("the property `{}` is a {} here and a {} {}", name,
                                       plan::type_name(type), plan::type_name(known->second),
                                       notes.empty() ? "in the inventory" : "elsewhere"),
                           {}, std::move(notes));
    return false;
  }

  // A role of the inventory is added to; one of the file is declared once.
  void declare_role(const RoleNode& node) {
    const std::string& name = node.name.text;
    const auto known = resolver_.scope.roles.find(name);
    const bool there = known != resolver_.scope.roles.end();
    const auto first = role_spans_.find(name);
    if (name.empty() || first != role_spans_.end()) {
      std::vector<base::Note> notes;
      if (!name.empty()) notes.push_back({first->second, "first declared here"});
      resolver_.report.error("E0202", node.name.span,
                             name.empty() ? "a role's name is empty"
                                          : fmt::format("the role `{}` is declared twice", name),
                             {}, std::move(notes));
      next_set_ += node.targets.size();
      return;
    }
    role_spans_[name] = node.name.span;
    const plan::ConnectionId of_role = connections_.one(node.connects);
    plan::TargetList list;
    if (there) list = resolver_.plan.target_lists[resolver_.plan.roles[known->second].targets];
    in_role_.assign(resolver_.plan.targets.size(), Membership::No);
    list.for_each([&](plan::TargetId target) {
      in_role_[target.value] = Membership::Inventory;
      if (of_role.valid()) say(target, of_role, ConnectionResolver::Level::Role, node.span);
    });
    for (const TargetNode& target : node.targets) {
      const plan::ConnectionId own = connections_.one(target.connects);
      declare_targets(target, own, of_role, list);
      ++next_set_;
    }
    plan::Role role;
    role.name = name;
    role.minimum = minimum(node);
    role.targets = resolver_.intern(std::move(list));
    if (there) {
      resolver_.plan.roles[known->second] = std::move(role);
    } else {
      resolver_.scope.roles[name] = resolver_.plan.roles.add(std::move(role));
    }
  }

  std::uint32_t minimum(const RoleNode& node) {
    if (!node.minimum) return 1;
    const auto value = resolver_.expressions.resolve_known(
        *node.minimum, {"a role's minimum", {Type::Number}, plan::Stage::Known});
    if (!value) return 1;
    const std::int64_t micros = std::get<plan::Number>(value->content).micros;
    const std::int64_t whole = micros / 1'000'000;
    if (micros < 0 || micros % 1'000'000 != 0 || whole > static_cast<std::int64_t>(most_targets)) {
      resolver_.report.error("E0305", node.minimum->span,
                             "a role's minimum is a whole number from 0");
      return 1;
    }
    return static_cast<std::uint32_t>(whole);
  }

  void declare_targets(const TargetNode& node, plan::ConnectionId own, plan::ConnectionId of_role,
                       plan::TargetList& list) {
    const std::string& pattern = node.pattern.text;
    if (pattern.empty() || base::printable(pattern) != pattern) {
      resolver_.report.error("E0215", node.pattern.span,
                             "a target's name is not empty and has no control characters");
      return;
    }
    const auto count = count_names(pattern, most_targets);
    if (!count) {
      const bool many = count.error().message.find("stands for") != std::string::npos;
      resolver_.report.error(many ? "E0207" : "E0206", node.pattern.span, count.error().message);
      return;
    }
    plan::Targets& targets = resolver_.plan.targets;
    if (targets.size() + count.value() > most_targets) {
      resolver_.report.error("E0207", node.pattern.span,
                             fmt::format("these are more than {} targets in all", most_targets));
      return;
    }
    targets.reserve(targets.size() + count.value(), 0);
    const plan::PropertySetId set = property_sets_[next_set_];
    for_each_name(pattern, [&](std::string_view name) {
      plan::TargetId target = resolver_.names.find(name);
      if (!target.valid()) {
        target = targets.add(name, set, {});
        resolver_.names.add(target);
      } else {
        merge(target, set, node);
      }
      if (in_role_.size() < targets.size()) in_role_.resize(targets.size() * std::size_t{2});
      Membership& membership = in_role_[target.value];
      if (membership == Membership::File) {
        resolver_.report.error("E0202", node.pattern.span,
                               fmt::format("`{}` is in this role already", name));
        return;
      }
      if (membership == Membership::No) list.add(target);
      membership = Membership::File;
      if (of_role.valid()) say(target, of_role, ConnectionResolver::Level::Role, node.span);
      if (own.valid()) say(target, own, ConnectionResolver::Level::Target, node.span);
    });
  }

  void say(plan::TargetId target, plan::ConnectionId connection, ConnectionResolver::Level level,
           base::Span span) {
    if (connections_.say(target, connection, level)) return;
    resolver_.report.error("E0216", span,
                           fmt::format("`{}` is reached in another way in another role",
                                       resolver_.plan.targets.name(target)));
  }

  // The same target in a further role: what both say must agree.
  void merge(plan::TargetId target, plan::PropertySetId set, const TargetNode& node) {
    plan::Plan& plan = resolver_.plan;
    const plan::PropertySetId before = plan.targets.properties(target);
    if (set == before || plan.property_sets[set].empty()) return;
    const auto [known, fresh] = merged_.emplace(std::pair(before, set), before);
    if (fresh) known->second = merged(target, before, set, node);
    plan.targets.set_properties(target, known->second);
  }

  plan::PropertySetId merged(plan::TargetId target, plan::PropertySetId before,
                             plan::PropertySetId set, const TargetNode& node) {
    plan::Plan& plan = resolver_.plan;
    plan::PropertySet made = plan.property_sets[before];
    for (const plan::Property& property : plan.property_sets[set]) {
      const auto same = std::find_if(
          made.begin(), made.end(), [&](const auto& known) { return known.name == property.name; });
      if (same == made.end()) {
        made.push_back(property);
      } else if (same->value != property.value) {
        resolver_.report.error(
            "E0216", node.span,
            fmt::format("`{}` of `{}` is {} here and {} elsewhere", property.name,
                        plan.targets.name(target), plan::environment_text(property.value),
                        plan::environment_text(same->value)));
        return before;
      }
    }
    std::sort(made.begin(), made.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return plan.property_sets.add(std::move(made));
  }

  enum class Membership : std::uint8_t { No, Inventory, File };

  Resolver& resolver_;
  ConnectionResolver connections_;
  plan::PropertySetId plain_;
  std::vector<plan::PropertySetId> property_sets_;  // by target declaration, in file order
  std::size_t next_set_ = 0;
  std::map<std::string, base::Span> property_spans_;
  std::map<std::string, base::Span> role_spans_;
  std::map<std::pair<plan::PropertySetId, plan::PropertySetId>, plan::PropertySetId> merged_;
  std::vector<Membership> in_role_;  // by target: in the role at hand
};

}  // namespace

void resolve_targets(const SyntaxTree& tree, Resolver& resolver) {
  TargetsResolver(resolver).resolve(tree);
}

}  // namespace sluice::compiler
