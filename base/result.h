// A value, or an error of the world: a file that cannot be read, a process that does not start.
// Not for mistakes in the user's text (those are diagnostics) nor for ours (those are checks).
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace sluice::base {

// What we tried, on what, and what came of it: lower case, no full stop.
struct Error {
  std::string message;
  bool operator==(const Error&) const = default;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }
  const T& value() const& {
    SLUICE_CHECK(ok(), "the value of a failed result was read");
    return std::get<T>(state_);
  }
  T& value() & {
    SLUICE_CHECK(ok(), "the value of a failed result was read");
    return std::get<T>(state_);
  }
  T&& value() && {
    SLUICE_CHECK(ok(), "the value of a failed result was read");
    return std::get<T>(std::move(state_));
  }
  const Error& error() const {
    SLUICE_CHECK(!ok(), "the error of a result that succeeded was read");
    return std::get<Error>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

// For an operation that returns nothing but whether it worked.
struct Done {
  bool operator==(const Done&) const = default;
};
using Status = Result<Done>;

}  // namespace sluice::base
