#include "base/utf8.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"

namespace sluice::base {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// The blocks that terminals draw two columns wide (Unicode's East Asian Width W and F, and emoji).
constexpr std::array wide = {
    Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0x33FF},
    Range{0x3400, 0x4DBF},   Range{0x4E00, 0x9FFF},   Range{0xA000, 0xA4CF},
    Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},
    Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},   Range{0x1F300, 0x1F64F},
    Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1F9FF}, Range{0x20000, 0x3FFFD}};

// Combining marks and joiners, which take no column of their own.
constexpr std::array narrowless = {
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD}, Range{0x064B, 0x065F},
    Range{0x1AB0, 0x1AFF}, Range{0x1DC0, 0x1DFF}, Range{0x200B, 0x200D}, Range{0x20D0, 0x20FF},
    Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F}};

template <class Ranges>
bool contains(const Ranges& ranges, char32_t code_point) {
  for (const Range& range : ranges) {
    if (code_point >= range.first && code_point <= range.last) return true;
  }
  return false;
}

struct Lead {
  std::uint32_t bytes;
  char32_t bits;
  char32_t smallest;  // a smaller value is an overlong form
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80U) return {1, byte, 0};
  if (byte >= 0xC2U && byte < 0xE0U) return {2, byte & 0x1FU, 0x80};
  if (byte >= 0xE0U && byte < 0xF0U) return {3, byte & 0x0FU, 0x800};
  if (byte >= 0xF0U && byte < 0xF5U) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

// How many bytes of the visible ASCII characters and spaces it begins with: most of what is
// written.
std::size_t plain_prefix(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && text[size] >= 0x20 && text[size] < 0x7F) ++size;
  return size;
}

}  // namespace

CodePoint decode_utf8(std::string_view text) {
  SLUICE_CHECK(!text.empty(), "an empty text has no code point");
  constexpr CodePoint broken{0xFFFD, 1, false};
  const Lead lead = lead_of(static_cast<unsigned char>(text.front()));
  if (lead.bytes == 0 || lead.bytes > text.size()) return broken;
  char32_t value = lead.bits;
  for (std::uint32_t i = 1; i < lead.bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80U) return broken;
    value = (value << 6U) | (byte & 0x3FU);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < lead.smallest || value > 0x10FFFF || surrogate) return broken;
  return {value, lead.bytes, true};
}

void append_utf8(std::string& text, char32_t code_point) {
  const auto push = [&text](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    push(code_point);
  } else if (code_point < 0x800) {
    push(0xC0U | (code_point >> 6U));
    push(0x80U | (code_point & 0x3FU));
  } else if (code_point < 0x10000) {
    push(0xE0U | (code_point >> 12U));
    push(0x80U | ((code_point >> 6U) & 0x3FU));
    push(0x80U | (code_point & 0x3FU));
  } else {
    push(0xF0U | (code_point >> 18U));
    push(0x80U | ((code_point >> 12U) & 0x3FU));
    push(0x80U | ((code_point >> 6U) & 0x3FU));
    push(0x80U | (code_point & 0x3FU));
  }
}

std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0x80U) {
      ++at;
      continue;
    }
    const CodePoint next = decode_utf8(text.substr(at));
    if (!next.valid) return at;
    at += next.bytes;
  }
  return std::string_view::npos;
}

bool is_bidirectional_control(char32_t code_point) {
  return code_point == 0x061C || code_point == 0x200E || code_point == 0x200F ||
         (code_point >= 0x202A && code_point <= 0x202E) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

bool is_control(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0x2028 ||
         code_point == 0x2029 || is_bidirectional_control(code_point);
}

int display_width(char32_t code_point) {
  if (code_point < 0x300) return 1;
  if (contains(narrowless, code_point)) return 0;
  return contains(wide, code_point) ? 2 : 1;
}

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    if (const std::size_t plain = plain_prefix(text); plain > 0) {
      width += static_cast<int>(plain);
      text.remove_prefix(plain);
      continue;
    }
    const CodePoint next = decode_utf8(text);
    width += display_width(next.value);
    text.remove_prefix(next.bytes);
  }
  return width;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (const std::size_t plain = plain_prefix(text); plain > 0) {
      out.append(text.substr(0, plain));
      text.remove_prefix(plain);
      continue;
    }
    const CodePoint next = decode_utf8(text);
    if (!next.valid) {
      out += fmt::format("\\x{:02X}", static_cast<unsigned char>(text.front()));
    } else if (next.value == '\n') {
      out += "\\n";
    } else if (next.value == '\t') {
      out += "\\t";
    } else if (next.value == '\r') {
      out += "\\r";
    } else if (is_control(next.value)) {
      out += fmt::format("\\u{{{:X}}}", static_cast<std::uint32_t>(next.value));
    } else {
      out.append(text.substr(0, next.bytes));
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

}  // namespace sluice::base
