// Where runs are kept: a state directory with a folder a run, and a lock that the kernel frees when
// its holder dies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::runtime {

// Of one deployment in one environment: who has it is the one controller. Held as long as the
// object lives.
class Lease {
 public:
  // `who`: what others are told. Fails, naming the holder, where another program has it.
  static base::Result<Lease> take(const std::string& state, const std::string& deployment,
                                  const std::string& environment, const std::string& who);
  // Who holds it now, as it said when it took it; empty: nobody.
  static std::string holder(const std::string& state, const std::string& deployment,
                            const std::string& environment);
  ~Lease();
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;

 private:
  explicit Lease(int file) : file_(file) {}
  int file_;
};

struct RunFolder {
  std::string name;  // 20261124-143622-5f3a: when it began (UTC), and what tells twins apart
  std::string path;

  std::string journal() const { return path + "/journal.db"; }
  std::string output() const { return path + "/output"; }
  std::string scripts() const { return path + "/scripts"; }
  std::string orders() const { return path + "/orders"; }
  // By its whole path: one that begins in the working directory is another when that is moved, and
  // what scripts were told is not.
  RunFolder in_its_place() const;
};

base::Result<RunFolder> make_run_folder(const std::string& state);
// The oldest first.
std::vector<RunFolder> list_runs(const std::string& state);
// By name or its unambiguous beginning; the last one for "".
base::Result<RunFolder> find_run(const std::string& state, const std::string& name);

// "ada, process 4711 on build-1"
std::string own_name();
// The name of a user by its number, or the number.
std::string user_name(unsigned int user);
// Milliseconds from 1970 on, by the wall.
std::int64_t wall_ms();
// Milliseconds since this machine has booted, sleep included.
std::int64_t boot_ms();

// Now, as RFC 3339 in UTC: for people alone, nothing is decided by it.
std::string wall_time();

}  // namespace sluice::runtime
