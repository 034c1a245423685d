#include "compiler/text_pool.h"

#include <bit>
#include <cstring>

#include "base/check.h"

namespace sluice::compiler {

namespace {

// Eight bytes at a time; no order comes of it, so it need not be the same on every machine.
std::uint64_t quick_hash(std::string_view text) {
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

std::uint32_t upper(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32U);
}

}  // namespace

TextPool::Added TextPool::add(std::string_view text) {
  if ((std::size_t{size()} + 1) * 2 > slots_.size()) rebuild(slots_.size() * 2);
  const std::uint64_t hash = quick_hash(text);
  Slot& slot = slots_[place(text, hash)];
  if (slot.id != none) return {slot.id, false};
  SLUICE_CHECK(bytes_.size() + text.size() < none, "a pool of texts is full");
  slot = {upper(hash), size()};
  bytes_.append(text);
  ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  return {slot.id, true};
}

std::uint32_t TextPool::find(std::string_view text) const {
  return slots_[place(text, quick_hash(text))].id;
}

void TextPool::reserve(std::size_t texts) {
  ends_.reserve(texts + 1);
  const std::size_t slots = std::bit_ceil((texts + 1) * 2);
  if (slots > slots_.size()) rebuild(slots);
}

// Where the text stands, or the free place where it would.
std::size_t TextPool::place(std::string_view wanted, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].id != none) {
    if (slots_[at].hash == upper(hash) && text(slots_[at].id) == wanted) break;
    at = (at + 1) & mask;
  }
  return at;
}

void TextPool::rebuild(std::size_t slots) {
  slots_.assign(slots, {});
  const std::size_t mask = slots - 1;
  for (std::uint32_t id = 0; id < size(); ++id) {
    const std::uint64_t hash = quick_hash(text(id));
    std::size_t at = hash & mask;
    while (slots_[at].id != none) at = (at + 1) & mask;
    slots_[at] = {upper(hash), id};
  }
}

}  // namespace sluice::compiler
