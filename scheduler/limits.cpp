#include "scheduler/limits.h"

#include <algorithm>
#include <functional>

#include "base/check.h"

namespace sluice::scheduler {

Limits::Limits(const plan::Plan& plan, const StepGraph& graph) : rules_(plan, graph) {
  limits_.resize(rules_.limits.size());
  for (std::size_t i = 0; i < limits_.size(); ++i) limits_[i].free = rules_.limits[i].places;
  roomy_.reserve(limits_.size());
  steps_.resize(rules_.steps.size());
  if (rules_.keeps_contracts) outages_.resize(plan.targets.size());
  if (rules_.counts_targets) at_work_.resize(plan.targets.size());
  queues_.resize(rules_.cohorts.size());
  heaps_.reserve(rules_.cohorts.size());
  for (std::size_t i = 0; i < queues_.size(); ++i) heaps_.add();
  std::uint32_t lanes = 0;
  for (std::uint32_t step = 0; step < steps_.size(); ++step) {
    const LimitRules::StepPart& part = rules_.steps[step];
    if (part.cohorts == 0) continue;
    steps_[step].first_done = lanes;
    lanes += part.lanes;
    if (!part.index.empty()) running_.reserve(running_.capacity() + 1);
    for (std::uint32_t i = part.first_cohort; i < part.first_cohort + part.cohorts; ++i) {
      Queue& queue = queues_[i];
      queue.step = {step};
      queue.cohort = i;
      queue.last = rules_.cohorts[i].lanes;
      queue.exempt = part.goes_out() ? std::uint8_t{0} : std::uint8_t{Bounds};
    }
  }
  done_.resize(lanes);
}

void Limits::open(plan::StepId step, const std::vector<FailedTargets::Lane>& left_out) {
  StepRow& row = steps_[step.value];
  const LimitRules::StepPart& part = rules_.steps[step.value];
  row.running = true;
  for (const FailedTargets::Lane& lane : left_out) done_[row.first_done + lane.lane] = true;
  if (!part.index.empty()) running_.push_back(step);
  if (part.lockstep) return;  // its lanes begin together, and wait in no queue
  for (std::uint32_t i = 0; i < part.cohorts; ++i) enter(part.first_cohort + i);
  file_counted(step);
}

// Targets that count already need no place: their lanes stand in queues of their own.
void Limits::file_counted(plan::StepId step) {
  const bool counted = goes_out(step) && outages_.counted() > 0;
  if (!counted && lanes_at_work_ == 0) return;
  const std::uint32_t lanes = rules_.steps[step.value].lanes;
  const std::uint8_t usual = goes_out(step) ? std::uint8_t{0} : std::uint8_t{Bounds};
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    if (!done(step, lane) && exempt(step, lane) != usual) file(step, lane);
  }
}

void Limits::reopen(plan::StepId step, const std::vector<std::uint32_t>& lanes) {
  StepRow& row = steps_[step.value];
  const LimitRules::StepPart& part = rules_.steps[step.value];
  for (std::uint32_t i = part.first_cohort; i < part.first_cohort + part.cohorts; ++i) {
    for (std::uint32_t at = i; at != none; at = queues_[at].next_variant) {
      queues_[at].next = queues_[at].last;
      queues_[at].returned.clear();
      if (queues_[at].where == open_heap) queues_[at].where = none;
    }
  }
  row.open = Heaps::none;
  row.undoing = true;
  row.order = lanes;
  row.place_of.assign(part.lanes, none);
  for (std::uint32_t place = 0; place < lanes.size(); ++place) {
    row.place_of[lanes[place]] = place;
    done_[row.first_done + place] = false;
  }
  for (std::uint32_t place = 0; place < lanes.size(); ++place) file(step, place);
}

void Limits::close(plan::StepId step) {
  StepRow& row = steps_[step.value];
  if (!row.running) return;
  row.running = false;
  running_.erase(std::remove(running_.begin(), running_.end(), step), running_.end());
}

bool Limits::next(plan::StepId step, std::uint32_t until, std::uint32_t& place) {
  std::uint32_t& open = steps_[step.value].open;
  // What was woken and cannot begin passes its place on before one behind it is looked at.
  for (wake(); open != Heaps::none; wake()) {
    const std::uint32_t number = open;
    Queue& queue = queues_[number];
    const std::uint32_t first = head(queue);
    if (first == none || key(step, first) != heaps_.key(number)) {  // its first has left since
      heaps_.pop(open);
      queue.where = none;
      enter(number);
      continue;
    }
    if (first >= until) return false;
    if (exempt(step, lane_at(step, first)) != queue.exempt) {
      take_head(queue);
      file(step, first);
      continue;
    }
    const std::uint32_t full = full_limit(queue);
    if (full != none) {
      heaps_.pop(open);
      queue.where = full;
      heaps_.insert(limits_[full].waiting, number, key(step, first));
      continue;
    }
    take_head(queue);
    place = first;
    return true;
  }
  return false;
}

bool Limits::admits(plan::StepId step, const std::vector<std::uint32_t>& lanes) {
  StepRow& row = steps_[step.value];
  if (row.awaited != none) {
    std::erase_if(limits_[row.awaited].batches,
                  [&](const Batch& batch) { return batch.step == step; });
    row.awaited = none;
  }
  needed_.resize(limits_.size());
  for (const std::uint32_t lane : lanes) {
    const std::uint8_t without = exempt(step, lane);
    for (const std::uint32_t limit : rules_.limits_of(rules_.cohort_of_lane(step, lane))) {
      if (needs_place(limit, without) && ++needed_[limit] == 1) needed_limits_.push_back(limit);
    }
  }
  for (const std::uint32_t limit : needed_limits_) {
    if (needed_[limit] > limits_[limit].free && row.awaited == none) {
      row.awaited = limit;
      limits_[limit].batches.push_back({step, needed_[limit]});
    }
    needed_[limit] = 0;
  }
  needed_limits_.clear();
  return row.awaited == none;
}

void Limits::put_back(plan::StepId step, std::uint32_t place) {
  if (!done(step, place)) file(step, place);
}

bool Limits::begin(plan::StepId step, std::uint32_t lane) {
  const plan::TargetId target = target_of(step, lane);
  const std::uint8_t without = exempt(step, lane);
  done_[steps_[step.value].first_done + place_of(step, lane)] = true;
  for (const std::uint32_t limit : rules_.limits_of(rules_.cohort_of_lane(step, lane))) {
    if (needs_place(limit, without)) take(limit);
  }
  const bool counts = goes_out(step);
  if (counts && outages_.reserve(target)) refile(target, step, true, false);
  if (rules_.counts_targets) {
    ++lanes_at_work_;
    if (++at_work_[target.value] == 1) refile(target, step, false, false);
  }
  return counts;
}

void Limits::end(plan::StepId step, std::uint32_t lane, bool counts) {
  const plan::TargetId target = target_of(step, lane);
  for (const std::uint32_t limit : rules_.limits_of(rules_.cohort_of_lane(step, lane))) {
    const LimitRules::Kind kind = rules_.limits[limit].kind;
    if (kind == LimitRules::Kind::Group) give_back(limit);
    if (kind == LimitRules::Kind::AtMost) end_at_most(step, target, limit);
  }
  if (counts) give_up(target);
  if (rules_.keeps_contracts && outages_.counts(target)) refile(target, step, true, true);
}

void Limits::give_up(plan::TargetId target) {
  if (outages_.give_up(target)) no_longer_count(target);
}

void Limits::end_at_most(plan::StepId step, plan::TargetId target, std::uint32_t limit) {
  if (!rules_.counts_targets) return give_back(limit);
  --lanes_at_work_;
  if (--at_work_[target.value] == 0) return give_back(limit);
  refile(target, step, false, true);  // a shared step is still at work there
}

void Limits::wake_waiting() {
  for (std::size_t i = 0; i < roomy_.size();) {
    LimitRow& row = limits_[roomy_[i]];
    std::uint32_t places = row.free;
    while (places > 0 && row.waiting != Heaps::none) {
      const std::uint32_t queue = row.waiting;
      const plan::StepId step = queues_[queue].step;
      const std::uint32_t first = steps_[step.value].running ? head(queues_[queue]) : none;
      const bool stands = first != none && key(step, first) == heaps_.key(queue);
      heaps_.pop(row.waiting);
      queues_[queue].where = none;
      if (first == none) continue;
      if (!stands) {  // its first has left since: its next may stand behind others
        queues_[queue].where = roomy_[i];
        heaps_.insert(row.waiting, queue, key(step, first));
        continue;
      }
      enter(queue);
      offers_.push_back(step);
      --places;
    }
    if (row.free > 0 && row.waiting != Heaps::none) {
      ++i;
      continue;
    }
    row.roomy = false;
    roomy_[i] = roomy_.back();
    roomy_.pop_back();
  }
}

// The lanes of the same target in other steps that run: those that take no lock beside this one,
// or, where `locked`, those that waited for it.
void Limits::refile(plan::TargetId target, plan::StepId besides, bool bounds, bool locked) {
  const bool shared = rules_.steps[besides.value].shared;
  for (const plan::StepId step : running_) {
    const LimitRules::StepPart& part = rules_.steps[step.value];
    if (step == besides || (bounds && !goes_out(step))) continue;
    if ((shared || part.shared) == locked) continue;
    const std::uint32_t lane = rules_.lane_of(step, target);
    const std::uint32_t place = lane == none ? none : place_of(step, lane);
    if (place == none || done(step, place)) continue;
    if (!part.lockstep || steps_[step.value].undoing) file(step, place);
    offers_.push_back(step);
  }
}

void Limits::start_work(plan::TargetId target, const plan::ServiceEffect& effect) {
  if (!target.valid()) return;
  // Its lane counts already, so nothing begins to count here.
  if (effect.drains) outages_.drain(target);
  if (effect.interrupts) outages_.begin_interruption(target);
}

void Limits::end_work(plan::TargetId target, const plan::ServiceEffect& effect, bool well) {
  if (!target.valid()) return;
  bool back = effect.interrupts && outages_.end_interruption(target, well);
  if (effect.restores && well) back = outages_.restore(target) || back;
  if (back) no_longer_count(target);
}

std::uint32_t Limits::awaited_contract(plan::StepId step) const {
  const LimitRules::StepPart& part = rules_.steps[step.value];
  const std::uint32_t awaited = steps_[step.value].awaited;
  if (awaited != none) return rules_.limits[awaited].contract;
  for (std::uint32_t i = 0; i < part.cohorts; ++i) {
    for (std::uint32_t at = part.first_cohort + i; at != none; at = queues_[at].next_variant) {
      const std::uint32_t where = queues_[at].where;
      if (where == none || where == open_heap) continue;
      if (rules_.limits[where].contract != none) return rules_.limits[where].contract;
    }
  }
  return none;
}

std::uint8_t Limits::exempt(plan::StepId step, std::uint32_t lane) const {
  const bool out = goes_out(step);
  std::uint8_t without = out ? std::uint8_t{0} : std::uint8_t{Bounds};
  const bool counted = out && outages_.counted() > 0;
  if (!counted && lanes_at_work_ == 0) return without;
  const plan::TargetId target = target_of(step, lane);
  if (counted && outages_.counts(target)) without |= Bounds;
  if (rules_.counts_targets && at_work_[target.value] > 0) without |= AtMost;
  return without;
}

// The queue's first lane that has not begun by another way; none: there are no more.
std::uint32_t Limits::head(Queue& queue) {
  const LimitRules::StepPart& part = rules_.steps[queue.step.value];
  const auto lane_at = [&](std::uint32_t at) {
    return part.first_lane == none ? at
                                   : rules_.order[rules_.cohorts[queue.cohort].first_lane + at];
  };
  while (queue.next < queue.last && done(queue.step, lane_at(queue.next))) ++queue.next;
  while (!queue.returned.empty() && done(queue.step, queue.returned.front())) {
    std::pop_heap(queue.returned.begin(), queue.returned.end(), std::greater<>());
    queue.returned.pop_back();
  }
  const std::uint32_t fresh = queue.next < queue.last ? lane_at(queue.next) : none;
  return queue.returned.empty() ? fresh : std::min(fresh, queue.returned.front());
}

void Limits::take_head(Queue& queue) {
  const std::uint32_t first = head(queue);
  if (!queue.returned.empty() && queue.returned.front() == first) {
    std::pop_heap(queue.returned.begin(), queue.returned.end(), std::greater<>());
    queue.returned.pop_back();
  } else {
    ++queue.next;
  }
}

std::uint32_t Limits::full_limit(const Queue& queue) const {
  for (const std::uint32_t limit : rules_.limits_of(queue.cohort)) {
    if (limits_[limit].free == 0 && needs_place(limit, queue.exempt)) return limit;
  }
  return none;
}

bool Limits::needs_place(std::uint32_t limit, std::uint8_t without) const {
  switch (rules_.limits[limit].kind) {
    case LimitRules::Kind::Group:
      return true;
    case LimitRules::Kind::AtMost:
      return (without & AtMost) == 0;
    case LimitRules::Kind::Bound:
      return (without & Bounds) == 0;
  }
  return true;
}

// Into the queue of those of its cohort that need the same places.
void Limits::file(plan::StepId step, std::uint32_t place) {
  const std::uint32_t lane = lane_at(step, place);
  const std::uint32_t number = variant(rules_.cohort_of_lane(step, lane), step, exempt(step, lane));
  Queue& queue = queues_[number];
  queue.returned.push_back(place);
  std::push_heap(queue.returned.begin(), queue.returned.end(), std::greater<>());
  if (queue.where == none) return enter(number);
  const std::uint64_t order = key(step, place);
  if (order >= heaps_.key(number)) return;
  heaps_.lower(queue.where == open_heap ? steps_[step.value].open : limits_[queue.where].waiting,
               number, order);
}

std::uint32_t Limits::variant(std::uint32_t cohort, plan::StepId step, std::uint8_t without) {
  std::uint32_t number = cohort;
  while (queues_[number].exempt != without) {
    if (queues_[number].next_variant == none) {
      const std::uint32_t added = heaps_.add();
      queues_[number].next_variant = added;
      Queue& queue = queues_.emplace_back();
      queue.step = step;
      queue.cohort = cohort;
      queue.exempt = without;
      return added;
    }
    number = queues_[number].next_variant;
  }
  return number;
}

// Among its step's queues that nothing is known to hold back; one without lanes stands nowhere.
void Limits::enter(std::uint32_t number) {
  Queue& queue = queues_[number];
  const std::uint32_t first = head(queue);
  if (first == none) return;
  queue.where = open_heap;
  heaps_.insert(steps_[queue.step.value].open, number, key(queue.step, first));
}

void Limits::take(std::uint32_t limit) {
  SLUICE_CHECK(limits_[limit].free > 0, "a lane began for which a limit had no place");
  --limits_[limit].free;
}

void Limits::give_back(std::uint32_t limit) {
  LimitRow& row = limits_[limit];
  ++row.free;
  for (const Batch& batch : row.batches) {
    if (batch.places <= row.free) offers_.push_back(batch.step);
  }
  if (row.roomy || row.waiting == Heaps::none) return;
  row.roomy = true;
  roomy_.push_back(limit);
}

void Limits::no_longer_count(plan::TargetId target) {
  for (const std::uint32_t limit : rules_.bounds_of(target)) give_back(limit);
}

std::uint32_t Limits::heir(plan::StepId step, std::uint32_t lane, const plan::ServiceEffect& effect,
                           bool keeps_place) const {
  const LimitRules::StepPart& part = rules_.steps[step.value];
  const StepRow& row = steps_[step.value];
  const bool simple = part.cohorts == 1 && part.index.empty() && running_.empty() &&
                      roomy_.empty() && !rules_.counts_targets && !row.undoing;
  if (!simple) return none;
  const std::uint32_t number = part.first_cohort;
  const Queue& queue = queues_[number];
  if (queue.next_variant != none || !queue.returned.empty() || queue.where == none) return none;
  for (const std::uint32_t limit : rules_.limits_of(number)) {
    const std::uint32_t waiting = limits_[limit].waiting;
    if (waiting != Heaps::none && !heaps_.is_alone(waiting, number)) return none;
    if (!limits_[limit].batches.empty()) return none;
  }
  if (queue.where == open_heap && !heaps_.is_alone(row.open, number)) return none;
  std::uint32_t next = queue.next;
  while (next < queue.last && done(step, next)) ++next;
  if (next + 1 >= queue.last) return none;  // the queue ends with it
  const plan::TargetId target = target_of(step, lane);
  const bool counted = rules_.keeps_contracts && outages_.counts(target);
  const bool counts =
      counted && outages_.counts_after(target, effect, keeps_place ? std::uint16_t{1} : 0);
  // Its place is free when it has ended, and was not before.
  if (part.goes_out() ? !counted || counts : counted != counts) return none;
  return exempt(step, next) == queue.exempt ? next : none;
}

void Limits::inherit(plan::StepId step, std::uint32_t lane, std::uint32_t heir,
                     const plan::ServiceEffect& effect, bool keeps_place) {
  proceed(step, heir, 1);
  move(step, lane, heir, effect, keeps_place);
}

std::uint32_t Limits::heirs_until(plan::StepId step, std::uint32_t heir) const {
  constexpr std::uint32_t most = 32;
  const Queue& queue = queues_[rules_.steps[step.value].first_cohort];
  const std::uint32_t end = std::min(heir + most, queue.last - 1);
  while (heir < end && !done(step, heir) && exempt(step, heir) == queue.exempt) ++heir;
  return heir;
}

void Limits::proceed(plan::StepId step, std::uint32_t heir, std::uint32_t count) {
  const std::uint32_t number = rules_.steps[step.value].first_cohort;
  Queue& queue = queues_[number];
  for (std::uint32_t i = 0; i < count; ++i) {
    done_[steps_[step.value].first_done + heir + i] = true;
  }
  queue.next = heir + count;
  const std::uint32_t first = head(queue);
  if (first != none) heaps_.set_key(number, key(step, first));
}

void Limits::move(plan::StepId step, std::uint32_t lane, std::uint32_t heir,
                  const plan::ServiceEffect& effect, bool keeps_place) {
  if (!rules_.keeps_contracts) return;
  const plan::TargetId target = target_of(step, lane);
  if (effect.interrupts) outages_.end_interruption(target, true);
  if (effect.restores) outages_.restore(target);
  if (keeps_place) outages_.give_up(target);
  if (goes_out(step)) outages_.reserve(target_of(step, heir));
}

}  // namespace sluice::scheduler
