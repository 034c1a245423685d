// The data of a report's page: compact, since a page may hold tens of thousands of lanes. Its shape
// is a matter between this file and render/report/*.js alone.
#include <algorithm>
#include <map>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "plan/batches.h"
#include "plan/limits.h"
#include "plan/prove.h"
#include "render/report.h"
#include "scheduler/work.h"

namespace sluice::render {

namespace {

using base::Instant;
using base::JsonWriter;
using scheduler::Interval;
using scheduler::Part;
using scheduler::Reason;
using scheduler::State;
using scheduler::Timeline;

constexpr State all_states[] = {State::NotStarted, State::Running,  State::Succeeded,
                                State::Degraded,   State::Failed,   State::Undone,
                                State::Skipped,    State::Excluded, State::LeftBehind,
                                State::Cancelled,  State::Aborted,  State::Paused};

std::uint32_t number_of(State state) {
  return static_cast<std::uint32_t>(state);
}

std::string_view kind_name(plan::Contract::Kind kind) {
  switch (kind) {
    case plan::Contract::Kind::Available:
      return "available";
    case plan::Contract::Kind::Unavailable:
      return "unavailable";
    case plan::Contract::Kind::Downtime:
      return "downtime";
    case plan::Contract::Kind::Duration:
      break;
  }
  return "duration";
}

class DataWriter {
 public:
  DataWriter(const plan::Plan& plan, std::string& out) : plan_(plan), json_(out) {}

  void write(std::span<const ReportPart> parts, const ReportDistribution* distribution) {
    json_.begin_object();
    text("deployment", plan_.deployment);
    json_.member("plan", plan_.digest);
    json_.key("states").begin_array();
    for (const State state : all_states) json_.value(scheduler::state_name(state));
    json_.end_array();
    write_targets();
    write_roles();
    write_steps();
    write_contracts();
    json_.key("timelines").begin_array();
    for (const ReportPart& part : parts) write_timeline(part);
    json_.end_array();
    if (distribution != nullptr) write_distribution(*distribution);
    json_.end_object();
  }

 private:
  // Nothing that cannot be seen, or that turns the direction of what follows, reaches the page.
  void text(std::string_view name, std::string_view words) {
    json_.member(name, base::printable(words));
  }
  void text(std::string_view words) { json_.value(base::printable(words)); }

  void instant(Instant at) { at == Instant::never() ? json_.null() : json_.value(at.ms); }

  // ---- the plan ----

  // By position; behind the last stands the controller.
  void write_targets() {
    json_.key("targets").begin_array();
    for (std::uint32_t i = 0; i < plan_.targets.size(); ++i) {
      text(plan_.targets.name(plan::TargetId{i}));
    }
    text(plan::controller_name);
    json_.end_array();
  }

  std::uint32_t target_number(plan::StepId step, std::uint32_t lane) const {
    const plan::TargetId target = plan::lane_target(plan_, step, lane);
    return target.valid() ? target.value : static_cast<std::uint32_t>(plan_.targets.size());
  }

  void write_roles() {
    json_.key("roles").begin_array();
    for (const plan::Role& role : plan_.roles) {
      json_.begin_object();
      text("name", role.name);
      json_.member("size", plan_.target_lists[role.targets].size());
      json_.member("minimum", role.minimum);
      json_.key("targets").begin_array();  // runs: first, count
      std::uint32_t first = 0, count = 0;
      const auto end_run = [&] {
        if (count > 0) json_.value(first).value(count);
      };
      plan_.target_lists[role.targets].for_each([&](plan::TargetId target) {
        if (count > 0 && target.value == first + count) {
          ++count;
          return;
        }
        end_run();
        first = target.value;
        count = 1;
      });
      end_run();
      json_.end_array().end_object();
    }
    json_.end_array();
  }

  void write_steps() {
    json_.key("steps").begin_array();
    for (const plan::StepId id : plan_.steps.ids()) {
      const plan::Step& step = plan_.steps[id];
      const std::uint32_t lanes = plan::lane_count(plan_, id);
      json_.begin_object();
      text("name", step.name);
      json_.member("targets", lanes).member("limit", plan::own_limit(plan_, id).value);
      if (step.gate_of.valid()) json_.member("gate_of", step.gate_of.value);
      if (lanes > 0 && plan::batch_number(plan_, id, 0) > 0) write_batches(id, lanes);
      json_.key("tasks").begin_array();
      for (const plan::Task& task : step.tasks) text(task.name);
      json_.end_array().end_object();
    }
    json_.end_array();
  }

  // The first lane of each batch but the first.
  void write_batches(plan::StepId step, std::uint32_t lanes) {
    json_.key("batches").begin_array();
    for (std::uint32_t lane = 1; lane < lanes; ++lane) {
      const std::uint32_t before = plan::batch_number(plan_, step, lane - 1);
      if (plan::batch_number(plan_, step, lane) != before) json_.value(lane);
    }
    json_.end_array();
  }

  void write_contracts() {
    const std::vector<plan::Proof> proofs = plan::prove(plan_);
    json_.key("contracts").begin_array();
    for (std::size_t i = 0; i < plan_.contracts.size(); ++i) {
      const plan::Contract& contract = plan_.contracts[i];
      json_.begin_object();
      text("text", contract.text);
      json_.member("kind", kind_name(contract.kind));
      if (contract.role.valid()) json_.member("role", contract.role.value);
      if (contract.per.empty() && !contract.bounds.empty()) {
        json_.member("count", contract.bounds[0].count);
      }
      const bool of_time = contract.kind == plan::Contract::Kind::Duration ||
                           contract.kind == plan::Contract::Kind::Downtime;
      if (of_time) json_.member("limit", contract.duration.ms);
      if (proofs[i].answer != plan::Proof::Answer::Open) {
        json_.member("proved", proofs[i].answer == plan::Proof::Answer::Proved);
        text("proof", proofs[i].reason);
      }
      json_.end_object();
    }
    json_.end_array();
  }

  // ---- a timeline ----

  void write_timeline(const ReportPart& part) {
    const Timeline& timeline = *part.timeline;
    reasons_.clear();
    json_.begin_object();
    text("label", part.label);
    text("about", part.about);
    if (!part.started_at.empty()) text("started_at", part.started_at);
    json_.member("outcome", scheduler::state_name(timeline.outcome));
    json_.member("duration", timeline.duration.ms).member("waiting", timeline.waiting.ms);
    write_step_times(timeline);
    json_.key("lanes").begin_array();
    for (const plan::StepId step : plan_.steps.ids()) {
      const std::uint32_t lanes = plan::lane_count(plan_, step);
      for (std::uint32_t lane = 0; lane < lanes; ++lane) write_lane(timeline, step, lane);
    }
    json_.end_array();
    write_out_of_service(timeline);
    write_role_times(timeline);
    write_path(timeline);
    write_contract_times(timeline);
    const scheduler::Census& census = timeline.census;
    json_.key("census").begin_object().member("verified", census.verified);
    json_.member("failed", census.failed).member("skipped", census.skipped);
    json_.member("excluded", census.excluded).member("left_behind", census.left_behind);
    json_.member("not_started", census.not_started).member("unknown", census.unknown).end_object();
    json_.key("assumed").begin_array();
    for (const std::string& line : part.assumed) text(line);
    json_.end_array();
    json_.key("reasons").begin_array();
    std::vector<std::string_view> in_order(reasons_.size());
    for (const auto& [reason, number] : reasons_) in_order[number] = reason;
    for (const std::string_view reason : in_order) text(reason);
    json_.end_array().end_object();
  }

  void write_step_times(const Timeline& timeline) {
    json_.key("steps").begin_array();
    for (const scheduler::StepTimes& times : timeline.steps) {
      json_.begin_object().member("state", scheduler::state_name(times.state));
      json_.key("start");
      instant(times.start);
      json_.key("end");
      instant(times.end);
      json_.member("succeeded", times.succeeded).member("failed", times.failed);
      if (times.reason != Reason::None) {
        text("reason", scheduler::reason_text(plan_, times.reason, times.cause, times.contract));
      }
      json_.end_object();
    }
    json_.end_array();
  }

  // -1 for none; else its place in the timeline's table of reasons.
  void reason(Reason why, plan::StepId cause) {
    if (why == Reason::None) {
      json_.value(-1);
      return;
    }
    const auto next = static_cast<std::uint32_t>(reasons_.size());
    json_.value(reasons_.emplace(scheduler::reason_text(plan_, why, cause), next).first->second);
  }

  // [step, target, state, start, end, [start, end, attempts, state, of each task], reason, extra].
  // The last two are left out where there is nothing to say.
  void write_lane(const Timeline& timeline, plan::StepId step, std::uint32_t lane) {
    const scheduler::LaneTimes& times = timeline.lane(step, lane);
    json_.begin_array().value(step.value).value(target_number(step, lane));
    json_.value(number_of(times.state));
    instant(times.start);
    instant(times.end);
    json_.begin_array();
    const bool begun = times.start != Instant::never();
    const auto tasks = static_cast<std::uint32_t>(plan_.steps[step].tasks.size());
    bool repeated = false;
    Reason why = times.reason;
    for (std::uint32_t task = 0; begun && task < tasks; ++task) {
      const scheduler::TaskTimes& row = timeline.task(plan_, step, lane, task);
      instant(row.start);
      instant(row.end);
      json_.value(row.attempts).value(number_of(row.state));
      repeated = repeated || row.attempts > 1;
      if (why == Reason::None) why = row.reason;
    }
    json_.end_array();
    const auto parts = timeline.parts_of(step, lane);
    if (repeated || !parts.empty() || why != Reason::None) {
      reason(why, times.cause);
      if (repeated || !parts.empty()) write_extra(timeline, step, lane, parts);
    }
    json_.end_array();
  }

  // [start, end, state, name] of each failed attempt but a task's last, and of each part.
  void write_extra(const Timeline& timeline, plan::StepId step, std::uint32_t lane,
                   std::span<const scheduler::PartTimes> parts) {
    json_.begin_array();
    const auto& tasks = plan_.steps[step].tasks;
    for (std::uint32_t task = 0; task < tasks.size(); ++task) {
      if (timeline.task(plan_, step, lane, task).attempts < 2) continue;
      const std::vector<Interval> attempts = timeline.attempts(plan_, step, lane, task);
      for (std::size_t i = 0; i + 1 < attempts.size(); ++i) {
        write_piece(attempts[i].start, attempts[i].end, State::Failed, tasks[task].name);
      }
    }
    for (const scheduler::PartTimes& part : parts) {
      write_piece(
          part.times.start, part.times.end, part.times.state,
          scheduler::part_name(plan_, {.step = step, .task = part.task, .part = part.part}));
    }
    json_.end_array();
  }

  void write_piece(Instant start, Instant end, State state, std::string_view name) {
    json_.begin_array();
    instant(start);
    instant(end);
    json_.value(number_of(state));
    text(name);
    json_.end_array();
  }

  // Of each target that was ever out: [target, start, end, start, end, …].
  void write_out_of_service(const Timeline& timeline) {
    json_.key("out").begin_array();
    for (std::size_t i = 0; i < timeline.out_rows.size();) {
      const plan::TargetId target = timeline.out_rows[i].target;
      json_.begin_array().value(target.value);
      for (const Interval& out : timeline.out_of_service(target)) {
        instant(out.start);
        instant(out.end);
      }
      json_.end_array();
      while (i < timeline.out_rows.size() && timeline.out_rows[i].target == target) ++i;
    }
    json_.end_array();
  }

  void write_role_times(const Timeline& timeline) {
    json_.key("roles").begin_array();
    for (const scheduler::RoleTimes& role : timeline.roles) {
      json_.begin_object().member("lowest", role.available_min);
      json_.member("at", role.available_min_at.ms).member("downtime", role.downtime.ms);
      json_.key("availability").begin_array();  // time, in service, …
      for (const scheduler::Change& change : role.availability) {
        json_.value(change.at.ms).value(change.in_service);
      }
      json_.end_array().end_object();
    }
    json_.end_array();
  }

  void write_path(const Timeline& timeline) {
    json_.key("path").begin_array();
    for (const scheduler::PathPart& part : timeline.critical_path) {
      json_.begin_array().value(part.step.value).value(target_number(part.step, part.lane));
      text(scheduler::part_name(plan_, {.step = part.step, .task = part.task, .part = part.part}));
      instant(part.start);
      instant(part.end);
      json_.end_array();
    }
    json_.end_array();
  }

  void write_contract_times(const Timeline& timeline) {
    json_.key("contracts").begin_array();
    for (std::size_t i = 0; i < plan_.contracts.size(); ++i) {
      const plan::Contract& contract = plan_.contracts[i];
      const scheduler::ContractTimes& times = timeline.contracts[i];
      json_.begin_object().member("held", times.held).member("worst", times.worst);
      json_.key("at");
      instant(times.at);
      if (!contract.per.empty() && times.bound < contract.bounds.size()) {
        write_group(timeline, contract, contract.bounds[times.bound]);
      }
      json_.end_object();
    }
    json_.end_array();
  }

  // The part of the role (`per zone`: a zone) that came nearest to its limit, and how many of it
  // were in service.
  void write_group(const Timeline& timeline, const plan::Contract& contract,
                   const plan::Contract::Bound& bound) {
    text("group", plan::to_text(bound.value));
    json_.member("group_size", bound.targets).member("group_count", bound.count);
    std::map<std::int64_t, std::int64_t> changes;
    plan_.target_lists[plan_.roles[contract.role].targets].for_each([&](plan::TargetId target) {
      if (plan::target_property(plan_, target, contract.per) != bound.value) return;
      for (const Interval& out : timeline.out_of_service(target)) {
        --changes[out.start.ms];
        if (out.end != Instant::never()) ++changes[out.end.ms];
      }
    });
    std::int64_t in_service = bound.targets;
    json_.key("availability").begin_array();
    if (changes.empty() || changes.begin()->first > 0) json_.value(0).value(in_service);
    for (const auto& [at, change] : changes) {
      if (change == 0 && at > 0) continue;  // one returned as another left
      in_service += change;
      json_.value(at).value(in_service);
    }
    json_.end_array();
  }

  // ---- many runs ----

  void write_distribution(const ReportDistribution& distribution) {
    const std::vector<std::int64_t>& sorted = distribution.duration_ms;
    json_.key("distribution").begin_object();
    json_.member("runs", static_cast<std::uint64_t>(sorted.size()));
    json_.key("sentences").begin_array();
    for (const std::string& sentence : distribution.sentences) text(sentence);
    json_.end_array();
    json_.key("quantiles").begin_object();
    for (const auto& [name, per_mille] :
         {std::pair{"p5", 50}, {"p50", 500}, {"p90", 900}, {"p95", 950}, {"p99", 990}}) {
      // The smallest value that at least so many of the runs do not exceed.
      const std::size_t place = (sorted.size() * static_cast<std::size_t>(per_mille) + 999) / 1000;
      json_.member(name, sorted[std::max<std::size_t>(place, 1) - 1]);
    }
    json_.end_object();
    write_histogram(sorted);
    json_.key("success");
    write_chance(distribution.success);
    json_.key("contracts").begin_array();
    for (const ReportDistribution::Chance& chance : distribution.contracts) write_chance(chance);
    json_.end_array().end_object();
  }

  void write_chance(const ReportDistribution::Chance& chance) {
    json_.begin_array().value(chance.value).value(chance.low).value(chance.high);
    json_.value(chance.required).value(chance.held).end_array();
  }

  // Bars of one width from the shortest run to the longest: [from, width, runs, runs, …].
  void write_histogram(const std::vector<std::int64_t>& sorted) {
    constexpr std::int64_t most_bars = 48;
    const std::int64_t span = sorted.back() - sorted.front() + 1;
    const std::int64_t width = (span + most_bars - 1) / most_bars;
    json_.key("histogram").begin_array().value(sorted.front()).value(width);
    auto next = sorted.begin();
    for (std::int64_t from = sorted.front(); from <= sorted.back(); from += width) {
      const auto end = std::lower_bound(next, sorted.end(), from + width);
      json_.value(static_cast<std::int64_t>(end - next));
      next = end;
    }
    json_.end_array();
  }

  const plan::Plan& plan_;
  JsonWriter json_;
  std::map<std::string, std::uint32_t> reasons_;
};

}  // namespace

std::string report_data(const plan::Plan& plan, std::span<const ReportPart> parts,
                        const ReportDistribution* distribution) {
  std::string json;
  DataWriter(plan, json).write(parts, distribution);
  // `<` stands in strings only; escaped it neither ends nor opens an element or a comment.
  std::string safe;
  safe.reserve(json.size());
  for (const char c : json) c == '<' ? safe.append("\\u003c") : safe.append(1, c);
  return safe;
}

}  // namespace sluice::render
