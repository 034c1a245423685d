#include "plan/ssh_names.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/characters.h"

namespace sluice::plan {

namespace {

// By character: whether it may stand in the name of a host. Millions of names are looked at.
constexpr std::array<bool, 256> in_hosts = [] {
  std::array<bool, 256> allowed{};
  for (std::size_t byte = 0; byte < allowed.size(); ++byte) {
    const char c = static_cast<char>(byte);
    allowed[byte] =
        base::is_letter_or_digit(c) || c == '.' || c == '_' || c == ':' || c == '-' || c == '%';
  }
  return allowed;
}();

}  // namespace

bool is_host_text(std::string_view text) {
  return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
    return in_hosts[static_cast<unsigned char>(c)];
  });
}

bool is_user_text(std::string_view text) {
  return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
    return in_hosts[static_cast<unsigned char>(c)] || c == '\\' || c == '@' || c == '+' || c == '$';
  });
}

bool is_jump_text(std::string_view text) {
  while (true) {
    const std::size_t end = std::min(text.find(','), text.size());
    std::string hop(text.substr(0, end));
    const std::size_t at = hop.rfind('@');  // as ssh reads it
    if (at != std::string::npos) {
      if (!is_user_text(std::string_view(hop).substr(0, at))) return false;
      hop.erase(0, at + 1);
    }
    std::erase_if(hop, [](char c) { return c == '[' || c == ']'; });
    if (!is_host_text(hop)) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

std::string_view problem_for_libssh(std::string_view setting) {
  if (setting == "jump") return "`jump` is for OpenSSH's client";
  if (setting == "config_file") return "`config_file` is read by OpenSSH's client alone";
  return "";
}

}  // namespace sluice::plan
