// What actions write: whole on disk, one file an attempt and host; the last lines in memory.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "scheduler/scheduler.h"

namespace sluice::runtime {

inline constexpr std::size_t most_last_lines = 20;
// Of what a script has written by its end and was not shown yet: of more, which holds up the end,
// the middle is left out, from the end of a line to that of another, lest a secret is parted and
// shown.
inline constexpr std::uint64_t most_output_at_end = std::uint64_t{64} << 20U;
// The line that stands in its place.
std::string said_of_left_out(std::uint64_t bytes);

class OutputStore {
 public:
  explicit OutputStore(std::string directory) : directory_(std::move(directory)) {}

  // Appends; what the disk does not take is counted, not lost silently.
  void append(const scheduler::Action& action, const std::string& host, std::string_view bytes);
  // What the attempt wrote on its hosts, which will come again from the beginning.
  void forget(const scheduler::Action& action);
  // The last lines that the attempt wrote on its hosts, at most most_last_lines and 4 KiB; then
  // they are forgotten.
  std::vector<std::string> take_tail(const scheduler::Action& action);
  std::uint64_t bytes_not_written() const { return bytes_not_written_; }

 private:
  std::string directory_;
  std::map<scheduler::Action, std::string> tails_;
  std::uint64_t bytes_not_written_ = 0;
};

// One stored output.
struct StoredOutput {
  scheduler::Action action;
  std::string host;
  std::string path;
};
// In the plan's order; then by attempt.
std::vector<StoredOutput> list_output(const std::string& directory);
// The same of one that is stored; none where it cannot be read.
std::vector<std::string> last_lines(const std::string& path);

// Whole lines of the text with everything that could move a terminal's cursor written out; what
// stands behind the last line end stays in `rest`.
std::vector<std::string> take_lines(std::string& rest, std::string_view bytes);

}  // namespace sluice::runtime
