#include "cli/live_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/utf8.h"
#include "render/text_table.h"

namespace sluice::cli {

namespace {

constexpr int narrow = 60;  // columns, below which the bar is shorter

std::string bar_of(const LiveView::Step& step, std::uint32_t cells) {
  const std::uint32_t targets = std::max(1U, step.targets);
  const auto part = [&](std::uint32_t count) {
    return static_cast<std::uint32_t>(std::uint64_t{count} * cells / targets);
  };
  const std::uint32_t done = std::min(cells, part(step.over));
  const std::uint32_t working =
      std::min(cells - done, std::max(part(step.at_work), step.at_work > 0 ? 1U : 0U));
  std::string bar;
  for (std::uint32_t i = 0; i < cells; ++i) bar += i < done ? "█" : i < done + working ? "▒" : "░";
  return bar;
}

// As many names as there is room for whole.
std::string names_in(const LiveView::Step& step, int columns) {
  std::string text;
  for (std::size_t i = 0; i < step.names.size(); ++i) {
    const std::string next = (i == 0 ? ": " : ", ") + base::printable(step.names[i]);
    const bool last = i + 1 == step.at_work;
    const int room = columns - (last ? 0 : base::display_width(", …"));
    if (base::display_width(text) + base::display_width(next) > room) {
      return i == 0 ? "" : text + ", …";
    }
    text += next;
  }
  return step.names.size() < step.at_work && !text.empty() ? text + ", …" : text;
}

// The bar, how far, the name; then how many failed and are at work, and their names, as far as
// there is room for them.
std::string step_line(const LiveView::Step& step, const Screen& screen) {
  constexpr std::uint32_t cells = 20;
  constexpr std::uint32_t few_cells = 8;
  constexpr int longest_name = 30;
  const int shortest_name = step.failed > 0 ? 2 : 6;  // failures are told before names
  const std::string total = fmt::format("{}", step.targets);
  const std::string text =
      fmt::format("  {}  {:>{}} of {}  ", bar_of(step, screen.width < narrow ? few_cells : cells),
                  step.over, total.size(), total);
  const int columns = screen.width - 1 - base::display_width(text);
  std::string counts = step.failed > 0 ? fmt::format(", {} failed", step.failed) : "";
  const std::string at_work = step.at_work > 0 ? fmt::format(", {} at work", step.at_work) : "";
  if (columns - base::display_width(counts + at_work) >= shortest_name) counts += at_work;
  const int for_name = columns - base::display_width(counts);
  const std::string name =
      render::fitted(step.name, std::clamp(for_name, shortest_name, longest_name));
  const int left = for_name - base::display_width(name);
  return render::fitted(text + name + counts + names_in(step, left), screen.width - 1);
}

struct Widths {
  int name = 0;
  std::size_t number = 0;
};

// What stands behind the name.
std::string numbers_of(const LiveView::Capacity& role, const Widths& widths, bool in_words) {
  std::string text = fmt::format("  {:>{}} of {:>{}}{}", role.in_service, widths.number,
                                 role.targets, widths.number, in_words ? " in service" : "");
  if (role.bound.empty()) return text;
  return text + ", " + role.bound + (role.room < 0 ? ": broken" : "");
}

std::string role_line(const LiveView::Capacity& role, const Widths& widths, const Screen& screen) {
  const std::string name = "  " + render::padded(role.role, widths.name);
  std::string text = name + numbers_of(role, widths, true);
  if (base::display_width(text) >= screen.width) text = name + numbers_of(role, widths, false);
  text = render::fitted(text, screen.width - 1);
  if (!screen.colour || role.bound.empty() || role.room > 0) return text;
  return (role.room < 0 ? "\x1b[1;31m" : "\x1b[33m") + text + "\x1b[0m";
}

// Names are cut before numbers are.
Widths widths_of(std::span<const LiveView::Capacity> roles, const Screen& screen) {
  constexpr int longest_name = 20;
  constexpr int shortest_name = 4;
  Widths widths;
  for (const LiveView::Capacity& role : roles) {
    widths.name = std::max(widths.name, base::display_width(role.role));
    widths.number = std::max(widths.number, fmt::format("{}", role.targets).size());
  }
  int room = longest_name;
  for (const LiveView::Capacity& role : roles) {
    const int numbers = base::display_width(numbers_of(role, widths, false));
    room = std::min(room, screen.width - 3 - numbers);
  }
  widths.name = std::min(widths.name, std::max(room, shortest_name));
  return widths;
}

std::string role_lines(const LiveView& view, std::size_t most, const Screen& screen) {
  std::vector<LiveView::Capacity> roles = view.roles;
  std::stable_sort(roles.begin(), roles.end(), [](const auto& a, const auto& b) {
    const bool bound = !a.bound.empty();
    if (bound != !b.bound.empty()) return bound;
    return bound && a.room < b.room;
  });
  const std::size_t shown = roles.size() > most ? most - 1 : roles.size();
  const std::span<const LiveView::Capacity> first(roles.data(), shown);
  const Widths widths = widths_of(first, screen);
  std::string text;
  for (const LiveView::Capacity& role : first) text += role_line(role, widths, screen) + "\n";
  if (shown < roles.size()) text += fmt::format("  … {} more roles\n", roles.size() - shown);
  return text;
}

}  // namespace

std::string live_text(const LiveView& view, const Screen& screen) {
  const std::size_t lines = std::max<std::size_t>(4, static_cast<std::size_t>(screen.height) / 2);
  const std::size_t for_times = view.beside_predicted.empty() ? 1 : 2;
  const std::size_t for_roles = std::min(view.roles.size(), (lines - for_times) / 3);
  const std::size_t for_steps = lines - for_times - for_roles;
  std::string text;
  const std::size_t shown = view.steps.size() > for_steps ? for_steps - 1 : view.steps.size();
  for (std::size_t i = 0; i < shown; ++i) text += step_line(view.steps[i], screen) + "\n";
  if (shown < view.steps.size()) {
    text += fmt::format("  … {} more steps under way\n", view.steps.size() - shown);
  }
  if (for_roles > 0) text += role_lines(view, for_roles, screen);
  const std::string first = view.time_left.empty()
                                ? "  " + view.clock
                                : fmt::format("  {}  {}", view.clock, view.time_left);
  text += render::fitted(first, screen.width - 1) + "\n";
  if (!view.beside_predicted.empty()) {
    text += render::fitted(
                fmt::format("  {}  {}", std::string(view.clock.size(), ' '), view.beside_predicted),
                screen.width - 1) +
            "\n";
  }
  return text;
}

int rows_of(std::string_view live_text, int width) {
  int rows = 0;
  while (!live_text.empty()) {
    std::string_view line = live_text.substr(0, live_text.find('\n'));
    live_text.remove_prefix(std::min(live_text.size(), line.size() + 1));
    if (const std::size_t behind = line.find('m'); line.starts_with("\x1b[")) {
      line.remove_prefix(behind + 1);
    }
    line = line.substr(0, line.find('\x1b'));
    const int columns = std::max(1, base::display_width(line));
    rows += (columns + width - 1) / std::max(1, width);
  }
  return rows;
}

}  // namespace sluice::cli
