#include "compiler/item_guard.h"

#include <fmt/format.h>

namespace sluice::compiler {

bool ItemGuard::open(Rule rule) {
  const std::size_t around = frames_.size();
  frames_.push_back({rule});
  if (around == 0) return true;
  Frame& parent = frames_[around - 1];
  switch (rule) {
    case Rule::Attribute:
    case Rule::TargetItem:
      if (parent.rule == Rule::TargetItem) return true;
      return count(parent, most_values, "this block has more than {} values");
    case Rule::Connect:
    case Rule::Minimum:
      if (parent.rule != Rule::RoleItem) break;
      return count(frames_[around - 2], most_values, "this block has more than {} values");
    case Rule::Phrase:
    case Rule::Action:
    case Rule::Verify:
    case Rule::Undo:
    case Rule::Gates:
      // In a step's header, or as one of the things in its body.
      return count(parent.rule == Rule::StepItem ? frames_[around - 2] : parent, most_phrases,
                   "this step has more than {} phrases");
    case Rule::Step:
    case Rule::Use:
      return true;
    default:
      break;
  }
  if (parent.rule != Rule::Declaration || ++declarations_ <= most_declarations) return true;
  message_ =
      fmt::format("the file has more than {} declarations beside its steps", most_declarations);
  return false;
}

bool ItemGuard::count(Frame& frame, std::size_t most, const char* what) {
  if (++frame.items <= most) return true;
  message_ = fmt::format(fmt::runtime(what), most);
  return false;
}

}  // namespace sluice::compiler
