#include "base/random.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace sluice::base {

namespace {

constexpr std::uint32_t multiplier_0 = 0xD2511F53;
constexpr std::uint32_t multiplier_1 = 0xCD9E8D57;
constexpr std::uint32_t weyl_0 = 0x9E3779B9;  // the golden ratio
constexpr std::uint32_t weyl_1 = 0xBB67AE85;  // the square root of three, less one
constexpr std::size_t rounds = 10;

#ifdef __x86_64__

// Draws side by side: each word of their counters stands in the lower half of a 64-bit cell. What
// is in the upper halves meanwhile is nothing: a product reads the lower ones alone.
void philox_two(std::uint64_t seed, std::uint32_t run, std::uint32_t draw,
                const std::uint64_t* identities, std::uint64_t* first, std::uint64_t* second) {
  const auto both = [](std::uint32_t word) { return _mm_set1_epi64x(std::int64_t{word}); };
  const __m128i by_0 = both(multiplier_0);
  const __m128i by_1 = both(multiplier_1);
  __m128i word_0 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(identities));
  __m128i word_1 = _mm_srli_epi64(word_0, 32);
  __m128i word_2 = both(run);
  __m128i word_3 = both(draw);
  auto key_0 = static_cast<std::uint32_t>(seed);
  auto key_1 = static_cast<std::uint32_t>(seed >> 32U);
  for (std::size_t round = 0; round < rounds; ++round) {
    const __m128i product_0 = _mm_mul_epu32(word_0, by_0);
    const __m128i product_1 = _mm_mul_epu32(word_2, by_1);
    word_0 = _mm_xor_si128(_mm_srli_epi64(product_1, 32), _mm_xor_si128(word_1, both(key_0)));
    word_1 = product_1;
    word_2 = _mm_xor_si128(_mm_srli_epi64(product_0, 32), _mm_xor_si128(word_3, both(key_1)));
    word_3 = product_0;
    key_0 += weyl_0;
    key_1 += weyl_1;
  }
  const __m128i low = _mm_set1_epi64x(0xffff'ffff);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(first),
                   _mm_or_si128(_mm_slli_epi64(word_1, 32), _mm_and_si128(word_0, low)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(second),
                   _mm_or_si128(_mm_slli_epi64(word_3, 32), _mm_and_si128(word_2, low)));
}

// The same of four, or of two times four, on a processor that can. Two groups that know nothing of
// each other keep it busy while a product is waited for.
#define SLUICE_AVX2 __attribute__((target("avx2")))

struct Four {
  __m256i word_0, word_1, word_2, word_3;
};

SLUICE_AVX2 inline __attribute__((always_inline)) Four begun(const std::uint64_t* identities,
                                                             std::uint32_t run,
                                                             std::uint32_t draw) {
  const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(identities));
  return {both, _mm256_srli_epi64(both, 32), _mm256_set1_epi64x(std::int64_t{run}),
          _mm256_set1_epi64x(std::int64_t{draw})};
}

SLUICE_AVX2 inline __attribute__((always_inline)) Four after_round(const Four& four,
                                                                   std::int64_t round_0,
                                                                   std::int64_t round_1) {
  const __m256i key_0 = _mm256_set1_epi64x(round_0);
  const __m256i key_1 = _mm256_set1_epi64x(round_1);
  const __m256i product_0 =
      _mm256_mul_epu32(four.word_0, _mm256_set1_epi64x(std::int64_t{multiplier_0}));
  const __m256i product_1 =
      _mm256_mul_epu32(four.word_2, _mm256_set1_epi64x(std::int64_t{multiplier_1}));
  return {_mm256_xor_si256(_mm256_srli_epi64(product_1, 32), _mm256_xor_si256(four.word_1, key_0)),
          product_1,
          _mm256_xor_si256(_mm256_srli_epi64(product_0, 32), _mm256_xor_si256(four.word_3, key_1)),
          product_0};
}

SLUICE_AVX2 inline __attribute__((always_inline)) void put(__m256i high, __m256i low,
                                                           std::uint64_t* out) {
  const __m256i lower = _mm256_set1_epi64x(0xffff'ffff);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                      _mm256_or_si256(_mm256_slli_epi64(high, 32), _mm256_and_si256(low, lower)));
}

// All but the last few, of which it returns where they begin. `second` may be null.
SLUICE_AVX2 std::size_t philox_fours(std::uint64_t seed, std::uint32_t run, std::uint32_t draw,
                                     std::span<const std::uint64_t> identities,
                                     std::uint64_t* first, std::uint64_t* second) {
  std::array<std::int64_t, rounds> keys_0;
  std::array<std::int64_t, rounds> keys_1;
  auto key_0 = static_cast<std::uint32_t>(seed);
  auto key_1 = static_cast<std::uint32_t>(seed >> 32U);
  for (std::size_t round = 0; round < rounds; ++round) {
    keys_0[round] = key_0;
    keys_1[round] = key_1;
    key_0 += weyl_0;
    key_1 += weyl_1;
  }
  std::size_t i = 0;
  for (; i + 8 <= identities.size(); i += 8) {
    Four one = begun(&identities[i], run, draw);
    Four other = begun(&identities[i + 4], run, draw);
    for (std::size_t round = 0; round < rounds; ++round) {
      one = after_round(one, keys_0[round], keys_1[round]);
      other = after_round(other, keys_0[round], keys_1[round]);
    }
    put(one.word_1, one.word_0, first + i);
    put(other.word_1, other.word_0, first + i + 4);
    if (second == nullptr) continue;
    put(one.word_3, one.word_2, second + i);
    put(other.word_3, other.word_2, second + i + 4);
  }
  for (; i + 4 <= identities.size(); i += 4) {
    Four one = begun(&identities[i], run, draw);
    for (std::size_t round = 0; round < rounds; ++round) {
      one = after_round(one, keys_0[round], keys_1[round]);
    }
    put(one.word_1, one.word_0, first + i);
    if (second != nullptr) put(one.word_3, one.word_2, second + i);
  }
  return i;
}

#endif

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  for (std::size_t round = 0; round < rounds; ++round) {
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

void random_columns(std::uint64_t seed, std::uint32_t run, std::uint32_t draw,
                    std::span<const std::uint64_t> identities, std::span<std::uint64_t> first,
                    std::span<std::uint64_t> second) {
  std::size_t i = 0;
#ifdef __x86_64__
  static const bool four = __builtin_cpu_supports("avx2") != 0;
  std::uint64_t* const seconds = second.empty() ? nullptr : second.data();
  if (four) i = philox_fours(seed, run, draw, identities, first.data(), seconds);
  for (; i + 2 <= identities.size(); i += 2) {
    std::array<std::uint64_t, 2> unused;
    philox_two(seed, run, draw, &identities[i], &first[i],
               second.empty() ? unused.data() : &second[i]);
  }
#endif
  for (; i < identities.size(); ++i) {
    const auto pair = random_pair(seed, run, identities[i], draw);
    first[i] = pair[0];
    if (!second.empty()) second[i] = pair[1];
  }
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
