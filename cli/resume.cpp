// `sluice resume`: goes on with a run whose program has ended, by its journal. The plan is the one
// that it began with; what has changed since is told, and changes nothing.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/given.h"
#include "cli/session.h"
#include "plan/json.h"
#include "runtime/journal.h"

namespace sluice::cli {

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
  const auto secrets = take_secrets(plan.value(), read.record.folder);
  if (!secrets) return wrong(secrets.error().message);
  SessionOptions session;
  session.format = options.format;
  session.quiet = options.quiet;
  session.wait = options.wait;
  session.state = options.state;
  session.folder = read.record.folder;
  session.begin_in = begun_in(read.record.given);
  session.notify = std::move(notify).value();
  if (options.format == Format::Text && !options.quiet) {
    session.on_taken_up = [&] { tell_of_changes(plan.value(), read.record); };
  }
  return RunSession(plan.value(), session, secrets.value()).resume(folder.value());
}

}  // namespace sluice::cli
