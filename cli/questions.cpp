#include "cli/questions.h"

#include <fmt/format.h>

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

// Of one that may have been answered before.
Question again(const runtime::RunState& state, Question question) {
  const auto answered = state.answers.find(question.action);
  question.round = answered == state.answers.end() ? 0 : answered->second;
  return question;
}

std::optional<Kind> kind_of(Question::Kind asked, const std::string& word) {
  switch (asked) {
    case Question::Kind::Failure:
      if (word == "retry") return Kind::Retry;
      if (word == "ignore") return Kind::Ignore;
      if (word == "exclude") return Kind::Exclude;
      if (word == "abort") return Kind::AbortAll;
      return std::nullopt;
    case Question::Kind::Manual:
      if (word == "approve") return Kind::Approve;
      if (word == "reject") return Kind::Reject;
      return std::nullopt;
    case Question::Kind::Unknown:
      if (word == "succeeded") return Kind::Succeeded;
      if (word == "failed") return Kind::Failed;
      if (word == "retry") return Kind::Retry;
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Question failure_question(const plan::Plan& plan, const scheduler::Action& failed) {
  return question_of(plan, Question::Kind::Failure, failed);
}

std::vector<Question> open_questions(const runtime::RunState& state) {
  std::vector<Question> questions;
  for (const auto& action : state.questions) {
    questions.push_back(again(state, question_of(state.plan, Question::Kind::Failure, action)));
  }
  for (const auto& [action, open] : state.open) {
    if (scheduler::work_for(state.plan, action).action.kind != "manual") continue;
    questions.push_back(again(state, question_of(state.plan, Question::Kind::Manual, action)));
  }
  for (const auto& [where, why] : state.unknown) {
    Question question = question_of(state.plan, Question::Kind::Unknown, where.first, where.second);
    const auto retried = state.retries.find(where);
    question.round = retried == state.retries.end() ? 0 : retried->second;
    questions.push_back(std::move(question));
  }
  return questions;
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

std::string_view answers_to(Question::Kind kind) {
  switch (kind) {
    case Question::Kind::Failure:
      return "retry|ignore|exclude|abort";
    case Question::Kind::Manual:
      return "approve|reject";
    case Question::Kind::Unknown:
      return "succeeded|failed|retry";
  }
  return "";
}

std::vector<std::string> words_of(Question::Kind kind) {
  std::vector<std::string> words;
  for (std::string_view rest = answers_to(kind); !rest.empty();) {
    const std::size_t end = std::min(rest.find('|'), rest.size());
    words.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return words;
}

std::optional<runtime::Order> order_for(const Question& question, const std::string& word) {
  const auto kind = kind_of(question.kind, word);
  if (!kind) return std::nullopt;
  runtime::Order order;
  order.kind = *kind;
  order.action = question.action;
  order.host = question.host;
  order.round = question.round;
  return order;
}

std::string what_to_type(const Question& question, const std::string& run,
                         const std::string& state) {
  const std::string tail = state.empty() ? "" : " --state " + state;
  if (question.kind == Question::Kind::Manual) {
    return fmt::format("sluice approve {} \"{}\"{}   (or reject)", run, question.name, tail);
  }
  return fmt::format("sluice answer {} \"{}\" {}{}", run, question.name, answers_to(question.kind),
                     tail);
}

}  // namespace sluice::cli
