// What `--only`, `--skip`, `--limit` and `--exclude` name: names, and patterns of them as a shell
// has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::compiler {

// `*` any text, `?` one character, `[a-z]` and `[!a-z]` one of a set; everything else is itself.
bool fits_pattern(std::string_view text, std::string_view pattern);
bool is_pattern(std::string_view text);

// One of the words of an option. A word that is the whole option may hold commas.
struct Chosen {
  std::string option;  // --only
  std::string word;
  bool found = false;  // something fits it
};
// The options' words, between commas; `is_whole` says of a text with commas that it is one word.
template <class IsWhole>
std::vector<Chosen> chosen_words(std::string_view option, const std::vector<std::string>& given,
                                 IsWhole&& is_whole) {
  std::vector<Chosen> words;
  for (const std::string& text : given) {
    if (is_whole(text)) {
      words.push_back({std::string(option), text});
      continue;
    }
    std::string_view rest = text;
    while (true) {
      const std::size_t comma = rest.find(',');
      std::string_view word = rest.substr(0, comma);
      while (word.starts_with(' ')) word.remove_prefix(1);
      while (word.ends_with(' ')) word.remove_suffix(1);
      words.push_back({std::string(option), std::string(word)});
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return words;
}

}  // namespace sluice::compiler
