// `sluice check`: compiles, reports every mistake and warning, changes nothing.
#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.h"
#include "cli/load.h"

namespace sluice::cli {

int check_command(const CheckOptions& options) {
  const bool json = options.format == Format::Json;
  const auto loaded = load_plan(options.input, json ? Warnings::Json : Warnings::Print);
  if (const int* status = std::get_if<int>(&loaded)) return *status;
  if (json) return exit_done;
  const auto& plan = std::get<plan::Plan>(loaded);
  const auto counted = [](std::uint32_t count, const char* noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
  };
  fmt::print(stderr, "{}: {} on {}, no mistakes\n", options.input.file,
             counted(plan.steps.size(), "step"), counted(plan.targets.size(), "target"));
  return exit_done;
}

}  // namespace sluice::cli
