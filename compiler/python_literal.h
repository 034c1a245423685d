// The values of an INI inventory: Ansible reads them as Python's literals where they are one, and
// as the text that stands there where not.
#pragma once

#include <optional>
#include <string_view>

#include "compiler/inventory.h"

namespace sluice::compiler {

// Nothing where the text is no literal: it stands for itself. Tuples and sets are lists.
std::optional<InventoryValue> read_python_literal(std::string_view text);

}  // namespace sluice::compiler
