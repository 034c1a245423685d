// The lines that are redrawn on a terminal, from given states.
#include "cli/live_view.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/utf8.h"
#include "cli/live_capacity.h"
#include "support/compiled.h"
#include "support/random_schedule.h"

using namespace sluice;
using cli::LiveView;

namespace {

LiveView small() {
  LiveView view;
  view.steps.push_back({"Update the website", 5, 1, 0, 2, {"web-2", "web-3"}});
  view.roles.push_back({"web", 5, 3, "at least 3", 0});
  view.clock = "00:01:12";
  view.time_left = "about 3m left, in 9 of 10 cases at most 4m10s";
  view.beside_predicted = "4m12s in all, predicted 4m to 5m";
  return view;
}

LiveView large() {
  LiveView view;
  LiveView::Step step{"Update the website", 5000, 2103, 7, 50, {}};
  for (int i = 0; i < 20; ++i) step.names.push_back("web-" + std::to_string(2104 + i));
  view.steps.push_back(step);
  view.roles.push_back({"db", 12, 11, "", 0});
  view.roles.push_back({"web", 5000, 4950, "at least 4900", 50});
  view.roles.push_back({"web zone b", 1250, 1199, "at least 1200", -1});
  view.clock = "01:12:05";
  view.time_left = "about 2h left";
  return view;
}

// Each line ends, and leaves the last column free: a terminal would go on in the next line.
void check_fits(const std::string& text, int width, int most_lines) {
  int lines = 0;
  std::string rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    REQUIRE(end != std::string::npos);
    CHECK(base::display_width(rest.substr(0, end)) < width);
    rest.erase(0, end + 1);
    ++lines;
  }
  CHECK(lines <= most_lines);
}

}  // namespace

TEST_CASE("a live view of five targets names those at work") {
  CHECK(cli::live_text(small(), {80, 24, false}) ==
        "  ████▒▒▒▒▒▒▒▒░░░░░░░░  1 of 5  Update the website, 2 at work: web-2, web-3\n"
        "  web  3 of 5 in service, at least 3\n"
        "  00:01:12  about 3m left, in 9 of 10 cases at most 4m10s\n"
        "            4m12s in all, predicted 4m to 5m\n");
}

TEST_CASE("a live view of 5,000 targets has as many lines as one of five") {
  CHECK(cli::live_text(large(), {80, 24, false}) ==
        "  ████████▒░░░░░░░░░░░  2103 of 5000  Update the website, 7 failed, 50 at work\n"
        "  web zone b  1199 of 1250 in service, at least 1200: broken\n"
        "  web         4950 of 5000 in service, at least 4900\n"
        "  db            11 of   12 in service\n"
        "  01:12:05  about 2h left\n");
}

TEST_CASE("forty columns hold the numbers before the names") {
  CHECK(cli::live_text(small(), {40, 24, false}) ==
        "  █▒▒▒░░░░  1 of 5  Update …, 2 at work\n"
        "  web  3 of 5 in service, at least 3\n"
        "  00:01:12  about 3m left, in 9 of 10 …\n"
        "            4m12s in all, predicted 4m…\n");
}

TEST_CASE("forty columns and 5,000 targets leave failures in sight") {
  CHECK(cli::live_text(large(), {40, 24, false}) ==
        "  ███▒░░░░  2103 of 5000  Up…, 7 failed\n"
        "  web…  1199 of 1250, at least 1200: b…\n"
        "  web   4950 of 5000, at least 4900\n"
        "  db      11 of   12 in service\n"
        "  01:12:05  about 2h left\n");
}

TEST_CASE("a capacity at its bound and one below it stand out in colour") {
  const std::string text = cli::live_text(large(), {80, 24, true});
  CHECK(text.find("\x1b[1;31m  web zone b") != std::string::npos);
  CHECK(text.find("\x1b[33m") == std::string::npos);
  LiveView at_bound = small();
  CHECK(cli::live_text(at_bound, {80, 24, true}).find("\x1b[33m  web  3 of 5") !=
        std::string::npos);
}

TEST_CASE("a live view never takes more than half of the screen") {
  LiveView view = small();
  view.steps.clear();
  view.roles.clear();
  for (int i = 0; i < 30; ++i) {
    const std::string number = std::to_string(i);
    view.steps.push_back({"Step " + number, 3, 0, 0, 1, {"some-host-" + number}});
    view.roles.push_back({"role " + number, 3, 2, "at least 1", 1});
  }
  for (const int height : {8, 24, 50}) {
    for (const int width : {40, 80, 200}) {
      check_fits(cli::live_text(view, {width, height, false}), width, height / 2);
    }
  }
  const std::string text = cli::live_text(view, {80, 24, false});
  CHECK(text.find("  … 24 more steps under way\n") != std::string::npos);
  CHECK(text.find("  … 28 more roles\n") != std::string::npos);
}

TEST_CASE("a role without a contract stands beside its minimum while some of it is out") {
  const plan::Plan plan = test::compiled(R"(deployment "d"
role web { target "web-[1..4]"  connect local  minimum 3 }
step "Update" on web window 2 {
  step "Leave" { run wait 1s drains }
  step "Return" { run wait 1s restores }
}
)");
  scheduler::TimelineBuilder builder(plan, scheduler::Detail::Summary);
  std::uint32_t lowest = 4;
  test::World world(plan, test::WorldSettings{});
  REQUIRE(world.run([&](base::Instant now, const auto& events, const auto& commands, const auto&) {
    builder.observe(now, events, commands);
    const auto rows = cli::capacity_of(plan, builder);
    const std::uint32_t in_service = builder.in_service(plan::RoleId{0});
    lowest = std::min(lowest, in_service);
    if (in_service == 4) {
      CHECK(rows.empty());
    } else {
      CHECK(rows == std::vector<LiveView::Capacity>{
                        {"web", 4, in_service, "minimum 3", std::int64_t{in_service} - 3}});
    }
  }));
  CHECK(lowest == 2);
}

TEST_CASE("lines that a narrower terminal has broken are counted by the rows that they take") {
  CHECK(cli::rows_of("", 80) == 0);
  const std::string lines = "  12345678\n\x1b[33m  web  3 of 5\x1b[0m\n  ██████\n";
  CHECK(cli::rows_of(lines, 80) == 3);
  CHECK(cli::rows_of(lines, 13) == 3);
  CHECK(cli::rows_of(lines, 12) == 4);
  CHECK(cli::rows_of(lines, 6) == 7);
  const LiveView view = large();
  const std::string text = cli::live_text(view, {100, 24, true});
  CHECK(cli::rows_of(text, 100) == std::count(text.begin(), text.end(), '\n'));
}
