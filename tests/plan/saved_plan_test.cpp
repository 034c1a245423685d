// Saved plans: both ways to the letter, and what is damaged, forged or hostile is refused.
#include <algorithm>
#include <catch2/catch.hpp>

#include "base/sha256.h"
#include "plan/json.h"
#include "plan/verify.h"
#include "support/random_plan.h"
#include "support/random_schedule.h"
#include "support/tiny_plan.h"

namespace sluice {

namespace {

std::string digest_of(std::string_view text) {
  return "sha256:" + base::sha256_hex(text);
}

// The file as whoever changed it with care would leave it: both digests fit.
std::string forged(std::string text) {
  const std::size_t meaning = text.find("\"plan\":") + 7;
  const std::size_t origin = text.find(",\"origin\":", meaning);
  const std::size_t digests = text.rfind(",\"digest\":");
  text.resize(digests);
  text += ",\"digest\":\"" + digest_of(text.substr(meaning, origin - meaning)) + "\"";
  return text + ",\"file_digest\":\"" + digest_of(text) + "\"}\n";
}

std::string forged(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  INFO(from);
  REQUIRE(at != std::string::npos);
  return forged(text.replace(at, from.size(), to));
}

std::string refusal(std::string_view text) {
  const base::Result<plan::Plan> read = plan::from_json(text);
  return read ? "accepted" : read.error().message;
}

std::string small_plan() {
  plan::Plan plan = test::tiny_plan("Update on a b c, window 2: leave, takes 5; deploy\nReport");
  for (plan::Step& step : plan.steps) {
    for (plan::Task& task : step.tasks) {
      task.via.hosts = {0};
      task.takes.low = plan::constant({base::Duration{5}});
    }
  }
  return plan::to_json(plan);
}

}  // namespace

TEST_CASE("a saved plan is read back as it was, and written back to the letter") {
  for (std::uint64_t seed = 1; seed <= 600; ++seed) {
    INFO("seed " << seed);
    const plan::Plan plan = seed % 3 == 0 ? test::random_plan(seed) : test::random_whole_plan(seed);
    const std::string text = plan::to_json(plan);
    const base::Result<plan::Plan> read = plan::from_json(text);
    if (!read) FAIL(read.error().message);
    REQUIRE(read.value() == plan);
    REQUIRE(plan::to_json(read.value()) == text);
  }
}

TEST_CASE("no byte of a saved plan can be changed, added or taken away") {
  test::Dice dice(7);
  std::vector<std::string> texts;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    texts.push_back(plan::to_json(test::random_whole_plan(seed)));
  }
  // Every byte of the shortest ones: the longer ones have nothing else in them.
  std::sort(texts.begin(), texts.end(),
            [](const auto& a, const auto& b) { return a.size() < b.size(); });
  for (std::size_t number = 0; number < 3; ++number) {
    const std::string& text = texts[number];
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ static_cast<char>(1 + dice.below(255)));
      INFO("plan " << number << ", byte " << i);
      REQUIRE_FALSE(plan::from_json(changed).ok());
    }
    for (std::size_t i = 0; i < text.size(); i += 1 + dice.below(40)) {
      INFO("plan " << number << ", cut or widened at " << i);
      REQUIRE_FALSE(plan::from_json(text.substr(0, i)).ok());
      REQUIRE_FALSE(plan::from_json(text.substr(0, i) + " " + text.substr(i)).ok());
      REQUIRE_FALSE(plan::from_json(text.substr(0, i) + text.substr(i + 1)).ok());
    }
  }
}

TEST_CASE("what is no saved plan is refused with what it is") {
  CHECK(refusal("") == "this is no JSON document, or a damaged one");
  CHECK(refusal("{}") == "this is no saved plan");
  CHECK(refusal("[]") == "this is no saved plan");
  CHECK(refusal("{\"schema\":3}") == "this is no saved plan");
  CHECK(refusal("{\"schema\":\"sluice.plan/9\"}") ==
        "this is `sluice.plan/9`, and `sluice.plan/1` is read");
  CHECK(refusal("{\"schema\":\"sluice.plan/1\"}") ==
        "the plan was changed or damaged since it was saved");
}

TEST_CASE("a forged plan is refused with the member that is wrong") {
  const std::string text = small_plan();
  CHECK(refusal(forged(text)) == "accepted");
  const auto edited = [&](std::string_view from, std::string_view to) {
    return refusal(forged(text, from, to));
  };
  CHECK(edited("\"variables\":[]", "\"variables\":{}") == "plan.variables: a list is expected");
  CHECK(edited("\"variables\":[],", "") == "plan: the member `variables` is missing");
  CHECK(edited("\"variables\":[],", "\"variables\":[],\"extra\\u001b\":1,") ==
        "plan: there is no member `extra\\u{1B}` in this format");
  CHECK(edited("\"variables\":[]", "\"variables\":[],\"variables\":[]") ==
        "the plan was changed or damaged since it was saved");
  CHECK(edited("\"window\":{\"value\":2", "\"window\":{\"value\":2.5") ==
        "plan.steps[0].window.value: a whole number is expected");
  CHECK(edited("\"window\":{\"value\":2", "\"window\":{\"value\":4294967296") ==
        "plan.steps[0].window.value: the number is out of range");
  CHECK(edited("\"window\":{\"value\":2", "\"window\":{\"value\":99999999999999999999999999") ==
        "plan.steps[0].window.value: a whole number is expected");
  CHECK(edited("\"window\":{\"value\":2", "\"window\":{\"value\":-1") ==
        "plan.steps[0].window.value: the number is out of range");
  CHECK(edited("\"window\":{\"value\":2", "\"window\":{\"value\":0") ==
        "the plan does not hold together: the step `Update`: a window");
  CHECK(edited("\"shared\":false", "\"shared\":0") ==
        "plan.steps[0].shared: true or false is expected");
  CHECK(edited("\"on_failure\":\"halt\"", "\"on_failure\":\"hold\"") ==
        "plan.steps[0].on_failure: this is no word of this format");
  CHECK(edited("{\"duration\":5}", "{\"period\":5}") ==
        "plan.steps[0].tasks[0].takes.low: there is no member `period` in this format");
  // What has its default is left out: one text for one plan.
  CHECK(edited("\"pause_ms\":0}", "\"pause_ms\":0,\"backoff\":1000000}") ==
        "the plan was changed or damaged since it was saved");
  CHECK(edited("\"variables\":", "\"variables\": ") ==
        "the plan was changed or damaged since it was saved");
  CHECK(edited("[0,3]", "[0,4000000000]").find("there are not so many targets") !=
        std::string::npos);
}

TEST_CASE("durations over the target are saved as expressions beside the places of the others") {
  plan::Plan plan = test::tiny_plan(
      "time limit: a 5, b 7\nUpdate on a b: x, timeout limit, retry 2 every limit upto limit; "
      "y, timeout 9, retry 2 every 3 upto 4");
  for (plan::Task& task : plan.steps[plan::StepId{0}].tasks) {
    task.via.hosts = {0};
    task.takes.low = plan::constant({base::Duration{5}});
  }
  plan = plan::seal(std::move(plan));
  const std::string text = plan::to_json(plan);
  const std::string limit =
      R"({"op":"target_property","type":"duration","stage":"per_target","name":"limit","operands":[]})";
  CHECK_THAT(text, Catch::Contains(R"("timeout_ms":null,"timeout":)" + limit +
                                   R"(,"retry":{"more":2,"pause_ms":0,"pause":)" + limit +
                                   R"(,"most_pause":)" + limit + "}"));
  CHECK_THAT(text, Catch::Contains(R"("timeout_ms":9,"retry":{"more":2,"pause_ms":3,)"
                                   R"("most_pause_ms":4})"));
  const base::Result<plan::Plan> read = plan::from_json(text);
  REQUIRE(read.ok());
  CHECK(read.value() == plan);
  const std::string begin = "the plan does not hold together: the step `Update`: ";
  CHECK(refusal(forged(text, R"("timeout_ms":null,"timeout")", R"("timeout_ms":5,"timeout")")) ==
        begin + "a timeout");
  CHECK(refusal(forged(text, R"("pause_ms":0,"pause")", R"("pause_ms":5,"pause")")) ==
        begin + "a pause");
  CHECK(refusal(forged(text, R"(,"most_pause":{)", R"(,"most_pause_ms":5,"most_pause":{)")) ==
        begin + "the longest pause");
  CHECK(refusal(forged(text, R"({"duration":7})", R"({"duration":0})")) == begin + "a timeout");
}

TEST_CASE("a hostile plan is refused in time and memory that its length bounds") {
  const std::string deep(1'000'000, '[');
  CHECK(refusal(deep) == "the document is nested too deep");
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += "{\"a\":";
  CHECK(refusal(objects) == "the document is nested too deep");
  const std::string text = small_plan();
  std::string operators;
  std::string closing;
  for (int i = 0; i < 290; ++i) {
    operators += "{\"op\":\"not\",\"type\":\"boolean\",\"stage\":\"known\",\"operands\":[";
    closing += "]}";
  }
  CHECK(refusal(forged(text, "{\"duration\":5}", operators + "{\"boolean\":true}" + closing)) ==
        "the document is nested too deep");
  // A list in few bytes of very many targets, very many times.
  std::string lists;
  for (int i = 0; i < 200'000; ++i) lists += ",[[0,3]]";
  CHECK(refusal(forged(text, "],\"roles\":", lists + "],\"roles\":")) == "accepted");
  std::string wide = "\"variables\":[";
  for (int i = 0; i < 300'000; ++i) wide += "[],";
  CHECK(refusal(forged(text, "\"variables\":[", wide + "[]")).substr(0, 18) ==
        "plan.variables[0]:");
}

}  // namespace sluice
