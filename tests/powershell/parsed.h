// PowerShell, read by a parser of it: whether it holds together, and which string literals are in
// it. tree-sitter's grammar, and not Microsoft's own parser: it runs nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

struct ParsedPowershell {
  // "line 3: ERROR `…`" of the first place that is no PowerShell; empty where all of it is.
  std::string problem;
  // The kinds of its nodes, nested in parentheses, without their text.
  std::string shape;
  // What each '…' and @'…'@ stands for, in their order.
  std::vector<std::string> literals;
  // As they are written, each as often as it stands there.
  std::vector<std::string> commands;
  std::vector<std::string> functions;  // that it defines
  std::vector<std::string> variables;  // with their `$`
};

ParsedPowershell parse_powershell(std::string_view text);

// What stands behind -EncodedCommand of a command line, where it is ASCII.
std::string decoded_command(std::string_view command_line);

}  // namespace sluice::test
