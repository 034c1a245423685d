#include "compiler/resolve_connections.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "compiler/suggest.h"
#include "plan/ssh_names.h"

namespace sluice::compiler {

namespace {

using plan::Connection;
using plan::Type;

struct SettingSchema {
  std::string_view name;
  Type type;
};
constexpr SettingSchema ssh_settings[] = {{"address", Type::String},
                                          {plan::client_setting, Type::String},
                                          {"config_file", Type::String},
                                          {plan::connect_time_setting, Type::Duration},
                                          {"identity_file", Type::String},
                                          {"jump", Type::String},
                                          {"known_hosts_file", Type::String},
                                          {"port", Type::Number},
                                          {"user", Type::String},
                                          {plan::wrapper_setting, Type::String}};

// These are the same for all targets that have the connection.
bool is_known_beforehand(std::string_view setting) {
  return setting == plan::client_setting || setting == plan::wrapper_setting;
}

// Why ssh could not be given it, or empty.
std::string setting_problem(std::string_view name, const plan::Value& value) {
  if (name == "port") {
    constexpr std::int64_t one = 1'000'000;
    const std::int64_t micros = std::get<plan::Number>(value.content).micros;
    const bool fits = micros % one == 0 && micros >= one && micros <= 65535 * one;
    return fits ? "" : "a port is a whole number from 1 to 65535";
  }
  if (name == plan::connect_time_setting) {
    const bool past = std::get<base::Duration>(value.content).ms < 0;
    return past ? "`connect_time` is not below zero" : "";
  }
  const auto& text = std::get<std::string>(value.content);
  if (name == "address" && !plan::is_host_text(text)) return fmt::format("`{}` is no host", text);
  if (name == "user" && !plan::is_user_text(text))
    return fmt::format("`{}` is no user's name", text);
  if (name == plan::client_setting) {
    const bool known = text == plan::openssh_client || text == plan::libssh_client;
    return known ? "" : "`client` is \"openssh\" or \"libssh\"";
  }
  if (name == plan::wrapper_setting) {
    const bool known = text == plan::shell_wrapper || text == plan::perl_wrapper;
    return known ? "" : "`wrapper` is \"sh\" or \"perl\"";
  }
  const bool line = text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
  if (!line || text.empty()) return fmt::format("`{}` is one line of text", name);
  if (text.front() == '-') return fmt::format("`{}` begins with no `-`", name);
  if (name == "jump" && !plan::is_jump_text(text)) return "`jump` is written `user@host:port`";
  return "";
}

bool is_for_libssh(const Connection& connection) {
  return std::any_of(connection.settings.begin(), connection.settings.end(), [](const auto& one) {
    const plan::Value* value = plan::constant_value(one.value);
    return one.name == plan::client_setting && value != nullptr &&
           plan::to_text(*value) == plan::libssh_client;
  });
}

bool needs_openssh(const Connection& connection) {
  return std::any_of(connection.settings.begin(), connection.settings.end(),
                     [](const auto& one) { return !plan::problem_for_libssh(one.name).empty(); });
}

std::string problem_text(std::string_view problem) {
  return fmt::format("{}, and here `client` is \"libssh\"", problem);
}

std::string hint_for(std::string_view setting) {
  return setting == "jump" ? "leave `client` out where hosts are behind a jump"
                           : "say it with `user`, `port`, `identity_file` and `known_hosts_file`, "
                             "or leave `client` out";
}

}  // namespace

plan::ConnectionId ConnectionResolver::one(const std::vector<const ConnectNode*>& nodes) {
  if (nodes.size() > 1) {
    resolver_.report.error("E0220", nodes[1]->span, "there is one `connect` here already", {},
                           {{nodes[0]->span, "the first one"}});
  }
  return nodes.empty() ? plan::ConnectionId{} : connection(*nodes[0]);
}

plan::ConnectionId ConnectionResolver::one(const std::vector<ConnectNode>& nodes) {
  std::vector<const ConnectNode*> pointers;
  for (const ConnectNode& node : nodes) pointers.push_back(&node);
  return one(pointers);
}

plan::ConnectionId ConnectionResolver::connection(const ConnectNode& node) {
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
    auto hints = did_you_mean(node.kind.text, kinds);
    if (hints.empty())
      hints.emplace_back("write `connect ssh { user = \"…\" }` or `connect local`");
    resolver_.report.error(
        "E0220", node.kind.span,
        fmt::format("targets are reached by ssh or local, not by `{}`", node.kind.text), hints);
    return {};
  }
  for (const AttributeNode& setting : node.settings) add_setting(setting, made);
  for (const AttributeNode& setting : node.settings) {
    const std::string_view problem = plan::problem_for_libssh(setting.name.text);
    if (problem.empty() || !is_for_libssh(made)) continue;
    resolver_.report.error("E0220", setting.span, problem_text(problem),
                           {hint_for(setting.name.text)});
  }
  std::sort(made.settings.begin(), made.settings.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return interned(made);
}

void ConnectionResolver::add_setting(const AttributeNode& node, Connection& made) {
  const auto* schema = std::find_if(std::begin(ssh_settings), std::end(ssh_settings),
                                    [&](const auto& s) { return s.name == node.name.text; });
  if (schema == std::end(ssh_settings)) {
    std::vector<std::string> names;
    for (const SettingSchema& known : ssh_settings) names.emplace_back(known.name);
    auto hints = did_you_mean(node.name.text, names);
    if (hints.empty()) {
      hints.push_back(fmt::format("it has {}; all else belongs into OpenSSH's own configuration",
                                  fmt::join(names, ", ")));
    }
    resolver_.report.error("E0220", node.name.span,
                           fmt::format("`connect ssh` has no setting `{}`", node.name.text), hints);
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
      *node.value,
      {fmt::format("`{}`", node.name.text),
       {schema->type},
       is_known_beforehand(schema->name) ? plan::Stage::Known : plan::Stage::PerTarget});
  if (!value) return;
  const plan::Value* known = plan::constant_value(*value);
  const std::string problem = known == nullptr ? "" : setting_problem(schema->name, *known);
  if (!problem.empty()) {
    resolver_.report.error("E0215", node.value->span, problem);
    return;
  }
  if (known == nullptr) by_target_.push_back({{node.name.text, *value}, node.value->span});
  made.settings.push_back({node.name.text, *std::move(value)});
}

plan::ConnectionId ConnectionResolver::interned(const Connection& made) {
  for (const plan::ConnectionId id : resolver_.plan.connections.ids()) {
    if (resolver_.plan.connections[id] == made) return id;
  }
  return resolver_.plan.connections.add(made);
}

// Nothing says how: ssh, or local for the machine itself.
plan::ConnectionId ConnectionResolver::usual(std::string_view target) {
  Connection connection;
  connection.kind = target == "localhost" ? Connection::Kind::Local : Connection::Kind::Ssh;
  return interned(connection);
}

bool ConnectionResolver::say(plan::TargetId target, plan::ConnectionId connection, Level level) {
  if (said_.size() <= target.value) {
    said_.resize(std::max<std::size_t>(resolver_.plan.targets.size(), target.value + 1));
  }
  Said& said = said_[target.value];
  if (said.level > level || said.connection == connection) return true;
  if (said.level == level) return false;
  said = {connection, level};
  return true;
}

void ConnectionResolver::settle(plan::ConnectionId general) {
  plan::Targets& targets = resolver_.plan.targets;
  const std::vector<std::uint32_t>& hosts = resolver_.hosts.of_target;
  Said last_said;
  std::uint32_t last_host = HostConnections::none;
  plan::ConnectionId last;
  bool obstructed = false;
  for (std::uint32_t i = 0; i < targets.size(); ++i) {
    const plan::TargetId target{i};
    const Said said = i < said_.size() ? said_[i] : Said{};
    const std::uint32_t host = i < hosts.size() ? hosts[i] : HostConnections::none;
    const bool named_local = targets.name(target) == "localhost";
    if (named_local) {
      const plan::ConnectionId own = settled(said, host, general, target);
      targets.set_connection(target, own);
      if (is_obstructed(said, own, resolver_.hosts.connections[host])) {
        resolver_.unreached.emplace_back(target, host);
      }
      continue;
    }
    if (!last.valid() || said != last_said || host != last_host) {
      last = settled(said, host, general, target);
      last_said = said;
      last_host = host;
      obstructed = is_obstructed(said, last, resolver_.hosts.connections[host]);
    }
    if (obstructed) resolver_.unreached.emplace_back(target, host);
    targets.set_connection(target, last);
  }
}

plan::ConnectionId ConnectionResolver::settled(Said said, std::uint32_t host,
                                               plan::ConnectionId general, plan::TargetId target) {
  if (host != HostConnections::none) {
    const std::uint64_t key = (std::uint64_t{host} << 32U) | said.connection.value;
    const auto known = settled_.find(key);
    if (known != settled_.end()) return known->second;
    const HostConnection& of_host = resolver_.hosts.connections[host];
    return settled_[key] = with_host(said, of_host, general, target);
  }
  const plan::ConnectionId in_file = said.connection.valid() ? said.connection : general;
  return in_file.valid() ? in_file : usual(resolver_.plan.targets.name(target));
}

plan::ConnectionId ConnectionResolver::with_host(const Said& said, const HostConnection& host,
                                                 plan::ConnectionId general,
                                                 plan::TargetId target) {
  const bool nearer = said.connection.valid();
  const plan::ConnectionId in_file = nearer ? said.connection : general;
  Connection made;
  if (in_file.valid()) made = resolver_.plan.connections[in_file];
  const bool named_local = resolver_.plan.targets.name(target) == "localhost";
  if (!in_file.valid() && named_local) made.kind = Connection::Kind::Local;
  if (!nearer && host.kind) {
    if (*host.kind != made.kind) made.settings.clear();
    made.kind = *host.kind;
  }
  if (made.kind == Connection::Kind::Local) {
    made.settings.clear();
    return interned(made);
  }
  for (const Connection::Setting& setting : host.settings) {
    const auto same = std::find_if(made.settings.begin(), made.settings.end(),
                                   [&](const auto& one) { return one.name == setting.name; });
    if (same == made.settings.end()) {
      // What is said nearer needs OpenSSH's client.
      if (nearer && setting.name == plan::client_setting && needs_openssh(made)) continue;
      made.settings.push_back(setting);
    } else if (!nearer) {
      *same = setting;
    }
  }
  std::sort(made.settings.begin(), made.settings.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const Connection::Setting& setting : made.settings) {
    const std::string_view problem = plan::problem_for_libssh(setting.name);
    if (problem.empty() || !is_for_libssh(made)) continue;
    resolver_.report.error(
        "E0220", host.span,
        fmt::format("{} for `{}`", problem_text(problem), resolver_.plan.targets.name(target)),
        {hint_for(setting.name)});
  }
  return interned(made);
}

namespace {

// Whether it has an address of its own, other than the target's property.
bool says_address(const Connection& connection) {
  return std::any_of(connection.settings.begin(), connection.settings.end(), [](const auto& one) {
    return one.name == "address" &&
           !(one.value.op == plan::Operator::TargetProperty && one.value.name == "address");
  });
}

}  // namespace

bool ConnectionResolver::is_obstructed(const Said& said, plan::ConnectionId settled,
                                       const HostConnection& host) const {
  if (host.obstacle.empty()) return false;
  // Settings are ssh's.
  const bool local = resolver_.plan.connections[settled].kind == Connection::Kind::Local;
  if (local && !host.obstacle_setting.empty()) return false;
  if (host.obstacle_setting == "address" && says_address(resolver_.plan.connections[settled])) {
    return false;
  }
  if (!said.connection.valid()) return true;
  if (host.obstacle_setting.empty()) return false;
  const std::vector<Connection::Setting>& nearer =
      resolver_.plan.connections[said.connection].settings;
  return std::none_of(nearer.begin(), nearer.end(),
                      [&](const auto& one) { return one.name == host.obstacle_setting; });
}

void ConnectionResolver::check_by_target() const {
  const plan::Plan& plan = resolver_.plan;
  if (by_target_.empty()) return;
  std::vector<bool> told(by_target_.size());
  for (std::uint32_t i = 0; i < plan.targets.size(); ++i) {
    const plan::TargetId target{i};
    const Connection& connection = plan.connections[plan.targets.connection(target)];
    for (const Connection::Setting& setting : connection.settings) {
      if (plan::constant_value(setting.value) != nullptr) continue;
      const auto written = std::find_if(by_target_.begin(), by_target_.end(),
                                        [&](const auto& one) { return one.first == setting; });
      if (written == by_target_.end()) continue;
      const auto place = static_cast<std::size_t>(written - by_target_.begin());
      const auto value = plan::evaluate(setting.value, plan::PlanEnvironment(plan, target, target));
      if (told[place] || !value) continue;
      const std::string problem = setting_problem(setting.name, value.value());
      if (problem.empty()) continue;
      told[place] = true;
      resolver_.report.error("E0215", written->second,
                             fmt::format("`{}` does not fit for `{}`: {}", setting.name,
                                         plan.targets.name(target), problem));
    }
  }
}

namespace {

void mark_reached(const plan::Plan& plan, plan::TargetListId list, std::vector<bool>& reached) {
  for (const plan::TargetList::Run& run : plan.target_lists[list].runs()) {
    std::fill_n(reached.begin() + run.first, run.count, true);
  }
}

void mark_reached(const plan::Plan& plan, const plan::Step& step, const plan::Work& work,
                  std::vector<bool>& reached) {
  if (work.via.kind == plan::Via::Kind::Target) mark_reached(plan, step.targets, reached);
  if (work.via.hosts.valid()) mark_reached(plan, work.via.hosts, reached);
}

}  // namespace

void check_reached(Resolver& resolver) {
  if (resolver.unreached.empty()) return;
  const plan::Plan& plan = resolver.plan;
  std::vector<bool> reached(plan.targets.size());
  for (const plan::Step& step : plan.steps) {
    if (step.on_controller) continue;
    for (const plan::Task& task : step.tasks) {
      mark_reached(plan, step, task, reached);
      if (task.verify) mark_reached(plan, step, *task.verify, reached);
      if (task.undo) mark_reached(plan, step, *task.undo, reached);
    }
  }
  std::map<std::uint32_t, std::pair<plan::TargetId, bool>> first;  // by what the inventory says
  for (const auto& [target, host] : resolver.unreached) {
    const bool is_reached = reached[target.value];
    const auto [known, fresh] = first.try_emplace(host, target, is_reached);
    if (!fresh && is_reached && !known->second.second) known->second = {target, true};
  }
  for (const auto& [host, one] : first) {
    const HostConnection& connection = resolver.hosts.connections[host];
    const std::string said =
        fmt::format("`{}` {}", plan.targets.name(one.first), connection.obstacle);
    if (!one.second) {
      resolver.report.warning("W0506", connection.span,
                              said + "; no step reaches it, so that nothing comes of this");
      continue;
    }
    resolver.report.error("E0510", connection.span, said,
                          {connection.obstacle_setting.empty()
                               ? "say how with `connect` in a role, or let no step run there"
                               : "write the value, or say it with `connect` in a role"});
  }
}

}  // namespace sluice::compiler
