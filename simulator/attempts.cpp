#include "simulator/attempts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/check.h"
#include "base/random.h"

namespace sluice::simulator {

namespace {

using base::Duration;
using base::Error;
using base::Result;
using plan::Operator;
using scheduler::Action;
using scheduler::Outcome;
using scheduler::Part;
using Kind = plan::DurationModel::Kind;

constexpr std::uint32_t none = 0xffff'ffff;
constexpr std::uint32_t parts = 3;  // run, verify, undo
// The draw that says whether the target is out of reach; attempts count from 1.
constexpr std::uint32_t reach_draw = 0;

// Before, after and at the end it is the same `verify`; each draws for itself.
std::uint64_t part_hash(Part part) {
  static constexpr std::array<std::string_view, 5> names{"", "before", "verify", "undo", "census"};
  return base::stable_hash(names[static_cast<std::size_t>(part)]);
}

std::uint32_t place_of(Part part) {
  if (part == Part::Run) return 0;
  return part == Part::Undo ? 2 : 1;
}

// Kinds that work from the controller unless `via` says otherwise.
bool works_from_controller(std::string_view kind) {
  static constexpr std::array<std::string_view, 7> kinds{"http",
                                                         "wait",
                                                         "email",
                                                         "manual",
                                                         "azure_script",
                                                         "azure_resource_group",
                                                         "service_fabric_script"};
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

// Only what all targets with one set of properties have in common.
bool reads_properties_alone(const plan::Expression& expression) {
  const bool own = expression.op == Operator::TargetProperty &&
                   (expression.name == "name" || expression.name == "address");
  if (own || expression.op == Operator::HostProperty) return false;
  return std::all_of(expression.operands.begin(), expression.operands.end(),
                     reads_properties_alone);
}

bool happens(const std::optional<plan::Percentage>& chance, std::uint64_t bits) {
  if (!chance) return false;
  return to_open_interval(bits) * 100e6 < static_cast<double>(chance->micros);
}

Result<Duration> duration_of(const plan::Expression& expression,
                             const plan::Environment& environment) {
  if (expression.type != plan::Type::Duration) return Duration{};  // not used by this kind
  const Result<plan::Value> value = plan::evaluate(expression, environment);
  if (!value) return value.error();
  const Duration* duration = std::get_if<Duration>(&value.value().content);
  if (duration == nullptr) return Error{"it is no duration"};
  return *duration;
}

Result<Distribution> evaluate(const plan::DurationModel& takes,
                              const plan::Environment& environment) {
  const Result<Duration> low = duration_of(takes.low, environment);
  if (!low) return low.error();
  const Result<Duration> high = duration_of(takes.high, environment);
  if (!high) return high.error();
  const Result<Duration> mode = duration_of(takes.mode, environment);
  if (!mode) return mode.error();
  return Distribution::make(takes.kind, low.value(), high.value(), mode.value());
}

bool is_known(const plan::DurationModel& takes) {
  return plan::constant_value(takes.low) != nullptr &&
         plan::constant_value(takes.high) != nullptr && plan::constant_value(takes.mode) != nullptr;
}

Duration times(Duration duration, plan::Number factor) {
  __extension__ using Wide = __int128;
  const Wide product = Wide{duration.ms} * factor.micros + 500'000;
  return {static_cast<std::int64_t>(std::min(product / 1'000'000, Wide{longest_drawn.ms}))};
}

}  // namespace

std::span<const Duration> History::of(std::string_view step, std::string_view task) const {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& candidate) {
    return candidate.step == step && candidate.task == task;
  });
  if (row == rows.end() || row->durations.size() < fewest) return {};
  return row->durations;
}

const plan::Work& work_of(const plan::Plan& plan, const Action& action) {
  const plan::Step& step = plan.steps[action.step];
  if (action.task >= step.tasks.size()) {
    SLUICE_CHECK(step.verify, "an action of a `verify` that is not there");
    return *step.verify;
  }
  const plan::Task& task = step.tasks[action.task];
  if (action.part == Part::Run) return task;
  const base::Boxed<plan::Work>& work = action.part == Part::Undo ? task.undo : task.verify;
  SLUICE_CHECK(work, "an action of a work that is not there");
  return *work;
}

bool is_carried_out_on_target(const plan::Step& step, const plan::Work& work) {
  return !step.on_controller && work.via.kind == plan::Via::Kind::Target &&
         !works_from_controller(work.action.kind);
}

bool moves_something(const plan::Plan& plan, const plan::Work& work) {
  return std::any_of(work.uses.begin(), work.uses.end(), [&](const plan::Use& use) {
    return plan.resources[use.resource].kind == plan::Resource::Kind::Rate && use.size.bytes > 0;
  });
}

Attempts::Attempts(const plan::Plan& plan, const Settings& settings, std::uint32_t runs)
    : plan_(plan),
      settings_(settings),
      lane_durations_(std::make_shared<const scheduler::LaneDurations>(plan)) {
  for (const plan::StepId id : plan.steps.ids()) {
    const plan::Step& step = plan.steps[id];
    first_.push_back(static_cast<std::uint32_t>(works_.size()));
    const std::uint64_t of_step = base::stable_hash(step.name);
    const auto add = [&](const base::Boxed<plan::Work>& work, std::string_view name,
                         std::uint64_t identity) {
      if (work) {
        add_model(*work, name, identity, step);
      } else {
        works_.push_back(none);
      }
    };
    for (const plan::Task& task : step.tasks) {
      const std::uint64_t identity = base::stable_hash(task.name, of_step);
      add_model(task, task.name, identity, step);
      Model& model = models_.back();
      if (task.takes.kind == Kind::History) {
        const std::span<const Duration> found = settings.history.of(step.name, task.name);
        if (!found.empty()) model.distribution = Distribution::measured(found);
        if (!found.empty()) model.known = true;
      }
      add(task.verify, task.name, identity);
      add(task.undo, task.name, identity);
    }
    add(step.verify, step.name, of_step);
  }
  for (const Failure& failure : settings.failures) {
    models_[works_[first_[failure.step.value] + failure.task * parts]].asked = true;
  }
  for (const Slowdown& slow : settings.slowdowns) {
    const auto tasks = static_cast<std::uint32_t>(plan.steps[slow.step].tasks.size());
    for (std::uint32_t task = 0; task < tasks; ++task) {
      const bool meant = slow.task == Slowdown::every_task || slow.task == task;
      if (meant) models_[works_[first_[slow.step.value] + task * parts]].asked = true;
    }
  }
  if (!settings.unreachable.empty()) unreachable_.resize(plan.targets.size());
  for (const plan::TargetId target : settings.unreachable) unreachable_[target.value] = true;
  for (const plan::StepId step : settings.fixed) fix_step(step);
  for (const plan::StepId id : plan.steps.ids()) add_lanes(plan.steps[id], first_[id.value]);
  if (runs > 1) keep_identities();
  make_tables(runs);
}

bool Attempts::is_quick(const Model& model, const plan::Step& step) const {
  if (model.asked || model.work->offline || !unreachable_.empty()) return false;
  const bool constant = model.known && model.distribution.is_constant();
  if (model.work->via.kind == plan::Via::Kind::Each && !constant) return false;
  if (model.known || !model.by_properties) return model.known;
  bool all = true;
  plan_.target_lists[step.targets].for_each([&](plan::TargetId target) {
    all = all && model.worked_out[plan_.targets.properties(target).value];
  });
  return all;
}

void Attempts::add_lanes(const plan::Step& step, std::uint32_t first_work) {
  LaneRow& row = lanes_.emplace_back();
  row.first = static_cast<std::uint32_t>(quick_.size());
  row.tasks = static_cast<std::uint32_t>(step.tasks.size());
  bool all = !step.on_controller;
  for (std::uint32_t task = 0; task < row.tasks; ++task) {
    const Model& model = models_[works_[first_work + task * parts]];
    Quick& quick = quick_.emplace_back();
    quick.identity = model.identity;
    quick.distribution = model.distribution;
    if (!model.known) quick.rows = &model.rows;
    if (model.work->fails) quick.fails = static_cast<double>(model.work->fails->micros);
    const std::optional<plan::TargetDuration>& timeout = model.work->timeout;
    timeouts_.push_back(timeout ? timeout->same : Duration{longest_drawn.ms + 1});
    lane_timeouts_.push_back(timeout ? lane_durations_->of(*timeout) : nullptr);
    row.times_out_by_lane = row.times_out_by_lane || lane_timeouts_.back() != nullptr;
    all = all && is_quick(model, step);
    row.random = row.random || !model.known || !model.distribution.is_constant() ||
                 model.work->fails.has_value();
    row.fails = row.fails || model.work->fails.has_value();
    row.times_out = row.times_out || timeout.has_value();
    row.by_properties = row.by_properties || !model.known;
  }
  if (!all) return;
  row.targets = &plan_.target_lists[step.targets];
  const auto& lists = row.targets->runs();
  if (lists.size() == 1) row.first_target = lists.front().first;
  row.at_once = draws_at_once / std::clamp(row.tasks, 1U, block);
}

// Where a duration is worked out target by target, it stays as it is.
void Attempts::fix_step(plan::StepId step) {
  const auto fixed = [](Distribution& of) { of = Distribution::constant(of.quantile(0.5)); };
  const auto tasks = static_cast<std::uint32_t>(plan_.steps[step].tasks.size());
  for (std::uint32_t task = 0; task < tasks; ++task) {
    Model& model = models_[works_[first_[step.value] + task * parts]];
    if (model.known) fixed(model.distribution);
    for (Distribution& row : model.rows) fixed(row);
  }
}

std::optional<std::pair<Duration, Duration>> Attempts::range(plan::StepId step, std::uint32_t lane,
                                                             std::uint32_t task) const {
  const Model& model = models_[works_[first_[step.value] + task * parts]];
  if (moves_something(plan_, *model.work)) return std::nullopt;
  const Result<Distribution> found =
      model.known ? Result<Distribution>(model.distribution)
                  : distribution(model, plan::lane_target(plan_, step, lane));
  if (!found) return std::nullopt;
  return std::pair{found.value().quantile(0.025), found.value().quantile(0.975)};
}

Duration Attempts::median(plan::StepId step, std::uint32_t lane) const {
  Duration sum;
  const std::vector<plan::Task>& tasks = plan_.steps[step].tasks;
  for (std::uint32_t task = 0; task < tasks.size(); ++task) {
    const Model& model = models_[works_[first_[step.value] + task * parts]];
    if (tasks[task].disabled) continue;
    if (model.known) {
      sum = sum + model.distribution.quantile(0.5);
      continue;
    }
    const Result<Distribution> found = distribution(model, plan::lane_target(plan_, step, lane));
    if (found) sum = sum + found.value().quantile(0.5);
  }
  return sum;
}

void Attempts::add_model(const plan::Work& work, std::string_view name, std::uint64_t identity,
                         const plan::Step& step) {
  works_.push_back(static_cast<std::uint32_t>(models_.size()));
  Model& model = models_.emplace_back();
  model.work = &work;
  model.name = name;
  model.identity = identity;
  model.on_target = is_carried_out_on_target(step, work);
  const plan::DurationModel& takes = work.takes;
  if (takes.assumed && moves_something(plan_, work)) {
    model.known = true;  // of no time of its own: it lasts as long as its transfer
  } else if (is_known(takes)) {
    const plan::PlanEnvironment nothing(plan_, {}, {});
    const Result<Distribution> made = evaluate(takes, nothing);
    if (!made) return;  // said when it is drawn
    model.known = true;
    model.distribution = made.value();
  } else if (reads_properties_alone(takes.low) && reads_properties_alone(takes.high) &&
             reads_properties_alone(takes.mode)) {
    prepare_rows(model);
  }
}

// A set of properties is worked out once, for all the targets that share it. What fails is tried
// again when it is drawn, and told then.
void Attempts::prepare_rows(Model& model) {
  std::vector<bool> seen(plan_.property_sets.size());
  model.by_properties = true;
  model.rows.resize(seen.size());
  model.worked_out.resize(seen.size());
  for (std::uint32_t target = 0; target < plan_.targets.size(); ++target) {
    const plan::PropertySetId set = plan_.targets.properties(plan::TargetId{target});
    if (seen[set.value]) continue;
    seen[set.value] = true;
    const plan::PlanEnvironment environment(plan_, plan::TargetId{target}, plan::TargetId{target});
    const Result<Distribution> made = evaluate(model.work->takes, environment);
    if (!made) continue;
    model.rows[set.value] = made.value();
    model.worked_out[set.value] = true;
  }
}

const Attempts::Model& Attempts::model_of(const Action& action) const {
  const auto tasks = static_cast<std::uint32_t>(plan_.steps[action.step].tasks.size());
  const std::uint32_t part = action.task < tasks ? place_of(action.part) : 0;
  const std::uint32_t place = works_[first_[action.step.value] + action.task * parts + part];
  SLUICE_CHECK(place != none, "an action of a work that is not there");
  return models_[place];
}

Result<Distribution> Attempts::distribution(const Model& model, plan::TargetId target) const {
  if (model.by_properties && target.valid()) {
    const plan::PropertySetId set = plan_.targets.properties(target);
    if (model.worked_out[set.value]) return model.rows[set.value];
  }
  const plan::PlanEnvironment environment(plan_, target, target);
  Result<Distribution> made = evaluate(model.work->takes, environment);
  if (made) return made;
  const std::string_view name = target.valid() ? plan_.targets.name(target) : plan::controller_name;
  return Error{fmt::format("cannot tell how long `{}` takes on `{}`: {}", model.name, name,
                           made.error().message)};
}

std::uint64_t Attempts::identity_of(const Model& model, const Action& action,
                                    plan::TargetId target) const {
  std::uint64_t identity = model.identity;
  if (action.part != Part::Run) identity = base::combined_hash(identity, part_hash(action.part));
  const std::string_view name = target.valid() ? plan_.targets.name(target) : plan::controller_name;
  return base::combined_hash(identity, base::stable_hash(name));
}

Duration Attempts::slowed(const Model& model, const Action& action, Duration duration) const {
  if (!model.asked || action.part != Part::Run) return duration;
  for (const Slowdown& slow : settings_.slowdowns) {
    const bool meant = slow.step == action.step &&
                       (slow.task == Slowdown::every_task || slow.task == action.task) &&
                       (slow.every_lane || slow.lane == action.lane);
    if (meant) duration = times(duration, slow.factor);
  }
  return duration;
}

// To draw anew whatever does not last so long is to draw among what does; where the first draw
// does not, the second is made among the others alone.
Result<Attempt> Attempts::draw_rest(const Action& action, std::uint32_t run,
                                    Duration elapsed) const {
  Result<Attempt> first = draw(action, run);
  if (!first || elapsed.ms == 0 || first.value().takes > elapsed) return first;
  const Model& model = model_of(action);
  const Result<Distribution> found = distribution(model, action);
  if (!found) return found.error();
  Attempt attempt = first.value();
  attempt.takes = elapsed;
  const Duration quickly = unslowed(model, action, elapsed);
  if (found.value().lasting_longer(quickly) == 0) return attempt;
  const plan::Via& via = model.work->via;
  const std::uint32_t hosts =
      via.kind == plan::Via::Kind::Each ? plan_.target_lists[via.hosts].size() : 1;
  const plan::TargetId target = plan::lane_target(plan_, action.step, action.lane);
  const std::uint64_t identity =
      base::combined_hash(identity_of(model, action, target), base::stable_hash("rest"));
  const auto draws = base::random_pair(settings_.seed, run, identity, action.attempt);
  const Duration drawn =
      found.value().quantile_beyond(quickly, to_open_interval(draws[0]), std::max(hosts, 1U));
  attempt.takes = std::max(slowed(model, action, drawn), elapsed + Duration{1});
  return attempt;
}

bool Attempts::is_overdue(const Action& action, Duration elapsed) const {
  const Model& model = model_of(action);
  if (moves_something(plan_, *model.work)) return false;
  const Result<Distribution> found = distribution(model, action);
  return found && found.value().lasting_longer(unslowed(model, action, elapsed)) == 0;
}

Result<Distribution> Attempts::distribution(const Model& model, const Action& action) const {
  if (model.known) return model.distribution;
  return distribution(model, plan::lane_target(plan_, action.step, action.lane));
}

// What takes so long where it is slow would take so long.
Duration Attempts::unslowed(const Model& model, const Action& action, Duration elapsed) const {
  constexpr Duration unit{1'000'000};
  const Duration slow = slowed(model, action, unit);
  if (slow == unit || slow.ms == 0) return elapsed;
  __extension__ using Wide = __int128;
  return {static_cast<std::int64_t>(Wide{elapsed.ms} * unit.ms / slow.ms)};
}

Result<Attempt> Attempts::draw(const Action& action, std::uint32_t run) const {
  const Model& model = model_of(action);
  const plan::TargetId target = plan::lane_target(plan_, action.step, action.lane);
  const bool certain = model.known && model.distribution.is_constant() && !model.asked &&
                       !model.work->fails && !model.work->offline && unreachable_.empty();
  if (certain) return Attempt{model.distribution.quantile(0.5)};
  const std::uint64_t identity = identity_of(model, action, target);
  const auto draws = base::random_pair(settings_.seed, run, identity, action.attempt);
  Attempt attempt;
  if (model.known) {
    attempt.takes = duration(model, model.distribution, identity, action.attempt, run);
  } else {
    const Result<Distribution> found = distribution(model, target);
    if (!found) return found.error();
    attempt.takes = duration(model, found.value(), identity, action.attempt, run);
  }
  attempt.takes = slowed(model, action, attempt.takes);
  attempt.outcome = outcome(model, action, target, identity, run, draws[1]);
  return attempt;
}

Duration Attempts::duration(const Model& model, const Distribution& distribution,
                            std::uint64_t identity, std::uint32_t attempt,
                            std::uint32_t run) const {
  if (distribution.is_constant()) return distribution.quantile(0.5);
  const auto drawn = [&](std::uint64_t of) {
    const auto draws = base::random_pair(settings_.seed, run, of, attempt);
    return distribution.quantile(to_open_interval(draws[0]));
  };
  if (model.work->via.kind != plan::Via::Kind::Each) return drawn(identity);
  Duration longest;
  plan_.target_lists[model.work->via.hosts].for_each([&](plan::TargetId host) {
    const std::uint64_t at_host = base::stable_hash(plan_.targets.name(host));
    longest = std::max(longest, drawn(base::combined_hash(identity, at_host)));
  });
  return longest;
}

Outcome Attempts::outcome(const Model& model, const Action& action, plan::TargetId target,
                          std::uint64_t identity, std::uint32_t run, std::uint64_t bits) const {
  if (!unreachable_.empty()) {
    if (model.on_target && unreachable_[target.value]) return Outcome::Unreachable;
    const plan::Via& via = model.work->via;
    bool lost = false;
    if (via.kind == plan::Via::Kind::Each || via.kind == plan::Via::Kind::First) {
      plan_.target_lists[via.hosts].for_each(
          [&](plan::TargetId host) { lost = lost || unreachable_[host.value]; });
    }
    if (lost) return Outcome::Failed;
  }
  if (model.work->offline && action.attempt == 1) {
    const auto draws = base::random_pair(settings_.seed, run, identity, reach_draw);
    if (happens(model.work->offline, draws[0])) {
      return model.on_target ? Outcome::Unreachable : Outcome::Failed;
    }
  }
  if (model.asked && action.part == Part::Run) {
    for (const Failure& failure : settings_.failures) {
      const bool meant = failure.step == action.step && failure.task == action.task &&
                         (failure.every_lane || failure.lane == action.lane) &&
                         action.attempt <= failure.attempts;
      if (meant) return Outcome::Failed;
    }
  }
  return happens(model.work->fails, bits) ? Outcome::Failed : Outcome::Succeeded;
}

}  // namespace sluice::simulator
