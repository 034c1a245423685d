// What SshWorker and its process say to each other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/libssh_host.h"

namespace sluice::runtime {

inline constexpr std::string_view ssh_connections_word = "ssh-connections";

struct ConnectionsOrder {
  bool connects = false;  // else it ends what connects
  std::uint32_t number = 0;
  LibsshHost host;
  std::string control_path;
  bool operator==(const ConnectionsOrder&) const = default;
};

std::string connect_message(std::uint32_t number, const LibsshHost& host,
                            const std::string& control_path);
std::string cancel_message(std::uint32_t number);
// Of a whole packet without its frame.
ConnectionsOrder order_of(std::string_view packet);
// `why`: empty where it is connected.
std::string answer_message(std::uint32_t number, std::string_view why);

}  // namespace sluice::runtime
