#include "powershell/parsed.h"

#include <fmt/format.h>
#include <tree_sitter/api.h>

#include <memory>

#include "base/utf8.h"

extern "C" const TSLanguage* tree_sitter_powershell();

namespace sluice::test {

namespace {

bool is_single_quote(char32_t c) {
  return c == U'\'' || c == U'\u2018' || c == U'\u2019' || c == U'\u201A' || c == U'\u201B';
}

// What PowerShell makes of what stands between two single quotes: a pair of quotes is its second.
// A quote that stands alone would end it, which tree-sitter does not know of the curved ones.
std::string unquoted(std::string_view text) {
  std::string value;
  while (!text.empty()) {
    base::CodePoint next = base::decode_utf8(text);
    if (is_single_quote(next.value)) {
      text.remove_prefix(next.bytes);
      if (text.empty()) return value + "<a quote that ends it>";
      next = base::decode_utf8(text);
      if (!is_single_quote(next.value)) return value + "<a quote that ends it>";
    }
    value += text.substr(0, next.bytes);
    text.remove_prefix(next.bytes);
  }
  return value;
}

class Walk {
 public:
  Walk(std::string_view text, ParsedPowershell& parsed) : text_(text), parsed_(parsed) {}

  void node(TSNode node) {
    const std::string kind = ts_node_type(node);
    const std::uint32_t begin = ts_node_start_byte(node);
    const std::string_view source = text_.substr(begin, ts_node_end_byte(node) - begin);
    const bool wrong = kind == "ERROR" || ts_node_is_missing(node);
    if (wrong && parsed_.problem.empty()) {
      parsed_.problem =
          fmt::format("line {}: {} `{}`", ts_node_start_point(node).row + 1, kind, source);
    }
    if (ts_node_is_named(node)) parsed_.shape += "(" + kind;
    if (kind == "verbatim_string_characters") {
      parsed_.literals.push_back(unquoted(source.substr(1, source.size() - 2)));
    } else if (kind == "verbatim_here_string_characters") {
      const std::size_t first = source.find('\n') + 1;
      parsed_.literals.emplace_back(source.substr(first, source.size() - first - 3));
    }
    if (kind == "command_name") parsed_.commands.emplace_back(source);
    if (kind == "function_name") parsed_.functions.emplace_back(source);
    if (kind == "variable") parsed_.variables.emplace_back(source);
    const std::uint32_t count = ts_node_child_count(node);
    for (std::uint32_t i = 0; i < count; ++i) this->node(ts_node_child(node, i));
    if (ts_node_is_named(node)) parsed_.shape += ")";
  }

 private:
  std::string_view text_;
  ParsedPowershell& parsed_;
};

}  // namespace

ParsedPowershell parse_powershell(std::string_view text) {
  const std::unique_ptr<TSParser, void (*)(TSParser*)> parser(ts_parser_new(), ts_parser_delete);
  ParsedPowershell parsed;
  if (!ts_parser_set_language(parser.get(), tree_sitter_powershell())) {
    parsed.problem = "the grammar is of another version";
    return parsed;
  }
  const std::unique_ptr<TSTree, void (*)(TSTree*)> tree(
      ts_parser_parse_string(parser.get(), nullptr, text.data(),
                             static_cast<std::uint32_t>(text.size())),
      ts_tree_delete);
  Walk(text, parsed).node(ts_tree_root_node(tree.get()));
  return parsed;
}

std::string decoded_command(std::string_view command_line) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  std::uint32_t bits = 0;
  std::uint32_t count = 0;
  bool low = true;
  for (const char c : command_line.substr(command_line.rfind(' ') + 1)) {
    const std::size_t value = letters.find(c);
    if (value == std::string_view::npos) break;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    if (low) text += static_cast<char>(bits >> count & 255U);
    low = !low;
  }
  return text;
}

}  // namespace sluice::test
