// An expression as it was written ─▶ a typed tree: names looked up, types checked, what is known
// worked out.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/report.h"
#include "compiler/scope.h"
#include "compiler/syntax.h"
#include "plan/expression.h"
#include "plan/plan.h"

namespace sluice::compiler {

// What the place asks for. `use` says what it is for: "the window", "`url`".
struct Wanted {
  std::string use;
  std::vector<plan::Type> types;            // empty: any
  plan::Stage latest = plan::Stage::Known;  // the latest stage that will do
  bool bare_properties = false;             // a target's properties stand by their bare names
  // What is wrong with a value, in words; empty: nothing. Asked for each target.
  std::function<std::string(const plan::Value&)> problem = {};
  std::string hint = {};       // what stands here, where nothing better is known to write instead
  std::string why_known = {};  // why it does not hang on the target, where that needs saying
};

class ExpressionResolver {
 public:
  ExpressionResolver(const plan::Plan& plan, Scope& scope, Report& report)
      : plan_(plan), scope_(scope), report_(report) {}

  // Nothing where it is wrong; it has been reported then.
  std::optional<plan::Expression> resolve(const ExpressionNode& node, const Wanted& wanted);
  // Known, and of a wanted type.
  std::optional<plan::Value> resolve_known(const ExpressionNode& node, const Wanted& wanted);

  // Reports where an expression cannot be worked out for one of the targets, or gives what the
  // place cannot take; looks at each set of properties once where the names do not matter.
  bool check_targets(const plan::Expression& expression, const plan::TargetList& targets,
                     base::Span span, const Wanted& wanted);

 private:
  std::optional<plan::Expression> tree(const ExpressionNode& node);
  std::optional<plan::Expression> variable(const ExpressionNode& node);
  void report_unknown(const ExpressionNode& node);
  void report_mixed(const std::string& name, const std::string& why, base::Span span);
  std::optional<plan::Expression> property(const ExpressionNode& node, const std::string& name,
                                           base::Span name_span);
  std::optional<plan::Expression> deployment_property(const std::string& name,
                                                      base::Span name_span);
  std::optional<plan::Expression> output(const ExpressionNode& owner, const std::string& name,
                                         base::Span span);
  bool no_secret(const plan::Expression& expression, base::Span span);
  std::optional<plan::Expression> unary(const ExpressionNode& node);
  std::optional<plan::Expression> binary(const ExpressionNode& node);
  std::optional<plan::Expression> choice(const ExpressionNode& node);
  std::optional<plan::Expression> call(const ExpressionNode& node);
  std::optional<plan::Expression> count_of_role(const ExpressionNode& node);
  std::optional<plan::Expression> composed(const ExpressionNode& node, plan::Operator op,
                                           plan::Type type);
  std::optional<plan::Expression> folded(plan::Expression expression, const ExpressionNode& node);
  void warn_of_pattern(const ExpressionNode& node);
  bool report_written_together(const ExpressionNode& node);
  bool operands(const ExpressionNode& node, plan::Expression& expression);

  const plan::Plan& plan_;
  Scope& scope_;
  Report& report_;
  bool bare_properties_ = false;
};

// "a number", "an …", "a string or a list".
std::string type_words(const std::vector<plan::Type>& types);

}  // namespace sluice::compiler
