// The end state of every target, for a what-if.
#include <fmt/format.h>

#include <algorithm>

#include "render/state_words.h"
#include "render/text_table.h"
#include "render/timeline_text.h"
#include "render/what_if.h"
#include "scheduler/releases.h"

namespace sluice::render {

namespace {

using scheduler::State;

struct Standing {
  State state = State::NotStarted;
  bool out = false;
  bool planned = false;
  std::string_view release;  // empty: none of its tasks brings one
  bool operator==(const Standing&) const = default;
};

Standing standing_of(const scheduler::Timeline& timeline, const scheduler::Releases& releases,
                     std::uint32_t target) {
  return {timeline.target_states[target],
          !timeline.target_out.empty() && timeline.target_out[target],
          timeline.target_planned[target],
          releases.concerned[target] ? release_name(releases.at_end[target]) : ""};
}

// "web-11 … web-100 (90)"
std::string names(const plan::Plan& plan, std::uint32_t begin, std::uint32_t end) {
  const std::string_view first = plan.targets.name(plan::TargetId{begin});
  if (end - begin == 1) return std::string(first);
  return fmt::format("{} … {} ({})", first, plan.targets.name(plan::TargetId{end - 1}),
                     end - begin);
}

}  // namespace

std::string end_state_text(const plan::Plan& plan, const scheduler::Timeline& timeline,
                           const TextStyle& style) {
  constexpr std::uint32_t most = 30;
  TextTable table;
  table.column("at the end");
  table.column("state");
  table.column("");
  table.column("release");
  const scheduler::Releases releases = scheduler::releases_of(plan, timeline);
  const int name_width = std::max(20, style.width - 40);
  std::uint32_t well = 0;
  std::uint32_t shown = 0;
  std::uint32_t others = 0;
  for (std::uint32_t target = 0; target < plan.targets.size();) {
    const Standing standing = standing_of(timeline, releases, target);
    std::uint32_t end = target + 1;
    while (end < plan.targets.size() && standing_of(timeline, releases, end) == standing) ++end;
    const std::uint32_t count = end - target;
    if (standing.state == State::Succeeded && !standing.out) {
      well += count;
    } else if (standing.planned && shown == most) {
      others += count;
    } else if (standing.planned) {
      ++shown;
      table.row({fitted(names(plan, target, end), name_width), state_words(standing.state),
                 standing.out ? "out of service" : "in service", std::string(standing.release)});
      if (style.colour) table.colour_last(1, standing.out ? "\x1b[31m" : "\x1b[33m");
    }
    target = end;
  }
  std::string text = shown > 0 ? table.text(2) : "";
  if (others > 0) text += fmt::format("  … and {} more\n", others);
  if (well > 0) {
    text +=
        fmt::format("  succeeded and in service: {} {}\n", well, well == 1 ? "target" : "targets");
  }
  return text;
}

}  // namespace sluice::render
