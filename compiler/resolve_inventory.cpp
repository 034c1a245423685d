#include "compiler/resolve_inventory.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/utf8.h"
#include "compiler/inventory.h"
#include "compiler/inventory_files.h"
#include "compiler/resolver.h"
#include "plan/ssh_names.h"

namespace sluice::compiler {

namespace {

using plan::Connection;
using plan::Type;
using ValueKind = InventoryValue::Kind;

// What a variable of an inventory is to us. Of several names for one setting the later is stronger.
enum class Meaning : std::uint8_t {
  Property,
  LeftOut,
  Address,
  Port,
  User,
  IdentityFile,
  ConnectionKind,
  ConnectionOptions,
};

struct Known {
  std::string_view name;
  Meaning meaning;
};
constexpr std::array known_variables = {
    Known{"ansible_host", Meaning::Address},
    Known{"ansible_ssh_host", Meaning::Address},
    Known{"ansible_port", Meaning::Port},
    Known{"ansible_ssh_port", Meaning::Port},
    Known{"ansible_user", Meaning::User},
    Known{"ansible_ssh_user", Meaning::User},
    Known{"ansible_private_key_file", Meaning::IdentityFile},
    Known{"ansible_ssh_private_key_file", Meaning::IdentityFile},
    Known{"ansible_connection", Meaning::ConnectionKind},
    Known{"ansible_ssh_common_args", Meaning::ConnectionOptions},
    Known{"ansible_ssh_extra_args", Meaning::ConnectionOptions},
};

bool is_secret(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower.ends_with("password") || lower.ends_with("pass") || lower.ends_with("token");
}

class InventoryTargets {
 public:
  InventoryTargets(const Inventory& inventory, Resolver& resolver)
      : inventory_(inventory), resolver_(resolver) {}

  bool add() {
    const std::uint32_t hosts = inventory_.host_count();
    resolver_.plan.targets.reserve(hosts, hosts * std::size_t{16});
    resolver_.hosts.of_target.reserve(hosts);
    plain_ = resolver_.plan.property_sets.add({});
    find_meanings();
    // A host's number is its target's: nothing else was added before.
    for (std::uint32_t i = 0; i < hosts; ++i) add_host({i});
    for (const auto& [name, entry] : types_) {
      if (entry.mixed.empty()) resolver_.scope.properties.emplace(name, entry.type);
    }
    add_roles();
    return good_;
  }

 private:
  struct TypeEntry {
    Type type = Type::String;
    std::string mixed;  // why it is of no one type, or empty
  };

  base::Span span(InventoryPlace place) const {
    const std::string_view rest =
        resolver_.sources[place.file].text().substr(place.at, most_host_name_bytes);
    const std::size_t end = std::min(rest.find_first_of(" \t\r\n=:,]"), rest.size());
    return {place.file, place.at, place.at + static_cast<std::uint32_t>(end)};
  }

  void find_meanings() {
    for (std::uint32_t i = 0; i < inventory_.variable_count(); ++i) {
      const std::string_view name = inventory_.variable_name({i});
      Meaning meaning = Meaning::Property;
      for (const Known& known : known_variables) {
        if (known.name == name) meaning = known.meaning;
      }
      if (name == "name" || is_secret(name)) meaning = Meaning::LeftOut;
      meanings_.push_back(meaning);
      said_.push_back(false);
    }
    last_type_.resize(meanings_.size(), 255);
  }

  // Told once of each variable, at the first place.
  void warn_once(const Assigned& one, std::string code, std::string message,
                 std::vector<std::string> hints = {}) {
    if (said_[one.variable.value]) return;
    said_[one.variable.value] = true;
    resolver_.report.warning(std::move(code), span(one.place), std::move(message),
                             std::move(hints));
  }

  std::string name_of(const Assigned& one) const {
    return base::printable(inventory_.variable_name(one.variable));
  }

  void add_host(HostId host) {
    const Inventory::HostVariables variables = inventory_.host_variables(host);
    Made made = made_of(host, variables);
    if (!plan::is_host_text(inventory_.host_name(host)) && !has_address(made.properties)) {
      HostConnection connection = resolver_.hosts.connections[made.connection];
      set_obstacle("is no host that ssh could reach", "address", inventory_.host_place(host),
                   connection);
      made.connection = intern(std::move(connection));
    }
    const plan::TargetId target =
        resolver_.plan.targets.add(inventory_.host_name(host), made.properties, {});
    resolver_.names.add(target);
    resolver_.hosts.of_target.push_back(made.connection);
  }

  bool has_address(plan::PropertySetId id) const {
    const plan::PropertySet& set = resolver_.plan.property_sets[id];
    return std::any_of(set.begin(), set.end(),
                       [](const plan::Property& property) { return property.name == "address"; });
  }

  struct Made {
    plan::PropertySetId properties;
    std::uint32_t connection = HostConnections::none;
    HostId first;  // the host that it was made for
  };

  // Hosts of one kind with the same variables of their own share what is made of them.
  Made made_of(HostId host, const Inventory::HostVariables& variables) {
    std::uint64_t hash = variables.kind * std::uint64_t{0x9e3779b97f4a7c15};
    for (const Assigned& one : variables.own) {
      hash = (hash ^ one.variable.value) * 0xbf58476d1ce4e5b9ULL;
      hash = (hash ^ (hash >> 29U) ^ one.value.value) * 0x94d049bb133111ebULL;
    }
    const auto [begin, end] = made_.equal_range(hash);
    for (auto at = begin; at != end; ++at) {
      const Inventory::HostVariables other = inventory_.host_variables(at->second.first);
      const bool same = other.kind == variables.kind &&
                        std::equal(other.own.begin(), other.own.end(), variables.own.begin(),
                                   variables.own.end(), [](const Assigned& a, const Assigned& b) {
                                     return a.variable == b.variable && a.value == b.value;
                                   });
      if (same) return at->second;
    }
    Made made = make(variables);
    made.first = host;
    made_.emplace(hash, made);
    return made;
  }

  Made make(const Inventory::HostVariables& variables) {
    inventory_.merged(variables, merged_);
    plan::PropertySet set;
    HostConnection connection;
    std::array<const Assigned*, 8> settings{};
    std::array<std::string_view, 8> names{};
    const Assigned* address = nullptr;
    for (const Assigned& one : merged_) {
      const Meaning meaning = meanings_[one.variable.value];
      if (meaning == Meaning::Property) {
        add_property(one, set);
        if (inventory_.variable_name(one.variable) == "address") address = &one;
      } else if (meaning == Meaning::LeftOut) {
        warn_left_out(one);
      } else if (inventory_.value(one.value).kind != ValueKind::Null) {
        const auto at = static_cast<std::size_t>(meaning);
        const std::string_view name = inventory_.variable_name(one.variable);
        // In the order of the names `ansible_…` comes before `ansible_ssh_…`, and is weaker.
        if (settings[at] == nullptr || name > names[at]) {
          settings[at] = &one;
          names[at] = name;
        }
      }
    }
    add_settings(settings, set, connection);
    const bool named = settings[static_cast<std::size_t>(Meaning::Address)] != nullptr;
    if (address != nullptr && !named && inventory_.value(address->value).kind == ValueKind::Held) {
      check_address(plan::to_text(inventory_.value(address->value).value), address->place,
                    connection);
    }
    return {intern(std::move(set)), intern(std::move(connection)), {}};
  }

  void warn_left_out(const Assigned& one) {
    if (inventory_.variable_name(one.variable) == "name") {
      warn_once(one, "W0502", "a target's `name` is its own; this variable is left out");
      return;
    }
    warn_once(one, "W0501", fmt::format("`{}` looks like a secret, and is left out", name_of(one)),
              {"a secret is read when the run starts: `secret NAME from env \"…\"`"});
  }

  void add_property(const Assigned& one, plan::PropertySet& set) {
    const InventoryValue& value = inventory_.value(one.value);
    if (value.kind == ValueKind::Null) return;
    if (value.kind == ValueKind::Encrypted) {
      return warn_once(
          one, "W0501",
          fmt::format("`{}` is encrypted by ansible-vault, and is left out", name_of(one)),
          {"a secret is read when the run starts: `secret NAME from env \"…\"`"});
    }
    if (value.kind == ValueKind::Map) {
      return warn_once(
          one, "W0502",
          fmt::format("`{}` is a map, or a list of such, and is left out", name_of(one)),
          {"a property holds a text, a number, a truth or a list of these"});
    }
    if (value.kind == ValueKind::Text) {
      warn_once(one, "W0502",
                fmt::format("`{}` is no number of six decimal places, and is kept as a text",
                            name_of(one)));
    }
    look_for_template(one, value);
    note_type(one, value.value.type());
    set.push_back({std::string(inventory_.variable_name(one.variable)), value.value});
  }

  void look_for_template(const Assigned& one, const InventoryValue& value) {
    const auto* text = std::get_if<std::string>(&value.value.content);
    if (text == nullptr || text->find("{{") == std::string::npos) return;
    warn_once(
        one, "W0504",
        fmt::format("`{}` holds a template of Ansible, which stays as it stands", name_of(one)));
  }

  // A property is of one type, or cannot be used.
  void note_type(const Assigned& one, Type type) {
    const auto number = static_cast<std::uint8_t>(type);
    if (last_type_[one.variable.value] == number) return;
    last_type_[one.variable.value] = number;
    const std::string name(inventory_.variable_name(one.variable));
    const auto [known, fresh] = types_.emplace(name, TypeEntry{type, ""});
    if (fresh || known->second.type == type || !known->second.mixed.empty()) return;
    const plan::Place at = resolver_.place(span(one.place));
    known->second.mixed = fmt::format("it is a {} for some targets and a {} for others ({}:{})",
                                      plan::type_name(known->second.type), plan::type_name(type),
                                      resolver_.sources[one.place.file].name(), at.line);
    resolver_.scope.mixed_properties[name] = known->second.mixed;
  }

  // The text of a setting; nothing where it cannot be one, which is reported. A template is an
  // obstacle to whoever reaches the host.
  std::optional<std::string> setting_text(const Assigned& one, const char* setting,
                                          HostConnection& connection) {
    const InventoryValue& value = inventory_.value(one.value);
    const bool plain = (value.kind == ValueKind::Held || value.kind == ValueKind::Text) &&
                       value.value.type() != Type::List;
    const std::string text = plain ? plan::to_text(value.value) : std::string();
    if (text.find("{{") != std::string::npos) {
      set_obstacle(
          fmt::format("has the template `{}`, which Ansible alone can work out", name_of(one)),
          setting, one.place, connection);
      return std::nullopt;
    }
    if (plain && !text.empty()) return text;
    good_ = false;
    resolver_.report.error("E0510", span(one.place), fmt::format("`{}` is no text", name_of(one)));
    return std::nullopt;
  }

  void set_obstacle(std::string obstacle, const char* setting, InventoryPlace place,
                    HostConnection& connection) {
    if (!connection.obstacle.empty()) return;
    connection.obstacle = std::move(obstacle);
    connection.obstacle_setting = setting;
    connection.span = span(place);
  }

  void add_settings(const std::array<const Assigned*, 8>& said, plan::PropertySet& set,
                    HostConnection& connection) {
    const auto at = [&](Meaning meaning) { return said[static_cast<std::size_t>(meaning)]; };
    const auto setting = [&](const Assigned& one, const char* name, plan::Value value) {
      note_place(one, connection);
      connection.settings.push_back({name, plan::constant(std::move(value))});
    };
    if (const Assigned* one = at(Meaning::Address)) add_address(*one, set, connection);
    if (const Assigned* one = at(Meaning::IdentityFile)) {
      if (auto text = setting_text(*one, "identity_file", connection))
        setting(*one, "identity_file", {*std::move(text)});
    }
    if (const Assigned* one = at(Meaning::Port)) {
      if (const auto port = port_of(*one, connection)) setting(*one, "port", {*port});
    }
    if (const Assigned* one = at(Meaning::User)) {
      if (auto text = setting_text(*one, "user", connection)) {
        if (!plan::is_user_text(*text)) {
          set_obstacle(
              fmt::format("has the user `{}`, which is no user's name", base::printable(*text)),
              "user", one->place, connection);
        }
        setting(*one, "user", {*std::move(text)});
      }
    }
    if (const Assigned* one = at(Meaning::ConnectionKind)) read_kind(*one, connection);
    if (const Assigned* one = at(Meaning::ConnectionOptions)) {
      warn_once(*one, "W0503", fmt::format("`{}` is not taken over", name_of(*one)),
                {"OpenSSH's own configuration has room for it: `connect ssh { config_file = … }`, "
                 "or `jump = \"…\"`"});
    }
    std::sort(connection.settings.begin(), connection.settings.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
  }

  void check_address(const std::string& address, InventoryPlace place, HostConnection& connection) {
    if (plan::is_host_text(address)) return;
    set_obstacle(fmt::format("has the address `{}`, which is no host that ssh could reach",
                             base::printable(address)),
                 "address", place, connection);
  }

  // All hosts with an address share the setting: it reads the property.
  void add_address(const Assigned& one, plan::PropertySet& set, HostConnection& connection) {
    auto text = setting_text(one, "address", connection);
    if (!text) return;
    check_address(*text, one.place, connection);
    const auto less = [](const plan::Property& property, std::string_view name) {
      return property.name < name;
    };
    const auto place = std::lower_bound(set.begin(), set.end(), "address", less);
    if (place != set.end() && place->name == "address") {
      place->value = {*std::move(text)};
    } else {
      set.insert(place, {"address", {*std::move(text)}});
    }
    types_["address"] = {Type::String, ""};
    plan::Expression expression;
    expression.op = plan::Operator::TargetProperty;
    expression.type = Type::String;
    expression.stage = plan::Stage::PerTarget;
    expression.name = "address";
    connection.settings.push_back({"address", std::move(expression)});
  }

  // Where the settings of the connection are written, for who has to name them.
  void note_place(const Assigned& one, HostConnection& connection) {
    if (connection.settings.empty() && connection.obstacle.empty()) {
      connection.span = span(one.place);
    }
  }

  std::optional<plan::Number> port_of(const Assigned& one, HostConnection& connection) {
    const InventoryValue& value = inventory_.value(one.value);
    std::int64_t port = 0;
    if (value.kind == ValueKind::Held) {
      if (const auto* number = std::get_if<plan::Number>(&value.value.content)) {
        if (number->micros % 1'000'000 == 0) port = number->micros / 1'000'000;
      } else if (const auto* text = std::get_if<std::string>(&value.value.content)) {
        const bool digits = !text->empty() && text->size() < 6 &&
                            text->find_first_not_of("0123456789") == std::string::npos;
        if (digits) port = std::stol(*text);
        if (text->find("{{") != std::string::npos) {
          setting_text(one, "port", connection);
          return std::nullopt;
        }
      }
    }
    if (port >= 1 && port <= 65535) return plan::Number{port * 1'000'000};
    good_ = false;
    resolver_.report.error(
        "E0510", span(one.place),
        fmt::format("`{}` is no port: it is a number from 1 to 65535", name_of(one)));
    return std::nullopt;
  }

  void read_kind(const Assigned& one, HostConnection& connection) {
    const auto text = setting_text(one, "", connection);
    if (!text) return;
    note_place(one, connection);
    if (*text == "local") {
      connection.kind = Connection::Kind::Local;
    } else if (*text == "ssh" || *text == "smart" || *text == "paramiko" ||
               *text == "paramiko_ssh" || *text == "ansible.builtin.ssh") {
      connection.kind = Connection::Kind::Ssh;
    } else if (*text == "libssh" || *text == "ansible.netcommon.libssh") {
      connection.kind = Connection::Kind::Ssh;
      connection.settings.push_back(
          {std::string(plan::client_setting), plan::constant({std::string(plan::libssh_client)})});
    } else if (*text == "ansible.builtin.local") {
      connection.kind = Connection::Kind::Local;
    } else {
      set_obstacle(
          fmt::format("is reached by {} in the inventory, and here there are ssh and local", *text),
          "", one.place, connection);
    }
  }

  plan::PropertySetId intern(plan::PropertySet set) {
    if (set.empty()) return plain_;
    return resolver_.plan.property_sets.add(std::move(set));
  }

  // Few differ but for the address, which is a property.
  std::uint32_t intern(HostConnection connection) {
    std::string key = connection.obstacle + '\0' + connection.obstacle_setting + '\0';
    key += connection.kind ? (*connection.kind == Connection::Kind::Local ? 'l' : 's') : '-';
    for (const auto& setting : connection.settings) {
      key += setting.name + '\0';
      const plan::Value* value = plan::constant_value(setting.value);
      if (value != nullptr) key += plan::to_text(*value);
      key += '\0';
    }
    const bool says_nothing =
        !connection.kind && connection.obstacle.empty() && connection.settings.empty();
    if (says_nothing) return HostConnections::none;
    const auto next = static_cast<std::uint32_t>(resolver_.hosts.connections.size());
    const auto [known, fresh] = connections_.emplace(std::move(key), next);
    if (fresh) resolver_.hosts.connections.push_back(std::move(connection));
    return known->second;
  }

  void add_roles() {
    std::vector<HostId> hosts;
    std::size_t members = 0;
    for (std::uint32_t i = 0; i < inventory_.group_count(); ++i) {
      const GroupId group{i};
      inventory_.all_hosts(group, hosts);
      if (group == Inventory::ungrouped && hosts.empty()) continue;
      members += hosts.size();
      if (members > 4 * most_targets) {
        good_ = false;
        resolver_.report.error("E0508", span(inventory_.group_place(group)),
                               "the groups hold more hosts than 40,000,000 in all");
        return;
      }
      plan::TargetList list;
      for (const HostId host : hosts) list.add(plan::TargetId{host.value});
      plan::Role role;
      role.name = inventory_.group_name(group);
      role.targets = resolver_.intern(std::move(list));
      const plan::RoleId id = resolver_.plan.roles.add(std::move(role));
      resolver_.scope.roles[std::string(inventory_.group_name(group))] = id;
    }
  }

  const Inventory& inventory_;
  Resolver& resolver_;
  bool good_ = true;
  plan::PropertySetId plain_;
  std::vector<Meaning> meanings_;        // by variable
  std::vector<bool> said_;               // by variable: a warning
  std::vector<std::uint8_t> last_type_;  // by variable
  std::map<std::string, TypeEntry> types_;
  std::vector<Assigned> merged_;
  std::unordered_multimap<std::uint64_t, Made> made_;
  std::unordered_map<std::string, std::uint32_t> connections_;
};

}  // namespace

bool resolve_inventories(const SyntaxTree& tree, Resolver& resolver) {
  std::vector<const InventoryNode*> nodes;
  for (const DeclarationNode& declaration : tree.declarations) {
    if (const auto* node = std::get_if<InventoryNode>(&declaration)) nodes.push_back(node);
  }
  if (nodes.empty()) return true;
  Inventory inventory;
  InventoryFiles files(resolver);
  bool good = true;
  for (const InventoryNode* node : nodes) good = files.read(*node, inventory) && good;
  if (!good || !inventory.finish(resolver.report)) return false;
  return InventoryTargets(inventory, resolver).add();
}

}  // namespace sluice::compiler
