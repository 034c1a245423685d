#include "cli/commands.h"

#include "cli/tell.h"

namespace sluice::cli {

int wrong(std::string_view message) {
  tell("sluice: {}\n", message);
  return exit_wrong;
}

}  // namespace sluice::cli
