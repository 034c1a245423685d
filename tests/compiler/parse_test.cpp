// What is read from a file that is right: each construct, whole, against its tree.
#include "compiler/parse.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "support/golden.h"
#include "support/paths.h"
#include "support/source_text.h"
#include "support/syntax_dump.h"

using namespace sluice;
using test::dump;
using test::parse_text;

namespace {

// The tree of one expression.
std::string expression(const std::string& text) {
  const test::Parsed parsed = parse_text("variable x = " + text);
  const std::string said = parsed.summary();
  return said.empty() ? dump(parsed.tree).substr(std::string("variable x = ").size()) : said;
}

std::string block(const std::string& text) {
  return expression(text);
}

}  // namespace

TEST_CASE("each construct is read into the tree that stands beside it") {
  std::set<std::string> names;
  const std::string folder = test::source_dir() + "/tests/compiler/syntax";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".deploy") names.insert(entry.path().stem().string());
  }
  REQUIRE(names.size() >= 6);
  for (const std::string& name : names) {
    const test::Parsed parsed = parse_text(test::read_text(folder + "/" + name + ".deploy"));
    INFO(name);
    CHECK(parsed.printed() == "");
    CHECK(parsed.tree.complete);
    test::check_golden("compiler/syntax/" + name + ".tree", dump(parsed.tree));
  }
}

TEST_CASE("operators bind as the language says") {
  CHECK(expression("1 + 2 * 3") == "(+ 1 (* 2 3))\n");
  CHECK(expression("1 - 2 - 3") == "(- (- 1 2) 3)\n");
  CHECK(expression("-a * b") == "(* (- a) b)\n");
  CHECK(expression("not a == b") == "(not (== a b))\n");
  CHECK(expression("not a and not b or c") == "(or (and (not a) (not b)) c)\n");
  CHECK(expression("a + 1 >= b / 2") == "(>= (+ a 1) (/ b 2))\n");
  CHECK(expression("(a + 1) * 2") == "(* (+ a 1) 2)\n");
  CHECK(expression("if a then b else if c then d else e + 1") == "(if a b (if c d (+ e 1)))\n");
  CHECK(expression("if a or b then 1 else 2") == "(if (or a b) 1 2)\n");
}

TEST_CASE("an expression has names, properties, calls and lists") {
  CHECK(expression("target.zone") == "target.zone\n");
  CHECK(expression("target[\"install-time\"]") == "(index target \"install-time\")\n");
  CHECK(expression("target.order + host.if") == "(+ target.order host.if)\n");
  CHECK(expression("deployment.name") == "deployment.name\n");
  CHECK(expression("lower(replace(a, \"x\", \"y\"))") ==
        "(call lower (call replace a \"x\" \"y\"))\n");
  CHECK(expression("now()") == "(call now)\n");
  CHECK(expression("[]") == "[]\n");
  CHECK(expression("[1, [2, a], \"b\"]") == "[1 [2 a] \"b\"]\n");
  CHECK(expression("true != false") == "(!= true false)\n");
}

TEST_CASE("numbers, percentages, durations, sizes and rates are read exactly") {
  CHECK(expression("2.5") == "2.5\n");
  CHECK(expression("0.000001") == "0.000001\n");
  CHECK(expression("[25%, 0.5%]") == "[25% 0.5%]\n");
  CHECK(expression("[250ms, 30s, 5m, 2h, 1d, 1h30m]") == "[250ms 30s 5m 2h 1d 1h30m]\n");
  CHECK(expression("[500kB, 20MB, 1GiB, 7B]") == "[500kB 20MB 1GiB 7B]\n");
  CHECK(expression("1Gbps") == "1Gbps\n");
}

TEST_CASE("what is no number says why") {
  const auto said = [](const std::string& text) { return parse_text("variable x = " + text); };
  CHECK(said("30sec").summary() == "1:14 E0109 `sec` is no unit\n");
  CHECK(said("2.4.1").summary() == "1:14 E0109 `2.4.1` is no number\n");
  CHECK(said("1.5h").summary() ==
        "1:14 E0109 `1.5h` has a fraction; a quantity with a unit is a whole number\n");
  CHECK(said("30m1h").summary() ==
        "1:14 E0109 the units of `30m1h` are not each once, the largest first\n");
  CHECK(said("1h1h").summary() ==
        "1:14 E0109 the units of `1h1h` are not each once, the largest first\n");
  CHECK(said("1h30").summary() == "1:14 E0109 `1h30` ends without a unit\n");
  CHECK(said("1_000").summary() == "1:14 E0109 `1_000` is no number\n");
  CHECK(said("0x1F").summary() == "1:14 E0109 `0x1F` is no number\n");
  CHECK(said("1e6").summary() == "1:14 E0109 `1e6` is no number\n");
  CHECK(said("5s%").summary() == "1:14 E0109 `5s%` is no percentage\n");
  CHECK(said("1.2345678").summary() == "1:14 E0109 `1.2345678` has more than six places\n");
  CHECK(said("30 s").summary() == "1:17 E0111 `s` stands apart from `30`\n");
  CHECK(said("25 %").summary() == "1:17 E0111 `%` stands apart from `25`\n");
  CHECK(said("1h 30m").summary() == "1:17 E0111 `30m` stands apart from `1h`\n");
  for (const char* text : {"99999999999999", "9223372036855", "36526d", "99999999999999999999s",
                           "9000000TiB", "99999999999999999999999999999%"}) {
    CHECK(said(text).summary() == "1:14 E0110 `" + std::string(text) + "` is out of range\n");
  }
  CHECK(expression("9223372036854") == "9223372036854\n");
}

TEST_CASE("a string has escapes and interpolation, and strings within") {
  CHECK(expression(R"("a\n\t\"\\\$\u{1F680}$b $")") == "\"a\\n\\t\\\"\\\\$🚀$b $\"\n");
  CHECK(expression(R"("a${b}c")") == "(text \"a\" b \"c\")\n");
  CHECK(expression(R"("${a}${b}")") == "(text a b)\n");
  CHECK(expression(R"("x${lower("y${"z${1}"}")}")") ==
        "(text \"x\" (call lower (text \"y\" (text \"z\" 1))))\n");
  CHECK(expression(R"("$${a}$")") == "(text \"$\" a \"$\")\n");
  CHECK(expression("\"\"") == "\"\"\n");
  CHECK(expression("\"Grüße 🚀\"") == "\"Grüße 🚀\"\n");
}

TEST_CASE("a string's wrong escapes are each marked") {
  CHECK(parse_text(R"(variable x = "C:\deploy\é\u{110000}\u{}\u{D800}\u41")").summary() ==
        "1:17 E0108 `\\d` is no escape\n"
        "1:24 E0108 `\\é` is no escape\n"
        "1:26 E0108 `\\u{110000}` is no escape\n"
        "1:36 E0108 `\\u{}` is no escape\n"
        "1:40 E0108 `\\u{D800}` is no escape\n"
        "1:48 E0108 `\\u` is no escape\n");
}

TEST_CASE("a text block loses its common indentation and nothing else") {
  CHECK(block("\"\"\"\n    a\n      b\n    \"\"\"") == "block \"a\\n  b\"\n");
  CHECK(block("\"\"\"\n  a\n\n  b\n\"\"\"") == "block \"a\\n\\nb\"\n");
  CHECK(block("\"\"\"\na\n  \"\"\"") == "block \"a\"\n");
  CHECK(block("\"\"\"  \n  a\\n${b} $c \"d\" \"\" e\n\"\"\"") ==
        "block \"a\\\\n${b} $c \\\"d\\\" \\\"\\\" e\"\n");
  CHECK(block("\"\"\"\r\n  a\r\n  b\r\n  \"\"\"") == "block \"a\\nb\"\n");
  CHECK(block("\"\"\"\n\ta\n\t  b\n\"\"\"") == "block \"a\\n  b\"\n");
  CHECK(block("\"\"\"\n  a\n\tb\n\"\"\"") == "block \"  a\\n\\tb\"\n");
  CHECK(block("\"\"\"\"\n  say \"\"\"x\"\"\"\n\"\"\"\"") ==
        "block \"say \\\"\\\"\\\"x\\\"\\\"\\\"\"\n");
  CHECK(block("\"\"\"\n  say \"hi\"\"\"\"") == "block \"say \\\"hi\\\"\"\n");
  CHECK(block("\"\"\"\n\"\"\"") == "block \"\"\n");
  CHECK(block("\"\"\"\n\n\"\"\"") == "block \"\"\n");
}

TEST_CASE("line ends, a byte-order mark and comments mean nothing") {
  const std::string text =
      "deployment \"A\" # why\nstep \"S\" # { \" }\n{ run\n\"x\" # y\n timeout\n5m }";
  const std::string tree = dump(parse_text(text).tree);
  CHECK(tree == "deployment \"A\"\nstep \"S\"\n  body timeout 5m\n  run - \"x\"\n");
  std::string windows;
  for (const char c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
  CHECK(dump(parse_text(windows).tree) == tree);
  CHECK(dump(parse_text("\xEF\xBB\xBF" + text).tree) == tree);
}

TEST_CASE("a byte-order mark does not move the places of what follows") {
  CHECK(parse_text("\xEF\xBB\xBFrolle").summary() ==
        parse_text("rolle").summary().replace(0, 3, "1:2"));
}

TEST_CASE("a file without indentation is as good as any") {
  CHECK(parse_text("step \"a\" {\nstep \"b\" {\nrun \"x\"\n}\nstep \"c\" {\nrun \"y\"\n}\n}\n"
                   "role web {\ntarget \"t\" {\nzone = 1\n}\n}\n")
            .printed() == "");
  CHECK(parse_text("step \"a\" { step \"b\" { run \"x\" } step \"c\" { run \"y\" } }").printed() ==
        "");
}

TEST_CASE("an empty file and one of comments are read") {
  CHECK(dump(parse_text("").tree) == "");
  CHECK(dump(parse_text("# nothing\n\n").tree) == "");
}
