#include "scheduler/state.h"

namespace sluice::scheduler {

std::string_view state_name(State state) {
  switch (state) {
    case State::NotStarted:
      return "not_started";
    case State::Running:
      return "running";
    case State::Succeeded:
      return "succeeded";
    case State::Degraded:
      return "degraded";
    case State::Failed:
      return "failed";
    case State::Undone:
      return "undone";
    case State::Skipped:
      return "skipped";
    case State::Excluded:
      return "excluded";
    case State::LeftBehind:
      return "left_behind";
    case State::Cancelled:
      return "cancelled";
    case State::Aborted:
      return "aborted";
    case State::Paused:
      return "paused";
  }
  return "unknown";
}

}  // namespace sluice::scheduler
