#include "compiler/phrases.h"

#include <array>

#include "base/check.h"

namespace sluice::compiler {

namespace {

constexpr bool yes = true;
constexpr bool no = false;

// What a phrase concerns decides where it may stand: a step's header, its body, a child step,
// beside child steps, within `verify` and `undo`. Last its place in the header's order; 0:
// anywhere.
constexpr std::array rules = {
    PhraseRule{Phrase::Once, "once", yes, no, no, yes, no, no, 1},
    PhraseRule{Phrase::On, "on", yes, no, no, yes, no, no, 2},
    PhraseRule{Phrase::Where, "where", yes, no, no, yes, no, no, 3},
    PhraseRule{Phrase::Except, "except", yes, no, no, yes, no, no, 3},
    PhraseRule{Phrase::Window, "window", yes, no, no, yes, no, no, 4},
    PhraseRule{Phrase::Batches, "batches", yes, no, no, yes, no, no, 4},
    PhraseRule{Phrase::By, "by", yes, no, no, yes, no, no, 5},
    PhraseRule{Phrase::Via, "via", yes, no, yes, no, yes, yes, 6},
    PhraseRule{Phrase::Order, "order", yes, yes, no, yes, no, no, 0},
    PhraseRule{Phrase::Stagger, "stagger", yes, yes, no, yes, no, no, 0},
    PhraseRule{Phrase::WithPrevious, "with previous", yes, yes, no, yes, no, no, 0},
    PhraseRule{Phrase::After, "after", yes, yes, no, yes, no, no, 0},
    PhraseRule{Phrase::Shared, "shared", yes, yes, no, yes, no, no, 0},
    PhraseRule{Phrase::Optional, "optional", yes, yes, no, yes, no, no, 0},
    PhraseRule{Phrase::Required, "required", yes, yes, no, yes, no, no, 0},
    PhraseRule{Phrase::Tolerate, "tolerate", yes, yes, no, yes, no, no, 0},
    PhraseRule{Phrase::Unreachable, "unreachable", yes, yes, no, yes, no, no, 0},
    PhraseRule{Phrase::OnFailure, "on failure", yes, yes, yes, yes, no, yes, 0},
    PhraseRule{Phrase::WhenCondition, "when", yes, yes, yes, yes, no, no, 0},
    PhraseRule{Phrase::Disabled, "disabled", yes, yes, yes, yes, no, yes, 0},
    PhraseRule{Phrase::Tags, "tags", yes, yes, yes, yes, no, no, 0},
    PhraseRule{Phrase::SkipVerified, "skip verified", no, yes, yes, yes, no, no, 0},
    PhraseRule{Phrase::Timeout, "timeout", no, yes, yes, no, yes, yes, 0},
    PhraseRule{Phrase::Retry, "retry", no, yes, yes, no, yes, yes, 0},
    PhraseRule{Phrase::Idempotent, "idempotent", no, yes, yes, no, yes, yes, 0},
    PhraseRule{Phrase::Takes, "takes", no, yes, yes, no, yes, yes, 0},
    PhraseRule{Phrase::Fails, "fails", no, yes, yes, no, yes, yes, 0},
    PhraseRule{Phrase::Offline, "offline", no, yes, yes, no, no, no, 0},
    PhraseRule{Phrase::Gives, "gives", no, yes, yes, no, no, yes, 0, yes},
    PhraseRule{Phrase::Uses, "uses", no, yes, yes, no, yes, yes, 0, yes},
    PhraseRule{Phrase::Drains, "drains", no, yes, yes, no, no, no, 0},
    PhraseRule{Phrase::Restores, "restores", no, yes, yes, no, no, no, 0},
    PhraseRule{Phrase::Interrupts, "interrupts", no, yes, yes, no, no, no, 0},
};

}  // namespace

const PhraseRule& phrase_rule(Phrase phrase) {
  for (const PhraseRule& rule : rules) {
    if (rule.phrase == phrase) return rule;
  }
  SLUICE_CHECK(false, "a phrase has no rule");
  return rules[0];
}

const PhraseNode* find_phrase(std::span<const PhraseNode> phrases, Phrase phrase) {
  for (const PhraseNode& candidate : phrases) {
    if (candidate.phrase == phrase) return &candidate;
  }
  return nullptr;
}

}  // namespace sluice::compiler
