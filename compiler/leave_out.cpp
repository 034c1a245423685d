// `--only` and `--skip`, and the steps that `--limit` has left without a target: they are taken out
// of the plan, and who waited for them waits for what they waited for.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/utf8.h"
#include "compiler/patterns.h"
#include "compiler/selection.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

using plan::StepId;

constexpr std::uint32_t gone = 0xffff'ffff;

template <class Visit>
void for_each_expression(plan::Expression& expression, Visit& visit) {
  visit(expression);
  for (plan::Expression& operand : expression.operands) for_each_expression(operand, visit);
}

template <class Visit>
void for_each_expression(plan::Work& work, Visit& visit) {
  for (plan::Action::Attribute& attribute : work.action.attributes) {
    for_each_expression(attribute.value, visit);
  }
  for_each_expression(work.takes.low, visit);
  for_each_expression(work.takes.high, visit);
  for_each_expression(work.takes.mode, visit);
  for (plan::Given& given : work.gives) for_each_expression(given.value, visit);
}

template <class Visit>
void for_each_expression(plan::Step& step, Visit& visit) {
  if (step.condition) for_each_expression(*step.condition, visit);
  if (step.verify) for_each_expression(*step.verify, visit);
  for (plan::Task& task : step.tasks) {
    for_each_expression(static_cast<plan::Work&>(task), visit);
    if (task.condition) for_each_expression(*task.condition, visit);
    if (task.verify) for_each_expression(*task.verify, visit);
    if (task.undo) for_each_expression(*task.undo, visit);
  }
}

class StepSelection {
 public:
  StepSelection(const SyntaxTree& tree, Resolver& resolver)
      : tree_(tree), resolver_(resolver), plan_(resolver.plan) {}

  void select() {
    const auto is_whole = [&](const std::string& text) {
      return std::any_of(plan_.steps.begin(), plan_.steps.end(), [&](const plan::Step& step) {
        return fits(step.name, text) || has_tag(step.tags, text);
      });
    };
    only_ = chosen_words("--only", resolver_.options.only, is_whole);
    skip_ = chosen_words("--skip", resolver_.options.skip, is_whole);
    choose();
    for (const std::vector<Chosen>* words : {&only_, &skip_}) {
      for (const Chosen& word : *words) {
        if (!word.found) report_unknown(word);
      }
    }
    if (failed_ || !left_out_) return;
    number();
    if (steps_left_ == 0) {
      return fail("E0617", "what was chosen leaves no step");
    }
    if (!outputs_are_there()) return;
    rewire();
    take_out();
  }

 private:
  static bool fits(std::string_view name, std::string_view word) {
    return name == word || (is_pattern(word) && fits_pattern(name, word));
  }
  static bool has_tag(const std::vector<std::string>& tags, std::string_view word) {
    return std::any_of(tags.begin(), tags.end(),
                       [&](const std::string& tag) { return fits(tag, word); });
  }

  void fail(std::string code, std::string message, std::vector<std::string> hints = {}) {
    failed_ = true;
    resolver_.report.error(std::move(code), {tree_.file, 0, 0}, std::move(message),
                           std::move(hints));
  }

  void report_unknown(const Chosen& word) {
    std::vector<std::string> names;
    for (const plan::Step& step : plan_.steps) {
      names.push_back(step.name);
      names.insert(names.end(), step.tags.begin(), step.tags.end());
      for (const plan::Task& task : step.tasks) {
        if (step.has_child_steps) names.push_back(step.name + "/" + task.name);
        names.insert(names.end(), task.tags.begin(), task.tags.end());
      }
    }
    fail(
        "E0616",
        fmt::format("{} {}: there is no such step or tag", word.option, base::printable(word.word)),
        did_you_mean(word.word, names));
  }

  static bool named(std::vector<Chosen>& words, const plan::Step& step) {
    bool any = false;
    for (Chosen& word : words) {
      const bool fit = fits(step.name, word.word) || has_tag(step.tags, word.word);
      word.found = word.found || fit;
      any = any || fit;
    }
    return any;
  }

  static bool named(std::vector<Chosen>& words, const plan::Step& step, const plan::Task& task) {
    if (!step.has_child_steps) return false;
    bool any = false;
    for (Chosen& word : words) {
      const bool fit =
          fits(step.name + "/" + task.name, word.word) || has_tag(task.tags, word.word);
      word.found = word.found || fit;
      any = any || fit;
    }
    return any;
  }

  // Which tasks stay; a step without one goes.
  void choose() {
    for (const StepId id : plan_.steps.ids()) {
      const plan::Step& step = plan_.steps[id];
      const bool whole_only = named(only_, step);
      const bool whole_skip = named(skip_, step);
      std::vector<bool> tasks;
      for (const plan::Task& task : step.tasks) {
        const bool task_only = named(only_, step, task);
        const bool task_skip = named(skip_, step, task);
        const bool with_owner = step.gate_of.valid();
        const bool wanted = only_.empty() || with_owner || whole_only || task_only;
        tasks.push_back(step.required || (wanted && !whole_skip && !task_skip));
      }
      const bool emptied =
          std::binary_search(resolver_.emptied_steps.begin(), resolver_.emptied_steps.end(), id);
      bool stays = std::find(tasks.begin(), tasks.end(), true) != tasks.end() && !emptied;
      if (step.gate_of.valid()) stays = stays && stays_[step.gate_of.value];
      left_out_ =
          left_out_ || !stays || std::find(tasks.begin(), tasks.end(), false) != tasks.end();
      stays_.push_back(stays);
      task_stays_.push_back(std::move(tasks));
    }
  }

  void number() {
    for (std::uint32_t i = 0; i < stays_.size(); ++i) {
      new_steps_.push_back(stays_[i] ? steps_left_++ : gone);
      std::uint32_t next = 0;
      new_tasks_.emplace_back();
      for (const bool task : task_stays_[i]) {
        new_tasks_.back().push_back(task && stays_[i] ? next++ : gone);
      }
    }
  }

  bool outputs_are_there() {
    bool good = true;
    for (const StepId id : plan_.steps.ids()) {
      if (!stays_[id.value]) continue;
      plan::Step& step = plan_.steps[id];
      // Of the step's own tasks only those that stay are asked.
      plan::Step asked = step;
      std::size_t kept = 0;
      for (std::size_t i = 0; i < step.tasks.size(); ++i) {
        if (task_stays_[id.value][i]) asked.tasks[kept++] = step.tasks[i];
      }
      asked.tasks.resize(kept);
      auto visit = [&](const plan::Expression& expression) {
        if (expression.op != plan::Operator::StepOutput) return;
        const plan::OutputSource& source = expression.source;
        if (source.step == plan::OutputSource::none) return;
        if (new_tasks_[source.step][source.task] != gone) return;
        const plan::Step& read = plan_.steps[StepId{source.step}];
        const std::string name =
            read.has_child_steps ? read.name + "/" + read.tasks[source.task].name : read.name;
        good = false;
        resolver_.report.error(
            "E0618", resolver_.step_spans[id.value],
            fmt::format("this step reads an output of `{}`, which is left out", name),
            {"leave both out, or neither"});
      };
      for_each_expression(asked, visit);
    }
    return good;
  }

  // What a step waits for when those that are gone are looked through.
  const std::set<StepId>& awaited(plan::JoinId join) {
    const auto known = awaited_.find(join.value);
    if (known != awaited_.end()) return known->second;
    std::set<StepId> found;
    std::vector<StepId> open = plan_.joins[join].steps;
    std::vector<bool> seen(plan_.steps.size());
    while (!open.empty()) {
      const StepId at = open.back();
      open.pop_back();
      if (seen[at.value]) continue;
      seen[at.value] = true;
      if (stays_[at.value]) {
        found.insert(at);
      } else {
        const std::vector<StepId>& behind = plan_.joins[plan_.steps[at].join].steps;
        open.insert(open.end(), behind.begin(), behind.end());
      }
    }
    return awaited_[join.value] = std::move(found);
  }

  void rewire() {
    base::Dense<plan::JoinId, plan::Join> joins;
    std::map<std::vector<StepId>, plan::JoinId> known;
    for (const StepId id : plan_.steps.ids()) {
      if (!stays_[id.value]) continue;
      const plan::JoinId before = plan_.steps[id].join;
      std::vector<StepId> steps;
      if (before.valid()) {
        const std::set<StepId>& all = awaited(before);
        std::copy_if(all.begin(), all.end(), std::back_inserter(steps),
                     [&](StepId step) { return !is_behind_another(step, all); });
      }
      for (StepId& step : steps) step = StepId{new_steps_[step.value]};
      const auto [place, fresh] = known.emplace(steps, plan::JoinId{});
      if (fresh) place->second = joins.add({steps});
      new_joins_[id.value] = place->second;
    }
    plan_.joins = std::move(joins);
  }

  // Whether one of the others waits for it already.
  bool is_behind_another(StepId step, const std::set<StepId>& all) {
    std::vector<bool> seen(plan_.steps.size());
    std::vector<StepId> open(all.begin(), all.end());
    while (!open.empty()) {
      const StepId at = open.back();
      open.pop_back();
      for (const StepId before : awaited(plan_.steps[at].join)) {
        if (before == step) return true;
        if (seen[before.value]) continue;
        seen[before.value] = true;
        open.push_back(before);
      }
    }
    return false;
  }

  void take_out() {
    base::Dense<StepId, plan::Step> steps;
    std::vector<base::Span> spans;
    auto renumber = [&](plan::Expression& expression) {
      plan::OutputSource& source = expression.source;
      if (expression.op != plan::Operator::StepOutput) return;
      if (source.step == plan::OutputSource::none) return;
      source.task = new_tasks_[source.step][source.task];
      source.step = new_steps_[source.step];
    };
    for (const StepId id : plan_.steps.ids()) {
      if (!stays_[id.value]) continue;
      plan::Step step = std::move(plan_.steps[id]);
      std::size_t kept = 0;
      for (std::size_t i = 0; i < step.tasks.size(); ++i) {
        if (!task_stays_[id.value][i]) continue;
        if (kept != i) step.tasks[kept] = std::move(step.tasks[i]);
        ++kept;
      }
      step.tasks.resize(kept);
      step.join = new_joins_[id.value];
      if (step.gate_of.valid()) step.gate_of = StepId{new_steps_[step.gate_of.value]};
      for_each_expression(step, renumber);
      steps.add(std::move(step));
      spans.push_back(resolver_.step_spans[id.value]);
    }
    plan_.steps = std::move(steps);
    resolver_.step_spans = std::move(spans);
  }

  const SyntaxTree& tree_;
  Resolver& resolver_;
  plan::Plan& plan_;
  std::vector<Chosen> only_;
  std::vector<Chosen> skip_;
  bool failed_ = false;
  bool left_out_ = false;
  std::vector<bool> stays_;                    // by step
  std::vector<std::vector<bool>> task_stays_;  // by step, by task
  std::uint32_t steps_left_ = 0;
  std::vector<std::uint32_t> new_steps_;
  std::vector<std::vector<std::uint32_t>> new_tasks_;
  std::map<std::uint32_t, std::set<StepId>> awaited_;  // by join
  std::map<std::uint32_t, plan::JoinId> new_joins_;    // by step
};

}  // namespace

void leave_out_steps(const SyntaxTree& tree, Resolver& resolver) {
  const Options& options = resolver.options;
  const bool chosen = !options.only.empty() || !options.skip.empty();
  if (chosen || !resolver.emptied_steps.empty()) StepSelection(tree, resolver).select();
}

}  // namespace sluice::compiler
