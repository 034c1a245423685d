// What actions write: whole on disk, harmless on a terminal.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "base/utf8.h"
#include "runtime/output.h"
#include "support/golden.h"

using namespace sluice;

namespace {

scheduler::Action action(std::uint32_t step, std::uint32_t lane, std::uint32_t attempt) {
  scheduler::Action made;
  made.step = plan::StepId{step};
  made.lane = lane;
  made.attempt = attempt;
  return made;
}

}  // namespace

TEST_CASE("lines are the same however their bytes are cut", "[output]") {
  const std::string text =
      "plain\r\n\x1b[2J\x1b]0;title\x07red\n\n\xff\xfe\xc3("
      "\nü日本👍\n\xe2\x80\xaelru\nnul\0here\nrest";
  const std::string whole(text.data(), text.size());
  std::string none;
  const std::vector<std::string> expected = runtime::take_lines(none, whole);
  REQUIRE(expected.size() >= 6);
  CHECK(expected[0] == "plain");
  CHECK(expected[2].empty());
  for (const std::string& line : expected) {
    for (const char c : line) CHECK((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
    CHECK(base::find_invalid_utf8(line) >= line.size());
    CHECK(line.find("\xe2\x80\xae") == std::string::npos);  // turns the direction of writing
  }
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    std::string rest;
    std::vector<std::string> lines = runtime::take_lines(rest, whole.substr(0, cut));
    for (std::string& line : runtime::take_lines(rest, whole.substr(cut)))
      lines.push_back(std::move(line));
    REQUIRE(lines == expected);
    CHECK(rest == none);
  }
}

TEST_CASE("no two bytes can reach the terminal as anything but text", "[output]") {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      std::string rest;
      const std::string bytes{static_cast<char>(first), static_cast<char>(second), '\n'};
      for (const std::string& line : runtime::take_lines(rest, bytes)) {
        const bool harmless = std::all_of(line.begin(), line.end(), [](char c) {
          return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
        });
        const bool control = line.find("\xc2\x9b") != std::string::npos;  // C1
        if (!harmless || control || base::find_invalid_utf8(line) < line.size()) {
          FAIL(fmt::format("{:02x} {:02x}", first, second));
        }
      }
    }
  }
}

TEST_CASE("a line without an end is shown in pieces and not held", "[output]") {
  std::string rest;
  std::size_t shown = 0;
  for (int piece = 0; piece < 100; ++piece) {
    for (const std::string& line : runtime::take_lines(rest, std::string(1000, 'x')))
      shown += line.size();
    CHECK(rest.size() <= 4096);
  }
  CHECK(shown + rest.size() == 100'000);
}

TEST_CASE("output is stored byte for byte, an attempt and host a file", "[output]") {
  const test::TemporaryDirectory place;
  runtime::OutputStore store(place.path());
  const std::string raw("\x1b[31m\0\xff\n", 8);
  store.append(action(1, 2, 1), "web-1.example", raw);
  store.append(action(1, 2, 1), "web-1.example", "more");
  store.append(action(1, 2, 2), "web-1.example", "again");
  store.append(action(0, 7, 1), "../../etc/passwd", "odd");
  store.append(action(0, 7, 1), "a%2Fb é", "odder");
  const std::vector<runtime::StoredOutput> found = runtime::list_output(place.path());
  REQUIRE(found.size() == 4);
  CHECK(found[0].host == "../../etc/passwd");
  CHECK(found[1].host == "a%2Fb é");
  CHECK(found[2].action == action(1, 2, 1));
  CHECK(found[3].action == action(1, 2, 2));
  CHECK(test::read_text(found[2].path) == raw + "more");
  for (const auto& row : found) CHECK(row.path.find(place.path() + "/") == 0);
  CHECK(store.bytes_not_written() == 0);
}

TEST_CASE("the last lines are kept, and few", "[output]") {
  const test::TemporaryDirectory place;
  runtime::OutputStore store(place.path());
  for (int line = 1; line <= 1000; ++line)
    store.append(action(0, 0, 1), "a", fmt::format("line {}\n", line));
  store.append(action(0, 0, 1), "a", "unended");
  const std::vector<std::string> tail = store.take_tail(action(0, 0, 1));
  REQUIRE(tail.size() == 20);
  CHECK(tail.front() == "line 982");
  CHECK(tail.back() == "unended");
  CHECK(store.take_tail(action(0, 0, 1)).empty());
  store.append(action(0, 0, 2), "a", std::string(1'000'000, 'y'));
  std::size_t kept = 0;
  for (const std::string& line : store.take_tail(action(0, 0, 2))) kept += line.size();
  CHECK(kept <= 4096);
}

TEST_CASE("what the disk does not take is counted", "[output]") {
  runtime::OutputStore store("/nowhere/at/all");
  store.append(action(0, 0, 1), "a", "12345");
  store.append(action(0, 0, 1), "a", "678");
  CHECK(store.bytes_not_written() == 8);
  runtime::OutputStore full("/proc");  // takes no files either
  full.append(action(0, 0, 1), "a", "1");
  CHECK(full.bytes_not_written() == 1);
}
