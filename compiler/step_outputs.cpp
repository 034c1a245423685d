// `steps["A/B"].outputs.name`: whose outputs there are, and who may read them.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "compiler/phrases.h"
#include "compiler/step_conditions.h"

namespace sluice::compiler {

namespace {

class OutputCheck {
 public:
  explicit OutputCheck(Resolver& resolver) : resolver_(resolver), plan_(resolver.plan) {}

  void check(const OutputRead& read) {
    const plan::StepId writer{read.source.step};
    if (!plan_.steps.contains(writer) || !plan_.steps.contains(read.reader)) return;
    const plan::Step& step = plan_.steps[writer];
    if (read.source.task >= step.tasks.size()) return;  // it has mistakes of its own
    const plan::Action& action = step.tasks[read.source.task].action;
    const ActionSchema* schema = find_action(action.kind);
    if (schema != nullptr && !schema->writes_outputs) {
      refuse(read,
             fmt::format("`{}` writes no outputs: `run {}` has none", read.written, action.kind),
             "a script writes `name=value` lines to `$SLUICE_OUTPUT`");
    } else if (read.source.step == read.reader.value && !has_run_before(read)) {
      refuse(read, fmt::format("`{}` has not run yet where this reads it", read.written),
             "let the child step that writes it stand above");
    } else if (!has_run_before(read)) {
      refuse(read,
             fmt::format("this step does not wait for `{}`, so it may not have run", read.written),
             fmt::format("say `after \"{}\"`, or let it stand below", step.name));
    } else if (!read.source.single && writer != read.reader) {
      check_targets(read, step);
    }
  }

 private:
  void refuse(const OutputRead& read, std::string message, std::string hint) {
    resolver_.report.error("E0315", read.span, std::move(message), {std::move(hint)});
  }

  bool has_run_before(const OutputRead& read) {
    if (read.source.step != read.reader.value) return waits_for(read.reader, read.source.step);
    if (read.task == OutputRead::step_itself) return read.behind;
    return read.source.task < read.task || (read.behind && read.source.task == read.task);
  }

  // Directly or through others.
  bool waits_for(plan::StepId reader, std::uint32_t writer) {
    const plan::StepId owner = plan_.steps[reader].gate_of;
    if (owner.valid()) reader = owner;
    auto [known, added] = before_.try_emplace(reader.value);
    if (added) {
      known->second.resize(plan_.steps.size());
      std::vector<plan::StepId> open{reader};
      while (!open.empty()) {
        const plan::StepId at = open.back();
        open.pop_back();
        for (const plan::StepId step : plan_.joins[plan_.steps[at].join].steps) {
          if (known->second[step.value]) continue;
          known->second[step.value] = true;
          open.push_back(step);
        }
      }
    }
    return known->second[writer];
  }

  // Each target reads its own: so it has one.
  void check_targets(const OutputRead& read, const plan::Step& writer) {
    const plan::Step& reader = plan_.steps[read.reader];
    if (reader.on_controller) {
      refuse(read,
             fmt::format("`{}` has an output for each target, and this step has no target",
                         read.written),
             "read it in a step `on` those targets, or write it in a step that says `once`");
      return;
    }
    if (reader.targets == writer.targets) return;
    std::vector<bool> writes(plan_.targets.size());
    plan_.target_lists[writer.targets].for_each(
        [&](plan::TargetId target) { writes[target.value] = true; });
    plan::TargetId without;
    plan_.target_lists[reader.targets].for_each([&](plan::TargetId target) {
      if (!without.valid() && !writes[target.value]) without = target;
    });
    if (!without.valid()) return;
    refuse(read,
           fmt::format("`{}` does not run on `{}`, which reads its output here", read.written,
                       plan_.targets.name(without)),
           "each target reads its own; an output for all comes from a step that says `once`");
  }

  Resolver& resolver_;
  const plan::Plan& plan_;
  std::map<std::uint32_t, std::vector<bool>> before_;  // by reader: what it waits for
};

}  // namespace

void declare_outputs(const StepNode& node, plan::StepId id, Resolver& resolver) {
  const bool single = find_phrase(node.phrases, Phrase::Once) != nullptr ||
                      find_phrase(node.phrases, Phrase::On) == nullptr;
  if (node.children.empty()) {
    resolver.scope.outputs[node.name.text].push_back({id.value, 0, single});
    return;
  }
  for (std::uint32_t i = 0; i < node.children.size(); ++i) {
    resolver.scope.outputs[fmt::format("{}/{}", node.name.text, node.children[i].name.text)]
        .push_back({id.value, i, single});
  }
}

void check_outputs(Resolver& resolver) {
  OutputCheck check(resolver);
  for (const OutputRead& read : resolver.scope.reads) check.check(read);
}

}  // namespace sluice::compiler
