// The syntax tree: the file as it stands, with spans, before any name is looked up. Plain values;
// no type of the parser generator. One struct a construct of docs/LANGUAGE.md.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/boxed.h"
#include "base/source.h"
#include "plan/value.h"

namespace sluice::compiler {

// A word or a string as it was written, unescaped, with its place.
struct Name {
  std::string text;
  base::Span span;
  bool quoted = false;  // written as a string
  bool broken = false;  // its mistake has been reported; say no more of it
};

// ---- expressions -------------------------------------------------------------------------------

struct ExpressionNode {
  enum class Kind : std::uint8_t {
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
  bool broken = false;  // its mistake has been reported; say no more of it
  base::Span span;
  base::Span name_span;
  plan::Value value;
  std::string name;
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

enum class Phrase : std::uint8_t {
  // where, how many at once, in which order: of a step
  Once,
  On,
  Where,
  Except,
  Window,
  Batches,
  By,
  Via,
  Order,
  Stagger,
  // when
  WithPrevious,
  After,
  WhenCondition,
  // what failures do
  Tolerate,
  OnFailure,
  Unreachable,
  // what it is
  Shared,
  Optional,
  Required,
  Disabled,
  Tags,
  SkipVerified,
  // of one action
  Timeout,
  Retry,
  Idempotent,
  Takes,
  Fails,
  Offline,
  Gives,
  Uses,
  Drains,
  Restores,
  Interrupts,
};

// `3`, `25% up`, `2 per zone`.
struct LimitNode {
  base::Span span;
  ExpressionNode value;
  bool round_up = false;
  std::optional<Name> per;  // a property; of `window` alone
};

// One phrase of a step with its words. Which fields are used depends on the phrase; the others are
// empty.
struct PhraseNode {
  Phrase phrase = Phrase::Once;
  bool in_header = false;     // stands before the step's `{`
  bool first = false;         // Via: `via first lb`
  bool in_lockstep = false;   // Batches
  bool rollback_all = false;  // OnFailure
  base::Span span;            // of the whole phrase
  // On: roles. Except: targets, as patterns. By: the property. Via: the role. After: steps. Tags.
  // Order: the word, and behind `target` the property. WhenCondition: success, failure or always
  // where it is written. OnFailure, Unreachable: the word. Takes: the model (normal, lognormal,
  // triangular, exponential, history) where it is written. Gives: the output. Uses: the resource.
  std::vector<Name> names;
  // Where, Stagger, Tolerate, Timeout, Fails, Offline, Gives, Uses: one. WhenCondition: the
  // expression, if there is one. Order: the seed. Unreachable: its `at most`. Retry: count, then
  // `every`. Takes: the model's durations, or one, or from and to.
  std::vector<ExpressionNode> values;
  std::vector<LimitNode> limits;        // Window, Batches
  base::Boxed<ExpressionNode> backoff;  // Retry
  base::Boxed<ExpressionNode> up_to;    // Retry: the longest pause
};

// `verify { … }`, `undo { … }`: one `run` and its settings.
struct WorkNode {
  enum class Kind { Verify, Undo };
  Kind kind = Kind::Verify;
  base::Span span;         // of the whole block
  base::Span header_span;  // of its first word
  std::vector<PhraseNode> phrases;
  std::vector<RunNode> runs;  // more or less than one is a mistake that resolving reports
};

// `backend = "web"` of a `use`.
struct ArgumentNode {
  base::Span span;
  Name name;
  ExpressionNode value;
};

// `use leave(backend = "web") as "green"`.
struct UseNode {
  base::Span span;
  Name procedure;
  std::vector<ArgumentNode> arguments;
  std::optional<Name> as;
};

// A step, child step, gate, or a `use` where such a step may stand.
struct StepNode {
  base::Span span;         // of the whole step
  base::Span header_span;  // `step "Name"`
  Name name;
  std::vector<PhraseNode> phrases;  // as written, of header and body
  std::vector<RunNode> runs;        // more than one is a mistake that resolving reports
  std::vector<WorkNode> works;      // `verify` and `undo`, as written
  std::vector<StepNode> children;
  std::vector<StepNode> gates;         // of all its `between batches`
  std::vector<base::Span> gate_spans;  // of each `between batches`
  base::Boxed<UseNode> use;            // then there is nothing else: it stands for its steps
  // Of a step that a `use` brought in: which of the resolver's frames holds its parameters.
  static constexpr std::uint32_t no_frame = 0xffff'ffff;
  std::uint32_t frame = no_frame;
  bool broken = false;  // a `use` in it brought in nothing, which has been reported
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
  base::Boxed<ExpressionNode> minimum;
};

struct VariableNode {
  base::Span span;
  Name name;
  std::optional<Name> type;
  base::Boxed<ExpressionNode> value;
};

struct DeploymentNode {
  base::Span span;
  Name name;
};

// `import "lib/haproxy.deploy"`, `inventory "hosts.ini"`: the path as it was written.
struct ImportNode {
  base::Span span;
  Name path;
};

struct InventoryNode {
  base::Span span;
  Name path;
};

// `secret token from env "TOKEN"`.
struct SecretNode {
  base::Span span;
  Name name;
  Name source;  // env, file, command; any word
  Name from;    // the variable, the path, the command
};

// `require unavailable(web per zone) <= 1 in 95% of runs`.
struct RequireNode {
  base::Span span;
  Name measure;  // available, unavailable, downtime, duration; any word
  base::Boxed<Name> role;
  base::Boxed<Name> per;
  Name comparison;  // ==, !=, <, <=, >, >=
  ExpressionNode bound;
  base::Boxed<ExpressionNode> share;
};

// `at most 50 targets`.
struct AtMostNode {
  base::Span span;
  ExpressionNode count;
};

struct DeadlineNode {
  base::Span span;
  ExpressionNode duration;
};

// `resource uplink 1Gbps`, `resource license 3`.
struct ResourceNode {
  base::Span span;
  Name name;
  ExpressionNode amount;
};

struct ParameterNode {
  base::Span span;
  Name name;
  Name type;  // any word
};

struct ProcedureNode {
  base::Span span;
  base::Span header_span;  // `procedure leave`
  Name name;
  std::vector<ParameterNode> parameters;
  std::vector<StepNode> steps;  // and uses
};

struct EnvironmentNode;

using DeclarationNode =
    std::variant<DeploymentNode, ImportNode, InventoryNode, RoleNode, ConnectNode, VariableNode,
                 SecretNode, EnvironmentNode, RequireNode, ProcedureNode, AtMostNode, DeadlineNode,
                 ResourceNode, StepNode>;

// `environment production { … }`.
struct EnvironmentNode {
  base::Span span;
  base::Span header_span;
  Name name;
  std::vector<DeclarationNode> declarations;  // of any kind: resolving says which do not belong
};

// Of a file there may be many, and they are large: none is moved while others come.
using Declarations = std::deque<DeclarationNode>;

struct SyntaxTree {
  base::FileId file;
  Declarations declarations;  // in file order
  // Of the declarations that could be read in part: what could not is missing in them.
  std::vector<base::Span> mistaken;
  bool complete = true;     // false: something could not be read
  bool names_known = true;  // false: so a name may be unknown for no fault of its own
};

}  // namespace sluice::compiler
