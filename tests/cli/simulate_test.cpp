// `sluice simulate` from the command line: many runs, what-ifs, and what is refused.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/golden.h"

namespace {

using nlohmann::json;

constexpr std::string_view farm = R"(deployment "Farm"

role web {
  target "web-[1..6]"
  connect local
}

step "Update" on web window 2 {
  step "Leave" {
    run "true"
    takes 1s to 3s
    drains
  }
  step "Deploy" {
    run "true"
    takes 10s to 20s
  }
  step "Return" {
    run "true"
    takes 1s
    restores
  }
}
)";

constexpr std::string_view with_people = R"(deployment "People"

role web {
  target "web-[1..3]"
  connect local
}

require available(web) >= 1
require duration <= 1h

step "Update" on web window 1 {
  on failure ask
  run "true"
  takes 10s
  interrupts
}
step "Approve" {
  run manual { instructions = "fine?" }
  takes 1m
}
)";

sluice::test::ProgramResult simulated(const std::vector<std::string>& words,
                                      std::string_view text = farm) {
  const sluice::test::TemporaryDirectory place;
  const std::string file = place.path() + "/farm.deploy";
  sluice::test::write_text(file, text);
  std::vector<std::string> arguments{"simulate", file};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return sluice::test::run_program(arguments);
}

}  // namespace

TEST_CASE("many runs give a distribution, the same on any number of threads") {
  const auto one = simulated({"--runs", "300", "--threads", "1", "--format", "json"});
  REQUIRE(one.status == 0);
  CHECK(one.err.empty());
  const json document = json::parse(one.out);
  CHECK(document.at("schema") == "sluice.distribution/1");
  CHECK(document.at("runs") == 300);
  CHECK(document.at("seed") == 1);
  const json& duration = document.at("duration_ms");
  CHECK(duration.at("p5") <= duration.at("p50"));
  CHECK(duration.at("p50") <= duration.at("p95"));
  CHECK(duration.at("p99") <= duration.at("max"));
  CHECK(duration.at("intervals").at("p95")[0] <= duration.at("p95"));
  CHECK(document.at("success_probability").at("value") == 1.0);
  CHECK(document.at("roles")[0].at("available_min").at("min") == 4);
  CHECK(document.at("roles")[0].at("downtime_ms").at("max") == 0);
  const json& out = document.at("roles")[0].at("out_of_service_ms");
  CHECK(out.at("min") < out.at("p50"));
  CHECK(out.at("intervals").at("p95")[0] <= out.at("p95"));
  CHECK(out.at("intervals").at("p95")[1] >= out.at("p95"));
  CHECK(out.at("intervals").at("p95")[0] < out.at("intervals").at("p95")[1]);
  const auto three = simulated({"--runs", "300", "--threads", "3", "--format", "json"});
  CHECK(three.out == one.out);
  const auto other = simulated({"--runs", "300", "--seed", "2", "--format", "json"});
  CHECK(other.out != one.out);
}

TEST_CASE("the words of many runs say what 19 of 20 rollouts do") {
  const auto result = simulated({"--runs", "300"});
  REQUIRE(result.status == 0);
  CHECK(result.out.find("19 of 20 rollouts end within ") != std::string::npos);
  CHECK(result.out.find("web: never fewer than 4 of 6 in service") != std::string::npos);
  CHECK(result.out.find("\n  web out of service, summed ") != std::string::npos);
}

TEST_CASE("a slow target takes so many times as long, and the others what they took") {
  const json plain = json::parse(simulated({"--format", "json"}).out);
  const auto result = simulated({"--slow", "Deploy@web-2=3x", "--format", "json"});
  REQUIRE(result.status == 0);
  const json slow = json::parse(result.out);
  const auto length = [](const json& document, std::size_t lane) {
    const json& task = document.at("lanes")[lane].at("tasks")[1];
    return task.at("end_ms").get<int>() - task.at("start_ms").get<int>();
  };
  CHECK(length(slow, 1) == 3 * length(plain, 1));
  for (const std::size_t lane : {0U, 2U, 3U, 4U, 5U}) {
    CHECK(length(slow, lane) == length(plain, lane));
  }
}

TEST_CASE("a what-if shows how each target ends") {
  const auto result = simulated({"--fail", "Deploy@web-1"});
  REQUIRE(result.status == 0);
  CHECK(result.out.find("web-1              failed       out of service") != std::string::npos);
  CHECK(result.out.find("web-4 … web-6 (3)  not started  in service") != std::string::npos);
  const json document = json::parse(simulated({"--fail", "Deploy@web-1", "--format", "json"}).out);
  CHECK(document.at("targets")[0].at("in_service") == false);
  CHECK(document.at("targets")[5].at("in_service") == true);
}

TEST_CASE("what people are asked is told, with the time that they are waited for") {
  const std::vector<std::string> words{"--fail", "Update@web-2"};
  const auto result = simulated(words, with_people);
  CHECK(result.out.starts_with("People: degraded in 1m30s, 1m of it waiting for people\n"));
  CHECK(result.out.find(
            "  a person is asked\n"
            "    at 20s  `Update` on web-2 failed: retry, ignore, exclude or abort? "
            "(here: exclude)\n"
            "    at 30s  `Approve` on controller: approve or reject? (here: approve)\n") !=
        std::string::npos);
  const json document =
      json::parse(simulated({"--fail", "Update@web-2", "--format", "json"}, with_people).out);
  CHECK(document.at("asked").size() == 2);
  CHECK(document.at("asked")[0].at("question") == "decide");
  CHECK(document.at("asked")[0].at("at_ms") == 20'000);
  CHECK(document.at("asked")[0].at("target") == "web-2");
  CHECK(document.at("asked")[1].at("question") == "approve");
  CHECK(simulated({"--fail", "Deploy@web-2"}).out.find("a person is asked") == std::string::npos);
}

TEST_CASE("each contract is told to be proved, refuted, undecided or estimated") {
  const auto one = simulated({}, with_people);
  CHECK(one.out.find("available(web) >= 1  held  proved ") != std::string::npos);
  CHECK(one.out.find("duration <= 1h       held  undecided ") != std::string::npos);
  std::string late(with_people);
  late.replace(late.find("1h"), 2, "1m");
  const auto broken = simulated({}, late);
  CHECK(broken.status == 1);
  CHECK(broken.out.find("duration <= 1m       broken  refuted ") != std::string::npos);
  const auto many = simulated({"--runs", "20"}, with_people);
  CHECK(many.out.find("`available(web) >= 1` holds: proved") != std::string::npos);
  CHECK(many.out.find("`duration <= 1h` holds, estimated: in every run") != std::string::npos);
}

TEST_CASE("what cannot be asked is refused before anything is simulated") {
  const auto refused = [](const std::vector<std::string>& words) {
    const auto result = simulated(words);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    return result.err;
  };
  CHECK(refused({"--slow", "Deploy@web-9=2x"}) ==
        "sluice: `Deploy@web-9`: that step does not work on such a target\n");
  CHECK(refused({"--slow", "Deploy@web-1"}) ==
        "sluice: `Deploy@web-1` says no factor: write STEP@TARGET=3x\n");
  CHECK(refused({"--unreachable", "web-9"}) == "sluice: `web-9`: there is no such target\n");
  CHECK(refused({"--fail", "Deploy@each", "--runs", "5"}) ==
        "sluice: `each` is one run for each target: it goes with no --runs\n");
  CHECK_FALSE(refused({"--runs", "0"}).empty());
  for (const std::string seed : {"-1", "99999999999999999999", "1.5"}) {
    CHECK(refused({"--seed", seed}).starts_with("sluice: --seed: " + seed + " is no whole number"));
  }
}
