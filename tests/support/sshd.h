// A real sshd on loopback for one test: a port, keys and a home directory of its own, for the user
// that runs the tests. Started and ended by its process number; nothing of the machine's is used.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "runtime/executor.h"
#include "support/golden.h"

namespace sluice::test {

class SshServer {
 public:
  struct Options {
    // What carries out commands, as `LOGIN -c COMMAND`; found on the PATH; empty: the user's own.
    std::vector<std::string> login = {"dash"};
    std::string sh = "dash";                 // what `sh` is there
    std::string greeting = {};               // said on both streams before every command
    std::vector<std::string> settings = {};  // further lines of sshd_config
    std::vector<std::string> missing = {};   // programs that are not there
    std::string client = {};                 // by which where() says to connect
    std::string wrapper = {};                // which it says to ask
  };

  SshServer() : SshServer(Options()) {}
  explicit SshServer(Options options);
  ~SshServer();
  SshServer(const SshServer&) = delete;
  SshServer& operator=(const SshServer&) = delete;

  int port() const { return port_; }
  pid_t process() const { return process_; }
  // Of the user there.
  std::string home() const { return place_.path() + "/home"; }
  std::string known_hosts() const { return place_.path() + "/known_hosts"; }
  std::string identity() const { return place_.path() + "/identity"; }
  // How to get there.
  runtime::Place where(const std::string& name = "web1") const;

  // Ends it with all its connections; what runs there runs on.
  void stop();
  // On the same port.
  void start();
  // Cuts the connections that there are: how many.
  int cut();
  // Stops their packets from being answered, as a host that went away does.
  void freeze();
  void thaw();
  void change_host_key();
  // The processes of its connections.
  std::vector<pid_t> connections() const;

 private:
  void write_config();
  void make_key(const std::string& name) const;

  Options options_;
  TemporaryDirectory place_;
  int port_ = 0;
  pid_t process_ = -1;
  int log_ = -1;
  std::vector<pid_t> frozen_;
};

// A port of loopback that nobody listens on just now.
int free_port();
std::string user_name();
// Runs a program to its end: its exit status. For what a test sets up.
int run_quietly(const std::vector<std::string>& arguments);
// The processes whose parent is this one.
std::vector<pid_t> children_of(pid_t parent);

}  // namespace sluice::test
