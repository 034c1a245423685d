// Child processes of the controller: started without a shell, each in a session of its own, their
// output streamed, their whole session ended on demand, always reaped. It knows no actions.
// Why vfork and pidfd: docs/decisions/processes.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "runtime/loop.h"

namespace sluice::runtime {

enum class Stream : std::uint8_t { Output, Errors };

// How a process ended: exactly one of the three is set.
struct ProcessEnd {
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string not_started;  // why it never ran: "cannot start `prog`: No such file or directory"
  bool operator==(const ProcessEnd&) const = default;
};

struct ProcessOptions {
  std::vector<std::string> arguments;    // [0]: the program, looked up on our PATH without a slash
  std::vector<std::string> environment;  // NAME=value: all that it gets
  std::string directory;                 // empty: ours
  std::string input;                     // for its standard input; empty and closed: /dev/null
  bool keep_input_open = false;          // more comes through send_input
  bool merge_errors = false;             // both streams through one pipe, in their true order
  base::Duration grace{5'000};           // from TERM to KILL
  std::function<void(Stream, std::string_view)> on_output;
  // Once, after the last output, never from inside start() or terminate().
  std::function<void(const ProcessEnd&)> on_end;
};

// All processes of one loop. A process ends when its first process does, not when its output is
// closed: what it left behind in the background goes on, but what that writes is not waited for.
class Processes {
 public:
  // Names a process for as long as its Processes live; never used twice.
  using Handle = std::uint64_t;

  explicit Processes(Loop& loop);
  // What still runs is killed and reaped; nobody is told.
  ~Processes();

  // Where no descriptor or no process is to be had just now, it waits until another has ended.
  Handle start(ProcessOptions options);
  // TERM to all of its session, after the grace KILL, until none is left; then on_end, as ever. One
  // that has ended is left alone.
  void terminate(Handle handle);
  // At once, without the grace.
  void kill(Handle handle);
  void send_input(Handle handle, std::string_view text);
  void close_input(Handle handle);
  // Nobody is told of it any more. It goes on, where it has begun.
  void forget(Handle handle);

  std::size_t running() const;

 private:
  class Process;
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// The environment of this program, as NAME=value, without what would make a shell run other code
// first (ENV, BASH_ENV, exported functions).
std::vector<std::string> inherited_environment();

// The value of a variable of this program's environment, which has it no more afterwards: who looks
// from outside (/proc) sees stars. Fails where there is none.
base::Result<std::string> take_variable(const std::string& name);

// A process that runs: it is no zombie.
struct RunningProcess {
  int process = 0;
  int group = 0;
  int session = 0;
};
// All that there are, read from /proc at one go. What a session began may have a group of its own
// there: `timeout` makes itself one, and so does a shell with job control.
std::vector<RunningProcess> running_processes();

// "exit status 3", "ended by SIGKILL", or why it did not start.
std::string describe(const ProcessEnd& end);
// "SIGTERM"; "signal 34" for one without a name.
std::string signal_name(int signal);

}  // namespace sluice::runtime
