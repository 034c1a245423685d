// JSON inventories: what `ansible-inventory --list` and the programs for dynamic inventories print,
// and the same maps that a YAML inventory has.
#include <fmt/format.h>

#include "base/utf8.h"
#include "compiler/inventory_hosts.h"
#include "compiler/inventory_read.h"
#include "compiler/inventory_tree.h"

namespace sluice::compiler {

namespace {

// Maps below `hosts` or `children` are a YAML inventory's; lists are those of a listing.
bool has_maps(Document& document) {
  if (document.count_entries(document.root()) > most_groups) return false;
  std::vector<Document::Entry> groups;
  base::Diagnostics unsaid;  // they are told when the groups are read
  Report report(unsaid);
  document.entries(document.root(), groups, report);
  for (const Document::Entry& group : groups) {
    if (document.kind(group.value) != Document::Kind::Map) continue;
    for (const std::string_view name : {"hosts", "children"}) {
      const Document::Node section = document.find(group.value, name);
      if (section == Document::none) continue;
      if (document.kind(section) == Document::Kind::Map) return true;
    }
  }
  return false;
}

}  // namespace

bool TreeReader::read_listing() {
  if (too_many_groups_in(document_.root())) return false;
  std::vector<Document::Entry> groups;
  document_.entries(document_.root(), groups, report_);
  Document::Node meta = Document::none;
  for (const Document::Entry& group : groups) {
    if (stop()) break;
    if (document_.text(group.key) == "_meta") {
      meta = group.value;
    } else {
      read_listed_group(group.key, group.value);
    }
  }
  if (meta != Document::none) read_host_variables(meta);
  return mistakes_ == 0;
}

void TreeReader::read_listed_group(Document::Node key, Document::Node node) {
  const std::string_view name = document_.text(key);
  if (name.empty()) return error("E0507", key, "a group's name is a text");
  const GroupId group = inventory_.add_group(name, document_.place(key));
  const Document::Kind kind = document_.kind(node);
  if (kind == Document::Kind::List) return list_hosts(group, node);
  if (kind != Document::Kind::Map) {
    return error(
        "E0507", key,
        fmt::format("the group `{}` is neither a map nor a list of hosts", base::printable(name)));
  }
  const Document::Node hosts = document_.find(node, "hosts");
  const Document::Node variables = document_.find(node, "vars");
  const Document::Node children = document_.find(node, "children");
  std::vector<Assigned> assigned;
  if (hosts == Document::none && variables == Document::none && children == Document::none) {
    // The short form: a host of that name, with its variables.
    listed_host(group, key);
    read_assigned(node, assigned);
    for (const Assigned& one : assigned) inventory_.set(group, one.variable, one.value, one.place);
    return;
  }
  if (hosts != Document::none) list_hosts(group, hosts);
  if (variables != Document::none) {
    if (document_.kind(variables) != Document::Kind::Map) {
      error("E0507", variables, "`vars` is a map");
    } else {
      read_assigned(variables, assigned);
      for (const Assigned& one : assigned) {
        inventory_.set(group, one.variable, one.value, one.place);
      }
    }
  }
  if (children != Document::none) list_children(group, children);
}

HostId TreeReader::listed_host(GroupId group, Document::Node node) {
  const std::string_view name = document_.text(node);
  const HostProblem problem = host_name_problem(name, inventory_);
  if (!problem.message.empty()) return error(problem.code, node, problem.message), HostId{};
  const HostId host = inventory_.add_host(name, 0, document_.place(node));
  inventory_.add_to_group(group, host);
  return host;
}

void TreeReader::list_hosts(GroupId group, Document::Node node) {
  if (document_.kind(node) != Document::Kind::List) {
    return error("E0507", node, "`hosts` is a list of names");
  }
  std::vector<Document::Node> names;
  document_.items(node, names);
  for (const Document::Node name : names) {
    if (stop()) return;
    if (document_.kind(name) != Document::Kind::String) {
      error("E0507", name, "a host's name is a text in quotes");
    } else {
      listed_host(group, name);
    }
  }
}

void TreeReader::list_children(GroupId group, Document::Node node) {
  if (document_.kind(node) != Document::Kind::List) {
    return error("E0507", node, "`children` is a list of names");
  }
  std::vector<Document::Node> names;
  document_.items(node, names);
  for (const Document::Node name : names) {
    if (stop()) return;
    if (document_.kind(name) != Document::Kind::String || document_.text(name).empty()) {
      error("E0507", name, "a group's name is a text in quotes");
    } else {
      read_child(group, name, Document::none, 0);
    }
  }
}

// `_meta.hostvars`: of hosts that are in some group.
void TreeReader::read_host_variables(Document::Node meta) {
  const bool map = document_.kind(meta) == Document::Kind::Map;
  const Document::Node variables = map ? document_.find(meta, "hostvars") : Document::none;
  if (variables == Document::none) return;
  if (document_.kind(variables) != Document::Kind::Map) {
    return error("E0507", variables, "`hostvars` is a map");
  }
  std::vector<Document::Entry> hosts;
  document_.entries(variables, hosts, report_);
  for (const Document::Entry& entry : hosts) {
    if (stop()) return;
    const HostId host = inventory_.find_host(document_.text(entry.key));
    if (!host.valid()) continue;
    if (document_.kind(entry.value) != Document::Kind::Map) {
      error("E0507", entry.key, "the variables of a host are a map");
      continue;
    }
    read_assigned(entry.value, assigned_);
    for (const Assigned& one : assigned_) {
      inventory_.set(host, one.variable, one.value, one.place);
    }
  }
}

bool read_json(const base::SourceFile& source, base::FileId file, Inventory& inventory,
               Report& report) {
  Document document(source.text(), file);
  if (!parse_json(source.text(), file, document, report)) return false;
  TreeReader reader(document, inventory, report);
  if (document.kind(document.root()) != Document::Kind::Map) {
    reader.error("E0507", document.root(), "an inventory is a map of groups");
    return false;
  }
  return has_maps(document) ? reader.read_groups() : reader.read_listing();
}

}  // namespace sluice::compiler
