#include "compiler/syntax_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "compiler/suggest.h"

namespace sluice::compiler {

namespace {

// Words of the language that this version does not know yet.
constexpr std::array later = {std::string_view{"inventory"},   std::string_view{"environment"},
                              std::string_view{"import"},      std::string_view{"procedure"},
                              std::string_view{"use"},         std::string_view{"secret"},
                              std::string_view{"require"},     std::string_view{"at"},
                              std::string_view{"deadline"},    std::string_view{"resource"},
                              std::string_view{"batches"},     std::string_view{"between"},
                              std::string_view{"per"},         std::string_view{"by"},
                              std::string_view{"where"},       std::string_view{"except"},
                              std::string_view{"stagger"},     std::string_view{"verify"},
                              std::string_view{"undo"},        std::string_view{"backoff"},
                              std::string_view{"unreachable"}, std::string_view{"required"},
                              std::string_view{"idempotent"},  std::string_view{"tags"},
                              std::string_view{"skip"},        std::string_view{"fails"},
                              std::string_view{"offline"},     std::string_view{"gives"},
                              std::string_view{"uses"},        std::string_view{"ask"},
                              std::string_view{"rollback"},    std::string_view{"lockstep"},
                              std::string_view{"normal"},      std::string_view{"lognormal"},
                              std::string_view{"triangular"},  std::string_view{"exponential"}};

struct Place {
  std::string_view rule;
  std::string_view here;  // "in …", or what stands here
};

constexpr std::array places = {
    Place{"file", "at the top of a file"},
    Place{"declaration", "at the top of a file"},
    Place{"role", "in a role"},
    Place{"roleItem", "in a role"},
    Place{"target", "behind a target's name"},
    Place{"targetItem", "among a target's properties"},
    Place{"step", "in a step"},
    Place{"stepItem", "in a step"},
    Place{"phrase", "in a step"},
    Place{"action", "behind `run`"},
    Place{"block", "among attributes"},
    Place{"attribute", "in an attribute"},
    Place{"variable", "in a variable"},
    Place{"connect", "in `connect`"},
    Place{"string", "in a string"},
    Place{"stringPart", "in a string"},
};

std::string_view place_of(std::string_view rule) {
  for (const Place& place : places) {
    if (place.rule == rule) return place.here;
  }
  return "in an expression";
}

bool is_word(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && (letter(text.front()) || text.front() == '_');
}

std::string shortened(std::string_view text) {
  constexpr std::size_t most = 40;
  const std::string shown = base::printable(text.substr(0, most * 4));
  if (shown.size() <= most) return shown;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0U) == 0x80U) --end;
  return shown.substr(0, end) + "…";
}

std::string list_of(const std::vector<std::string>& words) {
  constexpr std::size_t most = 8;
  std::string text;
  for (std::size_t i = 0; i < words.size() && i < most; ++i) {
    text += fmt::format("{}`{}`", i == 0 ? "" : ", ", words[i]);
  }
  return words.size() > most ? text + ", …" : text;
}

// An operator may follow nearly anything and helps nobody.
std::vector<std::string> helpful(const std::vector<std::string>& expected) {
  constexpr std::array operators = {"+", "-",  "*", "/", "==", "!=",  "<",  "<=",
                                    ">", ">=", ".", "[", "(",  "and", "or", "end of file"};
  std::vector<std::string> kept;
  for (const std::string& word : expected) {
    if (std::find(operators.begin(), operators.end(), word) == operators.end()) {
      kept.push_back(word);
    }
  }
  return kept;
}

}  // namespace

base::Diagnostic syntax_error(const Unexpected& unexpected) {
  base::Diagnostic diagnostic;
  diagnostic.severity = base::Severity::Error;
  diagnostic.span = unexpected.span;
  const std::string& found = unexpected.found;
  const bool statement_place = place_of(unexpected.rule) != "in an expression";
  if (statement_place && std::find(later.begin(), later.end(), found) != later.end()) {
    diagnostic.code = "E0114";
    diagnostic.message = fmt::format("this version does not know `{}` yet", found);
    return diagnostic;
  }
  diagnostic.code = "E0111";
  const std::string_view here = place_of(unexpected.rule);
  const std::vector<std::string> expected = helpful(unexpected.expected);
  if (found.empty()) {
    diagnostic.message = fmt::format("the file ends too early, {}", here);
  } else {
    diagnostic.message = fmt::format("`{}` does not belong here, {}", shortened(found), here);
  }
  if (is_word(found)) diagnostic.hints = did_you_mean(found, expected);
  if (diagnostic.hints.empty() && !expected.empty()) {
    diagnostic.hints.push_back(fmt::format("here may stand {}", list_of(expected)));
  }
  return diagnostic;
}

}  // namespace sluice::compiler
