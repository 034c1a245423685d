#include "runtime/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <utility>

namespace sluice::runtime {

Database::Database(std::string path) : path_(std::move(path)) {}
Database::~Database() {
  sqlite3_close(handle_);
}

base::Status Database::create() {
  return open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
              SQLITE_OPEN_EXCLUSIVE);
}
base::Status Database::open() {
  return open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
}

base::Status Database::open(int flags) {
  if (sqlite3_open_v2(path_.c_str(), &handle_, flags, nullptr) != SQLITE_OK) {
    return problem("open");
  }
  constexpr int patience_ms = 10'000;  // with who looks into it beside us
  sqlite3_busy_timeout(handle_, patience_ms);
  return base::Done{};
}

base::Status Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return base::Done{};
  return problem("write");
}

void Database::extend_log(std::int64_t bytes) {
  sqlite3_file* log = nullptr;
  if (sqlite3_file_control(handle_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK) {
    return;
  }
  sqlite3_int64 size = 0;
  if (log == nullptr || log->pMethods == nullptr ||
      log->pMethods->xFileSize(log, &size) != SQLITE_OK || size >= bytes) {
    return;
  }
  // Nothing but a page with its checksum is taken for one: these are none.
  constexpr std::int64_t most =
      64 * std::int64_t{1024};  // SQLite writes 128 KiB at once at the most
  const std::string zeros(static_cast<std::size_t>(most), '\0');
  for (sqlite3_int64 at = size; at < bytes; at += most) {
    const auto part = static_cast<int>(std::min<std::int64_t>(most, bytes - at));
    if (log->pMethods->xWrite(log, zeros.data(), part, at) == SQLITE_OK) continue;
    log->pMethods->xTruncate(log, size);
    return;
  }
}

base::Error Database::problem(std::string_view what) const {
  return {fmt::format("cannot {} the journal {}: {}", what, path_,
                      handle_ != nullptr ? sqlite3_errmsg(handle_) : "no memory")};
}
int Database::code() const {
  return sqlite3_errcode(handle_) & 0xff;
}
bool Database::is_full() const {
  return code() == SQLITE_FULL;
}
bool Database::is_taken() const {
  return code() == SQLITE_CONSTRAINT;
}
bool Database::is_no_database() const {
  return code() == SQLITE_NOTADB;
}
bool Database::is_unknown() const {
  return code() == SQLITE_DONE || code() == SQLITE_ERROR;
}

Statement::~Statement() {
  sqlite3_finalize(handle_);
}

bool Statement::prepare() {
  if (handle_ != nullptr) return true;
  return sqlite3_prepare_v2(database_.handle_, sql_, -1, &handle_, nullptr) == SQLITE_OK;
}

void Statement::bind(std::int64_t number) {
  sqlite3_bind_int64(handle_, ++bound_, number);
}
void Statement::bind(const std::string& text) {
  sqlite3_bind_text64(handle_, ++bound_, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

bool Statement::begin() {
  if (!prepare()) return false;
  sqlite3_reset(handle_);
  bound_ = 0;
  return true;
}

base::Status Statement::end_run() {
  if (sqlite3_step(handle_) == SQLITE_DONE) return base::Done{};
  base::Error problem = database_.problem("write");
  sqlite3_reset(handle_);
  return problem;
}

bool Statement::next() {
  read_ = 0;
  const int step = prepare() ? sqlite3_step(handle_) : SQLITE_ERROR;
  done_ = step == SQLITE_DONE;
  return step == SQLITE_ROW;
}

base::Status Statement::end() const {
  return done_ ? base::Status(base::Done{}) : base::Status(database_.problem("read"));
}

std::int64_t Statement::number() {
  return sqlite3_column_int64(handle_, read_++);
}

std::optional<int> Statement::optional_number() {
  const bool null = sqlite3_column_type(handle_, read_) == SQLITE_NULL;
  const auto value = static_cast<int>(number());
  return null ? std::nullopt : std::optional<int>(value);
}

std::string Statement::text() {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, read_));
  const auto length = static_cast<std::size_t>(sqlite3_column_bytes(handle_, read_));
  ++read_;
  return bytes != nullptr ? std::string(bytes, length) : std::string();
}

}  // namespace sluice::runtime
