// What a run teaches: `compare`, `calibrate`, `takes history`; and `advise`, which asks before one.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/run_forecast.h"
#include "support/golden.h"

namespace {

using nlohmann::json;
using sluice::test::run_program;

constexpr std::string_view farm = R"(deployment "Farm"

role web {
  target "web-[1..6]"
  connect local
}

require unavailable(web) <= 3

step "Update" on web window 2 {
  step "Deploy" {
    run "true"
    takes history
    interrupts
  }
  step "Check" {
    run "true"
    takes 1s to 3s
  }
}
)";

struct Place {
  Place() {
    file = place.path() + "/farm.deploy";
    sluice::test::write_text(file, farm);
  }
  sluice::test::TemporaryDirectory place;
  std::string file;
  std::string state() const { return place.path() + "/.sluice"; }
};

}  // namespace

TEST_CASE("a run is compared with its prediction, and its durations are learnt") {
  const Place place;
  const json before = json::parse(run_program({"simulate", place.file, "--format", "json"}).out);
  CHECK(before.at("assumed")[0].get<std::string>().find("no history yet") != std::string::npos);
  CHECK(before.at("duration_ms") > 30'000);  // ten seconds are the default of a script
  REQUIRE(run_program({"run", place.file, "--yes", "--quiet"}).status == 0);
  const auto compared = run_program({"compare", "--state", place.state(), "--format", "json"});
  REQUIRE(compared.status == 0);
  const json beside = json::parse(compared.out);
  CHECK(beside.at("schema") == "sluice.comparison/1");
  CHECK(beside.at("steps")[0].at("name") == "Update");
  CHECK(beside.at("actions").at("succeeded") == 12);
  CHECK(beside.at("steps")[0].at("actual_ms") < beside.at("steps")[0].at("length_ms").at("low"));
  CHECK(beside.at("duration_ms").at("within") == false);
  const auto words = run_program({"compare", "--state", place.state()});
  CHECK(words.out.find("shorter") != std::string::npos);
  const auto calibrated = run_program({"calibrate", place.file, "--format", "json"});
  REQUIRE(calibrated.status == 0);
  const json learnt = json::parse(calibrated.out);
  CHECK(learnt.at("schema") == "sluice.calibration/1");
  CHECK(learnt.at("actions")[0].at("attempts") == 6);
  CHECK(learnt.at("actions")[0].at("takes").get<std::string>().starts_with("takes "));
  const json after = json::parse(run_program({"simulate", place.file, "--format", "json"}).out);
  CHECK(after.at("assumed").empty());
  CHECK(after.at("duration_ms") < before.at("duration_ms"));
}

TEST_CASE("what ended while no program carried the run on is not learnt") {
  const Place place;
  sluice::test::write_text(place.file, R"(deployment "Farm"
connect local
step "Before" { run "true" takes history }
step "Kill it" { run "kill -9 \"$(cut -d ' ' -f 4 /proc/$PPID/stat)\"" takes history }
)");
  CHECK(run_program({"run", place.file, "--yes", "--quiet"}).status != 0);
  REQUIRE(run_program({"resume", "--state", place.state(), "--quiet"}).status == 0);
  const auto calibrated = run_program({"calibrate", place.file, "--format", "json"});
  INFO(calibrated.out << calibrated.err);
  const json learnt = json::parse(calibrated.out);
  REQUIRE(learnt.at("actions").size() == 2);
  CHECK(learnt.at("actions")[0].at("attempts") == 1);
  CHECK(learnt.at("actions")[1].at("attempts") == 0);
}

TEST_CASE("advise compares settings, and tells the latest start") {
  const Place place;
  const auto result =
      run_program({"advise", place.file, "--runs", "20", "--end", "06:00", "--format", "json"});
  INFO(result.err);
  REQUIRE(result.status == 0);
  const json advice = json::parse(result.out);
  CHECK(advice.at("schema") == "sluice.advice/1");
  CHECK(advice.at("step") == "Update");
  CHECK(advice.at("settings")[0].at("as_written") == true);
  CHECK(advice.at("settings")[0].at("window") == 2);
  CHECK(advice.at("smallest_change") == 0);
  CHECK(advice.at("start").at("end") == "06:00:00");
  CHECK(advice.at("start").at("latest_second_of_day") < 6 * 3600 - 30);
  for (const json& setting : advice.at("settings")) {
    CHECK(setting.at("roles")[0].at("available_min") >= 3);  // the contract is kept by waiting
  }
  const auto words = run_program({"advise", place.file, "--runs", "20", "--end", "00:00"});
  CHECK(words.out.find("window 2 (as written)") != std::string::npos);
  CHECK(words.out.find("the day before") != std::string::npos);
  CHECK(run_program({"advise", place.file, "--step", "Updat"}).status == 2);
  CHECK(run_program({"advise", place.file, "--end", "25:00"}).status == 2);
}

TEST_CASE("a run tells once where it leaves what was predicted of it") {
  const Place place;
  sluice::test::write_text(place.file, R"(deployment "Farm"
connect local
step "Update" { run "true" takes 30s to 40s }
step "Unsaid" { run "true" }
step "Quick" { run "true" takes 10ms }
)");
  const auto run = run_program({"run", place.file, "--yes"});
  REQUIRE(run.status == 0);
  const std::string_view told = "`Update` was over sooner than predicted: ";
  const std::size_t at = run.err.find(told);
  REQUIRE(at != std::string::npos);
  CHECK(run.err.find(", 9 of 10 times it takes 3", at) != std::string::npos);
  CHECK(run.err.find("than predicted", at + told.size()) == std::string::npos);
  const auto events = run_program({"run", place.file, "--yes", "--format", "json"});
  REQUIRE(events.status == 0);
  std::istringstream lines(events.out);
  std::vector<json> alarms;
  json event;
  for (std::string line; std::getline(lines, line);) {
    event = json::parse(line);
    if (event.at("event") == "left_prediction") alarms.push_back(event);
  }
  CHECK(event.at("event") == "deployment_ended");  // the last
  REQUIRE(alarms.size() == 1);
  CHECK(alarms[0].at("step") == "Update");
  CHECK(alarms[0].at("took_ms") < 30'000);
  CHECK(alarms[0].at("predicted_ms").at("p5") >= 30'000);
  CHECK(alarms[0].at("predicted_ms").at("p95") <= 40'000);
}

TEST_CASE("what has left its prediction by little is told to the millisecond") {
  const auto text = [](std::int64_t took, std::int64_t low, std::int64_t high) {
    sluice::simulator::Alarm alarm;
    alarm.took = {took};
    alarm.predicted = {{low}, {low}, {high}};
    return sluice::cli::alarm_text({}, alarm);
  };
  CHECK(text(12'297, 12'000, 12'000) ==
        "the deployment takes longer than predicted: 12.297s so far, 9 of 10 times it takes 12s");
  CHECK(text(20'300, 11'900, 12'100) ==
        "the deployment takes longer than predicted: 20s so far, 9 of 10 times it takes 12s");
}

TEST_CASE("a run tells what taking a step back needs before that begins") {
  const Place place;
  sluice::test::write_text(place.file, R"(deployment "Farm"
connect local
role web { target "web-[1..4]" }
step "Update" on web window 2 {
  step "Switch" { run "true" takes 1s undo { run "true" takes 20s } }
  step "Look" { run "test $target_name != web-3" takes 1s }
  on failure rollback all
}
)");
  const auto run = run_program({"run", place.file, "--yes"});
  CHECK(run.status == 1);
  const std::size_t told =
      run.err.find("`Update` is taken back on every target that it had begun: about ");
  REQUIRE(told != std::string::npos);
  CHECK(run.err.find("s left", told) < run.err.find("\n", told));
  CHECK(run.err.find("is taken back", told + 20) == std::string::npos);
  CHECK(run.err.find("undone") > told);
  CHECK(run.err.find("Update/Switch undo") > told);
  const auto quiet = run_program({"run", place.file, "--yes", "--quiet"});
  CHECK(quiet.err.find("is taken back") == std::string::npos);
}

TEST_CASE("the time that is left is told of a run that goes on, and of no other") {
  const Place place;
  sluice::test::write_text(place.file, R"(deployment "Farm"
connect local
step "Before" { run "true" takes 0ms }
step "Ask" { run manual "go on?" takes 5m }
step "After" { run "true" takes 2m }
)");
  // Nobody is there to be asked: it is paused.
  REQUIRE(run_program({"run", place.file, "--yes"}).status == 4);
  const auto status = run_program({"status", "--state", place.state(), "--format", "json"});
  REQUIRE(status.status == 0);
  const json left = json::parse(status.out).at("time_left_ms");
  CHECK(left.at("p50") == left.at("p90"));
  CHECK(left.at("p50") > 120'000);
  CHECK(left.at("p50") <= 420'000);
  const auto words = run_program({"status", "--state", place.state()});
  const bool all = words.out.find("  about 7m left\n") != std::string::npos;
  CHECK((all || words.out.find("  about 6m") != std::string::npos));
  REQUIRE(run_program({"run", place.file, "--yes", "--skip", "Ask"}).status == 0);
  const auto ended = run_program({"status", "--state", place.state(), "--format", "json"});
  CHECK_FALSE(json::parse(ended.out).contains("time_left_ms"));
}

TEST_CASE("a picture of the plan is coloured with what happened in a run of it") {
  const Place place;
  sluice::test::write_text(place.file, R"(deployment "Farm"
connect local
role web { target "web-[1..3]" }
step "Update" on web window 1 {
  step "Deploy" { run "[ $target_name != web-2 ]" }
  step "Check" { run "true" }
}
step "Tell" { run "true" }
)");
  REQUIRE(run_program({"run", place.file, "--yes", "--quiet"}).status == 1);
  const std::string run =
      json::parse(run_program({"history", "--state", place.state(), "--format", "json"}).out)
          .at("runs")[0]
          .at("run");
  const auto picture = run_program({"graph", place.file, "--timeline", run});
  REQUIRE(picture.status == 0);
  CHECK(picture.out.find("failed · ") != std::string::npos);
  CHECK(picture.out.find(" · 1 of 3 targets succeeded") != std::string::npos);
  const auto expanded = run_program({"graph", place.file, "--timeline", run, "--expand"});
  REQUIRE(expanded.status == 0);
  const auto look = [&](std::string_view node) {
    const std::size_t begin = expanded.out.find("  " + std::string(node) + " [");
    const std::size_t fill = expanded.out.find("fillcolor=\"", begin) + 11;
    return expanded.out.substr(fill, 7);
  };
  CHECK(look("s0_l0_t0") == "#ddf5e3");
  CHECK(look("s0_l1_t0") == "#ffdede");
  CHECK(look("s0_l1_t1") == "#f1f3f5");
  CHECK(look("s0_l2_t0") == "#f1f3f5");
  // Without a run it says what the plan is, and a run of another plan is refused.
  const auto plain = run_program({"graph", place.file});
  CHECK(plain.out.find("failed · ") == std::string::npos);
  const auto other = run_program({"graph", place.file, "--timeline", run, "--only", "Tell"});
  CHECK(other.status == 2);
  CHECK(other.err.find("is of another plan than") != std::string::npos);
}

TEST_CASE("an explanation has slack, busy slots, one more slot and the spread of every step") {
  const Place place;
  sluice::test::write_text(place.file, R"(deployment "Farm"
role web { target "web-[1..7]" }
step "Update" on web window 2 { run "true" takes 10s }
step "Settle" { run wait 20s }
step "Check" { run "true" takes 10s to 30s }
)");
  const auto result = run_program({"simulate", place.file, "--explain", "--format", "json"});
  REQUIRE(result.status == 0);
  const json rows = json::parse(result.out).at("explanation");
  REQUIRE(rows.size() == 3);
  // Seven of 10 s in four rounds of two slots: 70 of 80 s; by three in three rounds.
  CHECK(rows[0].at("slack_ms") == 0);
  CHECK(rows[0].at("slots") == 2);
  CHECK(rows[0].at("busy_ms") == 70'000);
  CHECK(rows[0].at("available_ms") == 80'000);
  CHECK(rows[0].at("one_more_slot_saves_ms") == 10'000);
  CHECK(rows[0].at("spread_share").is_null());
  CHECK(rows[2].at("one_more_slot_saves_ms").is_null());
  CHECK(rows[2].at("spread_share") == 1.0);
  const auto words = run_program({"simulate", place.file, "--explain"});
  CHECK(words.out.find("of the spread") != std::string::npos);
  CHECK(words.out.find("87%") != std::string::npos);
  CHECK(words.out.find("100%") != std::string::npos);
}
