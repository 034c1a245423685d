// What the shells are told of sluice's words, asked of the shells themselves.
#include <catch2/catch.hpp>
#include <filesystem>

#include "support/run_words.h"

using namespace sluice;

namespace {

// What a shell says to a script of ours.
struct Shell {
  test::TemporaryDirectory directory;
  std::string script = directory.path() + "/script";

  explicit Shell(const std::string& name) {
    const auto printed = test::run_program({"completion", name});
    REQUIRE(printed.status == 0);
    test::write_text(script, printed.out);
    std::filesystem::create_directories(directory.path() + "/.sluice/runs/20261126-101500-1c");
    std::filesystem::create_directories(directory.path() + "/elsewhere/runs/20261127-020000-2d");
    test::write_text(directory.path() + "/site.deploy", "");
  }
  std::string say(const std::string& shell, const std::string& command) const {
    return test::run_words({shell, "-c", command}, "", directory.path()).out;
  }
};

// `words`: the words so far, the last one half written.
std::string of_bash(const Shell& shell, const std::string& words) {
  return shell.say("bash",
                   "source " + shell.script + "; COMP_WORDS=(sluice " + words +
                       "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); compopt() { echo \"[$*]\"; }; "
                       "_sluice; echo \"${COMPREPLY[*]}\"");
}
std::string of_fish(const Shell& shell, const std::string& words) {
  return shell.say("fish", "source " + shell.script + "; complete -C 'sluice " + words +
                               "' | string replace -r '\\t.*' ''");
}

}  // namespace

TEST_CASE("bash completes commands, options, their words, files and runs") {
  const Shell shell("bash");
  CHECK(of_bash(shell, "sim") == "simulate\n");
  CHECK(of_bash(shell, "simulate --fo") == "--format\n");
  CHECK(of_bash(shell, "simulate --format j") == "json\n");
  CHECK(of_bash(shell, "completion \"\"") == "bash zsh fish\n");
  CHECK(of_bash(shell, "check si") == "[-o default]\n\n");
  CHECK(of_bash(shell, "run site.deploy --root e") == "[-o dirnames]\n\n");
  CHECK(of_bash(shell, "status \"\"") == "20261126-101500-1c\n");
  CHECK(of_bash(shell, "status --state elsewhere \"\"") == "20261127-020000-2d\n");
}

TEST_CASE("fish completes commands, options, their words, files and runs") {
  const Shell shell("fish");
  CHECK(of_fish(shell, "sim") == "simulate\n");
  CHECK(of_fish(shell, "simulate --form") == "--format\n");
  CHECK(of_fish(shell, "simulate --format j") == "json\n");
  CHECK(of_fish(shell, "check si") == "site.deploy\n");
  CHECK(of_fish(shell, "status 2") == "20261126-101500-1c\n");
  CHECK(of_fish(shell, "status --state elsewhere 2") == "20261127-020000-2d\n");
}

TEST_CASE("zsh reads its script, and finds each command and its options in it") {
  const Shell shell("zsh");
  // What the script hands to zsh's own functions; those need a terminal.
  const std::string stub =
      "_describe() { print -l $commands }; _arguments() { print -l -- $@ }; _files() { : }; "
      "compdef() { : }; source " +
      shell.script + "; ";
  const std::string commands = shell.say("zsh", stub + "words=(sluice ''); CURRENT=2; _sluice");
  CHECK(commands.find("simulate:predict duration, order, capacity and downtime\n") !=
        std::string::npos);
  const std::string options =
      shell.say("zsh", stub + "words=(sluice simulate ''); CURRENT=3; _sluice");
  CHECK(options.find("*--format[how it is written]:text|json|html|trace|csv:(text json html trace "
                     "csv)\n") != std::string::npos);
  CHECK(options.find("*:FILE:_files\n") != std::string::npos);
}

TEST_CASE("a shell that is not known is refused with those that are") {
  const auto result = test::run_program({"completion", "csh"});
  CHECK(result.status == 2);
  CHECK(result.err.find("{bash,zsh,fish}") != std::string::npos);
}
