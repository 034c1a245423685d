// The lines that are redrawn at the end of a terminal while a run goes on, from plain values: how
// far each step is, how much is in service beside what its contract asks for, and what is still to
// be expected. It knows no plan and no terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

struct LiveView {
  struct Step {
    std::string name;
    std::uint32_t targets = 0, over = 0, failed = 0, at_work = 0;
    std::vector<std::string> names;  // of those at work, the first of them
    bool operator==(const Step&) const = default;
  };
  // A role, or the part of it that a contract speaks of.
  struct Capacity {
    std::string role;
    std::uint32_t targets = 0, in_service = 0;
    std::string bound;      // "at least 8" of a contract, "minimum 7" of a role; empty: none
    std::int64_t room = 0;  // so many more may go out of service; negative: it is broken
    bool operator==(const Capacity&) const = default;
  };
  std::vector<Step> steps;       // those under way, in the plan's order
  std::vector<Capacity> roles;   // those that are worth a line
  std::string clock;             // "00:01:12"
  std::string time_left;         // "about 3m left, …"; empty while nobody knows
  std::string beside_predicted;  // "4m40s in all, predicted 4m to 5m"
  bool operator==(const LiveView&) const = default;
};

struct Screen {
  int width = 80;
  int height = 24;
  bool colour = false;
};

// Whole lines, each shorter than the screen is wide, and at most half as many as it is high: what
// does not fit is counted. Of roles those stand first that have the least room.
std::string live_text(const LiveView& view, const Screen& screen);

// The rows that it takes on a screen of this width: one that has become narrower since has broken
// the lines that do not fit any more.
int rows_of(std::string_view live_text, int width);

}  // namespace sluice::cli
