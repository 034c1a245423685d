#include "runtime/mail_message.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/utf8.h"

namespace sluice::runtime {

namespace {

bool is_ascii_visible(char c) {
  return c > ' ' && c <= '~';
}

bool is_address(std::string_view one) {
  constexpr std::size_t longest = 254;  // RFC 5321, 4.5.3.1.3, without the brackets
  const std::size_t at = one.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < one.size() && one.size() <= longest &&
         std::all_of(one.begin(), one.end(), is_ascii_visible) &&
         one.find_first_of("<>\"(),:;\\[]") == std::string_view::npos && one.find('@') == at;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string made;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 |
              (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : std::uint32_t{0});
    }
    for (std::size_t j = 0; j < 4; ++j) {
      made += i + j <= bytes.size() ? digits[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return made;
}

bool continues_a_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

}  // namespace

base::Result<std::vector<std::string>> mail_addresses(std::string_view text) {
  std::vector<std::string> made;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view one = text.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (!is_address(one)) {
      return base::Error{fmt::format("`{}` is no address of mail", base::printable(one))};
    }
    if (std::find(made.begin(), made.end(), one) == made.end()) made.emplace_back(one);
    if (comma == text.size()) return made;
    text.remove_prefix(comma + 1);
  }
}

std::string header_text(std::string_view text) {
  constexpr std::size_t most_bytes = 45;     // 60 characters of base64, and 12 around them
  constexpr std::size_t longest_line = 900;  // RFC 5322 allows 998
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  // Blanks at an end are no part of a header for who reads it.
  const bool trimmed = line.empty() || (line.front() != ' ' && line.back() != ' ');
  const bool plain =
      trimmed && line.size() <= longest_line && line.find("=?") == std::string::npos &&
      std::all_of(line.begin(), line.end(), [](char c) { return c == ' ' || is_ascii_visible(c); });
  if (plain) return line;
  std::string made;
  for (std::string_view rest = line; !rest.empty();) {
    std::size_t end = std::min(most_bytes, rest.size());
    while (end < rest.size() && end > 1 && continues_a_character(rest[end])) --end;
    made +=
        fmt::format("{}=?UTF-8?B?{}?=", made.empty() ? "" : "\r\n ", base64(rest.substr(0, end)));
    rest.remove_prefix(end);
  }
  return made;
}

std::string mail_date(std::int64_t seconds) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000",
                     fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace sluice::runtime
