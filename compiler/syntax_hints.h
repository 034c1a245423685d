// What to write instead, where the words around a mistake tell what was meant.
#pragma once

#include <string>

#include "compiler/syntax_errors.h"

namespace sluice::compiler {

// Of what stands between the things of a list (a file, a body, a header); empty: nothing is known.
std::string hint_in_place(const TokenList& list, const Unexpected& unexpected, Rule place);

// Of what stands within a declaration, phrase or attribute; empty: nothing is known.
std::string hint_within(const TokenList& list, const Unexpected& unexpected);

// Of a sign or quote of another language; empty: it is none.
std::string hint_of_sign(const TokenList& list, const Unexpected& unexpected);

}  // namespace sluice::compiler
