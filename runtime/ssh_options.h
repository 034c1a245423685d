// How OpenSSH's client is called for one host. Pure. The user's own configuration is read as ever;
// what sluice insists on comes before it, and what it merely prefers comes after it, since ssh
// takes the first value that it finds (ssh_config(5)).
#pragma once

#include <string>
#include <vector>

#include "runtime/executor.h"
#include "runtime/libssh_host.h"

namespace sluice::runtime {

// Where the user's configuration stands.
struct SshFiles {
  std::string user_config;                            // ~/.ssh/config; it need not be there
  std::string system_config = "/etc/ssh/ssh_config";  // likewise
  std::string directory;  // ours; relative paths of the plan begin there
  bool operator==(const SshFiles&) const = default;
};

// The configuration file that `ssh -F` gets, and with it the clients that it starts for jumps.
std::string ssh_config(const Place& place, const SshFiles& files);

// A client that holds one connection open in the background, and ends itself when nobody has used
// its control socket for a while. `place` has no connection_problem().
std::vector<std::string> ssh_master_arguments(const Place& place, const std::string& config_path,
                                              const std::string& control_path);

// Whether libssh connects to it, and not OpenSSH's client; and what it is told then. Of the user's
// configuration it has the keys alone, and those of hosts.
bool is_for_libssh(const Place& place);
LibsshHost libssh_host(const Place& place, const SshFiles& files);

// What a client that did not connect wrote, in a line.
std::string ssh_reason(std::string_view written);

// Whether that says of a host (or of what leads to it) that it hung up before it said anything: so
// does an sshd that more want to log in to at once than its MaxStartups lets.
bool hung_up_at_once(std::string_view written);

}  // namespace sluice::runtime
