// Files that were made to break a parser: each gets an error with a place, soon, and no more errors
// than a person can read.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "compiler/compile.h"
#include "compiler/depth_guard.h"
#include "compiler/text_check.h"
#include "support/inventory_text.h"
#include "support/memory_files.h"
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
  CHECK(first(times(5'000'001, "a ")) ==
        "1:9999999 E0101 the file has more than 5000000 words and signs");
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

TEST_CASE("of errors without number a thousand are counted, and a hundred of them kept") {
  const auto count = [](const std::string& text) {
    const test::Parsed parsed = parse_text(text);
    CHECK(parsed.diagnostics.sorted().size() <= 100);
    return parsed.diagnostics.error_count();
  };
  CHECK(count(times(100'000, "foo bar\n")) == 1'000);
  CHECK(count("step \"a\" {\n" + times(100'000, "  timout 5m\n") + "}\n") == 1'000);
  CHECK(count("deployment \"" + times(100'000, "\\q") + "\"") == 1'000);
  CHECK(count("variable x = [1" + times(100'000, ", 1sec") + "]") == 1'000);
  CHECK(count(times(100'000, "variable x = \"\n")) == 1'000);
  CHECK(count(times(100'000, "}")) == 1'000);
  CHECK(count(times(100'000, "\xFF")) <= 101);
}

namespace {

std::string numbered(std::size_t count, std::string_view before, std::string_view behind) {
  std::string made;
  for (std::size_t i = 0; i < count; ++i) made += fmt::format("{}{}{}", before, i, behind);
  return made;
}

// The first error of a file that is compiled, behind a head that is right.
std::string compiled(const std::string& text, std::size_t& errors) {
  base::Sources sources;
  base::Diagnostics diagnostics;
  const base::FileId file = sources.add(base::SourceFile(
      "web.deploy", "deployment \"a\"\nconnect local\nrole web { target \"w[1..9]\" }\n" + text));
  const auto plan = compiler::compile(sources, file, {}, diagnostics);
  errors = diagnostics.error_count();
  CHECK(plan.has_value() == (errors == 0));
  for (const base::Diagnostic& item : diagnostics.sorted()) {
    if (item.severity != base::Severity::Error) continue;
    const base::Position at = sources[item.span.file].position(item.span.begin);
    return fmt::format("{}:{} {}", at.line, at.column, item.code);
  }
  return "";
}

}  // namespace

TEST_CASE("mistakes of meaning end the reading at a thousand as well") {
  struct Case {
    std::string text;
    std::string first;
  };
  const std::string step = "step \"s\" on web { run \"true\" takes 1s }\n";
  const std::size_t many = 3'000;
  const Case cases[] = {
      {numbered(many, "step \"e", "\" on nosuch { run \"true\" }\n"), "4:14 E0203"},
      {numbered(many, "step \"e", "\" on web { run \"true\" takes nosuch }\n"), "4:37 E0204"},
      {step + numbered(many, "variable v", " = nosuch\n"), "5:15 E0204"},
      {step + numbered(many, "variable v", " = 1 + \"a\"\n"), "5:15 E0205"},
      {step + "role x {" + numbered(many, " target \"h", "\" { a = nosuch }") + "}", "5:28 E0204"},
      {step + numbered(many, "require available(x", ") >= 1\n"), "5:19 E0203"},
      {step + numbered(many, "require available(web) >= 1 # ", "\n"), "1005:1 E0615"},
      {step + numbered(many, "resource r", " 0\n"), "5:13 E0613"},
      {step + numbered(many, "use p", "()\n"), "5:5 E0607"},
      {"step \"z\" on web {\n" +
           numbered(many, "step \"c", "\" { run \"true\" retry 0 every 1s }\n") + "}",
       "5:30 E0305"},
      {numbered(many, "step \"k", "\" on web { run nosuch { a = 1 } }\n"), "4:24 E0211"},
  };
  for (const Case& one : cases) {
    INFO(one.text.substr(0, 200));
    std::size_t errors = 0;
    CHECK(compiled(one.text, errors) == one.first);
    CHECK((errors == 1'000 || one.first == "1005:1 E0615"));
  }
}

TEST_CASE("what stands in one row is bounded before it is parsed") {
  CHECK(first("variable x = 1" + times(1'000'000, "+1")) ==
        "1:14 E0105 this is a chain of more than 128 operators");
  CHECK(first("variable x = \"a\"" + times(500'000, " + \"a\"")) ==
        "1:18 E0105 this is a chain of more than 128 operators");
  CHECK(first("variable x = a" + times(1'000'000, ".b")) ==
        "1:14 E0105 this is a chain of more than 128 names");
  CHECK(first("variable x = [" + times(1'000'000, "1,") + "1]") ==
        "1:200016 E0101 this is a list of more than 100000 parts");
  CHECK(first("variable x = \"" + times(1'000'000, "${1}") + "\"") ==
        "1:400015 E0101 this is a string with more than 100000 `${…}`");
  // Of several they are not one row.
  CHECK(parse_text(numbered(20'000, "variable v", " = 1 + 2\n")).summary() == "");
  CHECK(parse_text("role w { target \"t\" {" + times(20'000, " a = b.c + 1") + "} }").summary() ==
        "");
  CHECK(parse_text("step \"s\" {" + times(1'000, " when a and b") + "}").summary() == "");
  CHECK(parse_text("variable x = [a.b" + times(20'000, ", a.b + 1") + "]").summary() == "");
}

TEST_CASE("what stands for more and more is bounded") {
  std::size_t errors = 0;
  const std::string step = "step \"s\" on web { run \"true\" takes 1s }\n";
  const auto chain = [](std::string_view given, std::string_view first_given) {
    std::string made;
    for (int i = 0; i < 30; ++i) {
      made += fmt::format("procedure p{}(a: string) {{ use p{}(a = {}) }}\n", i, i + 1, given);
    }
    return made + "procedure p30(a: string) { step \"x\" on web { run http { url = a } } }\n" +
           fmt::format("use p0(a = {})\n", first_given);
  };
  CHECK(compiled(chain("\"${a}${a}${a}\"", "\"http://x/\""), errors) == "14:40 E0217");
  CHECK(compiled(chain("\"${a}${a}${a}\"", "\"http://${deployment.id}/\""), errors) ==
        "11:34 E0217");
  std::string doubled = step + "variable a0 = \"xxxxxxxxxx\"\n";
  for (int i = 0; i < 40; ++i)
    doubled += fmt::format("variable a{} = \"${{a{}}}${{a{}}}\"\n", i + 1, i, i);
  CHECK(compiled(doubled, errors) == "19:1 E0215");
  std::string uses;
  for (int i = 0; i < 40; ++i) {
    uses += fmt::format("procedure p{}() {{ use p{}() as \"a\" use p{}() as \"b\" }}\n", i, i + 1,
                        i + 1);
  }
  CHECK(compiled(uses + "procedure p40() { step \"x\" { run \"true\" } }\nuse p0()\n", errors)
            .ends_with("E0612"));
  CHECK(compiled("role a { " + times(10'000, "target \"v-[1..9999]\" ") + "}\n" + step, errors) ==
        "4:42017 E0207");
  CHECK(compiled("role a { target \"v-[1..999999999]\" }\n" + step, errors) == "4:17 E0207");
  CHECK(compiled("role a { target \"v-[1..99999][1..99999][1..99999]\" }\n" + step, errors) ==
        "4:17 E0207");
  CHECK(compiled(step + numbered(101, "environment e", " { }\n"), errors) == "105:1 E0606");
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

TEST_CASE("each step has its place in a line that is as long as the file") {
  std::string text = "deployment \"a\" role web { target \"w\" } ";
  std::size_t wide = 0;  // bytes that are no column of their own
  const auto column = [&] { return static_cast<std::uint32_t>(text.size() - wide + 1); };
  const std::uint32_t in_procedure = column() + 16;
  text += "procedure p() { step \"p\" on web { run \"true\" takes 1s } } ";
  std::vector<std::uint32_t> columns;
  for (int i = 0; i < 20'000; ++i) {
    columns.push_back(column());
    text += fmt::format("step \"é{}\" on web {{ run \"true\" takes 1s }} ", i);
    ++wide;
    if (i % 100 != 0) continue;
    columns.push_back(in_procedure);
    text += fmt::format("use p() as \"ü{}\" ", i);
    ++wide;
  }
  base::Sources sources;
  base::Diagnostics diagnostics;
  const base::FileId file = sources.add(base::SourceFile("web.deploy", text));
  const auto plan = compiler::compile(sources, file, {}, diagnostics);
  REQUIRE(plan.has_value());
  std::vector<std::uint32_t> found;
  for (const plan::Step& step : plan->steps) found.push_back(step.place.column);
  CHECK(found == columns);
}

TEST_CASE("names are looked at beside a syntax error in up to 4 MiB of text") {
  const std::string text =
      "deployment \"a\"\nstep \"A\" windw 3 { run \"true\" }\nstep \"B\" on nosuch { run \"true\" "
      "}\n";
  const auto errors_of = [](std::string source) {
    base::Sources sources;
    base::Diagnostics diagnostics;
    const base::FileId file = sources.add(base::SourceFile("web.deploy", std::move(source)));
    compiler::compile(sources, file, {}, diagnostics);
    return diagnostics.error_count();
  };
  const std::size_t left = std::size_t{4} * 1024 * 1024 - text.size();
  CHECK(errors_of(text + std::string(left, '#')) == 2);
  CHECK(errors_of(text + std::string(left + 1, '#')) == 1);
}

TEST_CASE("inventories that were made to be large are refused with a place") {
  const auto said = [](const char* name, const std::string& text) {
    const test::InventoryText read = test::read_inventory_text(name, text);
    CHECK_FALSE(read.good);
    return read.said.substr(0, read.said.find('\n'));
  };
  CHECK(said("a.csv", "name" + numbered(20'000, ",c", "") + "\nh\n") ==
        "a.csv:1:58890: error[E0508]: these are more than 10000 columns");
  const std::string variables = "the inventory has more than 100,000 variables of different names";
  CHECK(said("a.ini", "[web]\nh" + numbered(200'000, " a", "=1") + "\n") ==
        "a.ini:2:888893: error[E0508]: " + variables);
  CHECK(said("a.ini", "[web:vars]\n" + numbered(200'000, "a", "=1\n") + "[web]\nh\n") ==
        "a.ini:100002:1: error[E0508]: " + variables);
  CHECK(said("a.json", "{\"web\":{\"hosts\":[\"h\"],\"vars\":{\"a\":1" +
                           numbered(200'000, ",\"a", "\":1") + "}}}") ==
        "a.json:1:1088916: error[E0508]: " + variables);
  CHECK(said("a.ini", "[web]\nh[1:999999999]\n") ==
        "a.ini:2:1: error[E0508]: `h[1:999999999]` stands for more hosts than 10000000");
  CHECK(said("a.ini", "[web]\nh[1:99999][1:99999]\n") ==
        "a.ini:2:1: error[E0508]: `h[1:99999][1:99999]` stands for more hosts than 10000000");
  CHECK(said("a.json", times(1'000'000, "{\"a\":"))
            .find("E0506]: this is nested deeper than 128 levels") != std::string::npos);
  CHECK(said("a.yml", "a: " + times(1'000'000, "["))
            .find("E0506]: this is nested deeper than 128 levels") != std::string::npos);
  CHECK(said("a.ini", "[web]\n" + std::string(1'000'000, 'x')) ==
        "a.ini:2:1: error[E0502]: a host's name has at most 255 bytes");
}

TEST_CASE("a NUL in an inventory of JSON is told of as that, and what is no escape as that") {
  const auto said = [](const std::string& written) {
    const std::string text = "{\"web\":{\"hosts\":[\"h\"],\"vars\":{\"a\":\"x" + written + "\"}}}";
    const test::InventoryText read = test::read_inventory_text("a.json", text);
    CHECK_FALSE(read.good);
    return read.said.substr(0, read.said.find('\n'));
  };
  CHECK(said("\\u0000") ==
        "a.json:1:37: error[E0506]: a text has no NUL: no file and no script takes it");
  CHECK(said("\\x41") == "a.json:1:37: error[E0506]: there is no such escape in JSON");
}

TEST_CASE("an inventory that is no text is told of by whoever names it") {
  for (const std::string_view bytes : {std::string_view("h\0x", 3), std::string_view("h\xFF"),
                                       std::string_view("h \xE2\x80\xAE x")}) {
    test::MemoryFiles files(
        "deployment \"a\"\ninventory \"hosts.ini\"\nstep \"s\" on web { run \"true\" }\n");
    files.files()["hosts.ini"] = "[web]\n" + std::string(bytes) + "\n";
    compiler::Options options;
    options.reader = &files;
    base::Sources sources;
    base::Diagnostics diagnostics;
    const base::FileId file = sources.add(base::SourceFile("web.deploy", files.main()));
    CHECK_FALSE(compiler::compile(sources, file, options, diagnostics));
    REQUIRE(diagnostics.error_count() == 1);
    const base::Diagnostic item = diagnostics.sorted()[0];
    CHECK(item.code.starts_with("E010"));
    CHECK(sources[item.span.file].name() == "hosts.ini");
    CHECK(sources[item.span.file].position(item.span.begin).line == 2);
  }
}
