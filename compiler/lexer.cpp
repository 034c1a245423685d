#include "compiler/lexer.h"

#include <algorithm>

#include "base/characters.h"
#include "base/check.h"

namespace sluice::compiler {

namespace {

bool begins_word(char c) {
  return base::is_letter(c) || c == '_';
}
bool continues_word(char c) {
  return begins_word(c) || base::is_digit(c);
}
bool is_beyond_ascii(char c) {
  return (static_cast<unsigned char>(c) & 0x80U) != 0;
}
bool is_hexadecimal(char c) {
  return base::is_hexadecimal(c);
}
bool ends_line(char c) {
  return c == '\n' || c == '\r';
}

// What is not itself within a string.
bool ends_string_text(char c) {
  return c == '"' || c == '\\' || c == '$' || ends_line(c);
}

}  // namespace

std::size_t TokenTypes::slot_of(std::string_view text) {
  std::size_t hash = text.size();
  for (const char c : text) hash = hash * 31 + static_cast<unsigned char>(c);
  return hash % slots;
}

void TokenTypes::add_text(std::string_view text, TokenKind kind, std::uint8_t type) {
  std::size_t slot = slot_of(text);
  for (std::size_t tries = 0; !entries_[slot].text.empty(); ++tries) {
    SLUICE_CHECK(tries < slots, "the table of words is full");
    slot = (slot + 1) % slots;
  }
  entries_[slot] = {std::string(text), {kind, type}};
}

const TokenTypes::Entry* TokenTypes::find(std::string_view text) const {
  for (std::size_t slot = slot_of(text); !entries_[slot].text.empty(); slot = (slot + 1) % slots) {
    if (entries_[slot].text == text) return &entries_[slot];
  }
  return nullptr;
}

TokenTypes::Found TokenTypes::word(std::string_view text) const {
  const Entry* found = find(text);
  return found != nullptr ? found->found : Found{TokenKind::Word, type_of(TokenKind::Word)};
}

TokenTypes::Found TokenTypes::sign(std::string_view text) const {
  const Entry* found = find(text);
  return found != nullptr ? found->found : Found{TokenKind::Unknown, type_of(TokenKind::Unknown)};
}

Token Lexer::token(std::size_t begin, TokenTypes::Found found) const {
  Token made;
  made.begin = static_cast<std::uint32_t>(begin);
  made.end = static_cast<std::uint32_t>(at_);
  made.kind = found.kind;
  made.type = found.type;
  return made;
}

Token Lexer::token(std::size_t begin, TokenKind kind) const {
  return token(begin, {kind, types_.type_of(kind)});
}

void Lexer::skip_run(char c) {
  while (!at_end() && text_[at_] == c) ++at_;
}

void Lexer::skip_beyond_ascii() {
  while (!at_end() && is_beyond_ascii(text_[at_])) ++at_;
}

// Blanks, line ends and comments; stops before the end of a line on which a string is open.
bool Lexer::skip_blanks() {
  while (!at_end()) {
    const char c = text_[at_];
    if (c == '#') {
      while (!at_end() && !ends_line(text_[at_])) ++at_;
    } else if (c == ' ' || c == '\t' || (ends_line(c) && !in_string())) {
      ++at_;
    } else {
      return true;
    }
  }
  return false;
}

Token Lexer::next() {
  if (depth_ % 2 == 1) return at_end() ? token(at_, TokenKind::End) : within_string();
  if (!skip_blanks()) return token(at_, TokenKind::End);
  const char c = text_[at_];
  if (begins_word(c)) return word();
  if (base::is_digit(c)) return quantity();
  if (c == '"') return quotes();
  if (ends_line(c)) return broken_string();
  return other();
}

Token Lexer::word() {
  const std::size_t begin = at_;
  while (!at_end() && continues_word(text_[at_])) ++at_;
  return token(begin, types_.word(text_.substr(begin, at_ - begin)));
}

// Anything that begins as a number; whether it is one is told afterwards.
Token Lexer::quantity() {
  const std::size_t begin = at_;
  while (!at_end()) {
    if (continues_word(text_[at_])) {
      ++at_;
    } else if (text_[at_] == '.' && base::is_digit(peek(1))) {
      at_ += 2;
    } else {
      break;
    }
  }
  if (!at_end() && text_[at_] == '%') ++at_;
  return token(begin, TokenKind::Quantity);
}

Token Lexer::quotes() {
  const std::size_t begin = at_;
  if (peek(1) != '"' || peek(2) != '"') {
    ++at_;
    ++depth_;
    return token(begin, TokenKind::StringOpen);
  }
  skip_run('"');
  const TokenKind kind = text_block(at_ - begin);
  return token(begin, kind);
}

// Behind the opening quotes: takes the rest of the block, up to as many quotes again; of a longer
// run of quotes the last ones close. What does not open at the end of its line, stands in a string
// or never closes is broken; it ends with its line if quotes close it there.
TokenKind Lexer::text_block(std::size_t quotes) {
  if (in_string()) return TokenKind::BrokenBlock;
  while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  const bool opened = !at_end() && text_[at_] == '\n';
  std::size_t run = 0;
  while (run < quotes || (!at_end() && text_[at_] == '"')) {
    if (at_end() || (text_[at_] == '\n' && !opened)) return TokenKind::BrokenBlock;
    run = text_[at_] == '"' ? run + 1 : 0;
    ++at_;
  }
  return opened ? TokenKind::TextBlock : TokenKind::BrokenBlock;
}

// A sign, or a run of one that means nothing here.
Token Lexer::other() {
  const std::size_t begin = at_;
  const char c = text_[at_];
  if (is_beyond_ascii(c)) {
    skip_beyond_ascii();
    return token(begin, TokenKind::Unknown);
  }
  const TokenTypes::Found two = types_.sign(text_.substr(at_, 2));
  if (two.kind != TokenKind::Unknown && at_ + 1 < text_.size()) {
    at_ += 2;
    return token(begin, two);
  }
  if (std::string_view(";'!&|").find(c) != std::string_view::npos) {
    skip_run(c);
    return token(begin, TokenKind::Unknown);
  }
  ++at_;
  if (c == '}' && in_string()) {
    --depth_;
    return token(begin, TokenKind::InterpolationClose);
  }
  return token(begin, types_.sign(text_.substr(begin, 1)));
}

Token Lexer::within_string() {
  const std::size_t begin = at_;
  switch (text_[at_]) {
    case '"':
      ++at_;
      --depth_;
      return token(begin, TokenKind::StringClose);
    case '\\':
      return escape();
    case '\r':
    case '\n':
      return broken_string();
    case '$':
      ++at_;
      if (peek() != '{') return token(begin, TokenKind::StringText);
      ++at_;
      ++depth_;
      return token(begin, TokenKind::InterpolationOpen);
    default:
      while (!at_end() && !ends_string_text(text_[at_])) ++at_;
      return token(begin, TokenKind::StringText);
  }
}

// `\u{1F680}`, a backslash with what follows it, or one that nothing follows on its line.
Token Lexer::escape() {
  const std::size_t begin = at_;
  ++at_;
  if (at_end() || ends_line(text_[at_])) return token(begin, TokenKind::StringText);
  if (is_beyond_ascii(text_[at_])) {
    skip_beyond_ascii();
    return token(begin, TokenKind::StringEscape);
  }
  const bool braced = text_[at_] == 'u' && peek(1) == '{';
  ++at_;
  std::size_t end = at_ + 1;
  while (braced && end < text_.size() && is_hexadecimal(text_[end])) ++end;
  if (braced && end < text_.size() && text_[end] == '}') at_ = end + 1;
  return token(begin, TokenKind::StringEscape);
}

// The end of a line on which a string is open: all that was open is given up.
Token Lexer::broken_string() {
  const std::size_t begin = at_;
  ++at_;
  depth_ = 0;
  return token(begin, TokenKind::BrokenString);
}

}  // namespace sluice::compiler
