#include "base/random.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace sluice::base {

namespace {

constexpr std::uint32_t multiplier_0 = 0xD2511F53;
constexpr std::uint32_t multiplier_1 = 0xCD9E8D57;
constexpr std::uint32_t weyl_0 = 0x9E3779B9;  // the golden ratio
constexpr std::uint32_t weyl_1 = 0xBB67AE85;  // the square root of three, less one
constexpr int rounds = 10;

#ifdef __SSE2__

// Two draws side by side: each word of their counters stands in the lower half of one of two 64-bit
// cells. What is in the upper halves meanwhile is nothing: a product reads the lower ones alone.
void philox_two(std::uint64_t seed, std::uint32_t run, std::uint32_t draw,
                const std::uint64_t* identities, std::array<std::uint64_t, 2>* pairs) {
  const auto twice = [](std::uint32_t word) { return _mm_set1_epi64x(std::int64_t{word}); };
  const __m128i by_0 = twice(multiplier_0);
  const __m128i by_1 = twice(multiplier_1);
  __m128i word_0 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(identities));
  __m128i word_1 = _mm_srli_epi64(word_0, 32);
  __m128i word_2 = twice(run);
  __m128i word_3 = twice(draw);
  auto key_0 = static_cast<std::uint32_t>(seed);
  auto key_1 = static_cast<std::uint32_t>(seed >> 32U);
  for (int round = 0; round < rounds; ++round) {
    const __m128i product_0 = _mm_mul_epu32(word_0, by_0);
    const __m128i product_1 = _mm_mul_epu32(word_2, by_1);
    word_0 = _mm_xor_si128(_mm_srli_epi64(product_1, 32), _mm_xor_si128(word_1, twice(key_0)));
    word_1 = product_1;
    word_2 = _mm_xor_si128(_mm_srli_epi64(product_0, 32), _mm_xor_si128(word_3, twice(key_1)));
    word_3 = product_0;
    key_0 += weyl_0;
    key_1 += weyl_1;
  }
  const __m128i low = _mm_set1_epi64x(0xffff'ffff);
  const __m128i first = _mm_or_si128(_mm_slli_epi64(word_1, 32), _mm_and_si128(word_0, low));
  const __m128i second = _mm_or_si128(_mm_slli_epi64(word_3, 32), _mm_and_si128(word_2, low));
  auto* out = reinterpret_cast<__m128i*>(pairs->data());
  _mm_storeu_si128(out, _mm_unpacklo_epi64(first, second));
  _mm_storeu_si128(out + 1, _mm_unpackhi_epi64(first, second));
}

#endif

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

void random_pairs(std::uint64_t seed, std::uint32_t run, std::uint32_t draw,
                  std::span<const std::uint64_t> identities,
                  std::span<std::array<std::uint64_t, 2>> pairs) {
  std::size_t i = 0;
#ifdef __SSE2__
  for (; i + 2 <= identities.size(); i += 2) {
    philox_two(seed, run, draw, identities.data() + i, pairs.data() + i);
  }
#endif
  for (; i < identities.size(); ++i) pairs[i] = random_pair(seed, run, identities[i], draw);
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
  return finished_hash(hash);  // FNV-1a alone leaves the high bits of short texts alike
}

}  // namespace sluice::base
