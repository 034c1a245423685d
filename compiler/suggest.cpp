#include "compiler/suggest.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::compiler {

namespace {

// Damerau's distance with adjacent swaps (the restricted form), over bytes.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::vector<std::size_t> next(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        next[j] = std::min(next[j], before[j - 2] + 1);
      }
    }
    std::swap(before, row);
    std::swap(row, next);
  }
  return row[b.size()];
}

bool same_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t longest = 100;  // a longer word is no misspelling of anything
  constexpr std::size_t most = 20'000;  // beyond them it takes too long to be worth it
  if (word.empty() || word.size() > longest || candidates.size() > most) return "";
  // Of a word of one letter any other would be near.
  std::size_t best = word.size() < 2 ? 1 : std::max<std::size_t>(1, (word.size() + 1) / 3) + 1;
  std::string found;
  for (const std::string& candidate : candidates) {
    const std::size_t gap = candidate.size() > word.size() ? candidate.size() - word.size()
                                                           : word.size() - candidate.size();
    if (gap >= best || candidate == word) continue;
    const std::size_t apart = same_but_for_case(word, candidate) ? 0 : distance(word, candidate);
    if (apart >= best) continue;
    best = apart;
    found = candidate;
  }
  return found;
}

std::vector<std::string> did_you_mean(std::string_view word,
                                      std::span<const std::string> candidates) {
  const std::string found = nearest(word, candidates);
  if (found.empty()) return {};
  return {fmt::format("did you mean `{}`?", found)};
}

std::string there_are(std::span<const std::string> names) {
  return fmt::format("there {} {}", names.size() == 1 ? "is" : "are", fmt::join(names, ", "));
}

}  // namespace sluice::compiler
