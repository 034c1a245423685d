#include "runtime/actions.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/posix.h"
#include "runtime/powershell_actions.h"
#include "runtime/request.h"
#include "runtime/works.h"

namespace sluice::runtime {

namespace {

std::string script_kind(plan::Connection::Kind kind) {
  return kind == plan::Connection::Kind::Local ? "script local" : "script ssh";
}

Completion answered(scheduler::Outcome outcome) {
  Completion completion;
  completion.outcome = outcome;
  completion.ending = Completion::Ending::Answered;
  return completion;
}

std::string place_of(const plan::Plan& plan, const plan::Work& work) {
  const std::string place = plan::place_text(plan, work.action_place);
  return place.empty() ? place : place + ": ";
}

std::string needs(const plan::Plan& plan, const plan::Work& work, const std::string& lack) {
  return fmt::format("{}`{}` needs what is not here: {}", place_of(plan, work), work.action.kind,
                     lack);
}

// On this machine, whatever its targets are reached by.
bool runs_here(const plan::Step& step, const plan::Work& work) {
  if (work.via.kind == plan::Via::Kind::Controller) return true;
  return work.via.kind == plan::Via::Kind::Target && step.on_controller;
}

// What runs its script here, where that is not on the PATH; else empty.
std::string lacking_program(const plan::Action& action) {
  if (action.kind != "script" && !made_for_powershell(action.kind)) return "";
  const plan::Expression* shell = action.attribute("shell");
  const plan::Value* given = shell == nullptr ? nullptr : plan::constant_value(*shell);
  const bool powershell = given == nullptr ? made_for_powershell(action.kind)
                                           : *given == plan::Value{std::string("powershell")};
  if (powershell) return can_be_started("pwsh") ? "" : "`pwsh`";
  return action.kind != "azure_script" || can_be_started("az") ? "" : "`az`";
}

}  // namespace

ActionExecutor::ActionExecutor(Loop& loop) : loop_(loop) {}

void ActionExecutor::add(const std::string& kind, Executor& executor) {
  executors_[kind] = &executor;
}

Executor* ActionExecutor::find(const std::string& kind) const {
  const auto found = executors_.find(kind);
  return found == executors_.end() ? nullptr : found->second;
}

std::string ActionExecutor::missing(const plan::Plan& plan) const {
  const std::string problem = first_problem(
      plan, [&](const plan::Step&, const plan::Work& work) { return missing(plan, work); });
  if (!problem.empty()) return problem;
  return first_problem(plan, [&](const plan::Step& step, const plan::Work& work) {
    const std::string lack = runs_here(step, work) ? lacking_program(work.action) : "";
    return lack.empty() ? lack : needs(plan, work, lack);
  });
}

std::string ActionExecutor::missing(const plan::Plan& plan, const plan::Work& work) const {
  const std::string& kind = work.action.kind;
  const Executor* executor = find(kind);
  const bool known = kind == "wait" || kind == "script" || executor != nullptr;
  const std::string lack = executor == nullptr ? "" : executor->lack();
  if (known && lack.empty()) return "";
  if (!lack.empty()) return needs(plan, work, lack);
  return fmt::format("{}this version does not carry out `{}`", place_of(plan, work), kind);
}

void ActionExecutor::start(ActionRequest request, Sink done) {
  Completion failed;
  failed.detail = request.refused;
  if (request.refused.empty()) {
    const std::string& kind = request.work->action.kind;
    if (kind == "wait") return wait(request, std::move(done));
    const ActionRequest::Ticket ticket = request.ticket;
    Executor* executor = find(kind == "script" ? script_kind(request.place.kind) : kind);
    if (executor != nullptr) {
      running_[ticket] = executor;
      executor->start(std::move(request),
                      [this, ticket, done = std::move(done)](Completion completion) {
                        ended_[ticket] = running_[ticket];
                        running_.erase(ticket);
                        done(std::move(completion));
                      });
      return;
    }
    failed.detail = fmt::format("this version does not carry out `{}` there", kind);
  }
  loop_.post([failed, done = std::move(done)] { done(failed); });
}

void ActionExecutor::wait(const ActionRequest& request, Sink done) {
  const plan::Value* value = request.attribute("duration");
  const auto* duration = value != nullptr ? std::get_if<base::Duration>(&value->content) : nullptr;
  const ActionRequest::Ticket ticket = request.ticket;
  Wait& row = waits_[ticket];
  row.done = std::move(done);
  // One that a program before this one began goes on from then.
  base::Duration left = duration != nullptr ? *duration : base::Duration{};
  if (request.resumed) left.ms = std::max<std::int64_t>(0, left.ms - request.resumed->ago.ms);
  row.timer = loop_.after(left, [this, ticket] {
    const Sink answer = std::move(waits_[ticket].done);
    waits_.erase(ticket);
    answer(answered(scheduler::Outcome::Succeeded));
  });
}

void ActionExecutor::cancel(ActionRequest::Ticket ticket) {
  const auto waiting = waits_.find(ticket);
  if (waiting != waits_.end()) {
    const Sink answer = std::move(waiting->second.done);
    waits_.erase(waiting);
    loop_.post([answer] { answer(answered(scheduler::Outcome::Cancelled)); });
    return;
  }
  const auto found = running_.find(ticket);
  if (found != running_.end()) found->second->cancel(ticket);
}

void ActionExecutor::let_go(ActionRequest::Ticket ticket) {
  const auto found = running_.find(ticket);
  if (found == running_.end()) return;
  found->second->let_go(ticket);
  running_.erase(found);
}

void ActionExecutor::settled(ActionRequest::Ticket ticket) {
  const auto found = ended_.find(ticket);
  if (found == ended_.end()) return;
  found->second->settled(ticket);
  ended_.erase(found);
}

}  // namespace sluice::runtime
