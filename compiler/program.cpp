#include "compiler/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/most_errors.h"
#include "base/utf8.h"
#include "compiler/parse.h"
#include "compiler/report.h"
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

class Loader {
 public:
  Loader(base::Sources& sources, FileReader* reader, base::Diagnostics& diagnostics)
      : sources_(sources), reader_(reader), diagnostics_(diagnostics), report_(diagnostics) {}

  Program load(base::FileId main) {
    bytes_ = sources_[main].text().size();
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
    const bool imports = std::any_of(
        tree.declarations.begin(), tree.declarations.end(),
        [](const auto& declaration) { return std::holds_alternative<ImportNode>(declaration); });
    if (!imports) return;
    Declarations declarations;
    for (DeclarationNode& declaration : tree.declarations) {
      const auto* import = std::get_if<ImportNode>(&declaration);
      if (import == nullptr) {
        declarations.push_back(std::move(declaration));
        continue;
      }
      // Nobody reads on to the thousandth mistake.
      failed_ = base::is_full(diagnostics_) || too_much_;
      std::optional<SyntaxTree> library = failed_ ? std::nullopt : load_library(*import);
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
    failed_ = node.path.broken;
    if (failed_) return std::nullopt;
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
    bytes_ += file.text.size();
    if (bytes_ > most_bytes_in_all) {
      too_much_ = true;
      return fail("E0603", node,
                  fmt::format("up to here, the imported files have more than {} bytes in all",
                              most_bytes_in_all));
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
    const auto refused = [&](const DeclarationNode& declaration) {
      if (belongs_in_library(declaration)) return false;
      const bool deployment = std::holds_alternative<DeploymentNode>(declaration);
      report_.error("E0604", span_of(declaration),
                    deployment ? "a file with a `deployment` is run, and cannot be imported"
                               : "this does not belong into a file that is imported",
                    deployment ? std::vector<std::string>{}
                               : std::vector<std::string>{"a library has procedures, variables, "
                                                          "roles, inventories, secrets and "
                                                          "resources"},
                    {{node.path.span, "imported here"}});
      return true;
    };
    std::erase_if(tree.declarations, refused);
  }

  base::Sources& sources_;
  FileReader* reader_;
  base::Diagnostics& diagnostics_;
  Report report_;
  std::vector<Open> open_;                      // from the main file to the one at hand
  std::map<std::string, base::FileId> loaded_;  // by path
  std::size_t bytes_ = 0;                       // that were read
  bool too_much_ = false;                       // and that was reported
  bool failed_ = false;
};

}  // namespace

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

Program load_program(base::Sources& sources, base::FileId main, FileReader* reader,
                     base::Diagnostics& diagnostics) {
  return Loader(sources, reader, diagnostics).load(main);
}

}  // namespace sluice::compiler
