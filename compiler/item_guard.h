// Bounds what stands side by side in one block, and how many declarations a file has: what nobody
// writes, and would take a room each. Told of the rules as they are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/rule_tree.h"

namespace sluice::compiler {

// `name = value` of one block, or of one target.
inline constexpr std::size_t most_values = 100'000;
// Phrases and actions of one step, its child steps not counted.
inline constexpr std::size_t most_phrases = 1'000;
// Of one file: all but its steps.
inline constexpr std::size_t most_declarations = 100'000;

class ItemGuard {
 public:
  // False for the rule that is one too many.
  bool open(Rule rule);
  void close() { frames_.pop_back(); }
  // A declaration that was not read to its end is left.
  void leave() { frames_.clear(); }
  // Of the excess; empty before.
  const std::string& message() const { return message_; }

 private:
  struct Frame {
    Rule rule = Rule::Declaration;
    std::uint32_t items = 0;
  };

  bool count(Frame& frame, std::size_t most, const char* what);

  std::vector<Frame> frames_;  // of the rules that are open
  std::size_t declarations_ = 0;
  std::string message_;
};

}  // namespace sluice::compiler
