// From a document to an inventory: what YAML and JSON inventories have in common.
#pragma once

#include <string>
#include <vector>

#include "compiler/document.h"
#include "compiler/inventory.h"
#include "compiler/inventory_hosts.h"
#include "compiler/report.h"

namespace sluice::compiler {

class TreeReader {
 public:
  TreeReader(Document& document, Inventory& inventory, Report& report);

  // A map of groups, as a YAML inventory has it. False: mistakes were reported.
  bool read_groups();
  // What `ansible-inventory --list` prints: groups with lists, and `_meta`.
  bool read_listing();
  // A map of variables.
  void read_assigned(Document::Node map, std::vector<Assigned>& assigned);
  void error(std::string code, Document::Node node, std::string message,
             std::vector<std::string> hints = {});
  // Whether there were so many mistakes, groups or aliases, that reading on is no use.
  bool stop();

 private:
  // Told before a map of them is looked at.
  bool too_many_groups_in(Document::Node map);
  InventoryValueId value(Document::Node node);
  GroupId read_group(Document::Node key, Document::Node node, int level);
  void read_section(GroupId group, const Document::Entry& section, int level);
  void read_child(GroupId group, Document::Node key, Document::Node node, int level);
  void read_host(GroupId group, Document::Node key, Document::Node node);
  bool is_false(Document::Node node);
  void read_listed_group(Document::Node key, Document::Node node);
  void list_hosts(GroupId group, Document::Node node);
  void list_children(GroupId group, Document::Node node);
  void read_host_variables(Document::Node meta);
  HostId listed_host(GroupId group, Document::Node node);

  Document& document_;
  Inventory& inventory_;
  Report& report_;
  std::vector<Assigned> assigned_;
  std::size_t mistakes_ = 0;
  std::uint64_t left_ = most_hosts;  // hosts that ranges may stand for
  bool said_too_much_ = false;
};

}  // namespace sluice::compiler
