#include "compiler/text_pool.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/check.h"
#include "base/quick_hash.h"

namespace sluice::compiler {

TextPool::Added TextPool::add(std::string_view text) {
  if ((std::size_t{size()} + 1) * 2 > slots_.size()) rebuild(slots_.size() * 2);
  const std::uint64_t hash = base::quick_hash(text);
  Slot& slot = slots_[place(text, hash)];
  if (slot.id != none) return {slot.id, false};
  SLUICE_CHECK(bytes_.size() + text.size() < none, "a pool of texts is full");
  slot = {base::upper_half(hash), size()};
  bytes_.append(text);
  ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  return {slot.id, true};
}

std::uint32_t TextPool::find(std::string_view text) const {
  return slots_[place(text, base::quick_hash(text))].id;
}

void TextPool::reserve(std::size_t texts) {
  // Never by little: who asks often must not have all of it moved each time.
  if (texts + 1 > ends_.capacity()) ends_.reserve(std::max(texts + 1, ends_.capacity() * 2));
  const std::size_t slots = std::bit_ceil((texts + 1) * 2);
  if (slots > slots_.size()) rebuild(slots);
}

// Where the text stands, or the free place where it would.
std::size_t TextPool::place(std::string_view wanted, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].id != none) {
    if (slots_[at].hash == base::upper_half(hash) && text(slots_[at].id) == wanted) break;
    at = (at + 1) & mask;
  }
  return at;
}

void TextPool::rebuild(std::size_t slots) {
  slots_.assign(slots, {});
  const std::size_t mask = slots - 1;
  // Some at a time, so that the memory of the next ones is on its way while the first are placed.
  std::array<std::uint64_t, 32> hashes;
  for (std::uint32_t first = 0; first < size(); first += hashes.size()) {
    const auto count = std::min<std::uint32_t>(hashes.size(), size() - first);
    for (std::uint32_t i = 0; i < count; ++i) {
      hashes[i] = base::quick_hash(text(first + i));
      __builtin_prefetch(&slots_[hashes[i] & mask]);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      std::size_t at = hashes[i] & mask;
      while (slots_[at].id != none) at = (at + 1) & mask;
      slots_[at] = {base::upper_half(hashes[i]), first + i};
    }
  }
}

}  // namespace sluice::compiler
