// Where runs are kept: a state directory with a folder a run, and a lock that the kernel frees when
// its holder dies.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::runtime {

// Held as long as the object lives: one controller a state directory.
class StateLock {
 public:
  // Fails, naming the holder, where another program has it.
  static base::Result<StateLock> take(const std::string& state);
  // Whether some program holds it now.
  static bool held(const std::string& state);
  ~StateLock();
  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&& other) noexcept;

 private:
  explicit StateLock(int file) : file_(file) {}
  int file_;
};

struct RunFolder {
  std::string name;  // 20261124-143622-5f3a: when it began (UTC), and what tells twins apart
  std::string path;

  std::string journal() const { return path + "/journal.db"; }
  std::string output() const { return path + "/output"; }
  std::string scripts() const { return path + "/scripts"; }
};

base::Result<RunFolder> make_run_folder(const std::string& state);
// The oldest first.
std::vector<RunFolder> list_runs(const std::string& state);
// By name or its unambiguous beginning; the last one for "".
base::Result<RunFolder> find_run(const std::string& state, const std::string& name);

// Now, as RFC 3339 in UTC: for people alone, nothing is decided by it.
std::string wall_time();

}  // namespace sluice::runtime
