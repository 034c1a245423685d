#include "render/state_words.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::render {

std::string state_words(scheduler::State state) {
  std::string text(scheduler::state_name(state));
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string bad_targets_words(std::uint32_t failed, std::uint32_t undone, std::uint32_t targets) {
  if (targets < 2 || failed + undone == 0) return "";
  if (failed == 0) return fmt::format(", {} of {} targets undone", undone, targets);
  const std::string text = fmt::format(", {} of {} targets failed", failed, targets);
  return undone == 0 ? text : text + fmt::format(", {} undone", undone);
}

std::string_view state_colour(scheduler::State state, bool colour) {
  using scheduler::State;
  if (!colour) return "";
  switch (state) {
    case State::Succeeded:
      return "\x1b[32m";
    case State::Degraded:
    case State::Undone:
    case State::Paused:
    case State::Skipped:
    case State::Excluded:
    case State::LeftBehind:
      return "\x1b[33m";
    case State::Failed:
    case State::Aborted:
    case State::Cancelled:
      return "\x1b[31m";
    case State::Running:
      return "\x1b[36m";
    case State::NotStarted:
      break;
  }
  return "";
}

}  // namespace sluice::render
