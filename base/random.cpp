#include "base/random.h"

namespace sluice::base {

namespace {

constexpr std::uint32_t multiplier_0 = 0xD2511F53;
constexpr std::uint32_t multiplier_1 = 0xCD9E8D57;
constexpr std::uint32_t weyl_0 = 0x9E3779B9;  // the golden ratio
constexpr std::uint32_t weyl_1 = 0xBB67AE85;  // the square root of three, less one
constexpr int rounds = 10;

// The finishing mix of SplitMix64.
std::uint64_t finished(std::uint64_t hash) {
  hash ^= hash >> 30U;
  hash *= 0xbf58476d1ce4e5b9ULL;
  hash ^= hash >> 27U;
  hash *= 0x94d049bb133111ebULL;
  hash ^= hash >> 31U;
  return hash;
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t product_0 = std::uint64_t{multiplier_0} * counter[0];
    const std::uint64_t product_1 = std::uint64_t{multiplier_1} * counter[2];
    counter = {static_cast<std::uint32_t>(product_1 >> 32U) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(product_1),
               static_cast<std::uint32_t>(product_0 >> 32U) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(product_0)};
    key[0] += weyl_0;
    key[1] += weyl_1;
  }
  return counter;
}

std::array<std::uint64_t, 2> random_pair(std::uint64_t seed, std::uint32_t run,
                                         std::uint64_t identity, std::uint32_t draw) {
  const auto words =
      philox4x32({static_cast<std::uint32_t>(identity), static_cast<std::uint32_t>(identity >> 32U),
                  run, draw},
                 {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U)});
  return {(std::uint64_t{words[1]} << 32U) | words[0], (std::uint64_t{words[3]} << 32U) | words[2]};
}

std::uint64_t random_bits(std::uint64_t seed, std::uint32_t run, std::uint64_t identity,
                          std::uint32_t draw) {
  return random_pair(seed, run, identity, draw)[0];
}

double to_unit_interval(std::uint64_t bits) {
  return static_cast<double>(bits >> 11U) * 0x1.0p-53;
}

std::uint64_t stable_hash(std::string_view text, std::uint64_t basis) {
  std::uint64_t hash = basis;
  for (const char character : text) {
    hash ^= static_cast<unsigned char>(character);
    hash *= 0x100000001b3ULL;
  }
  return finished(hash);  // FNV-1a alone leaves the high bits of short texts alike
}

std::uint64_t combined_hash(std::uint64_t first, std::uint64_t second) {
  return finished(first + second * 0x9e3779b97f4a7c15ULL + 1);
}

}  // namespace sluice::base
