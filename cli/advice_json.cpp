#include "base/json_writer.h"
#include "cli/advice.h"

namespace sluice::cli {

namespace {

using base::JsonWriter;
using simulator::Candidate;
using simulator::Setting;

std::string_view order_name(Setting::Order order) {
  switch (order) {
    case Setting::Order::LongestFirst:
      return "longest_first";
    case Setting::Order::ShortestFirst:
      return "shortest_first";
    case Setting::Order::AsWritten:
      break;
  }
  return "as_written";
}

void write_candidate(JsonWriter& json, const plan::Plan& plan, const Candidate& candidate) {
  json.begin_object().member("window", candidate.setting.window);
  json.key("batches").begin_array();
  for (const std::uint32_t size : candidate.setting.batches) json.value(size);
  json.end_array().member("order", order_name(candidate.setting.order));
  json.member("as_written", candidate.changes == 0);
  json.member("p50_ms", candidate.p50_ms).member("p95_ms", candidate.p95_ms);
  json.key("roles").begin_array();
  for (const plan::RoleId id : plan.roles.ids()) {
    json.begin_object().member("role", plan.roles[id].name);
    json.member("available_min", candidate.lowest[id.value]).end_object();
  }
  json.end_array().member("success_probability", candidate.success);
  json.member("contracts_held", candidate.keeps_contracts);
  json.member("bad_targets", candidate.bad).member("noticed_ms", candidate.noticed_ms);
  json.member("pareto", candidate.on_front).end_object();
}

}  // namespace

std::string advice_json(const plan::Plan& plan, const simulator::Advice& advice, std::uint64_t seed,
                        const std::optional<WantedEnd>& wanted) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("schema", "sluice.advice/1");
  json.member("deployment", plan.deployment).member("plan", plan.digest);
  json.member("step", plan.steps[advice.step].name);
  json.member("seed", seed).member("runs", advice.runs);
  json.key("settings").begin_array();
  for (const Candidate& candidate : advice.candidates) write_candidate(json, plan, candidate);
  json.end_array();
  if (advice.smallest && !plan.contracts.empty()) json.member("smallest_change", *advice.smallest);
  if (advice.order) {
    json.key("order").begin_object().member("as_written_ms", advice.order->as_written_ms);
    json.member("longest_first_ms", advice.order->longest_first_ms);
    json.member("lower_bound_ms", advice.order->bound_ms).end_object();
  }
  if (wanted) {
    json.key("start").begin_object().member("end", time_of_day(wanted->second_of_day));
    json.member("confidence", wanted->per_mille / 1000.0);
    json.member("latest", time_of_day(latest_start(advice, *wanted)));
    json.member("latest_second_of_day", latest_start(advice, *wanted)).end_object();
  }
  json.end_object();
  text.push_back('\n');
  return text;
}

}  // namespace sluice::cli
