#include "runtime/order.h"

namespace sluice::runtime {

std::string_view order_word(Order::Kind kind) {
  switch (kind) {
    case Order::Kind::Pause:
      return "pause";
    case Order::Kind::Continue:
      return "continue";
    case Order::Kind::Abort:
    case Order::Kind::AbortAll:
      return "abort";
    case Order::Kind::Approve:
      return "approve";
    case Order::Kind::Reject:
      return "reject";
    case Order::Kind::Retry:
      return "retry";
    case Order::Kind::Ignore:
      return "ignore";
    case Order::Kind::Exclude:
      return "exclude";
    case Order::Kind::Succeeded:
      return "succeeded";
    case Order::Kind::Failed:
      return "failed";
  }
  return "";
}

bool answers_question(Order::Kind kind) {
  return kind > Order::Kind::Abort;
}

}  // namespace sluice::runtime
