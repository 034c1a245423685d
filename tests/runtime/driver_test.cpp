// The driver: nothing is carried out before what it follows from is durable.
#include <catch2/catch.hpp>

#include "runtime/driver.h"
#include "support/tiny_plan.h"
#include "support/virtual_world.h"

using namespace sluice;
using runtime::ActionRequest;
using runtime::Completion;
using scheduler::Outcome;

namespace {

// What happened, in its order: commits, starts and cancellations.
struct Log {
  std::vector<std::string> lines;
};

class LoggedJournal : public runtime::Journal {
 public:
  explicit LoggedJournal(Log& log) : log_(log) {}
  base::Status commit(const runtime::Instant& instant) override {
    if (fails) return base::Error{"the disk is full"};
    log_.lines.push_back("commit " + std::to_string(instant.events.size()));
    return base::Done{};
  }
  bool fails = false;

 private:
  Log& log_;
};

class HeldExecutor : public runtime::Executor {
 public:
  explicit HeldExecutor(Log& log) : log_(log) {}
  void start(ActionRequest request, Sink done) override {
    log_.lines.push_back("start " + request.place.name);
    ended[request.place.name] = std::move(request.ended);
    open[request.place.name] = {request.ticket, std::move(done)};
  }
  void cancel(ActionRequest::Ticket ticket) override {
    for (auto& [name, row] : open) {
      if (row.first == ticket) log_.lines.push_back("cancel " + name);
    }
  }
  void finish(const std::string& name, Outcome outcome) {
    const Sink done = std::move(open[name].second);
    open.erase(name);
    Completion completion;
    completion.outcome = outcome;
    done(completion);
  }
  std::map<std::string, std::function<void()>> ended;
  std::map<std::string, std::pair<ActionRequest::Ticket, Sink>> open;

 private:
  Log& log_;
};

class Deaf : public runtime::Observer {
 public:
  void instant(const runtime::Instant&, const scheduler::Commands&) override {}
  void output(const scheduler::Action&, const std::string&, std::string_view) override {}
};

struct Driven {
  explicit Driven(std::string_view text)
      : plan(test::tiny_plan(text)),
        journal(log),
        executor(log),
        driver(plan, "run", executor, journal, deaf) {}

  std::vector<std::string> turn(std::int64_t at) {
    log.lines.clear();
    REQUIRE(driver.turn(base::Instant{at}).ok());
    return log.lines;
  }

  plan::Plan plan;
  Log log;
  LoggedJournal journal;
  HeldExecutor executor;
  Deaf deaf;
  runtime::Driver driver;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("an instant is committed before what follows from it is started", "[driver]") {
  Driven driven("Step on a b c, window 2");
  CHECK(driven.turn(0) == Lines{"commit 0", "start a", "start b"});
  CHECK(driven.turn(1).empty());  // nothing has happened
  driven.executor.finish("a", Outcome::Succeeded);
  CHECK(driven.driver.has_news());
  CHECK(driven.turn(2) == Lines{"commit 1", "start c"});
  driven.executor.finish("b", Outcome::Succeeded);
  CHECK(driven.driver.awaits_more());
  driven.executor.finish("c", Outcome::Succeeded);
  CHECK(!driven.driver.awaits_more());
  CHECK(driven.turn(3) == Lines{"commit 2"});
  CHECK(driven.driver.ended());
}

TEST_CASE("nothing is started from an instant that cannot be committed", "[driver]") {
  Driven driven("Step on a b c, window 1");
  driven.turn(0);
  driven.executor.finish("a", Outcome::Succeeded);
  driven.journal.fails = true;
  driven.log.lines.clear();
  const base::Status turned = driven.driver.turn(base::Instant{1});
  REQUIRE(!turned.ok());
  CHECK(turned.error().message == "the disk is full");
  CHECK(driven.log.lines.empty());
}

TEST_CASE("what has ended meets no timeout while its output is on its way", "[driver]") {
  Driven driven("Step on a b, window 2, timeout 50");
  driven.turn(0);
  driven.executor.ended["a"]();
  CHECK(driven.turn(50) == Lines{"commit 1", "cancel b"});
  CHECK(driven.driver.next_timer() == base::Instant::never());
  driven.executor.finish("b", Outcome::Cancelled);
  driven.turn(60);
  CHECK(driven.turn(70).empty());
  driven.executor.finish("a", Outcome::Succeeded);
  CHECK(driven.turn(80) == Lines{"commit 1"});
  CHECK(driven.driver.ended());
}

TEST_CASE("a timeout is due when the driver says, and cancels what runs", "[driver]") {
  Driven driven("Step on a, timeout 50");
  driven.turn(0);
  CHECK(driven.driver.next_timer() == base::Instant{50});
  CHECK(driven.turn(49).empty());
  CHECK(driven.turn(50) == Lines{"commit 1", "cancel a"});
  driven.executor.finish("a", Outcome::Cancelled);
  driven.turn(60);
  CHECK(driven.driver.ended());
  CHECK(driven.driver.state() == scheduler::State::Failed);
}

TEST_CASE("a finish beats the timeout of its own instant", "[driver]") {
  Driven driven("Step on a, timeout 50");
  driven.turn(0);
  driven.executor.finish("a", Outcome::Succeeded);
  CHECK(driven.turn(50).front() == "commit 2");
  CHECK(driven.driver.state() == scheduler::State::Succeeded);
}

TEST_CASE("after a pause begun targets end and no other begins; an abort ends what runs",
          "[driver]") {
  Driven driven("Step on a b c, window 1");
  driven.turn(0);
  driven.driver.pause();
  CHECK(driven.turn(1) == Lines{"commit 1"});
  CHECK(!driven.driver.at_rest());
  driven.executor.finish("a", Outcome::Succeeded);
  CHECK(driven.turn(2) == Lines{"commit 1"});
  CHECK(driven.driver.at_rest());

  Driven aborted("Step on a b c, window 2");
  aborted.turn(0);
  aborted.driver.abort();
  CHECK(aborted.turn(1) == Lines{"commit 1", "cancel a", "cancel b"});
}
