// What a connection over libssh is made from, and which files that names. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::runtime {

struct LibsshHost {
  std::string address;
  std::string port;              // empty: 22
  std::string user;              // empty: who we are
  std::string identity_file;     // empty: the usual ones of `directory`, behind the agent's keys
  std::string known_hosts_file;  // empty: those of `directory`
  std::string directory;         // ~/.ssh; empty: none
  std::string system_directory;  // /etc/ssh; empty: none
  bool operator==(const LibsshHost&) const = default;
};

// What opens the reason where a host hung up before it said anything.
inline constexpr std::string_view libssh_was_hung_up_on = "it hung up before it said anything";

// Where the keys of hosts are, the user's first; they need not be there.
std::vector<std::string> known_hosts_files(const LibsshHost& host);
// A path with `~`, %d, %h, %p, %r and %% read as OpenSSH's client reads them.
std::string expanded_path(const std::string& path, const LibsshHost& host);

}  // namespace sluice::runtime
