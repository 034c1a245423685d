// Whether a host's key is one that known_hosts files name, as OpenSSH reads them (sshd(8),
// SSH_KNOWN_HOSTS FILE FORMAT). Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sluice::runtime {

struct HostKey {
  std::string host;  // as it was asked for
  std::uint32_t port = 22;
  std::string type;    // "ssh-ed25519"
  std::string base64;  // the key
};

enum class KeyVerdict : std::uint8_t {
  Known,
  Unknown,    // nothing is said of the host
  OtherType,  // of the host, keys of other types are named
  Changed,    // of the host, another key of that type is named
  Certified,  // nothing is said of the host's key, but of who certifies it
  Revoked,    // named as one that counts no more
};

// Whether `name` is what a hashed name (|1|…|…) stands for.
using MatchHashed = std::function<bool(std::string_view hashed, const std::string& name)>;

// `text`: all the files, one behind the other.
KeyVerdict verdict_on_key(std::string_view text, const HostKey& key, const MatchHashed& hashed);
// Why a host with that key is not connected to; empty where it is Known.
std::string key_problem_text(KeyVerdict verdict, const HostKey& key);

}  // namespace sluice::runtime
