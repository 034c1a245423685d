#include "render/timeline_json.h"

#include <algorithm>

#include "base/json_writer.h"
#include "plan/batches.h"
#include "plan/limits.h"
#include "plan/prove.h"
#include "render/what_if.h"
#include "scheduler/asked.h"
#include "scheduler/releases.h"
#include "scheduler/work.h"

namespace sluice::render {

namespace {

using base::Instant;
using base::JsonWriter;
using scheduler::Interval;
using scheduler::Part;
using scheduler::PartTimes;
using scheduler::Reason;
using scheduler::State;
using scheduler::state_name;
using scheduler::Timeline;

class TimelineWriter {
 public:
  TimelineWriter(const plan::Plan& plan, const Timeline& timeline, std::string& out)
      : plan_(plan), timeline_(timeline), json_(out) {}

  void write(const TimelineHeader& header) {
    json_.begin_object().member("schema", "sluice.timeline/1");
    json_.member("deployment", plan_.deployment).member("plan", plan_.digest);
    if (header.run) json_.member("run", *header.run);
    if (header.started_at) json_.member("started_at", *header.started_at);
    if (header.seed) json_.member("seed", *header.seed);
    json_.member("outcome", state_name(timeline_.outcome));
    json_.member("duration_ms", timeline_.duration.ms).member("waiting_ms", timeline_.waiting.ms);
    if (header.time_left) {
      json_.key("time_left_ms").begin_object().member("p50", header.time_left->p50.ms);
      json_.member("p90", header.time_left->p90.ms).end_object();
    }
    if (header.people) write_people(*header.people);
    json_.key("assumed").begin_array();
    for (const std::string& text : header.assumed) json_.value(text);
    json_.end_array();
    write_steps();
    write_lanes();
    const scheduler::Releases releases = scheduler::releases_of(plan_, timeline_);
    write_targets(releases);
    write_roles();
    write_critical_path();
    write_contracts(header.seed.has_value());
    write_census();
    write_releases(releases);
    if (header.seed) write_asked();
    json_.end_object();
  }

 private:
  void write_people(const TimelineHeader::People& people) {
    if (!people.carried_on_by.empty()) json_.member("carried_on_by", people.carried_on_by);
    json_.key("waits_for").begin_array();
    for (const TimelineHeader::Waiting& row : people.waiting) {
      json_.begin_object().member("kind", row.kind).member("question", row.question);
      json_.key("answers").begin_array();
      for (const std::string_view answer : row.answers) json_.value(answer);
      json_.end_array();
      if (!row.instructions.empty()) json_.member("instructions", row.instructions);
      if (!row.approvers.empty()) {
        json_.key("approvers").begin_array();
        for (const std::string& approver : row.approvers) json_.value(approver);
        json_.end_array();
      }
      json_.end_object();
    }
    json_.end_array().key("said").begin_array();
    for (const TimelineHeader::Said& row : people.said) {
      json_.begin_object().member("at", row.at).member("who", row.who).member("word", row.word);
      if (!row.question.empty()) json_.member("question", row.question);
      json_.end_object();
    }
    json_.end_array();
  }

  void instant(std::string_view name, Instant at) {
    json_.key(name);
    at == Instant::never() ? json_.null() : json_.value(at.ms);
  }

  void interval(const Interval& row) {
    json_.begin_array().value(row.start.ms);
    row.end == Instant::never() ? json_.null() : json_.value(row.end.ms);
    json_.end_array();
  }

  void reason(Reason why, plan::StepId cause, std::uint32_t contract = scheduler::Action::none) {
    if (why == Reason::None) return;
    json_.member("reason", scheduler::reason_text(plan_, why, cause, contract));
  }

  void write_steps() {
    json_.key("steps").begin_array();
    for (const plan::StepId id : plan_.steps.ids()) {
      const plan::Step& step = plan_.steps[id];
      const scheduler::StepTimes& times = timeline_.steps[id.value];
      json_.begin_object().member("name", step.name).member("state", state_name(times.state));
      instant("start_ms", times.start);
      instant("end_ms", times.end);
      json_.member("targets", times.targets);
      json_.member("limit", plan::own_limit(plan_, id).value);
      json_.member("succeeded", times.succeeded).member("failed", times.failed);
      json_.member("skipped", times.skipped).member("excluded", times.excluded);
      json_.member("left_behind", times.left_behind).member("not_started", times.not_started);
      if (times.running > 0) json_.member("running", times.running);
      reason(times.reason, times.cause, times.contract);
      json_.end_object();
    }
    json_.end_array();
  }

  void write_lanes() {
    json_.key("lanes").begin_array();
    for (const plan::StepId step : plan_.steps.ids()) {
      const std::uint32_t lanes = plan::lane_count(plan_, step);
      for (std::uint32_t lane = 0; lane < lanes; ++lane) write_lane(step, lane);
    }
    json_.end_array();
  }

  void write_lane(plan::StepId step, std::uint32_t lane) {
    const scheduler::LaneTimes& times = timeline_.lane(step, lane);
    json_.begin_object().member("step", plan_.steps[step].name);
    json_.member("target", plan::lane_name(plan_, step, lane));
    const std::uint32_t batch = plan::batch_number(plan_, step, lane);
    if (batch > 0) json_.member("batch", batch);
    json_.member("state", state_name(times.state));
    instant("start_ms", times.start);
    instant("end_ms", times.end);
    reason(times.reason, times.cause);
    json_.key("tasks").begin_array();
    const auto& tasks = plan_.steps[step].tasks;
    const auto count = static_cast<std::uint32_t>(tasks.size());
    const std::span<const PartTimes> parts = timeline_.parts_of(step, lane);
    write_parts(parts, count, {Part::Before});
    for (std::uint32_t task = 0; task < count; ++task) {
      write_parts(parts, task, {Part::Before});
      write_task(step, lane, task, tasks[task].name, times);
      write_parts(parts, task, {Part::Verify, Part::Undo});
    }
    write_parts(parts, count, {Part::Verify});
    json_.end_array().end_object();
  }

  // What was carried out beside a task's run, in the order of `wanted`.
  void write_parts(std::span<const PartTimes> parts, std::uint32_t task,
                   std::initializer_list<Part> wanted) {
    for (const Part part : wanted) {
      for (const PartTimes& row : parts) {
        if (row.task != task || row.part != part) continue;
        json_.begin_object();
        json_.member("name",
                     scheduler::part_name(plan_, {.step = row.step, .task = task, .part = part}));
        json_.member("state", state_name(row.times.state)).member("attempts", row.times.attempts);
        instant("start_ms", row.times.start);
        instant("end_ms", row.times.end);
        reason(row.times.reason, {});
        json_.key("attempt_ms").begin_array();
        for (const Interval& attempt : row.attempts) interval(attempt);
        json_.end_array().end_object();
      }
    }
  }

  void write_task(plan::StepId step, std::uint32_t lane, std::uint32_t task,
                  const std::string& name, const scheduler::LaneTimes& of_lane) {
    const scheduler::TaskTimes& times = timeline_.task(plan_, step, lane, task);
    // A lane that never began says why once; its tasks are what it is.
    const bool begun = of_lane.start != Instant::never();
    json_.begin_object().member("name", name);
    json_.member("state", state_name(begun ? times.state : of_lane.state));
    json_.member("attempts", times.attempts);
    instant("start_ms", times.start);
    instant("end_ms", times.end);
    if (begun) reason(times.reason, {});
    json_.key("attempt_ms").begin_array();
    for (const Interval& attempt : timeline_.attempts(plan_, step, lane, task)) interval(attempt);
    json_.end_array().end_object();
  }

  std::vector<std::vector<std::string_view>> roles_by_target() const {
    std::vector<std::vector<std::string_view>> names(plan_.targets.size());
    for (const plan::Role& role : plan_.roles) {
      plan_.target_lists[role.targets].for_each(
          [&](plan::TargetId target) { names[target.value].push_back(role.name); });
    }
    return names;
  }

  void write_targets(const scheduler::Releases& releases) {
    const auto roles = roles_by_target();
    json_.key("targets").begin_array();
    for (std::uint32_t i = 0; i < plan_.targets.size(); ++i) {
      if (!timeline_.target_planned[i]) continue;
      json_.begin_object().member("target", plan_.targets.name(plan::TargetId{i}));
      json_.key("roles").begin_array();
      for (const std::string_view name : roles[i]) json_.value(name);
      json_.end_array().member("state", state_name(timeline_.target_states[i]));
      json_.key("out_of_service").begin_array();
      for (const Interval& out : timeline_.out_of_service(plan::TargetId{i})) interval(out);
      const bool out = !timeline_.target_out.empty() && timeline_.target_out[i];
      json_.end_array().member("in_service", !out);
      if (releases.concerned[i]) json_.member("release", release_name(releases.at_end[i]));
      json_.end_object();
    }
    json_.end_array();
  }

  void write_roles() {
    json_.key("roles").begin_array();
    for (const plan::RoleId id : plan_.roles.ids()) {
      const scheduler::RoleTimes& role = timeline_.roles[id.value];
      json_.begin_object().member("role", plan_.roles[id].name).member("targets", role.targets);
      json_.member("available_min", role.available_min);
      json_.member("available_min_at_ms", role.available_min_at.ms);
      json_.member("downtime_ms", role.downtime.ms);
      json_.member("out_of_service_ms", role.out_of_service.ms);
      json_.key("availability").begin_array();
      for (const scheduler::Change& change : role.availability) {
        json_.begin_array().value(change.at.ms).value(change.in_service).end_array();
      }
      json_.end_array().end_object();
    }
    json_.end_array();
  }

  void write_critical_path() {
    json_.key("critical_path").begin_array();
    for (const scheduler::PathPart& part : timeline_.critical_path) {
      json_.begin_object().member("step", plan_.steps[part.step].name);
      json_.member("target", plan::lane_name(plan_, part.step, part.lane));
      json_.member("task", scheduler::part_name(
                               plan_, {.step = part.step, .task = part.task, .part = part.part}));
      instant("start_ms", part.start);
      instant("end_ms", part.end);
      json_.end_object();
    }
    json_.end_array();
  }

  // Of a prediction: what the limits prove, whatever the schedule, and what this schedule refutes.
  std::string_view basis(const plan::Contract& contract, bool held, bool proved) const {
    if (proved) return "proved";
    return held || contract.share ? "observed" : "refuted";
  }

  void write_contracts(bool predicted) {
    std::vector<plan::Proof> proofs(plan_.contracts.size());
    if (predicted) proofs = plan::prove(plan_);
    json_.key("contracts").begin_array();
    for (std::size_t i = 0; i < plan_.contracts.size(); ++i) {
      const plan::Contract& contract = plan_.contracts[i];
      const scheduler::ContractTimes& times = timeline_.contracts[i];
      json_.begin_object().member("text", contract.text).member("held", times.held);
      const bool proved = proofs[i].answer == plan::Proof::Answer::Proved;
      json_.member("basis", predicted ? basis(contract, times.held, proved) : "observed");
      json_.member("worst", times.worst);
      instant("at_ms", times.at);
      if (!contract.per.empty()) {
        json_.member("value", plan::to_text(contract.bounds[times.bound].value));
      }
      json_.end_object();
    }
    json_.end_array();
  }

  void write_census() {
    const scheduler::Census& census = timeline_.census;
    json_.key("census").begin_object().member("verified", census.verified);
    json_.member("failed", census.failed).member("skipped", census.skipped);
    json_.member("excluded", census.excluded).member("left_behind", census.left_behind);
    json_.member("not_started", census.not_started).member("unknown", census.unknown).end_object();
  }

  void write_releases(const scheduler::Releases& releases) {
    const scheduler::FirstFailure first = scheduler::first_failure(plan_, timeline_);
    json_.key("first_failure");
    if (first.step.valid()) {
      json_.begin_object().member("step", plan_.steps[first.step].name);
      json_.member("target", plan::lane_name(plan_, first.step, first.lane));
      json_.member("task",
                   scheduler::part_name(
                       plan_, {.step = first.step, .task = first.task, .part = first.part}));
      json_.member("at_ms", first.at.ms).end_object();
    } else {
      json_.null();
    }
    json_.key("side_by_side").begin_array();
    for (const scheduler::SideBySide& row : scheduler::side_by_side(plan_, timeline_, releases)) {
      json_.begin_object().member("old", plan_.roles[row.old_role].name);
      json_.member("new", plan_.roles[row.new_role].name).member("time_ms", row.time.ms);
      instant("from_ms", row.span.start);
      instant("to_ms", row.span.end);
      json_.end_object();
    }
    json_.end_array();
  }

  void write_asked() {
    const std::vector<scheduler::Asked> rows = scheduler::asked_of(plan_, timeline_);
    if (rows.empty()) return;
    json_.key("asked").begin_array();
    for (const scheduler::Asked& row : rows) {
      const bool approves = row.question == scheduler::Asked::Question::Approve;
      json_.begin_object().member("question", approves ? "approve" : "decide");
      instant("at_ms", row.at);
      json_.member("step", plan_.steps[row.step].name);
      json_.member("target", plan::lane_name(plan_, row.step, row.lane));
      json_.member("task", scheduler::part_name(
                               plan_, {.step = row.step, .task = row.task, .part = row.part}));
      json_.end_object();
    }
    json_.end_array();
  }

  const plan::Plan& plan_;
  const Timeline& timeline_;
  JsonWriter json_;
};

}  // namespace

std::string timeline_json(const plan::Plan& plan, const Timeline& timeline,
                          const TimelineHeader& header) {
  std::string text;
  TimelineWriter(plan, timeline, text).write(header);
  text.push_back('\n');
  return text;
}

}  // namespace sluice::render
