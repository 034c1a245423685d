// Timelines worked out by hand, from the text of a file to the JSON of the program. Each file below
// scenarios/ is a `.deploy` text, a line `---- simulate [arguments]`, and one expectation a line.
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
using Words = std::vector<std::string>;

// Words by blanks; "two words" in quotes are one.
Words words_of(const std::string& line) {
  std::istringstream in(line);
  Words words;
  std::string word;
  while (in >> std::quoted(word)) words.push_back(word);
  return words;
}

std::string shown(const json& value) {
  if (value.is_null()) return "-";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

const json& named(const json& list, const std::string& member, const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const json& item) { return item.at(member) == name; });
  INFO(member << " " << name);
  REQUIRE(found != list.end());
  return *found;
}

const json& lane(const json& document, const std::string& step, const std::string& target) {
  for (const json& item : document.at("lanes")) {
    if (item.at("step") == step && item.at("target") == target) return item;
  }
  FAIL("no lane " << step << " " << target);
  return document;
}

// A gate's lanes are told apart by the batch that they stand behind.
const json& gate(const json& document, const std::string& step, const std::string& batch) {
  for (const json& item : document.at("lanes")) {
    if (item.at("step") == step && shown(item.at("batch")) == batch) return item;
  }
  FAIL("no gate " << step << " " << batch);
  return document;
}

std::string times(const json& item) {
  return fmt::format("{} {} {}", shown(item.at("start_ms")), shown(item.at("end_ms")),
                     shown(item.at("state")));
}

std::string pairs(const json& list) {
  std::string text;
  for (const json& pair : list) text += fmt::format(" {}:{}", pair[0].dump(), pair[1].dump());
  return text;
}

std::string joined(const Words& words, std::size_t from) {
  std::string text;
  for (std::size_t i = from; i < words.size(); ++i) text += (i > from ? " " : "") + words[i];
  return text;
}

// What the document says where the expectation looks, in the expectation's own form.
std::string actual(const json& document, const Words& words, std::size_t& path_part) {
  const std::string& what = words.at(0);
  if (what == "outcome") return "outcome " + shown(document.at("outcome"));
  if (what == "duration") return "duration " + shown(document.at("duration_ms"));
  if (what == "step") {
    return fmt::format("step {} {}", words.at(1),
                       times(named(document.at("steps"), "name", words.at(1))));
  }
  if (what == "limit") {
    return fmt::format("limit {} {}", words.at(1),
                       shown(named(document.at("steps"), "name", words.at(1)).at("limit")));
  }
  if (what == "counts") {  // targets, succeeded, failed, skipped, not started
    const json& step = named(document.at("steps"), "name", words.at(1));
    return fmt::format("counts {} {} {} {} {} {}", words.at(1), shown(step.at("targets")),
                       shown(step.at("succeeded")), shown(step.at("failed")),
                       shown(step.at("skipped")), shown(step.at("not_started")));
  }
  if (what == "census") {
    return fmt::format("census {} {}", words.at(1), shown(document.at("census").at(words.at(1))));
  }
  if (what == "role") {  // lowest, when, downtime, out of service
    const json& role = named(document.at("roles"), "role", words.at(1));
    return fmt::format("role {} {} {} {} {}", words.at(1), shown(role.at("available_min")),
                       shown(role.at("available_min_at_ms")), shown(role.at("downtime_ms")),
                       shown(role.at("out_of_service_ms")));
  }
  if (what == "availability") {
    return "availability " + words.at(1) +
           pairs(named(document.at("roles"), "role", words.at(1)).at("availability"));
  }
  if (what == "out") {
    return "out " + words.at(1) +
           pairs(named(document.at("targets"), "target", words.at(1)).at("out_of_service"));
  }
  if (what == "path") {
    const json& part = document.at("critical_path").at(path_part++);
    return fmt::format("path {} {} {} {} {}", shown(part.at("step")), shown(part.at("target")),
                       shown(part.at("task")), shown(part.at("start_ms")),
                       shown(part.at("end_ms")));
  }
  if (what == "waiting") return "waiting " + shown(document.at("waiting_ms"));
  if (what == "contract") {  // held, worst
    const json& contract = named(document.at("contracts"), "text", words.at(1));
    return fmt::format("contract {} {} {}", words.at(1), shown(contract.at("held")),
                       shown(contract.at("worst")));
  }
  if (what == "gate") {
    return fmt::format("gate {} {} {}", words.at(1), words.at(2),
                       times(gate(document, words.at(1), words.at(2))));
  }
  const json& row = lane(document, words.at(1), words.at(2));
  if (what == "batch")
    return fmt::format("batch {} {} {}", words[1], words[2], shown(row.at("batch")));
  if (what == "lane") return fmt::format("lane {} {} {}", words[1], words[2], times(row));
  const json& task = named(row.at("tasks"), "name", words.at(3));
  if (what == "task") {
    return fmt::format("task {} {} {} {}", words[1], words[2], words[3], times(task));
  }
  REQUIRE(what == "attempts");
  return fmt::format("attempts {} {} {}{}", words[1], words[2], words[3],
                     pairs(task.at("attempt_ms")));
}

void check_scenario(const std::filesystem::path& path) {
  const std::string text = sluice::test::read_text(path.string());
  const std::size_t line = text.find("---- simulate");
  REQUIRE(line != std::string::npos);
  const sluice::test::TemporaryDirectory place;
  const std::string file = place.path() + "/scenario.deploy";
  sluice::test::write_text(file, text.substr(0, line));

  std::istringstream rest(text.substr(line));
  std::string first;
  std::getline(rest, first);
  Words arguments = words_of(first);
  arguments.erase(arguments.begin(), arguments.begin() + 1);
  arguments.insert(arguments.begin() + 1, {file, "--format", "json"});
  const auto result = sluice::test::run_program(arguments);
  INFO(path.filename().string() << "\n" << result.err);
  REQUIRE(result.status == 0);
  const json document = json::parse(result.out);
  std::size_t path_part = 0;
  std::size_t expectations = 0;
  for (std::string expected; std::getline(rest, expected);) {
    const Words words = words_of(expected);
    if (words.empty()) continue;
    CHECK(actual(document, words, path_part) == joined(words, 0));
    ++expectations;
  }
  CHECK(expectations > 0);
  if (path_part > 0) CHECK(document.at("critical_path").size() == path_part);
}

}  // namespace

TEST_CASE("timelines worked out by hand come out of the program to the millisecond") {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(sluice::test::source_dir() + "/tests/cli/scenarios")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  REQUIRE(files.size() >= 100);
  for (const auto& path : files) {
    DYNAMIC_SECTION(path.stem().string()) {
      check_scenario(path);
    }
  }
}
