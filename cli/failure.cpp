#include "cli/failure.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/utf8.h"
#include "cli/questions.h"
#include "cli/typed.h"
#include "plan/target_durations.h"
#include "runtime/request.h"
#include "scheduler/work.h"

namespace sluice::cli {

namespace {

using scheduler::Command;
using Ending = runtime::Completion::Ending;

bool is_by_ssh(const plan::Plan& plan, std::string_view host) {
  for (std::uint32_t i = 0; i < plan.targets.size(); ++i) {
    const plan::TargetId target{i};
    if (plan.targets.name(target) != host) continue;
    return plan.connections[plan.targets.connection(target)].kind == plan::Connection::Kind::Ssh;
  }
  return false;  // the controller
}

// Sent to a server from here, and to no host by ssh.
bool asks_from_here(const plan::Plan& plan, const plan::Work& work, const std::string& host) {
  const std::string& kind = work.action.kind;
  if (kind == "haproxy") return !is_by_ssh(plan, host);
  const bool by_host =
      work.via.kind == plan::Via::Kind::Each || work.via.kind == plan::Via::Kind::First;
  return !by_host && (kind == "http" || kind == "email" || kind == "azure_resource_group");
}

}  // namespace

std::string failure_text(const Failure& failure) {
  const std::string attempt =
      failure.action.attempt == 0
          ? ""
          : fmt::format(", attempt {} of {}", failure.action.attempt, failure.attempts);
  const bool read_back = failure.action.part == scheduler::Part::Census;
  return fmt::format("{}`{}` failed on `{}`{}: {}", read_back ? "at the end " : "", failure.name,
                     failure.target, attempt, failure.what);
}

Failures::Failures(const plan::Plan& plan, runtime::OutputStore& store, std::string run,
                   std::string state)
    : plan_(plan), store_(store), run_(std::move(run)), state_(std::move(state)) {}

void Failures::begin(const runtime::Instant& instant) {
  at_ = instant.at;
  for (const runtime::HostResult& result : instant.results) {
    results_[result.action].push_back(result);
  }
}

void Failures::end(const runtime::Instant& instant) {
  for (const runtime::HostResult& result : instant.results) results_.erase(result.action);
}

bool Failures::is_one(const Command& command) {
  if (command.kind == Command::Kind::AskOperator) return asked_.insert(command.action).second;
  if (command.kind != Command::Kind::TaskEnded || command.state != scheduler::State::Failed) {
    return false;
  }
  return command.action.part != scheduler::Part::Before && asked_.erase(command.action) == 0;
}

std::string Failures::what_failed(const runtime::HostResult& result) const {
  const scheduler::Action& action = result.action;
  const plan::Work& work = scheduler::work_for(plan_, action);
  const std::string& detail = result.completion.detail;
  std::string what = detail.empty() ? "it failed" : base::printable(detail);
  const bool succeeded = result.completion.outcome == scheduler::Outcome::Succeeded;
  const bool cancelled = result.completion.outcome == scheduler::Outcome::Cancelled;
  if (succeeded) what = "it was ended";
  // Nobody is asked any more then.
  const bool too_late = plan_.deadline && at_.ms >= plan_.deadline->ms;
  if (cancelled && scheduler::is_manual(work) && too_late) {
    what = "the deadline has passed";
  } else if (work.timeout && (succeeded || cancelled)) {
    const auto timeout = plan::duration_for(plan_, *work.timeout,
                                            plan::lane_target(plan_, action.step, action.lane));
    what = "longer than its timeout";
    if (timeout) what += fmt::format(" of {}", plan::to_text(plan::Value{timeout.value()}));
    if (succeeded) what += ", and ended well after that";
  }
  const bool elsewhere = result.host != plan::lane_name(plan_, action.step, action.lane);
  return elsewhere ? base::printable(result.host) + ": " + what : what;
}

Failure Failures::take(const Command& command) {
  const scheduler::Action& ended = command.action;
  const plan::Work& work = scheduler::work_for(plan_, ended);
  Failure failure;
  failure.action = ended;
  failure.place = base::printable(plan::place_text(plan_, work.action_place));
  failure.name = base::printable(runtime::task_name(plan_, ended));
  failure.target = base::printable(plan::lane_name(plan_, ended.step, ended.lane));
  failure.attempts = std::max(ended.attempt, work.retry.more + 1);
  failure.what = command.reason == scheduler::Reason::None
                     ? "it was ended"
                     : scheduler::reason_text(plan_, command.reason, command.cause);
  const runtime::HostResult* unreachable = nullptr;
  for (const auto& [action, rows] : results_) {
    if (action.slot != ended.slot || action.step != ended.step || action.lane != ended.lane) {
      continue;
    }
    const auto bad = std::find_if(rows.begin(), rows.end(), [](const runtime::HostResult& row) {
      return row.completion.outcome != scheduler::Outcome::Succeeded;
    });
    if (bad == rows.end()) {
      // In time it would not have failed.
      const bool late = action == ended && command.reason == scheduler::Reason::None;
      if (late && !rows.empty()) failure.what = what_failed(rows.front());
      continue;
    }
    failure.what = what_failed(*bad);
    unreachable = bad->completion.ending == Ending::Unreachable ? &*bad : nullptr;
  }
  failure.output = store_.take_tail(ended);
  failure.next = next_steps(failure, command.kind == Command::Kind::AskOperator, unreachable);
  return failure;
}

namespace {

// A script of the controller fails by that alone, for it writes to a file there, its complaint too.
bool is_full(const std::string& directory) {
  constexpr std::uintmax_t little = 16'384;
  std::error_code unknown;
  const auto space = std::filesystem::space(directory, unknown);
  // Of some disks a part is root's.
  const std::uintmax_t left = ::geteuid() == 0 ? space.free : space.available;
  return !unknown && space.capacity > 0 && left < little;
}

}  // namespace

std::vector<std::string> Failures::next_steps(const Failure& failure, bool asked,
                                              const runtime::HostResult* unreachable) const {
  std::vector<std::string> next;
  if (unreachable != nullptr) {
    const plan::Work& work = scheduler::work_for(plan_, failure.action);
    const bool asks = asks_from_here(plan_, work, unreachable->host);
    next.emplace_back(asks ? "nothing was done: see whether it can be reached from here"
                           : "nothing was done on it: see whether ssh reaches it from here");
  }
  if (!failure.output.empty()) {
    const std::string_view target =
        plan::lane_name(plan_, failure.action.step, failure.action.lane);
    next.push_back("all it wrote: " + typed_logs(run_, std::string(target), state_));
  } else if (unreachable == nullptr &&
             !scheduler::is_manual(scheduler::work_for(plan_, failure.action))) {
    next.emplace_back("it wrote nothing");
  }
  if (is_full(state_)) {
    next.push_back(fmt::format("the disk of {} is full: what is written here has no place",
                               base::printable(state_)));
  }
  if (asked) {
    next.push_back("answer: " +
                   what_to_type(failure_question(plan_, failure.action), run_, state_));
  }
  return next;
}

}  // namespace sluice::cli
