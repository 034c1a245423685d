// Packets of numbers and texts, as SSH frames them and the protocol of OpenSSH's control socket
// with it: how they are put together and read. It knows no connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::runtime {

// What is said on a control socket (OpenSSH's PROTOCOL.mux).
inline constexpr std::uint32_t mux_version = 4;
inline constexpr std::uint32_t mux_says_hello = 0x00000001;
inline constexpr std::uint32_t mux_asks_session = 0x10000002;
inline constexpr std::uint32_t mux_asks_terminate = 0x10000005;
inline constexpr std::uint32_t mux_asks_forward = 0x10000006;
inline constexpr std::uint32_t mux_done = 0x80000001;
inline constexpr std::uint32_t mux_denied = 0x80000002;
inline constexpr std::uint32_t mux_failure = 0x80000003;
inline constexpr std::uint32_t mux_exit = 0x80000004;
inline constexpr std::uint32_t mux_opened = 0x80000006;
inline constexpr std::uint32_t mux_forward_local = 1;
inline constexpr std::uint32_t mux_is_socket_path = 0xfffffffe;  // in place of a port
inline constexpr std::size_t most_packet_bytes = 1 << 20;

class Packet {
 public:
  Packet& number(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes_ += static_cast<char>(value >> shift);
    return *this;
  }
  Packet& text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
    return *this;
  }
  std::string framed() const {
    return Packet().number(static_cast<std::uint32_t>(bytes_.size())).bytes_ + bytes_;
  }

 private:
  std::string bytes_;
};

inline std::optional<std::uint32_t> take_number(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  bytes.remove_prefix(4);
  return value;
}

// As much of it as is there.
inline std::string take_text(std::string_view& bytes) {
  const std::size_t length = take_number(bytes).value_or(0);
  const std::string_view text = bytes.substr(0, length);
  bytes.remove_prefix(text.size());
  return std::string(text);
}

// The next whole packet without its frame, taken off `bytes`; nothing where there is none yet. One
// that is too long or too short makes `broken` true.
inline std::optional<std::string> take_packet(std::string& bytes, bool& broken) {
  std::string_view rest = bytes;
  const auto length = take_number(rest);
  if (!length) return std::nullopt;
  broken = *length > most_packet_bytes || *length < 4;
  if (broken || rest.size() < *length) return std::nullopt;
  std::string packet(rest.substr(0, *length));
  bytes.erase(0, 4 + *length);
  return packet;
}

}  // namespace sluice::runtime
