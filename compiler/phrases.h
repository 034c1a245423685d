// What belongs where: for each phrase its words, and the places it may stand in.
#pragma once

#include <span>
#include <string_view>

#include "compiler/syntax.h"

namespace sluice::compiler {

struct PhraseRule {
  Phrase phrase;
  std::string_view words;       // as it is written
  bool in_header = true;        // may stand before the step's `{`
  bool in_body = true;          // may stand behind it
  bool at_child = false;        // may belong to a child step
  bool beside_children = true;  // may belong to a step that has child steps
  bool in_work = false;         // may stand in `verify { … }` or `undo { … }`
  bool at_gate = false;         // may belong to a step of `between batches`
  int header_position = 0;      // the order of a header's phrases; 0: anywhere
  bool repeats = false;         // may be said more than once
};

const PhraseRule& phrase_rule(Phrase phrase);

// The first of that kind; nullptr: it is not said.
const PhraseNode* find_phrase(std::span<const PhraseNode> phrases, Phrase phrase);

}  // namespace sluice::compiler
