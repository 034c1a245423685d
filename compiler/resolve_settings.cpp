// `secret`, `resource`, `at most` and `deadline`.
#include <fmt/format.h>

#include <algorithm>

#include "base/most_errors.h"
#include "base/utf8.h"
#include "compiler/resolver.h"
#include "compiler/suggest.h"
#include "compiler/variable_names.h"

namespace sluice::compiler {

namespace {

using plan::Type;

class Settings {
 public:
  explicit Settings(Resolver& resolver) : resolver_(resolver) {}

  void declare(const SecretNode& node) {
    const std::string& name = node.name.text;
    if (const std::string refused = refused_variable_name(name); !refused.empty()) {
      resolver_.report.error("E0209", node.name.span,
                             fmt::format("a secret cannot be called `{}`: {}", name, refused));
      return;
    }
    const auto variable = resolver_.scope.variables.find(name);
    const auto secret = resolver_.scope.secrets.find(name);
    if (variable != resolver_.scope.variables.end() || secret != resolver_.scope.secrets.end()) {
      const bool again = secret != resolver_.scope.secrets.end();
      resolver_.report.error(
          "E0202", node.name.span,
          again ? fmt::format("the secret `{}` is declared twice", name)
                : fmt::format("`{}` is a variable already", name),
          {}, {{again ? secret->second.span : variable->second.span, "first declared here"}});
      return;
    }
    resolver_.scope.secrets[name] = {node.name.span, false};
    plan::Secret made;
    made.name = name;
    made.place = resolver_.place(node.span);
    made.from = node.from.text;
    if (!read_source(node, made.source)) return;
    resolver_.plan.secrets.push_back(std::move(made));
  }

  void declare(const ResourceNode& node) {
    const std::string& name = node.name.text;
    const auto known = resource_spans_.find(name);
    if (known != resource_spans_.end()) {
      resolver_.report.error("E0202", node.name.span,
                             fmt::format("the resource `{}` is declared twice", name), {},
                             {{known->second, "first declared here"}});
      return;
    }
    resource_spans_[name] = node.name.span;
    plan::Resource made;
    made.name = name;
    made.pieces = 1;
    const auto value = resolver_.expressions.resolve_known(
        node.amount,
        {fmt::format("the resource `{}`", name), {Type::Rate, Type::Number}, plan::Stage::Known});
    if (value && value->type() == Type::Rate) {
      made.kind = plan::Resource::Kind::Rate;
      made.rate = std::get<plan::Rate>(value->content);
      made.pieces = 0;
      if (made.rate.bits_per_second < 1) {
        resolver_.report.error("E0613", node.amount.span, "a rate is more than nothing");
      }
    } else if (value) {
      const auto pieces = whole_number(*value, node.amount.span, "pieces of a resource");
      if (pieces) made.pieces = *pieces;
    }
    if (!value) resolver_.scope.broken_resources.insert(name);
    resolver_.scope.resources[name] = resolver_.plan.resources.add(std::move(made));
  }

  void declare(const AtMostNode& node) {
    if (!once(at_most_, node.span, "`at most`")) return;
    const auto value = resolver_.expressions.resolve_known(
        node.count, {"`at most`", {Type::Number}, plan::Stage::Known});
    if (!value) return;
    const auto count = whole_number(*value, node.count.span, "targets at once");
    if (!count) return;
    resolver_.plan.at_most = plan::Limit{
        *count, fmt::format("at most {} {}", *count, *count == 1 ? "target" : "targets")};
  }

  void declare(const DeadlineNode& node) {
    if (!once(deadline_, node.span, "`deadline`")) return;
    const auto value = resolver_.expressions.resolve_known(
        node.duration, {"the deadline", {Type::Duration}, plan::Stage::Known});
    if (!value) return;
    const auto duration = std::get<base::Duration>(value->content);
    if (duration.ms > 0) {
      resolver_.plan.deadline = duration;
    } else {
      resolver_.report.error("E0613", node.duration.span, "a deadline is longer than nothing");
    }
  }

 private:
  bool read_source(const SecretNode& node, plan::Secret::Source& source) {
    using Source = plan::Secret::Source;
    const std::string& word = node.source.text;
    if (word != "env" && word != "file" && word != "command") {
      const std::vector<std::string> words{"env", "file", "command"};
      auto hints = did_you_mean(word, words);
      if (hints.empty())
        hints.emplace_back(
            "write `from env \"NAME\"`, `from file \"path\"` or "
            "`from command \"…\"`");
      resolver_.report.error("E0614", node.source.span,
                             fmt::format("a secret is not read from `{}`", word), hints);
      return false;
    }
    source = word == "env" ? Source::Environment : word == "file" ? Source::File : Source::Command;
    const std::string& from = node.from.text;
    const bool blank = from.find_first_not_of(" \t\n") == std::string::npos;
    const bool no_name = source == Source::Environment && from.find('=') != std::string::npos;
    if (blank || no_name || from.find('\0') != std::string::npos) {
      resolver_.report.error("E0614", node.from.span,
                             no_name ? "the name of an environment variable has no `=`"
                                     : "nothing says where the secret is read");
      return false;
    }
    return true;
  }

  bool once(std::optional<base::Span>& first, base::Span span, std::string_view what) {
    if (!first) {
      first = span;
      return true;
    }
    resolver_.report.error("E0202", span, fmt::format("{} stands here twice", what), {},
                           {{*first, "first written here"}});
    return false;
  }

  std::optional<std::uint32_t> whole_number(const plan::Value& value, base::Span span,
                                            std::string_view what) {
    const std::int64_t micros = std::get<plan::Number>(value.content).micros;
    const std::int64_t whole = micros / 1'000'000;
    if (micros % 1'000'000 == 0 && whole >= 1 && whole <= static_cast<std::int64_t>(most_targets)) {
      return static_cast<std::uint32_t>(whole);
    }
    resolver_.report.error("E0613", span, fmt::format("{} are a whole number from 1", what));
    return std::nullopt;
  }

  Resolver& resolver_;
  std::map<std::string, base::Span> resource_spans_;
  std::optional<base::Span> at_most_;
  std::optional<base::Span> deadline_;
};

}  // namespace

void resolve_settings(const SyntaxTree& tree, Resolver& resolver) {
  Settings settings(resolver);
  for (const DeclarationNode& declaration : tree.declarations) {
    if (base::is_full(resolver.diagnostics)) return;
    std::visit(
        [&](const auto& node) {
          using Node = std::decay_t<decltype(node)>;
          constexpr bool setting =
              std::is_same_v<Node, SecretNode> || std::is_same_v<Node, ResourceNode> ||
              std::is_same_v<Node, AtMostNode> || std::is_same_v<Node, DeadlineNode>;
          if constexpr (setting) settings.declare(node);
        },
        declaration);
  }
  std::sort(resolver.plan.secrets.begin(), resolver.plan.secrets.end(),
            [](const plan::Secret& a, const plan::Secret& b) { return a.name < b.name; });
}

}  // namespace sluice::compiler
