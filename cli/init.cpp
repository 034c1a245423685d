// `sluice init`: a first `.deploy` file to be filled in, or one that fits an inventory.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/utf8.h"
#include "base/words.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/tell.h"
#include "compiler/write_expression.h"

namespace sluice::cli {

namespace {

// What a rollout over so many targets has: a quarter of them at once, rounded up, none of which may
// fail.
struct Rollout {
  std::string role;
  std::uint32_t targets = 0;
  std::uint32_t window() const { return (targets + 3) / 4; }
};

// As it is written in a file: in quotes where it is no word.
std::string as_written(std::string_view name) {
  const bool word = std::isalpha(static_cast<unsigned char>(name[0])) != 0 &&
                    std::all_of(name.begin(), name.end(),
                                [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
  return word ? std::string(name) : compiler::write_string(name);
}

constexpr std::string_view own_hosts =
    R"(# The hosts, by the names that your ssh knows them by. It reads your own ~/.ssh/config.
role web {
  target "web-[1..6]"
}
)";

std::string text_for(const std::string& file, const std::string& hosts, const Rollout& rollout) {
  return fmt::format(
      R"(# A rollout, target by target. Nothing is touched before you say `run`:
#
#   sluice check {0}      every mistake, and whether what is required below is kept
#   sluice simulate {0}   how long it takes, and how low capacity falls
#   sluice run {0}        carries it out
deployment "Site"

# Scripts find it as $version; `--set version=1.1.0` gives it another value.
variable version = "1.0.0"

{1}
# Must hold at every moment, whatever takes how long and whatever fails: `check` proves it.
require unavailable({2}) <= {3}

# {4}. Each target goes through all of the steps within
# before its place is free; the first one that fails keeps all others from beginning.
step "Update the site" on {2} window {3} {{
  step "Leave the load balancer" {{
    run "echo \"your command that drains $target_name\""
    takes 5s
    drains
  }}
  step "Install" {{
    run "echo \"your command that installs $version\""
    timeout 5m
    takes 30s
    verify {{ run "echo \"your check that $version is installed\""  takes 1s }}
  }}
  step "Return to the load balancer" {{
    run "echo \"your command that brings $target_name back\""
    takes 5s
    restores
  }}
}}
)",
      file, hosts, as_written(rollout.role), rollout.window(),
      rollout.window() == 1
          ? std::string("One at a time")
          : fmt::format("{} at once; the next begins as soon as any of them is done",
                        rollout.window()));
}

// The largest group; `all` where there is no other.
Rollout largest_role(const plan::Plan& plan) {
  Rollout largest;
  for (const plan::Role& role : plan.roles) {
    const std::uint32_t targets = plan.target_lists[role.targets].size();
    const bool other = role.name != "all" && role.name != "ungrouped";
    const bool better = targets > largest.targets || largest.role == "all";
    if (targets > 0 && (other ? better : largest.role.empty())) {
      largest = {role.name, targets};
    }
  }
  return largest;
}

}  // namespace

int init_command(const InitOptions& options) {
  const bool print = options.file == "-";
  std::error_code unknown;
  if (!print && std::filesystem::exists(std::filesystem::symlink_status(options.file, unknown))) {
    return wrong(
        fmt::format("{} is there already, and is left as it is", base::printable(options.file)));
  }
  InputOptions input;
  input.file = print ? "site.deploy" : options.file;
  input.programs = options.programs;
  std::string hosts(own_hosts);
  Rollout rollout{"web", 6};
  if (!options.inventory.empty()) {
    const std::string path =
        std::filesystem::relative(options.inventory, folder_of(input), unknown).string();
    if (path.empty() || path.starts_with("..")) {
      return wrong(fmt::format("{} does not lie beneath the folder of {}: write the file beside it",
                               base::printable(options.inventory), base::printable(input.file)));
    }
    hosts = fmt::format(
        "# Your hosts: each group is a role, each variable a property of its targets.\ninventory "
        "{}\n",
        compiler::write_string(path));
    const auto known = compile_text(
        input, fmt::format("deployment \"Site\"\ninventory {}\nstep \"A\" {{ run \"true\" }}\n",
                           compiler::write_string(path)));
    if (const int* status = std::get_if<int>(&known)) return *status;
    rollout = largest_role(std::get<plan::Plan>(known));
    if (rollout.role.empty()) {
      return wrong(
          fmt::format("{} has no group with a host in it", base::printable(options.inventory)));
    }
  }
  const std::string text = text_for(input.file, hosts, rollout);
  if (const base::Status written = write_file(options.file, text); !written) {
    return wrong(written.error().message);
  }
  if (!print) {
    tell("wrote {}; next: sluice simulate {}\n", base::printable(options.file),
         base::printable(options.file));
  }
  return exit_done;
}

}  // namespace sluice::cli
