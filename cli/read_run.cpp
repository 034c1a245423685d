#include "cli/read_run.h"

#include <fmt/format.h>

#include "plan/json.h"

namespace sluice::cli {

base::Result<ReadRun> read_run(const runtime::RunFolder& folder) {
  auto journal = runtime::read_journal(folder.journal());
  if (!journal) return journal.error();
  auto plan = plan::from_json(journal.value().record.plan_json);
  if (!plan) {
    return base::Error{fmt::format("the plan in {}: {}", folder.journal(), plan.error().message)};
  }
  ReadRun run;
  run.record = std::move(journal.value().record);
  run.plan = std::move(plan).value();
  run.timeline = runtime::replay(run.plan, journal.value().instants);
  runtime::RunState state(run.plan);
  scheduler::Commands commands;
  for (const runtime::Instant& instant : journal.value().instants) {
    state.take(instant, commands);
    run.orders.insert(run.orders.end(), instant.orders.begin(), instant.orders.end());
    if (instant.session) run.sessions.push_back(*instant.session);
  }
  run.questions = open_questions(state);
  return run;
}

}  // namespace sluice::cli
