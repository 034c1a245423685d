// What a run teaches: `compare`, `calibrate`, `takes history`; and `advise`, which asks before one.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

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
