// Ansible's YAML inventories: groups as maps with `hosts`, `vars` and `children`; and files of
// variables beside an inventory.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "compiler/document.h"
#include "compiler/inventory_hosts.h"
#include "compiler/inventory_read.h"
#include "compiler/inventory_tree.h"
#include "compiler/text_check.h"

namespace sluice::compiler {

namespace {

constexpr int most_levels = 128;
constexpr std::size_t most_mistakes = 100;

}  // namespace

TreeReader::TreeReader(Document& document, Inventory& inventory, Report& report)
    : document_(document), inventory_(inventory), report_(report) {}

void TreeReader::error(std::string code, Document::Node node, std::string message,
                       std::vector<std::string> hints) {
  if (++mistakes_ > most_mistakes) return;
  report_.error(std::move(code), document_.span(node), std::move(message), std::move(hints));
}

bool TreeReader::stop() {
  if (mistakes_ > most_mistakes) return true;
  if (inventory_.group_count() > most_groups) {
    error("E0508", document_.root(), too_many_groups);
    mistakes_ = most_mistakes + 1;
    return true;
  }
  if (!document_.too_much()) return false;
  if (!said_too_much_) {
    said_too_much_ = true;
    error("E0508", document_.root(), "the aliases of this file multiply what it holds past reason");
  }
  return true;
}

bool TreeReader::too_many_groups_in(Document::Node map) {
  if (document_.count_entries(map) <= most_groups) return false;
  error("E0508", map, too_many_groups);
  mistakes_ = most_mistakes + 1;
  return true;
}

InventoryValueId TreeReader::value(Document::Node node) {
  const Document::Kind kind = document_.kind(node);
  const auto make = [&] { return document_.value(node); };
  if (kind == Document::Kind::String) return inventory_.text_value(document_.text(node));
  if (kind == Document::Kind::Plain) return inventory_.value('y', document_.text(node), make);
  if (kind == Document::Kind::Number || kind == Document::Kind::Boolean) {
    return inventory_.value('j', document_.text(node), make);
  }
  return inventory_.add_value(make());
}

void TreeReader::read_assigned(Document::Node map, std::vector<Assigned>& assigned) {
  assigned.clear();
  std::vector<Document::Entry> entries;
  document_.entries(map, entries, report_);
  for (const Document::Entry& entry : entries) {
    const std::string_view name = document_.text(entry.key);
    if (name.empty()) {
      error("E0507", entry.key, "a variable's name is a text");
      continue;
    }
    if (inventory_.variable_count() >= most_inventory_variables) {
      return error("E0508", entry.key,
                   "the inventory has more than 100,000 variables of different names");
    }
    assigned.push_back({inventory_.variable(name), value(entry.value), document_.place(entry.key)});
  }
}

bool TreeReader::read_groups() {
  if (document_.empty() || document_.kind(document_.root()) != Document::Kind::Map) {
    if (document_.empty()) {
      report_.error("E0507", document_.start(), "the inventory is empty");
    } else {
      error("E0507", document_.root(), "an inventory is a map of groups");
    }
    return false;
  }
  const Document::Node plugin = document_.find(document_.root(), "plugin");
  if (plugin != Document::none && !document_.is_null(plugin)) {
    error("E0512", plugin, "this configures a plugin of Ansible, and holds no hosts",
          {"let Ansible ask it: `ansible-inventory -i FILE --list > hosts.json`"});
    return false;
  }
  if (too_many_groups_in(document_.root())) return false;
  std::vector<Document::Entry> groups;
  document_.entries(document_.root(), groups, report_);
  for (const Document::Entry& group : groups) {
    if (stop()) break;
    read_group(group.key, group.value, 0);
  }
  stop();
  return mistakes_ == 0;
}

GroupId TreeReader::read_group(Document::Node key, Document::Node node, int level) {
  const Document::Kind kind = document_.kind(node);
  const bool null = document_.is_null(node);
  if (kind != Document::Kind::Map && !null) {
    error("E0507", key,
          fmt::format("the group `{}` is no map", base::printable(document_.text(key))),
          {"a group has `hosts`, `vars` and `children` below it"});
    return {};
  }
  if (!document_.is_string(key) || document_.text(key).empty()) {
    error("E0507", key, "a group's name is a text", {"put it into quotes"});
    return {};
  }
  if (level > most_levels) {
    error("E0508", key, fmt::format("groups are nested deeper than {} levels", most_levels));
    return {};
  }
  const GroupId group = inventory_.add_group(document_.text(key), document_.place(key));
  if (null) return group;
  std::vector<Document::Entry> sections;
  document_.entries(node, sections, report_);
  for (const Document::Entry& section : sections) {
    if (stop()) break;
    read_section(group, section, level);
  }
  return group;
}

void TreeReader::read_section(GroupId group, const Document::Entry& section, int level) {
  const std::string_view name = document_.text(section.key);
  const bool known = name == "hosts" || name == "vars" || name == "children";
  const Document::Kind kind = document_.kind(section.value);
  if (!known) {
    report_.warning("W0505", document_.span(section.key),
                    fmt::format("`{}` in the group `{}` is not read", base::printable(name),
                                base::printable(inventory_.group_name(group))),
                    {"a group has `hosts`, `vars` and `children`"});
    return;
  }
  if (document_.is_null(section.value)) return;
  // A single text stands for a map with that key.
  if (document_.is_string(section.value)) {
    if (name == "hosts") read_host(group, section.value, Document::none);
    if (name == "children") read_child(group, section.value, Document::none, level);
    if (name == "vars") {
      inventory_.set(group, inventory_.variable(document_.text(section.value)),
                     inventory_.add_value({InventoryValue::Kind::Null, {}}),
                     document_.place(section.value));
    }
    return;
  }
  if (kind != Document::Kind::Map) {
    error("E0507", section.key,
          fmt::format("`{}` of the group `{}` is no map", name,
                      base::printable(inventory_.group_name(group))),
          {name == "vars" ? "write `name: value`, one a line"
                          : "write each name with a colon behind it, without a dash"});
    return;
  }
  if (name == "vars") {
    std::vector<Assigned> assigned;
    read_assigned(section.value, assigned);
    for (const Assigned& one : assigned) {
      inventory_.set(group, one.variable, one.value, one.place);
    }
    return;
  }
  if (name == "children" && too_many_groups_in(section.value)) return;
  std::vector<Document::Entry> entries;
  document_.entries(section.value, entries, report_);
  for (const Document::Entry& entry : entries) {
    if (stop()) return;
    if (name == "hosts") {
      read_host(group, entry.key, entry.value);
    } else {
      read_child(group, entry.key, entry.value, level);
    }
  }
}

void TreeReader::read_child(GroupId group, Document::Node key, Document::Node node, int level) {
  GroupId child;
  if (node == Document::none) {
    child = inventory_.add_group(document_.text(key), document_.place(key));
  } else {
    child = read_group(key, node, level + 1);
  }
  if (!child.valid()) return;
  if (child == group) {
    error("E0505", key,
          fmt::format("the group `{}` is its own child",
                      base::printable(inventory_.group_name(group))));
    return;
  }
  inventory_.add_child(group, child, document_.place(key));
}

void TreeReader::read_host(GroupId group, Document::Node key, Document::Node node) {
  if (!document_.is_string(key)) {
    error("E0507", key, "a host's name is a text", {"put it into quotes"});
    return;
  }
  assigned_.clear();
  if (node != Document::none && document_.kind(node) == Document::Kind::Map) {
    read_assigned(node, assigned_);
  } else if (node != Document::none && !document_.is_null(node) && !is_false(node)) {
    error("E0507", key,
          fmt::format("behind the host `{}` stands no map of variables",
                      base::printable(document_.text(key))));
    return;
  }
  const HostProblem problem = add_hosts(
      document_.text(key), group, document_.place(key), inventory_, left_, [&](HostId host) {
        for (const Assigned& one : assigned_) {
          inventory_.set(host, one.variable, one.value, one.place);
        }
      });
  if (!problem.message.empty()) error(problem.code, key, problem.message);
}

// What Python takes for nothing.
bool TreeReader::is_false(Document::Node node) {
  const InventoryValue value = document_.value(node);
  if (value.kind != InventoryValue::Kind::Held) return value.kind == InventoryValue::Kind::Null;
  const plan::Value& held = value.value;
  return held == plan::Value{false} || held == plan::Value{plan::Number{0}} ||
         held == plan::Value{std::string()} || held == plan::Value{plan::Value::List{}};
}

bool read_yaml(const base::SourceFile& source, base::FileId file, Inventory& inventory,
               Report& report) {
  Document document(source.text(), file);
  if (!parse_yaml(source.text(), file, document, report)) return false;
  return TreeReader(document, inventory, report).read_groups();
}

bool read_variables(const base::SourceFile& source, base::FileId file, GroupId group, HostId host,
                    Inventory& inventory, base::Diagnostics& diagnostics) {
  if (!check_text(source, file, diagnostics)) return false;
  Report report(diagnostics);
  if (source.text().starts_with("$ANSIBLE_VAULT;")) {
    report.warning("W0501", {file, 0, 14},
                   "this file is encrypted by ansible-vault, and its variables are left out",
                   {"a secret is read by `secret NAME from …` when the run starts"});
    return true;
  }
  Document document(source.text(), file);
  if (!parse_yaml(source.text(), file, document, report)) return false;
  if (document.empty() || document.is_null(document.root())) return true;
  TreeReader reader(document, inventory, report);
  if (document.kind(document.root()) != Document::Kind::Map) {
    reader.error("E0507", document.root(), "a file of variables is a map: `name: value`");
    return false;
  }
  std::vector<Assigned> assigned;
  reader.read_assigned(document.root(), assigned);
  for (const Assigned& one : assigned) {
    if (group.valid()) inventory.set_beside(group, one.variable, one.value, one.place);
    if (host.valid()) inventory.set_beside(host, one.variable, one.value, one.place);
  }
  return !reader.stop();
}

}  // namespace sluice::compiler
