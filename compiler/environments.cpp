#include "compiler/environments.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/characters.h"
#include "base/utf8.h"
#include "compiler/program.h"
#include "compiler/report.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

constexpr std::size_t most_environments = 100;

// What of a file environments may mention.
struct Named {
  explicit Named(const SyntaxTree& tree) {
    for (const DeclarationNode& declaration : tree.declarations) {
      if (const auto* variable = std::get_if<VariableNode>(&declaration)) {
        by_name[variable->name.text].push_back(&declaration);
      } else if (const auto* secret = std::get_if<SecretNode>(&declaration)) {
        by_name[secret->name.text].push_back(&declaration);
      } else if (const auto* role = std::get_if<RoleNode>(&declaration)) {
        by_name[role->name.text].push_back(&declaration);
      } else if (std::holds_alternative<DeploymentNode>(declaration)) {
        deployment = &declaration;
      } else if (std::holds_alternative<InventoryNode>(declaration)) {
        inventory = true;
      }
    }
  }

  std::unordered_map<std::string, std::vector<const DeclarationNode*>> by_name;
  const DeclarationNode* deployment = nullptr;
  bool inventory = false;
};

class Environments {
 public:
  Environments(const base::Sources& sources, SyntaxTree& tree, base::Diagnostics& diagnostics)
      : sources_(sources), tree_(tree), report_(diagnostics) {}

  std::vector<OtherEnvironment> choose(const std::string& name) {
    std::vector<EnvironmentNode> environments;
    std::erase_if(tree_.declarations, [&](DeclarationNode& declaration) {
      auto* environment = std::get_if<EnvironmentNode>(&declaration);
      if (environment != nullptr) environments.push_back(std::move(*environment));
      return environment != nullptr;
    });
    if (environments.size() > most_environments) {
      report_.error("E0606", environments[most_environments].header_span,
                    fmt::format("these are more than {} environments", most_environments));
      return {};
    }
    std::vector<OtherEnvironment> others;
    if (environments.empty()) {
      if (!name.empty()) report_unknown(name, environments);
      return others;
    }
    const Named named(tree_);
    EnvironmentNode* chosen = nullptr;
    std::map<std::string, base::Span> first;
    for (EnvironmentNode& environment : environments) {
      const auto [known, fresh] = first.emplace(environment.name.text, environment.header_span);
      if (!fresh) {
        report_.error("E0202", environment.name.span,
                      fmt::format("the environment `{}` is declared twice", environment.name.text),
                      {}, {{known->second, "first declared here"}});
        continue;
      }
      refuse_what_does_not_belong(environment);
      if (environment.name.text == name) {
        chosen = &environment;
      } else {
        others.push_back(alone(environment, named));
      }
    }
    if (chosen != nullptr) {
      replace(tree_, *chosen);
    } else if (!name.empty()) {
      report_unknown(name, environments);
    }
    return others;
  }

 private:
  void report_unknown(const std::string& name, const std::vector<EnvironmentNode>& environments) {
    std::vector<std::string> names;
    for (const EnvironmentNode& environment : environments) names.push_back(environment.name.text);
    auto hints = did_you_mean(name, names);
    if (hints.empty() && !names.empty()) {
      hints.push_back(there_are(names));
    }
    report_.error(
        "E0605", {tree_.file, 0, 0},
        fmt::format("--environment {}: the file has no such environment", base::printable(name)),
        std::move(hints));
  }

  void refuse_what_does_not_belong(EnvironmentNode& environment) {
    const auto refused = [&](const DeclarationNode& declaration) {
      const bool belongs = std::holds_alternative<InventoryNode>(declaration) ||
                           std::holds_alternative<RoleNode>(declaration) ||
                           std::holds_alternative<ConnectNode>(declaration) ||
                           std::holds_alternative<VariableNode>(declaration) ||
                           std::holds_alternative<SecretNode>(declaration) ||
                           std::holds_alternative<RequireNode>(declaration) ||
                           std::holds_alternative<AtMostNode>(declaration) ||
                           std::holds_alternative<DeadlineNode>(declaration) ||
                           std::holds_alternative<ResourceNode>(declaration);
      if (belongs) return false;
      report_.error("E0606", span_of(declaration), "this does not belong into an environment",
                    {"an environment has inventories, roles, variables, secrets, `connect`, "
                     "`require`, `at most`, `deadline` and resources"});
      return true;
    };
    std::erase_if(environment.declarations, refused);
  }

  template <class Node>
  static void erase_all(SyntaxTree& tree) {
    std::erase_if(tree.declarations, [](const DeclarationNode& declaration) {
      return std::holds_alternative<Node>(declaration);
    });
  }

  template <class Node>
  static bool has(const EnvironmentNode& environment) {
    return std::any_of(environment.declarations.begin(), environment.declarations.end(),
                       [](const auto& item) { return std::holds_alternative<Node>(item); });
  }

  static void replace(SyntaxTree& tree, EnvironmentNode& chosen) {
    if (has<InventoryNode>(chosen)) erase_all<InventoryNode>(tree);
    if (has<ConnectNode>(chosen)) erase_all<ConnectNode>(tree);
    if (has<AtMostNode>(chosen)) erase_all<AtMostNode>(tree);
    if (has<DeadlineNode>(chosen)) erase_all<DeadlineNode>(tree);
    const std::size_t of_file = tree.declarations.size();
    std::vector<bool> taken(of_file);
    for (DeclarationNode& declaration : chosen.declarations) {
      std::size_t at = 0;
      while (at < of_file && (taken[at] || !same(tree.declarations[at], declaration))) ++at;
      if (at == of_file) {
        tree.declarations.push_back(std::move(declaration));
        continue;
      }
      taken[at] = true;
      keep_type(tree.declarations[at], declaration);
      tree.declarations[at] = std::move(declaration);
    }
  }

  // The environment with what it needs of the file, as if it had been chosen; without steps. What
  // it does not mention is left out: a file may be large, and there may be many of them.
  OtherEnvironment alone(const EnvironmentNode& environment, const Named& named) const {
    OtherEnvironment made;
    made.span = environment.span;
    made.tree.file = tree_.file;
    if (named.deployment != nullptr) made.tree.declarations.push_back(*named.deployment);
    std::set<std::string> wanted;
    std::vector<std::string> open;
    const auto want = [&](std::string name) {
      if (wanted.insert(name).second) open.push_back(std::move(name));
    };
    const auto want_words = [&](base::Span span) {
      for (std::string& word : words_of(span)) want(std::move(word));
    };
    want_words(environment.span);
    for (const DeclarationNode& declaration : environment.declarations) {
      const auto* require = std::get_if<RequireNode>(&declaration);
      if (require != nullptr && require->role) want(require->role->text);
    }
    while (!open.empty()) {
      const auto found = named.by_name.find(open.back());
      open.pop_back();
      if (found == named.by_name.end()) continue;
      for (const DeclarationNode* declaration : found->second) {
        const auto* role = std::get_if<RoleNode>(declaration);
        if (role == nullptr) {
          made.tree.declarations.push_back(*declaration);
          want_words(span_of(*declaration));
          continue;
        }
        RoleNode stub;
        stub.span = role->span;
        stub.name = role->name;
        made.tree.declarations.emplace_back(std::move(stub));
        made.stubs.insert(role->name.text);
      }
    }
    EnvironmentNode copy = environment;
    for (const DeclarationNode& declaration : copy.declarations) {
      const auto* role = std::get_if<RoleNode>(&declaration);
      if (role != nullptr) made.stubs.erase(role->name.text);
    }
    made.roles_known = !named.inventory && !has<InventoryNode>(copy);
    replace(made.tree, copy);
    erase_all<InventoryNode>(made.tree);
    return made;
  }

  // What could be a name in a part of the source.
  std::vector<std::string> words_of(base::Span span) const {
    const auto continues = [](char c) { return base::is_letter_or_digit(c) || c == '_'; };
    const std::string_view text =
        sources_[span.file].text().substr(span.begin, span.end - span.begin);
    std::vector<std::string> words;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at;
      while (end < text.size() && continues(text[end])) ++end;
      if (end > at) words.emplace_back(text.substr(at, end - at));
      at = end + 1;
    }
    return words;
  }

  // Whether the one takes the other's place.
  static bool same(const DeclarationNode& a, const DeclarationNode& b) {
    if (a.index() != b.index()) return false;
    return std::visit(
        [&b](const auto& node) {
          using Node = std::decay_t<decltype(node)>;
          const Node& other = std::get<Node>(b);
          if constexpr (std::is_same_v<Node, VariableNode> || std::is_same_v<Node, SecretNode> ||
                        std::is_same_v<Node, RoleNode> || std::is_same_v<Node, ResourceNode>) {
            return node.name.text == other.name.text;
          } else if constexpr (std::is_same_v<Node, RequireNode>) {
            const auto text = [](const base::Boxed<Name>& name) {
              return name ? name->text : std::string();
            };
            return node.measure.text == other.measure.text && text(node.role) == text(other.role) &&
                   text(node.per) == text(other.per);
          } else {
            return false;
          }
        },
        a);
  }

  // A variable's type stays what the file says it is.
  static void keep_type(const DeclarationNode& before, DeclarationNode& now) {
    const auto* old = std::get_if<VariableNode>(&before);
    auto* replacing = std::get_if<VariableNode>(&now);
    if (old == nullptr || replacing == nullptr || replacing->type) return;
    replacing->type = old->type;
    if (!old->type && old->value && old->value->kind == ExpressionNode::Kind::Literal) {
      Name type;
      type.text = plan::type_name(old->value->value.type());
      type.span = old->name.span;
      replacing->type = type;
    }
  }

  const base::Sources& sources_;
  SyntaxTree& tree_;
  Report report_;
};

}  // namespace

std::vector<OtherEnvironment> choose_environment(const base::Sources& sources, SyntaxTree& tree,
                                                 const std::string& chosen,
                                                 base::Diagnostics& diagnostics) {
  return Environments(sources, tree, diagnostics).choose(chosen);
}

}  // namespace sluice::compiler
