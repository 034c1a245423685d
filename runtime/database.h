// An SQLite database that holds a journal, and its statements; its source alone includes SQLite.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sluice::runtime {

class Database {
 public:
  explicit Database(std::string path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  base::Status create();  // a file that must not be there yet
  base::Status open();    // one that is there, to read and to write
  base::Status execute(const char* sql);
  // Makes its log so large at once, in the transaction that writes: a log that grows with each
  // commit has its size written down at each sync as well. Where there is no place, it grows.
  void extend_log(std::int64_t bytes);

  // Of what was tried last; `what` as in "cannot WHAT the journal".
  base::Error problem(std::string_view what) const;
  bool is_full() const;
  bool is_taken() const;        // somebody else has written the row that was to be written
  bool is_no_database() const;  // the file is another
  bool is_unknown() const;      // a database, but without such a table or row

  const std::string& path() const { return path_; }

 private:
  friend class Statement;
  base::Status open(int flags);
  int code() const;

  std::string path_;
  sqlite3* handle_ = nullptr;
};

// A statement, prepared when it is first run; values are bound and columns are read in order.
class Statement {
 public:
  Statement(Database& database, const char* sql) : database_(database), sql_(sql) {}
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  template <class... Values>
  base::Status run(const Values&... values) {
    if (!begin()) return database_.problem("write");
    (bind(values), ...);
    return end_run();
  }

  // True while there is a row; the columns are read from the first on.
  bool next();
  // Behind the last row: that it was the last, and not the last that could be read.
  base::Status end() const;
  std::int64_t number();
  std::uint32_t count() { return static_cast<std::uint32_t>(number()); }
  std::optional<int> optional_number();
  std::string text();

 private:
  bool prepare();
  bool begin();
  void bind(std::int64_t number);
  // The text is not copied: it stands until the statement has run.
  void bind(const std::string& text);
  base::Status end_run();

  Database& database_;
  const char* sql_;
  sqlite3_stmt* handle_ = nullptr;
  bool done_ = false;
  int bound_ = 0;
  int read_ = 0;
};

}  // namespace sluice::runtime
