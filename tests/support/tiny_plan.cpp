#include "support/tiny_plan.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <charconv>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "scheduler/scheduler.h"
#include "support/tiny_limits.h"

namespace sluice::test {

namespace {

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  INFO("a number was expected: " << text);
  REQUIRE((error == std::errc{} && end == text.data() + text.size()));
  return value;
}

// In milliseconds, or the name of a property that is a duration.
plan::TargetDuration time(const std::string& text) {
  if (!text.empty() && text[0] >= '0' && text[0] <= '9') return base::Duration{number(text)};
  plan::Expression property;
  property.op = plan::Operator::TargetProperty;
  property.type = plan::Type::Duration;
  property.stage = plan::Stage::PerTarget;
  property.name = text;
  return property;
}

plan::Expression milliseconds(const std::string& text) {
  plan::Expression expression;
  expression.type = plan::Type::Duration;
  expression.value = {base::Duration{number(text)}};
  return expression;
}

class Reader {
 public:
  plan::Plan read(std::string_view text) {
    plan_.deployment = "Test";
    plan_.property_sets.add({});
    plan_.connections.add({});
    plan_.target_lists.add({});
    for (const std::string& line : split(text, '\n')) {
      if (line.empty() || line[0] == '#') continue;
      if (line.starts_with("deadline ")) {
        plan_.deadline = base::Duration{number(words_of(line).at(1))};
      } else if (line.starts_with("property ")) {
        read_property(line);
      } else if (line.starts_with("time ")) {
        read_times(line);
      } else if (line[0] == '!') {
        read_tiny_declaration(
            plan_, [this](const std::string& name) { return target(name); },
            words_of(line.substr(1)));
      } else {
        read_step(line);
      }
    }
    wait();
    for (const Pending& pending : conditions_) resolve(pending);
    set_properties();
    return std::move(plan_);
  }

 private:
  // Conditions name steps that may stand further down.
  struct Pending {
    std::uint32_t step;
    std::uint32_t task;  // Action::none: the step's
    std::vector<std::string> words;
  };

  void read_property(const std::string& line) {
    const auto colon = line.find(':');
    REQUIRE(colon != std::string::npos);
    const std::string name = words_of(line.substr(0, colon)).at(1);
    for (const std::string& part : split(line.substr(colon + 1), ',')) {
      std::vector<std::string> words = words_of(part);
      const bool holds = words.empty() || words[0] != "not";
      if (!holds) words.erase(words.begin());
      for (const std::string& word : words) properties_[word][name] = {holds};
    }
  }

  void read_times(const std::string& line) {
    const auto colon = line.find(':');
    REQUIRE(colon != std::string::npos);
    const std::string name = words_of(line.substr(0, colon)).at(1);
    for (const std::string& part : split(line.substr(colon + 1), ',')) {
      const std::vector<std::string> words = words_of(part);
      const base::Duration time{number(words.back())};
      for (std::size_t i = 0; i + 1 < words.size(); ++i) properties_[words[i]][name] = {time};
    }
  }

  void set_properties() {
    for (const auto& [name, values] : properties_) {
      plan::PropertySet set;
      for (const auto& [property, value] : values) set.push_back({property, value});
      plan_.targets.set_properties(target(name), plan_.property_sets.add(std::move(set)));
    }
  }

  plan::Expression condition(const std::vector<std::string>& words) const {
    plan::Expression expression;
    expression.type = plan::Type::Boolean;
    if (words.at(1) == "true" || words[1] == "false") {
      expression.value = {words[1] == "true"};
    } else if (words[1] == "output") {
      plan::Expression output;
      output.op = plan::Operator::StepOutput;
      output.stage = plan::Stage::AtRunTime;
      output.name = words.at(3);
      output.source.step = named(words.at(2));
      output.source.single = words.size() > 4;
      expression.op = plan::Operator::Equal;
      expression.stage = plan::Stage::AtRunTime;
      expression.operands = {output, plan::constant({std::string("yes")})};
    } else {
      expression.op = plan::Operator::TargetProperty;
      expression.stage = plan::Stage::PerTarget;
      expression.name = words[1];
    }
    return expression;
  }

  void resolve(const Pending& pending) {
    plan::Step& step = plan_.steps[plan::StepId{pending.step}];
    if (pending.task == scheduler::Action::none) {
      step.condition = condition(pending.words);
    } else {
      step.tasks[pending.task].condition = condition(pending.words);
    }
  }

  struct Order {
    bool with_previous = false;
    std::vector<std::string> after;
  };

  void read_step(const std::string& line) {
    const auto colon = line.find(':');
    plan::Step step;
    step.on_controller = true;
    step.targets = plan::TargetListId{0};
    order_.push_back({});
    if (line[0] == '-') step.gate_of = gate_of();
    plan::Task own;
    std::uint32_t window = 0;
    const std::uint32_t id = plan_.steps.size();
    const std::size_t begin = line[0] == '-' ? 1 : 0;
    for (const std::string& phrase : split(line.substr(begin, colon - begin), ',')) {
      const std::vector<std::string> words = words_of(phrase);
      REQUIRE(!words.empty());
      if (step.name.empty()) {
        read_head(step, words);
      } else if (words[0] == "window" && words.size() == 2) {
        window = static_cast<std::uint32_t>(number(words.at(1)));
        step.window.value = window;
        windowless_ = false;
      } else if (words[0] == "if") {
        conditions_.push_back({id, scheduler::Action::none, words});
      } else if (!read_tiny_limit(plan_, step, words) && !read_step_phrase(step, words)) {
        read_task_phrase(own, words);
      }
    }
    if (windowless_) step.window.value = lanes(step);
    windowless_ = true;
    if (colon == std::string::npos) {
      own.name = step.name;
      step.tasks.push_back(own);
    } else {
      step.has_child_steps = true;
      step.verify = own.verify;
      step.skip_verified = own.skip_verified;
      for (const std::string& task : split(line.substr(colon + 1), ';')) {
        step.tasks.push_back(read_task(task, id, static_cast<std::uint32_t>(step.tasks.size())));
      }
    }
    plan_.steps.add(std::move(step));
  }

  // The step above that is no gate itself.
  plan::StepId gate_of() const {
    REQUIRE(plan_.steps.size() > 0);
    const plan::StepId last{plan_.steps.size() - 1};
    return plan_.steps[last].gate_of.valid() ? plan_.steps[last].gate_of : last;
  }

  std::uint32_t lanes(const plan::Step& step) const {
    return step.on_controller ? 1 : std::max(1U, plan_.target_lists[step.targets].size());
  }

  void read_head(plan::Step& step, const std::vector<std::string>& words) {
    step.name = words[0];
    if (words.size() == 1) return;
    INFO("`on` was expected: " << words[1]);
    REQUIRE(words[1] == "on");
    step.on_controller = false;
    plan::TargetList list;
    for (std::size_t i = 2; i < words.size(); ++i) add_targets(list, words[i]);
    step.targets = plan_.target_lists.add(std::move(list));
  }

  void add_targets(plan::TargetList& list, const std::string& word) {
    const auto dots = word.find("..");
    if (dots == std::string::npos) return list.add(target(word));
    const auto digits = word.find_first_of("0123456789");
    REQUIRE(digits < dots);
    const std::string prefix = word.substr(0, digits);
    const std::int64_t last = number(word.substr(dots + 2 + prefix.size()));
    for (std::int64_t i = number(word.substr(digits, dots - digits)); i <= last; ++i) {
      list.add(target(prefix + std::to_string(i)));
    }
  }

  plan::TargetId target(const std::string& name) {
    const auto found = targets_.find(name);
    if (found != targets_.end()) return found->second;
    return targets_[name] = plan_.targets.add(name, plan::PropertySetId{0}, plan::ConnectionId{0});
  }

  bool read_step_phrase(plan::Step& step, const std::vector<std::string>& words) {
    if (words[0] == "tolerate") {
      step.tolerate.value = static_cast<std::uint32_t>(number(words.at(1)));
    } else if (words[0] == "continue") {
      step.on_failure = plan::OnFailure::Continue;
    } else if (words[0] == "ask") {
      step.on_failure = plan::OnFailure::Ask;
    } else if (words[0] == "rollback") {
      step.on_failure = words.size() > 1 ? plan::OnFailure::RollbackAll : plan::OnFailure::Rollback;
    } else if (words[0] == "unreachable") {
      step.unreachable.skip = true;
      if (words.size() > 2) {
        step.unreachable.at_most.emplace().value = static_cast<std::uint32_t>(number(words[2]));
      }
    } else if (words[0] == "failure") {
      step.when = plan::When::Failure;
    } else if (words[0] == "always") {
      step.when = plan::When::Always;
    } else if (words[0] == "shared") {
      step.shared = true;
    } else if (words[0] == "optional") {
      step.optional = true;
    } else if (words[0] == "disabled") {
      step.disabled = true;
    } else if (words[0] == "with") {
      order_.back().with_previous = true;
    } else if (words[0] == "after") {
      order_.back().after.assign(words.begin() + 1, words.end());
    } else {
      return false;
    }
    return true;
  }

  plan::Task read_task(const std::string& text, std::uint32_t step, std::uint32_t place) {
    plan::Task task;
    for (const std::string& phrase : split(text, ',')) {
      const std::vector<std::string> words = words_of(phrase);
      REQUIRE(!words.empty());
      if (task.name.empty()) {
        task.name = words[0];
      } else if (words[0] == "if") {
        conditions_.push_back({step, place, words});
      } else {
        read_task_phrase(task, words);
      }
    }
    return task;
  }

  // `retry 2 every 3 timeout 4 takes 5`, from `words[1]` on.
  void read_work(plan::Work& work, const std::vector<std::string>& words) const {
    work.takes.low = milliseconds("0");
    work.action.kind = "script";
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (words[i] == "uses")
        read_tiny_use(plan_, work, {words.begin() + static_cast<std::ptrdiff_t>(i), words.end()});
      if (read_work_phrase(work, words, i)) ++i;
    }
  }

  static bool read_work_phrase(plan::Work& work, const std::vector<std::string>& words,
                               std::size_t at) {
    const std::string& word = words[at];
    if (word == "retry") {
      work.retry.more = static_cast<std::uint32_t>(number(words.at(at + 1)));
      for (std::size_t i = at + 2; i + 1 < words.size(); i += 2) {
        if (words[i] == "every") work.retry.pause = time(words[i + 1]);
        if (words[i] == "backoff") work.retry.backoff = {number(words[i + 1]) * 1'000'000};
        if (words[i] == "upto") work.retry.most_pause = time(words[i + 1]);
      }
    } else if (word == "timeout") {
      work.timeout = time(words.at(at + 1));
    } else if (word == "takes") {
      const bool range = words.size() > at + 3 && words[at + 2] == "to";
      work.takes.low = milliseconds(words.at(at + 1));
      work.takes.high = milliseconds(words[at + (range ? 3 : 1)]);
      if (range) work.takes.kind = plan::DurationModel::Kind::Uniform;
    } else {
      return false;
    }
    return true;
  }

  void read_task_phrase(plan::Task& task, const std::vector<std::string>& words) const {
    if (read_tiny_use(plan_, task, words)) return;
    if (words[0] == "verify") {
      read_work(task.verify.emplace(), words);
    } else if (words[0] == "undo") {
      read_work(task.undo.emplace(), words);
    } else if (words[0] == "verified") {
      task.skip_verified = true;
    } else if (words[0] == "manual") {
      task.action.kind = "manual";
    } else if (words[0] == "gives") {
      task.gives.push_back({words.at(1), plan::constant({words.at(2)})});
    } else if (read_work_phrase(task, words, 0)) {
      return;
    } else if (words[0] == "ignore") {
      task.ignore_failure = true;
    } else if (words[0] == "failure") {
      task.when = plan::When::Failure;
    } else if (words[0] == "always") {
      task.when = plan::When::Always;
    } else if (words[0] == "disabled") {
      task.disabled = true;
    } else if (words[0] == "drains") {
      task.effect.drains = true;
    } else if (words[0] == "restores") {
      task.effect.restores = true;
    } else if (words[0] == "interrupts") {
      task.effect.interrupts = true;
    } else {
      FAIL("a phrase that no plan has: " << words[0]);
    }
  }

  void wait() {
    std::vector<std::vector<std::uint32_t>> above(order_.size());
    for (std::uint32_t step = 0; step < order_.size(); ++step) {
      if (is_gate(step)) continue;
      if (order_[step].with_previous) {
        std::uint32_t previous = step;
        do {
          REQUIRE(previous > 0);
          --previous;
        } while (is_gate(previous));
        above[step] = above[previous];
      } else if (order_[step].after.empty()) {
        for (std::uint32_t earlier = 0; earlier < step; ++earlier) {
          if (!is_gate(earlier)) above[step].push_back(earlier);
        }
      }
      for (const std::string& name : order_[step].after) above[step].push_back(named(name));
    }
    set_joins(plan_, above);
  }

  bool is_gate(std::uint32_t step) const { return plan_.steps[{step}].gate_of.valid(); }

  std::uint32_t named(const std::string& name) const {
    for (const plan::StepId step : plan_.steps.ids()) {
      if (plan_.steps[step].name == name) return step.value;
    }
    FAIL("a step that is not there: " << name);
    return 0;
  }

  plan::Plan plan_;
  std::map<std::string, plan::TargetId> targets_;
  std::map<std::string, std::map<std::string, plan::Value>> properties_;  // by target, then name
  std::vector<Pending> conditions_;
  std::vector<Order> order_;
  bool windowless_ = true;
};

// All steps that `step` waits for, directly or through others.
const std::vector<bool>& ancestors(std::uint32_t step,
                                   const std::vector<std::vector<std::uint32_t>>& above,
                                   std::vector<std::vector<bool>>& known) {
  std::vector<bool>& mine = known[step];
  if (!mine.empty()) return mine;
  mine.resize(above.size());
  for (const std::uint32_t direct : above[step]) {
    const std::vector<bool>& theirs = ancestors(direct, above, known);
    mine[direct] = true;
    for (std::size_t i = 0; i < theirs.size(); ++i) mine[i] = mine[i] || theirs[i];
  }
  return mine;
}

}  // namespace

plan::Plan tiny_plan(std::string_view text) {
  return Reader().read(text);
}

void set_joins(plan::Plan& plan, const std::vector<std::vector<std::uint32_t>>& above) {
  std::vector<std::vector<bool>> known(above.size());
  std::map<std::vector<std::uint32_t>, plan::JoinId> shared;
  for (std::uint32_t step = 0; step < above.size(); ++step) {
    std::vector<std::uint32_t> reduced;
    for (const std::uint32_t candidate : above[step]) {
      const bool follows = std::any_of(
          above[step].begin(), above[step].end(),
          [&](std::uint32_t other) { return ancestors(other, above, known)[candidate]; });
      if (!follows) reduced.push_back(candidate);
    }
    std::sort(reduced.begin(), reduced.end());
    reduced.erase(std::unique(reduced.begin(), reduced.end()), reduced.end());
    const auto [place, added] = shared.try_emplace(reduced);
    if (added) {
      plan::Join join;
      for (const std::uint32_t earlier : reduced) join.steps.push_back({earlier});
      place->second = plan.joins.add(std::move(join));
    }
    plan.steps[plan::StepId{step}].join = place->second;
  }
}

}  // namespace sluice::test
