// The name that was probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::compiler {

// The candidate nearest to the word, by letters changed, left out, added or swapped; empty where
// none is near (at most a third of the word's letters, at least one). The first of equals.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

// "did you mean `window`?" as the only hint, or none.
std::vector<std::string> did_you_mean(std::string_view word,
                                      std::span<const std::string> candidates);

// "there is web", "there are api, web".
std::string there_are(std::span<const std::string> names);

}  // namespace sluice::compiler
