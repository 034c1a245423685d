#include "compiler/patterns.h"

#include "base/utf8.h"

namespace sluice::compiler {

namespace {

// The end of a set that begins at `[`; 0 where it is none.
std::size_t set_end(std::string_view pattern) {
  std::size_t at = 1;
  if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) ++at;
  if (at < pattern.size() && pattern[at] == ']') ++at;
  const std::size_t close = pattern.find(']', at);
  return close == std::string_view::npos ? 0 : close + 1;
}

bool in_set(char32_t wanted, std::string_view set) {
  set = set.substr(1, set.size() - 2);
  const bool other = set.starts_with('!') || set.starts_with('^');
  if (other) set.remove_prefix(1);
  bool found = false;
  while (!set.empty()) {
    const base::CodePoint low = base::decode_utf8(set);
    set.remove_prefix(low.bytes);
    char32_t high = low.value;
    if (set.size() > 1 && set[0] == '-') {
      set.remove_prefix(1);
      const base::CodePoint end = base::decode_utf8(set);
      set.remove_prefix(end.bytes);
      high = end.value;
    }
    found = found || (wanted >= low.value && wanted <= high);
  }
  return found != other;
}

}  // namespace

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

bool fits_pattern(std::string_view text, std::string_view pattern) {
  // Behind the last star, to try again with one more character in it.
  std::string_view again_pattern;
  std::string_view again_text;
  bool star = false;
  while (true) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      star = true;
      again_pattern = pattern;
      again_text = text;
      continue;
    }
    if (text.empty() && pattern.empty()) return true;
    bool fits = false;
    if (!text.empty() && !pattern.empty()) {
      const base::CodePoint next = base::decode_utf8(text);
      const std::size_t set = pattern[0] == '[' ? set_end(pattern) : 0;
      std::size_t taken = 1;
      if (set > 0) {
        fits = in_set(next.value, pattern.substr(0, set));
        taken = set;
      } else if (pattern[0] == '?') {
        fits = true;
      } else {
        taken = next.bytes;
        fits = pattern.substr(0, taken) == text.substr(0, taken);
      }
      if (fits) {
        pattern.remove_prefix(taken);
        text.remove_prefix(next.bytes);
      }
    }
    if (fits) continue;
    if (!star || again_text.empty()) return false;
    again_text.remove_prefix(base::decode_utf8(again_text).bytes);
    text = again_text;
    pattern = again_pattern;
  }
}

}  // namespace sluice::compiler
