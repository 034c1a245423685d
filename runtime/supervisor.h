// A process beside the program that starts scripts on the controller and writes down how they end:
// so that is known even where the program itself was killed meanwhile. It is a fork of the program,
// in a session of its own, and ends when the program has gone and the last script has ended.
//
// Files of a script NAME, in one private directory:
//   NAME.started  a line each: the boot, the supervisor and NAME, written before it begins; room
//   for
//                 how it ended, written last: `exit 3 .`, `signal 9 .`; its process and when that
//                 began. It may have been another script's before: where a loss of power brings
//                 back what that wrote, the name in it is another
//   NAME.out      what it writes; locked as long as the script holds it open
// Older programs kept the last two lines in NAME.exit and NAME.pid, which are still read.
// and of a supervisor: its own file, locked as long as it lives, and SUPERVISOR.closed, made when
// nothing more will be started by it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/loop.h"

namespace sluice::runtime {

class Supervisor {
 public:
  struct Script {
    std::string name;
    std::vector<std::string> arguments;    // the last of them may be its file
    std::vector<std::string> environment;  // NAME=value: all that it gets
    std::string directory;                 // empty: ours
    // Paths of files that become its NAME.started and its NAME.out, the second one empty; where
    // there are none, or they are gone, new ones are made.
    std::string spare_note, spare_output;
  };
  struct End {
    int error = 0;  // else it was not begun, and why
    int exit_code = -1;
    int signal = 0;  // 0: it has an exit code
  };
  // Told from the loop.
  using Ended = std::function<void(const std::string& name, const End& end)>;
  // It has died; what it started may run on.
  using Gone = std::function<void()>;

  // Forks. Everything but its own files it leaves to the program.
  static base::Result<std::unique_ptr<Supervisor>> begin(Loop& loop, const std::string& directory,
                                                         base::Duration grace, Ended ended,
                                                         Gone gone);
  // Lets go: what runs runs on.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  std::string name() const { return path_.substr(path_.rfind('/') + 1); }
  // What it was told to start and has told no end of.
  const std::set<std::string>& open() const { return open_; }
  // A script may have stopped what started it, and with that all others.
  void wake();
  void start(const Script& script);
  // TERM to all of its session, after the grace KILL, until none is left; `ended` follows.
  void cancel(const std::string& name);

 private:
  Supervisor(Loop& loop, std::string path, int socket, pid_t process, Ended ended, Gone gone);
  void send(const std::string& message);
  void send_on();
  void hear();

  Loop& loop_;
  std::string path_;
  int socket_;
  pid_t process_;
  Ended ended_;
  Gone gone_;
  Loop::Watch watch_;
  std::string heard_;
  std::string unsent_;
  std::size_t sent_ = 0;  // of it
  std::set<std::string> open_;
};

// What the files say of a script that some supervisor was, or may have been, told to start.
struct ScriptState {
  enum class Kind : std::uint8_t {
    NotStarted,  // and no supervisor is left that could start it
    Running,     // or about to
    Ended,       // exit_code or signal
    LostKilled,  // begun; what watched over it was killed, it is over, and nothing holds its output
    LostReboot,  // begun; since then the machine has booted
  };
  Kind kind = Kind::NotStarted;
  int exit_code = -1;
  int signal = 0;
};
// `own`: the supervisors of the one who asks that live and were not told to start it.
ScriptState script_state(const std::string& directory, const std::string& name,
                         const std::set<std::string>& own);
// Sends the signal to what is left of the script's session.
// False: none of it is written down.
bool signal_script(const std::string& directory, const std::string& name, int signal);
// Whether anything of the script's session runs, however the script itself has ended.
bool script_left(const std::string& directory, const std::string& name);

// Has those supervisors go on that a script, or somebody, has stopped, whichever program began
// them.
void wake_supervisors(const std::string& directory);

// What changes with each boot of this machine.
std::string boot_id();

}  // namespace sluice::runtime
