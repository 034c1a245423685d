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

// Those of a kind that the word can answer, and of that name where one is given.
base::Result<Order> answer(const std::vector<Question>& open, const std::string& name,
                           const std::string& word) {
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
  if (open.empty()) return base::Error{"the run waits for nobody just now"};
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
    return answer(run.questions, words.size() == 2 ? words[0] : "", words.back());
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
  using scheduler::State;
  if (run.timeline.outcome != State::Running && run.timeline.outcome != State::Paused &&
      run.timeline.outcome != State::NotStarted) {
    return wrong(fmt::format("run {} has ended: {}", run.record.run,
                             scheduler::state_name(run.timeline.outcome)));
  }
  auto order = order_of(options, run);
  if (!order) return wrong(order.error().message);
  order.value().at = runtime::wall_time();
  const base::Status left =
      runtime::leave_order(folder.value().orders(), run.plan.digest, order.value());
  if (!left) return wrong(left.error().message);
  const std::string holder =
      runtime::Lease::holder(options.state, run.plan.deployment, run.plan.environment);
  if (holder.empty()) {
    fmt::print(stderr, "written down; no program carries the run on: {}\n",
               typed_command("resume", run.record.run, options.state));
  } else {
    fmt::print(stderr, "written down, for {}\n", base::printable(holder));
  }
  return exit_done;
}

}  // namespace sluice::cli
