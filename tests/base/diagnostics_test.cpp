#include "base/diagnostics.h"

#include <catch2/catch.hpp>

using namespace sluice::base;

namespace {

struct Bench {
  Sources sources;
  FileId file;
  explicit Bench(std::string text) {
    file = sources.add(SourceFile("web.deploy", std::move(text)));
  }
  Diagnostic error(std::string code, std::uint32_t begin, std::uint32_t end,
                   std::string message) const {
    return {std::move(code), Severity::Error, Span{file, begin, end}, std::move(message), {}, {}};
  }
};

}  // namespace

TEST_CASE("a diagnostic shows its place, the line with the mark, notes and hints") {
  const Bench bench("role web {\n  step \"Update\" windw 3 {\n");
  Diagnostic item = bench.error("E0110", 27, 32, "`windw` is no phrase of a step");
  item.notes.push_back({Span{bench.file, 0, 8}, "the role is declared here"});
  item.hints.push_back("did you mean `window`?");
  Diagnostics diagnostics;
  diagnostics.add(item);
  CHECK(print_diagnostics(diagnostics, bench.sources, false) ==
        "web.deploy:2:17: error[E0110]: `windw` is no phrase of a step\n"
        "  2 |   step \"Update\" windw 3 {\n"
        "    |                 ^^^^^\n"
        "web.deploy:1:1: note: the role is declared here\n"
        "  1 | role web {\n"
        "    | ^^^^^^^^\n"
        "  hint: did you mean `window`?\n"
        "1 error\n");
}

TEST_CASE("diagnostics come in source order, each once") {
  const Bench bench("a b c\n");
  Diagnostics diagnostics;
  diagnostics.add(bench.error("E0002", 4, 5, "second"));
  diagnostics.add(bench.error("E0001", 0, 1, "first"));
  diagnostics.add(bench.error("E0002", 4, 5, "second again"));
  REQUIRE(diagnostics.sorted().size() == 2);
  CHECK(diagnostics.sorted()[0].message == "first");
  CHECK(diagnostics.error_count() == 2);
}

TEST_CASE("more errors than the limit are counted, not kept") {
  const Bench bench(std::string(1000, 'x'));
  Diagnostics diagnostics(3);
  for (std::uint32_t i = 0; i < 10; ++i) diagnostics.add(bench.error("E0001", i, i + 1, "x"));
  CHECK(diagnostics.sorted().size() == 3);
  CHECK(diagnostics.left_out() == 7);
  const std::string text = print_diagnostics(diagnostics, bench.sources, false);
  CHECK(text.find("10 errors (7 not shown)\n") != std::string::npos);
}

TEST_CASE("a mark at the end of the file stands behind the last character") {
  const Bench bench("role web {");
  Diagnostics diagnostics;
  diagnostics.add(bench.error("E0001", 10, 10, "`}` is missing"));
  CHECK(print_diagnostics(diagnostics, bench.sources, false) ==
        "web.deploy:1:11: error[E0001]: `}` is missing\n"
        "  1 | role web {\n"
        "    |           ^\n"
        "1 error\n");
}

TEST_CASE("escape sequences of the source never reach the terminal") {
  const Bench bench("x \x1b]0;owned\x07 y");
  Diagnostics diagnostics;
  diagnostics.add(bench.error("E0001", 2, 3, "a control character"));
  const std::string text = print_diagnostics(diagnostics, bench.sources, false);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\\u{1B}]0;owned\\u{7} y") != std::string::npos);
}

TEST_CASE("a very long line is cut around its mark") {
  const Bench bench(std::string(100'000, 'a') + "!" + std::string(100'000, 'b'));
  Diagnostics diagnostics;
  diagnostics.add(bench.error("E0001", 100'000, 100'001, "not this"));
  const std::string text = print_diagnostics(diagnostics, bench.sources, false);
  CHECK(text.size() < 600);
  CHECK(text.find("a!b") != std::string::npos);
  CHECK(text.find("web.deploy:1:100001:") == 0);
}

TEST_CASE("colour is used only where it is asked for") {
  const Bench bench("x");
  Diagnostics diagnostics;
  diagnostics.add(bench.error("E0001", 0, 1, "m"));
  CHECK(print_diagnostics(diagnostics, bench.sources, true).find("\x1b[1;31m") !=
        std::string::npos);
}

TEST_CASE("JSON has line and column from 1, columns in code points") {
  const Bench bench("é windw\n");
  Diagnostic item = bench.error("E0110", 3, 8, "`windw`");
  item.hints.push_back("did you mean `window`?");
  Diagnostics diagnostics;
  diagnostics.add(item);
  CHECK(diagnostics_json(diagnostics, bench.sources) ==
        R"({"schema":"sluice.diagnostics/1","diagnostics":[{"code":"E0110","severity":"error",)"
        R"("message":"`windw`","file":"web.deploy","line":1,"column":3,"end_line":1,)"
        R"("end_column":8,"hints":["did you mean `window`?"],"notes":[]}]})"
        "\n");
}
