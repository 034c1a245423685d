#include "runtime/mask.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/characters.h"
#include "base/utf8.h"

namespace sluice::runtime {

namespace {

constexpr std::string_view stars = "***";
constexpr std::size_t shortest_line = 8;  // of a secret of several
constexpr std::size_t shortest_part = 4;  // of a secret that was parted: what is less tells nothing

bool is_plain(unsigned char c) {
  return base::is_letter_or_digit(static_cast<char>(c));
}

// The characters of base64 that the bytes alone decide, where `offset` bytes stand before them.
std::string base64(std::string_view bytes, std::size_t offset, std::string_view last_two) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const std::string text = std::string(offset, '\0') + std::string(bytes);
  std::string encoded;
  const std::size_t whole = text.size() * 8 / 6;
  for (std::size_t i = (offset * 8 + 5) / 6; i < whole; ++i) {
    const std::size_t bit = i * 6;
    const auto high = static_cast<unsigned char>(text[bit / 8]);
    const auto low = static_cast<unsigned char>(bit / 8 + 1 < text.size() ? text[bit / 8 + 1] : 0);
    const unsigned int pair = (high * 256U + low) >> (10 - bit % 8);
    const std::size_t value = pair & 63U;
    encoded += value < letters.size() ? letters[value] : last_two[value - letters.size()];
  }
  return encoded;
}

template <class Each>
std::string each_byte(std::string_view bytes, Each each) {
  std::string text;
  for (const char c : bytes) text += each(static_cast<unsigned char>(c));
  return text;
}

std::string hexadecimal(std::string_view bytes, bool upper) {
  return each_byte(bytes, [&](unsigned char c) {
    return upper ? fmt::format("{:02X}", c) : fmt::format("{:02x}", c);
  });
}

// `kept`: what stays as it is beside letters and digits; a space may be a plus.
std::string percent(std::string_view bytes, std::string_view kept, bool upper, bool plus) {
  return each_byte(bytes, [&](unsigned char c) {
    if (is_plain(c) || kept.find(static_cast<char>(c)) != std::string_view::npos) {
      return std::string(1, static_cast<char>(c));
    }
    if (plus && c == ' ') return std::string("+");
    return upper ? fmt::format("%{:02X}", c) : fmt::format("%{:02x}", c);
  });
}

// `html`: what a page might take for markup is spelled out as well, as Go does, or as .NET does.
struct JsonStyle {
  bool slash = false;
  std::string_view html;
  bool ascii = false;  // what is not ASCII in UTF-16
  bool upper = false;
};

std::string escaped(std::uint32_t unit, bool upper) {
  return upper ? fmt::format("\\u{:04X}", unit) : fmt::format("\\u{:04x}", unit);
}

std::string json(std::string_view bytes, const JsonStyle& style) {
  return each_byte(bytes, [&](unsigned char c) {
    if (style.html.find(static_cast<char>(c)) != std::string_view::npos) {
      return escaped(c, style.upper);
    }
    switch (c) {
      case '"':
        return std::string("\\\"");
      case '\\':
        return std::string("\\\\");
      case '\n':
        return std::string("\\n");
      case '\r':
        return std::string("\\r");
      case '\t':
        return std::string("\\t");
      case '/':
        return std::string(style.slash ? "\\/" : "/");
      default:
        return c < 0x20 ? escaped(c, style.upper) : std::string(1, static_cast<char>(c));
    }
  });
}

std::string json_text(std::string_view bytes, const JsonStyle& style) {
  if (!style.ascii) return json(bytes, style);
  std::string text;
  while (!bytes.empty()) {
    const base::CodePoint point = base::decode_utf8(bytes);
    const auto code = static_cast<std::uint32_t>(point.value);
    if (!point.valid || code < 0x80) {
      text += json(bytes.substr(0, 1), style);
    } else if (code < 0x10000) {
      text += escaped(code, style.upper);
    } else {
      text += escaped(0xd800 + ((code - 0x10000) >> 10U), style.upper);
      text += escaped(0xdc00 + ((code - 0x10000) & 0x3ffU), style.upper);
    }
    bytes.remove_prefix(point.bytes);
  }
  return text;
}

std::string replaced(std::string_view bytes, char what, std::string_view by) {
  return each_byte(bytes, [&](unsigned char c) {
    return static_cast<char>(c) == what ? std::string(by) : std::string(1, static_cast<char>(c));
  });
}

// As bash's `%q` writes a word. `#` and `~` only where a word could begin with them.
std::string bash_word(std::string_view bytes) {
  constexpr std::string_view special = " \t\n!\"$&'()*,;<>?[\\]^`{|}";
  std::string text;
  for (const char c : bytes) {
    const bool first = text.empty() && (c == '#' || c == '~');
    if (first || special.find(c) != std::string_view::npos) text += '\\';
    text += c;
  }
  return text;
}

// As bash writes it between `$'` and `'`, where it holds control characters or, outside of a UTF-8
// locale, what is not ASCII.
std::string bash_escapes(std::string_view bytes, bool ascii) {
  constexpr std::string_view controls = "\a\b\t\n\v\f\r\x1b";
  constexpr std::string_view letters = "abtnvfrE";
  return each_byte(bytes, [&](unsigned char c) {
    const std::size_t known = controls.find(static_cast<char>(c));
    if (known != std::string_view::npos) return std::string("\\") + letters[known];
    if (c == '\'' || c == '\\') return std::string("\\") + static_cast<char>(c);
    const bool shown = c >= 0x20 && c != 0x7f && (c < 0x80 || !ascii);
    return shown ? std::string(1, static_cast<char>(c)) : fmt::format("\\{:03o}", c);
  });
}

// As `declare -p` and `export -p` of bash write it, between double quotes.
std::string double_quoted(std::string_view bytes) {
  return each_byte(bytes, [](unsigned char c) {
    const bool special = std::string_view("\"$`\\").find(static_cast<char>(c)) != std::string::npos;
    return (special ? "\\" : "") + std::string(1, static_cast<char>(c));
  });
}

// As other shells write a word: a backslash before all that could mean something.
std::string backslashed(std::string_view bytes) {
  return each_byte(bytes, [](unsigned char c) {
    const bool kept =
        is_plain(c) || c >= 0x80 ||
        std::string_view("_-./:=@%+").find(static_cast<char>(c)) != std::string_view::npos;
    return kept ? std::string(1, static_cast<char>(c)) : std::string("\\") + static_cast<char>(c);
  });
}

}  // namespace

Mask::Mask(const std::vector<std::string_view>& secrets) {
  for (const std::string_view secret : secrets) {
    add_spellings(secret);
    if (secret.find('\n') == std::string_view::npos) continue;
    std::string_view rest = secret;
    while (!rest.empty()) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      if (line.size() >= shortest_line) add_spellings(line);
    }
  }
  std::sort(spellings_.begin(), spellings_.end());
  spellings_.erase(std::unique(spellings_.begin(), spellings_.end()), spellings_.end());
  for (std::uint32_t i = 0; i < spellings_.size(); ++i) {
    by_first_[static_cast<unsigned char>(spellings_[i].front())].push_back(i);
  }
}

void Mask::add(std::string spelling) {
  if (!spelling.empty()) spellings_.push_back(std::move(spelling));
}

void Mask::add_spellings(std::string_view secret) {
  add(std::string(secret));
  for (std::size_t offset = 0; offset < 3; ++offset) {
    add(base64(secret, offset, "+/"));
    add(base64(secret, offset, "-_"));
  }
  for (const bool upper : {false, true}) {
    add(hexadecimal(secret, upper));
    for (const bool plus : {false, true}) {
      add(percent(secret, "-._~", upper, plus));
      add(percent(secret, "-._~/", upper, plus));      // Python's quote()
      add(percent(secret, "-._*", upper, plus));       // a form's
      add(percent(secret, "-._~!*'()", upper, plus));  // encodeURIComponent()
    }
  }
  for (const std::string_view html : {"", "<>&", "\"'<>&+`"}) {
    for (const bool slash : {false, true}) {
      for (const bool ascii : {false, true}) {
        for (const bool upper : {false, true}) add(json_text(secret, {slash, html, ascii, upper}));
      }
    }
  }
  add(json(json(secret, {}), {}));  // JSON inside JSON
  add(replaced(secret, '\'', "'\\''"));
  add(replaced(secret, '\'', "'\"'\"'"));
  add(backslashed(secret));
  add(bash_word(secret));
  for (const bool ascii : {false, true}) add(bash_escapes(secret, ascii));
  add(double_quoted(secret));
  add(replaced(secret, '$', "$$"));
}

// Line ends may stand between two characters of what is looked for.
void Mask::add_match(std::string_view spelling, std::string_view text, std::size_t at,
                     Found& found) {
  std::size_t to = at;
  std::size_t from = 0;
  while (from < spelling.size() && to < text.size()) {
    if (spelling[from] == text[to]) {
      ++from;
    } else if (from == 0 || (text[to] != '\n' && text[to] != '\r')) {
      return;
    }
    ++to;
  }
  if (from == spelling.size()) {
    found.length = std::max(found.length, to - at);
  } else {
    found.open = true;
  }
}

Mask::Found Mask::find(std::string_view text, std::size_t at) const {
  Found found;
  for (const std::uint32_t index : by_first_[static_cast<unsigned char>(text[at])]) {
    add_match(spellings_[index], text, at, found);
  }
  return found;
}

Mask::Found Mask::find_end(std::string_view text) const {
  Found found;
  for (const std::string_view spelling : spellings_) {
    for (std::size_t from = 1; from + shortest_part <= spelling.size(); ++from) {
      add_match(spelling.substr(from), text, 0, found);
    }
  }
  return found;
}

std::string Mask::apply(std::string_view text) const {
  if (empty()) return std::string(text);
  Stream stream(*this);
  std::string masked = stream.take(text);
  return masked + stream.finish();
}

std::string Mask::Stream::take(std::string_view bytes) {
  if (mask_->empty()) return std::string(bytes);
  held_.append(bytes);
  return scan(false);
}

// All that is held back is the beginning of a spelling, or else it would not be.
std::string Mask::Stream::leave_out() {
  if (mask_->empty()) return {};
  std::string out = scan(false);
  const std::size_t line_ends = held_.size() - 1 - held_.find_last_not_of("\r\n");
  const std::size_t part = held_.size() - line_ends;
  if (parted_ || (part > covered_ && part >= shortest_part)) {
    out += held_.empty() ? std::string() : std::string(stars) + held_.substr(part);
    held_.clear();
  } else {
    out += scan(true);
  }
  covered_ = 0;
  parted_ = true;
  return out;
}

std::string Mask::Stream::finish() {
  return scan(true);
}

// What overlaps is masked as one: a byte is kept only where nothing that was found covers it.
std::string Mask::Stream::scan(bool last) {
  std::string out;
  std::size_t at = 0;
  std::size_t covered = covered_;
  if (parted_) {
    const Found end = mask_->find_end(held_);
    if (end.open && !last) return out;
    if (end.length > 0) out += stars;
    covered = end.length;
    parted_ = false;
  }
  for (; at < held_.size(); ++at) {
    const Found found = mask_->find(held_, at);
    if (found.open && !last) break;
    if (found.length > 0) {
      if (at >= covered) out += stars;
      covered = std::max(covered, at + found.length);
    }
    if (at >= covered) out += held_[at];
  }
  covered_ = covered > at ? covered - at : 0;
  held_.erase(0, at);
  return out;
}

}  // namespace sluice::runtime
