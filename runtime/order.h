// What an operator says to a run, from its own terminal or from another one. It is written down
// with the instant in which it takes effect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scheduler/scheduler.h"

namespace sluice::runtime {

struct Order {
  enum class Kind : std::uint8_t {
    Pause,
    Continue,
    Abort,
    // of a `manual` action
    Approve,
    Reject,
    // of a failure (`on failure ask`); Retry of an outcome that is not known as well
    Retry,
    Ignore,
    Exclude,
    AbortAll,
    // of an outcome that is not known
    Succeeded,
    Failed,
  };
  Kind kind = Kind::Pause;
  scheduler::Action action;  // what is answered; as it is for Pause, Continue and Abort
  std::string host;          // of an outcome that is not known: where
  std::string who;           // "ada"
  std::string at;            // RFC 3339, UTC
  std::uint32_t round = 0;   // which asking of the same it answers, from 0
  std::string name;          // of its file, where it came from another terminal; taken once
  bool operator==(const Order&) const = default;
};

// "pause", …, "abort" for both kinds of it.
std::string_view order_word(Order::Kind kind);
// Whether it answers a question, and is not about the run as a whole.
bool answers_question(Order::Kind kind);

}  // namespace sluice::runtime
