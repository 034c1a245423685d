// What becomes of attempts whose outcome is not known, of those that were at work when a program
// ended, and of words that come meanwhile.
#include <catch2/catch.hpp>
#include <map>

#include "runtime/driver.h"
#include "runtime/output.h"
#include "support/tiny_plan.h"
#include "support/virtual_world.h"

using namespace sluice;
using runtime::ActionRequest;
using runtime::Completion;

namespace {

struct Told : runtime::Observer {
  void instant(const runtime::Instant& instant, const scheduler::Commands&) override {
    last = instant;
  }
  void output(const scheduler::Action&, const std::string&, std::string_view bytes) override {
    text += bytes;
  }
  runtime::Instant last;
  std::string text;
};

// Answers when it is told to.
class Held : public runtime::Executor {
 public:
  void start(ActionRequest request, Sink done) override {
    started.push_back(request);
    sinks[request.ticket] = std::move(done);
  }
  void cancel(ActionRequest::Ticket ticket) override { cancelled.push_back(ticket); }
  void let_go(ActionRequest::Ticket ticket) override {
    gone.push_back(ticket);
    sinks.erase(ticket);
  }
  void end(std::size_t which, scheduler::Outcome outcome, Completion::Ending ending,
           bool unanswered = false) {
    const Sink done = std::move(sinks[started[which].ticket]);
    Completion completion;
    completion.outcome = outcome;
    completion.ending = ending;
    completion.detail = "so it was";
    completion.unanswered = unanswered;
    done(completion);
  }
  void lose(std::size_t which) { end(which, scheduler::Outcome::Failed, Completion::Ending::Lost); }
  // Its host could not be asked.
  void give_up(std::size_t which) {
    end(which, scheduler::Outcome::Failed, Completion::Ending::Lost, true);
  }
  std::vector<ActionRequest> started;
  std::vector<ActionRequest::Ticket> cancelled;
  std::vector<ActionRequest::Ticket> gone;
  std::map<ActionRequest::Ticket, Sink> sinks;
};

struct Driven {
  explicit Driven(std::string_view text, bool idempotent = false) : plan(test::tiny_plan(text)) {
    for (plan::Step& step : plan.steps) {
      for (plan::Task& task : step.tasks) {
        task.action.kind = "script";
        task.idempotent = idempotent;
      }
    }
    driver.emplace(plan, "run", hosts, journal, told);
    turn(0);
  }
  void turn(std::int64_t at) { REQUIRE(driver->turn(base::Instant{at}).ok()); }
  // Another program takes the run up.
  void resume(
      std::int64_t at, const std::string& boot = "boot",
      const std::function<void()>& said = [] {}) {
    hosts.started.clear();
    bool same_boot = true;
    for (const runtime::Instant& instant : journal.instants) {
      if (instant.session) same_boot = instant.session->boot == boot;
    }
    driver.emplace(plan, "run", hosts, journal, told);
    driver->resume(journal.instants, base::Instant{at}, same_boot);
    driver->begin_session({"again", "1", boot, 0, 0});
    said();
    turn(at);
  }
  runtime::Order order(runtime::Order::Kind kind) {
    runtime::Order made;
    made.kind = kind;
    made.action = driver->unknown().begin()->first.first;
    made.host = driver->unknown().begin()->first.second;
    made.who = "ada";
    return made;
  }

  plan::Plan plan;
  Held hosts;
  test::MemoryJournal journal;
  Told told;
  std::optional<runtime::Driver> driver;
};

using Kind = runtime::Order::Kind;

}  // namespace

TEST_CASE("an outcome that is not known is neither a failure nor a success: a person says",
          "[unknown]") {
  for (const Kind kind : {Kind::Succeeded, Kind::Failed}) {
    Driven driven("Step on a");
    driven.hosts.lose(0);
    driven.turn(1);
    REQUIRE(driven.driver->unknown().size() == 1);
    CHECK(driven.driver->waits_for_people());
    CHECK(driven.driver->state() == scheduler::State::Running);
    CHECK_FALSE(driven.driver->said([&] {
      runtime::Order other = driven.order(kind);
      other.host = "b";
      return other;
    }()));
    CHECK(driven.driver->said(driven.order(kind)));
    driven.turn(2);
    CHECK(driven.told.last.orders.size() == 1);
    CHECK(driven.driver->ended());
    CHECK(driven.driver->state() ==
          (kind == Kind::Succeeded ? scheduler::State::Succeeded : scheduler::State::Failed));
    CHECK(driven.hosts.started.size() == 1);
  }
}

TEST_CASE("what is asked for once more hands on what has come of it since", "[unknown]") {
  Driven driven("Step on a");
  driven.hosts.started[0].output(runtime::Stream::Output, "first\n");
  driven.hosts.started[0].left_out(100);
  driven.hosts.started[0].output(runtime::Stream::Output, "beh");
  driven.hosts.give_up(0);
  driven.turn(1);
  REQUIRE(driven.hosts.started.size() == 2);
  CHECK(driven.hosts.started[1].rejoins);
  const std::string before = "first\n" + runtime::said_of_left_out(100) + "beh";
  CHECK(driven.told.text == before);
  // By now it has written more, and more of it is left out.
  driven.hosts.started[1].output(runtime::Stream::Output, "first\n");
  CHECK(driven.told.text == before);
  driven.hosts.started[1].left_out(143);
  driven.hosts.started[1].output(runtime::Stream::Output, "the end\n");
  CHECK(driven.told.text == before + runtime::said_of_left_out(40) + "the end\n");
}

TEST_CASE("an outcome that is not known is tried again when that is written down, under a new name",
          "[unknown]") {
  Driven driven("Step on a");
  driven.hosts.lose(0);
  driven.turn(1);
  const runtime::Order retry = driven.order(Kind::Retry);
  CHECK(driven.driver->said(retry));
  CHECK(driven.hosts.started.size() == 1);
  driven.turn(2);
  REQUIRE(driven.hosts.started.size() == 2);
  const std::string first = runtime::action_key(driven.hosts.started[0]);
  const std::string again = runtime::action_key(driven.hosts.started[1]);
  CHECK(again != first);
  CHECK(driven.hosts.started[1].earlier.empty());
  CHECK_FALSE(driven.driver->said(retry));  // answered
  // A program that takes over asks for that one: what came of the first was settled, but for
  // whether it is over.
  driven.resume(3);
  REQUIRE(driven.hosts.started.size() == 1);
  CHECK(runtime::action_key(driven.hosts.started[0]) == again);
  CHECK(driven.hosts.started[0].earlier == std::vector{first});
  CHECK(driven.hosts.started[0].resumed.has_value());
  driven.hosts.end(0, scheduler::Outcome::Succeeded, Completion::Ending::Exited);
  driven.turn(4);
  CHECK(driven.driver->state() == scheduler::State::Succeeded);
}

TEST_CASE(
    "a deployment that nobody could ask about has not failed: it is looked for, then a person says",
    "[unknown]") {
  Driven driven("Step on a");
  driven.plan.steps[plan::StepId{0}].tasks[0].action.kind = "azure_resource_group";
  constexpr std::size_t looked_for = 4;
  for (std::size_t time = 0; time < looked_for; ++time) {
    REQUIRE(driven.hosts.started.size() == time + 1);
    CHECK(driven.driver->unknown().empty());
    driven.hosts.lose(time);
  }
  driven.turn(1);
  CHECK(driven.hosts.started.size() == looked_for);
  CHECK(driven.driver->unknown().size() == 1);
  CHECK(driven.driver->state() == scheduler::State::Running);
}

TEST_CASE("what was at work in a boot before the last may have begun, in every program after it",
          "[unknown]") {
  Driven driven("Step on a");
  driven.resume(1, "boot");
  REQUIRE(driven.hosts.started.size() == 1);
  CHECK(driven.hosts.started[0].resumed->same_boot);
  for (const std::int64_t at : {2, 3}) {
    driven.resume(at, "another boot");
    REQUIRE(driven.hosts.started.size() == 1);
    CHECK_FALSE(driven.hosts.started[0].resumed->same_boot);
  }
}

TEST_CASE("what was not begun when it was begun anew leaves no name free for a program after it",
          "[unknown]") {
  Driven driven("Step on a", true);
  driven.hosts.lose(0);
  REQUIRE(driven.hosts.started.size() == 2);
  driven.hosts.end(1, scheduler::Outcome::Failed, Completion::Ending::NotStarted);
  REQUIRE(driven.hosts.started.size() == 3);
  // The host refused it, and knows of nothing under that name.
  CHECK(runtime::action_key(driven.hosts.started[2]) ==
        runtime::action_key(driven.hosts.started[1]));
  driven.hosts.lose(2);
  REQUIRE(driven.hosts.started.size() == 4);
  CHECK(runtime::action_key(driven.hosts.started[3]) !=
        runtime::action_key(driven.hosts.started[2]));
}

TEST_CASE("what is idempotent is begun anew, three times at most, and then a person is asked",
          "[unknown]") {
  Driven driven("Step on a", true);
  for (std::size_t time = 0; time < 4; ++time) {
    CHECK(driven.driver->unknown().empty());
    REQUIRE(driven.hosts.started.size() == time + 1);
    driven.hosts.lose(time);
    driven.turn(static_cast<std::int64_t>(time) + 1);
  }
  CHECK(driven.driver->unknown().size() == 1);
  CHECK(driven.hosts.started.size() == 4);
}

TEST_CASE("a `verify` that finds the work in place answers for it", "[unknown]") {
  Driven driven("Step on a");
  plan::Task& task = driven.plan.steps[plan::StepId{0}].tasks[0];
  task.verify = static_cast<const plan::Work&>(task);
  for (const bool in_place : {true, false}) {
    driven.journal.instants.clear();
    driven.hosts.started.clear();
    driven.driver.emplace(driven.plan, "run", driven.hosts, driven.journal, driven.told);
    driven.turn(0);
    driven.hosts.lose(0);
    REQUIRE(driven.hosts.started.size() == 2);
    CHECK(driven.hosts.started[1].action.part == scheduler::Part::Verify);
    driven.hosts.end(1, in_place ? scheduler::Outcome::Succeeded : scheduler::Outcome::Failed,
                     Completion::Ending::Exited);
    driven.turn(1);
    CHECK(driven.driver->unknown().size() == (in_place ? 0 : 1));
  }
}

TEST_CASE("a host that could not be asked is asked once more, and what it says then counts",
          "[unknown]") {
  for (const bool is_back : {true, false}) {
    Driven driven("Step on a", true);
    plan::Task& task = driven.plan.steps[plan::StepId{0}].tasks[0];
    task.verify = static_cast<const plan::Work&>(task);
    CHECK_FALSE(driven.hosts.started[0].rejoins);
    driven.hosts.give_up(0);
    REQUIRE(driven.hosts.started.size() == 2);
    CHECK(driven.hosts.started[1].rejoins);
    CHECK(driven.hosts.started[1].resumed.has_value());
    CHECK(runtime::action_key(driven.hosts.started[1]) ==
          runtime::action_key(driven.hosts.started[0]));
    is_back ? driven.hosts.lose(1) : driven.hosts.give_up(1);
    REQUIRE(driven.hosts.started.size() == 3);
    CHECK(driven.hosts.started[2].action.part == scheduler::Part::Verify);
    CHECK(driven.hosts.started[2].passed_over == !is_back);
    driven.hosts.end(2, scheduler::Outcome::Failed, Completion::Ending::NotStarted);
    REQUIRE(driven.hosts.started.size() == 4);
    CHECK(driven.hosts.started[3].generation == 1);
    CHECK_FALSE(driven.hosts.started[3].rejoins);
    // Lost itself, it is asked for once more as well.
    driven.hosts.give_up(3);
    REQUIRE(driven.hosts.started.size() == 5);
    CHECK(driven.hosts.started[4].rejoins);
    CHECK(driven.hosts.started[4].generation == 1);
  }
}

// A person is asked about it, for its host is away.
struct Standing : Driven {
  Standing() : Driven("Step on a") {
    hosts.give_up(0);
    turn(1);
    REQUIRE(driver->unknown().size() == 1);
    REQUIRE(hosts.started.size() == 2);
    CHECK(hosts.started[1].rejoins);
    CHECK(hosts.started[1].stands);
    CHECK(runtime::action_key(hosts.started[1]) == runtime::action_key(hosts.started[0]));
  }
  runtime::Order order(Kind kind) const {
    runtime::Order order;
    order.kind = kind;
    order.action = hosts.started[0].action;
    order.host = hosts.started[0].place.name;
    order.who = "ada";
    return order;
  }
};

TEST_CASE("a host that comes back answers what a person is asked", "[unknown]") {
  Standing standing;
  standing.hosts.end(1, scheduler::Outcome::Succeeded, Completion::Ending::Exited);
  CHECK_FALSE(standing.driver->said(standing.order(Kind::Retry)));
  CHECK_FALSE(standing.driver->said(standing.order(Kind::Failed)));
  standing.turn(2);
  CHECK(standing.driver->unknown().empty());
  CHECK(standing.driver->state() == scheduler::State::Succeeded);
}

TEST_CASE("a host is waited for as long as a person is asked about it", "[unknown]") {
  Standing standing;
  standing.hosts.give_up(1);
  REQUIRE(standing.hosts.started.size() == 3);
  CHECK(standing.hosts.started[2].stands);
  // It has booted, say: nobody will know, and why is told anew.
  standing.hosts.lose(2);
  standing.turn(2);
  CHECK(standing.hosts.started.size() == 3);
  REQUIRE(standing.driver->unknown().size() == 1);
  CHECK(standing.driver->said(standing.order(Kind::Succeeded)));
  standing.turn(3);
  CHECK(standing.driver->state() == scheduler::State::Succeeded);
}

TEST_CASE("a question that is answered in the instant in which it is asked anew is no result",
          "[unknown]") {
  Standing standing;
  standing.hosts.lose(1);
  CHECK(standing.driver->said(standing.order(Kind::Succeeded)));
  standing.turn(2);
  REQUIRE(standing.told.last.results.size() == 1);
  CHECK(standing.told.last.results[0].completion.outcome == scheduler::Outcome::Succeeded);
  CHECK(standing.driver->state() == scheduler::State::Succeeded);
}

TEST_CASE("of two hosts nobody is asked any more about the one that has come back", "[unknown]") {
  Driven driven("Step on a\nOther on lb1 lb2");
  plan::Task& task = driven.plan.steps[plan::StepId{0}].tasks[0];
  task.via.kind = plan::Via::Kind::Each;
  task.via.hosts = driven.plan.steps[plan::StepId{1}].targets;
  driven.hosts.started.clear();
  driven.driver.emplace(driven.plan, "run", driven.hosts, driven.journal, driven.told);
  driven.turn(0);
  REQUIRE(driven.hosts.started.size() == 2);
  driven.hosts.give_up(0);
  driven.turn(1);
  CHECK(driven.driver->unknown().size() == 1);
  driven.hosts.end(2, scheduler::Outcome::Succeeded, Completion::Ending::Exited);
  driven.turn(2);
  CHECK(driven.driver->unknown().empty());
  REQUIRE(driven.told.last.results.size() == 1);
  CHECK(driven.told.last.results[0].completion.ending == Completion::Ending::Exited);
  CHECK(driven.told.last.events.empty());
  driven.hosts.end(1, scheduler::Outcome::Succeeded, Completion::Ending::Exited);
  driven.turn(3);
  CHECK(driven.told.last.results.size() == 2);
  CHECK(driven.told.last.events.size() == 1);
}

TEST_CASE("what a person says counts, whatever becomes of the host", "[unknown]") {
  const bool again = GENERATE(true, false);
  Standing standing;
  const auto kind = again ? Kind::Retry : Kind::Succeeded;
  CHECK(standing.driver->said(standing.order(kind)));
  standing.turn(2);
  CHECK(standing.hosts.gone ==
        std::vector<ActionRequest::Ticket>{standing.hosts.started[1].ticket});
  CHECK(standing.hosts.cancelled.empty());
  CHECK(standing.driver->unknown().empty());
  REQUIRE(standing.hosts.started.size() == (again ? 3 : 2));
  if (!again) return;
  CHECK(standing.hosts.started[2].generation == 1);
  CHECK_FALSE(standing.hosts.started[2].rejoins);
}

TEST_CASE("what runs on a host that is back is ended where the run is aborted", "[unknown]") {
  const bool runs = GENERATE(true, false);
  Standing standing;
  if (runs) standing.hosts.started[1].begun();
  standing.driver->abort();
  standing.turn(2);
  const std::vector<ActionRequest::Ticket> watched{standing.hosts.started[1].ticket};
  CHECK(standing.hosts.cancelled == (runs ? watched : std::vector<ActionRequest::Ticket>{}));
  CHECK(standing.hosts.gone == (runs ? std::vector<ActionRequest::Ticket>{} : watched));
  runs ? standing.hosts.end(1, scheduler::Outcome::Cancelled, Completion::Ending::Signalled)
       : standing.hosts.end(2, scheduler::Outcome::Failed, Completion::Ending::NotStarted);
  standing.turn(3);
  CHECK(standing.driver->state() == scheduler::State::Aborted);
  CHECK(standing.driver->unknown().empty());
}

TEST_CASE("a `verify` that asks no host by ssh is asked though that cannot be", "[unknown]") {
  Driven driven("Step on a");
  plan::Task& task = driven.plan.steps[plan::StepId{0}].tasks[0];
  task.verify = static_cast<const plan::Work&>(task);
  task.verify->action.kind = "http";
  driven.hosts.give_up(0);
  driven.hosts.give_up(1);
  REQUIRE(driven.hosts.started.size() == 3);
  CHECK(driven.hosts.started[2].action.part == scheduler::Part::Verify);
  CHECK_FALSE(driven.hosts.started[2].passed_over);
}

TEST_CASE("who resumes knows the names of what was begun anew, and of each `verify`", "[unknown]") {
  Driven driven("Step on a", true);
  plan::Task& task = driven.plan.steps[plan::StepId{0}].tasks[0];
  task.verify = static_cast<const plan::Work&>(task);
  for (plan::Connection& connection : driven.plan.connections) {
    connection.kind = plan::Connection::Kind::Ssh;
  }
  CHECK(driven.hosts.started[0].later.empty());
  driven.hosts.lose(0);
  driven.hosts.end(1, scheduler::Outcome::Failed, Completion::Ending::Exited);
  REQUIRE(driven.hosts.started.size() == 3);
  CHECK_FALSE(driven.hosts.started[1].resumed);
  const std::string verify = runtime::action_key(driven.hosts.started[1]);
  const std::string anew = runtime::action_key(driven.hosts.started[2]);
  driven.resume(1);
  REQUIRE(driven.hosts.started.size() == 1);
  const std::vector<std::string> later = driven.hosts.started[0].later;
  REQUIRE(later.size() == 7);  // three times more, and four times a `verify`
  CHECK(later[0] == verify);
  CHECK(later[1] == anew);
  driven.hosts.lose(0);
  REQUIRE(driven.hosts.started.size() == 2);
  CHECK(runtime::action_key(driven.hosts.started[1]) == verify);
  CHECK(driven.hosts.started[1].resumed.has_value());
  CHECK(driven.hosts.started[1].later == std::vector(later.begin() + 1, later.end()));
}

TEST_CASE(
    "a `verify` here that a program before this one asked for is found, and not asked beside it",
    "[unknown]") {
  Driven driven("Step on a", true);
  plan::Task& task = driven.plan.steps[plan::StepId{0}].tasks[0];
  task.verify = static_cast<const plan::Work&>(task);
  for (plan::Connection& connection : driven.plan.connections) {
    connection.kind = plan::Connection::Kind::Local;
  }
  driven.resume(1);
  driven.hosts.lose(0);
  REQUIRE(driven.hosts.started.size() == 2);
  REQUIRE(driven.hosts.started[1].resumed.has_value());
  CHECK(!driven.hosts.started[1].later.empty());
  const std::string verify = runtime::action_key(driven.hosts.started[1]);
  // Cut off itself, it says nothing: it is asked anew.
  for (std::size_t time = 1; time < 4; ++time) {
    driven.hosts.lose(time);
    REQUIRE(driven.hosts.started.size() == time + 2);
    CHECK(runtime::action_key(driven.hosts.started[time + 1]) == verify);
    CHECK(!driven.hosts.started[time + 1].resumed.has_value());
  }
  driven.hosts.end(4, scheduler::Outcome::Failed, Completion::Ending::Exited);
  REQUIRE(driven.hosts.started.size() == 6);
  CHECK(driven.hosts.started[5].action.part == scheduler::Part::Run);
  CHECK(driven.hosts.started[5].resumed.has_value());
}

TEST_CASE("what could not be begun anew is not asked about: nothing has changed", "[unknown]") {
  Driven driven("Step on a", true);
  plan::Task& task = driven.plan.steps[plan::StepId{0}].tasks[0];
  task.verify = static_cast<const plan::Work&>(task);
  driven.hosts.lose(0);
  driven.hosts.end(1, scheduler::Outcome::Failed, Completion::Ending::Exited);
  driven.hosts.end(2, scheduler::Outcome::Failed, Completion::Ending::NotStarted);
  REQUIRE(driven.hosts.started.size() == 4);
  CHECK(runtime::action_key(driven.hosts.started[3]) ==
        runtime::action_key(driven.hosts.started[2]));
  driven.hosts.lose(3);
  REQUIRE(driven.hosts.started.size() == 5);
  CHECK(driven.hosts.started[4].action.part == scheduler::Part::Verify);
}

TEST_CASE("a timeout does not bound how long a person is asked what has become of it",
          "[unknown]") {
  Driven driven("Step on a, timeout 50");
  driven.hosts.lose(0);
  driven.turn(1);
  CHECK(driven.driver->next_timer() == base::Instant::never());
  driven.turn(60);
  REQUIRE(driven.driver->unknown().size() == 1);
  SECTION("what is tried again has all of its time") {
    CHECK(driven.driver->said(driven.order(Kind::Retry)));
    driven.turn(70);
    REQUIRE(driven.hosts.started.size() == 2);
    CHECK(driven.driver->next_timer() == base::Instant{120});
    driven.turn(119);
    CHECK(driven.hosts.cancelled.empty());
    driven.turn(120);
    CHECK(driven.hosts.cancelled.size() == 1);
  }
  SECTION("another program asks about it again") {
    driven.resume(200);
    CHECK(driven.hosts.cancelled.empty());
    driven.hosts.lose(0);
    driven.turn(210);
    driven.turn(300);
    CHECK(driven.hosts.cancelled.empty());
    CHECK(driven.driver->unknown().size() == 1);
    CHECK(driven.driver->said(driven.order(Kind::Succeeded)));
    driven.turn(310);
    CHECK(driven.driver->state() == scheduler::State::Succeeded);
  }
  SECTION("what is at work after all is bounded by it") {
    driven.resume(200);
    CHECK(driven.driver->next_timer() == base::Instant{250});
    driven.turn(250);
    CHECK(driven.hosts.cancelled.size() == 1);
  }
}

TEST_CASE("timeouts stand still while no program carries the run on", "[unknown]") {
  Driven driven("Step on a, timeout 50");
  CHECK(driven.driver->next_timer() == base::Instant{50});
  driven.resume(1'000);
  CHECK(driven.hosts.cancelled.empty());
  CHECK(driven.driver->next_timer() == base::Instant{1'050});
  REQUIRE(driven.hosts.started.size() == 1);
  CHECK(driven.hosts.started[0].resumed->ago == base::Duration{1'000});
  CHECK(driven.hosts.started[0].epoch == 1);
}

TEST_CASE("of pauses and what takes them back in one instant the last one holds", "[unknown]") {
  Driven driven("Step on a b c, window 1");
  const auto say = [&](Kind kind) {
    runtime::Order order;
    order.kind = kind;
    CHECK(driven.driver->said(order));
  };
  say(Kind::Pause);
  driven.turn(1);
  driven.hosts.end(0, scheduler::Outcome::Succeeded, Completion::Ending::Exited);
  driven.turn(2);
  say(Kind::Continue);
  say(Kind::Pause);
  driven.turn(3);
  CHECK(driven.driver->at_rest());
  CHECK(driven.hosts.started.size() == 1);
  CHECK(driven.driver->run_state().machine.state() == scheduler::State::Paused);
  // Whoever resumes it takes back what was left before.
  driven.resume(5, "boot", [&] { say(Kind::Pause); });
  CHECK(driven.hosts.started.size() == 1);
  driven.hosts.end(0, scheduler::Outcome::Succeeded, Completion::Ending::Exited);
  driven.turn(6);
}

TEST_CASE("a run that was paused goes on when it is resumed", "[unknown]") {
  Driven driven("Step on a b, window 1");
  driven.driver->pause();
  driven.turn(1);
  driven.hosts.end(0, scheduler::Outcome::Succeeded, Completion::Ending::Exited);
  driven.turn(2);
  CHECK(driven.driver->at_rest());
  driven.resume(5);
  REQUIRE(driven.hosts.started.size() == 1);
  CHECK(driven.hosts.started[0].place.name == "b");
  CHECK(!driven.hosts.started[0].resumed);
}
