// Typed ids and the dense vectors they index. An id is the position of a thing in its table, so a
// plan holds ids where other programs hold pointers: it can be copied, compared and saved.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/check.h"

namespace sluice::base {

template <class Tag>
struct Id {
  static constexpr std::uint32_t none = 0xffff'ffff;

  std::uint32_t value = none;

  constexpr bool valid() const { return value != none; }
  auto operator<=>(const Id&) const = default;
};

// A vector whose index is an id; index out of range is our bug and ends the program.
template <class IdType, class T>
class Dense {
 public:
  IdType add(T item) {
    SLUICE_CHECK(items_.size() < IdType::none, "a table is full");
    items_.push_back(std::move(item));
    return IdType{static_cast<std::uint32_t>(items_.size() - 1)};
  }
  T& operator[](IdType id) {
    SLUICE_CHECK(id.value < items_.size(), "an id is out of range");
    return items_[id.value];
  }
  const T& operator[](IdType id) const {
    SLUICE_CHECK(id.value < items_.size(), "an id is out of range");
    return items_[id.value];
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(items_.size()); }
  bool empty() const { return items_.empty(); }
  bool contains(IdType id) const { return id.value < items_.size(); }
  void reserve(std::size_t count) { items_.reserve(count); }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  // The ids in order, for `for (auto id : table.ids())`.
  class Ids {
   public:
    struct Iterator {
      std::uint32_t at;
      IdType operator*() const { return IdType{at}; }
      Iterator& operator++() { return ++at, *this; }
      bool operator==(const Iterator&) const = default;
    };
    explicit Ids(std::uint32_t count) : count_(count) {}
    Iterator begin() const { return {0}; }
    Iterator end() const { return {count_}; }

   private:
    std::uint32_t count_;
  };
  Ids ids() const { return Ids(size()); }

  bool operator==(const Dense&) const = default;

 private:
  std::vector<T> items_;
};

}  // namespace sluice::base
