// The loop: what is always ready keeps nothing else waiting.
#include "runtime/loop.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

using namespace sluice;

TEST_CASE("what is always ready does not keep the turn from coming", "[loop]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  REQUIRE(::write(ends[1], "x", 1) == 1);
  runtime::Loop loop;
  constexpr int too_many = 100'000;
  int calls = 0;
  int before_turn = 0;
  {
    runtime::Loop::Watch watch = loop.watch(ends[0]);
    watch.on_readable([&] {
      char byte = 0;
      if (++calls == too_many) (void)!::read(ends[0], &byte, 1);
    });
    loop.run([&] {
      before_turn = calls;
      loop.stop();
    });
  }
  CHECK(before_turn > 0);
  CHECK(before_turn < too_many);
  for (const int end : ends) ::close(end);
}

TEST_CASE("nor where seeing to it takes long each time", "[loop]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  REQUIRE(::write(ends[1], "x", 1) == 1);
  runtime::Loop loop;
  int calls = 0;
  {
    runtime::Loop::Watch watch = loop.watch(ends[0]);
    watch.on_readable([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(4));
      ++calls;
    });
    loop.run([&] { loop.stop(); });
  }
  CHECK(calls > 0);
  CHECK(calls < 10);
  for (const int end : ends) ::close(end);
}

TEST_CASE("where more is awaited turns are 2 ms apart at least, and none is left out", "[loop]") {
  using Clock = std::chrono::steady_clock;
  runtime::Loop loop;
  constexpr int events = 20;
  int seen = 0;
  int turns = 0;
  const auto begin = Clock::now();
  runtime::Loop::Timer next = loop.after({}, [&] { ++seen; });
  loop.run(
      [&] {
        ++turns;
        if (seen == events) return loop.stop();
        next = loop.after({}, [&] { ++seen; });
      },
      [] { return true; });
  CHECK(turns == events);
  CHECK(Clock::now() - begin >= std::chrono::milliseconds(2 * (events - 1)));
}

TEST_CASE("a loop that is stopped waits for nothing more, and its turn comes", "[loop]") {
  runtime::Loop loop;
  int turns = 0;
  loop.post([] {});
  loop.run(
      [&] {
        if (++turns == 1) loop.post([&] { loop.stop(); });
      },
      [] { return true; });
  CHECK(turns == 2);
}
