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
    case LanePhase::Succeeded:
      return "succeeded";
    case LanePhase::Degraded:
      return "degraded";
    case LanePhase::Failed:
      return "failed";
    case LanePhase::Cancelled:
      return "cancelled";
    case LanePhase::LeftOut:
      return "left out";
  }
  return "unknown";
}

std::string_view phase_name(StepPhase phase) {
  switch (phase) {
    case StepPhase::Waiting:
      return "waiting";
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
      return State::Running;
    case LanePhase::Succeeded:
      return State::Succeeded;
    case LanePhase::Degraded:
      return State::Degraded;
    case LanePhase::Failed:
      return State::Failed;
    case LanePhase::Cancelled:
      return State::Cancelled;
    case LanePhase::LeftOut:
      return State::Skipped;
  }
  return State::NotStarted;
}

State state_of(StepPhase phase) {
  switch (phase) {
    case StepPhase::Waiting:
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
