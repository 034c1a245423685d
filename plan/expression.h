// Typed expression trees and their one evaluator, used by the compiler (folding), the scheduler,
// the simulator and the runtime alike. Pure: what an expression may look at is handed in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/value.h"

namespace sluice::plan {

// When an expression can be evaluated, from the earliest to the latest.
enum class Stage : std::uint8_t { Known, PerTarget, PerHost, AtRunTime };

enum class Operator : std::uint8_t {
  // leaves
  Constant,            // value
  TargetProperty,      // name: a property of the step's target; `name` and `address` always exist
  HostProperty,        // name: a property of the target that the action runs on (`via`)
  DeploymentProperty,  // name: `name` and `environment` (folded), `id` and `status` (at run time)
  StepOutput,          // name: of an output; `source`: whose. A string, at run time
  SecretReference,     // name: of a secret; of type Secret. Never evaluated: see plan::Secret
  // composition
  Concatenate,  // operands: the parts of an interpolated string; any type but a list
  Negate,
  Not,
  Add,
  Subtract,
  Multiply,
  Divide,
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  And,
  Or,
  IfThenElse,  // operands: condition, then, else
  Call,        // name: a function of the language; operands: its arguments
  MakeList,
};

// Whose output a StepOutput reads: that of the reader's own target, or the one of a step with a
// single lane (`once`, or on the controller), which all read.
struct OutputSource {
  static constexpr std::uint32_t none = 0xffff'ffff;
  std::uint32_t step = none;  // StepId
  std::uint32_t task = 0;     // position in the step's tasks
  bool single = false;        // lane 0, whoever reads
  bool operator==(const OutputSource&) const = default;
};

struct Expression {
  Operator op = Operator::Constant;
  Type type = Type::String;
  Stage stage = Stage::Known;
  Value value;          // of a Constant
  std::string name;     // of a property, an output, a secret or a call
  OutputSource source;  // of a StepOutput
  std::vector<Expression> operands;

  bool operator==(const Expression&) const = default;
};

Expression constant(Value value);

// Where an expression's leaves are read. A property that is not there is an error, not a default.
class Environment {
 public:
  virtual ~Environment() = default;
  virtual std::optional<Value> target_property(std::string_view name) const = 0;
  virtual std::optional<Value> host_property(std::string_view name) const = 0;
  virtual std::optional<Value> deployment_property(std::string_view name) const = 0;
  // What a step has written so far; nothing: not written. There is none where nothing has run.
  virtual std::optional<Value> output(const OutputSource& source, std::string_view name) const;
};

// Fails on overflow, division by zero, a property that is not there, or one of another type than
// the expression says (a property's type may differ between targets).
base::Result<Value> evaluate(const Expression& expression, const Environment& environment);

// The constant's value, or nothing where the expression is not one.
const Value* constant_value(const Expression& expression);

}  // namespace sluice::plan
