// Where reading goes on behind a syntax error: at the next word that begins something, as the words
// and the layout have it.
#pragma once

#include <cstddef>
#include <string_view>

#include "compiler/tokens.h"

namespace sluice::compiler {

// What the error lies in: a list of such things.
enum class Container {
  File,
  EnvironmentBody,
  ProcedureBody,
  RoleBody,
  TargetBody,
  Header,
  StepBody,
  Block,
};

struct Mistake {
  std::size_t begin = 0;  // the token that began what could not be read
  std::size_t error = 0;  // the token that could not be read
  Container container = Container::File;
};

// The token to go on with: one that begins a thing of the container, the `}` that closes it, or the
// end of the file. Blocks in between are skipped as a whole. Always behind `begin`.
std::size_t resume_at(const TokenList& list, const Mistake& mistake);

// Whether a word begins a phrase of a step.
bool begins_phrase(std::string_view word);
// Whether a declaration begins at a token that is not the last one.
bool begins_declaration(const TokenList& list, std::size_t token);

}  // namespace sluice::compiler
