#include "scheduler/standing.h"

namespace sluice::scheduler {

Standing standing_of(State state, Reason reason) {
  switch (state) {
    case State::Succeeded:
      return Standing::Succeeded;
    case State::Degraded:
      return Standing::Degraded;
    case State::Failed:
      return Standing::Failed;
    case State::Undone:
      return Standing::Undone;
    case State::Excluded:
      return Standing::Excluded;
    case State::LeftBehind:
      return Standing::LeftBehind;
    case State::Cancelled:
      return Standing::Cancelled;
    case State::Running:
      return Standing::Running;
    case State::Skipped: {
      if (reason == Reason::Verified) return Standing::InPlace;
      const bool harmless = reason == Reason::WithoutFailure || reason == Reason::Disabled ||
                            reason == Reason::NoTargets || reason == Reason::Condition;
      return harmless ? Standing::NotNeeded : Standing::Skipped;
    }
    default:
      return Standing::NotStarted;
  }
}

State state_of(Standing standing) {
  switch (standing) {
    case Standing::Succeeded:
      return State::Succeeded;
    case Standing::Degraded:
      return State::Degraded;
    case Standing::NotNeeded:
    case Standing::InPlace:
    case Standing::Skipped:
      return State::Skipped;
    case Standing::LeftBehind:
      return State::LeftBehind;
    case Standing::Excluded:
      return State::Excluded;
    case Standing::Undone:
      return State::Undone;
    case Standing::Cancelled:
      return State::Cancelled;
    case Standing::Failed:
      return State::Failed;
    case Standing::Running:
      return State::Running;
    case Standing::Untouched:
    case Standing::NotStarted:
      break;
  }
  return State::NotStarted;
}

std::uint32_t& counter(StepTimes& times, State state) {
  switch (state) {
    case State::Succeeded:
    case State::Degraded:
      return times.succeeded;
    case State::Skipped:
      return times.skipped;
    case State::Excluded:
      return times.excluded;
    case State::LeftBehind:
      return times.left_behind;
    default:
      return times.failed;
  }
}

void count_end(StepTimes& times, State state) {
  ++counter(times, state);
  if (state == State::Undone) ++times.undone;
}

void count(Census& census, Standing standing, Finding finding) {
  switch (standing) {
    case Standing::Untouched:
      return;
    case Standing::InPlace:
    case Standing::Succeeded:
    case Standing::Degraded:
      ++(finding == Finding::InPlace   ? census.verified
         : finding == Finding::Unknown ? census.unknown
                                       : census.failed);
      return;
    case Standing::LeftBehind:
      ++census.left_behind;
      return;
    case Standing::Excluded:
      ++census.excluded;
      return;
    case Standing::NotNeeded:
    case Standing::Skipped:
      ++census.skipped;
      return;
    case Standing::Cancelled:
    case Standing::Undone:
    case Standing::Failed:
      ++census.failed;
      return;
    case Standing::Running:
      ++census.unknown;
      return;
    case Standing::NotStarted:
      ++census.not_started;
      return;
  }
}

}  // namespace sluice::scheduler
