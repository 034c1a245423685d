#include "world/operators.h"

#include <fmt/format.h>

#include <algorithm>

#include "scheduler/work.h"

namespace sluice::world {

using runtime::Order;
using Kind = runtime::Order::Kind;

void Operators::watch(std::function<const runtime::Driver*()> driver) {
  driver_ = std::move(driver);
  look();
}

void Operators::look() {
  shared_.kernel.after(hurry_ ? 10 : 5 + shared_.kernel.dice().below(80), 0, [this] {
    if (shared_.record.ended()) return;
    if (const runtime::Driver* driver = driver_()) {
      answer(*driver);
      if (shared_.kernel.dice().chance(wrong_)) answer_wrongly(*driver);
      if (hurry_ && driver->state() == scheduler::State::Paused) order(Kind::Continue);
    }
    look();
  });
}

void Operators::keep(Order order) {
  shared_.kernel.note("an operator leaves", order.name);
  shared_.orders.push_back(std::move(order));
  shared_.wake();
}

void Operators::order(Kind kind) {
  Order order;
  order.kind = kind;
  order.who = "ada";
  order.name = fmt::format("word {}", ++words_);
  keep(std::move(order));
}

void Operators::leave(Order order, std::uint32_t round) {
  order.who = "ada";
  const scheduler::Action& action = order.action;
  const bool manual = order.kind == Kind::Approve || order.kind == Kind::Reject;
  order.name = fmt::format("{}.{}.{}.{}.{}.{}.{}{}", action.step.value, action.lane, action.task,
                           static_cast<int>(action.part), action.attempt, order.host, round,
                           manual ? " manual" : "");
  const bool taken = std::any_of(shared_.orders.begin(), shared_.orders.end(),
                                 [&](const Order& other) { return other.name == order.name; });
  if (!taken) keep(std::move(order));
}

void Operators::answer(const runtime::Driver& driver) {
  test::Dice& dice = shared_.kernel.dice();
  for (const cli::Question& question : cli::open_questions(driver.run_state())) {
    if (!hurry_ && !dice.chance(40)) continue;
    if (question.kind == cli::Question::Kind::Unknown && looks_first(question)) continue;
    // They read the journal: what a program is about to ask nobody has seen yet.
    const bool failure = question.kind == cli::Question::Kind::Failure;
    const bool manual = question.kind == cli::Question::Kind::Manual;
    if (failure && !shared_.record.is_asked(question.action)) continue;
    if (manual && !shared_.record.may_start(question.action)) continue;
    Order order;
    order.action = question.action;
    order.host = question.host;
    const std::uint32_t word = dice.below(20);
    switch (question.kind) {
      case cli::Question::Kind::Failure:
        order.kind = word < 7    ? Kind::Retry
                     : word < 12 ? Kind::Ignore
                     : word < 19 ? Kind::Exclude
                                 : Kind::AbortAll;
        break;
      case cli::Question::Kind::Manual:
        order.kind = word < 15 ? Kind::Approve : Kind::Reject;
        break;
      case cli::Question::Kind::Unknown:
        order.kind = word < 8 ? Kind::Succeeded : word < 14 ? Kind::Failed : Kind::Retry;
        break;
    }
    leave(std::move(order), question.round);
  }
}

bool Operators::looks_first(const cli::Question& question) {
  if (most_looking_ == base::Duration{} || hurry_) return false;
  const base::Instant now = shared_.kernel.now();
  base::Instant& until = looked_[{question.action, question.host}];
  if (until == base::Instant{}) {
    until = now + base::Duration{looking_.below(static_cast<std::uint32_t>(most_looking_.ms))};
  }
  return now < until;
}

// About something that is at work, with a word that is no answer to it; or of a host that is none.
void Operators::answer_wrongly(const runtime::Driver& driver) {
  const auto& open = driver.run_state().open;
  if (open.empty()) return;
  test::Dice& dice = shared_.kernel.dice();
  auto row = open.begin();
  std::advance(row, dice.below(static_cast<std::uint32_t>(open.size())));
  shared_.kernel.count(Fault::WrongAnswer);
  constexpr Kind kinds[] = {Kind::Approve, Kind::Reject,    Kind::Retry,
                            Kind::Ignore,  Kind::Succeeded, Kind::AbortAll};
  Order order;
  order.kind = kinds[dice.below(6)];
  order.action = row->first;
  order.who = "bob";
  const bool manual = scheduler::is_manual(scheduler::work_for(shared_.plan, order.action));
  const bool fits = manual && (order.kind == Kind::Approve || order.kind == Kind::Reject);
  if (fits) return;
  if (order.kind == Kind::Succeeded) order.host = "nobody";
  order.name = fmt::format("wrong {}", ++words_);
  keep(std::move(order));
}

}  // namespace sluice::world
