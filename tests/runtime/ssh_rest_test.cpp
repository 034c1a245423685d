// The rest of an output, in parts: what is shown of it, however its sessions are cut.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "runtime/output.h"
#include "runtime/ssh_rest.h"

using namespace sluice;
using runtime::OutputRest;

namespace {

constexpr std::uint64_t most = 2 * runtime::rest_block;

// Lines that differ, of so many bytes in all.
std::string lines(std::size_t size) {
  std::string text;
  for (int line = 0; text.size() < size; ++line) text += fmt::format("line {}\n", line);
  text.resize(size);
  return text;
}

// What the wrapper answers, by what it is asked for.
std::string answer(const std::string& request, const std::string& written) {
  std::istringstream words(request);
  std::string magic, nonce, verb, run, key;
  std::size_t block = 0;
  std::size_t bytes = 0;
  words >> magic >> nonce >> verb >> run >> key >> block >> bytes;
  const std::size_t from = std::min<std::size_t>(written.size(), block * runtime::rest_block);
  return fmt::format("{}\n{}\n{}", nonce, written.size(), written.substr(from, bytes));
}

struct Fetched {
  std::string shown;
  int sessions = 0;
  bool whole = false;
};

// The first sessions are cut behind so many bytes of their answers; each comes in pieces.
Fetched fetch(const std::string& written, std::size_t shown, std::vector<std::size_t> cuts,
              std::size_t piece = 30'000) {
  Fetched fetched;
  OutputRest rest(
      shown, most, [&](std::string_view bytes) { fetched.shown += bytes; },
      [&](std::uint64_t bytes) { fetched.shown += runtime::said_of_left_out(bytes); });
  constexpr int most_sessions = 10;
  while (!rest.whole() && fetched.sessions < most_sessions) {
    const auto number = static_cast<std::size_t>(fetched.sessions++);
    std::string text = answer(rest.next(fmt::format("nonce{}", number), {"run", "key"}), written);
    if (number < cuts.size()) text.resize(std::min(text.size(), cuts[number]));
    for (std::size_t at = 0; at < text.size() && !rest.passes_over(); at += piece) {
      rest.take(std::string_view(text).substr(at, piece));
    }
  }
  fetched.whole = rest.whole();
  return fetched;
}

// Of lines, where so much was shown already.
std::string expected(const std::string& written, std::size_t shown) {
  if (written.size() - shown <= most) return written.substr(shown);
  const std::size_t first = written.find('\n', shown) + 1;
  const std::size_t second = written.find('\n', written.size() - most) + 1;
  if (first >= written.size() - most) return written.substr(shown);
  return written.substr(shown, first - shown) + runtime::said_of_left_out(second - first) +
         written.substr(second);
}

}  // namespace

TEST_CASE("of the rest of an output as much as may be is shown, and of more both ends") {
  for (const std::size_t size :
       {0U, 1U, 70'000U, 131'071U, 131'072U, 131'073U, 131'085U, 200'000U, 262'144U, 500'001U}) {
    const std::string written = lines(size);
    for (const std::size_t shown :
         {0U, 1U, 5U, 65'535U, 65'536U, 65'537U, 131'072U, 131'073U, 196'607U, 500'000U}) {
      if (shown > size) continue;
      INFO(size << " written, " << shown << " shown");
      const Fetched fetched = fetch(written, shown, {});
      CHECK((fetched.shown == expected(written, shown)));
      CHECK(fetched.whole);
      CHECK(fetched.sessions <= 2);
    }
  }
}

TEST_CASE("wherever the sessions that bring the rest of an output are cut, it is the same") {
  const std::string written = lines(500'001);
  for (const std::size_t shown : {7U, 65'537U, 400'000U}) {
    const std::string all = expected(written, shown);
    for (const std::size_t first : {0U, 3U, 8U, 12U, 15U, 20U, 25U, 65'600U, 90'000U, 131'000U}) {
      for (const std::size_t second : {0U, 9U, 14U, 17U, 30U, 60'000U, 140'000U}) {
        INFO(shown << " shown, cut behind " << first << " and " << second);
        for (const std::size_t piece : {7U, 100'000U}) {
          const Fetched fetched = fetch(written, shown, {first, second, second}, piece);
          CHECK(fetched.whole);
          // A line that was shown in part when it was cut ends all the same.
          CHECK((fetched.shown == all));
        }
      }
    }
  }
}

TEST_CASE("where no line ends for long, what is left out begins and ends without") {
  const std::string written(500'000, 'x');
  const std::string said = runtime::said_of_left_out(500'000 - 65'536 - (most - 65'536));
  CHECK(fetch(written, 0, {}).shown ==
        std::string(65'536, 'x') + said + std::string(most - 65'536, 'x'));
}

TEST_CASE("of an output that grows or shrinks no more is asked for than there was, or is") {
  std::string shown;
  OutputRest grows(
      0, most, [&](std::string_view bytes) { shown += bytes; },
      [&](std::uint64_t bytes) { shown += runtime::said_of_left_out(bytes); });
  grows.take(answer(grows.next("a", {"run", "key"}), lines(100'000)).substr(0, 50'000));
  CHECK_FALSE(grows.whole());
  grows.take(answer(grows.next("b", {"run", "key"}), lines(900'000)));
  CHECK(grows.whole());
  CHECK((shown == lines(100'000)));

  OutputRest shrinks(
      0, most, [&](std::string_view bytes) { shown += bytes; },
      [&](std::uint64_t bytes) { shown += runtime::said_of_left_out(bytes); });
  shrinks.take(answer(shrinks.next("a", {"run", "key"}), lines(100'000)).substr(0, 50'000));
  shrinks.take(answer(shrinks.next("b", {"run", "key"}), "removed\n"));
  CHECK(shrinks.whole());
}

TEST_CASE("what a login says in place of the wrapper is no rest of an output") {
  std::string shown;
  OutputRest rest(
      0, most, [&](std::string_view bytes) { shown += bytes; },
      [&](std::uint64_t bytes) { shown += runtime::said_of_left_out(bytes); });
  rest.next("nonce", {"run", "key"});
  rest.take("welcome\n12\nhello\n");
  CHECK_FALSE(rest.open());
  CHECK_FALSE(rest.whole());
  rest.take("nonce\n");
  CHECK(rest.open());
  CHECK_FALSE(rest.whole());
  rest.take("0\n");
  CHECK(rest.whole());
  CHECK(shown.empty());
}
