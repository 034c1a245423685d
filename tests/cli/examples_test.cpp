// The examples, as a user meets them: each is checked, planned, drawn and predicted, and those that
// need no machines but this one are carried out. (tests/lab carries the web farm out.)
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/golden.h"
#include "support/paths.h"

namespace {

using nlohmann::json;
using sluice::test::ProgramResult;
using sluice::test::read_text;
using sluice::test::run_program;
using sluice::test::TemporaryDirectory;

const std::string examples = sluice::test::source_dir() + "/examples";

struct Rollout {
  ProgramResult run;
  json prediction;  // what `simulate` says
  json fact;        // what `status` says
};

Rollout carry_out(const std::string& name, const std::vector<std::string>& more = {},
                  const std::vector<std::string>& fails = {}) {
  const TemporaryDirectory place;
  const std::string file = examples + "/" + name;
  std::vector<std::string> words{"run", file, "--yes", "--state", place.path()};
  words.insert(words.end(), more.begin(), more.end());
  Rollout rollout;
  rollout.run = run_program(words);
  words = {"simulate", file, "--format", "json"};
  words.insert(words.end(), more.begin(), more.end());
  words.insert(words.end(), fails.begin(), fails.end());
  const ProgramResult simulated = run_program(words);
  INFO(rollout.run.err << simulated.err);
  REQUIRE(simulated.status == 0);
  rollout.prediction = json::parse(simulated.out);
  const ProgramResult status = run_program({"status", "--state", place.path(), "--format", "json"});
  REQUIRE(status.status == 0);
  rollout.fact = json::parse(status.out);
  return rollout;
}

// Without what is only there to be measured, and what only a run has.
json without_times(json document) {
  if (document.is_object()) {
    for (const char* name :
         {"start_ms", "end_ms", "attempt_ms", "duration_ms", "out_of_service", "out_of_service_ms",
          "availability", "available_min_at_ms", "critical_path", "run", "started_at", "seed",
          "assumed", "at_ms", "side_by_side", "basis", "said", "waits_for"}) {
      document.erase(name);
    }
  }
  if (document.is_structured()) {
    for (json& item : document) item = without_times(item);
  }
  return document;
}

// Of each step: its targets began in the plan's order, and no more at once than its limit.
void check_order(const json& document) {
  for (const json& step : document.at("steps")) {
    std::vector<std::pair<std::int64_t, int>> changes;  // at an instant, ends before begins
    std::int64_t last = 0;
    for (const json& lane : document.at("lanes")) {
      if (lane.at("step") != step.at("name") || lane.at("start_ms").is_null()) continue;
      CHECK(lane.at("start_ms") >= last);
      last = lane.at("start_ms");
      changes.emplace_back(lane.at("start_ms"), 1);
      changes.emplace_back(lane.at("end_ms"), -1);
    }
    std::sort(changes.begin(), changes.end());
    int at_work = 0;
    for (const auto& change : changes) {
      at_work += change.second;
      CHECK(at_work <= step.at("limit"));
    }
  }
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("each example is checked, planned, drawn and predicted") {
  for (const std::string name : {"hello", "two-roles", "failing-migration", "web-farm/web-farm"}) {
    DYNAMIC_SECTION(name) {
      const std::string file = examples + "/" + name + ".deploy";
      const ProgramResult check = run_program({"check", file});
      CHECK(check.status == 0);
      CHECK(holds(check.err, "no mistakes"));
      CHECK(run_program({"plan", file}).status == 0);
      CHECK(run_program({"plan", file, "--expand"}).status == 0);
      const ProgramResult simulated = run_program({"simulate", file, "--format", "json"});
      REQUIRE(simulated.status == 0);
      const json prediction = json::parse(simulated.out);
      CHECK(prediction.at("outcome") == "succeeded");
      // Every action says how long it takes: nothing is left to assume.
      CHECK(prediction.at("assumed").empty());
      const TemporaryDirectory place;
      for (const auto& [ending, begin] : {std::pair{".svg", "<?xml"},
                                          {".png", "\x89PNG"},
                                          {".pdf", "%PDF"},
                                          {".dot", "digraph"}}) {
        const std::string picture = place.path() + "/picture" + ending;
        CHECK(run_program({"graph", file, "-o", picture}).status == 0);
        CHECK(read_text(picture).find(begin) == 0);
        CHECK(run_program({"graph", file, "--expand", "-o", picture}).status == 0);
      }
    }
  }
}

TEST_CASE("hello says hello") {
  const Rollout rollout = carry_out("hello.deploy", {"--set", "greeting=Good morning"});
  CHECK(rollout.run.status == 0);
  CHECK(holds(rollout.run.err, "localhost │ Good morning from localhost\n"));
  CHECK(without_times(rollout.fact) == without_times(rollout.prediction));
}

TEST_CASE("two roles are updated side by side, each at its own pace") {
  const Rollout rollout = carry_out("two-roles.deploy");
  INFO(rollout.run.err);
  REQUIRE(rollout.run.status == 0);
  CHECK(without_times(rollout.fact) == without_times(rollout.prediction));
  check_order(rollout.fact);
  const json& steps = rollout.fact.at("steps");
  CHECK(steps.at(1).at("start_ms") == steps.at(2).at("start_ms"));  // with previous
  CHECK(steps.at(3).at("start_ms") >= steps.at(1).at("end_ms"));
  CHECK(steps.at(3).at("start_ms") >= steps.at(2).at("end_ms"));
}

TEST_CASE("a migration that fails stops what comes behind it, and the team is told") {
  const Rollout rollout =
      carry_out("failing-migration.deploy", {}, {"--fail", "Migrate the database@db-1"});
  INFO(rollout.run.err);
  REQUIRE(rollout.run.status == 1);
  CHECK(without_times(rollout.fact) == without_times(rollout.prediction));
  const std::string& said = rollout.run.err;
  CHECK(holds(said, "Migrate the database: attempt 1 of 2: exit status 3\n"));
  CHECK(
      holds(said,
            "failing-migration.deploy:15:3: `Migrate the database` failed on `db-1`, attempt 2 of "
            "2: exit status 3\n    | adding the column orders.currency\n    | the table orders is "
            "locked by another session\n    all it wrote: sluice logs "));
  CHECK(holds(said, "Update the website: skipped, `Migrate the database` failed\n"));
  CHECK(holds(said, "│ the migration failed; the website is as it was\n"));
  CHECK(!holds(said, "updating web-1"));
}

TEST_CASE("a migration that works is followed by the update, and nobody is bothered") {
  const Rollout rollout = carry_out("failing-migration.deploy", {"--set", "works=true"});
  INFO(rollout.run.err);
  REQUIRE(rollout.run.status == 0);
  CHECK(without_times(rollout.fact) == without_times(rollout.prediction));
  check_order(rollout.fact);
  CHECK(holds(rollout.run.err, "updating web-3"));
  CHECK(!holds(rollout.run.err, "the migration failed"));
}

TEST_CASE("the end of a step says on how many of its targets it did well") {
  const TemporaryDirectory place;
  sluice::test::write_text(place.path() + "/web.deploy", R"(deployment "Web"

role web {
  target "web-[1..5]"
  connect local
}

step "Update" on web {
  run "echo \"is <$target_name>\"; [ $target_name != web-3 ]"
  tolerate 1 failure
}

step "Look" on web window 2 {
  run "true"
}

step "Tell" on web window 2 when target.name == "web-1" {
  run "true"
}
)");
  const std::string said = run_program({"run", "web.deploy", "--yes"}, "", place.path()).err;
  INFO(said);
  CHECK(holds(said, "  Update: degraded, 1 of 5 targets failed\n"));
  CHECK(holds(said, "web-3   Look: left out, the target failed in `Update`\n"));
  CHECK(holds(said, "  Look: succeeded on 4 of 5 targets\n"));
  CHECK(holds(said, "  Tell: succeeded on 1 of 5 targets\n"));
  const std::string tests = run_program({"report", "--format", "junit"}, "", place.path()).out;
  INFO(tests);
  CHECK(holds(tests, "failed after 1 attempt\">is &lt;web-3&gt;\n</failure>\n"));
  CHECK(!holds(tests, "web-2&gt;"));
}

TEST_CASE("the end of a step and the table tell alike how targets stand that were taken back") {
  const TemporaryDirectory place;
  sluice::test::write_text(place.path() + "/web.deploy", R"(deployment "Web"

role web {
  target "web-[1..4]"
  connect local
}

step "Update" on web {
  run "[ $target_name != web-4 ]"
  undo { run "[ $target_name != web-1 ]" }
  on failure rollback all
}
)");
  const std::string notes = place.path() + "/notes";
  const ProgramResult run = run_program({"run", "web.deploy", "--yes", "--notify-on", "step_ended",
                                         "--notify", "sh -c 'cat >> " + notes + "'"},
                                        "", place.path());
  INFO(run.err);
  CHECK(run.status == 1);
  CHECK(holds(run.err, "  Update: failed, 1 of 4 targets failed, 3 undone\n"));
  CHECK(holds(read_text(notes), "`Update` failed, 1 of 4 targets failed, 3 undone\""));
  const std::size_t table = run.err.find("  step    state ");
  REQUIRE(table != std::string::npos);
  CHECK(holds(run.err.substr(table), "    well  failed  undone\n"));
  CHECK(holds(run.err.substr(table), "  0 of 4       1       3\n"));
}

TEST_CASE("logs takes a target of the last run, and says what is not there") {
  const TemporaryDirectory place;
  sluice::test::write_text(place.path() + "/web.deploy", R"(deployment "Web"

role web {
  target "web-[1..3]"
  connect local
}

step "Update" on web {
  step "Say" {
    run "echo \"this is $target_name\""
  }
  step "Be silent" {
    run "true"
  }
}
)");
  REQUIRE(run_program({"run", "web.deploy", "--yes", "--quiet"}, "", place.path()).status == 0);
  const auto logs = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "logs");
    return run_program(words, "", place.path());
  };
  CHECK(logs({"web-2"}).out == "==> Update/Say on web-2, attempt 1\nthis is web-2\n");
  CHECK(logs({"web-2", "--step", "Update/Say"}).out == logs({"web-2"}).out);
  CHECK(logs({"web-2", "--step", "Update/Be silent"}).err == "nothing was written\n");
  CHECK(holds(logs({"web-9"}).err, "sluice: there is no run `web-9` in "));
  CHECK(holds(logs({"20", "web-9"}).err, "sluice: there is no target `web-9` in run 20"));
  CHECK(holds(logs({"--step", "Upgrade"}).err, "sluice: there is no step `Upgrade` in run 20"));
  CHECK(logs({"--step", "Upgrade"}).status == 2);
  CHECK(holds(logs({"--step", "Update/Sing"}).err, "there is no step `Update/Sing` in run 20"));
  CHECK(logs({"--step", "Update/Say undo"}).err == "nothing was written\n");
}

TEST_CASE("logs tells when a verify was asked that was asked more than once") {
  const TemporaryDirectory place;
  sluice::test::write_text(place.path() + "/web.deploy", R"(deployment "Web"

step "Update" {
  skip verified
  run "echo works >> done"
  verify { run "echo asks; test -e done" }
}
)");
  CHECK(run_program({"run", "web.deploy", "--yes", "--quiet"}, "", place.path()).status == 0);
  CHECK(run_program({"logs"}, "", place.path()).out ==
        "==> Update verify beforehand on controller, attempt 1\nasks\n"
        "==> Update verify on controller, attempt 1\nasks\n"
        "==> Update verify in the census on controller, attempt 1\nasks\n");
}

TEST_CASE("a saved plan is carried out elsewhere, without the file that it came from") {
  const TemporaryDirectory here;
  const TemporaryDirectory there;
  std::filesystem::copy(examples + "/two-roles.deploy", here.path());
  REQUIRE(
      run_program({"plan", "two-roles.deploy", "-o", there.path() + "/shop.plan"}, "", here.path())
          .status == 0);
  std::filesystem::remove(here.path() + "/two-roles.deploy");
  const ProgramResult run = run_program({"run", "shop.plan", "--yes"}, "", there.path());
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK(holds(run.err, "worker-c"));
  // It is kept beside the plan, where `status` and `history` look by themselves.
  CHECK(holds(run_program({"status"}, "", there.path()).out, "Shop: succeeded in "));
  CHECK(holds(run_program({"history"}, "", there.path()).out, "Shop"));
  CHECK(holds(run_program({"logs"}, "", there.path()).out, "release 7.2 is out\n"));
}

TEST_CASE("each rollout as people need it is checked, drawn, and carried out as predicted") {
  for (const std::string name :
       {"blue-green", "quorum", "rolling-restart", "rollback", "database-migration"}) {
    DYNAMIC_SECTION(name) {
      const std::string file = examples + "/" + name + ".deploy";
      CHECK(run_program({"check", file}).status == 0);
      CHECK(run_program({"plan", file}).status == 0);
      CHECK(run_program({"graph", file}).status == 0);
      const Rollout rollout = carry_out(name + ".deploy");
      INFO(rollout.run.err);
      CHECK(rollout.run.status == 0);
      CHECK(without_times(rollout.fact) == without_times(rollout.prediction));
      if (name != "quorum") check_order(rollout.fact);  // its sets hold targets back, not the order
    }
  }
}

TEST_CASE("a release takes over from the one before it, which stays beside it") {
  const TemporaryDirectory place;
  const std::string folder = "folder=" + place.path();
  const std::vector<std::string> first{"--set", folder, "--set", "release=1.4.2"};
  REQUIRE(carry_out("release/release.deploy", first).run.status == 0);
  const Rollout rollout = carry_out("release/release.deploy", {"--set", folder});
  INFO(rollout.run.err);
  REQUIRE(rollout.run.status == 0);
  CHECK(without_times(rollout.fact) == without_times(rollout.prediction));
  for (const std::string target : {"web-1", "web-2", "web-3"}) {
    const std::string there = place.path() + "/" + target;
    CHECK(read_text(there + "/current/VERSION") == "1.5.0\n");
    CHECK(std::filesystem::exists(there + "/acme-1.4.2-6eab4e8b6c58/VERSION"));
  }
  CHECK(holds(rollout.run.err, "│ acme 1.5.0\n"));
}

TEST_CASE("no example gives a reason for a warning, and each stands in the one layout") {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(examples)) {
    if (entry.path().extension() != ".deploy") continue;
    const ProgramResult check = run_program({"check", entry.path().string()});
    INFO(check.err);
    CHECK(check.status == 0);
    CHECK_FALSE(holds(check.err, "warning"));
    CHECK(run_program({"fmt", "--check", entry.path().string()}).status == 0);
  }
}

TEST_CASE("each kind of action stands in an example") {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(examples)) {
    if (entry.path().extension() == ".deploy") all += read_text(entry.path().string());
  }
  // docs/ACTIONS.md is held against the table of the compiler by a test of its own.
  std::istringstream lines(read_text(sluice::test::source_dir() + "/docs/ACTIONS.md"));
  int kinds = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("## `")) continue;
    ++kinds;
    const std::string kind = line.substr(4, line.size() - 5);
    INFO(kind);
    CHECK((holds(all, "run " + kind + " ") || (kind == "script" && holds(all, "run \""))));
  }
  CHECK(kinds >= 13);
}

TEST_CASE("a night's release is planned, drawn and predicted") {
  const std::string file = examples + "/night-release/night-release.deploy";
  CHECK(run_program({"plan", file}).status == 0);
  CHECK(run_program({"graph", file}).status == 0);
  const ProgramResult simulated = run_program({"simulate", file, "--format", "json"});
  REQUIRE(simulated.status == 0);
  CHECK(json::parse(simulated.out).at("assumed").empty());
}

// Its scripts, and how they come to a host: tests/powershell.
TEST_CASE("what needs Windows is planned, drawn and predicted") {
  const std::string file = examples + "/windows-farm.deploy";
  CHECK(run_program({"check", file}).status == 0);
  CHECK(run_program({"plan", file}).status == 0);
  CHECK(run_program({"graph", file}).status == 0);
  CHECK(run_program({"simulate", file}).status == 0);
}

TEST_CASE("a canary and its waves, and zone by zone, go in the order that was predicted") {
  for (const auto& [name, more] : {std::pair<std::string, std::vector<std::string>>{
                                       "canary-then-waves.deploy", {"--set", "bake=20ms"}},
                                   {"zone-by-zone.deploy", {}}}) {
    INFO(name);
    const Rollout rollout = carry_out(name, more);
    CHECK(rollout.run.status == 0);
    json fact = without_times(rollout.fact);
    json prediction = without_times(rollout.prediction);
    for (const json& contract : fact.at("contracts")) CHECK(contract.at("held") == true);
    for (json* document : {&fact, &prediction}) {
      document->erase("roles");  // how many were out together depends on how long their work took
      document->erase("contracts");
    }
    CHECK(fact == prediction);
    check_order(rollout.fact);
  }
}
