#include "cli/read_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/json.h"
#include "runtime/orders.h"
#include "runtime/run_state.h"
#include "runtime/supervisor.h"

namespace sluice::cli {

namespace {

// Its file does not hold which asking of the question it answers, but its name does.
bool answers(const runtime::Order& order, const Question& question) {
  runtime::Order asked = order;
  asked.round = question.round;
  return runtime::answers_question(order.kind) && order.action == question.action &&
         order.host == question.host && order.name == runtime::answer_name(asked) &&
         not_for(question, order.who).empty();
}

// Without those that answer what is not asked any more, or not yet: they may be passed over.
std::vector<runtime::Order> orders_left(const runtime::RunFolder& folder, const ReadRun& run,
                                        const std::set<std::string>& taken) {
  const std::string purpose = runtime::purpose_of_orders(folder.name, run.plan.digest);
  std::vector<runtime::Order> left = runtime::read_orders(folder.orders(), purpose, taken);
  std::erase_if(left, [&](const runtime::Order& order) {
    if (!runtime::answers_question(order.kind)) return false;
    return std::none_of(run.questions.begin(), run.questions.end(),
                        [&](const Question& question) { return answers(order, question); });
  });
  return left;
}

}  // namespace

std::vector<Question> unanswered(const ReadRun& run) {
  std::vector<Question> questions = run.questions;
  std::erase_if(questions, [&](const Question& question) {
    // Of what is to be aborted only what came of an action is asked.
    return std::any_of(run.left.begin(), run.left.end(), [&](const runtime::Order& order) {
      return answers(order, question) || (order.kind == runtime::Order::Kind::Abort &&
                                          question.kind != Question::Kind::Unknown);
    });
  });
  return questions;
}

base::Result<ReadRun> read_run(const runtime::RunFolder& folder, const std::string& state) {
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
  runtime::RunState folded(run.plan);
  scheduler::Commands commands;
  for (const runtime::Instant& instant : journal.value().instants) {
    folded.take(instant, commands);
    run.orders.insert(run.orders.end(), instant.orders.begin(), instant.orders.end());
    const bool taken_up = instant.session.has_value() && !run.sessions.empty();
    if (instant.session) run.sessions.push_back(*instant.session);
    run.happened.push_back({instant.at, instant.events, runtime::written_in(instant), taken_up});
  }
  run.last_session_at = folded.last_session_at;
  run.questions = open_questions(folded, run.record.run);
  if (is_past_deadline(run)) {
    std::erase_if(run.questions,
                  [](const Question& row) { return row.kind != Question::Kind::Unknown; });
  }
  if (!folded.machine.ended()) run.left = orders_left(folder, run, folded.taken);
  // What a program carries on has come as far as now, though nothing was written since.
  if (!state.empty() && goes_on(run) &&
      !runtime::Lease::holder(state, run.plan.deployment, run.plan.environment).empty()) {
    run.timeline = runtime::replay(run.plan, journal.value().instants, time_of(run));
  }
  return run;
}

bool goes_on(const ReadRun& run) {
  return run.timeline.outcome == scheduler::State::Running ||
         run.timeline.outcome == scheduler::State::Paused;
}

bool is_past_deadline(const ReadRun& run) {
  return run.plan.deadline && goes_on(run) && time_of(run) >= base::Instant{run.plan.deadline->ms};
}

base::Instant time_of(const ReadRun& run) {
  const base::Instant last = run.happened.empty() ? base::Instant{0} : run.happened.back().at;
  if (run.sessions.empty()) return last;
  const runtime::Session& session = run.sessions.back();
  const bool same_boot = session.boot == runtime::boot_id();
  const std::int64_t passed =
      same_boot ? runtime::boot_ms() - session.boot_ms : runtime::wall_ms() - session.wall_ms;
  return std::max(last, run.last_session_at + base::Duration{passed});
}

}  // namespace sluice::cli
