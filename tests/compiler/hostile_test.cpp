// Files that were made to break a parser: each gets an error with a place, soon, and no more errors
// than a person can read.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "compiler/compile.h"
#include "compiler/depth_guard.h"
#include "compiler/text_check.h"
#include "support/source_text.h"

using namespace sluice;
using test::parse_text;

namespace {

std::string times(std::size_t count, std::string_view text) {
  std::string made;
  made.reserve(count * text.size());
  for (std::size_t i = 0; i < count; ++i) made += text;
  return made;
}

// The first line of what is said.
std::string first(std::string_view text) {
  const std::string all = parse_text(text).summary();
  return all.substr(0, all.find('\n'));
}

}  // namespace

TEST_CASE("files of a few bytes are refused with a place") {
  CHECK(parse_text("}").summary() == "1:1 E0113 this `}` closes nothing\n");
  CHECK(parse_text("}}").summary() ==
        "1:1 E0113 this `}` closes nothing\n1:2 E0113 this `}` closes nothing\n");
  CHECK(first("{") == "1:1 E0111 `{` does not belong at the top of a file");
  CHECK(first("\"") == "1:1 E0106 this string does not end on its line");
  CHECK(first("\"${") == "1:2 E0106 this `${` is not closed on its line");
  CHECK(first("\"${}") == "1:1 E0106 this string does not end on its line");
  CHECK(first("\"\"\"") == "1:1 E0107 this text block is never closed");
  CHECK(first("$") == "1:1 E0111 `$` does not belong at the top of a file");
  CHECK(first("\\") == "1:1 E0111 `\\` does not belong at the top of a file");
  CHECK(first("step") == "1:1 E0115 the name of the step is missing behind `step`");
  CHECK(first("step \"a\"") == "1:8 E0111 a `{` is missing behind `\"a\"`");
  CHECK(first("variable") == "1:1 E0111 something is missing behind `variable`");
  CHECK(first("variable x =") == "1:12 E0111 a value is missing behind `=`");
  CHECK(first(std::string_view("\0", 1)) ==
        "1:1 E0103 the control character U+0000 cannot be seen here");
  CHECK(first("\xEF\xBB\xBF}") == "1:2 E0113 this `}` closes nothing");
  CHECK(first("\xEF\xBB") == "1:1 E0102 the byte 0xEF is no UTF-8");
}

TEST_CASE("what is no UTF-8 is refused before anything is read") {
  for (const char* text : {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82",
                           "\"\xC3(\"", "# \xFE\n"}) {
    const test::Parsed parsed = parse_text(text);
    CHECK(parsed.summary().find("E0102") != std::string::npos);
    CHECK(parsed.tree.declarations.empty());
    CHECK_FALSE(parsed.tree.complete);
  }
}

TEST_CASE("what a reader cannot see is refused") {
  CHECK(first("# a\x1B[2J") == "1:4 E0103 the control character U+001B cannot be seen here");
  CHECK(first("# a\x7F") == "1:4 E0103 the control character U+007F cannot be seen here");
  CHECK(first("# hidden\rrun") == "1:9 E0103 a carriage return stands here without a line feed");
  const std::string turned =
      "a control that turns the direction of the text is not paired on its line: what is read "
      "here is not what is seen";
  CHECK(first("# \u202E admin") == "1:3 E0104 " + turned);
  CHECK(first("# \u2066 a \u2069 \u2069") == "1:9 E0104 " + turned);
  CHECK(first("# \u2066 a \n# \u2069") == "1:3 E0104 " + turned);
  CHECK(parse_text("# \u2066 \u05D0\u05D1 \u2069 fine\n").summary() == "");
}

TEST_CASE("a blank that is none is told from a word") {
  CHECK(first("role\u00A0web { target \"a\" }") ==
        "1:5 E0111 the character U+00A0 cannot be seen here");
  CHECK(first("role we\u200Bb { target \"a\" }") ==
        "1:8 E0111 the character U+200B cannot be seen here");
  CHECK(parse_text("deployment \"A\u00A0B\" # \u00A0\n").summary() == "");
}

TEST_CASE("nesting ends at 128 levels, whatever it is made of") {
  const std::string deep = "this is nested more than 128 levels deep";
  const std::size_t many = 1'000'000;
  const auto start = std::chrono::steady_clock::now();
  CHECK(first("variable x = " + times(many, "(")) == "1:142 E0105 " + deep);
  CHECK(first("variable x = " + times(many, "[")) == "1:142 E0105 " + deep);
  CHECK(first("step \"a\" " + times(many, "{")) == "1:138 E0105 " + deep);
  CHECK(first("variable x = " + times(many, "\"${")) == "1:399 E0105 " + deep);
  CHECK(first("variable x = " + times(many, "-")) == "1:142 E0105 " + deep);
  CHECK(first("variable x = " + times(many, "not ")) == "1:526 E0105 " + deep);
  CHECK(first("variable x = " + times(many, "if ")) == "1:398 E0105 " + deep);
  CHECK(first("variable x = " + times(many / 2, "if a then b else ")) == "1:2190 E0105 " + deep);
  CHECK(first("variable x = " + times(many, "f(a[")) == "1:271 E0105 " + deep);
  CHECK(first(times(many, "step \"a\" { ")) == "1:1418 E0105 " + deep);
  // Ten files of some MB each, with room for a busy machine.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

TEST_CASE("128 levels of anything are read") {
  const std::size_t most = compiler::most_levels;
  const auto said = [](const std::string& text) { return parse_text(text).summary(); };
  CHECK(said("variable x = " + times(most, "(") + "1" + times(most, ")")) == "");
  CHECK(said("variable x = " + times(most, "[") + "1" + times(most, "]")) == "");
  CHECK(said("variable x = " + times(most, "-") + "1") == "");
  CHECK(said("variable x = " + times(most, "not ") + "a") == "");
  CHECK(said("variable x = " + times(most, "\"${") + "1" + times(most, "}\"")) == "");
  CHECK(said("variable x = " + times(most, "if a then b else ") + "c") == "");
  CHECK(said("variable x = a" + times(most, " + a")) == "");
  CHECK(said("variable x = a" + times(most, ".b")) == "");
  CHECK(said(times(most, "step \"a\" { ") + times(most, "}")) == "");
}

TEST_CASE("a chain of operators ends at 128 as well") {
  CHECK(first("variable x = 1" + times(129, " + 1")) ==
        "1:14 E0105 this is a chain of more than 128 operators");
  CHECK(first("variable x = a" + times(100'000, " and a")) ==
        "1:14 E0105 this is a chain of more than 128 operators");
  CHECK(first("variable x = a" + times(100'000, ".b")) ==
        "1:14 E0105 this is a chain of more than 128 names");
}

TEST_CASE("many values side by side are not nested") {
  CHECK(parse_text("variable x = [-1" + times(1000, ", -1") + "]").summary() == "");
  CHECK(parse_text("variable x = [not a" + times(1000, ", not a") + "]").summary() == "");
  CHECK(parse_text("role w { target \"t\" {" + times(1000, " a = -1") + "} }").summary() == "");
  CHECK(parse_text("role w { target \"t\" {" + times(1000, " if = -1") + "} }").summary() == "");
  CHECK(parse_text(times(1000, "variable x = if a then -b else not c\n")).summary() == "");
  CHECK(parse_text("step \"s\" {" + times(1000, " takes -1s to -1s") + "}").summary() == "");
  CHECK(parse_text(times(300, "variable x = \"${ \n")).summary().find("E0105") ==
        std::string::npos);
}

TEST_CASE("size is bounded before anything is read") {
  const std::string most(compiler::most_source_bytes, ' ');
  CHECK(parse_text(most).summary() == "");
  CHECK(parse_text(most + " ").summary() ==
        "1:1 E0101 the file has 16777217 bytes, and at most 16777216 are read\n");
  CHECK(first(std::string(100'000'000, 'a')) ==
        "1:1 E0101 the file has 100000000 bytes, and at most 16777216 are read");
  CHECK(first(times(5'000'001, ",")) ==
        "1:5000000 E0101 the file has more than 5000000 words and signs");
}

TEST_CASE("one token may be as long as the file") {
  CHECK(first(std::string(1'000'000, 'a')) ==
        "1:1 E0111 `" + std::string(40, 'a') + "…` does not belong at the top of a file");
  CHECK(first(std::string(1'000'000, '9')).find("E0110") != std::string::npos);
  CHECK(first("variable x = " + std::string(1'000'000, '9')).find("E0110") != std::string::npos);
  CHECK(first("variable x = " + times(300'000, "1h")).find("E0109") != std::string::npos);
  CHECK(first("deployment \"" + std::string(1'000'000, 'a')) ==
        "1:12 E0106 this string does not end on its line");
  CHECK(first("deployment \"\"\"\n" + std::string(1'000'000, 'a')) ==
        "1:12 E0107 this text block is never closed");
  CHECK(parse_text("deployment \"" + std::string(1'000'000, 'a') + "\"").summary() == "");
  CHECK(parse_text("# " + times(300'000, "ü")).summary() == "");
}

TEST_CASE("errors without number are counted, and a hundred of them kept") {
  const auto count = [](const std::string& text) {
    const test::Parsed parsed = parse_text(text);
    CHECK(parsed.diagnostics.sorted().size() <= 100);
    return parsed.diagnostics.error_count();
  };
  CHECK(count(times(100'000, "foo bar\n")) == 1'001);  // nobody reads on
  CHECK(count("step \"a\" {\n" + times(100'000, "  timout 5m\n") + "}\n") == 100'000);
  CHECK(count("deployment \"" + times(100'000, "\\q") + "\"") == 100'000);
  CHECK(count("variable x = [1" + times(100'000, ", 1sec") + "]") == 100'000);
  CHECK(count(times(100'000, "variable x = \"\n")) == 100'000);
  CHECK(count(times(100'000, "}")) == 100'000);
  CHECK(count(times(100'000, "\xFF")) <= 101);
}

TEST_CASE("what stands many times beside one another takes its time once") {
  const std::string head = "deployment \"a\"\nconnect local\nrole web { target \"w\" }\n";
  const auto errors_of = [&](const std::string& text) {
    base::Sources sources;
    base::Diagnostics diagnostics;
    const base::FileId file = sources.add(base::SourceFile("web.deploy", head + text));
    compiler::compile(sources, file, {}, diagnostics);
    std::string said;
    for (const base::Diagnostic& item : diagnostics.sorted()) {
      if (item.severity == base::Severity::Error && said.empty()) said = item.code;
    }
    return said;
  };
  std::string procedures = "procedure p0 { step \"s\" on web { run \"true\" } }\n";
  for (int i = 1; i < 50'000; ++i) {
    procedures += fmt::format("procedure p{} {{ use p{} }}\n", i, i - 1);
  }
  CHECK(errors_of(procedures + "use p49999\n") == "E0612");
  std::string properties;
  std::string headers;
  std::string tags = "t";
  for (int i = 0; i < 30'000; ++i) {
    properties += fmt::format("p{} = 1 ", i);
    headers += fmt::format("\"h{}\" = \"v\" ", i);
    tags += fmt::format(", t{}", i);
  }
  CHECK(errors_of("role api { target \"a\" { " + properties +
                  "} }\nstep \"s\" on web { run \"true\" }\n") == "");
  CHECK(errors_of("step \"s\" on web { run http { url = \"http://x/\" headers { " + headers +
                  "} } }\n") == "");
  CHECK(errors_of("step \"s\" on web { tags " + tags + " run \"true\" }\n") == "");
  std::string unknown;
  for (int i = 0; i < 20'000; ++i) unknown += fmt::format("variable v{} = w{}\n", i, i);
  CHECK(errors_of(unknown + "step \"s\" on web { run \"true\" }\n") == "E0204");
}
