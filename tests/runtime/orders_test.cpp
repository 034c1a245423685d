// Orders from other terminals: files, of which the first counts.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <thread>
#include <vector>

#include "runtime/files.h"
#include "runtime/orders.h"
#include "support/executing.h"
#include "support/golden.h"

using namespace sluice;
using runtime::Order;

namespace {

Order answer(Order::Kind kind, std::uint32_t lane = 0) {
  Order order;
  order.kind = kind;
  order.action.step = plan::StepId{2};
  order.action.lane = lane;
  order.action.attempt = 3;
  order.action.slot = 1;
  order.at = "2026-01-02T03:04:05Z";
  return order;
}

const std::string purpose = runtime::purpose_of_orders("20260102-1", "sha256:abc");

}  // namespace

TEST_CASE("an order is read as it was left, with whose it is, and once", "[orders]") {
  const test::TemporaryDirectory place;
  Order left = answer(Order::Kind::Exclude);
  left.host = "web-1";
  REQUIRE(runtime::leave_order(place.path(), purpose, left).ok());
  const auto read = runtime::read_orders(place.path(), purpose, {});
  REQUIRE(read.size() == 1);
  CHECK(read[0].kind == left.kind);
  CHECK(read[0].action == left.action);
  CHECK(read[0].host == "web-1");
  CHECK(!read[0].who.empty());
  CHECK(runtime::read_orders(place.path(), purpose, {read[0].name}).empty());
  const auto empty = [&](const char* run, const char* plan) {
    return runtime::read_orders(place.path(), runtime::purpose_of_orders(run, plan), {}).empty();
  };
  CHECK(!empty("20260102-1", "sha256:abc"));
  CHECK(empty("20260102-1", "sha256:other"));
  CHECK(empty("20260102-2", "sha256:abc"));
}

TEST_CASE("of many answers to one question one is the first, and all others are told", "[orders]") {
  for (int round = 0; round < 50; ++round) {
    const test::TemporaryDirectory place;
    std::vector<std::thread> people;
    std::vector<int> well(4, 0);
    for (std::size_t person = 0; person < well.size(); ++person) {
      people.emplace_back([&, person] {
        // Each under a name of its own beside it: processes have one each.
        const auto left = runtime::leave_order(
            place.path(), purpose,
            answer(person % 2 == 0 ? Order::Kind::Retry : Order::Kind::Ignore));
        well[person] = left.ok() ? 1 : 0;
      });
    }
    for (std::thread& person : people) person.join();
    CHECK(std::count(well.begin(), well.end(), 1) == 1);
    CHECK(runtime::read_orders(place.path(), purpose, {}).size() == 1);
  }
}

TEST_CASE("one file is put where none is, though the file system knows no links", "[orders]") {
  const test::TemporaryDirectory place;
  const std::string path = place.path() + "/answer";
  std::vector<int> ended(8, -1);
  std::vector<std::thread> all;
  for (std::size_t number = 0; number < ended.size(); ++number) {
    const std::string own = fmt::format("{}/{}", place.path(), number);
    test::write_text(own, std::to_string(number));
    all.emplace_back([&, own, number] { ended[number] = runtime::put_where_none_is(own, path); });
  }
  for (std::thread& one : all) one.join();
  REQUIRE(std::count(ended.begin(), ended.end(), 0) == 1);
  CHECK(std::count(ended.begin(), ended.end(), EEXIST) == 7);
  const auto first = std::find(ended.begin(), ended.end(), 0) - ended.begin();
  CHECK(test::read_text(path) == std::to_string(first));
  CHECK_FALSE(std::filesystem::exists(fmt::format("{}/{}", place.path(), first)));
}

TEST_CASE("another question, and the same one asked again, is answered on its own", "[orders]") {
  const test::TemporaryDirectory place;
  Order again = answer(Order::Kind::Retry);
  again.round = 1;
  CHECK(runtime::leave_order(place.path(), purpose, answer(Order::Kind::Retry)).ok());
  CHECK(runtime::leave_order(place.path(), purpose, answer(Order::Kind::Retry, 1)).ok());
  CHECK(runtime::leave_order(place.path(), purpose, again).ok());
  const auto second = runtime::leave_order(place.path(), purpose, answer(Order::Kind::Abort));
  CHECK(second.ok());  // about the run as a whole: as often as one likes
  CHECK(runtime::leave_order(place.path(), purpose, answer(Order::Kind::Abort)).ok());
  CHECK(runtime::read_orders(place.path(), purpose, {}).size() == 5);
  const auto refused = runtime::leave_order(place.path(), purpose, answer(Order::Kind::Ignore));
  REQUIRE(!refused.ok());
  CHECK(refused.error().message.find("has answered `retry` already") != std::string::npos);
}

TEST_CASE("an approval that came too late leaves the failure to be answered", "[orders]") {
  const test::TemporaryDirectory place;
  CHECK(runtime::leave_order(place.path(), purpose, answer(Order::Kind::Approve)).ok());
  const auto other = runtime::leave_order(place.path(), purpose, answer(Order::Kind::Reject));
  REQUIRE(!other.ok());
  CHECK(other.error().message.find("has answered `approve` already") != std::string::npos);
  CHECK(runtime::leave_order(place.path(), purpose, answer(Order::Kind::Retry)).ok());
}

TEST_CASE("what is no order is passed over", "[orders]") {
  const test::TemporaryDirectory place;
  test::write_text(place.path() + "/order-000001",
                   "sluice order 1\n20260102-1 sha256:abc\n99 0 0 0 0 1 0\n");
  test::write_text(place.path() + "/answer-x", "\xff\xfe");
  test::write_text(place.path() + "/order-000002", "");
  CHECK(runtime::read_orders(place.path(), purpose, {}).empty());
}

TEST_CASE("an order that is left wakes who watches", "[orders]") {
  const test::TemporaryDirectory place;
  test::Waiting waiting;
  int woken = 0;
  const runtime::OrderWatch watch(waiting.loop, place.path(), [&] { ++woken; });
  REQUIRE(runtime::leave_order(place.path(), purpose, answer(Order::Kind::Pause)).ok());
  waiting.until([&] { return woken > 0; });
}

TEST_CASE("an order is found in a folder that is another one by now", "[orders]") {
  const bool moved = GENERATE(true, false);
  const test::TemporaryDirectory place;
  const std::string folder = place.path() + "/orders";
  std::filesystem::create_directory(folder);
  test::Waiting waiting;
  int woken = 0;
  bool found = false;
  const runtime::OrderWatch watch(waiting.loop, folder, [&] {
    ++woken;
    found = found || !runtime::read_orders(folder, purpose, {}).empty();
  });
  if (moved) std::filesystem::rename(folder, place.path() + "/elsewhere");
  std::filesystem::remove_all(folder);
  waiting.until([&] { return woken > 0; });
  REQUIRE(runtime::leave_order(folder, purpose, answer(Order::Kind::Pause)).ok());
  waiting.until([&] { return found; });
}

TEST_CASE("an order is found where the system has no watch to give", "[orders]") {
  const test::TemporaryDirectory place;
  test::Waiting waiting;
  int woken = 0;
  // The loop itself has what it needs.
  const runtime::Loop::Timer first = waiting.loop.after({}, [] {});
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const runtime::OrderWatch watch(waiting.loop, place.path(), [&] { ++woken; });
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(runtime::leave_order(place.path(), purpose, answer(Order::Kind::Pause)).ok());
  waiting.until([&] { return woken > 1; });
}
