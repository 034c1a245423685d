// `sluice resume`: goes on with a run whose program has ended, by its journal. The plan is the one
// that it began with; what has changed since is told, and changes nothing.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "base/sha256.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/session.h"
#include "plan/json.h"
#include "runtime/journal.h"

namespace sluice::cli {

namespace {

// Files that are not what they were when the run began.
void tell_of_changes(const plan::Plan& plan, const std::string& folder) {
  constexpr std::size_t most_bytes = std::size_t{64} << 20;
  for (const plan::SourceNote& source : plan.sources) {
    namespace fs = std::filesystem;
    // As it was written, from where we are; else beneath the file's folder.
    std::string path = source.name;
    std::error_code error;
    if (!fs::exists(path, error)) path = (fs::path(folder) / source.name).string();
    if (!fs::exists(path, error)) {
      path = (fs::path(folder) / fs::path(source.name).filename()).string();
    }
    const auto text = read_file(path, most_bytes);
    const std::string name = base::printable(source.name);
    if (!text) {
      fmt::print(stderr, "{} is not there any more: the plan that the run began with goes on\n",
                 name);
    } else if (base::sha256_hex(text.value()) != source.sha256) {
      fmt::print(stderr, "{} has changed since: the plan that the run began with goes on\n", name);
    }
  }
}

}  // namespace

int resume_command(const ResumeOptions& options) {
  const auto folder = runtime::find_run(options.state, options.run);
  if (!folder) return wrong(folder.error().message);
  const auto journal = runtime::read_journal(folder.value().journal());
  if (!journal) return wrong(journal.error().message);
  const runtime::ReadJournal& read = journal.value();
  const auto plan = plan::from_json(read.record.plan_json);
  if (!plan) {
    return wrong(fmt::format("the plan in {}: {}", folder.value().journal(), plan.error().message));
  }
  runtime::RunState state(plan.value());
  scheduler::Commands commands;
  for (const runtime::Instant& instant : read.instants) state.take(instant, commands);
  if (state.machine.ended()) {
    return wrong(fmt::format("run {} has ended: {}", folder.value().name,
                             scheduler::state_name(state.machine.state())));
  }
  auto notify = read_notify(options.notify.to, options.notify.on);
  if (!notify) return wrong(notify.error().message);
  if (options.format == Format::Text && !options.quiet) {
    tell_of_changes(plan.value(), read.record.folder);
  }
  const auto secrets = take_secrets(plan.value(), read.record.folder);
  if (!secrets) return wrong(secrets.error().message);
  SessionOptions session;
  session.format = options.format;
  session.quiet = options.quiet;
  session.wait = options.wait;
  session.state = options.state;
  session.folder = read.record.folder;
  session.notify = std::move(notify).value();
  return RunSession(plan.value(), session, secrets.value()).resume(folder.value());
}

}  // namespace sluice::cli
