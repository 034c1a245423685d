// `pause`, `continue`, `abort`, `approve`, `reject` and `answer`: an operator's word, left for the
// program that carries the run on, or for the next one that does.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/questions.h"
#include "cli/read_run.h"
#include "cli/tell.h"
#include "cli/typed.h"
#include "runtime/orders.h"
#include "runtime/runs.h"

namespace sluice::cli {

namespace {

using runtime::Order;

std::string list_of(const std::vector<Question>& questions) {
  std::string text;
  for (const Question& question : questions) {
    text += fmt::format("\n    {} {}", typed_name(question.name), answers_to(question.kind));
  }
  return text;
}

// A name may be typed as it is shown: what has a control character in it can hardly be typed.
bool is_called(const std::string& question, const std::string& typed) {
  return question == typed || base::printable(question) == typed;
}

std::string meant_by(const std::string& typed, const std::vector<Question>& open) {
  for (const bool as_shown : {false, true}) {
    for (const Question& question : open) {
      if ((as_shown ? base::printable(question.name) : question.name) == typed)
        return question.name;
    }
  }
  return typed;
}

// Who has answered it, or anything where no name is given; empty where nobody has.
std::string answered_before(const ReadRun& run, const std::string& name) {
  const auto found = std::find_if(run.orders.rbegin(), run.orders.rend(), [&](const Order& order) {
    return runtime::answers_question(order.kind) &&
           (name.empty() || is_called(question_answered(run.plan, order), name));
  });
  if (found == run.orders.rend()) return "";
  return fmt::format("{} has answered `{}` already, to `{}`, at {}", base::printable(found->who),
                     runtime::order_word(found->kind),
                     base::printable(question_answered(run.plan, *found)),
                     base::printable(found->at));
}

// Those of a kind that the word can answer, and of that name where one is given.
base::Result<Order> answer(const ReadRun& run, const std::string& name, const std::string& word) {
  const std::vector<Question>& open = run.questions;
  std::vector<Question> fitting;
  for (const Question& question : open) {
    if (!name.empty() && question.name != name) continue;
    if (order_for(question, word)) fitting.push_back(question);
  }
  if (fitting.size() == 1) {
    const std::string lack = not_for(fitting[0], runtime::user_name(::geteuid()));
    if (lack.empty()) return *order_for(fitting[0], word);
    return base::Error{fmt::format("`{}`: {}", base::printable(fitting[0].name), lack)};
  }
  if (!fitting.empty()) {
    return base::Error{fmt::format("several wait for this: say which{}", list_of(fitting))};
  }
  const bool named_is_open = std::any_of(
      open.begin(), open.end(), [&](const Question& question) { return question.name == name; });
  // Somebody was quicker.
  const std::string before = named_is_open ? "" : answered_before(run, name);
  if (open.empty()) {
    const std::string why = before.empty() && is_past_deadline(run)
                                ? "its deadline has passed, and nobody is asked any more"
                                : before;
    return base::Error{
        fmt::format("the run waits for nobody just now{}{}", why.empty() ? "" : ": ", why)};
  }
  if (!name.empty() && !before.empty()) return base::Error{before};
  return base::Error{fmt::format("nothing that is open is answered by {}`{}`; open are{}",
                                 name.empty() ? "" : fmt::format("`{}` ", base::printable(name)),
                                 base::printable(word), list_of(open))};
}

base::Result<Order> order_of(const OperateOptions& options, const ReadRun& run) {
  Order order;
  if (options.word == "pause") {
    order.kind = Order::Kind::Pause;
  } else if (options.word == "continue") {
    order.kind = Order::Kind::Continue;
  } else if (options.word == "abort") {
    order.kind = Order::Kind::Abort;
  } else {
    std::vector<std::string> words = options.words;
    if (options.word != "answer") words.push_back(options.word);
    if (words.empty() || words.size() > 2) {
      return base::Error{
          fmt::format("say which answer: sluice {} RUN [STEP/CHILD@TARGET] ANSWER", options.word)};
    }
    return answer(run, words.size() == 2 ? meant_by(words[0], run.questions) : "", words.back());
  }
  return order;
}

}  // namespace

int operate_command(const OperateOptions& options) {
  const auto folder = runtime::find_run(options.state, options.run);
  if (!folder) return wrong(folder.error().message);
  const auto read = read_run(folder.value());
  if (!read) return wrong(read.error().message);
  const ReadRun& run = read.value();
  if (scheduler::is_end(run.timeline.outcome)) {
    return wrong(fmt::format("run {} has ended: {}", run.record.run,
                             scheduler::state_name(run.timeline.outcome)));
  }
  auto order = order_of(options, run);
  if (!order) return wrong(order.error().message);
  order.value().at = runtime::wall_time();
  const std::string purpose = runtime::purpose_of_orders(folder.value().name, run.plan.digest);
  const base::Status left = runtime::leave_order(folder.value().orders(), purpose, order.value());
  if (!left) return wrong(left.error().message);
  const std::string holder =
      runtime::Lease::holder(options.state, run.plan.deployment, run.plan.environment);
  if (holder.empty()) {
    tell("written down; no program carries the run on: {}\n",
         typed_command("resume", run.record.run, options.state));
  } else {
    tell("written down, for {}\n", base::printable(holder));
  }
  return exit_done;
}

}  // namespace sluice::cli
