// Numbers with and without units, and the text between quotes, as docs/LANGUAGE.md section 2 has
// them. It knows no tokens and no spans: what is wrong is told in words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plan/value.h"

namespace sluice::compiler {

struct Quantity {
  std::optional<plan::Value> value;
  bool out_of_range = false;
  std::string problem;  // where there is no value
  std::string hint;     // what to write instead; may be empty
};

// `3`, `2.5`, `25%`, `1h30m`, `500kB`, `1Gbps`: what begins with a digit, up to where it ends.
Quantity read_quantity(std::string_view text);
inline bool is_quantity(std::string_view text) {
  return read_quantity(text).value.has_value();
}

// What an escape such as `\n` or `\u{1F680}` stands for; nothing for one that there is not.
std::optional<std::string> read_escape(std::string_view text);

// The text of a block from its opening to its closing quotes: without the line of the opening
// quotes, without the line end and the blanks before the closing ones, CRLF as LF, and without the
// indentation that all its lines share (blank lines aside).
std::string block_text(std::string_view text);

// What people write instead of a unit, as `sec` and `minutes`: the unit; empty for any other word.
std::string_view unit_meant(std::string_view word);

}  // namespace sluice::compiler
