// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random
// numbers: as easy as 1, 2, 3", SC 2011). A draw is a pure function of a key and a counter, so it
// does not depend on the order of the draws, on threads, or on what else is drawn.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::base {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

// 64 random bits for draw number `draw` of the thing called `identity`, in run `run` of `seed`.
std::uint64_t random_bits(std::uint64_t seed, std::uint32_t run, std::uint64_t identity,
                          std::uint32_t draw);

// Two independent such numbers at the price of one; the first is that of random_bits.
std::array<std::uint64_t, 2> random_pair(std::uint64_t seed, std::uint32_t run,
                                         std::uint64_t identity, std::uint32_t draw);

// The same for each of many identities, which costs less than one after the other: the first
// numbers and the second ones. All three are equally long, or `second` is empty: they are not
// wanted.
void random_columns(std::uint64_t seed, std::uint32_t run, std::uint32_t draw,
                    std::span<const std::uint64_t> identities, std::span<std::uint64_t> first,
                    std::span<std::uint64_t> second);

// A number in [0, 1) with 53 random bits, from 64.
double to_unit_interval(std::uint64_t bits);

// A stable 64-bit hash of a text (FNV-1a with a finishing mix); the same on every machine.
std::uint64_t stable_hash(std::string_view text, std::uint64_t basis = 0xcbf29ce484222325ULL);

// The finishing mix of SplitMix64.
constexpr std::uint64_t finished_hash(std::uint64_t hash) {
  hash ^= hash >> 30U;
  hash *= 0xbf58476d1ce4e5b9ULL;
  hash ^= hash >> 27U;
  hash *= 0x94d049bb133111ebULL;
  hash ^= hash >> 31U;
  return hash;
}

// One hash of two; not the same the other way round.
constexpr std::uint64_t combined_hash(std::uint64_t first, std::uint64_t second) {
  return finished_hash(first + second * 0x9e3779b97f4a7c15ULL + 1);
}

}  // namespace sluice::base
