#include "compiler/phrases.h"

#include <array>

#include "base/check.h"

namespace sluice::compiler {

namespace {

constexpr bool yes = true;
constexpr bool no = false;

//                           words              header body child beside children, position
constexpr std::array rules = {
    PhraseRule{Phrase::Once, "once", yes, no, no, yes, 1},
    PhraseRule{Phrase::On, "on", yes, no, no, yes, 2},
    PhraseRule{Phrase::Window, "window", yes, no, no, yes, 3},
    PhraseRule{Phrase::Via, "via", yes, no, yes, no, 4},
    PhraseRule{Phrase::Order, "order", yes, yes, no, yes, 0},
    PhraseRule{Phrase::WithPrevious, "with previous", yes, yes, no, yes, 0},
    PhraseRule{Phrase::After, "after", yes, yes, no, yes, 0},
    PhraseRule{Phrase::Shared, "shared", yes, yes, no, yes, 0},
    PhraseRule{Phrase::Optional, "optional", yes, yes, no, yes, 0},
    PhraseRule{Phrase::Tolerate, "tolerate", yes, yes, no, yes, 0},
    PhraseRule{Phrase::OnFailure, "on failure", yes, yes, yes, yes, 0},
    PhraseRule{Phrase::WhenCondition, "when", yes, yes, yes, yes, 0},
    PhraseRule{Phrase::Disabled, "disabled", yes, yes, yes, yes, 0},
    PhraseRule{Phrase::Timeout, "timeout", no, yes, yes, no, 0},
    PhraseRule{Phrase::Retry, "retry", no, yes, yes, no, 0},
    PhraseRule{Phrase::Takes, "takes", no, yes, yes, no, 0},
    PhraseRule{Phrase::Drains, "drains", no, yes, yes, no, 0},
    PhraseRule{Phrase::Restores, "restores", no, yes, yes, no, 0},
    PhraseRule{Phrase::Interrupts, "interrupts", no, yes, yes, no, 0},
};

}  // namespace

const PhraseRule& phrase_rule(Phrase phrase) {
  for (const PhraseRule& rule : rules) {
    if (rule.phrase == phrase) return rule;
  }
  SLUICE_CHECK(false, "a phrase has no rule");
  return rules[0];
}

}  // namespace sluice::compiler
