// What belongs where: for each phrase its words, and the places it may stand in.
#pragma once

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
  int header_position = 0;      // the order of a header's phrases; 0: anywhere
  bool repeats = false;         // may be said more than once
};

const PhraseRule& phrase_rule(Phrase phrase);

}  // namespace sluice::compiler
