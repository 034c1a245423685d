// Lanes that are drawn before they begin: many draws at once cost less than one after the other,
// and lanes of a step nearly always begin in order. Which of them are drawn ahead changes no
// number.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "plan/plan.h"
#include "simulator/attempts.h"
#include "simulator/drawn.h"

namespace sluice::simulator {

class Ahead {
 public:
  // The first tasks of a lane of a step that draws_lanes(). Stands until the next call.
  const DrawnLane& lane(const Attempts& attempts, plan::StepId step, std::uint32_t lane,
                        std::uint32_t run) {
    Row& row = rows_[step.value % rows_.size()];
    if (row.step == step && lane - row.begin < row.count) return row.lanes[lane - row.begin];
    const bool goes_on = row.step == step && lane == row.begin + row.count;
    // Where they do not come in order, only those that are asked for are drawn.
    if (!goes_on && lane != 0 && ++row.misses < most_misses) {
      attempts.draw_lanes(step, lane, 0, run, {&single_, 1});
      return single_;
    }
    row.step = step;
    row.begin = lane;
    row.count = std::min(attempts.lanes_at_once(step), attempts.lanes(step) - lane);
    row.misses = 0;
    if (row.lanes.size() < row.count) row.lanes.resize(row.count);
    attempts.draw_lanes(step, lane, 0, run, {row.lanes.data(), row.count});
    return row.lanes.front();
  }

 private:
  static constexpr std::uint32_t most_misses = 4;
  struct Row {
    plan::StepId step;
    std::uint32_t begin = 0;
    std::uint32_t count = 0;
    std::uint32_t misses = 0;
    std::vector<DrawnLane> lanes;
  };
  std::array<Row, 8> rows_;  // steps that run side by side stand beside each other in the plan
  DrawnLane single_;
};

}  // namespace sluice::simulator
