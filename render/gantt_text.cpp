// The Gantt chart for a terminal. Few lanes are drawn one a row; many become bands, each for as
// many neighbours as it takes to keep a step on the screen.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "render/state_words.h"
#include "render/text_table.h"
#include "render/timeline_text.h"

namespace sluice::render {

namespace {

using base::Instant;
using scheduler::State;

constexpr std::uint32_t most_rows = 16;  // of one step

struct Signs {
  std::array<std::string_view, 2> task;   // one task after the other
  std::array<std::string_view, 4> share;  // of a band: a quarter, half, three quarters, all
  std::array<std::string_view, 9> level;  // of capacity: none to all
  std::string_view failed;
  std::string_view line;
};

constexpr Signs unicode{
    {"█", "▓"}, {"░", "▒", "▓", "█"}, {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}, "✗", "─"};
constexpr Signs ascii{
    {"#", "="}, {".", ":", "+", "#"}, {" ", "1", "2", "3", "4", "5", "6", "7", "#"}, "x", "-"};

class Chart {
 public:
  Chart(const plan::Plan& plan, const scheduler::Timeline& timeline, const TextStyle& style)
      : plan_(plan),
        timeline_(timeline),
        style_(style),
        signs_(style.unicode ? unicode : ascii),
        length_(std::max<std::int64_t>(1, timeline.duration.ms)) {
    const int width = std::max(40, style.width);
    label_width_ = std::clamp(longest_label(), 8, width / 3);
    columns_ = static_cast<std::uint32_t>(width - label_width_ - 3);
  }

  std::string text() {
    for (const plan::StepId step : plan_.steps.ids()) draw_step(step);
    draw_capacity();
    draw_axis();
    return std::move(out_);
  }

 private:
  int longest_label() const {
    int width = 0;
    for (const plan::StepId step : plan_.steps.ids()) {
      const std::uint32_t lanes = plan::lane_count(plan_, step);
      const bool bands = lanes > most_rows;
      for (std::uint32_t lane = 0; lane < std::min(lanes, most_rows); ++lane) {
        const int name = base::display_width(plan::lane_name(plan_, step, lane));
        width = std::max(width, 2 + (bands ? name * 2 + 3 : name));
      }
    }
    for (const plan::Role& role : plan_.roles) {
      width = std::max(width, 13 + base::display_width(role.name));
    }
    return width;
  }

  // The columns that [start, end) touches; at least one.
  std::pair<std::uint32_t, std::uint32_t> columns_of(Instant start, Instant end) const {
    const std::int64_t stop = std::min(end.ms, length_);
    const auto first = static_cast<std::uint32_t>(start.ms * columns_ / length_);
    const auto last = static_cast<std::uint32_t>((stop * columns_ + length_ - 1) / length_);
    const std::uint32_t begin = std::min(first, columns_ - 1);
    return {begin, std::clamp(last, begin + 1, columns_)};
  }

  void draw_step(plan::StepId step) {
    const scheduler::StepTimes& times = timeline_.steps[step.value];
    std::string title = fmt::format("{}  {}", fitted(plan_.steps[step].name, style_.width / 2),
                                    state_words(times.state));
    if (times.start != Instant::never()) {
      title += fmt::format("  {} to {}", time_text(times.start), time_text(times.end));
    }
    out_ += bold(title) + "\n";
    if (times.start == Instant::never()) return;
    const std::uint32_t lanes = plan::lane_count(plan_, step);
    if (lanes <= most_rows) {
      for (std::uint32_t lane = 0; lane < lanes; ++lane) draw_lane(step, lane);
      return;
    }
    for (std::uint32_t row = 0; row < most_rows; ++row) {
      const auto from = static_cast<std::uint32_t>(std::uint64_t{lanes} * row / most_rows);
      const auto to = static_cast<std::uint32_t>(std::uint64_t{lanes} * (row + 1) / most_rows);
      draw_band(step, from, to);
    }
  }

  std::string bold(const std::string& text) const {
    return style_.colour ? "\x1b[1m" + text + "\x1b[0m" : text;
  }

  void row(std::string_view label, const std::vector<std::string_view>& cells,
           std::string_view colour) {
    out_ += padded(label, label_width_) + (style_.unicode ? " │" : " |");
    std::string line;
    for (const std::string_view cell : cells) line += cell.empty() ? " " : cell;
    line.erase(line.find_last_not_of(' ') + 1);
    out_ += std::string(colour) + line + (colour.empty() ? "" : "\x1b[0m") + "\n";
  }

  void draw_lane(plan::StepId step, std::uint32_t lane) {
    const scheduler::LaneTimes& times = timeline_.lane(step, lane);
    std::vector<std::string_view> cells(columns_);
    const auto tasks = static_cast<std::uint32_t>(plan_.steps[step].tasks.size());
    for (std::uint32_t task = 0; task < tasks; ++task) {
      std::uint32_t before = columns_;  // where the attempt before this one ended
      for (const auto& attempt : timeline_.attempts(plan_, step, lane, task)) {
        const auto [begin, end] = columns_of(attempt.start, attempt.end);
        for (std::uint32_t i = before; i < begin; ++i) cells[i] = signs_.share[0];
        for (std::uint32_t i = begin; i < end; ++i) cells[i] = signs_.task[task % 2];
        before = end;
      }
    }
    const bool bad = times.state == State::Failed || times.state == State::Cancelled;
    if (bad) cells[columns_of(times.start, times.end).second - 1] = signs_.failed;
    const std::string label = fmt::format("  {}", plan::lane_name(plan_, step, lane));
    row(label, cells, state_colour(times.state, style_.colour));
  }

  void draw_band(plan::StepId step, std::uint32_t from, std::uint32_t to) {
    std::vector<std::uint32_t> busy(columns_, 0);
    std::vector<bool> failed(columns_, false);
    State worst = State::Succeeded;
    for (std::uint32_t lane = from; lane < to; ++lane) {
      const scheduler::LaneTimes& times = timeline_.lane(step, lane);
      if (times.start == Instant::never()) continue;
      const auto [begin, end] = columns_of(times.start, times.end);
      for (std::uint32_t i = begin; i < end; ++i) ++busy[i];
      if (times.state == State::Failed || times.state == State::Cancelled) {
        failed[end - 1] = true;
        worst = State::Failed;
      }
    }
    std::vector<std::string_view> cells(columns_);
    for (std::uint32_t i = 0; i < columns_; ++i) {
      if (busy[i] == 0) continue;
      const std::uint32_t quarter = std::min(3U, (busy[i] * 4 - 1) / (to - from));
      cells[i] = failed[i] ? signs_.failed : signs_.share[quarter];
    }
    std::string names = "  " + std::string(plan::lane_name(plan_, step, from));
    if (to - from > 1) names += fmt::format(" … {}", plan::lane_name(plan_, step, to - 1));
    row(names, cells, state_colour(worst, style_.colour));
  }

  // How many of each role are in service: the lowest of each column.
  void draw_capacity() {
    bool titled = false;
    for (const plan::RoleId id : plan_.roles.ids()) {
      const scheduler::RoleTimes& role = timeline_.roles[id.value];
      if (role.available_min == role.targets) continue;
      if (!titled) out_ += bold("In service") + "\n";
      titled = true;
      std::vector<std::uint32_t> lowest(columns_, role.targets);
      for (std::size_t i = 0; i < role.availability.size(); ++i) {
        const Instant start = role.availability[i].at;
        const Instant end =
            i + 1 < role.availability.size() ? role.availability[i + 1].at : Instant{length_};
        if (start == end) continue;
        const auto [from, to] = columns_of(start, end);
        for (std::uint32_t c = from; c < to; ++c) {
          lowest[c] = std::min(lowest[c], role.availability[i].in_service);
        }
      }
      std::vector<std::string_view> cells;
      for (const std::uint32_t value : lowest) {
        const std::uint32_t level = value == 0 ? 0 : std::max(1U, value * 8 / role.targets);
        cells.push_back(signs_.level[level]);
      }
      row(fmt::format("  {} {} to {}", plan_.roles[id].name, role.available_min, role.targets),
          cells, "");
    }
  }

  void draw_axis() {
    std::string line(static_cast<std::size_t>(label_width_) + 1, ' ');
    for (std::uint32_t i = 0; i <= columns_; ++i)
      line += i == 0 ? (style_.unicode ? "└" : "+") : signs_.line;
    out_ += line + "\n";
    // As many round times as have room, and the end, which is never left out.
    const std::string last = time_text(Instant{length_});
    const auto end = columns_ + 1 - static_cast<std::size_t>(base::display_width(last));
    std::string labels;
    for (std::int64_t at = 0; at < length_; at += tick()) {
      const std::string label = time_text(Instant{at});
      const auto column = static_cast<std::size_t>(at * columns_ / length_);
      if (column + label.size() + 1 > end) break;
      labels.resize(column, ' ');
      labels += label;
    }
    labels.resize(end, ' ');
    out_ += std::string(static_cast<std::size_t>(label_width_) + 1, ' ') + labels + last + "\n";
  }

  // The smallest round time that leaves a label room.
  std::int64_t tick() const {
    constexpr std::array<std::int64_t, 22> round{
        1,       2,       5,         10,        20,        50,        100,    200,
        500,     1'000,   2'000,     5'000,     10'000,    30'000,    60'000, 120'000,
        300'000, 600'000, 1'800'000, 3'600'000, 7'200'000, 21'600'000};
    constexpr std::int64_t label_columns = 12;
    const std::int64_t least = length_ * label_columns / columns_;
    for (const std::int64_t candidate : round) {
      if (candidate >= least) return candidate;
    }
    constexpr std::int64_t day = 86'400'000;
    return (least + day - 1) / day * day;
  }

  const plan::Plan& plan_;
  const scheduler::Timeline& timeline_;
  const TextStyle& style_;
  const Signs& signs_;
  std::int64_t length_;
  int label_width_ = 0;
  std::uint32_t columns_ = 0;
  std::string out_;
};

}  // namespace

std::string gantt_text(const plan::Plan& plan, const scheduler::Timeline& timeline,
                       const TextStyle& style) {
  return Chart(plan, timeline, style).text();
}

}  // namespace sluice::render
