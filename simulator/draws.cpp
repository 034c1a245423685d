// Many first attempts drawn at once.
#include <algorithm>
#include <array>

#include "base/random.h"
#include "simulator/attempts.h"

namespace sluice::simulator {

// Once for all runs, as far as they fit: first what a name is, then what is drawn for.
void Attempts::keep_identities() {
  constexpr std::uint64_t most = 1U << 20U;  // of a step
  std::vector<std::uint64_t> names;
  for (LaneRow& row : lanes_) {
    if (row.targets == nullptr || !row.random) continue;
    const std::uint32_t lanes = row.targets->size();
    if (std::uint64_t{lanes} * row.tasks > most) continue;
    names.clear();
    row.targets->for_each([&](plan::TargetId target) {
      names.push_back(base::stable_hash(plan_.targets.name(target)));
    });
    row.identities.reserve(std::size_t{lanes} * row.tasks);
    for (std::uint32_t task = 0; task < row.tasks; ++task) {
      const std::uint64_t of_task = quick_[row.first + task].identity;
      for (const std::uint64_t name : names) {
        row.identities.push_back(base::combined_hash(of_task, name));
      }
    }
  }
}

// Column by column: a task's lanes stand side by side.
void Attempts::find_identities(const LaneRow& row, std::uint32_t lane, std::uint32_t first,
                               std::uint32_t lanes, std::span<std::uint64_t> found) const {
  const auto tasks = static_cast<std::uint32_t>(found.size() / lanes);
  if (!row.identities.empty()) {
    for (std::uint32_t task = 0; task < tasks; ++task) {
      const std::size_t column = std::size_t{first + task} * row.targets->size() + lane;
      std::copy_n(&row.identities[column], lanes, &found[std::size_t{task} * lanes]);
    }
    return;
  }
  std::array<std::uint64_t, draws_at_once> names;
  for (std::uint32_t i = 0; i < lanes; ++i) {
    names[i] = base::stable_hash(plan_.targets.name(target_of(row, lane + i)));
  }
  for (std::uint32_t task = 0; task < tasks; ++task) {
    std::uint64_t* const column = &found[std::size_t{task} * lanes];
    const std::uint64_t of_task = quick_[row.first + first + task].identity;
    for (std::uint32_t i = 0; i < lanes; ++i) column[i] = base::combined_hash(of_task, names[i]);
  }
}

// Each distribution once. A table costs some thousand quantiles.
void Attempts::make_tables(std::uint32_t runs) {
  constexpr std::uint64_t worth_it = 50'000;
  std::vector<const Distribution*> known;
  for (const LaneRow& row : lanes_) {
    if (row.targets == nullptr || std::uint64_t{row.targets->size()} * runs < worth_it) continue;
    for (std::uint32_t task = 0; task < row.tasks; ++task) {
      Quick& quick = quick_[row.first + task];
      if (quick.rows != nullptr || !quick.distribution.is_curved()) continue;
      const auto same = std::find_if(known.begin(), known.end(), [&](const Distribution* other) {
        return *other == quick.distribution;
      });
      quick.table = static_cast<std::uint32_t>(same - known.begin());
      if (same != known.end()) continue;
      known.push_back(&quick.distribution);
      tables_.push_back(quick.distribution.table());
    }
  }
}

void Attempts::draw_lanes(plan::StepId step, std::uint32_t lane, std::uint32_t first,
                          std::uint32_t run, std::span<DrawnLane> drawn) const {
  const LaneRow& row = lanes_[step.value];
  while (!drawn.empty()) {
    const std::size_t count = std::min<std::size_t>(drawn.size(), row.at_once);
    draw_some(row, lane, first, run, drawn.first(count));
    find_simple(row, lane, first, drawn.first(count));
    drawn = drawn.subspan(count);
    lane += static_cast<std::uint32_t>(count);
  }
}

// Column by column: all lanes' draws of a task stand side by side.
void Attempts::draw_some(const LaneRow& row, std::uint32_t lane, std::uint32_t first,
                         std::uint32_t run, std::span<DrawnLane> drawn) const {
  const std::uint32_t tasks = std::min(row.tasks - first, block);
  const Quick* const quick = &quick_[row.first + first];
  std::array<std::uint64_t, draws_at_once> identities;
  std::array<std::uint64_t, draws_at_once> bits;
  std::array<std::uint64_t, draws_at_once> chances;
  const auto lanes = static_cast<std::uint32_t>(drawn.size());
  const std::uint32_t draws = row.random ? lanes * tasks : 0;
  if (row.random) {
    find_identities(row, lane, first, lanes, std::span(identities).first(draws));
    base::random_columns(settings_.seed, run, 1, std::span(identities).first(draws),
                         std::span(bits).first(draws),
                         std::span(chances).first(row.fails ? draws : 0));
  }
  for (DrawnLane& of : drawn) of.failing = 0;
  for (std::uint32_t task = 0; task < tasks; ++task) {
    const std::uint64_t* const column = &bits[task * lanes];
    if (quick[task].rows == nullptr) {
      const std::uint32_t table = quick[task].table;
      const QuantileTable* const read = table < tables_.size() ? &tables_[table] : nullptr;
      quick[task].distribution.fill(column, lanes, task, drawn, read);
    } else {
      for (std::uint32_t i = 0; i < lanes; ++i) {
        quick_distribution(quick[task], target_of(row, lane + i))
            .fill(column + i, 1, task, drawn.subspan(i));
      }
    }
    if (quick[task].fails <= 0) continue;
    for (std::uint32_t i = 0; i < lanes; ++i) {
      const double chance = to_open_interval(chances[task * lanes + i]) * 100e6;
      if (chance < quick[task].fails) drawn[i].failing |= static_cast<std::uint8_t>(1U << task);
    }
  }
}

void Attempts::find_simple(const LaneRow& row, std::uint32_t lane, std::uint32_t first,
                           std::span<DrawnLane> drawn) const {
  const std::uint32_t tasks = std::min(row.tasks - first, block);
  for (DrawnLane& of : drawn) {
    bool simple = of.failing == 0;
    std::uint64_t all = 0;
    for (std::uint32_t task = 0; task < tasks; ++task) {
      simple = simple && of.takes[task] > 0;
      all += of.takes[task];
    }
    simple = simple && all < DrawnLane::too_long;
    of.all = static_cast<std::uint32_t>(all);
    if (row.times_out) simple = simple && ends_in_time(row, lane, first, of);
    of.simple = simple;
    ++lane;
  }
}

bool Attempts::ends_in_time(const LaneRow& row, std::uint32_t lane, std::uint32_t first,
                            const DrawnLane& drawn) const {
  const std::uint32_t tasks = std::min(row.tasks - first, block);
  const base::Duration* const timeouts = &timeouts_[row.first + first];
  bool in_time = true;
  if (!row.times_out_by_lane) {
    for (std::uint32_t task = 0; task < tasks; ++task) {
      in_time = in_time && drawn.takes[task] <= timeouts[task].ms;
    }
    return in_time;
  }
  const base::Duration* const* const by_lane = &lane_timeouts_[row.first + first];
  for (std::uint32_t task = 0; task < tasks; ++task) {
    const base::Duration timeout = by_lane[task] == nullptr ? timeouts[task] : by_lane[task][lane];
    in_time = in_time && drawn.takes[task] <= timeout.ms;
  }
  return in_time;
}

}  // namespace sluice::simulator
