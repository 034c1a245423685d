// A quick hash of a text, for tables in memory. No order and no file may come of it: it is not the
// same on every machine.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::base {

// Eight bytes at a time.
inline std::uint64_t quick_hash(std::string_view text) {
  constexpr std::uint64_t factor = 0x9e3779b97f4a7c15ULL;
  std::uint64_t hash = text.size() * factor;
  const auto mix = [&](std::uint64_t word) {
    hash = (hash ^ word) * 0xbf58476d1ce4e5b9ULL;
    hash ^= hash >> 29U;
  };
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    mix(word);
    text.remove_prefix(8);
  }
  std::uint64_t word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  mix(word);
  hash *= factor;
  return hash ^ (hash >> 32U);
}

// What a table keeps beside an entry whose place the lower half has told: most others are passed
// without a look.
inline std::uint32_t upper_half(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32U);
}

}  // namespace sluice::base
