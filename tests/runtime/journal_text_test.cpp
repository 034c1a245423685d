// An instant as text: what was written is read back, and nothing else is taken for one.
#include <catch2/catch.hpp>
#include <limits>

#include "runtime/journal_text.h"

using namespace sluice;
using runtime::Completion;
using runtime::Instant;

namespace {

scheduler::Action action(std::uint32_t lane) {
  scheduler::Action made;
  made.step = plan::StepId{3};
  made.lane = lane;
  made.task = 1;
  made.attempt = 2;
  made.slot = 5;
  return made;
}

Instant all_kinds() {
  Instant made;
  scheduler::Event event;
  event.kind = scheduler::Event::Kind::ActionFinished;
  event.action = action(7);
  event.outcome = scheduler::Outcome::Failed;
  made.events = {event, scheduler::Event()};
  Completion well;
  well.outcome = scheduler::Outcome::Succeeded;
  well.ending = Completion::Ending::Exited;
  well.exit_code = 0;
  well.outputs = {{"version", "2.4.1"}, {"empty", ""}, {"equals", "a=b"}};
  Completion killed;
  killed.ending = Completion::Ending::Signalled;
  killed.signal = 9;
  killed.detail = std::string("two\nlines 3: é\0\xff - :", 22);
  Completion odd;
  odd.exit_code = -1;
  odd.signal = -12;
  made.results = {{action(7), "web-1", well},
                  {action(std::numeric_limits<std::uint32_t>::max()), "", killed},
                  {scheduler::Action(), "- 1:x", odd}};
  runtime::Order order;
  order.kind = runtime::Order::Kind::Succeeded;
  order.action = action(7);
  order.host = "web-1";
  order.who = "ada\no 1";
  order.at = "2026-01-02T03:04:05Z";
  order.name = "answer-1";
  made.orders = {order, runtime::Order()};
  made.session = {"ada, process 1 on b", "0.1.0", "", -12,
                  std::numeric_limits<std::int64_t>::max()};
  return made;
}

}  // namespace

TEST_CASE("an instant of every kind of line is read back as it was", "[journal]") {
  const Instant instant = all_kinds();
  const auto read = runtime::read_instant(runtime::instant_text(instant));
  REQUIRE(read);
  CHECK(*read == instant);
  CHECK(runtime::instant_text(*read) == runtime::instant_text(instant));
}

TEST_CASE("an instant reads as it is documented", "[journal]") {
  Instant instant;
  instant.events = {all_kinds().events[0]};
  instant.results = {all_kinds().results[0]};
  instant.session = all_kinds().session;
  CHECK(runtime::instant_text(instant) ==
        "e 1 3 7 1 0 2 5 1 0 1 0\n"
        "r 3 7 1 0 2 5 0 1 0 - 5:web-1 0: 32:version=2.4.1\nempty=\nequals=a=b\n\n"
        "s 19:ada, process 1 on b 5:0.1.0 0: -12 9223372036854775807\n");
  CHECK(runtime::instant_text({}).empty());
  CHECK(runtime::read_instant("") == Instant{});
}

TEST_CASE("a text that was cut is no instant, but at the end of a line that is one", "[journal]") {
  const std::string text = runtime::instant_text(all_kinds());
  for (std::size_t length = 0; length < text.size(); ++length) {
    INFO(length);
    const auto read = runtime::read_instant(std::string_view(text).substr(0, length));
    // Each beginning that is one gives the text that it was read from.
    if (read) CHECK(runtime::instant_text(*read) == text.substr(0, length));
  }
}

TEST_CASE("what is no instant is none", "[journal]") {
  for (const std::string_view text :
       {"x 1\n", "e", "e\n", "e 1 3 7 1 0 2 5 1 0 0\n", "e 1 3 7 1 0 2 5 1 0 0 0",
        "e 1 3 7 1 0 2 5 1 0 0 0 0\n", "e 256 3 7 1 0 2 5 1 0 0 0\n", "e 1 -2 7 1 0 2 5 1 0 0 0\n",
        "e 1 4294967295 7 1 0 2 5 1 0 0 0\n", "e 1 3 -1 1 0 2 5 1 0 0 0\n",
        "e 1 3 4294967296 1 0 2 5 1 0 0 0\n", "e  1 3 7 1 0 2 5 1 0 0 0\n",
        "s 1:a 1:b 1:c 1 9223372036854775808\n", "s 99999999999999999999:a 1:b 1:c 1 1\n",
        "s 18446744073709551615:a 1:b 1:c 1 1\n", "s -1:a 1:b 1:c 1 1\n", "s 1 1:b 1:c 1 1\n",
        "r 3 7 1 0 2 5 0 1 -- - 1:h 0: 0:\n", "\n"}) {
    INFO(text);
    CHECK_FALSE(runtime::read_instant(text));
  }
}
