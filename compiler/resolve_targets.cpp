// Roles, the targets in them, their properties, and how they are reached.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "compiler/ranges.h"
#include "compiler/resolver.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

using plan::Connection;
using plan::Type;

struct SettingSchema {
  std::string_view name;
  Type type;
};
constexpr SettingSchema ssh_settings[] = {
    {"address", Type::String}, {"config_file", Type::String},      {"identity_file", Type::String},
    {"jump", Type::String},    {"known_hosts_file", Type::String}, {"port", Type::Number},
    {"user", Type::String}};

class TargetsResolver {
 public:
  explicit TargetsResolver(Resolver& resolver) : resolver_(resolver) {
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
    const plan::ConnectionId general = one_connection(connects);
    for (const RoleNode* role : roles) declare_role(*role, general);
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
    resolver_.report.error("E0205", attribute.span,
                           fmt::format("the property `{}` is a {} here and a {} elsewhere", name,
                                       plan::type_name(type), plan::type_name(known->second)),
                           {}, {{property_spans_[name], "there"}});
    return false;
  }

  plan::ConnectionId one_connection(const std::vector<const ConnectNode*>& nodes) {
    if (nodes.size() > 1) {
      resolver_.report.error("E0220", nodes[1]->span, "there is one `connect` here already", {},
                             {{nodes[0]->span, "the first one"}});
    }
    return nodes.empty() ? plan::ConnectionId{} : connection(*nodes[0]);
  }

  plan::ConnectionId one_connection(const std::vector<ConnectNode>& nodes) {
    std::vector<const ConnectNode*> pointers;
    for (const ConnectNode& node : nodes) pointers.push_back(&node);
    return one_connection(pointers);
  }

  plan::ConnectionId connection(const ConnectNode& node) {
    Connection made;
    if (node.kind.text == "local") {
      made.kind = Connection::Kind::Local;
      if (!node.settings.empty()) {
        resolver_.report.error("E0220", node.settings[0].span, "`connect local` has no settings");
      }
      return interned(made);
    }
    if (node.kind.text != "ssh") {
      const std::vector<std::string> kinds{"ssh", "local"};
      resolver_.report.error(
          "E0220", node.kind.span,
          fmt::format("targets are reached by ssh or local, not by `{}`", node.kind.text),
          did_you_mean(node.kind.text, kinds));
      return {};
    }
    for (const AttributeNode& setting : node.settings) add_setting(setting, made);
    std::sort(made.settings.begin(), made.settings.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return interned(made);
  }

  void add_setting(const AttributeNode& node, Connection& made) {
    const auto* schema = std::find_if(std::begin(ssh_settings), std::end(ssh_settings),
                                      [&](const auto& s) { return s.name == node.name.text; });
    if (schema == std::end(ssh_settings)) {
      std::vector<std::string> names;
      for (const SettingSchema& known : ssh_settings) names.emplace_back(known.name);
      auto hints = did_you_mean(node.name.text, names);
      if (hints.empty()) hints.push_back("others belong into OpenSSH's own configuration");
      resolver_.report.error("E0220", node.name.span,
                             fmt::format("`connect ssh` has no setting `{}`", node.name.text),
                             hints);
      return;
    }
    const bool twice = std::any_of(made.settings.begin(), made.settings.end(),
                                   [&](const auto& s) { return s.name == node.name.text; });
    if (twice || !node.value) {
      resolver_.report.error(twice ? "E0214" : "E0205", node.span,
                             twice ? fmt::format("`{}` is set twice", node.name.text)
                                   : fmt::format("`{}` has one value", node.name.text));
      return;
    }
    auto value = resolver_.expressions.resolve(
        *node.value, {fmt::format("`{}`", node.name.text), {schema->type}, plan::Stage::PerTarget});
    if (value) made.settings.push_back({node.name.text, *std::move(value)});
  }

  plan::ConnectionId interned(const Connection& made) {
    for (const plan::ConnectionId id : resolver_.plan.connections.ids()) {
      if (resolver_.plan.connections[id] == made) return id;
    }
    return resolver_.plan.connections.add(made);
  }

  // Nothing says how: ssh, or local for the machine itself.
  plan::ConnectionId usual(std::string_view target) {
    Connection connection;
    connection.kind = target == "localhost" ? Connection::Kind::Local : Connection::Kind::Ssh;
    return interned(connection);
  }

  void declare_role(const RoleNode& node, plan::ConnectionId general) {
    const std::string& name = node.name.text;
    const auto known = resolver_.scope.roles.find(name);
    if (known != resolver_.scope.roles.end() || name.empty()) {
      resolver_.report.error("E0202", node.name.span,
                             name.empty() ? "a role's name is empty"
                                          : fmt::format("the role `{}` is declared twice", name),
                             {}, {});
      next_set_ += node.targets.size();
      return;
    }
    const plan::ConnectionId of_role = one_connection(node.connects);
    plan::TargetList list;
    in_role_.clear();
    for (const TargetNode& target : node.targets) {
      const plan::ConnectionId own = one_connection(target.connects);
      declare_targets(target, own.valid() ? own : of_role, general, list);
      ++next_set_;
    }
    plan::Role role;
    role.name = name;
    role.minimum = minimum(node);
    role.targets = resolver_.intern(std::move(list));
    resolver_.scope.roles[name] = resolver_.plan.roles.add(std::move(role));
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

  // `said`: how this role or target says that it is reached, where it does.
  void declare_targets(const TargetNode& node, plan::ConnectionId said, plan::ConnectionId general,
                       plan::TargetList& list) {
    const plan::ConnectionId connection = said.valid() ? said : general;
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
        target = targets.add(name, set, connection.valid() ? connection : usual(name));
        resolver_.names.add(target);
        if (in_role_.size() < targets.size()) in_role_.resize(targets.size() * 2);
        in_role_[target.value] = true;
        list.add(target);
        return;
      }
      if (in_role_.size() < targets.size()) in_role_.resize(targets.size() * 2);
      if (in_role_[target.value]) {
        resolver_.report.error("E0202", node.pattern.span,
                               fmt::format("`{}` is in this role already", name));
        return;
      }
      in_role_[target.value] = true;
      list.add(target);
      merge(target, set, said, general, node);
    });
  }

  // The same target in a further role: what both say must agree.
  void merge(plan::TargetId target, plan::PropertySetId set, plan::ConnectionId said,
             plan::ConnectionId general, const TargetNode& node) {
    plan::Plan& plan = resolver_.plan;
    const plan::PropertySetId before = plan.targets.properties(target);
    if (set != before && set != plain_) {
      plan::PropertySet merged = plan.property_sets[before];
      for (const plan::Property& property : plan.property_sets[set]) {
        const auto same = std::find_if(merged.begin(), merged.end(), [&](const auto& known) {
          return known.name == property.name;
        });
        if (same == merged.end()) {
          merged.push_back(property);
        } else if (same->value != property.value) {
          resolver_.report.error(
              "E0216", node.span,
              fmt::format("`{}` of `{}` is {} here and {} in another role", property.name,
                          plan.targets.name(target), plan::to_text(property.value),
                          plan::to_text(same->value)));
          return;
        }
      }
      std::sort(merged.begin(), merged.end(),
                [](const auto& a, const auto& b) { return a.name < b.name; });
      plan.targets.set_properties(target, plan.property_sets.add(std::move(merged)));
    }
    const plan::ConnectionId now = plan.targets.connection(target);
    if (!said.valid() || said == now) return;
    if (now == general || now == usual(plan.targets.name(target))) {
      plan.targets.set_connection(target, said);
      return;
    }
    resolver_.report.error(
        "E0216", node.span,
        fmt::format("`{}` is reached in another way in another role", plan.targets.name(target)));
  }

  Resolver& resolver_;
  plan::PropertySetId plain_;
  std::vector<plan::PropertySetId> property_sets_;  // by target declaration, in file order
  std::size_t next_set_ = 0;
  std::map<std::string, base::Span> property_spans_;
  std::vector<bool> in_role_;  // by target: in the role at hand
};

}  // namespace

void resolve_targets(const SyntaxTree& tree, Resolver& resolver) {
  TargetsResolver(resolver).resolve(tree);
}

}  // namespace sluice::compiler
