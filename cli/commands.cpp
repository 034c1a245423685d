#include "cli/commands.h"

#include <fmt/format.h>

namespace sluice::cli {

int wrong(std::string_view message) {
  fmt::print(stderr, "sluice: {}\n", message);
  return exit_wrong;
}

}  // namespace sluice::cli
