#include "scheduler/transitions.h"

namespace sluice::scheduler {

std::string_view phase_name(LanePhase phase) {
  switch (phase) {
    case LanePhase::NotBegun:
      return "not begun";
    case LanePhase::Deciding:
      return "deciding";
    case LanePhase::Acting:
      return "acting";
    case LanePhase::Ending:
      return "ending";
    case LanePhase::Pausing:
      return "pausing";
    case LanePhase::Evaluating:
      return "evaluating";
    case LanePhase::Asking:
      return "asking";
    case LanePhase::Waiting:
      return "waiting";
    case LanePhase::Succeeded:
      return "succeeded";
    case LanePhase::Degraded:
      return "degraded";
    case LanePhase::Failed:
      return "failed";
    case LanePhase::Undone:
      return "undone";
    case LanePhase::Cancelled:
      return "cancelled";
    case LanePhase::Excluded:
      return "excluded";
    case LanePhase::LeftBehind:
      return "left behind";
    case LanePhase::Skipped:
      return "skipped";
    case LanePhase::LeftOut:
      return "left out";
  }
  return "unknown";
}

std::string_view phase_name(StepPhase phase) {
  switch (phase) {
    case StepPhase::Waiting:
      return "waiting";
    case StepPhase::Asking:
      return "asking";
    case StepPhase::Ready:
      return "ready";
    case StepPhase::Running:
      return "running";
    case StepPhase::Succeeded:
      return "succeeded";
    case StepPhase::Degraded:
      return "degraded";
    case StepPhase::Failed:
      return "failed";
    case StepPhase::Skipped:
      return "skipped";
  }
  return "unknown";
}

State state_of(LanePhase phase) {
  switch (phase) {
    case LanePhase::NotBegun:
      return State::NotStarted;
    case LanePhase::Deciding:
    case LanePhase::Acting:
    case LanePhase::Ending:
    case LanePhase::Pausing:
    case LanePhase::Evaluating:
    case LanePhase::Asking:
    case LanePhase::Waiting:
      return State::Running;
    case LanePhase::Succeeded:
      return State::Succeeded;
    case LanePhase::Degraded:
      return State::Degraded;
    case LanePhase::Failed:
      return State::Failed;
    case LanePhase::Undone:
      return State::Undone;
    case LanePhase::Cancelled:
      return State::Cancelled;
    case LanePhase::Excluded:
      return State::Excluded;
    case LanePhase::LeftBehind:
      return State::LeftBehind;
    case LanePhase::Skipped:
      return State::Skipped;
    case LanePhase::LeftOut:
      return State::Skipped;
  }
  return State::NotStarted;
}

State state_of(StepPhase phase) {
  switch (phase) {
    case StepPhase::Waiting:
    case StepPhase::Asking:
    case StepPhase::Ready:
      return State::NotStarted;
    case StepPhase::Running:
      return State::Running;
    case StepPhase::Succeeded:
      return State::Succeeded;
    case StepPhase::Degraded:
      return State::Degraded;
    case StepPhase::Failed:
      return State::Failed;
    case StepPhase::Skipped:
      return State::Skipped;
  }
  return State::NotStarted;
}

}  // namespace sluice::scheduler
