#include "compiler/build_step.h"

#include <utility>

#include "compiler/build_phrase.h"

namespace sluice::compiler {

bool StepBuilder::is_named(const RuleNode& node, Rule name, Rule body) const {
  const auto parts = rules_.children(node);
  return parts.size() > 1 && parts[0].rule == name && !parts[0].mistaken &&
         parts.back().rule == body;
}

std::span<const RuleNode> StepBuilder::items(const RuleNode& node, Rule body) const {
  for (const RuleNode& part : rules_.children(node)) {
    if (part.rule == body) return rules_.children(part);
  }
  return {};
}

void StepBuilder::check_item(const RuleNode& node) {
  for (const RuleNode& part : rules_.children(node)) {
    if (part.mistaken) {
      check_item(part);
      continue;
    }
    switch (part.rule) {
      case Rule::StepItem:
      case Rule::StepBody:
        check_item(part);
        break;
      case Rule::Attribute:
        expressions_.attribute(part);
        break;
      case Rule::Action:
        run(part);
        break;
      case Rule::Step:
        step(part);
        break;
      case Rule::Use:
        use(part);
        break;
      case Rule::Verify:
      case Rule::Undo:
        work(part);
        break;
      case Rule::Phrase:
        build_phrase(list_, rules_, part, node.rule == Rule::Step, expressions_);
        break;
      default:
        break;
    }
  }
}

StepNode StepBuilder::step(const RuleNode& node) {
  StepNode made;
  made.span = expressions_.span(node);
  made.name = expressions_.title(node);
  made.header_span = base::join(list_.span(node.first), made.name.span);
  for (const RuleNode& part : rules_.children(node)) {
    if (part.rule == Rule::Phrase && !part.mistaken) add_phrase(part, true, made.phrases);
  }
  for (const RuleNode& wrapped : items(node, Rule::StepBody)) add_item(wrapped, made);
  return made;
}

StepNode StepBuilder::use(const RuleNode& node) {
  StepNode made;
  made.span = expressions_.span(node);
  made.header_span = base::join(list_.span(node.first), list_.span(node.first + 1));
  UseNode use;
  use.span = made.span;
  use.procedure = expressions_.word(node.first + 1);
  for (const RuleNode& part : rules_.children(node)) {
    if (part.rule == Rule::Title) use.as = expressions_.quoted_name(rules_.children(part)[0]);
    if (part.rule != Rule::UseArguments) continue;
    for (const RuleNode& argument : rules_.children(part)) {
      use.arguments.push_back({expressions_.span(argument), expressions_.word(argument.first),
                               expressions_.build(rules_.children(argument)[0])});
    }
  }
  made.use = std::move(use);
  return made;
}

void StepBuilder::add_item(const RuleNode& wrapped, StepNode& step) {
  const auto parts = rules_.children(wrapped);
  if (parts.empty()) return;
  const RuleNode& item = parts[0];
  const bool whole = !wrapped.mistaken;
  switch (item.rule) {
    case Rule::Step:
      if (whole || is_named(item, Rule::Title, Rule::StepBody)) {
        step.children.push_back(this->step(item));
      } else {
        check_item(item);
      }
      return;
    case Rule::Gates:
      add_gates(item, step);
      return;
    case Rule::Verify:
    case Rule::Undo:
      step.works.push_back(work(item));
      return;
    default:
      break;
  }
  if (!whole) {
    check_item(wrapped);
  } else if (item.rule == Rule::Phrase) {
    add_phrase(item, false, step.phrases);
  } else if (item.rule == Rule::Use) {
    step.children.push_back(use(item));
  } else {
    step.runs.push_back(run(item));
  }
}

void StepBuilder::add_gates(const RuleNode& node, StepNode& step) {
  const base::Span span = base::join(list_.span(node.first), list_.span(node.end - 1));
  step.gate_spans.push_back(node.end > node.first + 1
                                ? base::join(list_.span(node.first), list_.span(node.first + 1))
                                : span);
  StepNode read;
  for (const RuleNode& wrapped : items(node, Rule::StepBody)) add_item(wrapped, read);
  for (StepNode& gate : read.children) step.gates.push_back(std::move(gate));
  for (const PhraseNode& phrase : read.phrases) {
    expressions_.report("E0302", phrase.span,
                        "between batches stand steps, each with its own phrases",
                        "write `between batches { step \"Name\" { run … } }`");
  }
  for (const RunNode& run : read.runs) {
    expressions_.report("E0302", run.span, "between batches stand steps, and a `run` within one",
                        "write `between batches { step \"Name\" { run … } }`");
  }
  for (const WorkNode& work : read.works) {
    expressions_.report("E0302", work.header_span, "between batches stand steps",
                        "write `between batches { step \"Name\" { run … } }`");
  }
  for (const base::Span inner : read.gate_spans) {
    expressions_.report("E0302", inner, "this stands between batches already", "take it out");
  }
}

WorkNode StepBuilder::work(const RuleNode& node) {
  WorkNode made;
  made.kind = node.rule == Rule::Undo ? WorkNode::Kind::Undo : WorkNode::Kind::Verify;
  made.span = expressions_.span(node);
  made.header_span = list_.span(node.first);
  StepNode read;
  for (const RuleNode& wrapped : items(node, Rule::StepBody)) add_item(wrapped, read);
  made.phrases = std::move(read.phrases);
  made.runs = std::move(read.runs);
  const std::string what = made.kind == WorkNode::Kind::Undo ? "undo" : "verify";
  const auto misplaced = [&](base::Span span) {
    expressions_.report("E0302", span, "`" + what + "` holds one `run` and its settings",
                        "as in `" + what + " { run \"…\" timeout 1m }`");
  };
  for (const StepNode& child : read.children) misplaced(child.header_span);
  for (const WorkNode& inner : read.works) misplaced(inner.header_span);
  for (const base::Span inner : read.gate_spans) misplaced(inner);
  return made;
}

void StepBuilder::add_phrase(const RuleNode& node, bool in_header,
                             std::vector<PhraseNode>& phrases) {
  auto made = build_phrase(list_, rules_, node, in_header, expressions_);
  if (made) phrases.push_back(*std::move(made));
}

RunNode StepBuilder::run(const RuleNode& node) {
  RunNode made;
  made.span = list_.span(node.first);
  if (list_.tokens[node.first + 1].kind == TokenKind::Word) {
    made.kind = expressions_.word(node.first + 1);
    made.span = base::join(made.span, made.kind->span);
  }
  for (const RuleNode& part : rules_.children(node)) {
    if (part.rule == Rule::Block) {
      made.attributes = expressions_.block(part);
      continue;
    }
    made.argument = argument(part);
    made.span = base::join(made.span, made.argument->span);
  }
  return made;
}

ExpressionNode StepBuilder::argument(const RuleNode& node) {
  if (node.child_count > 0) return expressions_.string(rules_.children(node)[0]);
  return list_.tokens[node.first].kind == TokenKind::TextBlock ? expressions_.text_block(node.first)
                                                               : expressions_.quantity(node.first);
}

}  // namespace sluice::compiler
