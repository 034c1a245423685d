// Secrets, resources and contracts of a saved plan, both ways.
#include "plan/json_parts.h"

namespace sluice::plan {

using base::JsonWriter;

void write_secret(JsonWriter& json, const Secret& secret) {
  json.begin_object().member("name", secret.name).member("source", word(secret.source));
  json.member("from", secret.from).end_object();
}

Secret read_secret(const JsonNode& node) {
  node.expect({"name", "source", "from"});
  return {node["name"].text(), read_word<Secret::Source>(node["source"]), node["from"].text(), {}};
}

void write_resource(JsonWriter& json, const Resource& resource) {
  json.begin_object().member("name", resource.name).member("kind", word(resource.kind));
  if (resource.kind == Resource::Kind::Rate) {
    json.member("bits_per_second", resource.rate.bits_per_second);
  } else {
    json.member("pieces", resource.pieces);
  }
  json.end_object();
}

Resource read_resource(const JsonNode& node) {
  node.expect({"name", "kind"}, {"bits_per_second", "pieces"});
  Resource resource;
  resource.name = node["name"].text();
  resource.kind = read_word<Resource::Kind>(node["kind"]);
  if (node.has("bits_per_second")) {
    resource.rate.bits_per_second = node["bits_per_second"].integer();
  }
  if (node.has("pieces")) resource.pieces = node["pieces"].count();
  return resource;
}

void write_contract(JsonWriter& json, const Contract& contract) {
  json.begin_object().member("kind", word(contract.kind));
  if (contract.role.valid()) json.member("role", contract.role.value);
  if (!contract.per.empty()) json.member("per", contract.per);
  json.member("comparison", word(contract.comparison));
  write_some(json, "bounds", contract.bounds, [&](const Contract::Bound& bound) {
    json.begin_object().key("value");
    write_value(json, bound.value);
    json.member("targets", bound.targets).member("count", bound.count).end_object();
  });
  if (contract.duration.ms != 0) json.member("duration_ms", contract.duration.ms);
  if (contract.share) json.member("share", contract.share->micros);
  json.member("text", contract.text).end_object();
}

Contract read_contract(const JsonNode& node) {
  node.expect({"kind", "comparison", "text"}, {"role", "per", "bounds", "duration_ms", "share"});
  Contract contract;
  contract.kind = read_word<Contract::Kind>(node["kind"]);
  if (node.has("role")) contract.role = {node["role"].count()};
  if (node.has("per")) contract.per = node["per"].text();
  contract.comparison = read_word<Contract::Comparison>(node["comparison"]);
  read_some(node, "bounds", [&](const JsonNode& item) {
    item.expect({"value", "targets", "count"});
    contract.bounds.push_back(
        {read_value(item["value"]), item["targets"].count(), item["count"].count()});
  });
  if (node.has("duration_ms")) contract.duration = node["duration_ms"].duration();
  if (node.has("share")) contract.share = Percentage{node["share"].integer()};
  contract.text = node["text"].text();
  return contract;
}

}  // namespace sluice::plan
