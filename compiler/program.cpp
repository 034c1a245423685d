#include "compiler/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/utf8.h"
#include "compiler/parse.h"
#include "compiler/report.h"
#include "compiler/suggest.h"
#include "compiler/text_check.h"

namespace sluice::compiler {

namespace {

// What a library brings in; everything else is the main file's to say.
bool belongs_in_library(const DeclarationNode& declaration) {
  return std::holds_alternative<ImportNode>(declaration) ||
         std::holds_alternative<InventoryNode>(declaration) ||
         std::holds_alternative<RoleNode>(declaration) ||
         std::holds_alternative<VariableNode>(declaration) ||
         std::holds_alternative<SecretNode>(declaration) ||
         std::holds_alternative<ResourceNode>(declaration) ||
         std::holds_alternative<ProcedureNode>(declaration);
}

base::Span span_of(const DeclarationNode& declaration) {
  return std::visit(
      [](const auto& node) {
        using Node = std::decay_t<decltype(node)>;
        if constexpr (std::is_same_v<Node, StepNode> || std::is_same_v<Node, EnvironmentNode>) {
          return node.header_span;
        } else {
          return node.span;
        }
      },
      declaration);
}

class Loader {
 public:
  Loader(base::Sources& sources, FileReader* reader, base::Diagnostics& diagnostics)
      : sources_(sources), reader_(reader), diagnostics_(diagnostics), report_(diagnostics) {}

  Program load(base::FileId main) {
    SyntaxTree tree = parse(sources_, main, diagnostics_);
    const std::string path = reader_ == nullptr ? std::string() : reader_->main_path();
    open_.push_back({path, sources_[main].name()});
    loaded_.emplace(path, main);
    bring_in(tree);
    Program program{std::move(tree), std::vector<std::string>(sources_.size())};
    for (const auto& [name, id] : loaded_) program.paths[id.value] = name;
    return program;
  }

 private:
  struct Open {
    std::string path;
    std::string name;
  };

  // Puts the libraries' declarations in the place of the imports.
  void bring_in(SyntaxTree& tree) {
    std::vector<DeclarationNode> declarations;
    for (DeclarationNode& declaration : tree.declarations) {
      const auto* import = std::get_if<ImportNode>(&declaration);
      if (import == nullptr) {
        declarations.push_back(std::move(declaration));
        continue;
      }
      std::optional<SyntaxTree> library = load_library(*import);
      if (!library) {
        if (failed_) tree.names_known = tree.complete = false;
        continue;
      }
      tree.complete = tree.complete && library->complete;
      tree.names_known = tree.names_known && library->names_known;
      tree.mistaken.insert(tree.mistaken.end(), library->mistaken.begin(), library->mistaken.end());
      std::move(library->declarations.begin(), library->declarations.end(),
                std::back_inserter(declarations));
    }
    tree.declarations = std::move(declarations);
  }

  std::nullopt_t fail(std::string code, const ImportNode& node, std::string message,
                      std::vector<std::string> hints = {}) {
    failed_ = true;
    report_.error(std::move(code), node.path.span, std::move(message), std::move(hints));
    return std::nullopt;
  }

  // Nothing where it has been brought in already, or cannot be: `failed_` then.
  std::optional<SyntaxTree> load_library(const ImportNode& node) {
    failed_ = false;
    if (reader_ == nullptr) {
      return fail("E0601", node, "no other file can be read here");
    }
    auto read = reader_->read(open_.back().path, node.path.text, most_source_bytes + 1);
    if (!read) return fail("E0601", node, read.error().message);
    FileReader::File file = std::move(read).value();
    const auto circle = std::find_if(open_.begin(), open_.end(),
                                     [&](const Open& open) { return open.path == file.path; });
    if (circle != open_.end()) {
      std::string way;
      for (auto at = circle; at != open_.end(); ++at) way += base::printable(at->name) + " > ";
      return fail("E0602", node,
                  fmt::format("files import each other in a circle: {}{}", way,
                              base::printable(circle->name)));
    }
    if (loaded_.count(file.path) > 0) return std::nullopt;
    if (loaded_.size() > most_imports) {
      return fail("E0603", node,
                  fmt::format("these are more imported files than {}", most_imports));
    }
    const base::FileId id = sources_.add(base::SourceFile(file.name, std::move(file.text)));
    loaded_.emplace(file.path, id);
    SyntaxTree tree = parse(sources_, id, diagnostics_);
    keep_what_belongs(tree, node);
    open_.push_back({file.path, file.name});
    bring_in(tree);
    open_.pop_back();
    failed_ = false;
    return tree;
  }

  void keep_what_belongs(SyntaxTree& tree, const ImportNode& node) {
    std::vector<DeclarationNode> kept;
    for (DeclarationNode& declaration : tree.declarations) {
      if (belongs_in_library(declaration)) {
        kept.push_back(std::move(declaration));
        continue;
      }
      const bool deployment = std::holds_alternative<DeploymentNode>(declaration);
      report_.error("E0604", span_of(declaration),
                    deployment ? "a file with a `deployment` is run, and cannot be imported"
                               : "this does not belong into a file that is imported",
                    deployment ? std::vector<std::string>{}
                               : std::vector<std::string>{"a library has procedures, variables, "
                                                          "roles, inventories, secrets and "
                                                          "resources"},
                    {{node.path.span, "imported here"}});
    }
    tree.declarations = std::move(kept);
  }

  base::Sources& sources_;
  FileReader* reader_;
  base::Diagnostics& diagnostics_;
  Report report_;
  std::vector<Open> open_;                      // from the main file to the one at hand
  std::map<std::string, base::FileId> loaded_;  // by path
  bool failed_ = false;
};

// ---- environments ------------------------------------------------------------------------------

class Environments {
 public:
  Environments(SyntaxTree& tree, base::Diagnostics& diagnostics)
      : tree_(tree), report_(diagnostics) {}

  void choose(const std::string& name) {
    std::vector<EnvironmentNode> environments;
    std::vector<DeclarationNode> rest;
    for (DeclarationNode& declaration : tree_.declarations) {
      if (auto* environment = std::get_if<EnvironmentNode>(&declaration)) {
        environments.push_back(std::move(*environment));
      } else {
        rest.push_back(std::move(declaration));
      }
    }
    tree_.declarations = std::move(rest);
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
      if (environment.name.text == name) chosen = &environment;
    }
    if (chosen != nullptr) return replace(*chosen);
    if (!name.empty()) report_unknown(name, environments);
  }

 private:
  void report_unknown(const std::string& name, const std::vector<EnvironmentNode>& environments) {
    std::vector<std::string> names;
    for (const EnvironmentNode& environment : environments) names.push_back(environment.name.text);
    auto hints = did_you_mean(name, names);
    if (hints.empty() && !names.empty()) {
      hints.push_back(fmt::format("there are {}", fmt::join(names, ", ")));
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
  void erase_all() {
    std::erase_if(tree_.declarations, [](const DeclarationNode& declaration) {
      return std::holds_alternative<Node>(declaration);
    });
  }

  template <class Node>
  static bool has(const EnvironmentNode& environment) {
    return std::any_of(environment.declarations.begin(), environment.declarations.end(),
                       [](const auto& item) { return std::holds_alternative<Node>(item); });
  }

  void replace(EnvironmentNode& chosen) {
    if (has<InventoryNode>(chosen)) erase_all<InventoryNode>();
    if (has<ConnectNode>(chosen)) erase_all<ConnectNode>();
    if (has<AtMostNode>(chosen)) erase_all<AtMostNode>();
    if (has<DeadlineNode>(chosen)) erase_all<DeadlineNode>();
    const std::size_t of_file = tree_.declarations.size();
    std::vector<bool> taken(of_file);
    for (DeclarationNode& declaration : chosen.declarations) {
      std::size_t at = 0;
      while (at < of_file && (taken[at] || !same(tree_.declarations[at], declaration))) ++at;
      if (at == of_file) {
        tree_.declarations.push_back(std::move(declaration));
        continue;
      }
      taken[at] = true;
      keep_type(tree_.declarations[at], declaration);
      tree_.declarations[at] = std::move(declaration);
    }
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
            const auto text = [](const std::optional<Name>& name) {
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

  SyntaxTree& tree_;
  Report report_;
};

}  // namespace

Program load_program(base::Sources& sources, base::FileId main, FileReader* reader,
                     base::Diagnostics& diagnostics) {
  return Loader(sources, reader, diagnostics).load(main);
}

void choose_environment(SyntaxTree& tree, const std::string& chosen,
                        base::Diagnostics& diagnostics) {
  Environments(tree, diagnostics).choose(chosen);
}

}  // namespace sluice::compiler
