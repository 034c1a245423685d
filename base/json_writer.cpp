#include "base/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/utf8.h"

namespace sluice::base {

namespace {

// Stands in a JSON string as it is.
bool is_plain(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte >= 0x20U && byte < 0x7FU && byte != '"' && byte != '\\';
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (std::all_of(text.begin(), text.end(), [](char character) { return is_plain(character); })) {
    out.append(text);
    return;
  }
  std::size_t plain = 0;  // start of the run not yet written
  const auto flush = [&](std::size_t end) { out.append(text.substr(plain, end - plain)); };
  std::size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (is_plain(text[at])) {
      ++at;
      continue;
    }
    if (byte >= 0x80U) {
      const CodePoint next = decode_utf8(text.substr(at));
      if (!next.valid) {
        flush(at);
        out += "\xEF\xBF\xBD";
        plain = at + 1;
      }
      at += next.bytes;
      continue;
    }
    flush(at);
    switch (byte) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out.push_back(digits[byte >> 4U]);
        out.push_back(digits[byte & 0x0FU]);
    }
    plain = ++at;
  }
  flush(text.size());
}

}  // namespace

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) return;
  SLUICE_CHECK(!levels_.back().object, "a value in a JSON object needs a key");
  if (!levels_.back().empty) out_.push_back(',');
  levels_.back().empty = false;
}

JsonWriter& JsonWriter::begin_object() {
  before_value();
  out_.push_back('{');
  levels_.push_back({true, true});
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  SLUICE_CHECK(!levels_.empty() && levels_.back().object && !after_key_, "no JSON object is open");
  levels_.pop_back();
  out_.push_back('}');
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  before_value();
  out_.push_back('[');
  levels_.push_back({false, true});
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  SLUICE_CHECK(!levels_.empty() && !levels_.back().object, "no JSON array is open");
  levels_.pop_back();
  out_.push_back(']');
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  SLUICE_CHECK(!levels_.empty() && levels_.back().object && !after_key_,
               "a JSON key stands in an object");
  if (!levels_.back().empty) out_.push_back(',');
  levels_.back().empty = false;
  out_.push_back('"');
  append_escaped(out_, name);
  out_ += "\":";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  before_value();
  out_.push_back('"');
  append_escaped(out_, text);
  out_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::value(bool truth) {
  before_value();
  out_ += truth ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::value(std::int64_t number) {
  before_value();
  const fmt::format_int digits(number);
  out_.append(digits.data(), digits.size());
  return *this;
}

JsonWriter& JsonWriter::value(std::uint64_t number) {
  before_value();
  const fmt::format_int digits(number);
  out_.append(digits.data(), digits.size());
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  SLUICE_CHECK(std::isfinite(number), "JSON has no infinity and no NaN");
  before_value();
  fmt::format_to(std::back_inserter(out_), "{}", number);
  return *this;
}

JsonWriter& JsonWriter::null() {
  before_value();
  out_ += "null";
  return *this;
}

}  // namespace sluice::base
