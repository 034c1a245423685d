// `sluice version`.
#include <cstdio>

#include "cli/commands.h"
#include "cli/version.h"

namespace sluice::cli {

int version_command(const VersionOptions&) {
  std::printf("sluice %s\n", program_version);
  return exit_done;
}

}  // namespace sluice::cli
