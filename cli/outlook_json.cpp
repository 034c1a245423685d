#include <cmath>
#include <span>

#include "base/json_writer.h"
#include "cli/outlook.h"
#include "plan/prove.h"

namespace sluice::cli {

namespace {

using base::JsonWriter;
using simulator::Outlook;
using simulator::Probability;
using simulator::Sample;

struct Quantile {
  std::string_view name;
  std::uint32_t per_mille;
};
constexpr Quantile of_times[] = {
    {"p5", 50}, {"p50", 500}, {"p90", 900}, {"p95", 950}, {"p99", 990}};
// Little is bad here.
constexpr Quantile of_numbers[] = {{"p5", 50}, {"p50", 500}};

void write_probability(JsonWriter& json, const Probability& probability) {
  json.member("value", probability.value);
  json.member("low", probability.low).member("high", probability.high);
}

void write_quantiles(JsonWriter& json, const Sample& sample, std::span<const Quantile> quantiles) {
  for (const Quantile& quantile : quantiles) {
    json.member(quantile.name, sample.quantile(quantile.per_mille));
  }
  json.key("intervals").begin_object();
  for (const Quantile& quantile : quantiles) {
    const Sample::Interval interval = sample.interval(quantile.per_mille);
    json.key(quantile.name).begin_array().value(interval.low).value(interval.high).end_array();
  }
  json.end_object();
}

void write_time(JsonWriter& json, std::string_view name, const Sample& sample) {
  json.key(name).begin_object();
  json.member("mean", static_cast<std::int64_t>(std::llround(sample.mean())));
  json.member("min", sample.min()).member("max", sample.max());
  write_quantiles(json, sample, of_times);
  json.end_object();
}

}  // namespace

std::string outlook_json(const plan::Plan& plan, const Outlook& outlook,
                         const std::vector<simulator::Driver>& drivers, std::uint64_t seed) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("schema", "sluice.distribution/1");
  json.member("deployment", plan.deployment).member("plan", plan.digest);
  json.member("seed", seed).member("runs", outlook.runs);
  write_time(json, "duration_ms", outlook.duration_ms);
  write_time(json, "waiting_ms", outlook.waiting_ms);
  json.key("success_probability").begin_object();
  write_probability(json, outlook.success);
  json.end_object();
  json.key("outcomes").begin_object().member("succeeded", outlook.succeeded);
  json.member("degraded", outlook.degraded).member("failed", outlook.failed);
  json.member("aborted", outlook.aborted).end_object();
  json.key("roles").begin_array();
  for (const plan::RoleId id : plan.roles.ids()) {
    const simulator::RoleSample& role = outlook.roles[id.value];
    json.begin_object().member("role", plan.roles[id].name);
    json.key("available_min").begin_object().member("min", role.available_min.min());
    write_quantiles(json, role.available_min, of_numbers);
    json.end_object();
    write_time(json, "downtime_ms", role.downtime_ms);
    write_time(json, "out_of_service_ms", role.out_of_service_ms);
    json.end_object();
  }
  const std::vector<plan::Proof> proofs = plan::prove(plan);
  json.end_array().key("contracts").begin_array();
  for (std::size_t i = 0; i < plan.contracts.size(); ++i) {
    const simulator::ContractSample& sample = outlook.contracts[i];
    json.begin_object().member("text", plan.contracts[i].text);
    json.member("probability", sample.probability.value);
    json.member("low", sample.probability.low).member("high", sample.probability.high);
    json.member("required", sample.required).member("held", sample.held);
    const bool proved = proofs[i].answer == plan::Proof::Answer::Proved;
    json.member("basis", proved ? "proved" : "estimated").end_object();
  }
  json.end_array().key("spread").begin_array();
  for (const simulator::Driver& driver : drivers) {
    json.begin_object().member("step", plan.steps[driver.step].name);
    json.member("variance_share", driver.share);
    json.member("p95_ms_at_median", driver.p95_ms).end_object();
  }
  json.end_array().key("assumed").begin_array();
  for (const std::string& assumed : outlook.assumed) json.value(assumed);
  json.end_array().end_object();
  text.push_back('\n');
  return text;
}

}  // namespace sluice::cli
