#include "cli/questions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "cli/typed.h"
#include "runtime/request.h"
#include "scheduler/work.h"

namespace sluice::cli {

namespace {

using Kind = runtime::Order::Kind;

Question question_of(const plan::Plan& plan, Question::Kind kind, const scheduler::Action& action,
                     const std::string& host = "") {
  Question question;
  question.kind = kind;
  question.action = action;
  const std::string_view target = plan::lane_name(plan, action.step, action.lane);
  question.name = fmt::format("{}@{}", runtime::task_name(plan, action),
                              host.empty() ? target : std::string_view(host));
  question.host = host;
  return question;
}

// What a person is told of a `manual` action, as the driver works it out for whoever asks.
void add_manual(const runtime::RunState& state, const std::string& run, Question& question) {
  const scheduler::Action& action = question.action;
  const auto status = [&state] { return state.machine.would_be(); };
  const auto request = runtime::make_request(
      state.plan, action, plan::lane_target(state.plan, action.step, action.lane),
      {run, state.outputs, status});
  if (!request) return;  // the action has failed
  question.instructions = request.value().text("instructions");
  question.approvers = request.value().texts("approvers");
}

// Of one that may have been answered before.
Question again(const runtime::RunState& state, Question question) {
  const auto answered = state.answers.find(question.action);
  question.round = answered == state.answers.end() ? 0 : answered->second;
  return question;
}

struct Answer {
  Question::Kind asked;
  std::string_view word;
  Kind order;
};
constexpr Answer answers[] = {
    {Question::Kind::Failure, "retry", Kind::Retry},
    {Question::Kind::Failure, "ignore", Kind::Ignore},
    {Question::Kind::Failure, "exclude", Kind::Exclude},
    {Question::Kind::Failure, "abort", Kind::AbortAll},
    {Question::Kind::Manual, "approve", Kind::Approve},
    {Question::Kind::Manual, "reject", Kind::Reject},
    {Question::Kind::Unknown, "succeeded", Kind::Succeeded},
    {Question::Kind::Unknown, "failed", Kind::Failed},
    {Question::Kind::Unknown, "retry", Kind::Retry},
};

}  // namespace

Question failure_question(const plan::Plan& plan, const scheduler::Action& failed) {
  return question_of(plan, Question::Kind::Failure, failed);
}

std::vector<Question> open_questions(const runtime::RunState& state, const std::string& run) {
  std::vector<Question> questions;
  for (const auto& action : state.questions) {
    questions.push_back(again(state, question_of(state.plan, Question::Kind::Failure, action)));
  }
  for (const auto& [action, open] : state.open) {
    if (open.cancelled || !scheduler::is_manual(scheduler::work_for(state.plan, action))) continue;
    Question question = question_of(state.plan, Question::Kind::Manual, action);
    add_manual(state, run, question);
    questions.push_back(again(state, std::move(question)));
  }
  for (const auto& [where, why] : state.unknown) {
    Question question = question_of(state.plan, Question::Kind::Unknown, where.first, where.second);
    const auto retried = state.retries.find(where);
    question.round = retried == state.retries.end() ? 0 : retried->second;
    questions.push_back(std::move(question));
  }
  return questions;
}

std::string question_answered(const plan::Plan& plan, const runtime::Order& order) {
  if (!runtime::answers_question(order.kind)) return "";
  return question_of(plan, Question::Kind::Failure, order.action, order.host).name;
}

std::string order_text(const plan::Plan& plan, const runtime::Order& order) {
  std::string text(runtime::order_word(order.kind));
  const std::string question = question_answered(plan, order);
  return question.empty() ? text : text + " " + base::printable(question);
}

std::string_view kind_word(Question::Kind kind) {
  switch (kind) {
    case Question::Kind::Failure:
      return "failure";
    case Question::Kind::Manual:
      return "manual";
    case Question::Kind::Unknown:
      return "unknown";
  }
  return "";
}

std::vector<std::string_view> words_of(Question::Kind kind) {
  std::vector<std::string_view> words;
  for (const Answer& answer : answers) {
    if (answer.asked == kind) words.push_back(answer.word);
  }
  return words;
}

std::string answers_to(Question::Kind kind) {
  return fmt::format("{}", fmt::join(words_of(kind), "|"));
}

std::optional<runtime::Order> order_for(const Question& question, const std::string& word) {
  for (const Answer& answer : answers) {
    if (answer.asked != question.kind || answer.word != word) continue;
    runtime::Order order;
    order.kind = answer.order;
    order.action = question.action;
    order.host = question.host;
    order.round = question.round;
    return order;
  }
  return std::nullopt;
}

std::string not_for(const Question& question, const std::string& user) {
  const std::vector<std::string>& may = question.approvers;
  if (may.empty() || std::find(may.begin(), may.end(), user) != may.end()) return "";
  return base::printable(fmt::format("only {} may answer this", fmt::join(may, ", ")));
}

std::vector<std::string> instruction_lines(const Question& question) {
  std::vector<std::string> lines;
  std::string_view rest = question.instructions;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    lines.push_back(base::printable(line));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  if (!question.approvers.empty()) {
    lines.push_back(
        base::printable(fmt::format("who may answer: {}", fmt::join(question.approvers, ", "))));
  }
  return lines;
}

std::string what_to_type(const Question& question, const std::string& run,
                         const std::string& state) {
  const bool manual = question.kind == Question::Kind::Manual;
  const std::string words = manual ? "" : " " + answers_to(question.kind);
  const std::string verb = manual ? "approve" : "answer";
  const std::string name = typed_name(question.name);
  const std::string after = manual ? "   (or reject)" : "";
  // What begins with a dash is no option behind two of them.
  if (question.name.starts_with('-')) {
    return fmt::format("{} -- {}{}{}", typed_command(verb, run, state), name, words, after);
  }
  return fmt::format("sluice {} {} {}{}{}{}", verb, run, name, words, typed_state(state), after);
}

}  // namespace sluice::cli
