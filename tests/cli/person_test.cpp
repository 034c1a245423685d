// The person at the terminal: questions in their order, and what is made of what is typed.
#include "cli/person.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/tiny_plan.h"

using namespace sluice;
using scheduler::Action;
using Kind = runtime::Order::Kind;
using scheduler::Outcome;

namespace {

Action failed(std::uint32_t lane) {
  return {.step = plan::StepId{0}, .lane = lane, .slot = lane};
}

// A terminal that is a pipe, and what was said and answered.
struct Terminal {
  explicit Terminal(const plan::Plan& whole, bool there = true) : plan(whole) {
    REQUIRE(::pipe(ends) == 0);
    person.emplace(loop, whole, there ? ends[0] : -1);
    person->listen([this](const std::string& line) { said.push_back(line); },
                   [this](const Action& action, const std::string& host, Kind kind) {
                     if (way == cli::Person::Way::TooLate) return way;
                     if (kind == Kind::Approve || kind == Kind::Reject)
                       return way;  // told by its outcome
                     answers.emplace_back(action.lane, kind);
                     hosts.push_back(host);
                     return way;
                   });
  }
  ~Terminal() {
    person.reset();
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  void type(std::string_view text) {
    REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  // Until the typed text has been read and what follows from it has been done.
  void settle(std::size_t lines, std::size_t answered) {
    loop.post([] {});
    loop.run([&] {
      if (said.size() >= lines && answers.size() + outcomes.size() >= answered) loop.stop();
    });
  }
  void start_manual(std::uint32_t lane, const std::string& instructions) {
    runtime::ActionRequest request;
    request.ticket = lane + 1;
    request.action = failed(lane);
    request.plan = &plan;
    request.attributes.push_back({"instructions", {instructions}});
    person->start(std::move(request), [this](const runtime::Completion& completion) {
      outcomes.push_back(completion.outcome);
    });
  }

  const plan::Plan& plan;
  runtime::Loop loop;
  int ends[2] = {-1, -1};
  std::optional<cli::Person> person;
  std::vector<std::string> said;
  std::vector<std::pair<std::uint32_t, Kind>> answers;
  std::vector<std::string> hosts;
  cli::Person::Way way = cli::Person::Way::Here;
  std::vector<Outcome> outcomes;
};

using Answers = std::vector<std::pair<std::uint32_t, Kind>>;

}  // namespace

TEST_CASE("failures are asked about one by one, and any beginning of an answer will do") {
  const plan::Plan plan = test::tiny_plan("U on a b c");
  Terminal terminal(plan);
  terminal.person->questions({failed(0), failed(1)});
  CHECK(terminal.said == std::vector<std::string>{
                             "`U` failed on `a`: retry, ignore, exclude or abort?  (and 1 more)"});
  terminal.type("EX\n");
  terminal.settle(2, 1);
  CHECK(terminal.answers == Answers{{0, Kind::Exclude}});
  CHECK(terminal.said.back() == "`U` failed on `b`: retry, ignore, exclude or abort?");
  terminal.type("what?\n");
  terminal.settle(3, 1);
  CHECK(terminal.said.back() == "`U` failed on `b`: retry, ignore, exclude or abort?");
  terminal.type("a\n");  // not in full
  terminal.settle(4, 1);
  CHECK(terminal.answers.size() == 1);
  terminal.type("  retry \r\n");
  terminal.settle(4, 2);
  CHECK(terminal.answers.back() == std::pair{1U, Kind::Retry});
  CHECK_FALSE(terminal.person->asked());
}

TEST_CASE("a question that was settled otherwise is asked no more") {
  const plan::Plan plan = test::tiny_plan("U on a b");
  Terminal terminal(plan);
  terminal.person->questions({failed(0), failed(1)});
  terminal.person->questions({failed(1)});
  CHECK(terminal.said.back() == "`U` failed on `b`: retry, ignore, exclude or abort?");
  terminal.type("abort\n");
  terminal.settle(2, 1);
  CHECK(terminal.answers == Answers{{1, Kind::AbortAll}});
}

TEST_CASE("what is manual is approved or rejected, with its instructions shown") {
  const plan::Plan plan = test::tiny_plan("U on a b c, manual");
  Terminal terminal(plan);
  terminal.start_manual(0, "look at the dashboard\nand at the logs");
  terminal.start_manual(1, "");
  terminal.start_manual(2, "");
  terminal.settle(3, 0);
  CHECK(terminal.said == std::vector<std::string>{"    look at the dashboard",
                                                  "    and at the logs",
                                                  "`U` on `a`: approve or reject?  (and 2 more)"});
  terminal.type("approve\nn\n");
  terminal.settle(3, 2);
  CHECK(terminal.outcomes == std::vector<Outcome>{Outcome::Succeeded, Outcome::Failed});
  terminal.person->cancel(3);
  terminal.settle(3, 3);
  CHECK(terminal.outcomes.back() == Outcome::Cancelled);
}

TEST_CASE("what is written down comes back, and who was too late is asked until that comes") {
  const plan::Plan plan = test::tiny_plan("U on a b c, manual");
  Terminal terminal(plan);
  terminal.start_manual(0, "");
  terminal.start_manual(1, "");
  terminal.settle(1, 0);
  terminal.way = cli::Person::Way::TooLate;
  terminal.type("approve\n");
  terminal.settle(2, 0);
  CHECK(terminal.said.back() == "`U` on `a`: approve or reject?  (and 1 more)");
  terminal.way = cli::Person::Way::Written;
  terminal.type("approve\n");
  terminal.settle(3, 0);
  CHECK(terminal.said.back() == "`U` on `b`: approve or reject?");
  CHECK(terminal.outcomes.empty());
  REQUIRE(terminal.person->carries_out(failed(0)));
  runtime::Order order;
  order.kind = Kind::Reject;  // another one was first after all
  order.action = failed(0);
  terminal.person->decide(order);
  CHECK(terminal.outcomes == std::vector<Outcome>{Outcome::Failed});
  CHECK_FALSE(terminal.person->carries_out(failed(0)));
  terminal.type("approve\n");
  terminal.settle(3, 1);
  terminal.person->cancel(2);
  terminal.settle(3, 2);
  CHECK(terminal.outcomes.back() == Outcome::Cancelled);
}

TEST_CASE("nobody is there without a terminal, nor after its end") {
  const plan::Plan plan = test::tiny_plan("U on a");
  Terminal nobody(plan, false);
  nobody.person->questions({failed(0)});
  CHECK(nobody.said.empty());
  CHECK_FALSE(nobody.person->there());
  CHECK(nobody.person->open_questions() ==
        std::vector<std::string>{"`U` failed on `a`: retry, ignore, exclude or abort?"});
  Terminal gone(plan);
  gone.person->questions({failed(0)});
  ::close(gone.ends[1]);
  gone.ends[1] = -1;
  gone.loop.post([] {});
  gone.loop.run([&] {
    if (!gone.person->there()) gone.loop.stop();
  });
  CHECK(gone.answers.empty());
}

TEST_CASE("an outcome that is not known is asked about, and a retry of it is typed in full") {
  const plan::Plan plan = test::tiny_plan("U on a b");
  Terminal terminal(plan);
  terminal.person->questions({}, {{{failed(0), "a"}, "it was lost"}, {{failed(1), "b"}, "so too"}});
  CHECK(terminal.said ==
        std::vector<std::string>{"    it was lost",
                                 "what came of `U` on `a` is not known: succeeded, failed or "
                                 "retry?  (and 1 more)"});
  terminal.type("r\n");
  terminal.settle(4, 0);
  CHECK(terminal.answers.empty());
  terminal.type("retry\nf\n");
  terminal.settle(4, 2);
  CHECK(terminal.answers == Answers{{0, Kind::Retry}, {1, Kind::Failed}});
  CHECK(terminal.hosts == std::vector<std::string>{"a", "b"});
}
