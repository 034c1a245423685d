// The journal and the text of its records: what was written is read back, and nothing else is taken
// for it.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <utility>

#include "runtime/journal.h"
#include "runtime/journal_text.h"
#include "support/golden.h"

using namespace sluice;
using runtime::Completion;
using runtime::Instant;

namespace {

const runtime::RunRecord record{"20260102-030405-5f3a",
                                "2026-01-02T03:04:05Z",
                                "0.1.0",
                                "{\"plan\": \"all of it\"}",
                                "/srv/roll",
                                runtime::newest_journal_format,
                                {{"file", "/srv/roll/roll.deploy"}, {"set", "words=two\nlines"}}};

scheduler::Action action(std::uint32_t lane) {
  scheduler::Action made;
  made.step = plan::StepId{3};
  made.lane = lane;
  made.task = 1;
  made.attempt = 2;
  made.slot = 5;
  return made;
}

Instant instant(std::uint32_t number) {
  Instant made;
  made.at = base::Instant{number * 1'000};
  scheduler::Event event;
  event.kind = scheduler::Event::Kind::ActionFinished;
  event.action = action(number);
  event.outcome = number % 2 == 0 ? scheduler::Outcome::Succeeded : scheduler::Outcome::Failed;
  made.events = {event};
  Completion completion;
  completion.outcome = event.outcome;
  completion.ending = Completion::Ending::Exited;
  completion.exit_code = static_cast<int>(number);
  completion.detail = "exit status 'é'";
  completion.outputs = {{"version", "2.4.1"}, {"empty", ""}};
  made.results = {{action(number), "web-1", completion}};
  if (number % 3 == 0) {
    runtime::Order order;
    order.kind = runtime::Order::Kind::Succeeded;
    order.action = action(number);
    order.host = "web-1";
    order.who = "ada";
    order.at = "2026-01-02T03:04:05Z";
    order.name = "answer-1";
    made.orders = {order, runtime::Order()};
  }
  if (number % 5 == 0) made.session = {"ada, process 1 on b", "0.1.0", "boot", 12, 34};
  return made;
}

struct Written {
  explicit Written(std::uint32_t count) {
    auto journal = runtime::create_journal(path(), record);
    REQUIRE(journal.ok());
    for (std::uint32_t number = 0; number < count; ++number) {
      instants.push_back(instant(number));
      REQUIRE(journal.value()->commit(instants.back()).ok());
    }
  }
  std::string path() const { return place.path() + "/journal.db"; }

  test::TemporaryDirectory place;
  std::vector<Instant> instants;
};

// The pages of a log with what stands before each: behind them it is zeros.
std::string_view pages_of(std::string_view log) {
  constexpr std::size_t beginning = 32;
  constexpr std::size_t page = 24 + 1024;
  const std::size_t used = log.find_last_not_of('\0') + 1;
  REQUIRE(used > beginning);
  return log.substr(0, beginning + (used - beginning + page - 1) / page * page);
}

// As a controller that is killed leaves it: the log beside the database.
struct LeftByKill {
  LeftByKill() : journal(runtime::create_journal(path, record)) {
    REQUIRE(journal.ok());
    for (std::uint32_t number = 0; number < 12; ++number) {
      instants.push_back(instant(number));
      REQUIRE(journal.value()->commit(instants.back()).ok());
    }
    database = test::read_text(path);
    whole_log = test::read_text(path + "-wal");
    log = pages_of(whole_log);
    told = test::read_text(path + ".last");
  }
  const test::TemporaryDirectory place;
  const std::string path = place.path() + "/journal.db";
  base::Result<std::unique_ptr<runtime::Journal>> journal;
  std::vector<Instant> instants;
  std::string database, whole_log, log, told;
};

bool is_beginning(const std::vector<Instant>& read, const std::vector<Instant>& written) {
  return read.size() <= written.size() && std::equal(read.begin(), read.end(), written.begin());
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

TEST_CASE("a journal gives back what was committed", "[journal]") {
  const Written written(40);
  const auto read = runtime::read_journal(written.path());
  REQUIRE(read.ok());
  CHECK(read.value().record == record);
  CHECK(read.value().instants == written.instants);
}

TEST_CASE("a journal is continued behind what it holds", "[journal]") {
  Written written(3);
  {
    auto continued = runtime::continue_journal(written.path());
    REQUIRE(continued.ok());
    CHECK(continued.value().read.record == record);
    CHECK(continued.value().read.instants == written.instants);
    for (std::uint32_t number = 3; number < 6; ++number) {
      written.instants.push_back(instant(number));
      REQUIRE(continued.value().journal->commit(written.instants.back()).ok());
    }
    CHECK(!continued.value().journal->low());
  }
  const auto read = runtime::read_journal(written.path());
  REQUIRE(read.ok());
  CHECK(read.value().instants == written.instants);
}

TEST_CASE("who was overtaken while it stood still commits nothing, and is told why", "[journal]") {
  const test::TemporaryDirectory place;
  const std::string path = place.path() + "/journal.db";
  auto first = runtime::create_journal(path, record);
  REQUIRE(first.ok());
  REQUIRE(first.value()->commit(instant(1)).ok());
  auto second = runtime::continue_journal(path);
  REQUIRE(second.ok());
  REQUIRE(second.value().journal->commit(instant(2)).ok());
  const base::Status overtaken = first.value()->commit(instant(3));
  REQUIRE_FALSE(overtaken.ok());
  CHECK(overtaken.error().message.find("another program has taken this run over") == 0);
  CHECK(first.value()->taken_over());
  CHECK_FALSE(second.value().journal->taken_over());
  const auto read = runtime::read_journal(path);
  REQUIRE(read.ok());
  CHECK(read.value().instants == std::vector<Instant>{instant(1), instant(2)});
}

TEST_CASE("a journal is made anew, never over another", "[journal]") {
  const Written written(1);
  const auto again = runtime::create_journal(written.path(), record);
  CHECK(!again.ok());
  CHECK(runtime::read_journal(written.path()).value().instants == written.instants);
}

TEST_CASE("a journal with a changed byte is refused, or says what it said before", "[journal]") {
  const Written written(12);
  const std::string whole = test::read_text(written.path());
  const std::string changed_path = written.place.path() + "/changed.db";
  std::size_t refused = 0;
  // Each seventh byte: all of them take a minute.
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at / 7 % 8)));
    test::write_text(changed_path, changed);
    const auto read = runtime::read_journal(changed_path);
    std::filesystem::remove(changed_path + "-wal");
    std::filesystem::remove(changed_path + "-shm");
    if (!read) {
      ++refused;
      continue;
    }
    const bool same = read.value().record == record && read.value().instants == written.instants;
    if (!same)
      FAIL("the byte at " << at << " changes what is read: " << read.value().instants.size());
  }
  CHECK(refused > 300);
}

TEST_CASE("a journal that was cut is refused, or ends at a commit", "[journal]") {
  const LeftByKill left;
  const std::string& log = left.log;
  REQUIRE(log.size() > 1000);
  const std::string cut_path = left.place.path() + "/cut.db";
  std::size_t read_whole = 0;
  std::size_t most = 0;
  for (std::size_t length = 0; length <= log.size(); length += 997) {
    test::write_text(cut_path, left.database);
    test::write_text(cut_path + "-wal", std::string_view(log).substr(0, length));
    const auto read = runtime::read_journal(cut_path);
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(cut_path + end);
    if (!read) continue;
    CHECK(read.value().record == record);
    CHECK(is_beginning(read.value().instants, left.instants));
    ++read_whole;
    most = std::max(most, read.value().instants.size());
  }
  CHECK(read_whole > 5);
  CHECK(most >= 10);
}

TEST_CASE("a journal whose log was changed or taken away is refused, or whole", "[journal]") {
  const LeftByKill left;
  const std::string& log = left.log;
  const std::string& told = left.told;
  const std::string changed_path = left.place.path() + "/changed.db";
  const auto read = [&](std::string_view beside, std::string_view last) {
    test::write_text(changed_path, left.database);
    if (!beside.empty()) test::write_text(changed_path + "-wal", beside);
    test::write_text(changed_path + ".last", last);
    auto found = runtime::read_journal(changed_path);
    const bool continued = runtime::continue_journal(changed_path).ok();
    CHECK(continued == found.ok());
    for (const char* end : {"", "-wal", "-shm", ".last", ".reserve"}) {
      std::filesystem::remove(changed_path + end);
    }
    return found;
  };
  std::size_t refused = 0;
  for (std::size_t at = 0; at < log.size(); at += 97) {
    std::string changed = log;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at / 97 % 8)));
    const auto found = read(changed, told);
    if (found) CHECK(found.value().instants == left.instants);
    if (!found) ++refused;
  }
  CHECK(refused > 50);
  CHECK(!read("", told).ok());
  CHECK(read("", told).error().message.find("was changed or damaged") != std::string::npos);
  for (std::size_t length = 0; length < log.size(); length += 997) {
    CHECK(!read(std::string_view(log).substr(0, length), told).ok());
  }
  // What a loss of power leaves of the note says nothing; another digest in it does.
  for (const std::string_view last : {"", "000", "x"}) CHECK(read(log, last).ok());
  CHECK(read(log, std::string(told.size(), '\0')).ok());
  CHECK(read(log, told.substr(0, told.size() - 1)).ok());
  std::string other = told;
  other[other.size() - 2] = other[other.size() - 2] == '0' ? '1' : '0';
  CHECK(!read(log, other).ok());
}

TEST_CASE("the log has its size from the start, and from where it is gone on with", "[journal]") {
  const LeftByKill left;
  CHECK(left.whole_log.size() == 280 * std::size_t{1024});
  const std::string cut_path = left.place.path() + "/cut.db";
  const std::size_t rest = left.whole_log.size() - left.log.size();
  for (const std::size_t zeros : {std::size_t{0}, std::size_t{1}, rest / 2, rest}) {
    test::write_text(cut_path, left.database);
    test::write_text(cut_path + "-wal",
                     std::string_view(left.whole_log).substr(0, left.log.size() + zeros));
    test::write_text(cut_path + ".last", left.told);
    auto continued = runtime::continue_journal(cut_path);
    REQUIRE(continued.ok());
    CHECK(continued.value().read.instants == left.instants);
    CHECK(std::filesystem::file_size(cut_path + "-wal") == left.whole_log.size());
    REQUIRE(continued.value().journal->commit(instant(12)).ok());
    continued.value().journal.reset();
    CHECK(runtime::read_journal(cut_path).value().instants.size() == left.instants.size() + 1);
    for (const char* end : {"", "-wal", "-shm", ".last", ".reserve"}) {
      std::filesystem::remove(cut_path + end);
    }
  }
}

TEST_CASE("a log whose size was not given to it whole is gone on with", "[journal]") {
  // Killed while its first commit was on the way: nothing of the log is a page.
  const LeftByKill left;
  const std::string path = left.place.path() + "/begun.db";
  test::write_text(path, left.database);
  test::write_text(path + "-wal", std::string(100'000, '\0'));
  const auto read = runtime::read_journal(path);
  REQUIRE_FALSE(read.ok());
  CHECK(read.error().message.find("is empty, as a program leaves it") != std::string::npos);
}

TEST_CASE("what is no journal is refused", "[journal]") {
  const test::TemporaryDirectory place;
  const std::string path = place.path() + "/journal.db";
  CHECK(!runtime::read_journal(path).ok());
  CHECK(!std::filesystem::exists(path));
  const auto refused = [&](const std::string& bytes, std::string_view with) {
    test::write_text(path, bytes);
    const auto read = runtime::read_journal(path);
    INFO((read.ok() ? "" : read.error().message));
    return !read.ok() && read.error().message.find(with) != std::string::npos;
  };
  CHECK(refused("", "is empty, as a program leaves it"));
  CHECK(refused("SQLite format 3", "is no journal of a run"));
  CHECK(refused(std::string(100'000, 'x'), "is no journal of a run"));
}

TEST_CASE("a journal that somebody has emptied is damaged, and what is beside it stays",
          "[journal]") {
  const bool at_work = GENERATE(true, false);  // its log stands beside it, or was taken in
  const test::TemporaryDirectory place;
  const std::string path = place.path() + "/journal.db";
  auto journal = runtime::create_journal(path, record);
  REQUIRE(journal.ok());
  REQUIRE(journal.value()->commit(all_kinds()).ok());
  if (!at_work) journal.value().reset();
  std::filesystem::resize_file(path, 0);
  for (int times = 0; times < 2; ++times) {
    const auto read = runtime::read_journal(path);
    REQUIRE(!read.ok());
    CHECK(read.error().message.find("was changed or damaged: it is empty") != std::string::npos);
    CHECK(!runtime::continue_journal(path).ok());
  }
  if (at_work) CHECK(std::filesystem::file_size(path + "-wal") > 0);
}

TEST_CASE("a journal that can be kept no longer says so at the commit", "[journal]") {
  const test::TemporaryDirectory place;
  const std::string path = place.path() + "/there/journal.db";
  CHECK(!runtime::create_journal(path, record).ok());
}

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
        "E 7 1 5 3 0 2 1 1\n"
        "R 5:web-1 7 1 5 3 0 2 0 1 0 - 0: 32:version=2.4.1\nempty=\nequals=a=b\n\n"
        "s 19:ada, process 1 on b 5:0.1.0 0: -12 9223372036854775807\n");
  CHECK(runtime::instant_text({}).empty());
  CHECK(runtime::read_instant("") == Instant{});
}

TEST_CASE("what ends as the one before, and as its event says, is left out", "[journal]") {
  const auto ended = [](std::uint32_t lane, int exit_code) {
    scheduler::Event event;
    event.action.step = plan::StepId{0};
    event.action.lane = lane;
    event.outcome = exit_code == 0 ? scheduler::Outcome::Succeeded : scheduler::Outcome::Failed;
    runtime::HostResult result;
    result.action = event.action;
    result.host = "web-" + std::to_string(lane);
    result.completion.outcome = event.outcome;
    result.completion.ending = Completion::Ending::Exited;
    result.completion.exit_code = exit_code;
    if (exit_code != 0) result.completion.detail = "exit status " + std::to_string(exit_code);
    return std::pair(event, result);
  };
  Instant instant;
  for (const auto& [lane, exit_code] : {std::pair(4U, 0), {5U, 0}, {6U, 3}, {7U, 3}, {8U, 0}}) {
    auto [event, result] = ended(lane, exit_code);
    instant.events.push_back(event);
    instant.results.push_back(result);
  }
  std::swap(instant.results[0], instant.results[1]);
  instant.results.push_back(instant.results.back());
  const std::string text =
      "E 4\nE 5\nE 6 0 0 0 0 1 1 1\nE 7\nE 8 0 0 0 0 1 1 0\n"
      "R 5:web-5 5\nR 5:web-4 4\n"
      "R 5:web-6 6 0 0 0 0 1 1 1 3 - 13:exit status 3\nR 5:web-7\n"
      "R 5:web-8 8 0 0 0 0 1 0 1 0 - 0:\nR 5:web-8\n";
  CHECK(runtime::instant_text(instant) == text);
  CHECK(runtime::read_instant(text) == instant);
}

TEST_CASE("whatever is left out is read back", "[journal]") {
  std::mt19937 random(5);
  // Few values, so that each field is at times as before, and at times alone is not.
  const auto number = [&](std::uint32_t below) { return std::uint32_t(random() % below); };
  const auto some_action = [&] {
    scheduler::Action made;
    if (number(4) > 0) made.step = plan::StepId{number(2)};
    made.lane = number(3);
    made.task = number(2);
    made.part = static_cast<scheduler::Part>(number(2));
    made.attempt = number(3);
    made.slot = number(2);
    return made;
  };
  const auto some_code = [&] {
    return number(3) == 0 ? std::optional<int>() : static_cast<int>(number(3)) - 1;
  };
  for (int times = 0; times < 3'000; ++times) {
    Instant instant;
    for (std::uint32_t left = number(5); left > 0; --left) {
      scheduler::Event event;
      event.kind = static_cast<scheduler::Event::Kind>(number(3));
      event.action = some_action();
      event.outcome = static_cast<scheduler::Outcome>(number(2));
      event.timer = static_cast<scheduler::TimerKind>(number(2));
      event.truth = static_cast<scheduler::Truth>(number(2));
      event.answer = static_cast<scheduler::Answer>(number(2));
      instant.events.push_back(event);
    }
    for (std::uint32_t left = number(6); left > 0; --left) {
      runtime::HostResult result{some_action(), number(2) == 0 ? "" : "a 1", {}};
      result.completion.outcome = static_cast<scheduler::Outcome>(number(2));
      result.completion.ending = static_cast<Completion::Ending>(number(2));
      result.completion.exit_code = some_code();
      result.completion.signal = some_code();
      if (number(2) == 0) result.completion.detail = number(2) == 0 ? " -" : "\nE 1\n";
      if (number(2) == 0) result.completion.outputs = {{"a", number(2) == 0 ? "" : "b"}};
      instant.results.push_back(result);
    }
    const std::string text = runtime::instant_text(instant);
    INFO(text);
    REQUIRE(runtime::read_instant(text) == instant);
  }
}

TEST_CASE("lines of format 5, which say all of themselves, are read", "[journal]") {
  Instant instant;
  instant.events = {all_kinds().events[0], scheduler::Event()};
  instant.results = all_kinds().results;
  CHECK(runtime::read_instant(
            "e 1 3 7 1 0 2 5 1 0 1 0\ne 1 -1 0 0 0 1 0 0 0 1 0\n"
            "r 3 7 1 0 2 5 0 1 0 - 5:web-1 0: 32:version=2.4.1\nempty=\nequals=a=b\n\n"
            "r 3 4294967295 1 0 2 5 1 2 - 9 0: 22:" +
            instant.results[1].completion.detail +
            " 0:\n"
            "r -1 0 0 0 1 0 1 3 -1 -12 5:- 1:x 0: 0:\n") == instant);
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
  for (const std::string_view text : {"x 1\n",
                                      "e",
                                      "e\n",
                                      "e 1 3 7 1 0 2 5 1 0 0\n",
                                      "e 1 3 7 1 0 2 5 1 0 0 0",
                                      "e 1 3 7 1 0 2 5 1 0 0 0 0\n",
                                      "e 256 3 7 1 0 2 5 1 0 0 0\n",
                                      "e 1 -2 7 1 0 2 5 1 0 0 0\n",
                                      "e 1 4294967295 7 1 0 2 5 1 0 0 0\n",
                                      "e 1 3 -1 1 0 2 5 1 0 0 0\n",
                                      "e 1 3 4294967296 1 0 2 5 1 0 0 0\n",
                                      "e  1 3 7 1 0 2 5 1 0 0 0\n",
                                      "s 1:a 1:b 1:c 1 9223372036854775808\n",
                                      "s 99999999999999999999:a 1:b 1:c 1 1\n",
                                      "s 18446744073709551615:a 1:b 1:c 1 1\n",
                                      "s -1:a 1:b 1:c 1 1\n",
                                      "s 1 1:b 1:c 1 1\n",
                                      "r 3 7 1 0 2 5 0 1 -- - 1:h 0: 0:\n",
                                      "\n",
                                      "E 7",
                                      "E 7 \n",
                                      "E -\n",
                                      "E 4294967296\n",
                                      "E 7 1 5 3 0 2 1 1 0 1 0 0\n",
                                      "E 7 1 5 3 0 2 256\n",
                                      "E 7 1 5 -2\n",
                                      "E 7 1 5 -\n",
                                      "E 7 1 5 4294967295\n",
                                      "R\n",
                                      "R 5:web-1",
                                      "R 6:web-1\n",
                                      "R 5:web-1 7 1 5 3 0 2 0 1 --\n",
                                      "R 5:web-1 7 1 5 3 0 2 0 1 2147483648\n",
                                      "R 5:web-1 7 1 5 3 0 2 0 1 0 - 1:\n",
                                      "R 5:web-1 7 1 5 3 0 2 0 1 0 - 0: 0: 0:\n"}) {
    INFO(text);
    CHECK_FALSE(runtime::read_instant(text));
  }
}
