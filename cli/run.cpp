// `sluice run`: from a file to a run that begins. Carrying it out is session.cpp's.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "base/words.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/read_run.h"
#include "cli/session.h"
#include "cli/tell.h"
#include "cli/typed.h"
#include "render/plan_text.h"
#include "runtime/runs.h"

namespace sluice::cli {

namespace {

// Yes, or the exit status where it is not.
std::optional<int> ask(const plan::Plan& plan, const RunOptions& options) {
  if (options.yes) return std::nullopt;
  if (::isatty(0) != 1 || ::isatty(2) != 1) {
    return wrong("nobody is there to be asked: say --yes");
  }
  forget_typed(0);
  tell("Carry out {} ({} on {}) now? [y/N] ", deployment_words(plan),
       base::counted(plan.steps.size(), "step"), base::counted(plan.targets.size(), "target"));
  std::string answer;
  std::getline(std::cin, answer);
  std::transform(answer.begin(), answer.end(), answer.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  if (answer == "y" || answer == "yes") return std::nullopt;
  return wrong("nothing was done");
}

// A run of the same deployment whose program was killed, or has let it go: who begins another one
// is told, for what that one began may be at work on the same targets. One that a program carries
// on is refused later.
void tell_of_unfinished(const plan::Plan& plan, const std::string& state) {
  constexpr std::size_t most_read = 5;
  std::vector<runtime::RunFolder> folders = runtime::list_runs(state);
  std::reverse(folders.begin(), folders.end());
  if (folders.size() > most_read) folders.resize(most_read);
  for (const runtime::RunFolder& folder : folders) {
    const auto run = read_run(folder);
    if (!run || run.value().plan.deployment != plan.deployment ||
        run.value().plan.environment != plan.environment) {
      continue;
    }
    if (goes_on(run.value()) &&
        runtime::Lease::holder(state, plan.deployment, plan.environment).empty()) {
      tell(
          "sluice: {} of {} has not ended, and what it began may still be at work: {} goes on "
          "with it\n  this is another run, beside it\n",
          folder.name, deployment_words(plan), typed_command("resume", folder.name, state));
    }
    return;
  }
}

}  // namespace

int run_command(const RunOptions& options) {
  InputOptions input = options.input;
  input.programs = true;
  const auto loaded = load_plan(input);
  if (const int* status = std::get_if<int>(&loaded)) return *status;
  const auto& plan = std::get<plan::Plan>(loaded);
  if (!options.expect.empty() && options.expect != plan.digest) {
    return wrong(fmt::format("the plan is {}, and not the one that --expect names", plan.digest));
  }
  auto notify = read_notify(options.notify.to, options.notify.on);
  if (!notify) return wrong(notify.error().message);
  if (options.dry_run) {
    fmt::print("{}\nnothing was done\n", render::plan_text(plan));
    return exit_done;
  }
  tell_of_unfinished(plan, state_beside(options.input, options.state));
  if (const std::optional<int> status = ask(plan, options)) return *status;
  const auto secrets = take_secrets(plan, folder_of(options.input));
  if (!secrets) return wrong(secrets.error().message);
  SessionOptions session;
  session.format = options.format;
  session.quiet = options.quiet;
  session.wait = options.wait;
  session.state = state_beside(options.input, options.state);
  session.folder = folder_of(options.input);
  session.given = given_of(options.input, plan);
  session.notify = std::move(notify).value();
  return RunSession(plan, session, secrets.value()).begin();
}

}  // namespace sluice::cli
