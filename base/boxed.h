// A value that is mostly not there, in the room of a pointer. Used as std::optional is, copied and
// compared as a value; it knows nothing of what it holds.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"

namespace sluice::base {

template <class T>
class Boxed {
 public:
  Boxed() = default;
  Boxed(std::nullopt_t /*none*/) {}
  Boxed(T value) : held_(std::make_unique<T>(std::move(value))) {}
  Boxed(std::optional<T> value) {
    if (value) held_ = std::make_unique<T>(*std::move(value));
  }
  Boxed(const Boxed& other) : held_(other.held_ ? std::make_unique<T>(*other.held_) : nullptr) {}
  Boxed(Boxed&& other) noexcept = default;
  Boxed& operator=(const Boxed& other) {
    Boxed copy(other);
    held_.swap(copy.held_);
    return *this;
  }
  Boxed& operator=(Boxed&& other) noexcept = default;
  ~Boxed() = default;

  bool has_value() const { return held_ != nullptr; }
  explicit operator bool() const { return has_value(); }
  T& operator*() & { return *checked(); }
  const T& operator*() const& { return *checked(); }
  T&& operator*() && { return std::move(*checked()); }
  T* operator->() { return checked(); }
  const T* operator->() const { return checked(); }
  template <class... Arguments>
  T& emplace(Arguments&&... arguments) {
    held_ = std::make_unique<T>(std::forward<Arguments>(arguments)...);
    return *held_;
  }
  void reset() { held_.reset(); }

  bool operator==(const Boxed& other) const {
    if (held_ == nullptr || other.held_ == nullptr) return held_ == other.held_;
    return *held_ == *other.held_;
  }

 private:
  T* checked() const {
    SLUICE_CHECK(held_ != nullptr, "a value that is not there is asked for");
    return held_.get();
  }

  std::unique_ptr<T> held_;
};

}  // namespace sluice::base
