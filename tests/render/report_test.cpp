// A timeline as a page, a table, a trace and test results: whole documents beside the test.
#include "render/report.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "render/timeline_export.h"
#include "simulator/simulator.h"
#include "support/compiled.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/tiny_plan.h"

using namespace sluice;

namespace {

using nlohmann::json;

plan::Plan compiled(const std::string& name) {
  plan::Plan plan = test::compiled(
      test::read_text(fmt::format("{}/tests/render/reports/{}.deploy", test::source_dir(), name)),
      name + ".deploy");
  plan.digest = "sha256:of-the-plan";  // what stands beside it here does not depend on it
  return plan;
}

scheduler::Timeline simulated(const plan::Plan& plan, const simulator::Settings& settings = {}) {
  auto prediction = simulator::simulate(plan, settings);
  REQUIRE(prediction.ok());
  return std::move(prediction).value().timeline;
}

// The farm, where web-1 deploys at the second attempt and web-3 at none.
scheduler::Timeline with_failures(const plan::Plan& plan) {
  simulator::Settings settings;
  settings.failures.push_back({plan::StepId{0}, 1, 0, false, 1});
  settings.failures.push_back({plan::StepId{0}, 1, 2});
  return simulated(plan, settings);
}

// A line a member, for who compares two.
std::string in_lines(std::string_view document) {
  std::string lines;
  for (const char c : document) {
    if (c == '"' && lines.ends_with(',')) lines.push_back('\n');
    lines.push_back(c);
  }
  return lines + "\n";
}

json data_of(const plan::Plan& plan, const scheduler::Timeline& timeline) {
  const render::ReportPart part{"", "A test.", &timeline, {}};
  return json::parse(render::report_data(plan, {&part, 1}, nullptr));
}

}  // namespace

TEST_CASE("a timeline with retries, a failure and what was not run is written in each format") {
  const plan::Plan plan = compiled("farm");
  const scheduler::Timeline timeline = with_failures(plan);
  test::check_golden("render/reports/farm.csv", render::timeline_csv(plan, timeline));
  test::check_golden("render/reports/farm.trace.json", render::timeline_trace(plan, timeline));
  test::check_golden("render/reports/farm.junit.xml",
                     render::timeline_junit(plan, timeline, "2026-11-25T12:00:00Z"));
  const render::ReportPart part{"", "A test.", &timeline, {"that it is a test"}};
  render::ReportDistribution distribution;
  distribution.sentences = {"Half take so long."};
  distribution.duration_ms = {60'000, 61'000, 61'000, 70'000};
  distribution.success = {0.5, 0.15, 0.85, 1, false};
  distribution.contracts.assign(plan.contracts.size(), {1, 0.5, 1, 0.9, true});
  test::check_golden("render/reports/farm.data.json",
                     in_lines(render::report_data(plan, {&part, 1}, &distribution)));
}

TEST_CASE("every slice of a trace lies within its lane's, and capacity is counted") {
  const plan::Plan plan = compiled("farm");
  const scheduler::Timeline timeline = with_failures(plan);
  const json trace = json::parse(render::timeline_trace(plan, timeline));
  std::map<std::pair<int, int>, std::pair<std::int64_t, std::int64_t>> lanes;
  std::size_t counters = 0, actions = 0;
  for (const json& event : trace.at("traceEvents")) {
    if (event.at("ph") == "C") ++counters;
    if (event.at("ph") != "X") continue;
    const std::pair<int, int> row{event.at("pid"), event.at("tid")};
    const std::int64_t start = event.at("ts"), end = start + event.at("dur").get<std::int64_t>();
    if (event.at("cat") == "lane") {
      lanes[row] = {start, end};
      continue;
    }
    ++actions;
    CHECK(lanes.at(row).first <= start);
    CHECK(end <= lanes.at(row).second);
  }
  CHECK(lanes.size() == 3);
  CHECK(counters == timeline.roles[0].availability.size());
  CHECK(actions == 13);
}

TEST_CASE("no name ends or opens anything in the page") {
  plan::Plan plan = test::tiny_plan("A on a b, window 1: one; two");
  plan.deployment = "</title></script><!--<script>&amp;";
  plan.steps[plan::StepId{0}].name = "</script><b>";
  plan.steps[plan::StepId{0}].tasks[0].name = "\xff\xe2\x80\xae<!--";
  const scheduler::Timeline timeline = simulated(plan);
  const render::ReportPart part{"", "</script>", &timeline, {"<!--"}};
  const std::string data = render::report_data(plan, {&part, 1}, nullptr);
  CHECK(data.find('<') == std::string::npos);
  const json read = json::parse(data);
  CHECK(read.at("deployment") == plan.deployment);
  CHECK(read.at("steps")[0].at("name") == "</script><b>");
  CHECK(read.at("steps")[0].at("tasks")[0] == "\\xFF\\u{202E}<!--");
  const auto page = render::report_html(plan, {&part, 1}, nullptr);
  REQUIRE(page.ok());
  const std::string& text = page.value();
  CHECK(text.find("<title>&lt;/title>&lt;/script>&lt;!--&lt;script>&amp;amp;</title>") !=
        std::string::npos);
  // What the program itself writes, and no more: data, uPlot, and the page's own.
  std::size_t opened = 0, closed = 0;
  for (std::size_t at = 0; (at = text.find("<script", at)) != std::string::npos; ++at) ++opened;
  for (std::size_t at = 0; (at = text.find("</script", at)) != std::string::npos; ++at) ++closed;
  CHECK(opened == 3);
  CHECK(closed == 3);
  CHECK(text.find("<!--") == std::string::npos);
}

TEST_CASE("the page loads nothing, and may not") {
  const plan::Plan plan = test::tiny_plan("A on a: one");
  const scheduler::Timeline timeline = simulated(plan);
  const render::ReportPart part{"", "A test.", &timeline, {}};
  const auto page = render::report_html(plan, {&part, 1}, nullptr);
  REQUIRE(page.ok());
  CHECK(page.value().find("default-src 'none'") != std::string::npos);
  CHECK(page.value().find(" src=") == std::string::npos);
  CHECK(page.value().find("@import") == std::string::npos);
  CHECK(page.value().find("url(") == std::string::npos);
  // uPlot's licence asks to stand wherever it does.
  CHECK(page.value().find("Permission is hereby granted") != std::string::npos);
}

TEST_CASE("a page counts the part of a role that came nearest to its limit") {
  const plan::Plan plan = compiled("farm");
  const json contracts = data_of(plan, with_failures(plan)).at("timelines")[0].at("contracts");
  // One of zone eu is out at a time, web-2 as web-1 returns; web-3 is alone in its zone.
  const json& per_zone = contracts.at(1);
  CHECK(per_zone.at("held") == true);
  CHECK(per_zone.at("group") == "eu");
  CHECK(per_zone.at("group_size") == 2);
  CHECK(per_zone.at("availability") == json::array({0, 1, 77'000, 2}));
}

TEST_CASE("a histogram counts each run once") {
  const plan::Plan plan = test::tiny_plan("A on a: one");
  const scheduler::Timeline timeline = simulated(plan);
  const render::ReportPart part{"", "A test.", &timeline, {}};
  render::ReportDistribution distribution;
  for (std::int64_t run = 0; run < 1000; ++run) distribution.duration_ms.push_back(500 + run * run);
  const json data = json::parse(render::report_data(plan, {&part, 1}, &distribution));
  const std::vector<std::int64_t> bars = data.at("distribution").at("histogram");
  const std::int64_t from = bars[0], width = bars[1];
  CHECK(from == 500);
  std::int64_t counted = 0;
  for (std::size_t bar = 2; bar < bars.size(); ++bar) {
    const auto begin = from + static_cast<std::int64_t>(bar - 2) * width;
    std::int64_t expected = 0;
    for (const std::int64_t run : distribution.duration_ms) {
      if (run >= begin && run < begin + width) ++expected;
    }
    CHECK(bars[bar] == expected);
    counted += bars[bar];
  }
  CHECK(counted == 1000);
  CHECK(bars.size() - 2 <= 48);
  CHECK(data.at("distribution").at("quantiles").at("p50") == 500 + 499 * 499);
}

TEST_CASE("a run that goes on is drawn as far as it has come") {
  const plan::Plan plan = test::tiny_plan("A on a b, window 1: one, takes 10; two, takes 5");
  scheduler::Timeline timeline = simulated(plan);
  // As the journal of a run tells it that was asked after 12 ms: `two` is at work on a.
  timeline.outcome = scheduler::State::Running;
  timeline.duration = {12};
  timeline.lanes[0].end = base::Instant::never();
  timeline.lanes[0].state = scheduler::State::Running;
  timeline.tasks[1].end = base::Instant::never();
  timeline.tasks[1].state = scheduler::State::Running;
  for (std::size_t task = 2; task < 4; ++task) timeline.tasks[task] = {};
  timeline.lanes[1] = {};
  CHECK(render::timeline_csv(plan, timeline) ==
        "step,target,batch,task,attempt,state,start_ms,end_ms,reason\r\n"
        "A,a,,one,1,succeeded,0,10,\r\n"
        "A,a,,two,1,running,10,,\r\n"
        "A,b,,,0,not_started,,,\r\n");
  const json lanes = data_of(plan, timeline).at("timelines")[0].at("lanes");
  CHECK(lanes[0].at(4).is_null());
  CHECK(lanes[1].at(3).is_null());
  CHECK(render::timeline_junit(plan, timeline, "").find("skipped message=\"running\"") !=
        std::string::npos);
}

TEST_CASE("lanes say which batch they are in, and what runs between batches after which") {
  const plan::Plan plan =
      test::tiny_plan("A on a b c d, batches 1 2: one, takes 5\n- Look, takes 3\nB on a, takes 1");
  const scheduler::Timeline timeline = simulated(plan);
  CHECK(render::timeline_csv(plan, timeline) ==
        "step,target,batch,task,attempt,state,start_ms,end_ms,reason\r\n"
        "A,a,1,one,1,succeeded,0,5,\r\n"
        "A,b,2,one,1,succeeded,8,13,\r\n"
        "A,c,2,one,1,succeeded,8,13,\r\n"
        "A,d,3,one,1,succeeded,16,21,\r\n"
        "Look,controller,1,Look,1,succeeded,5,8,\r\n"
        "Look,controller,2,Look,1,succeeded,13,16,\r\n"
        "B,a,,B,1,succeeded,21,22,\r\n");
  const json steps = data_of(plan, timeline).at("steps");
  CHECK(steps[0].at("batches") == json::array({1, 3}));
  CHECK(steps[0].at("limit") == 2);
  CHECK(steps[1].at("batches") == json::array({1}));
  CHECK(steps[1].at("gate_of") == 0);
  CHECK_FALSE(steps[2].contains("batches"));
}
