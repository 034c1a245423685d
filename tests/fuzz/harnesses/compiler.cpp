// The compiler, from a text to a plan.
#include <algorithm>
#include <string>

#include "base/check.h"
#include "compiler/codes.h"
#include "compiler/compile.h"
#include "compiler/format.h"
#include "compiler/literals.h"
#include "compiler/parse.h"
#include "compiler/ranges.h"
#include "fuzz/harness.h"
#include "fuzz/harnesses/said.h"
#include "plan/json.h"

namespace sluice::fuzz {

namespace {

constexpr std::size_t most_bytes = 64 * 1024;

// A range of millions is right, and slow; what it costs is tested elsewhere.
bool is_large(std::string_view bytes) {
  std::size_t digits = 0;
  std::size_t ranges = 0;
  for (const char c : bytes) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    ranges += c == '[' ? 1U : 0U;
    if (digits > 4 || ranges > 12) return true;
  }
  return bytes.size() > most_bytes;
}

struct Text {
  explicit Text(std::string text) : file(sources.add(base::SourceFile("fuzz.deploy", text))) {}
  base::Sources sources;
  base::FileId file;
  base::Diagnostics diagnostics;
};

std::string squeezed(std::string_view text) {
  std::string result;
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  std::copy_if(text.begin(), text.end(), std::back_inserter(result),
               [](char c) { return c != ' ' && c != '\n' && c != '\t' && c != '\r'; });
  return result;
}

}  // namespace

void parse(std::string_view bytes) {
  if (bytes.size() > most_bytes) return;
  Text text{std::string(bytes)};
  const compiler::SyntaxTree tree = compiler::parse(text.sources, text.file, text.diagnostics);
  SLUICE_CHECK(tree.complete || text.diagnostics.has_errors(), "a part is missing, unsaid");
  check_said(text.diagnostics, text.sources);
}

void compile(std::string_view bytes) {
  if (is_large(bytes)) return;
  Text text{std::string(bytes)};
  const auto plan = compiler::compile(text.sources, text.file, {}, text.diagnostics);
  SLUICE_CHECK(plan.has_value() != text.diagnostics.has_errors(), "neither a plan nor an error");
  check_said(text.diagnostics, text.sources);
  if (!plan) return;
  const auto again = plan::from_json(plan::to_json(*plan));
  SLUICE_CHECK(again.ok() && again.value() == *plan, "a plan is not what was saved of it");
}

void format(std::string_view bytes) {
  if (bytes.size() > most_bytes) return;
  Text text{std::string(bytes)};
  const std::string once = compiler::format(text.sources, text.file, text.diagnostics).text;
  Text formatted{once};
  const std::string twice =
      compiler::format(formatted.sources, formatted.file, formatted.diagnostics).text;
  SLUICE_CHECK(squeezed(once) == squeezed(bytes), "the layout lost or made something");
  SLUICE_CHECK(once == twice, "the layout does not settle");
}

void expressions(std::string_view bytes) {
  if (is_large(bytes)) return;
  compile(
      "deployment \"x\"\nvariable a = 1\nvariable b = \"text\"\nrole web { target \"w\" { p = 2 } "
      "}\n"
      "variable x = " +
      std::string(bytes) + "\nstep \"s\" on web { run wait { duration = " + std::string(bytes) +
      " } }\n");
}

void ranges(std::string_view bytes) {
  if (bytes.size() > 1024) return;
  constexpr std::uint64_t most = 10'000;
  const auto count = compiler::count_names(bytes, most);
  if (!count) {
    SLUICE_CHECK(!count.error().message.empty(), "a range is refused without a word");
    return;
  }
  std::uint64_t found = 0;
  compiler::for_each_name(bytes, [&](std::string_view) { ++found; });
  SLUICE_CHECK(count.value() <= most && found == count.value(), "a range was counted wrongly");
}

void quantities(std::string_view bytes) {
  if (bytes.size() > 1024) return;
  const compiler::Quantity quantity = compiler::read_quantity(bytes);
  SLUICE_CHECK(quantity.value.has_value() || !quantity.problem.empty(), "refused without a word");
  if (!quantity.value) return;
  const std::string written = plan::to_text(*quantity.value);
  const compiler::Quantity again = compiler::read_quantity(written);
  SLUICE_CHECK(again.value == quantity.value, "a quantity is not what is written of it");
}

void plans(std::string_view bytes) {
  if (bytes.size() > 16 * most_bytes) return;
  const auto plan = plan::from_json(bytes);
  if (!plan) {
    SLUICE_CHECK(!plan.error().message.empty(), "a plan is refused without a word");
    return;
  }
  SLUICE_CHECK(plan::to_json(plan.value()) == bytes, "a plan was read that is not canonical");
}

}  // namespace sluice::fuzz
