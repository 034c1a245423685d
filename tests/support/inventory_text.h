// An inventory read from a text, and listed as `ansible-inventory --list` would.
#pragma once

#include <string>
#include <string_view>

namespace sluice::test {

struct InventoryText {
  bool good = false;
  std::string listing;  // JSON; empty where it is not good
  std::string said;     // the diagnostics, as a person sees them
};

// The name's ending says the format.
InventoryText read_inventory_text(std::string_view name, std::string_view text);

}  // namespace sluice::test
