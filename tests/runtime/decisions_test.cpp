// The decision table of operators: each word in each state that an action can be in, whether it is
// taken, and what begins and is cancelled for it. docs/OPERATIONS.md shows the same table.
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/driver.h"
#include "support/tiny_plan.h"
#include "support/virtual_world.h"

using namespace sluice;
using runtime::ActionRequest;
using runtime::Completion;
using runtime::Order;
using scheduler::Outcome;
using Kind = runtime::Order::Kind;

namespace {

class Held : public runtime::Executor {
 public:
  void start(ActionRequest request, Sink done) override {
    // What is refused has no place, and is begun nowhere.
    if (request.refused.empty()) began += request.place.name + " ";
    sinks[request.ticket] = std::move(done);
    started.push_back(std::move(request));
  }
  void cancel(ActionRequest::Ticket ticket) override {
    for (const ActionRequest& request : started) {
      if (request.ticket == ticket) cancelled += request.place.name + " ";
    }
  }
  void end(std::size_t which, Outcome outcome, Completion::Ending ending) {
    const Sink done = std::move(sinks[started[which].ticket]);
    Completion completion;
    completion.outcome = outcome;
    completion.ending = ending;
    done(completion);
  }
  std::vector<ActionRequest> started;
  std::map<ActionRequest::Ticket, Sink> sinks;
  std::string began;
  std::string cancelled;
};

class Deaf : public runtime::Observer {
 public:
  void instant(const runtime::Instant&, const scheduler::Commands&) override {}
  void output(const scheduler::Action&, const std::string&, std::string_view) override {}
};

// A step on a, b and c, two at a time, of which `a` is in the state.
struct Standing {
  explicit Standing(std::string_view state)
      : plan(test::tiny_plan(state == "manual" ? "Step on a b c, window 2, ask, manual"
                                               : "Step on a b c, window 2, ask")) {
    for (plan::Step& step : plan.steps) {
      for (plan::Task& task : step.tasks) {
        if (task.action.kind.empty()) task.action.kind = "script";
      }
    }
    driver.emplace(plan, "run", hosts, journal, deaf);
    turn();
    if (state == "ended") hosts.end(0, Outcome::Succeeded, Completion::Ending::Exited);
    if (state == "failed") hosts.end(0, Outcome::Failed, Completion::Ending::Exited);
    if (state == "unknown") hosts.end(0, Outcome::Failed, Completion::Ending::Lost);
    if (state == "both failed") {
      hosts.end(0, Outcome::Failed, Completion::Ending::Exited);
      hosts.end(1, Outcome::Failed, Completion::Ending::Exited);
    }
    if (state == "paused, failed") {
      driver->pause();
      hosts.end(0, Outcome::Failed, Completion::Ending::Exited);
    }
    turn();
    hosts.began.clear();
  }
  void turn() { REQUIRE(driver->turn(base::Instant{++now}).ok()); }
  bool say(Kind kind, bool of_host) {
    Order order;
    order.kind = kind;
    order.who = "ada";
    if (runtime::answers_question(kind)) order.action = hosts.started[0].action;
    if (of_host) order.host = "a";
    const bool taken = driver->said(order);
    turn();
    return taken;
  }

  plan::Plan plan;
  Held hosts;
  test::MemoryJournal journal;
  Deaf deaf;
  std::optional<runtime::Driver> driver;
  std::int64_t now = 0;
};

struct Row {
  const char* state;
  Kind word;
  bool taken;
  const char* began;      // then
  const char* cancelled;  // then
};

constexpr Kind all_words[] = {Kind::Pause,    Kind::Continue,  Kind::Abort,  Kind::Approve,
                              Kind::Reject,   Kind::Retry,     Kind::Ignore, Kind::Exclude,
                              Kind::AbortAll, Kind::Succeeded, Kind::Failed};

// Every word that is taken, by state; all others are refused, and nothing comes of them.
constexpr Row taken_words[] = {
    {"at work", Kind::Pause, true, "", ""},
    {"at work", Kind::Continue, true, "", ""},
    {"at work", Kind::Abort, true, "", "a b "},
    {"ended", Kind::Pause, true, "", ""},
    {"ended", Kind::Continue, true, "", ""},
    {"ended", Kind::Abort, true, "", "c b "},  // by their slots
    {"manual", Kind::Pause, true, "", ""},
    {"manual", Kind::Continue, true, "", ""},
    {"manual", Kind::Abort, true, "", "a b "},
    // Carried out by who knows the manual action; the word is written down.
    {"manual", Kind::Approve, true, "", ""},
    {"manual", Kind::Reject, true, "", ""},
    {"failed", Kind::Pause, true, "", ""},
    {"failed", Kind::Continue, true, "", ""},
    {"failed", Kind::Abort, true, "", "b "},
    {"failed", Kind::Retry, true, "a ", ""},
    {"failed", Kind::Ignore, true, "c ", ""},
    {"failed", Kind::Exclude, true, "c ", ""},
    {"failed", Kind::AbortAll, true, "", "b "},
    // The window is free for others when the last question is answered.
    {"both failed", Kind::Pause, true, "", ""},
    {"both failed", Kind::Continue, true, "", ""},
    {"both failed", Kind::Abort, true, "", ""},
    {"both failed", Kind::Retry, true, "a ", ""},
    {"both failed", Kind::Ignore, true, "", ""},
    {"both failed", Kind::Exclude, true, "", ""},
    {"both failed", Kind::AbortAll, true, "", ""},
    // A begun target may be answered; no other begins.
    {"paused, failed", Kind::Pause, true, "", ""},
    {"paused, failed", Kind::Continue, true, "", ""},
    {"paused, failed", Kind::Abort, true, "", "b "},
    {"paused, failed", Kind::Retry, true, "a ", ""},
    {"paused, failed", Kind::Ignore, true, "", ""},
    {"paused, failed", Kind::Exclude, true, "", ""},
    {"paused, failed", Kind::AbortAll, true, "", "b "},
    {"unknown", Kind::Pause, true, "", ""},
    {"unknown", Kind::Continue, true, "", ""},
    {"unknown", Kind::Abort, true, "", "b "},
    {"unknown", Kind::Retry, true, "a ", ""},
    {"unknown", Kind::Succeeded, true, "c ", ""},
    {"unknown", Kind::Failed, true, "", ""},
};

Row row_for(const char* state, Kind word) {
  for (const Row& row : taken_words) {
    if (std::string_view(row.state) == state && row.word == word) return row;
  }
  return {state, word, false, "", ""};
}

}  // namespace

TEST_CASE("each word of an operator in each state of an action", "[operators]") {
  for (const char* state :
       {"at work", "ended", "manual", "failed", "both failed", "paused, failed", "unknown"}) {
    for (const Kind word : all_words) {
      const Row row = row_for(state, word);
      INFO(state << ": " << runtime::order_word(word) << " (" << static_cast<int>(word) << ")");
      Standing standing(state);
      const bool of_host = std::string_view(state) == "unknown" && runtime::answers_question(word);
      CHECK(standing.say(word, of_host) == row.taken);
      CHECK(standing.hosts.began == row.began);
      CHECK(standing.hosts.cancelled == row.cancelled);
      if (!row.taken) CHECK(standing.journal.instants.back().orders.empty());
    }
  }
}

TEST_CASE("an answer about a host that nobody was asked about is refused in every state",
          "[operators]") {
  for (const char* state : {"at work", "ended", "manual", "failed"}) {
    for (const Kind word : {Kind::Succeeded, Kind::Failed, Kind::Retry}) {
      INFO(state << ": " << runtime::order_word(word));
      Standing standing(state);
      CHECK_FALSE(standing.say(word, true));
    }
  }
}

TEST_CASE("of two answers at one instant the first one given counts", "[operators]") {
  Standing standing("failed");
  Order order;
  order.action = standing.hosts.started[0].action;
  order.who = "ada";
  order.kind = Kind::Exclude;
  CHECK(standing.driver->said(order));
  order.kind = Kind::Retry;
  order.who = "bob";
  CHECK_FALSE(standing.driver->said(order));
  standing.turn();
  CHECK(standing.hosts.began == "c ");
  REQUIRE(standing.journal.instants.back().orders.size() == 1);
  CHECK(standing.journal.instants.back().orders[0].who == "ada");
}

TEST_CASE("questions that are answered are counted, and so the same one is asked anew",
          "[operators]") {
  Standing standing("manual");
  const scheduler::Action asked = standing.hosts.started[0].action;
  CHECK(!standing.driver->run_state().answers.contains(asked));
  CHECK(standing.say(Kind::Reject, false));
  CHECK(standing.driver->run_state().answers.at(asked) == 1);
  standing.hosts.end(0, Outcome::Failed, Completion::Ending::Answered);
  standing.turn();
  // `on failure ask`: of the same action, and another question.
  REQUIRE(standing.driver->questions().size() == 1);
  CHECK(standing.driver->questions()[0] == asked);
  CHECK(standing.say(Kind::Ignore, false));
  CHECK(standing.driver->run_state().answers.at(asked) == 2);
}

TEST_CASE("begun anew and not begun, what came of it is still not known", "[operators]") {
  Standing standing("unknown");
  REQUIRE(standing.say(Kind::Retry, true));
  const std::size_t again = standing.hosts.started.size() - 1;
  standing.hosts.end(again, Outcome::Unreachable, Completion::Ending::Unreachable);
  standing.turn();
  CHECK(standing.driver->unknown().size() == 1);
}
