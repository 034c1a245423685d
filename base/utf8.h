// UTF-8, one code point at a time, and how many columns a terminal gives it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::base {

struct CodePoint {
  char32_t value = 0;
  std::uint32_t bytes = 1;  // how many it took
  bool valid = true;        // false: the byte at the start is no UTF-8; `bytes` is 1 then
};

// The code point at the start of a text that is not empty. Overlong forms, surrogates and what lies
// beyond U+10FFFF are not valid (RFC 3629).
CodePoint decode_utf8(std::string_view text);
void append_utf8(std::string& text, char32_t code_point);
// The offset of the first byte that is no UTF-8, or npos.
std::size_t find_invalid_utf8(std::string_view text);

// What a reader cannot see, or what moves a terminal's cursor: C0 and C1 controls, DEL, and the
// bidirectional controls (CVE-2021-42574).
bool is_control(char32_t code_point);
bool is_bidirectional_control(char32_t code_point);

// Columns on a terminal: 2 for wide East Asian characters and emoji, 0 for combining marks, else 1.
int display_width(char32_t code_point);
int display_width(std::string_view text);

// The text with everything that is_control or not valid written as \xNN or \u{NNNN}; safe to print.
std::string printable(std::string_view text);

}  // namespace sluice::base
