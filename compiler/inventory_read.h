// The readers of inventories, one file a format. They read a text that is there already; where it
// comes from is others' business.
#pragma once

#include <string_view>

#include "base/diagnostics.h"
#include "base/source.h"
#include "compiler/inventory.h"

namespace sluice::compiler {

enum class InventoryFormat { Ini, Yaml, Json, Csv };

// By the name's ending; without one that says it, by how the text begins.
InventoryFormat inventory_format(std::string_view name, std::string_view text);

// Adds what the file tells; false where there was a mistake, which has been reported. Several files
// may be read one after the other, as with Ansible's `-i a -i b`.
bool read_inventory(const base::SourceFile& source, base::FileId file, InventoryFormat format,
                    Inventory& inventory, base::Diagnostics& diagnostics);

// A file of variables beside an inventory, in YAML or JSON: group_vars/web.yml says `group`,
// host_vars/web-1.yml says `host`; the other is invalid.
bool read_variables(const base::SourceFile& source, base::FileId file, GroupId group, HostId host,
                    Inventory& inventory, base::Diagnostics& diagnostics);

// The formats. The text has been checked: it is UTF-8 without unseen characters.
bool read_ini(const base::SourceFile& source, base::FileId file, Inventory& inventory,
              Report& report);
bool read_yaml(const base::SourceFile& source, base::FileId file, Inventory& inventory,
               Report& report);
bool read_json(const base::SourceFile& source, base::FileId file, Inventory& inventory,
               Report& report);
bool read_csv(const base::SourceFile& source, base::FileId file, Inventory& inventory,
              Report& report);

}  // namespace sluice::compiler
