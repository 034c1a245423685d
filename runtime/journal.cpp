#include "runtime/journal.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cinttypes>
#include <cstdio>
#include <filesystem>

#include "runtime/database.h"
#include "runtime/files.h"
#include "runtime/journal_text.h"
#include "runtime/older_journal.h"

// One SQLite file a run; WAL and synchronous=FULL, so that what was committed is there after a
// power loss. A row of `instants` is all that belongs to one instant (runtime/journal_text.h), with
// a digest of itself and the row before it.
namespace sluice::runtime {

namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr std::int64_t oldest_format = 2;
constexpr std::int64_t first_with_given = 4;
constexpr std::int64_t first_with_texts = 5;
constexpr std::size_t reserve_bytes = 256 * std::size_t{1024};

// A commit is one row, which is added at the end: small pages, and no index beside its number,
// which refuses a second writer.
constexpr const char* page_size = "PRAGMA page_size=1024";
constexpr const char* full_sync = "PRAGMA synchronous=FULL";
// So many pages of the log are gone through again and again, and it has their size from the start,
// with that of a large commit: where it grows, each sync writes down its size as well.
constexpr const char* short_log = "PRAGMA wal_autocheckpoint=250";
constexpr std::int64_t log_bytes = 280 * std::int64_t{1024};
constexpr const char* run_table = R"sql(
CREATE TABLE run (
  format INTEGER NOT NULL, run TEXT NOT NULL, started_at TEXT NOT NULL, version TEXT NOT NULL,
  plan TEXT NOT NULL, folder TEXT NOT NULL) STRICT)sql";
constexpr const char* instants_table = R"sql(
CREATE TABLE instants (
  seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, digest TEXT NOT NULL, record TEXT NOT NULL)
  STRICT)sql";
constexpr const char* given_table = R"sql(
CREATE TABLE given (
  number INTEGER PRIMARY KEY, word TEXT NOT NULL, value TEXT NOT NULL) STRICT)sql";

// Which file stands at a path: one that was removed can be written to, and is lost.
struct FileIdentity {
  explicit FileIdentity(const std::string& path) {
    struct stat status{};
    there = ::stat(path.c_str(), &status) == 0;
    device = status.st_dev;
    number = status.st_ino;
  }
  bool operator==(const FileIdentity&) const = default;
  bool there = false;
  dev_t device = 0;
  ino_t number = 0;
};

// How far a journal goes, as it was written beside it behind each commit and before what follows
// from it: SQLite takes what it cannot read of its log for what was being written when the program
// ended, and passes it over. A loss of power may leave an older one, or none.
struct LastInstant {
  std::int64_t seq = -1;  // below 0: nothing is known
  std::string digest;

  static std::string path(const std::string& journal) { return journal + ".last"; }
  static LastInstant read(const std::string& journal) {
    constexpr std::size_t most_bytes = 512;
    const auto text = read_whole(path(journal), most_bytes);
    LastInstant last;
    std::int64_t seq = -1;
    char digest[65] = {};
    char end = 0;
    if (text &&
        std::sscanf(text.value().c_str(), "%20" SCNd64 " %64[0-9a-f]%c", &seq, digest, &end) == 3 &&
        end == '\n') {
      last = {seq, digest};
    }
    return last;
  }
  std::string text() const { return fmt::format("{:020} {}\n", seq, digest); }
};

constexpr const char* insert_instant = "INSERT INTO instants VALUES (?, ?, ?, ?)";

class SqliteJournal : public Journal {
 public:
  SqliteJournal(std::unique_ptr<Database> database, std::string last, std::int64_t seq)
      : database_(std::move(database)),
        file_(database_->path()),
        last_(std::move(last)),
        seq_(seq),
        note_(LastInstant::path(database_->path())),
        insert_(*database_, insert_instant) {}

  Status commit(const Instant& instant) override {
    // The log has its place, and what is written beside it may have none any more.
    if (!low_) low_ = !has_room(reserve_path(database_->path()));
    Status done = attempt(instant);
    if (done.ok() || !held_ || !database_->is_full()) return done;
    // What runs will end, and that must be written: for that a place is held.
    low_ = true;
    held_ = false;
    remove_file(reserve_path(database_->path()));
    return attempt(instant);
  }
  bool low() const override { return low_; }
  bool taken_over() const override { return taken_over_; }

  static std::string reserve_path(const std::string& path) { return path + ".reserve"; }

 private:
  Status attempt(const Instant& instant) {
    if (FileIdentity(database_->path()) != file_) {
      return Error{fmt::format("the journal {} is not there any more", database_->path())};
    }
    const std::string record = instant_text(instant);
    const std::string digest = chain(last_, instant.at, record);
    // By itself it is a transaction.
    const Status done = insert_.run(seq_, instant.at.ms, digest, record);
    if (done) {
      last_ = digest;
      note_.write(LastInstant{seq_, digest}.text());
      ++seq_;
      return done;
    }
    if (!database_->is_taken()) return done;
    taken_over_ = true;
    return Error{"another program has taken this run over, and writes " + database_->path()};
  }

  std::unique_ptr<Database> database_;
  const FileIdentity file_;
  std::string last_;
  std::int64_t seq_;
  bool low_ = false;
  bool held_ = true;
  bool taken_over_ = false;
  NoteFile note_;
  Statement insert_;
};

// It is opened only where it can hold something: SQLite throws away what stands beside an empty
// file. The place is held from when the file is not empty any more.
Status open_again(Database& database) {
  std::error_code none;
  const std::string& path = database.path();
  const bool there = std::filesystem::exists(path, none);
  if (there ? std::filesystem::file_size(path, none) == 0 && !none &&
                  std::filesystem::exists(SqliteJournal::reserve_path(path), none)
            : std::filesystem::exists(LastInstant::path(path), none)) {
    return damaged(database, fmt::format("it is {}, and its run had begun; look at the targets "
                                         "themselves before you begin anything there",
                                         there ? "empty" : "not there"));
  }
  return database.open();
}

Status hold_place(const std::string& path) {
  static const std::string place(reserve_bytes, '\0');
  return write_private(SqliteJournal::reserve_path(path), place);
}

Status write_given(Database& database, const RunRecord& record) {
  Statement insert(database, "INSERT INTO given VALUES (?, ?, ?)");
  for (std::size_t i = 0; i < record.given.size(); ++i) {
    const auto& [word, value] = record.given[i];
    if (Status written = insert.run(static_cast<std::int64_t>(i), word, value); !written)
      return written;
  }
  return base::Done{};
}

// Whether its program was killed before it had said which run it is, or this is no journal.
Error no_record(const Database& database) {
  if (database.is_no_database()) {
    return {fmt::format("{} is no journal of a run", database.path())};
  }
  if (!database.is_unknown()) return database.problem("read");
  if (LastInstant::read(database.path()).seq >= 0) {
    return damaged(database,
                   "what it held is missing; look at the targets themselves before you begin "
                   "anything there");
  }
  return {fmt::format(
      "the journal {} is empty, as a program leaves it that is ended before anything of its run "
      "has begun: then `sluice run` again",
      database.path())};
}

Result<RunRecord> read_record(Database& database) {
  RunRecord record;
  {
    Statement format(database, "SELECT format FROM run");
    if (!format.next()) return no_record(database);
    record.format = format.number();
  }
  if (record.format > newest_journal_format) {
    return Error{fmt::format(
        "the journal {} was written by a newer sluice (format {}; this one reads up to {})",
        database.path(), record.format, newest_journal_format)};
  }
  if (record.format < oldest_format) {
    return Error{fmt::format(
        "the journal {} was written by an older sluice (format {}; this one reads from {} on)",
        database.path(), record.format, oldest_format)};
  }
  const bool has_folder = record.format > oldest_format;
  Statement run(database, has_folder ? "SELECT run, started_at, version, plan, folder FROM run"
                                     : "SELECT run, started_at, version, plan FROM run");
  if (!run.next()) return damaged(database, "it does not say which run it is of");
  record.run = run.text();
  record.started_at = run.text();
  record.version = run.text();
  record.plan_json = run.text();
  if (has_folder) record.folder = run.text();
  if (record.format < first_with_given) return record;
  Statement given(database, "SELECT word, value FROM given ORDER BY number");
  while (given.next()) {
    std::string word = given.text();
    record.given.emplace_back(std::move(word), given.text());
  }
  if (Status read = given.end(); !read) return read.error();
  return record;
}

Status read_instants(Database& database, ReadJournal& journal, std::string& last,
                     const LastInstant& told) {
  Statement rows(database, "SELECT seq, at_ms, digest, record FROM instants ORDER BY seq");
  while (rows.next()) {
    const std::size_t number = journal.instants.size();
    if (static_cast<std::size_t>(rows.number()) != number) {
      return damaged(database, fmt::format("its record {} is missing", number));
    }
    const base::Instant at{rows.number()};
    const std::string digest = rows.text();
    const std::string text = rows.text();
    last = chain(last, at, text);
    if (last != digest) return breaks_chain(database, number);
    const bool last_told = static_cast<std::int64_t>(number) == told.seq;
    if (last_told && digest != told.digest) return breaks_chain(database, number);
    auto instant = read_instant(text);
    if (!instant) return damaged(database, fmt::format("its record {} is none", number));
    journal.instants.push_back(std::move(*instant));
    journal.instants.back().at = at;
  }
  if (Status read = rows.end(); !read) return read;
  if (static_cast<std::int64_t>(journal.instants.size()) <= told.seq) {
    return damaged(database, fmt::format("its records from {} to {} are missing",
                                         journal.instants.size(), told.seq));
  }
  return base::Done{};
}

// What it holds; `last` is the digest of its last row. `told` was read before it.
Result<ReadJournal> read_all(Database& database, std::string& last, const LastInstant& told) {
  ReadJournal journal;
  auto record = read_record(database);
  if (!record) return record.error();
  journal.record = std::move(record).value();
  last = first_link(journal.record);
  const bool older = journal.record.format < first_with_texts;
  const Status read =
      older ? read_older(database, journal, last) : read_instants(database, journal, last, told);
  if (!read) return read.error();
  return journal;
}

// One of an older format becomes one of this program's, in the transaction that is open.
Status renew(Database& database, ReadJournal& journal, std::string& last) {
  if (journal.record.format < first_with_given) {
    if (Status made = database.execute(given_table); !made) return made;
  }
  for (const char* table : {"events", "results", "orders", "sessions", "instants"}) {
    const std::string sql = fmt::format("DROP TABLE IF EXISTS {}", table);
    if (Status gone = database.execute(sql.c_str()); !gone) return gone;
  }
  if (Status made = database.execute(instants_table); !made) return made;
  journal.record.format = newest_journal_format;
  last = first_link(journal.record);
  Statement insert(database, insert_instant);
  std::int64_t seq = 0;
  for (const Instant& instant : journal.instants) {
    const std::string record = instant_text(instant);
    last = chain(last, instant.at, record);
    if (Status written = insert.run(seq++, instant.at.ms, last, record); !written) return written;
  }
  return Statement(database, "UPDATE run SET format = ?").run(newest_journal_format);
}

}  // namespace

Result<std::unique_ptr<Journal>> create_journal(const std::string& path, const RunRecord& record) {
  auto database = std::make_unique<Database>(path);
  if (Status opened = database->create(); !opened) return opened.error();
  for (const char* sql : {page_size, "PRAGMA journal_mode=WAL"}) {
    if (Status done = database->execute(sql); !done) return done.error();
  }
  // Now the file has its first page.
  if (Status held = hold_place(path); !held) return held.error();
  for (const char* sql : {full_sync, short_log, "BEGIN", run_table, instants_table, given_table}) {
    if (Status done = database->execute(sql); !done) return done.error();
  }
  {
    Statement insert(*database, "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?)");
    Status written = insert.run(newest_journal_format, record.run, record.started_at,
                                record.version, record.plan_json, record.folder);
    if (!written) return written.error();
  }
  if (Status written = write_given(*database, record); !written) return written.error();
  database->extend_log(log_bytes);
  if (Status done = database->execute("COMMIT"); !done) return done.error();
  return std::unique_ptr<Journal>(
      std::make_unique<SqliteJournal>(std::move(database), first_link(record), 0));
}

Result<ContinuedJournal> continue_journal(const std::string& path) {
  auto database = std::make_unique<Database>(path);
  if (Status opened = open_again(*database); !opened) return opened.error();
  for (const char* sql : {full_sync, short_log}) {
    if (Status done = database->execute(sql); !done) return done.error();
  }
  // A sync that failed leaves records behind that can be read, and that the next loss of power
  // takes away, with all that was written behind them. Nobody else writes meanwhile.
  if (Status alone = database->execute("BEGIN IMMEDIATE"); !alone) return alone.error();
  if (Status there = write_again(path + "-wal"); !there) return there.error();
  database->extend_log(log_bytes);
  std::string last;
  auto read = read_all(*database, last, LastInstant::read(path));
  if (!read) return read.error();
  const std::int64_t format = read.value().record.format;
  if (format < oldest_resumed_format) {
    return Error{fmt::format(
        "the journal {} was written by an older sluice (format {}), and what it began can be "
        "looked at and no longer be resumed",
        path, format)};
  }
  if (format < newest_journal_format) {
    if (Status done = renew(*database, read.value(), last); !done) return done.error();
  }
  if (Status done = database->execute("COMMIT"); !done) return done.error();
  if (Status held = hold_place(path); !held) return held.error();
  const auto seq = static_cast<std::int64_t>(read.value().instants.size());
  ContinuedJournal continued;
  continued.read = std::move(read).value();
  continued.journal = std::make_unique<SqliteJournal>(std::move(database), last, seq);
  return continued;
}

Result<ReadJournal> read_journal(const std::string& path) {
  Database database(path);
  // Read and write, for a WAL that was left behind must be taken in; nothing of ours is written.
  if (Status opened = open_again(database); !opened) return opened.error();
  const LastInstant told = LastInstant::read(path);
  // In one transaction: a run that goes on writes beside us.
  if (Status begun = database.execute("BEGIN"); !begun) return begun.error();
  std::string last;
  return read_all(database, last, told);
}

}  // namespace sluice::runtime
