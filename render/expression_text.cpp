#include "render/expression_text.h"

#include <fmt/format.h>

#include "plan/arithmetic.h"

namespace sluice::render {

namespace {

using plan::Expression;
using plan::Operator;

// The higher, the tighter it binds.
int strength(Operator op) {
  switch (op) {
    case Operator::IfThenElse:
      return 0;
    case Operator::Or:
      return 1;
    case Operator::And:
      return 2;
    case Operator::Not:
      return 3;
    case Operator::Equal:
    case Operator::NotEqual:
    case Operator::Less:
    case Operator::LessOrEqual:
    case Operator::Greater:
    case Operator::GreaterOrEqual:
      return 4;
    case Operator::Add:
    case Operator::Subtract:
      return 5;
    case Operator::Multiply:
    case Operator::Divide:
      return 6;
    case Operator::Negate:
      return 7;
    default:
      return 8;
  }
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      case '"':
      case '\\':
        out += '\\';
        [[fallthrough]];
      default:
        out += c;
    }
  }
  return out;
}

std::string value_text(const plan::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.content)) {
    return fmt::format("\"{}\"", escaped(*text));
  }
  const auto* list = std::get_if<plan::Value::List>(&value.content);
  if (list == nullptr) return plan::to_text(value);
  std::string text;
  for (const plan::Value& item : *list) text += (text.empty() ? "" : ", ") + value_text(item);
  return "[" + text + "]";
}

class Writer {
 public:
  explicit Writer(const plan::Plan& plan) : plan_(plan) {}

  std::string text(const Expression& row, int least = 0) const {
    const int own = strength(row.op);
    std::string out = written(row, own);
    return own < least ? "(" + out + ")" : out;
  }

 private:
  std::string property(std::string_view owner, const std::string& name) const {
    return name.find('-') == std::string::npos ? fmt::format("{}.{}", owner, name)
                                               : fmt::format("{}[\"{}\"]", owner, escaped(name));
  }

  std::string written(const Expression& row, int own) const {
    const auto& parts = row.operands;
    switch (row.op) {
      case Operator::Constant:
        return value_text(row.value);
      case Operator::TargetProperty:
        return property("target", row.name);
      case Operator::HostProperty:
        return property("host", row.name);
      case Operator::DeploymentProperty:
        return property("deployment", row.name);
      case Operator::StepOutput:
        return output(row);
      case Operator::SecretReference:
        return row.name;
      case Operator::Concatenate:
        return interpolated(parts);
      case Operator::Not:
        return "not " + text(parts[0], own);
      case Operator::Negate:
        return "-" + text(parts[0], own);
      case Operator::IfThenElse:
        return fmt::format("if {} then {} else {}", text(parts[0], 1), text(parts[1], 1),
                           text(parts[2], 1));
      case Operator::Call:
        return fmt::format("{}({})", row.name, items(parts));
      case Operator::MakeList:
        return fmt::format("[{}]", items(parts));
      default:
        return fmt::format("{} {} {}", text(parts[0], own), plan::operator_sign(row.op),
                           text(parts[1], own + 1));
    }
  }

  std::string items(const std::vector<Expression>& parts) const {
    std::string out;
    for (const Expression& part : parts) out += (out.empty() ? "" : ", ") + text(part);
    return out;
  }

  std::string interpolated(const std::vector<Expression>& parts) const {
    std::string out;
    for (const Expression& part : parts) {
      const plan::Value* value = plan::constant_value(part);
      out += value != nullptr ? escaped(plan::to_text(*value)) : "${" + text(part) + "}";
    }
    return "\"" + out + "\"";
  }

  std::string output(const Expression& row) const {
    const plan::StepId id{row.source.step};
    if (!plan_.steps.contains(id)) return row.name;
    const plan::Step& step = plan_.steps[id];
    std::string name = step.name;
    if (step.has_child_steps && row.source.task < step.tasks.size()) {
      name += "/" + step.tasks[row.source.task].name;
    }
    return fmt::format("steps[\"{}\"].outputs.{}", escaped(name), row.name);
  }

  const plan::Plan& plan_;
};

}  // namespace

std::string expression_text(const plan::Plan& plan, const Expression& expression) {
  return Writer(plan).text(expression);
}

}  // namespace sluice::render
