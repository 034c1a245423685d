// `sluice explain`: what a diagnostic's code means, with an example and its cure.
#include <fmt/format.h>

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/tell.h"
#include "compiler/codes.h"
#include "compiler/suggest.h"

namespace sluice::cli {

namespace {

void print_example(std::string_view title, std::string_view text) {
  if (text.empty()) return;
  fmt::print("\n{}\n\n", title);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    fmt::print("    {}\n", text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

}  // namespace

int explain_command(const ExplainOptions& options) {
  if (options.code.empty()) {
    for (const compiler::Code& info : compiler::codes()) {
      fmt::print("{}  {}\n", info.code, info.title);
    }
    return exit_done;
  }
  const std::string code = upper(options.code);
  if (const compiler::Code* info = compiler::find_code(code)) {
    fmt::print("{}: {}\n\n{}\n", info->code, info->title, info->explanation);
    print_example("Wrong:", info->wrong);
    print_example("Right:", info->right);
    return exit_done;
  }
  std::vector<std::string> known;
  for (const compiler::Code& info : compiler::codes()) known.emplace_back(info.code);
  tell("sluice: there is no code `{}`\n", base::printable(options.code));
  for (const std::string& hint : compiler::did_you_mean(code, known)) {
    tell("  hint: {}\n", hint);
  }
  tell("  hint: `sluice explain` lists them all\n");
  return exit_wrong;
}

}  // namespace sluice::cli
