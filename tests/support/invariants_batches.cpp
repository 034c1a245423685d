// Batches, the gates between them, the pause between two begins, lockstep and pieces: what they let
// begin, and what they hold back.
#include <fmt/format.h>

#include <algorithm>

#include "scheduler/work.h"
#include "support/invariants.h"

namespace sluice::test {

using scheduler::Action;
using scheduler::Command;
using scheduler::Part;
using scheduler::Reason;
using scheduler::State;

// Cut anew from the sizes, value by value.
void Invariants::split_batches(plan::StepId id) {
  const plan::Step& rules = plan_.steps[id];
  Step& step = step_of(id);
  const auto lanes = static_cast<std::uint32_t>(step.lanes.size());
  std::vector<std::uint32_t> values{lanes};
  if (!rules.by_groups.empty()) values.clear();
  for (const plan::ByGroup& group : rules.by_groups) values.push_back(group.count);
  std::uint32_t begin = 0;
  for (std::uint32_t value : values) {
    while (value > 0) {
      std::uint32_t size = value;
      if (!rules.batches.sizes.empty()) {
        const std::size_t number = std::min(step.batches.size(), rules.batches.sizes.size() - 1);
        size = std::min(size, rules.batches.sizes[number].value);
      }
      step.batches.push_back({begin, begin + size});
      begin += size;
      value -= size;
    }
  }
}

bool Invariants::is_over_for(plan::StepId id, std::uint32_t lane) const {
  const Stage stage = step_of(id).lanes[lane].stage;
  return stage == Stage::Ended || stage == Stage::LeftOut ||
         (stage == Stage::NotBegun && left_out(id, lane).has_value());
}

// The first batch of which something is not over; as many as there are: none.
std::uint32_t Invariants::open_batch(plan::StepId id) const {
  const Step& step = step_of(id);
  std::uint32_t number = 0;
  for (; number < step.batches.size(); ++number) {
    for (std::uint32_t lane = step.batches[number].begin; lane < step.batches[number].end; ++lane) {
      if (!is_over_for(id, lane)) return number;
    }
  }
  return number;
}

bool Invariants::gate_is_live(plan::StepId id) const {
  for (const plan::StepId gate : plan_.steps.ids()) {
    const Step& step = step_of(gate);
    const bool undoes = step.to_undo && !step.to_undo->empty() && !step.ended && !step.cut;
    if (plan_.steps[gate].gate_of == id && (step.live > 0 || undoes)) return true;
  }
  return false;
}

// The gate that must run, or be left out, before anything else of the step begins.
std::optional<Invariants::Gate> Invariants::due_gate(plan::StepId id) const {
  const Step& step = step_of(id);
  if (!step.begun || step.ended || step.to_undo || never_begun(id) == 0) return std::nullopt;
  const std::uint32_t open = open_batch(id);
  for (std::uint32_t batch = 0; batch < open; ++batch) {
    for (const plan::StepId gate : plan_.steps.ids()) {
      const plan::Step& rules = plan_.steps[gate];
      if (rules.gate_of != id || rules.disabled) continue;
      if (step_of(gate).lanes.at(batch).stage != Stage::NotBegun) continue;
      bool any = false;
      for (std::uint32_t lane = step.batches[batch].begin; lane < step.batches[batch].end; ++lane) {
        any = any || step.lanes[lane].stage == Stage::Ended;
      }
      const bool unasked = rules.when == plan::When::Failure && step.failures == 0;
      return Gate{gate, batch,
                  unasked ? Reason::WithoutFailure
                  : any   ? Reason::None
                          : Reason::NoTargets};
    }
  }
  return std::nullopt;
}

// Whether the barriers let this lane begin, or be undone.
bool Invariants::batch_admits(plan::StepId id, std::uint32_t lane) const {
  const Step& step = step_of(id);
  if (step.batches.size() <= 1) return true;
  const auto number_of = [&](std::uint32_t of) {
    std::uint32_t number = 0;
    while (step.batches[number].end <= of) ++number;
    return number;
  };
  if (!step.to_undo) {
    return number_of(lane) == open_batch(id) && !due_gate(id) && !gate_is_live(id);
  }
  for (std::uint32_t other = 0; other < step.lanes.size(); ++other) {
    const bool waits = std::count(step.to_undo->begin(), step.to_undo->end(), other) > 0;
    if (!waits && step.lanes[other].stage != Stage::Live) continue;
    if (number_of(other) > number_of(lane)) return false;
  }
  return true;
}

// The first lane of the batch where all of it may begin at once, or where it is beginning.
std::optional<std::uint32_t> Invariants::first_in_lockstep(plan::StepId id) const {
  const Step& step = step_of(id);
  const std::uint32_t open = open_batch(id);
  if (open == step.batches.size() || due_gate(id) || gate_is_live(id)) return std::nullopt;
  std::vector<std::uint32_t> members;
  bool begun = false;
  for (std::uint32_t lane = step.batches[open].begin; lane < step.batches[open].end; ++lane) {
    const Stage stage = step.lanes[lane].stage;
    begun = begun || stage == Stage::Live || stage == Stage::Ended;
    if (stage == Stage::NotBegun && !left_out(id, lane)) members.push_back(lane);
  }
  if (members.empty() || members.size() > plan_.steps[id].window.value) return std::nullopt;
  if (begun) return members.front();
  LimitModel limits = limits_;
  for (const std::uint32_t lane : members) {
    if (is_locked(id, lane) || !limits.admits(id, lane)) return std::nullopt;
    limits.begin_lane({.step = id, .lane = lane});
  }
  return members.front();
}

bool Invariants::is_beginning(plan::StepId id) const {
  const Step& step = step_of(id);
  if (!plan_.steps[id].batches.lockstep || step.live == 0) return false;
  return first_in_lockstep(id).has_value();
}

void Invariants::begin_gate(const Command& command) {
  const plan::StepId id = command.action.step;
  const plan::StepId of = plan_.steps[id].gate_of;
  const Step& parent = step_of(of);
  const auto gate = due_gate(of);
  require(!paused_, "in a pause");
  require(step_of(id).begun && !step_of(id).ended, "the gate does not run");
  require(parent.stop == Reason::None && parent.questions == 0, "its step begins no more");
  require(gate && gate->step == id && gate->lane == command.action.lane &&
              gate->left_out == Reason::None && !gate_is_live(of),
          "it is not the gate that is due");
}

// Why a gate is left out: for now, or since its step is over.
bool Invariants::gate_left_out_for(plan::StepId id, std::uint32_t lane, Reason reason) const {
  const plan::StepId of = plan_.steps[id].gate_of;
  if (step_of(of).ended) return reason == Reason::NoTargets && never_begun(of) == 0;
  const auto gate = due_gate(of);
  return gate && gate->step == id && gate->lane == lane && gate->left_out == reason &&
         reason != Reason::None && !gate_is_live(of);
}

void Invariants::gate_ended(plan::StepId id) {
  const plan::Step& rules = plan_.steps[id];
  Step& parent = step_of(rules.gate_of);
  const bool failed = step_of(id).failures > rules.tolerate.value;
  if (failed && rules.on_failure != plan::OnFailure::Continue && parent.stop == Reason::None) {
    parent.stop = Reason::GateFailed;
  }
  roll_back(rules.gate_of);
}

// With its step: what its own lanes say, and why others never began.
void Invariants::close_gate(const Command& command) {
  const plan::StepId id = command.action.step;
  const plan::Step& rules = plan_.steps[id];
  const plan::StepId of = rules.gate_of;
  const Step& parent = step_of(of);
  Step& step = step_of(id);
  require(parent.ended, "its step has not ended");
  require(step.live == 0, "lanes of it are at work");
  if (!step.begun) {
    const bool unasked = rules.when == plan::When::Failure && parent.failures == 0;
    const Reason why = rules.disabled                  ? Reason::Disabled
                       : step.lanes.empty()            ? Reason::NoTargets
                       : parent.reason != Reason::None ? parent.reason
                       : unasked                       ? Reason::WithoutFailure
                                                       : Reason::NoTargets;
    require(command.state == State::Skipped && command.reason == why, "for another reason");
  } else {
    const auto any = [&](auto of_lane) {
      return std::any_of(step.lanes.begin(), step.lanes.end(), of_lane);
    };
    const bool failed = step.failures > rules.tolerate.value ||
                        any([](const Lane& lane) { return lane.state == State::Cancelled; });
    const bool degraded = any([](const Lane& lane) {
      return lane.failed || lane.degraded || lane.excluded || lane.left_behind;
    });
    const bool needed =
        any([](const Lane& lane) { return lane.stage == Stage::Ended && !lane.unneeded; });
    const bool skipped = !failed && !degraded && !needed;
    require(command.state == (failed     ? State::Failed
                              : degraded ? State::Degraded
                              : skipped  ? State::Skipped
                                         : State::Succeeded),
            "in another state");
    require(command.reason == (skipped ? Reason::Condition : parent.reason), "for another reason");
  }
  step.ended = true;
  step.state = command.state;
  step.skipped = command.state == State::Skipped ? command.reason : Reason::None;
}

// Lanes would begin, were it not for the pause since the last one.
bool Invariants::is_staggered(plan::StepId id) const {
  const plan::Step& rules = plan_.steps[id];
  const Step& step = step_of(id);
  return rules.stagger.ms > 0 && step.begun && !step.ended && !step.to_undo && !paused_ &&
         step.stop == Reason::None && step.questions == 0 && step.live < rules.window.value &&
         now_ < step.not_before && never_begun(id) > 0 && !due_gate(id) && !gate_is_live(id);
}

void Invariants::set_stagger(const Command& command) {
  Step& step = step_of(command.action.step);
  require(!step.stagger_awaited && step.begun && !step.ended, "no pause is awaited");
  require(command.at == step.not_before && now_ < command.at, "at another instant");
  step.stagger_awaited = true;
}

// In lockstep: of which of its tasks a lane at work is to be waited for, the next one's where it
// waits to start that.
std::uint32_t Invariants::position_of(plan::StepId id, const Lane& lane) const {
  if (lane.doing != Doing::Nothing) return lane.position;
  const Due next = due(id, lane);
  const bool forward = next.part != Part::Undo && !lane.rolled_back;
  if (next.kind != Due::Kind::Start || !forward) return lane.position;
  const auto tasks = static_cast<std::uint32_t>(plan_.steps[id].tasks.size());
  return std::max(lane.position, next.task == tasks && next.part == Part::Before ? 0 : next.task);
}

bool Invariants::waits_for_batch(plan::StepId id, const Lane& lane) const {
  if (!plan_.steps[id].batches.lockstep || due(id, lane).kind != Due::Kind::Start) return false;
  const std::uint32_t position = position_of(id, lane);
  if (position <= lane.position) return false;
  const std::vector<Lane>& lanes = step_of(id).lanes;
  return std::any_of(lanes.begin(), lanes.end(), [&](const Lane& other) {
    return other.stage == Stage::Live && position_of(id, other) < position;
  });
}

bool Invariants::pieces_are_free(const Action& action) const {
  const plan::Work& work = scheduler::work_for(plan_, action);
  return std::all_of(work.uses.begin(), work.uses.end(), [&](const plan::Use& use) {
    const auto taken = taken_.find(use.resource.value);
    return (taken == taken_.end() ? 0 : taken->second) + use.pieces <=
           plan_.resources[use.resource].pieces;
  });
}

// It waits in its slot, and rightly.
bool Invariants::waits(plan::StepId id, const Lane& lane) const {
  const Due next = due(id, lane);
  if (next.kind != Due::Kind::Start) return false;
  return waits_for_batch(id, lane) ||
         !pieces_are_free({.step = id, .task = next.task, .part = next.part});
}

void Invariants::take_pieces(const Action& action) {
  const plan::Work& work = scheduler::work_for(plan_, action);
  if (work.uses.empty()) return;
  require(pieces_are_free(action), "its pieces are not free");
  for (const plan::StepId other : plan_.steps.ids()) {
    if (action.part == Part::Census || other > action.step) break;
    for (std::uint32_t i = 0; i < step_of(other).lanes.size(); ++i) {
      const Lane& lane = step_of(other).lanes[i];
      if (other == action.step && i >= action.lane) break;
      if (lane.stage != Stage::Live || lane.doing != Doing::Nothing) continue;
      const Due next = due(other, lane);
      if (next.kind != Due::Kind::Start || waits_for_batch(other, lane)) continue;
      const Action earlier{.step = other, .task = next.task, .part = next.part};
      const bool uses = !scheduler::work_for(plan_, earlier).uses.empty();
      require(!uses || !pieces_are_free(earlier), "one that waits above it could have the pieces");
    }
  }
  for (const plan::Use& use : work.uses) taken_[use.resource.value] += use.pieces;
}

void Invariants::give_back_pieces(const Action& action) {
  for (const plan::Use& use : scheduler::work_for(plan_, action).uses) {
    taken_[use.resource.value] -= use.pieces;
  }
}

// An abort finds it waiting in its slot: of what it waited to do only what is always is done.
void Invariants::stop_waiting(plan::StepId id, Lane& lane) {
  const plan::Step& rules = plan_.steps[id];
  const Due next = due(id, lane);
  if (next.kind != Due::Kind::Start || next.attempt > 1) return;
  if (next.part == Part::Undo) {
    lane.undo_failed = true;
    lane.to_undo.clear();
    return;
  }
  const bool of_step = next.task == rules.tasks.size();
  if (!of_step && rules.tasks[next.task].when == plan::When::Always) return;
  lane.cut_short = true;
  if (of_step) return;
  if (next.part == Part::Verify) {
    lane.next_part.reset();
    lane.next = next.task + 1;
  } else if (next.part == Part::Run && lane.next_part) {
    lane.next_part.reset();
    lane.skip_next = Reason::Aborted;
  }
}

}  // namespace sluice::test
