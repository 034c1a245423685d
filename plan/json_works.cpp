// What is done, of a saved plan, both ways: actions, works (run, verify, undo), tasks.
#include "plan/json_parts.h"

namespace sluice::plan {

namespace {

using base::JsonWriter;
using ModelKind = DurationModel::Kind;

constexpr Number no_backoff{1'000'000};

bool has_high(ModelKind kind) {
  return kind == ModelKind::Uniform || kind == ModelKind::Normal || kind == ModelKind::Lognormal ||
         kind == ModelKind::Triangular;
}

// A duration that is worked out for each target stands beside the place of one that is not.
void write_by_target(JsonWriter& json, std::string_view name, const TargetDuration& duration) {
  if (duration.is_same()) return;
  json.key(name);
  write_expression(json, *duration.by_target);
}

void write_retry(JsonWriter& json, const Retry& retry) {
  json.key("retry").begin_object().member("more", retry.more);
  json.member("pause_ms", retry.pause.same.ms);
  write_by_target(json, "pause", retry.pause);
  if (retry.backoff != no_backoff) json.member("backoff", retry.backoff.micros);
  if (retry.most_pause) {
    if (retry.most_pause->is_same()) json.member("most_pause_ms", retry.most_pause->same.ms);
    write_by_target(json, "most_pause", *retry.most_pause);
  }
  json.end_object();
}

Retry read_retry(const JsonNode& node) {
  node.expect({"more", "pause_ms"}, {"pause", "backoff", "most_pause_ms", "most_pause"});
  Retry retry{node["more"].count(), node["pause_ms"].duration(), no_backoff, std::nullopt};
  if (node.has("pause")) retry.pause.by_target = read_expression(node["pause"]);
  if (node.has("backoff")) retry.backoff.micros = node["backoff"].integer();
  if (node.has("most_pause_ms")) retry.most_pause = node["most_pause_ms"].duration();
  if (node.has("most_pause")) {
    if (!retry.most_pause) retry.most_pause.emplace();
    retry.most_pause->by_target = read_expression(node["most_pause"]);
  }
  return retry;
}

void write_model(JsonWriter& json, const DurationModel& takes) {
  json.key("takes").begin_object().member("kind", word(takes.kind)).key("low");
  write_expression(json, takes.low);
  if (has_high(takes.kind)) {
    json.key("high");
    write_expression(json, takes.high);
  }
  if (takes.kind == ModelKind::Triangular) {
    json.key("mode");
    write_expression(json, takes.mode);
  }
  json.member("assumed", takes.assumed).end_object();
}

DurationModel read_model(const JsonNode& node) {
  node.expect({"kind", "low", "assumed"}, {"high", "mode"});
  DurationModel takes;
  takes.kind = read_word<ModelKind>(node["kind"]);
  takes.low = read_expression(node["low"]);
  if (node.has("high")) takes.high = read_expression(node["high"]);
  if (node.has("mode")) takes.mode = read_expression(node["mode"]);
  takes.assumed = node["assumed"].truth();
  return takes;
}

void write_use(JsonWriter& json, const Use& use) {
  json.begin_object().member("resource", use.resource.value);
  if (use.size.bytes != 0) json.member("bytes", use.size.bytes);
  if (use.pieces != 0) json.member("pieces", use.pieces);
  json.end_object();
}

Use read_use(const JsonNode& node) {
  node.expect({"resource"}, {"bytes", "pieces"});
  Use use{{node["resource"].count()}, {}, 0};
  if (node.has("bytes")) use.size.bytes = node["bytes"].integer();
  if (node.has("pieces")) use.pieces = node["pieces"].count();
  return use;
}

void write_optional_work(JsonWriter& json, std::string_view name, const base::Boxed<Work>& work) {
  if (!work) return;
  json.key(name).begin_object();
  write_work(json, *work);
  json.end_object();
}

// What stands in `node` of a work's members; what else may stand there is the caller's.
void read_members(const JsonNode& node, Work& work) {
  work.action = read_action(node["action"]);
  const JsonNode via = node["via"];
  via.expect({"kind", "hosts"});
  work.via = {read_word<Via::Kind>(via["kind"]), {via["hosts"].count()}};
  if (!node["timeout_ms"].is_null()) work.timeout = node["timeout_ms"].duration();
  if (node.has("timeout")) {
    if (!work.timeout) work.timeout.emplace();
    work.timeout->by_target = read_expression(node["timeout"]);
  }
  work.retry = read_retry(node["retry"]);
  work.takes = read_model(node["takes"]);
  work.effect = {node["drains"].truth(), node["restores"].truth(), node["interrupts"].truth()};
  if (node.has("fails")) work.fails = Percentage{node["fails"].integer()};
  if (node.has("offline")) work.offline = Percentage{node["offline"].integer()};
  read_some(node, "gives", [&](const JsonNode& item) {
    item.expect({"name", "value"});
    work.gives.push_back({item["name"].text(), read_expression(item["value"])});
  });
  read_some(node, "uses", [&](const JsonNode& item) { work.uses.push_back(read_use(item)); });
  work.idempotent = read_flag(node, "idempotent");
}

}  // namespace

void write_action(JsonWriter& json, const Action& action) {
  json.begin_object().member("kind", action.kind);
  write_list(json, "attributes", action.attributes, [&](const Action::Attribute& attribute) {
    json.begin_object().member("name", attribute.name).key("value");
    write_expression(json, attribute.value);
    json.end_object();
  });
  json.end_object();
}

Action read_action(const JsonNode& node) {
  node.expect({"kind", "attributes"});
  Action action;
  action.kind = node["kind"].text();
  node["attributes"].each([&](const JsonNode& item) {
    item.expect({"name", "value"});
    action.attributes.push_back({item["name"].text(), read_expression(item["value"])});
  });
  return action;
}

void write_work(JsonWriter& json, const Work& work) {
  json.key("action");
  write_action(json, work.action);
  json.key("via").begin_object().member("kind", word(work.via.kind));
  json.member("hosts", work.via.hosts.value).end_object().key("timeout_ms");
  work.timeout&& work.timeout->is_same() ? json.value(work.timeout->same.ms) : json.null();
  if (work.timeout) write_by_target(json, "timeout", *work.timeout);
  write_retry(json, work.retry);
  write_model(json, work.takes);
  json.member("drains", work.effect.drains).member("restores", work.effect.restores);
  json.member("interrupts", work.effect.interrupts);
  if (work.fails) json.member("fails", work.fails->micros);
  if (work.offline) json.member("offline", work.offline->micros);
  write_some(json, "gives", work.gives, [&](const Given& given) {
    json.begin_object().member("name", given.name).key("value");
    write_expression(json, given.value);
    json.end_object();
  });
  write_some(json, "uses", work.uses, [&](const Use& use) { write_use(json, use); });
  write_flag(json, "idempotent", work.idempotent);
}

Work read_work(const JsonNode& node) {
  node.expect({"action", "via", "timeout_ms", "retry", "takes", "drains", "restores", "interrupts"},
              {"timeout", "fails", "offline", "gives", "uses", "idempotent"});
  Work work;
  read_members(node, work);
  return work;
}

void write_task(JsonWriter& json, const Task& task) {
  json.begin_object().member("name", task.name).member("when", word(task.when));
  json.member("disabled", task.disabled).member("ignore_failure", task.ignore_failure);
  write_work(json, task);
  if (task.condition) {
    json.key("condition");
    write_expression(json, *task.condition);
  }
  write_optional_work(json, "verify", task.verify);
  write_flag(json, "skip_verified", task.skip_verified);
  write_optional_work(json, "undo", task.undo);
  write_some(json, "tags", task.tags, [&](const std::string& tag) { json.value(tag); });
  json.end_object();
}

Task read_task(const JsonNode& node) {
  node.expect({"name", "when", "disabled", "ignore_failure", "action", "via", "timeout_ms", "retry",
               "takes", "drains", "restores", "interrupts"},
              {"timeout", "fails", "offline", "gives", "uses", "idempotent", "condition", "verify",
               "skip_verified", "undo", "tags"});
  Task task;
  read_members(node, task);
  task.name = node["name"].text();
  task.when = read_word<When>(node["when"]);
  task.disabled = node["disabled"].truth();
  task.ignore_failure = node["ignore_failure"].truth();
  if (node.has("condition")) task.condition = read_expression(node["condition"]);
  if (node.has("verify")) task.verify = read_work(node["verify"]);
  task.skip_verified = read_flag(node, "skip_verified");
  if (node.has("undo")) task.undo = read_work(node["undo"]);
  read_some(node, "tags", [&](const JsonNode& item) { task.tags.push_back(item.text()); });
  return task;
}

}  // namespace sluice::plan
