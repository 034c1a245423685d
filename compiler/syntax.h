// The syntax tree: the file as it stands, with spans, before any name is looked up. Plain values;
// no type of the parser generator. One struct a construct of docs/LANGUAGE.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/source.h"
#include "plan/value.h"

namespace sluice::compiler {

// A word or a string as it was written, unescaped, with its place.
struct Name {
  std::string text;
  base::Span span;
  bool quoted = false;  // written as a string
};

// ---- expressions -------------------------------------------------------------------------------

struct ExpressionNode {
  enum class Kind {
    Literal,       // value: a number, percentage, duration, size, rate, boolean or plain string
    TextBlock,     // value: a string; no interpolation
    Interpolated,  // operands: literal strings and expressions in turn
    Variable,      // name
    Property,      // operands[0].name: target.zone, host.address, deployment.name; target["a-b"]
    Index,         // operands[0][operands[1]]
    Unary,
    Binary,  // name: the operator as written (`not`, `-`, `+`, `==`, `and`, …)
    If,      // operands: condition, then, else
    Call,    // name; operands: arguments
    List,
  };
  Kind kind = Kind::Literal;
  base::Span span;
  plan::Value value;
  bool broken = false;  // its mistake has been reported; say no more of it
  std::string name;
  base::Span name_span;
  std::vector<ExpressionNode> operands;
};

// ---- actions and attributes --------------------------------------------------------------------

struct AttributeNode;
using AttributeBlock = std::vector<AttributeNode>;

// `name = expression`, or `name { "Key" = expression … }` for a map.
struct AttributeNode {
  Name name;
  base::Span span;
  std::optional<ExpressionNode> value;
  AttributeBlock map;  // where `value` is empty
};

// `run KIND argument { … }`; `run "command"` has an empty kind, which means `script`.
struct RunNode {
  base::Span span;  // of `run` and its kind and argument
  std::optional<Name> kind;
  std::optional<ExpressionNode> argument;
  AttributeBlock attributes;
};

// ---- phrases of a step -------------------------------------------------------------------------

enum class Phrase {
  // header
  Once,
  On,
  Window,
  Order,
  Via,
  WithPrevious,
  After,
  Shared,
  Where,
  // body
  Timeout,
  Retry,
  Tolerate,
  OnFailure,
  WhenCondition,
  Takes,
  Drains,
  Restores,
  Interrupts,
  Optional,
  Disabled,
};

// One phrase of a step with its words; which fields are used depends on the phrase.
struct PhraseNode {
  Phrase phrase = Phrase::Once;
  base::Span span;                     // of the whole phrase
  bool in_header = false;              // stands before the step's `{`
  std::vector<Name> names;             // On: roles; After: steps; Via: the role; OnFailure, When,
                                       // Order: the word
  std::vector<ExpressionNode> values;  // Window, Timeout, Retry (count, pause), Tolerate, Takes
  bool round_up = false;               // Window: `25% up`
  bool first = false;                  // Via: `via first lb`
};

struct StepNode {
  base::Span span;         // of the whole step
  base::Span header_span;  // `step "Name"`
  Name name;
  std::vector<PhraseNode> phrases;  // as written, of header and body
  std::vector<RunNode> runs;        // more than one is a mistake that resolving reports
  std::vector<StepNode> children;
};

// ---- declarations ------------------------------------------------------------------------------

struct ConnectNode {
  base::Span span;
  Name kind;  // ssh, local
  AttributeBlock settings;
};

struct TargetNode {
  base::Span span;
  Name pattern;  // with its ranges, not expanded
  AttributeBlock properties;
  std::vector<ConnectNode> connects;
};

struct RoleNode {
  base::Span span;
  Name name;
  std::vector<TargetNode> targets;
  std::vector<ConnectNode> connects;
  std::optional<ExpressionNode> minimum;
};

struct VariableNode {
  base::Span span;
  Name name;
  std::optional<Name> type;
  std::optional<ExpressionNode> value;
};

struct DeploymentNode {
  base::Span span;
  Name name;
};

using DeclarationNode = std::variant<DeploymentNode, RoleNode, VariableNode, ConnectNode, StepNode>;

struct SyntaxTree {
  base::FileId file;
  std::vector<DeclarationNode> declarations;  // in file order
  // Of the declarations that could be read in part: what could not is missing in them.
  std::vector<base::Span> mistaken;
  bool complete = true;     // false: something could not be read
  bool names_known = true;  // false: so a name may be unknown for no fault of its own
};

}  // namespace sluice::compiler
