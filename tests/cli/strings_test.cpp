// What a person may write or hand in, from the text of a file to the environment of a script that
// really runs: as a variable's value, as a target's property, and with `--set`.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/golden.h"

using namespace sluice;

namespace {

std::vector<std::string> awkward_strings() {
  std::vector<std::string> all{"",
                               " ",
                               "\t",
                               "  two  blanks  ",
                               "'single'",
                               "\"double\"",
                               "it's",
                               "`id`",
                               "$HOME",
                               "${HOME}",
                               "$(id)",
                               "$$",
                               "\\",
                               "a\\b",
                               "\\n",
                               "\\$x",
                               "\\\"",
                               "one\ntwo",
                               "at the end\n",
                               "\n\nat the start",
                               "a\r\nb",
                               "\r",
                               "-n",
                               "--help",
                               "-",
                               "*",
                               "?",
                               "[a-z]",
                               "~",
                               "~root",
                               "!",
                               "!!",
                               "# no comment",
                               ";",
                               "&& false",
                               "| cat",
                               ">out",
                               "<in",
                               "(x)",
                               "{a,b}",
                               "%s%d",
                               "a=b",
                               "=",
                               "'; exit 7; '",
                               "\"; exit 7; \"",
                               "EOF",
                               "\"\"\"",
                               "C:\\path\\",
                               "\\\\host\\share",
                               "true",
                               "3",
                               "3s",
                               "null",
                               "[1,2]",
                               "\xC3\xA9",
                               "e\xCC\x81",
                               "\xE6\x97\xA5\xE6\x9C\xAC",
                               "\xF0\x9F\x9A\x80",
                               "\xEF\xBB\xBFmark",
                               "\xE2\x80\x8Bno width",
                               "\xE2\x80\xAEturned",
                               "\xE2\x80\xA8line",
                               "\xC2\x85next",
                               "x\x01y",
                               "x\x1B[31my",
                               "x\x7Fy",
                               "\v\f"};
  all.emplace_back(5'000, 'x');
  return all;
}

// As it is written in a `.deploy` file; what cannot be seen there as an escape.
std::string written(const std::string& text) {
  std::string made = "\"";
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::string_view rest = std::string_view(text).substr(at);
    if (byte == '\n') {
      made += "\\n";
    } else if (byte == '\\' || byte == '"' || byte == '$') {
      made += fmt::format("\\{}", text[at]);
    } else if (byte < 0x20 || byte == 0x7F) {
      made += fmt::format("\\u{{{:x}}}", byte);
    } else if (rest.starts_with("\xC2\x85")) {
      made += "\\u{85}";
      ++at;
    } else if (rest.starts_with("\xE2\x80\xAE") || rest.starts_with("\xE2\x80\xA8")) {
      made += rest.starts_with("\xE2\x80\xAE") ? "\\u{202e}" : "\\u{2028}";
      at += 2;
    } else {
      made += text[at];
    }
  }
  return made + "\"";
}

}  // namespace

TEST_CASE("strings of every kind pass unchanged into a script that runs here") {
  const test::TemporaryDirectory place;
  const std::vector<std::string> strings = awkward_strings();
  std::string properties;
  std::string variables;
  std::vector<std::string> arguments{"run", place.path() + "/strings.deploy", "--yes"};
  for (std::size_t i = 0; i < strings.size(); ++i) {
    properties += fmt::format("p{} = {}\n", i, written(strings[i]));
    variables +=
        fmt::format("variable v{} = {}\nvariable s{}: string\n", i, written(strings[i]), i);
    arguments.insert(arguments.end(), {"--set", fmt::format("s{}={}", i, strings[i])});
  }
  // `eval` names the variable alone: what it holds is never read as code.
  const std::string text = fmt::format(
      "deployment \"Strings\"\nrole here {{ target \"localhost\" {{\n{}}} }}\n{}"
      "variable place = {}\nstep \"Write\" on here {{\n  run \"\"\"\n"
      "    i=0\n    while [ $i -lt {} ]; do\n      for kind in v s target_p; do\n"
      "        eval \"printf %s \\\"\\$$kind$i\\\"\" > \"$place/$kind$i\"\n      done\n"
      "      i=$((i + 1))\n    done\n    \"\"\"\n  takes 1s\n}}\n",
      properties, variables, written(place.path()), strings.size());
  test::write_text(place.path() + "/strings.deploy", text);
  const auto result = test::run_program(arguments);
  INFO(result.err);
  REQUIRE(result.status == 0);
  for (std::size_t i = 0; i < strings.size(); ++i) {
    for (const char* kind : {"v", "s", "target_p"}) {
      INFO(kind << " of " << written(strings[i]));
      CHECK(test::read_text(fmt::format("{}/{}{}", place.path(), kind, i)) == strings[i]);
    }
  }
}
