// Arithmetic and comparison of values: exact, checked, and without silent conversions. The table of
// which types an operator takes stands here alone; the compiler asks it, the evaluator obeys it.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "plan/expression.h"
#include "plan/value.h"

namespace sluice::plan {

// The operator as it is written: `+`, `==`, `and`, …; empty for what has no sign of its own.
std::string_view operator_sign(Operator op);

// The result's type of `left op right`, or nothing where the operator does not take these types:
//   number ± number, number × number, number ÷ number; the same for percentages, durations, sizes
//   and rates among themselves with ±; each of these times or divided by a number; two of one kind
//   divided give a number; string + string; list + list; == and != of two of one type; order of two
//   of one type that has an order (not booleans, not lists).
std::optional<Type> result_type(Operator op, Type left, Type right);

// What an expression may make: more is an error, and no memory is asked for it.
inline constexpr std::size_t most_text_bytes = std::size_t{1} << 20;
inline constexpr std::size_t most_list_items = 100'000;

// Both are of types that result_type allows. Fails on overflow and on division by zero.
base::Result<Value> apply_operator(Operator op, const Value& left, const Value& right);
base::Result<Value> negate(const Value& value);

}  // namespace sluice::plan
