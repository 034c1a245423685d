// Roles, the targets in them and their properties; how they are reached is settled with the help of
// resolve_connections.h.
#include <fmt/format.h>

#include <algorithm>

#include "base/most_errors.h"
#include "base/utf8.h"
#include "compiler/ranges.h"
#include "compiler/resolve_connections.h"
#include "compiler/resolver.h"
#include "plan/ssh_names.h"

namespace sluice::compiler {

namespace {

using plan::Type;

// Names that ranges may stand for in all: each target may be in several roles.
constexpr std::uint64_t most_named = 2 * most_targets;

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
      for (const TargetNode& target : role->targets) {
        collect_properties(target);
        if (base::is_full(resolver_.diagnostics)) return;
      }
    }
    if (!check_size(roles)) return;
    resolver_.scope.targets_known = true;
    const plan::ConnectionId general = connections_.one(connects);
    for (const RoleNode* role : roles) declare_role(*role);
    connections_.settle(general);
    connections_.check_by_target();
    check_hosts();
  }

 private:
  // Before anything is expanded: what a file of some bytes may ask for is bounded, also where it
  // names the same targets again and again.
  bool check_size(const std::vector<const RoleNode*>& roles) {
    std::uint64_t named = 0;
    for (const RoleNode* role : roles) {
      for (const TargetNode& target : role->targets) {
        const auto count = count_names(target.pattern.text, most_targets);
        if (count) named += count.value();
        if (named <= most_named) continue;
        resolver_.report.error(
            "E0207", target.pattern.span,
            fmt::format("up to here, targets are named more than {} times", most_named));
        return false;
      }
    }
    return true;
  }

  void collect_properties(const TargetNode& node) {
    plan::PropertySet set;
    std::map<std::string_view, base::Span> seen;
    for (const AttributeNode& attribute : node.properties) {
      const std::string& name = attribute.name.text;
      const auto [same, fresh] = seen.emplace(name, attribute.name.span);
      if (!fresh) {
        resolver_.report.error("E0214", attribute.name.span,
                               fmt::format("the property `{}` is set twice", name), {},
                               {{same->second, "first set here"}});
        continue;
      }
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
      if (name == "address") address_spans_.emplace(plan::to_text(*value), attribute.value->span);
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
    const std::string message = fmt::format("the property `{}` is a {} here and a {} {}", name,
                                            plan::type_name(type), plan::type_name(known->second),
                                            notes.empty() ? "in the inventory" : "elsewhere");
    resolver_.report.error("E0205", attribute.span, message, {}, std::move(notes));
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
    const std::uint32_t role_mark = next_mark(node.name.span);
    in_role_.resize(std::max<std::size_t>(in_role_.size(), resolver_.plan.targets.size()));
    list.for_each([&](plan::TargetId target) {
      in_role_[target.value] = role_mark;
      if (of_role.valid()) say(target, of_role, ConnectionResolver::Level::Role, node.span);
    });
    for (const TargetNode& target : node.targets) {
      if (base::is_full(resolver_.diagnostics)) return;
      const plan::ConnectionId own = connections_.one(target.connects);
      if (!declare_targets(target, {own, of_role, role_mark}, list)) {
        resolver_.broken_roles.insert(name);
      }
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

  struct InRole {
    plan::ConnectionId own;
    plan::ConnectionId of_role;
    std::uint32_t mark = 0;
  };

  // False: none was declared, and the role may lack targets for that alone.
  bool declare_targets(const TargetNode& node, const InRole& in_role, plan::TargetList& list) {
    const std::string& pattern = node.pattern.text;
    if (pattern.empty() || base::printable(pattern) != pattern) {
      resolver_.report.error("E0215", node.pattern.span,
                             "a target's name is not empty and has no control characters");
      return false;
    }
    const auto count = count_names(pattern, most_targets);
    if (!count) {
      report_range(node.pattern, count.error().message, resolver_);
      return false;
    }
    plan::Targets& targets = resolver_.plan.targets;
    if (targets.size() + count.value() > most_targets) {
      resolver_.report.error("E0207", node.pattern.span,
                             fmt::format("these are more than {} targets in all", most_targets));
      return false;
    }
    warn_of_likely_range(node.pattern);
    constexpr std::uint64_t many = 10'000;  // for fewer, room is made as it is needed
    if (count.value() > many) targets.reserve(targets.size() + count.value(), 0);
    const plan::PropertySetId set = property_sets_[next_set_];
    const std::uint32_t mark = next_mark(node.pattern.span);
    bool told = false;
    for_each_name(pattern, [&](std::string_view name) {
      plan::TargetId target = resolver_.names.find(name);
      if (!target.valid()) {
        target = targets.add(name, set, {});
        resolver_.names.add(target);
      } else {
        merge(target, set, node);
      }
      if (in_role_.size() < targets.size()) in_role_.resize(targets.size() * std::size_t{2});
      std::uint32_t& last = in_role_[target.value];
      if (last > in_role.mark) {
        if (!told) {
          resolver_.report.error("E0202", node.pattern.span,
                                 fmt::format("`{}` is in this role already", name), {},
                                 {{marks_[last - 1], "first here"}});
        }
        told = true;
        return;
      }
      if (last < in_role.mark) list.add(target);
      last = mark;
      if (in_role.of_role.valid()) {
        say(target, in_role.of_role, ConnectionResolver::Level::Role, node.span);
      }
      if (in_role.own.valid()) {
        say(target, in_role.own, ConnectionResolver::Level::Target, node.span);
      }
    });
    return true;
  }

  void warn_of_likely_range(const Name& pattern) {
    const std::string meant = range_meant(pattern.text);
    if (meant.empty()) return;
    resolver_.report.warning("W0411", pattern.span,
                             fmt::format("this is one target, called `{}`", pattern.text),
                             {fmt::format("a range is written `{}`", meant)});
  }

  // Marks grow: in the role at hand is what has its mark or a later one.
  std::uint32_t next_mark(base::Span span) {
    marks_.push_back(span);
    return static_cast<std::uint32_t>(marks_.size());
  }

  // Of the targets that the file declares: what ssh is to reach has a host's name, or a property
  // that says where it is. A `connect` with an address is checked where it stands.
  void check_hosts() {
    const plan::Plan& plan = resolver_.plan;
    for (std::uint32_t i = 0; i < in_role_.size() && i < plan.targets.size(); ++i) {
      const plan::TargetId target{i};
      if (in_role_[i] == 0 || i < resolver_.hosts.of_target.size()) continue;
      const plan::Connection& connection = plan.connections[plan.targets.connection(target)];
      if (connection.kind != plan::Connection::Kind::Ssh) continue;
      const std::string* told = address_of(plan.targets.properties(target));
      if (plan::is_host_text(told != nullptr ? *told : plan.targets.name(target))) continue;
      const bool addressed = std::any_of(
          connection.settings.begin(), connection.settings.end(),
          [](const plan::Connection::Setting& setting) { return setting.name == "address"; });
      if (addressed) continue;
      if (told != nullptr) {
        const auto written = address_spans_.find(*told);
        resolver_.report.error(
            "E0215", written == address_spans_.end() ? marks_[in_role_[i] - 1] : written->second,
            fmt::format("`{}` is no host that ssh could reach", base::printable(*told)));
        return;
      }
      resolver_.report.error(
          "E0215", marks_[in_role_[i] - 1],
          fmt::format("`{}` is no host that ssh could reach", plan.targets.name(target)),
          {"name the host, or say where it is: `{ address = \"10.0.0.5\" }`"});
      return;
    }
  }

  // The property, or nothing where the set has none.
  const std::string* address_of(plan::PropertySetId id) const {
    if (id == plain_) return nullptr;
    for (const plan::Property& property : resolver_.plan.property_sets[id]) {
      if (property.name == "address") return std::get_if<std::string>(&property.value.content);
    }
    return nullptr;
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

  Resolver& resolver_;
  ConnectionResolver connections_;
  plan::PropertySetId plain_;
  std::vector<plan::PropertySetId> property_sets_;  // by target declaration, in file order
  std::size_t next_set_ = 0;
  std::map<std::string, base::Span> property_spans_;
  std::map<std::string, base::Span> role_spans_;
  std::map<std::string, base::Span> address_spans_;  // by address: where it stands first
  std::map<std::pair<plan::PropertySetId, plan::PropertySetId>, plan::PropertySetId> merged_;
  std::vector<std::uint32_t> in_role_;  // by target: the mark of what last put it into a role
  std::vector<base::Span> marks_;       // of roles and their targets, from 1
};

}  // namespace

void report_range(const Name& pattern, const std::string& message, Resolver& resolver) {
  const bool many = message.find("stands for") != std::string::npos;
  base::Span span = pattern.span;
  // The range alone, where the source shows it as it is.
  const std::string_view range = std::string_view(message).substr(1, message.find('`', 1) - 1);
  const std::string_view written =
      resolver.sources[span.file].text().substr(span.begin, span.end - span.begin);
  const std::size_t at = written.find(range);
  if (!many && !range.empty() && at != std::string_view::npos) {
    span.begin += static_cast<std::uint32_t>(at);
    span.end = span.begin + static_cast<std::uint32_t>(range.size());
  }
  resolver.report.error(many ? "E0207" : "E0206", span, message);
}

void resolve_targets(const SyntaxTree& tree, Resolver& resolver) {
  TargetsResolver(resolver).resolve(tree);
}

}  // namespace sluice::compiler
