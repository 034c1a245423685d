// `sluice simulate --format …` and `sluice report`: pages, tables, traces and test results, and
// what is refused.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/golden.h"

namespace {

using nlohmann::json;

constexpr std::string_view pair = R"(deployment "Pair"

connect local

role web {
  target "web-[1..2]"
}

step "Update" on web window 1 {
  run "true"
  takes 10ms
}

step "Never" when failure {
  run "true"
}
)";

class Place {
 public:
  Place() { sluice::test::write_text(directory_.path() + "/pair.deploy", pair); }
  sluice::test::ProgramResult run(const std::vector<std::string>& words) const {
    return sluice::test::run_program(words, "", directory_.path());
  }
  const std::string& path() const { return directory_.path(); }
  std::string read(const std::string& name) const {
    return sluice::test::read_text(directory_.path() + "/" + name);
  }

 private:
  sluice::test::TemporaryDirectory directory_;
};

// The data that stands in a page.
json data_of(const std::string& page) {
  constexpr std::string_view opening = "<script type=\"application/json\" id=\"data\">";
  const std::size_t start = page.find(opening) + opening.size();
  return json::parse(page.substr(start, page.find("</script>", start) - start));
}

}  // namespace

TEST_CASE("a prediction is written as a page, a table and a trace") {
  const Place place;
  const auto page = place.run({"simulate", "pair.deploy", "--format", "html"});
  REQUIRE(page.status == 0);
  CHECK(page.out.starts_with("<!DOCTYPE html>"));
  const json data = data_of(page.out);
  CHECK(data.at("timelines")[0].at("about") == "A prediction, with seed 1.");
  CHECK(data.at("timelines")[0].at("lanes").size() == 3);
  CHECK_FALSE(data.contains("distribution"));

  const auto what_if = place.run({"simulate", "pair.deploy", "--format", "html", "--fail",
                                  "Update@web-2", "--slow", "Update@web-1=3x"});
  CHECK(data_of(what_if.out).at("timelines")[0].at("about") ==
        "A prediction, with seed 1. What if Update@web-2 fails? What if Update@web-1=3x?");

  const auto table = place.run({"simulate", "pair.deploy", "--format", "csv", "-o", "t.csv"});
  REQUIRE(table.status == 0);
  CHECK(table.out.empty());
  CHECK(place.read("t.csv") ==
        "step,target,batch,task,attempt,state,start_ms,end_ms,reason\r\n"
        "Update,web-1,,Update,1,succeeded,0,10,\r\n"
        "Update,web-2,,Update,1,succeeded,10,20,\r\n"
        "Never,controller,,,0,skipped,,,nothing failed\r\n");

  const auto trace = place.run({"simulate", "pair.deploy", "--format", "trace"});
  REQUIRE(trace.status == 0);
  CHECK(json::parse(trace.out).at("otherData").at("schema") == "sluice.trace/1");
}

TEST_CASE("a page of many runs shows one of them and how long all take") {
  const Place place;
  const auto page =
      place.run({"simulate", "pair.deploy", "--runs", "30", "--format", "html", "-o", "p.html"});
  REQUIRE(page.status == 0);
  const json data = data_of(place.read("p.html"));
  CHECK(data.at("distribution").at("runs") == 30);
  CHECK(data.at("distribution").at("sentences")[0] == "Every rollout ends after 20ms.");
  CHECK(data.at("timelines")[0].at("about") ==
        "A prediction: run 1 of 30 with seed 1, one of about the median duration.");
}

TEST_CASE("a real run is written in every format, and beside its prediction") {
  const Place place;
  REQUIRE(place.run({"run", "pair.deploy", "--yes", "--quiet"}).status == 0);

  const auto page = place.run({"report", "-o", "run.html"});
  REQUIRE(page.status == 0);
  const json run = data_of(place.read("run.html"));
  REQUIRE(run.at("timelines").size() == 1);
  CHECK(run.at("timelines")[0].at("about").get<std::string>().starts_with("Run 2"));

  const auto picture = place.run({"report", "-o", "run.pdf"});
  CHECK(picture.status == 2);
  CHECK(picture.err.find("run.pdf: `report` writes no picture; `sluice graph -o run.pdf` does") !=
        std::string::npos);
  CHECK(!std::filesystem::exists(place.path() + "/run.pdf"));

  const auto both = place.run({"report", "--predicted", "--runs", "5"});
  REQUIRE(both.status == 0);
  const json beside = data_of(both.out);
  REQUIRE(beside.at("timelines").size() == 2);
  CHECK(beside.at("timelines")[0].at("label") == "predicted");
  CHECK(beside.at("timelines")[0].at("duration") == 20);
  CHECK(beside.at("timelines")[1].at("label") == "run");
  CHECK(beside.at("timelines")[1].at("lanes") == run.at("timelines")[0].at("lanes"));
  CHECK(beside.at("distribution").at("runs") == 5);

  // What people are needed for, and have said, is told by `status` alone.
  json status = json::parse(place.run({"status", "--format", "json"}).out);
  CHECK(status.erase("waits_for") == 1);
  CHECK(status.erase("said") == 1);
  CHECK(json::parse(place.run({"report", "--format", "json"}).out) == status);
  const auto junit = place.run({"report", "--format", "junit"});
  CHECK(junit.out.find("<testcase classname=\"Update\" name=\"web-2\"") != std::string::npos);
  CHECK(junit.out.find("<skipped message=\"skipped: nothing failed\"/>") != std::string::npos);
  CHECK(place.run({"report", "--format", "csv"}).out.find("Update,web-1,,Update,1,succeeded") !=
        std::string::npos);
  CHECK(json::parse(place.run({"report", "--format", "trace"}).out).contains("traceEvents"));
}

TEST_CASE("what actions wrote is XML in test results, whatever they wrote") {
  const Place place;
  sluice::test::write_text(place.path() + "/odd.deploy", R"(deployment "Odd <&>"
role here { target "w\"<1>" connect local }
step "Say ]]>" on here {
  run "printf '\\001<x>&amp;]]>\\033[31m \\357\\277\\276 \\357\\277\\277 \\377 \\302\\205'; exit 1"
  takes 1s
}
)");
  REQUIRE(place.run({"run", "odd.deploy", "--yes", "--quiet"}).status == 1);
  const auto junit = place.run({"report", "--format", "junit"});
  INFO(junit.out);
  CHECK(
      junit.out.find(R"(\u{1}&lt;x&gt;&amp;amp;]]&gt;\u{1B}[31m \u{FFFE} \u{FFFF} \xFF \u{85})") !=
      std::string::npos);
}

TEST_CASE("the ending of the file tells the format, and --format overrides it") {
  const Place place;
  const auto starts = [&](const std::string& file, const std::vector<std::string>& more) {
    std::vector<std::string> words{"simulate", "pair.deploy", "-o", file};
    words.insert(words.end(), more.begin(), more.end());
    REQUIRE(place.run(words).status == 0);
    return place.read(file).substr(0, 15);
  };
  CHECK(starts("a.html", {}) == "<!DOCTYPE html>");
  CHECK(starts("a.csv", {}) == "step,target,bat");
  CHECK(starts("a.json", {}) == "{\"schema\":\"slui");
  CHECK(starts("a.trace.json", {}) == "{\"displayTimeUn");
  CHECK(starts("a.txt", {}) == "Pair: succeeded");
  CHECK(starts("a.xml", {}) == "Pair: succeeded");
  CHECK(starts("a.html", {"--format", "text"}) == "Pair: succeeded");
}

TEST_CASE("what a format cannot hold is refused with the reason") {
  const Place place;
  const auto refused = [&](const std::vector<std::string>& words, const std::string& reason) {
    const auto result = place.run(words);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Catch::Contains(reason));
  };
  refused({"simulate", "pair.deploy", "--runs", "9", "--format", "csv"}, "of one run");
  refused({"simulate", "pair.deploy", "--fail", "Update@each", "--format", "html"},
          "one run for each");
  refused({"simulate", "pair.deploy", "--format", "junit"}, "text|json|html|trace|csv, not junit");
  refused({"check", "pair.deploy", "--format", "html"}, "text|json, not html");
  refused({"report"}, "there are no runs");
  refused({"report", "--format", "csv", "--predicted"}, "is of the page");
  refused({"report", "--runs", "9"}, "is of a prediction");
}

TEST_CASE("a page of too many lanes is refused, and says what to do") {
  const Place place;
  const std::string large = R"(deployment "Large"
role web { target "web-[1..100001]" }
step "A" on web { run "true" }
step "B" on web { run "true" }
)";
  const auto result =
      sluice::test::run_program({"simulate", "-", "--format", "html", "-o", "no.html"}, large);
  CHECK(result.status == 2);
  CHECK_THAT(result.err, Catch::Contains("200002 lanes"));
  CHECK_THAT(result.err, Catch::Contains("--format csv"));
}
