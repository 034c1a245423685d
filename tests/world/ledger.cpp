#include "world/ledger.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/request.h"
#include "scheduler/work.h"

namespace sluice::world {

using runtime::Completion;
using scheduler::Action;
using scheduler::Part;

namespace {

// Why nobody knows: the host could not be asked for as long as it is waited for.
bool could_not_be_asked(const std::string& detail) {
  constexpr std::string_view reasons[] = {"did not come back in", "does not say what became of it",
                                          "does not do as it is told",
                                          "did not come as far as the script"};
  return std::any_of(std::begin(reasons), std::end(reasons), [&](std::string_view reason) {
    return detail.find(reason) != std::string::npos;
  });
}

// Asked on behalf of an action that was lost.
bool is_probe(const Ledger::Effect& effect) {
  return effect.generation >= 0x8000'0000U;
}

}  // namespace

Ledger::Ledger(Kernel& kernel, const plan::Plan& plan) : kernel_(kernel), plan_(plan) {}

std::string Ledger::text(const Effect& effect) const {
  const Action& action = effect.where.first;
  return fmt::format("`{}` for {} on {}, attempt {}, generation {}",
                     runtime::task_name(plan_, action),
                     plan::lane_name(plan_, action.step, action.lane), effect.where.second,
                     action.attempt, effect.generation);
}

void Ledger::name(const runtime::ActionRequest& request) {
  const std::string key = runtime::action_key(request);
  const auto [row, is_new] = effects_.try_emplace(key);
  if (!is_new) return;
  row->second.where = {request.action, request.place.name};
  row->second.generation = request.generation;
  const Part part = request.action.part;
  row->second.may_repeat = request.work->idempotent || (part != Part::Run && part != Part::Undo);
  keys_[row->second.where].push_back(key);
}

bool Ledger::may_begin(const runtime::ActionRequest& request) const {
  const Effect& effect = effects_.at(runtime::action_key(request));
  const auto retries = retries_.find(effect.where);
  const std::uint32_t said = retries == retries_.end() ? 0 : retries->second;
  return is_probe(effect) || effect.generation <= (effect.may_repeat ? 3U : 0U) + said;
}

void Ledger::heard(const std::string& key, std::uint32_t program) {
  effects_[key].heard.insert(program);
}

const Ledger::Effect* Ledger::find(const std::string& key) const {
  const auto found = effects_.find(key);
  return found == effects_.end() ? nullptr : &found->second;
}

void Ledger::begin(const std::string& key, std::uint32_t program, std::uint32_t newest) {
  const auto found = effects_.find(key);
  if (found == effects_.end()) return kernel_.violate("begun, and nobody has asked for it: " + key);
  Effect& effect = found->second;
  ++effect.starts;
  effect.order = ++order_;
  kernel_.note("begins", text(effect), effect.starts);
  if (program < newest) {
    kernel_.violate(fmt::format("an overtaken controller ({} after {}) begins {}", program, newest,
                                text(effect)));
  }
  if (ended_) kernel_.violate("begun after the end: " + text(effect));
  check_repeats(effect, program);
  check_lane(effect, program);
  effect.running = true;
  ++running_keys_[key];
  check_window(effect);
  check_contracts(effect, true);
}

void Ledger::begin_unnoticed(const std::string& key) {
  Effect& effect = effects_[key];
  ++effect.starts;
  effect.order = ++order_;
  kernel_.note("begins, and nobody could know better", text(effect), effect.starts);
}

void Ledger::check_repeats(const Effect& effect, std::uint32_t program) {
  // Of what is begun anew of itself the first begin alone is written down: the host was set up
  // anew, and a program that knows of no later one may begin it once more, never beside itself.
  const bool known = effect.known_begun && !(effect.may_repeat && effect.generation > 0);
  const bool unnoticed = effect.forgotten > 0 && !known && !effect.heard.contains(program);
  if (effect.settled && !effect.out_of_reach && !unnoticed) {
    kernel_.violate("begun when its end was written down: " + text(effect));
  }
  if (effect.starts > 1 && !unnoticed) kernel_.violate("begun twice: " + text(effect));
  std::uint32_t starts = 0;
  for (const std::string& key : keys_[effect.where]) {
    starts += std::min(1U, effects_[key].starts);
  }
  const auto retries = retries_.find(effect.where);
  const std::uint32_t allowed =
      1 + (effect.may_repeat ? 3U : 0U) + (retries == retries_.end() ? 0U : retries->second);
  if (starts > allowed && effect.where.first.part != Part::Verify) {
    kernel_.violate(fmt::format("begun {} times, {} allowed: {}", starts, allowed, text(effect)));
  }
}

void Ledger::check_lane(const Effect& effect, std::uint32_t program) {
  const Action& action = effect.where.first;
  for (const auto& [key, count] : running_keys_) {
    const Effect& other = effects_[key];
    const Action& running = other.where.first;
    if (&other == &effect || !other.running) continue;
    // Whoever knows that it was lost ends it first; another program does not.
    if (other.lost && other.lost_by != program) continue;
    if (running.step != action.step || running.lane != action.lane) continue;
    if (running == action && other.where.second != effect.where.second) continue;
    // A census asks beside.
    if (running.part == Part::Census || action.part == Part::Census) continue;
    kernel_.violate(fmt::format("{} begins while {} runs", text(effect), text(other)));
  }
}

void Ledger::check_window(const Effect& effect) {
  const Action& action = effect.where.first;
  if (action.part == Part::Census) return;
  std::set<std::uint32_t> lanes;
  for (const auto& [key, count] : running_keys_) {
    const Effect& other = effects_[key];
    if (!other.running || other.lost || other.where.first.part == Part::Census) continue;
    if (other.where.first.step == action.step) lanes.insert(other.where.first.lane);
  }
  const plan::Step& step = plan_.steps[action.step];
  if (!step.gate_of.valid() && lanes.size() > step.window.value) {
    kernel_.violate(fmt::format("{} targets at work in `{}`, window {}", lanes.size(), step.name,
                                step.window.value));
  }
}

namespace {

std::optional<std::int64_t> most_out(const plan::Plan& plan, const plan::Contract& contract,
                                     std::int64_t targets, std::int64_t count) {
  using Comparison = plan::Contract::Comparison;
  if (contract.share) return std::nullopt;
  const bool at_least =
      contract.comparison == Comparison::GreaterOrEqual || contract.comparison == Comparison::Equal;
  const bool at_most =
      contract.comparison == Comparison::LessOrEqual || contract.comparison == Comparison::Equal;
  switch (contract.kind) {
    case plan::Contract::Kind::Available:
      if (at_least) return targets - count;
      if (contract.comparison == Comparison::Greater) return targets - count - 1;
      return std::nullopt;
    case plan::Contract::Kind::Unavailable:
      if (at_most) return count;
      if (contract.comparison == Comparison::Less) return count - 1;
      return std::nullopt;
    case plan::Contract::Kind::Downtime:
      if (at_most && contract.duration.ms == 0) {
        return targets - plan.roles[contract.role].minimum;
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

// Two works of two steps that share a target, and both change whether it serves: while both are
// open the hosts know whose effect comes last, and the scheduler does not.
bool Ledger::both_serve(const Action& one, const Action& other) const {
  const auto serves = [&](const Action& action) {
    if (plan_.steps[action.step].on_controller) return false;
    const plan::ServiceEffect what = scheduler::effect_of(plan_, action);
    return what.drains || what.interrupts || what.restores;
  };
  return one.step != other.step && serves(one) && serves(other) &&
         plan::lane_target(plan_, one.step, one.lane) ==
             plan::lane_target(plan_, other.step, other.lane);
}

void Ledger::check_shared(const Effect& effect) {
  const Action& action = effect.where.first;
  for (const auto& [key, other] : effects_) {
    if (!other.settled && both_serve(action, other.where.first)) {
      uncertain_.insert(plan::lane_target(plan_, action.step, action.lane).value);
    }
  }
}

void Ledger::ordered(const Action& action, const std::set<Action>& open) {
  for (const Action& other : open) {
    if (both_serve(action, other)) {
      uncertain_.insert(plan::lane_target(plan_, action.step, action.lane).value);
    }
  }
}

// A target is out from the begin of what drains or interrupts it to the good end of what restores.
void Ledger::check_contracts(const Effect& effect, bool begins) {
  const Action& action = effect.where.first;
  if (plan_.steps[action.step].on_controller) return;
  if (begins) check_shared(effect);
  const std::uint32_t on = plan::lane_target(plan_, action.step, action.lane).value;
  const plan::ServiceEffect what = scheduler::effect_of(plan_, action);
  if (begins && what.drains) drained_.insert(on);
  if (begins && what.interrupts) ++interrupted_[on];
  if (!begins) {
    const bool well = effect.exit_code == 0;
    if (what.interrupts) {
      if (interrupted_[on] > 0) --interrupted_[on];
      if (!well) drained_.insert(on);
    }
    if ((what.restores || what.interrupts) && well) drained_.erase(on);
    return;
  }
  for (const plan::Contract& contract : plan_.contracts) {
    if (!contract.role.valid()) continue;
    const plan::TargetList& role = plan_.target_lists[plan_.roles[contract.role].targets];
    std::vector<plan::Contract::Bound> bounds = contract.bounds;
    if (bounds.empty()) bounds.push_back({{}, role.size(), 0});
    for (const plan::Contract::Bound& bound : bounds) {
      std::int64_t targets = 0;
      std::int64_t out = 0;
      std::string names;
      role.for_each([&](plan::TargetId target) {
        if (!contract.per.empty() &&
            plan::target_property(plan_, target, contract.per) != bound.value) {
          return;
        }
        ++targets;
        const auto times = interrupted_.find(target.value);
        const bool is_out =
            drained_.contains(target.value) || (times != interrupted_.end() && times->second > 0);
        if (!is_out || uncertain_.contains(target.value)) return;
        ++out;
        names += fmt::format(" {}", plan_.targets.name(target));
      });
      const auto most = most_out(plan_, contract, targets, bound.count);
      if (!most || out <= std::max<std::int64_t>(*most, 0)) continue;
      kernel_.violate(fmt::format("{} targets are out of service ({} ), {} allows {}", out, names,
                                  contract.text, *most));
    }
  }
}

void Ledger::end(const std::string& key, std::optional<int> exit_code, std::optional<int> signal) {
  Effect& effect = effects_[key];
  effect.running = false;
  effect.exit_code = exit_code;
  effect.signal = signal;
  if (exit_code) effect.exit_codes.insert(*exit_code);
  if (signal) effect.signals.insert(*signal);
  running_keys_.erase(key);
  kernel_.note("ends", text(effect), exit_code ? *exit_code : -signal.value_or(0));
  check_contracts(effect, false);
}

void Ledger::forget(const std::string& host) {
  for (auto& [key, effect] : effects_) {
    if (effect.where.second == host && effect.starts > 0) ++effect.forgotten;
  }
}

bool Ledger::in_place(const Action& verify) const {
  const Effect* last = nullptr;
  for (const auto& [key, effect] : effects_) {
    const Action& action = effect.where.first;
    const bool of_it =
        action.step == verify.step && action.lane == verify.lane &&
        (action.task == verify.task || verify.task >= plan_.steps[verify.step].tasks.size());
    if (!of_it || effect.starts == 0 || (action.part != Part::Run && action.part != Part::Undo)) {
      continue;
    }
    if (last == nullptr || effect.order > last->order) last = &effect;
  }
  return last != nullptr && last->where.first.part == Part::Run && last->exit_code == 0;
}

bool Ledger::was_ever_well(const Action& action) const {
  return std::any_of(effects_.begin(), effects_.end(), [&](const auto& row) {
    const Action& other = row.second.where.first;
    return other.step == action.step && other.lane == action.lane && other.task == action.task &&
           other.part == action.part && row.second.exit_codes.contains(0);
  });
}

bool Ledger::ran_once(const Where& where) const {
  const auto found = keys_.find(where);
  return found != keys_.end() && found->second.size() == 1;
}

void Ledger::reported(const runtime::Instant& instant, const std::set<Action>& open) {
  for (const runtime::Order& order : instant.orders) {
    const Where where{order.action, order.host};
    if (order.host.empty()) continue;
    if (order.kind == runtime::Order::Kind::Retry) {
      may_retry(where);
    } else {
      said_.insert(where);
    }
  }
  for (const scheduler::Event& event : instant.events) {
    if (event.kind != scheduler::Event::Kind::ActionStarted) continue;
    for (auto& [key, effect] : effects_) {
      if (effect.where.first == event.action) effect.known_begun = true;
    }
  }
  check_outcomes(instant);
  for (const scheduler::Event& event : instant.events) person_has_done(event);
  for (const runtime::HostResult& result : instant.results) {
    if (!open.contains(result.action)) {
      kernel_.violate("an end was written down of what was not at work");
    }
    check_result(result);
  }
}

// What a person does is no script: it has happened when the person says so.
void Ledger::person_has_done(const scheduler::Event& event) {
  const bool well = event.kind == scheduler::Event::Kind::ActionFinished &&
                    event.outcome == scheduler::Outcome::Succeeded;
  if (!well || plan_.steps[event.action.step].on_controller) return;
  if (scheduler::work_for(plan_, event.action).action.kind != "manual") return;
  const std::uint32_t on = plan::lane_target(plan_, event.action.step, event.action.lane).value;
  const plan::ServiceEffect what = scheduler::effect_of(plan_, event.action);
  if (what.drains) drained_.insert(on);
  if (what.restores || what.interrupts) drained_.erase(on);
}

// An action has succeeded where it has on all its hosts; and where nobody knows, a person was
// asked.
void Ledger::check_outcomes(const runtime::Instant& instant) {
  using scheduler::Outcome;
  for (const scheduler::Event& event : instant.events) {
    if (event.kind != scheduler::Event::Kind::ActionFinished) continue;
    bool well = true;
    for (const runtime::HostResult& result : instant.results) {
      if (result.action != event.action) continue;
      const Completion& end = result.completion;
      well = well && end.outcome == Outcome::Succeeded;
      const bool exits = end.ending == Completion::Ending::Exited;
      if (exits && end.outcome == Outcome::Succeeded && end.exit_code != 0) {
        kernel_.violate("a script that failed was reported as a success");
      }
      const bool changes = event.action.part == Part::Run || event.action.part == Part::Undo;
      if (end.ending == Completion::Ending::Lost && end.outcome == Outcome::Failed && changes &&
          !said_.contains({result.action, result.host})) {
        kernel_.violate("nobody knows what came of it, and nobody was asked: " + result.host);
      }
    }
    if (well != (event.outcome == Outcome::Succeeded)) {
      kernel_.violate("an action is reported otherwise than its hosts");
    }
  }
}

void Ledger::lose_probes(const runtime::HostResult& result) {
  for (auto& [key, effect] : effects_) {
    const Action& action = effect.where.first;
    const bool of_lane = action.step == result.action.step && action.lane == result.action.lane;
    if (!is_probe(effect) || !of_lane || effect.where.second != result.host) continue;
    effect.lost = effect.starts > 0;
    effect.lost_by = writer_;
  }
}

// What is written down is what the hosts have seen.
void Ledger::check_result(const runtime::HostResult& result) {
  const Completion& end = result.completion;
  const Where where{result.action, result.host};
  bool started = false;
  bool exited = false;
  bool signalled = false;
  bool running = false;
  // What asked for what was lost, of this lane, and was lost itself, the host out of reach: that is
  // said.
  if (end.detail.find("cannot be ended") != std::string::npos) lose_probes(result);
  for (const std::string& key : keys_[where]) {
    Effect& effect = effects_[key];
    // Of a host that was set up anew before anybody knew of the begin nothing can be known.
    const bool unnoticed = effect.forgotten > 0 && !effect.known_begun;
    effect.settled = true;
    if (is_probe(effect)) continue;
    started = started || (effect.starts > 0 && !unnoticed);
    running = running || (effect.running && !effect.lost);
    exited = exited || (end.exit_code && effect.exit_codes.contains(*end.exit_code));
    signalled = signalled || (end.signal && effect.signals.contains(*end.signal));
    if (end.ending != Completion::Ending::Lost) continue;
    effect.out_of_reach = could_not_be_asked(end.detail) || keys_[where].size() > 1;
    // What could not be asked about may begin yet, by a request that is on its way.
    effect.lost = effect.starts > 0 || effect.out_of_reach;
    effect.lost_by = writer_;
    if (effect.running && !effect.out_of_reach) {
      kernel_.violate(
          fmt::format("reported as over ({}), and it runs: {}", end.detail, text(effect)));
    }
  }
  const std::string what =
      fmt::format("`{}` for {} on {}: {}", runtime::task_name(plan_, result.action),
                  plan::lane_name(plan_, result.action.step, result.action.lane), result.host,
                  runtime::ending_name(end.ending));
  const bool on_target =
      result.action.step.valid() && !plan_.steps[result.action.step].on_controller;
  switch (end.ending) {
    case Completion::Ending::Exited:
      if (!exited) kernel_.violate("the ledger has no such exit: " + what);
      break;
    case Completion::Ending::Signalled:
      if (!signalled) kernel_.violate("the ledger has no such signal: " + what);
      break;
    case Completion::Ending::NotStarted:
    case Completion::Ending::Unreachable:
      if (started) {
        kernel_.violate(
            fmt::format("reported as not begun ({}), and it was: {}", end.detail, what));
      }
      break;
    case Completion::Ending::Lost:
      if (on_target) {
        uncertain_.insert(plan::lane_target(plan_, result.action.step, result.action.lane).value);
      }
      if (end.outcome == scheduler::Outcome::Succeeded && !said_.contains(where)) {
        if (end.detail.find("verify") == std::string::npos) {
          kernel_.violate("lost, and reported as a success: " + what);
        } else if (!was_ever_well(result.action)) {
          kernel_.violate("its `verify` is said to have found what never came about: " + what);
        }
      }
      break;
    case Completion::Ending::Answered:
      break;
  }
  if (running && end.ending != Completion::Ending::Lost) {
    kernel_.violate("reported as ended, and it runs: " + what);
  }
}

void Ledger::check_rest() {
  for (const auto& [key, count] : running_keys_) {
    const Effect& effect = effects_[key];
    if (effect.running && !effect.lost) {
      kernel_.violate("the run has ended, and this runs: " + text(effect));
    }
  }
}

}  // namespace sluice::world
