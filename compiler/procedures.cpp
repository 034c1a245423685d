#include "compiler/procedures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/most_errors.h"
#include "compiler/resolver.h"
#include "compiler/suggest.h"
#include "compiler/variable_names.h"

namespace sluice::compiler {

namespace {

constexpr std::size_t most_expanded = 20'000;
constexpr std::size_t most_nested = 128;

class Uses {
 public:
  explicit Uses(Resolver& resolver) : resolver_(resolver) {}

  void expand(SyntaxTree& tree) {
    std::erase_if(tree.declarations, [&](DeclarationNode& declaration) {
      auto* procedure = std::get_if<ProcedureNode>(&declaration);
      if (procedure != nullptr) declare(std::move(*procedure));
      return procedure != nullptr;
    });
    const auto uses = [](const DeclarationNode& declaration) {
      const auto* step = std::get_if<StepNode>(&declaration);
      return step != nullptr && step->use;
    };
    // Most files have none, and are large where they have none.
    if (std::none_of(tree.declarations.begin(), tree.declarations.end(), uses)) {
      for (DeclarationNode& declaration : tree.declarations) {
        if (auto* step = std::get_if<StepNode>(&declaration)) enter(*step, StepNode::no_frame);
      }
      return;
    }
    Declarations rest = std::exchange(tree.declarations, {});
    std::vector<StepNode> steps;
    std::map<Key, base::Span> seen;
    for (DeclarationNode& declaration : rest) {
      auto* step = std::get_if<StepNode>(&declaration);
      if (step == nullptr) {
        tree.declarations.push_back(std::move(declaration));
        continue;
      }
      steps.clear();
      take(std::move(*step), StepNode::no_frame, seen, steps);
      for (StepNode& made : steps) tree.declarations.emplace_back(std::move(made));
    }
  }

 private:
  // A procedure's steps may stand among siblings once under each `as`.
  using Key = std::pair<std::string, std::string>;

  void declare(ProcedureNode node) {
    check_parameters(node);
    const auto known = procedures_.find(node.name.text);
    if (known != procedures_.end()) {
      resolver_.report.error("E0202", node.name.span,
                             fmt::format("the procedure `{}` is declared twice", node.name.text),
                             {}, {{known->second.name.span, "first declared here"}});
      return;
    }
    if (node.steps.empty()) {
      resolver_.report.error("E0608", node.header_span, "a procedure has at least one step");
    }
    const std::string name = node.name.text;
    procedures_.emplace(name, std::move(node));
  }

  void check_parameters(const ProcedureNode& node) {
    std::map<std::string, base::Span> seen;
    for (const ParameterNode& parameter : node.parameters) {
      const std::string& name = parameter.name.text;
      const std::string refused = refused_variable_name(name);
      if (!refused.empty()) {
        resolver_.report.error("E0209", parameter.name.span,
                               fmt::format("a parameter cannot be called `{}`: {}", name, refused),
                               {fmt::format("call it `the_{}`, say", name)});
      }
      const auto [known, fresh] = seen.emplace(name, parameter.name.span);
      if (!fresh) {
        resolver_.report.error("E0202", parameter.name.span,
                               fmt::format("the parameter `{}` is declared twice", name), {},
                               {{known->second, "first declared here"}});
      }
      find_type(parameter.type, resolver_);
    }
  }

  // The step as it stands, or the steps that it stands for.
  void take(StepNode node, std::uint32_t frame, std::map<Key, base::Span>& seen,
            std::vector<StepNode>& made) {
    if (node.use) return use(*node.use, frame, seen, made);
    enter(node, frame);
    made.push_back(std::move(node));
  }

  // A step that is no `use`, with what stands in it.
  void enter(StepNode& node, std::uint32_t frame) {
    node.frame = frame;
    const bool before = std::exchange(resolver_.steps_missing, false);
    take_all(node.children, frame);
    take_all(node.gates, frame);
    node.broken = std::exchange(resolver_.steps_missing, before);
  }

  void take_all(std::vector<StepNode>& nodes, std::uint32_t frame) {
    const bool uses = std::any_of(nodes.begin(), nodes.end(),
                                  [](const StepNode& node) { return node.use.has_value(); });
    if (!uses) {
      for (StepNode& node : nodes) enter(node, frame);
      return;
    }
    std::vector<StepNode> made;
    std::map<Key, base::Span> seen;
    for (StepNode& node : nodes) take(std::move(node), frame, seen, made);
    nodes = std::move(made);
  }

  void use(const UseNode& node, std::uint32_t frame, std::map<Key, base::Span>& seen,
           std::vector<StepNode>& made) {
    const std::size_t there = made.size();
    put_in(node, frame, seen, made);
    if (made.size() == there) resolver_.steps_missing = true;
  }

  void put_in(const UseNode& node, std::uint32_t frame, std::map<Key, base::Span>& seen,
              std::vector<StepNode>& made) {
    if (base::is_full(resolver_.diagnostics)) return;
    const auto found = procedures_.find(node.procedure.text);
    if (found == procedures_.end()) return report_unknown(node);
    const ProcedureNode& procedure = found->second;
    const auto [before, fresh] =
        seen.emplace(Key{node.procedure.text, node.as ? node.as->text : ""}, node.span);
    if (!fresh) {
      resolver_.report.error(
          "E0611", node.span,
          fmt::format("the steps of `{}` stand here twice under the same names",
                      node.procedure.text),
          {fmt::format("write `use {}(…) as \"second\"`: its steps are called `second: …` then",
                       node.procedure.text)},
          {{before->second, "first used here"}});
      return;
    }
    if (node.as && node.as->text.empty()) {
      resolver_.report.error("E0215", node.as->span, "the name behind `as` is empty");
      return;
    }
    if (is_circle(node)) return;
    if (open_.size() == most_nested) {
      resolver_.report.error(
          "E0612", node.span,
          fmt::format("procedures use one another more than {} deep", most_nested));
      return;
    }
    if (!check_arguments(node, procedure)) return;
    if ((expanded_ += count(procedure.steps)) > most_expanded) {
      if (expanded_before_) return;
      expanded_before_ = true;
      resolver_.report.error("E0612", node.span,
                             "procedures stand for more steps here than 20,000");
      return;
    }
    std::vector<StepNode> steps = procedure.steps;
    const auto inner = static_cast<std::uint32_t>(resolver_.frames.size());
    resolver_.frames.push_back({procedure.parameters, node.arguments, frame});
    if (node.as) rename(steps, node.as->text);
    open_.push_back(node.procedure.text);
    std::map<Key, base::Span> inside;
    for (StepNode& step : steps) {
      const bool uses = step.use.has_value();
      // A `use` in a procedure is prefixed by both.
      if (uses && node.as) {
        Name& as = step.use->as.emplace(step.use->as.value_or(Name{"", step.use->span, true}));
        as.text = as.text.empty() ? node.as->text : node.as->text + ": " + as.text;
      }
      take(std::move(step), inner, inside, made);
    }
    open_.pop_back();
  }

  void report_unknown(const UseNode& node) {
    std::vector<std::string> names;
    for (const auto& [name, procedure] : procedures_) {
      if (resolver_.report.helps()) names.push_back(name);
    }
    auto hints = did_you_mean(node.procedure.text, names);
    if (hints.empty() && !names.empty() && names.size() < 12) {
      hints.push_back(there_are(names));
    }
    resolver_.report.error("E0607", node.procedure.span,
                           fmt::format("there is no procedure `{}`", node.procedure.text),
                           std::move(hints));
  }

  bool is_circle(const UseNode& node) {
    const auto again = std::find(open_.begin(), open_.end(), node.procedure.text);
    if (again == open_.end()) return false;
    std::string way;
    for (auto at = again; at != open_.end(); ++at) way += fmt::format("`{}` > ", *at);
    resolver_.report.error(
        "E0610", node.procedure.span,
        fmt::format("procedures use each other in a circle: {}`{}`", way, node.procedure.text));
    return true;
  }

  bool check_arguments(const UseNode& node, const ProcedureNode& procedure) {
    std::vector<std::string> names;
    for (const ParameterNode& parameter : procedure.parameters) {
      names.push_back(parameter.name.text);
    }
    std::map<std::string, base::Span> given;
    bool good = true;
    for (const ArgumentNode& argument : node.arguments) {
      const std::string& name = argument.name.text;
      const auto [known, fresh] = given.emplace(name, argument.name.span);
      if (!fresh) {
        good = false;
        resolver_.report.error("E0609", argument.name.span,
                               fmt::format("`{}` is given twice", name), {},
                               {{known->second, "first given here"}});
      } else if (std::find(names.begin(), names.end(), name) == names.end()) {
        good = false;
        auto hints = did_you_mean(name, names);
        if (hints.empty()) {
          hints.push_back(names.empty() ? "it has no parameters"
                                        : fmt::format("it has {}", fmt::join(names, ", ")));
        }
        resolver_.report.error(
            "E0609", argument.name.span,
            fmt::format("the procedure `{}` has no parameter `{}`", procedure.name.text, name),
            std::move(hints), {{procedure.header_span, "declared here"}});
      }
    }
    if (!good) return false;  // one that is missing may be one that is called otherwise
    for (const ParameterNode& parameter : procedure.parameters) {
      if (given.count(parameter.name.text) > 0) continue;
      good = false;
      resolver_.report.error(
          "E0609", node.procedure.span,
          fmt::format("the parameter `{}` is not given", parameter.name.text),
          {fmt::format("write `use {}({} = …)`", procedure.name.text, parameter.name.text)},
          {{parameter.span, "declared here"}});
    }
    return good;
  }

  static std::size_t count(const std::vector<StepNode>& steps) {
    std::size_t total = steps.size();
    for (const StepNode& step : steps) total += count(step.children) + count(step.gates);
    return total;
  }

  // The steps are called `PREFIX: NAME`, and so are they where the procedure names them itself.
  static void rename(std::vector<StepNode>& steps, const std::string& prefix) {
    std::vector<std::string> names;
    for (const StepNode& step : steps) {
      if (!step.use) names.push_back(step.name.text);
    }
    for (StepNode& step : steps) {
      if (!step.use) step.name.text = prefix + ": " + step.name.text;
      rename_mentions(step, names, prefix);
    }
  }

  static void rename_mentions(StepNode& step, const std::vector<std::string>& names,
                              const std::string& prefix) {
    for (PhraseNode& phrase : step.phrases) rename_in(phrase, names, prefix);
    for (RunNode& run : step.runs) rename_in(run, names, prefix);
    for (WorkNode& work : step.works) {
      for (PhraseNode& phrase : work.phrases) rename_in(phrase, names, prefix);
      for (RunNode& run : work.runs) rename_in(run, names, prefix);
    }
    for (StepNode& child : step.children) rename_mentions(child, names, prefix);
    for (StepNode& gate : step.gates) rename_mentions(gate, names, prefix);
    if (!step.use) return;
    for (ArgumentNode& argument : step.use->arguments) rename_in(argument.value, names, prefix);
  }

  static void rename_in(PhraseNode& phrase, const std::vector<std::string>& names,
                        const std::string& prefix) {
    if (phrase.phrase == Phrase::After) {
      for (Name& name : phrase.names) {
        const bool own = std::find(names.begin(), names.end(), name.text) != names.end();
        if (own) name.text = prefix + ": " + name.text;
      }
    }
    for (ExpressionNode& value : phrase.values) rename_in(value, names, prefix);
  }

  static void rename_in(RunNode& run, const std::vector<std::string>& names,
                        const std::string& prefix) {
    if (run.argument) rename_in(*run.argument, names, prefix);
    rename_in(run.attributes, names, prefix);
  }

  static void rename_in(AttributeBlock& block, const std::vector<std::string>& names,
                        const std::string& prefix) {
    for (AttributeNode& attribute : block) {
      if (attribute.value) rename_in(*attribute.value, names, prefix);
      rename_in(attribute.map, names, prefix);
    }
  }

  // `steps["NAME"]` and `steps["NAME/CHILD"]`.
  static void rename_in(ExpressionNode& node, const std::vector<std::string>& names,
                        const std::string& prefix) {
    const bool steps = node.kind == ExpressionNode::Kind::Index && node.operands.size() == 2 &&
                       node.operands[0].kind == ExpressionNode::Kind::Variable &&
                       node.operands[0].name == "steps";
    if (steps) {
      auto* text = std::get_if<std::string>(&node.operands[1].value.content);
      if (text != nullptr && node.operands[1].kind == ExpressionNode::Kind::Literal) {
        const std::string step = text->substr(0, text->find('/'));
        const bool own = std::find(names.begin(), names.end(), step) != names.end() ||
                         std::find(names.begin(), names.end(), *text) != names.end();
        if (own) text->insert(0, prefix + ": ");
      }
    }
    for (ExpressionNode& operand : node.operands) rename_in(operand, names, prefix);
  }

  Resolver& resolver_;
  std::map<std::string, ProcedureNode> procedures_;
  std::vector<std::string> open_;  // the procedures whose steps are taken, from the outside
  std::size_t expanded_ = 0;
  bool expanded_before_ = false;
};

}  // namespace

void expand_uses(SyntaxTree& tree, Resolver& resolver) {
  Uses(resolver).expand(tree);
}

namespace {

// Procedures that hand on twice what they were given would double it each time.
constexpr std::size_t most_parts_given = 10'000;

std::size_t parts_of(const plan::Expression& expression) {
  std::size_t parts = 1;
  for (const plan::Expression& operand : expression.operands) parts += parts_of(operand);
  return parts;
}

}  // namespace

void enter_frame(std::uint32_t frame, Resolver& resolver) {
  resolver.scope.parameters.clear();
  if (frame == StepNode::no_frame) return;
  const Frame entered = resolver.frames[frame];
  enter_frame(entered.outer, resolver);
  std::map<std::string, ParameterEntry> parameters;
  for (const ParameterNode& parameter : entered.parameters) {
    ParameterEntry entry;
    entry.broken = true;
    const auto given =
        std::find_if(entered.arguments.begin(), entered.arguments.end(),
                     [&](const auto& one) { return one.name.text == parameter.name.text; });
    const auto type = plan::type_of_name(parameter.type.text);
    if (given != entered.arguments.end() && type) {
      auto value = resolver.expressions.resolve(
          given->value, {fmt::format("the parameter `{}`", parameter.name.text),
                         {*type},
                         plan::Stage::AtRunTime});
      if (value && parts_of(*value) > most_parts_given) {
        resolver.report.error("E0217", given->span,
                              fmt::format("the parameter `{}` stands for more than {} values here",
                                          parameter.name.text, most_parts_given));
      } else if (value) {
        entry = {*std::move(value), false, false};
      }
    }
    parameters.emplace(parameter.name.text, std::move(entry));
  }
  resolver.scope.parameters = std::move(parameters);
}

}  // namespace sluice::compiler
