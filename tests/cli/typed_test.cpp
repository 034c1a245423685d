// Commands that are shown to be typed: a shell makes the same words of them.
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

#include "cli/questions.h"
#include "cli/typed.h"
#include "plan/plan.h"

using namespace sluice;

namespace {

// The words behind `sluice`, each behind a line end, as a shell parts them.
std::string words_of_shell(const std::string& command, const std::string& shell) {
  const std::string script = "sluice() { printf '\\n%s' \"$@\"; }; ";
  std::FILE* pipe = ::popen(
      (shell + " -c \"$(cat <<'END-OF-THE-TEST'\n" + script + command + "\nEND-OF-THE-TEST\n)\"")
          .c_str(),
      "r");
  REQUIRE(pipe != nullptr);
  std::string words;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) words += static_cast<char>(c);
  ::pclose(pipe);
  return words;
}

const std::string odd_names[] = {"web 1",         "web'2",   "web$HOME", "web\"3", "web`id`",
                                 "$(echo pwned)", "wéb-4",   "~",        "*",      "a\\b",
                                 "a;b|c&d",       "Deploy!", "# none"};

}  // namespace

TEST_CASE("what is to be typed holds names and folders as one word each") {
  for (const std::string& name : odd_names) {
    INFO(name);
    for (const char* shell : {"sh", "bash"}) {
      CHECK(words_of_shell(cli::typed_logs("R", name, "/a b/" + name), shell) ==
            "\nlogs\nR\n" + name + "\n--state\n/a b/" + name);
      CHECK(words_of_shell("sluice answer R " + cli::typed_name(name), shell) ==
            "\nanswer\nR\n" + name);
    }
  }
}

TEST_CASE("a name with a dash at its beginning is typed behind two of them") {
  CHECK(cli::typed_logs("R", "-6", "d") == "sluice logs R --state d -- -6");
}

TEST_CASE("a question is typed in quotes that hold it") {
  cli::Question question;
  question.kind = cli::Question::Kind::Failure;
  question.name = "Update/Deploy@web-1";
  CHECK(cli::what_to_type(question, "R", ".sluice") ==
        "sluice answer R \"Update/Deploy@web-1\" retry|ignore|exclude|abort --state .sluice");
  question.kind = cli::Question::Kind::Manual;
  question.name = "Say \"hi\" $(touch pwned)@web'1";
  CHECK(cli::what_to_type(question, "R", "") ==
        "sluice approve R 'Say \"hi\" $(touch pwned)@web'\\''1'   (or reject)");
  question.name = "-x@web-1";
  CHECK(cli::what_to_type(question, "R", "") == "sluice approve R -- \"-x@web-1\"   (or reject)");
}
