// `require`: what must hold, with its counts worked out.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/most_errors.h"
#include "compiler/resolver.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

using plan::Contract;
using plan::Type;
using Comparison = plan::Contract::Comparison;

// Each is asked for all steps and, of a run, at every start of a target.
constexpr std::size_t most_contracts = 1'000;

struct Measure {
  std::string_view word;
  Contract::Kind kind;
  // What it may be compared with, and how.
  std::string_view example;
  std::array<Comparison, 3> comparisons;
};

constexpr std::array measures = {
    Measure{"available",
            Contract::Kind::Available,
            "available(web) >= 70%",
            {Comparison::GreaterOrEqual, Comparison::Greater, Comparison::Equal}},
    Measure{"unavailable",
            Contract::Kind::Unavailable,
            "unavailable(web) <= 1",
            {Comparison::LessOrEqual, Comparison::Less, Comparison::Equal}},
    Measure{"downtime",
            Contract::Kind::Downtime,
            "downtime(web) == 0s",
            {Comparison::LessOrEqual, Comparison::Less, Comparison::Equal}},
    Measure{"duration",
            Contract::Kind::Duration,
            "duration <= 30m",
            {Comparison::LessOrEqual, Comparison::Less, Comparison::LessOrEqual}},
};

std::optional<Comparison> comparison_of(std::string_view written) {
  if (written == "<") return Comparison::Less;
  if (written == "<=") return Comparison::LessOrEqual;
  if (written == ">") return Comparison::Greater;
  if (written == ">=") return Comparison::GreaterOrEqual;
  if (written == "==") return Comparison::Equal;
  return std::nullopt;
}

class Contracts {
 public:
  explicit Contracts(Resolver& resolver) : resolver_(resolver) {}

  void declare(const RequireNode& node) {
    const Measure* measure = find_measure(node.measure);
    if (measure == nullptr) return;
    Contract made;
    made.kind = measure->kind;
    made.place = resolver_.place(node.span);
    bool good = resolve_role(node, *measure, made);
    good = resolve_comparison(node, *measure, made) && good;
    good = resolve_share(node, made) && good;
    const bool counts =
        made.kind == Contract::Kind::Available || made.kind == Contract::Kind::Unavailable;
    good = (counts ? resolve_counts(node, *measure, made) : resolve_duration(node, made)) && good;
    made.text = text_of(node);
    if (good) resolver_.plan.contracts.push_back(std::move(made));
  }

 private:
  const Measure* find_measure(const Name& name) {
    const auto found = std::find_if(measures.begin(), measures.end(),
                                    [&](const Measure& one) { return one.word == name.text; });
    if (found != measures.end()) return &*found;
    std::vector<std::string> words;
    for (const Measure& measure : measures) words.emplace_back(measure.word);
    auto hints = did_you_mean(name.text, words);
    hints.emplace_back("what can be required is available, unavailable, downtime and duration");
    resolver_.report.error("E0615", name.span,
                           fmt::format("`{}` is nothing that can be required", name.text), hints);
    return nullptr;
  }

  void wrong(base::Span span, const Measure& measure, std::string message) {
    resolver_.report.error("E0615", span, std::move(message),
                           {fmt::format("write `require {}`, say", measure.example)});
  }

  bool resolve_role(const RequireNode& node, const Measure& measure, Contract& made) {
    if (made.kind == Contract::Kind::Duration) {
      if (node.role) {
        wrong(node.role->span, measure, "`duration` is of the whole deployment, and of no role");
        return false;
      }
      return true;
    }
    if (!node.role) {
      wrong(node.measure.span, measure,
            fmt::format("of which role, `{}` does not say", measure.word));
      return false;
    }
    const auto role = resolver_.scope.roles.find(node.role->text);
    if (role == resolver_.scope.roles.end()) {
      std::vector<std::string> names;
      for (const auto& [known, id] : resolver_.scope.roles) {
        if (resolver_.report.helps()) names.push_back(known);
      }
      resolver_.report.error("E0203", node.role->span,
                             fmt::format("there is no role `{}`", node.role->text),
                             did_you_mean(node.role->text, names));
      return false;
    }
    made.role = role->second;
    if (!node.per) return true;
    if (made.kind == Contract::Kind::Downtime) {
      wrong(node.per->span, measure, "`downtime` is of a whole role, not `per` a property");
      return false;
    }
    made.per = node.per->text;
    return true;
  }

  bool resolve_comparison(const RequireNode& node, const Measure& measure, Contract& made) {
    const auto comparison = comparison_of(node.comparison.text);
    const auto& allowed = measure.comparisons;
    if (comparison && std::find(allowed.begin(), allowed.end(), *comparison) != allowed.end()) {
      made.comparison = *comparison;
      return true;
    }
    wrong(node.comparison.span, measure,
          fmt::format("`{}` is not compared with `{}`", measure.word, node.comparison.text));
    return false;
  }

  bool resolve_share(const RequireNode& node, Contract& made) {
    if (!node.share) return true;
    const auto value = resolver_.expressions.resolve_known(
        *node.share, {"the share of runs", {Type::Percentage}, plan::Stage::Known});
    if (!value) return false;
    const auto share = std::get<plan::Percentage>(value->content);
    if (share.micros > 0 && share.micros <= 100'000'000) {
      made.share = share;
      return true;
    }
    resolver_.report.error("E0615", node.share->span,
                           "the share of runs is more than 0% and at most 100%");
    return false;
  }

  bool resolve_duration(const RequireNode& node, Contract& made) {
    const auto value = resolver_.expressions.resolve_known(
        node.bound, {fmt::format("`{}`", node.measure.text), {Type::Duration}, plan::Stage::Known});
    if (!value) return false;
    made.duration = std::get<base::Duration>(value->content);
    return true;
  }

  bool resolve_counts(const RequireNode& node, const Measure& measure, Contract& made) {
    const auto value =
        resolver_.expressions.resolve_known(node.bound, {fmt::format("`{}`", node.measure.text),
                                                         {Type::Number, Type::Percentage},
                                                         plan::Stage::Known});
    if (!value || !made.role.valid()) return false;
    if (const auto* percentage = std::get_if<plan::Percentage>(&value->content)) {
      if (percentage->micros < 0 || percentage->micros > 100'000'000) {
        wrong(node.bound.span, measure, "this is from 0% to 100% of the role's targets");
        return false;
      }
    } else {
      const std::int64_t micros = std::get<plan::Number>(value->content).micros;
      const bool whole = micros >= 0 && micros % 1'000'000 == 0 &&
                         micros / 1'000'000 <= static_cast<std::int64_t>(most_targets);
      if (!whole) {
        wrong(node.bound.span, measure, "a number of targets is a whole number from 0");
        return false;
      }
    }
    if (!find_bounds(node, made)) return false;
    for (Contract::Bound& bound : made.bounds) {
      const auto* percentage = std::get_if<plan::Percentage>(&value->content);
      bound.count = percentage != nullptr
                        ? plan::share_of(*percentage, bound.targets, true)
                        : static_cast<std::uint32_t>(std::get<plan::Number>(value->content).micros /
                                                     1'000'000);
      const bool never = made.kind == Contract::Kind::Available && bound.count > bound.targets &&
                         resolver_.broken_roles.count(node.role->text) == 0;
      if (never) {
        wrong(node.bound.span, measure,
              fmt::format("this can never hold: {} has {} {}", group_text(node, bound),
                          bound.targets, bound.targets == 1 ? "target" : "targets"));
        return false;
      }
    }
    return true;
  }

  static std::string group_text(const RequireNode& node, const Contract::Bound& bound) {
    if (!node.per) return fmt::format("`{}`", node.role->text);
    return fmt::format("`{}` with {} {}", node.role->text, node.per->text,
                       plan::to_text(bound.value));
  }

  // The whole role, or a bound for each value of the property, in the order of first mention.
  bool find_bounds(const RequireNode& node, Contract& made) {
    const plan::TargetListId list = resolver_.plan.roles[made.role].targets;
    const plan::TargetList& targets = resolver_.plan.target_lists[list];
    if (!node.per) {
      made.bounds.push_back({plan::Value{std::string()}, targets.size(), 0});
      return true;
    }
    plan::TargetId without;
    std::map<std::string, std::size_t> known;
    targets.for_each([&](plan::TargetId target) {
      const auto value = plan::target_property(resolver_.plan, target, made.per);
      if (!value) {
        if (!without.valid()) without = target;
        return;
      }
      const auto [at, fresh] = known.emplace(
          fmt::format("{} {}", static_cast<int>(value->type()), plan::environment_text(*value)),
          made.bounds.size());
      if (fresh) made.bounds.push_back({*value, 0, 0});
      ++made.bounds[at->second].targets;
    });
    if (!without.valid()) return true;
    std::vector<std::string> names;
    for (const auto& [name, type] : resolver_.scope.properties) names.push_back(name);
    resolver_.report.error("E0615", node.per->span,
                           fmt::format("the target `{}` has no property `{}`",
                                       resolver_.plan.targets.name(without), made.per),
                           did_you_mean(made.per, names));
    return false;
  }

  // As it stands, with one space where there are blanks.
  std::string text_of(const RequireNode& node) const {
    const std::string_view source = resolver_.sources[node.span.file].text();
    const std::uint32_t begin = node.measure.span.begin;
    std::string text;
    for (const char c : source.substr(begin, node.span.end - begin)) {
      const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
      if (!blank) {
        text += c;
      } else if (!text.empty() && text.back() != ' ') {
        text += ' ';
      }
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
  }

  Resolver& resolver_;
};

}  // namespace

void resolve_contracts(const SyntaxTree& tree, Resolver& resolver) {
  Contracts contracts(resolver);
  std::size_t count = 0;
  for (const DeclarationNode& declaration : tree.declarations) {
    const auto* node = std::get_if<RequireNode>(&declaration);
    if (node == nullptr) continue;
    if (++count > most_contracts) {
      resolver.report.error("E0615", node->span,
                            fmt::format("these are more than {} contracts", most_contracts));
      return;
    }
    contracts.declare(*node);
    if (base::is_full(resolver.diagnostics)) return;
  }
}

}  // namespace sluice::compiler
