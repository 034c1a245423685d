// Source text ─▶ declarations ─▶ syntax tree. The only door to the generated parser (grammar/),
// which is seen by parse.cpp alone.
#pragma once

#include <cstdint>

#include "base/diagnostics.h"
#include "base/source.h"
#include "compiler/lexer.h"
#include "compiler/rule_tree.h"
#include "compiler/syntax.h"
#include "compiler/tokens.h"

namespace sluice::compiler {

// The tokens [begin, end) of one declaration and the rules that cover them. Both are gone when the
// visitor returns.
struct ParsedDeclaration {
  const TokenList& list;
  const RuleTree& rules;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool mistaken = false;  // it has a syntax error, which has been reported
};

class DeclarationVisitor {
 public:
  virtual ~DeclarationVisitor() = default;
  struct Beginning {
    bool repaired = false;   // strings or braces were missing or too many
    bool too_large = false;  // to be of use with the mistake of syntax that it has
  };
  // Once, before the first declaration. Whether to be told of them; mistakes are reported anyway.
  virtual bool begin(Beginning beginning) = 0;
  virtual void declaration(const ParsedDeclaration& parsed) = 0;
};

// How what has no mistake is read: by the grammar's tables, or for a test by the generated parser,
// which reads everything else in any case.
enum class Reading : std::uint8_t { Tables, Generated };

// Every declaration of the file, in order. False: nothing of it can be read, and why was reported.
bool read_declarations(const base::Sources& sources, base::FileId file,
                       base::Diagnostics& diagnostics, DeclarationVisitor& visitor,
                       Reading reading = Reading::Tables);

// The grammar's words, signs and their numbers, for the lexer.
TokenTypes token_types();

// Reports every syntax error it can find, in the user's words, and returns what could be read: a
// declaration or step with an error in it may be missing. Bounded: 16 MiB of text, 128 levels of
// nesting; beyond that one error and an empty tree. Past 1,000 errors the rest is not read.
SyntaxTree parse(const base::Sources& sources, base::FileId file, base::Diagnostics& diagnostics);

}  // namespace sluice::compiler
