#include "compiler/step_rules.h"

#include <fmt/format.h>

#include <map>

#include "compiler/phrases.h"

namespace sluice::compiler {

namespace {

class StepRules {
 public:
  StepRules(const StepNode& node, StepPlace place, Report& report)
      : node_(node), place_(place), report_(report) {}

  void check() {
    std::map<Phrase, base::Span> seen;
    for (const PhraseNode& phrase : node_.phrases) {
      if (first_time(phrase, seen)) check_place(phrase);
    }
    check_header_order();
    check_works();
    if (place_ != StepPlace::Top) check_no_gates();
    check_verified();
  }

 private:
  bool first_time(const PhraseNode& phrase, std::map<Phrase, base::Span>& seen) {
    const auto [known, first] = seen.emplace(phrase.phrase, phrase.span);
    const PhraseRule& rule = phrase_rule(phrase.phrase);
    if (first || rule.repeats) return true;
    std::vector<std::string> hints;
    if (phrase.phrase == Phrase::Window) {
      hints.emplace_back("limits that hold together stand in one phrase: `window 6, 2 per zone`");
    }
    report_.error("E0303", phrase.span, fmt::format("`{}` is said twice", rule.words), hints,
                  {{known->second, "first said here"}});
    return false;
  }

  void check_place(const PhraseNode& phrase) {
    const PhraseRule& rule = phrase_rule(phrase.phrase);
    if (place_ == StepPlace::Gate && !rule.at_gate) {
      report_.error("E0311", phrase.span,
                    fmt::format("a step between batches has no `{}`", rule.words),
                    {"it runs on the controller, once between two batches"});
    } else if (place_ == StepPlace::Child && !rule.at_child) {
      report_.error("E0311", phrase.span,
                    fmt::format("a child step has no `{}` of its own", rule.words),
                    {"it belongs to the step around it"});
    } else if (place_ == StepPlace::Top && !node_.children.empty() && !rule.beside_children) {
      report_.error(
          "E0302", phrase.span,
          fmt::format("`{}` belongs beside a `run`, and this step has child steps", rule.words),
          {"say it in the child step that it is for"});
    } else if (phrase.in_header && !rule.in_header) {
      report_.error("E0302", phrase.span,
                    fmt::format("`{}` stands within the step, behind `{{`", rule.words));
    } else if (!phrase.in_header && !rule.in_body) {
      report_.error("E0302", phrase.span,
                    fmt::format("`{}` stands in the step's first line, before `{{`", rule.words));
    }
  }

  void check_header_order() {
    const PhraseNode* before = nullptr;
    for (const PhraseNode& phrase : node_.phrases) {
      const int position = phrase_rule(phrase.phrase).header_position;
      if (!phrase.in_header || position == 0) continue;
      if (before != nullptr && position < phrase_rule(before->phrase).header_position) {
        report_.error("E0304", phrase.span,
                      fmt::format("`{}` stands before `{}`", phrase_rule(phrase.phrase).words,
                                  phrase_rule(before->phrase).words),
                      {"the order is: once, on, where and except, window or batches, by, via"});
        return;
      }
      before = &phrase;
    }
  }

  void check_works() {
    const WorkNode* first[2] = {nullptr, nullptr};
    for (const WorkNode& work : node_.works) {
      const bool undo = work.kind == WorkNode::Kind::Undo;
      const std::string_view word = undo ? "undo" : "verify";
      if (const WorkNode*& known = first[undo ? 1 : 0]; known == nullptr) {
        known = &work;
      } else {
        report_.error("E0303", work.header_span, fmt::format("`{}` is said twice", word), {},
                      {{known->header_span, "first said here"}});
      }
      if (place_ == StepPlace::Gate) {
        report_.error("E0311", work.header_span,
                      fmt::format("a step between batches has no `{}`", word));
      } else if (undo && !node_.children.empty()) {
        report_.error("E0302", work.header_span,
                      "`undo` belongs beside a `run`, and this step has child steps",
                      {"say it in each child step that it takes back"});
      }
      check_work(work, word);
    }
  }

  void check_work(const WorkNode& work, std::string_view word) {
    std::map<Phrase, base::Span> seen;
    for (const PhraseNode& phrase : work.phrases) {
      if (!first_time(phrase, seen) || phrase_rule(phrase.phrase).in_work) continue;
      report_.error(
          "E0302", phrase.span,
          fmt::format("`{}` does not belong in `{}`", phrase_rule(phrase.phrase).words, word),
          {"beside its `run` stand `timeout`, `retry`, `takes`, `fails`, `uses` and "
           "`via`"});
    }
    if (work.runs.empty()) {
      report_.error("E0301", work.header_span, fmt::format("this `{}` does nothing", word),
                    {"it needs a `run`"});
    } else if (work.runs.size() > 1) {
      report_.error("E0301", work.runs[1].span, fmt::format("`{}` has one `run`", word), {},
                    {{work.runs[0].span, "the first one is here"}});
    }
  }

  void check_no_gates() {
    for (const base::Span span : node_.gate_spans) {
      report_.error("E0311", span,
                    place_ == StepPlace::Gate ? "this stands between batches already"
                                              : "a child step has no batches of its own",
                    {"say it at the step that has batches"});
    }
  }

  void check_verified() {
    const PhraseNode* skip = find_phrase(node_.phrases, Phrase::SkipVerified);
    if (skip == nullptr) return;
    for (const WorkNode& work : node_.works) {
      if (work.kind == WorkNode::Kind::Verify) return;
    }
    report_.error("E0312", skip->span, "`skip verified` asks a `verify`, and there is none",
                  {"say how it is verified: `verify { run … }`"});
  }

  const StepNode& node_;
  StepPlace place_;
  Report& report_;
};

}  // namespace

void check_step_phrases(const StepNode& node, StepPlace place, Report& report) {
  StepRules(node, place, report).check();
}

}  // namespace sluice::compiler
