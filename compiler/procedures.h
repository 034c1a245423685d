// Procedures: their steps put in the place of each `use`, and what their parameters were given.
#pragma once

#include <vector>

#include "compiler/syntax.h"

namespace sluice::compiler {

struct Resolver;

// What one `use` gave to a procedure; the steps that it brought in name it as theirs.
struct Frame {
  std::vector<ParameterNode> parameters;
  std::vector<ArgumentNode> arguments;
  std::uint32_t outer = StepNode::no_frame;  // where the arguments are worked out
};

// Takes the procedures out of the tree and puts their steps where they are used.
void expand_uses(SyntaxTree& tree, Resolver& resolver);

// Makes the parameters of the frame those that names in expressions mean: for the steps that it
// brought in. `no_frame`: none.
void enter_frame(std::uint32_t frame, Resolver& resolver);

}  // namespace sluice::compiler
