// A saved plan back from its JSON.
#include <fmt/format.h>

#include "base/sha256.h"
#include "base/utf8.h"
#include "plan/json.h"
#include "plan/json_parts.h"
#include "plan/verify.h"

namespace sluice::plan {

namespace {

constexpr std::uint32_t most_targets = 10'000'000;

class Reader {
 public:
  Plan read(const JsonNode& document) {
    document.expect({"schema", "plan", "origin", "digest", "file_digest"});
    read_meaning(document["plan"]);
    read_origin(document["origin"], plan_);
    plan_.digest = document["digest"].text();
    return std::move(plan_);
  }

 private:
  void read_meaning(const JsonNode& node) {
    node.expect({"deployment", "variables", "property_sets", "connections", "targets",
                 "target_lists", "roles", "joins", "steps"},
                {"environment", "secrets", "resources", "contracts", "at_most", "deadline_ms"});
    plan_.deployment = node["deployment"].text();
    if (node.has("environment")) plan_.environment = node["environment"].text();
    node["variables"].each([this](const JsonNode& item) {
      item.expect({"name", "value"});
      plan_.variables.push_back({item["name"].text(), read_value(item["value"])});
    });
    read_some(node, "secrets",
              [this](const JsonNode& item) { plan_.secrets.push_back(read_secret(item)); });
    read_rows(node);
    node["joins"].each([this](const JsonNode& item) {
      Join join;
      item.each([&](const JsonNode& step) { join.steps.push_back({step.count()}); });
      plan_.joins.add(std::move(join));
    });
    node["steps"].each([this](const JsonNode& item) { plan_.steps.add(read_step(item)); });
    read_some(node, "resources",
              [this](const JsonNode& item) { plan_.resources.add(read_resource(item)); });
    read_some(node, "contracts",
              [this](const JsonNode& item) { plan_.contracts.push_back(read_contract(item)); });
    if (node.has("at_most")) plan_.at_most = read_limit(node["at_most"]);
    if (node.has("deadline_ms")) plan_.deadline = node["deadline_ms"].duration();
  }

  void read_rows(const JsonNode& node) {
    node["property_sets"].each([this](const JsonNode& items) {
      PropertySet set;
      items.each([&](const JsonNode& item) {
        item.expect({"name", "value"});
        set.push_back({item["name"].text(), read_value(item["value"])});
      });
      plan_.property_sets.add(std::move(set));
    });
    node["connections"].each([this](const JsonNode& item) { read_connection(item); });
    read_targets(node["targets"]);
    node["target_lists"].each([this](const JsonNode& item) { read_target_list(item); });
    node["roles"].each([this](const JsonNode& item) {
      item.expect({"name", "targets", "minimum"});
      plan_.roles.add({item["name"].text(), {item["targets"].count()}, item["minimum"].count()});
    });
  }

  void read_connection(const JsonNode& node) {
    node.expect({"kind", "settings"});
    Connection made;
    made.kind = read_word<Connection::Kind>(node["kind"]);
    node["settings"].each([&](const JsonNode& item) {
      item.expect({"name", "value"});
      made.settings.push_back({item["name"].text(), read_expression(item["value"])});
    });
    plan_.connections.add(std::move(made));
  }

  void read_targets(const JsonNode& node) {
    node.expect({"names", "properties", "connections"});
    node["names"].each([this](const JsonNode& item) {
      if (plan_.targets.size() == most_targets) return item.fail("there are too many targets");
      plan_.targets.add(item.text(), {}, {});
    });
    read_runs(node["properties"], [this](TargetId target, std::uint32_t id) {
      plan_.targets.set_properties(target, {id});
    });
    read_runs(node["connections"], [this](TargetId target, std::uint32_t id) {
      plan_.targets.set_connection(target, {id});
    });
  }

  template <class Set>
  void read_runs(const JsonNode& node, Set set) {
    std::uint64_t next = 0;
    node.each([&](const JsonNode& run) {
      const auto numbers = run.counts(2);
      if (next + numbers[1] > plan_.targets.size()) {
        return run.fail("there are not so many targets");
      }
      for (std::uint32_t i = 0; i < numbers[1]; ++i) {
        set(TargetId{static_cast<std::uint32_t>(next++)}, numbers[0]);
      }
    });
    if (next != plan_.targets.size()) node.fail("some targets are missing here");
  }

  void read_target_list(const JsonNode& node) {
    TargetList list;
    node.each([&](const JsonNode& run) {
      const auto numbers = run.counts(2);
      const std::uint64_t end = std::uint64_t{numbers[0]} + numbers[1];
      if (end > plan_.targets.size() || list.size() + numbers[1] > plan_.targets.size()) {
        return run.fail("there are not so many targets");
      }
      list.add(TargetId{numbers[0]}, numbers[1]);
    });
    plan_.target_lists.add(std::move(list));
  }

  Plan plan_;
};

// The digest of the file is of all that stands before it, and is looked at first: behind it every
// other fault would only be a consequence.
constexpr std::string_view digest_mark = ",\"file_digest\":\"";

bool file_is_whole(std::string_view text) {
  const std::size_t at = text.rfind(digest_mark);
  if (at == std::string_view::npos) return false;
  const std::string expected =
      fmt::format("{}sha256:{}\"}}\n", digest_mark, base::sha256_hex(text.substr(0, at)));
  return text.substr(at) == expected;
}

base::Error changed() {
  return {"the plan was changed or damaged since it was saved"};
}

base::Result<Plan> read_document(const JsonDocument& document, std::string_view text, bool whole) {
  JsonReading reading(document);
  const JsonNode root = reading.root();
  if (!root.has("schema")) return base::Error{"this is no saved plan"};
  const std::string schema = root["schema"].text();
  if (reading.failed()) return base::Error{"this is no saved plan"};
  if (schema != "sluice.plan/1") {
    return base::Error{
        fmt::format("this is `{}`, and `sluice.plan/1` is read", base::printable(schema))};
  }
  if (!whole) return changed();
  Plan plan = Reader().read(root);
  if (reading.failed()) return base::Error{reading.fault()};
  if (const base::Status verified = verify(plan); !verified) return verified.error();
  // What is read must be what would be written: so there is one text for one plan, and both digests
  // are right.
  if (to_json(plan) != text) return changed();
  return plan;
}

}  // namespace

base::Result<Plan> from_json(std::string_view text) {
  const bool whole = file_is_whole(text);
  if (!whole && text.find(digest_mark) != std::string_view::npos) return changed();
  const base::Result<JsonDocument> document = parse_json(text);
  if (!document) return document.error();
  return read_document(document.value(), text, whole);
}

}  // namespace sluice::plan
