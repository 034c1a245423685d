// How a shell would read the variables of a script: which it names, and which of them it would part
// into words. It knows quotes, comments, `$(…)`, here-documents and `[[ … ]]`, and no more.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace sluice::compiler {

struct ShellVariable {
  std::string_view name;
  std::size_t offset = 0;  // of its `$`
  std::size_t length = 0;  // with `$` and braces
  bool braced = false;     // `${name…}`
  bool parted = false;     // it stands unquoted where the shell parts words
};

// In the order of the text.
std::vector<ShellVariable> shell_variables(std::string_view script);

// Names that the script gives a value itself: `name=`, `for name in`, `read name`.
std::vector<std::string_view> shell_assignments(std::string_view script);

}  // namespace sluice::compiler
