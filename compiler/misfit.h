// A token that does not fit, and what stands around it: what syntax errors and their hints are
// worked out from.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "compiler/syntax_errors.h"

namespace sluice::compiler {

template <class Things, class Thing>
bool is_in(const Things& things, const Thing& thing) {
  return std::find(things.begin(), things.end(), thing) != things.end();
}

// As it may stand in a message: printable, and not too long.
std::string shortened(std::string_view text);

class Misfit {
 public:
  Misfit(const TokenList& list, const Unexpected& unexpected);

 protected:
  bool expects(std::string_view word) const { return is_in(unexpected_.expected, word); }
  bool on_new_line() const { return token_.first_on_line || token_.kind == TokenKind::End; }
  std::string shown() const { return shortened(found_); }
  std::string_view opening() const { return list_.text(unexpected_.begin); }
  // The texts of the tokens behind it, from 1; the last one where there are no more.
  std::string_view behind(std::size_t count) const;
  TokenKind kind_behind() const;
  // The last word before the mistake that begins a phrase, of the same block.
  std::string_view opening_before() const;
  bool in_expression() const;
  // On the line on which a declaration has just ended.
  bool behind_declaration() const;
  std::string_view declaration_before() const;  // its first word
  // The token before is of that kind, and no blank stands between.
  bool touches(TokenKind kind) const;
  // The token before ends a string.
  bool behind_string() const;
  bool is_foreign_quote() const;
  // Two values may be compared here.
  bool compares_here() const;
  // A word of the language that is compared, as a property would be: `role == "primary"`.
  bool is_compared(std::size_t token) const;
  // `user = …`, which has lost its block.
  bool is_attribute() const { return behind(1) == "="; }

  const TokenList& list_;
  const Unexpected& unexpected_;
  const Token& token_;
  std::string_view found_;   // the token, or the whole of the string that begins there
  std::string_view before_;  // the token before, or the whole of the string that ends there
  bool is_word_ = false;

 private:
  std::string_view text_before(std::size_t token) const;
  std::string_view text_from(std::size_t token) const;
};

}  // namespace sluice::compiler
