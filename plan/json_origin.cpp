// Where a saved plan came from, both ways: beside its meaning, and in no digest of it.
#include "plan/json_parts.h"

namespace sluice::plan {

namespace {

using base::JsonWriter;

void write_place(JsonWriter& json, const Place& place) {
  json.begin_array().value(place.file.valid() ? std::int64_t{place.file.value} : -1);
  json.value(place.line).value(place.column).end_array();
}

Place read_place(const JsonNode& node) {
  std::vector<std::int64_t> numbers;
  node.each([&](const JsonNode& item) {
    if (numbers.size() <= 3) numbers.push_back(item.integer());
  });
  if (numbers.size() != 3 || numbers[0] < -1 || numbers[1] < 0 || numbers[2] < 0 ||
      numbers[0] >= 0xffff'ffff || numbers[1] > 0xffff'ffff || numbers[2] > 0xffff'ffff) {
    node.fail("a place is file, line and column");
    return {};
  }
  Place place;
  if (numbers[0] >= 0) place.file = {static_cast<std::uint32_t>(numbers[0])};
  place.line = static_cast<std::uint32_t>(numbers[1]);
  place.column = static_cast<std::uint32_t>(numbers[2]);
  return place;
}

// Every place of a step, in one order for writing and for reading: its own, its verify's, then of
// each task its own, its action's, its verify's and its undo's; what is not there has none.
template <class StepType, class Visit>
void each_place(StepType& step, Visit visit) {
  visit(step.place);
  if (step.verify) visit(step.verify->action_place);
  for (auto& task : step.tasks) {
    visit(task.place);
    visit(task.action_place);
    if (task.verify) visit(task.verify->action_place);
    if (task.undo) visit(task.undo->action_place);
  }
}

void read_step_places(const JsonNode& node, Step& step) {
  std::vector<Place> places;
  node.each([&](const JsonNode& item) { places.push_back(read_place(item)); });
  std::size_t wanted = 0;
  each_place(step, [&](const Place&) { ++wanted; });
  if (places.size() != wanted) return node.fail("a place is missing, or one too many");
  std::size_t next = 0;
  each_place(step, [&](Place& place) { place = places[next++]; });
}

// The places of rows that have one each; left out where there are no rows.
template <class Rows>
void read_row_places(const JsonNode& node, std::string_view name, Rows& rows) {
  std::size_t next = 0;
  read_some(node, name, [&](const JsonNode& item) {
    if (next == rows.size()) return item.fail("there are not so many");
    rows[next++].place = read_place(item);
  });
  if (next != rows.size()) node.fail("some places are missing");
}

}  // namespace

void write_origin(JsonWriter& json, const Plan& plan) {
  json.begin_object().member("compiler_version", plan.compiler_version);
  write_list(json, "sources", plan.sources, [&](const SourceNote& source) {
    json.begin_object().member("name", source.name).member("sha256", source.sha256).end_object();
  });
  write_list(json, "places", plan.steps, [&](const Step& step) {
    json.begin_array();
    each_place(step, [&](const Place& place) { write_place(json, place); });
    json.end_array();
  });
  const auto place_of = [&](const auto& row) { write_place(json, row.place); };
  write_some(json, "secrets", plan.secrets, place_of);
  write_some(json, "contracts", plan.contracts, place_of);
  json.end_object();
}

void read_origin(const JsonNode& node, Plan& plan) {
  node.expect({"compiler_version", "sources", "places"}, {"secrets", "contracts"});
  plan.compiler_version = node["compiler_version"].text();
  node["sources"].each([&](const JsonNode& item) {
    item.expect({"name", "sha256"});
    plan.sources.add({item["name"].text(), item["sha256"].text()});
  });
  std::uint32_t step = 0;
  node["places"].each([&](const JsonNode& item) {
    if (step == plan.steps.size()) return item.fail("there are not so many steps");
    read_step_places(item, plan.steps[StepId{step++}]);
  });
  if (step != plan.steps.size()) node.fail("some steps have no place");
  read_row_places(node, "secrets", plan.secrets);
  read_row_places(node, "contracts", plan.contracts);
}

}  // namespace sluice::plan
