// `--limit` and `--exclude`: which targets the plan's steps are for. Roles stay whole, so that
// contracts speak of all their targets.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "compiler/patterns.h"
#include "compiler/ranges.h"
#include "compiler/selection.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

class TargetSelection {
 public:
  TargetSelection(const SyntaxTree& tree, Resolver& resolver) : tree_(tree), resolver_(resolver) {}

  void select() {
    const Options& options = resolver_.options;
    if (options.limit.empty() && options.exclude.empty()) return;
    kept_.assign(resolver_.plan.targets.size(), options.limit.empty());
    const auto is_whole = [&](const std::string& text) {
      return resolver_.scope.roles.count(text) > 0 || resolver_.names.find(text).valid();
    };
    for (Chosen& word : chosen_words("--limit", options.limit, is_whole)) set(word, true);
    for (Chosen& word : chosen_words("--exclude", options.exclude, is_whole)) set(word, false);
    if (failed_) return;
    const bool any = std::find(kept_.begin(), kept_.end(), true) != kept_.end();
    if (!any && resolver_.plan.targets.size() > 0) {
      resolver_.report.error("E0616", {tree_.file, 0, 0}, "--limit and --exclude leave no target");
      return;
    }
    resolver_.kept_targets = std::move(kept_);
  }

 private:
  void set(const Chosen& chosen, bool kept) {
    const std::string& word = chosen.word;
    bool found = false;
    const auto take = [&](plan::TargetId target) {
      kept_[target.value] = kept;
      found = true;
    };
    const auto role = resolver_.scope.roles.find(word);
    if (role != resolver_.scope.roles.end()) {
      resolver_.plan.target_lists[resolver_.plan.roles[role->second].targets].for_each(take);
      found = true;  // though it may have no targets
    } else if (const plan::TargetId target = resolver_.names.find(word); target.valid()) {
      take(target);
    } else if (word.find("..") != std::string::npos && count_names(word, most_targets).ok()) {
      for_each_name(word, [&](std::string_view name) {
        const plan::TargetId one = resolver_.names.find(name);
        if (one.valid()) take(one);
      });
    } else if (is_pattern(word)) {
      for (std::uint32_t i = 0; i < resolver_.plan.targets.size(); ++i) {
        const plan::TargetId one{i};
        if (fits_pattern(resolver_.plan.targets.name(one), word)) take(one);
      }
    }
    if (found) return;
    failed_ = true;
    resolver_.report.error(
        "E0616", {tree_.file, 0, 0},
        fmt::format("{} {}: there is no such target or role", chosen.option, base::printable(word)),
        did_you_mean(word, names()));
  }

  std::vector<std::string> names() const {
    constexpr std::uint32_t most = 1000;
    std::vector<std::string> names;
    for (const auto& [name, role] : resolver_.scope.roles) names.push_back(name);
    for (std::uint32_t i = 0; i < std::min(resolver_.plan.targets.size(), most); ++i) {
      names.emplace_back(resolver_.plan.targets.name({i}));
    }
    return names;
  }

  const SyntaxTree& tree_;
  Resolver& resolver_;
  std::vector<bool> kept_;
  bool failed_ = false;
};

}  // namespace

void select_targets(const SyntaxTree& tree, Resolver& resolver) {
  TargetSelection(tree, resolver).select();
}

plan::TargetListId selected(plan::TargetListId list, Resolver& resolver) {
  if (resolver.kept_targets.empty()) return list;
  plan::TargetList kept;
  resolver.plan.target_lists[list].for_each([&](plan::TargetId target) {
    if (resolver.kept_targets[target.value]) kept.add(target);
  });
  return resolver.intern(std::move(kept));
}

}  // namespace sluice::compiler
