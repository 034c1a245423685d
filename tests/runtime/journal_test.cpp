// The journal: what was committed is read back, and nothing else is taken for it.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "runtime/journal.h"
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

bool is_beginning(const std::vector<Instant>& read, const std::vector<Instant>& written) {
  return read.size() <= written.size() && std::equal(read.begin(), read.end(), written.begin());
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
  const test::TemporaryDirectory place;
  const std::string path = place.path() + "/journal.db";
  auto journal = runtime::create_journal(path, record);
  REQUIRE(journal.ok());
  std::vector<Instant> instants;
  for (std::uint32_t number = 0; number < 12; ++number) {
    instants.push_back(instant(number));
    REQUIRE(journal.value()->commit(instants.back()).ok());
  }
  // As a controller that is killed leaves it: the log beside the database.
  const std::string database = test::read_text(path);
  const std::string log = test::read_text(path + "-wal");
  REQUIRE(log.size() > 1000);
  const std::string cut_path = place.path() + "/cut.db";
  std::size_t read_whole = 0;
  std::size_t most = 0;
  for (std::size_t length = 0; length <= log.size(); length += 997) {
    test::write_text(cut_path, database);
    test::write_text(cut_path + "-wal", std::string_view(log).substr(0, length));
    const auto read = runtime::read_journal(cut_path);
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(cut_path + end);
    if (!read) continue;
    CHECK(read.value().record == record);
    CHECK(is_beginning(read.value().instants, instants));
    ++read_whole;
    most = std::max(most, read.value().instants.size());
  }
  CHECK(read_whole > 5);
  CHECK(most >= 10);
  journal.value().reset();
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

TEST_CASE("a journal that can be kept no longer says so at the commit", "[journal]") {
  const test::TemporaryDirectory place;
  const std::string path = place.path() + "/there/journal.db";
  CHECK(!runtime::create_journal(path, record).ok());
}
