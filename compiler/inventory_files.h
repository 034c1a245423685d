// Gets the files of an inventory through the reader: the inventory itself, and the variables that
// stand beside it in group_vars and host_vars.
#pragma once

#include <set>
#include <string>

#include "compiler/inventory.h"
#include "compiler/syntax.h"

namespace sluice::compiler {

struct Resolver;

class InventoryFiles {
 public:
  explicit InventoryFiles(Resolver& resolver) : resolver_(resolver) {}

  // False: a mistake, or what could not be read, has been reported.
  bool read(const InventoryNode& node, Inventory& inventory);

 private:
  bool read_beside(const std::string& path, const InventoryNode& node, Inventory& inventory);
  bool read_folder(const std::string& path, const std::string& folder, bool groups,
                   const InventoryNode& node, Inventory& inventory);
  bool read_variable_file(const std::string& path, const std::string& name, GroupId group,
                          HostId host, const InventoryNode& node, Inventory& inventory);

  Resolver& resolver_;
  std::set<std::string> read_;     // inventories, by path
  std::set<std::string> folders_;  // folders of inventories whose variables have been read
  std::size_t files_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace sluice::compiler
