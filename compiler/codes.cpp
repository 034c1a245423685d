#include "compiler/codes.h"

#include <algorithm>

namespace sluice::compiler {

const std::vector<Code>& codes() {
  static const std::vector<Code> all = [] {
    std::vector<Code> joined;
    for (const std::span<const Code> table : {syntax_codes(), resolver_codes(), inventory_codes(),
                                              declaration_codes(), warning_codes()}) {
      joined.insert(joined.end(), table.begin(), table.end());
    }
    return joined;
  }();
  return all;
}

const Code* find_code(std::string_view code) {
  const auto found = std::find_if(codes().begin(), codes().end(),
                                  [&](const Code& entry) { return entry.code == code; });
  return found == codes().end() ? nullptr : &*found;
}

}  // namespace sluice::compiler
