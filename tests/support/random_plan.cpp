#include "support/random_plan.h"

#include <string>

#include "plan/verify.h"
#include "support/random_durations.h"
#include "support/random_schedule.h"
#include "support/random_values.h"

namespace sluice::test {

using plan::Type;

namespace {

constexpr plan::Stage per_target = plan::Stage::PerTarget;

class Decorator {
 public:
  explicit Decorator(std::uint64_t seed) : seed_(seed), dice_(seed ^ 0x6465636f72ULL) {
    plan_ = random_schedule(seed, {false, false, false});  // its targets get other properties
  }

  plan::Plan decorated() {
    plan_.deployment += random_text(dice_);
    plan_.compiler_version = "0.0." + std::to_string(dice_.below(9));
    for (const std::string_view name : {"release", "replicas", "zone"}) {
      if (!dice_.chance(60)) continue;
      const Type type = static_cast<Type>(dice_.below(8));
      plan_.variables.push_back({std::string(name), random_value(dice_, type)});
    }
    for (std::uint32_t i = dice_.below(3); i > 0; --i) {
      plan_.sources.add({"file" + std::to_string(i) + ".deploy", std::string(64, 'a')});
    }
    add_rows();
    add_roles();
    for (plan::Step& step : plan_.steps) decorate(step);
    if (seed_ % 2 == 0) add_random_durations(plan_, seed_);
    return plan::seal(std::move(plan_));
  }

 private:
  void add_rows() {
    for (std::uint32_t i = dice_.below(3); i > 0; --i) {
      const Type type = static_cast<Type>(dice_.below(8));
      plan_.property_sets.add({{"rack-number", random_value(dice_, Type::Number)},
                               {"zone", random_value(dice_, type)}});
      plan::Connection connection;
      connection.kind =
          dice_.chance(50) ? plan::Connection::Kind::Local : plan::Connection::Kind::Ssh;
      if (connection.kind == plan::Connection::Kind::Ssh) {
        connection.settings.push_back(
            {"port", random_expression(dice_, Type::Number, 1, per_target)});
        connection.settings.push_back(
            {"user", random_expression(dice_, Type::String, 2, per_target)});
      }
      plan_.connections.add(std::move(connection));
    }
    for (std::uint32_t i = 0; i < plan_.targets.size(); ++i) {
      plan_.targets.set_properties({i}, {dice_.below(plan_.property_sets.size())});
      plan_.targets.set_connection({i}, {dice_.below(plan_.connections.size())});
    }
  }

  void add_roles() {
    for (std::uint32_t i = dice_.below(4); i > 0; --i) {
      const plan::TargetListId list{dice_.below(plan_.target_lists.size())};
      plan_.roles.add({"role" + std::to_string(i), list, 1 + dice_.below(3)});
    }
  }

  plan::Place place() {
    if (plan_.sources.empty() || dice_.chance(20)) return {};
    return {{dice_.below(plan_.sources.size())}, 1 + dice_.below(99), 1 + dice_.below(99)};
  }

  void decorate(plan::Step& step) {
    step.place = place();
    if (dice_.chance(50)) step.window.rule = "window " + std::to_string(step.window.value);
    if (dice_.chance(50)) step.tolerate.rule = random_text(dice_);
    if (step.tasks.size() == 1 && !step.verify && dice_.chance(50)) {
      step.has_child_steps = false;
      step.tasks[0].name = step.name;
    }
    for (plan::Task& task : step.tasks) decorate(task, step.on_controller);
  }

  void decorate(plan::Task& task, bool on_controller) {
    static constexpr std::string_view kinds[] = {"script", "wait", "http", "haproxy"};
    task.place = place();
    task.action_place = place();
    if (task.action.kind != "manual") task.action.kind = kinds[dice_.below(4)];
    for (std::uint32_t i = dice_.below(3); i > 0; --i) {
      const Type type = static_cast<Type>(dice_.below(8));
      task.action.attributes.push_back(
          {"attribute" + std::to_string(i), random_expression(dice_, type, 3)});
    }
    task.takes.low = plan::constant({base::Duration{dice_.below(30)}});
    task.takes.assumed = dice_.chance(20);
    if (dice_.chance(40)) {
      task.takes.kind = plan::DurationModel::Kind::Uniform;
      task.takes.high = plan::constant({base::Duration{30 + dice_.below(30)}});
    }
    if (!on_controller) {
      task.effect = {dice_.chance(20), dice_.chance(20), dice_.chance(15)};
    }
    task.via.hosts = {0};
    if (dice_.chance(70)) return;
    task.via.kind = static_cast<plan::Via::Kind>(1 + dice_.below(3));
    if (task.via.kind != plan::Via::Kind::Controller) task.via.hosts = hosts(task.via.kind);
  }

  plan::TargetListId hosts(plan::Via::Kind kind) {
    plan::TargetList list;
    list.add({dice_.below(plan_.targets.size())});
    if (kind == plan::Via::Kind::Each && list.at(0).value > 0) list.add({0});
    return plan_.target_lists.add(std::move(list));
  }

  std::uint64_t seed_;
  Dice dice_;
  plan::Plan plan_;
};

}  // namespace

plan::Plan random_plan(std::uint64_t seed) {
  return Decorator(seed).decorated();
}

}  // namespace sluice::test
