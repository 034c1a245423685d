#include "support/random_durations.h"

#include <algorithm>
#include <string>
#include <utility>

#include "support/random_batches.h"
#include "support/random_schedule.h"

namespace sluice::test {

namespace {

plan::Expression property(std::string name) {
  plan::Expression made;
  made.op = plan::Operator::TargetProperty;
  made.type = plan::Type::Duration;
  made.stage = plan::Stage::PerTarget;
  made.name = std::move(name);
  return made;
}

plan::Expression sum(plan::Expression first, plan::Expression second) {
  plan::Expression made;
  made.op = plan::Operator::Add;
  made.type = plan::Type::Duration;
  made.stage = plan::Stage::PerTarget;
  made.operands = {std::move(first), std::move(second)};
  return made;
}

class Durations {
 public:
  Durations(Dice& dice, plan::Plan& plan) : dice_(dice), plan_(plan) {}

  void add() {
    dice_.chance(70) ? add_to_targets() : add_to_sets();
    for (plan::Step& step : plan_.steps) {
      if (step.on_controller) continue;
      for (plan::Task& task : step.tasks) {
        change(task);
        if (task.verify) change(*task.verify);
        if (task.undo) change(*task.undo);
      }
      if (step.verify) change(*step.verify);
    }
  }

 private:
  void add_to_targets() {
    for (std::uint32_t target = 0; target < plan_.targets.size(); ++target) {
      add_property(plan_, {target}, "limit", {base::Duration{1 + dice_.below(12)}});
      add_property(plan_, {target}, "rest", {base::Duration{dice_.below(6)}});
    }
  }

  // Targets that share their properties go on sharing them.
  void add_to_sets() {
    for (plan::PropertySet& set : plan_.property_sets) {
      set.push_back({"limit", {base::Duration{1 + dice_.below(12)}}});
      set.push_back({"rest", {base::Duration{dice_.below(6)}}});
      std::sort(set.begin(), set.end(),
                [](const auto& a, const auto& b) { return a.name < b.name; });
    }
  }

  void change(plan::Work& work) {
    if ((work.timeout && dice_.chance(60)) || dice_.chance(10)) work.timeout = property("limit");
    if (work.retry.more == 0) return;
    if (dice_.chance(50)) work.retry.pause = property("rest");
    if (work.retry.most_pause ? dice_.chance(60) : dice_.chance(20)) {
      work.retry.most_pause = sum(property("limit"), property("rest"));
    }
  }

  Dice& dice_;
  plan::Plan& plan_;
};

}  // namespace

void stretch_random_durations(plan::Plan& plan, std::int64_t factor) {
  for (plan::PropertySet& set : plan.property_sets) {
    for (plan::Property& property : set) {
      auto* const limit = std::get_if<base::Duration>(&property.value.content);
      if (limit != nullptr && property.name == "limit") limit->ms *= factor;
    }
  }
}

void add_random_durations(plan::Plan& plan, std::uint64_t seed) {
  Dice dice(seed ^ 0x6c696d697473ULL);
  Durations(dice, plan).add();
}

}  // namespace sluice::test
