#include "plan/arithmetic.h"

#include <fmt/format.h>

#include <limits>

#include "base/check.h"

namespace sluice::plan {

namespace {

using base::Error;
using base::Result;

constexpr std::int64_t one = 1'000'000;

bool is_quantity(Type type) {
  return type == Type::Duration || type == Type::Percentage || type == Type::Size ||
         type == Type::Rate;
}

bool has_order(Type type) {
  return type != Type::Boolean && type != Type::List;
}

// The integer that a number or a quantity is counted in.
std::int64_t amount(const Value& value) {
  switch (value.type()) {
    case Type::Number:
      return std::get<Number>(value.content).micros;
    case Type::Duration:
      return std::get<base::Duration>(value.content).ms;
    case Type::Percentage:
      return std::get<Percentage>(value.content).micros;
    case Type::Size:
      return std::get<Size>(value.content).bytes;
    case Type::Rate:
      return std::get<Rate>(value.content).bits_per_second;
    default:
      break;
  }
  SLUICE_CHECK(false, "a value without an amount was counted");
  return 0;
}

Value with_amount(Type type, std::int64_t count) {
  switch (type) {
    case Type::Number:
      return Value{Number{count}};
    case Type::Duration:
      return Value{base::Duration{count}};
    case Type::Percentage:
      return Value{Percentage{count}};
    case Type::Size:
      return Value{Size{count}};
    case Type::Rate:
      return Value{Rate{count}};
    default:
      break;
  }
  SLUICE_CHECK(false, "a type without an amount was counted");
  return {};
}

Error overflow(Operator op, const Value& left, const Value& right) {
  return {
      fmt::format("{} {} {} is out of range", to_text(left), operator_sign(op), to_text(right))};
}

// a * b / c in 128 bits, toward zero; nothing where it does not fit in 64.
__extension__ typedef __int128 Wide;
std::optional<std::int64_t> scaled(std::int64_t a, std::int64_t b, std::int64_t c) {
  const Wide wide = static_cast<Wide>(a) * b / c;
  if (wide > std::numeric_limits<std::int64_t>::max() ||
      wide < std::numeric_limits<std::int64_t>::min()) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(wide);
}

Result<Value> sum(Operator op, const Value& left, const Value& right) {
  std::int64_t total = 0;
  const bool lost = op == Operator::Add
                        ? __builtin_add_overflow(amount(left), amount(right), &total)
                        : __builtin_sub_overflow(amount(left), amount(right), &total);
  const bool below_zero = left.type() != Type::Number && total < 0;
  if (lost || below_zero) return overflow(op, left, right);
  return with_amount(left.type(), total);
}

Result<Value> product(const Value& left, const Value& right) {
  const Type type = left.type() == Type::Number ? right.type() : left.type();
  const auto result = scaled(amount(left), amount(right), one);
  if (!result || (type != Type::Number && *result < 0)) {
    return overflow(Operator::Multiply, left, right);
  }
  return with_amount(type, *result);
}

Result<Value> quotient(const Value& left, const Value& right) {
  if (amount(right) == 0) return Error{fmt::format("{} is divided by zero", to_text(left))};
  const auto result = scaled(amount(left), one, amount(right));
  const Type type = left.type() == right.type() ? Type::Number : left.type();
  if (!result || (type != Type::Number && *result < 0)) {
    return overflow(Operator::Divide, left, right);
  }
  return with_amount(type, *result);
}

template <class T>
bool holds(Operator op, const T& left, const T& right) {
  switch (op) {
    case Operator::Less:
      return left < right;
    case Operator::LessOrEqual:
      return left <= right;
    case Operator::Greater:
      return left > right;
    default:
      return left >= right;
  }
}

bool ordered(Operator op, const Value& left, const Value& right) {
  if (left.type() == Type::String) {
    return holds(op, std::get<std::string>(left.content), std::get<std::string>(right.content));
  }
  return holds(op, amount(left), amount(right));
}

}  // namespace

std::string_view operator_sign(Operator op) {
  switch (op) {
    case Operator::Negate:
    case Operator::Subtract:
      return "-";
    case Operator::Not:
      return "not";
    case Operator::Add:
      return "+";
    case Operator::Multiply:
      return "*";
    case Operator::Divide:
      return "/";
    case Operator::Equal:
      return "==";
    case Operator::NotEqual:
      return "!=";
    case Operator::Less:
      return "<";
    case Operator::LessOrEqual:
      return "<=";
    case Operator::Greater:
      return ">";
    case Operator::GreaterOrEqual:
      return ">=";
    case Operator::And:
      return "and";
    case Operator::Or:
      return "or";
    default:
      return "";
  }
}

std::optional<Type> result_type(Operator op, Type left, Type right) {
  const bool number_left = left == Type::Number;
  const bool number_right = right == Type::Number;
  switch (op) {
    case Operator::Add:
      if (left == right && (left == Type::String || left == Type::List)) return left;
      [[fallthrough]];
    case Operator::Subtract:
      return left == right && (number_left || is_quantity(left)) ? std::optional(left)
                                                                 : std::nullopt;
    case Operator::Multiply:
      if (number_left && (number_right || is_quantity(right))) return right;
      return is_quantity(left) && number_right ? std::optional(left) : std::nullopt;
    case Operator::Divide:
      if ((number_left || is_quantity(left)) && number_right) return left;
      return is_quantity(left) && left == right ? std::optional(Type::Number) : std::nullopt;
    case Operator::Equal:
    case Operator::NotEqual:
      return left == right ? std::optional(Type::Boolean) : std::nullopt;
    case Operator::Less:
    case Operator::LessOrEqual:
    case Operator::Greater:
    case Operator::GreaterOrEqual:
      return left == right && has_order(left) ? std::optional(Type::Boolean) : std::nullopt;
    case Operator::And:
    case Operator::Or:
      return left == Type::Boolean && right == Type::Boolean ? std::optional(Type::Boolean)
                                                             : std::nullopt;
    default:
      return std::nullopt;
  }
}

base::Result<Value> apply_operator(Operator op, const Value& left, const Value& right) {
  switch (op) {
    case Operator::Add:
      if (left.type() == Type::String) {
        std::string text =
            std::get<std::string>(left.content) + std::get<std::string>(right.content);
        if (text.size() > most_text_bytes) return Error{"this makes a text of more than 1 MiB"};
        return Value{std::move(text)};
      }
      if (left.type() == Type::List) {
        Value::List items = std::get<Value::List>(left.content);
        const Value::List& more = std::get<Value::List>(right.content);
        if (items.size() + more.size() > most_list_items) {
          return Error{fmt::format("this makes a list of more than {} values", most_list_items)};
        }
        items.insert(items.end(), more.begin(), more.end());
        return Value{std::move(items)};
      }
      return sum(op, left, right);
    case Operator::Subtract:
      return sum(op, left, right);
    case Operator::Multiply:
      return product(left, right);
    case Operator::Divide:
      return quotient(left, right);
    case Operator::Equal:
      return Value{left == right};
    case Operator::NotEqual:
      return Value{left != right};
    case Operator::And:
      return Value{std::get<bool>(left.content) && std::get<bool>(right.content)};
    case Operator::Or:
      return Value{std::get<bool>(left.content) || std::get<bool>(right.content)};
    default:
      return Value{ordered(op, left, right)};
  }
}

base::Result<Value> negate(const Value& value) {
  const std::int64_t micros = std::get<Number>(value.content).micros;
  if (micros == std::numeric_limits<std::int64_t>::min()) {
    return Error{fmt::format("-({}) is out of range", to_text(value))};
  }
  return Value{Number{-micros}};
}

}  // namespace sluice::plan
