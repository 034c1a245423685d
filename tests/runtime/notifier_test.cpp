// Who is told: what the command line says, and that one that is slow is given up in order.
#include "runtime/notifier.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "support/golden.h"

using namespace sluice;
using runtime::Destination;
using runtime::Notifier;
using runtime::read_destination;

namespace {

// Programs append what they are told to a file here.
struct Told {
  Told() { ::setenv("SLUICE_TEST_TOLD", (place.path() + "/told").c_str(), 1); }
  ~Told() { ::unsetenv("SLUICE_TEST_TOLD"); }
  Told(const Told&) = delete;
  Told& operator=(const Told&) = delete;

  std::string text() const {
    std::ifstream file(place.path() + "/told");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void finish(Notifier& notifier) {
    notifier.finish([this] { loop.stop(); });
    loop.run({});
  }

  test::TemporaryDirectory place;
  runtime::Loop loop;
  std::vector<std::string> warnings;
  std::function<void(const std::string&)> warn = [this](const std::string& line) {
    warnings.push_back(line);
  };
};

Destination script(const std::string& text) {
  return {"", {"sh", "-c", text}, "sh"};
}

}  // namespace

TEST_CASE("a program's words are taken apart as a shell would, and nothing is expanded") {
  const auto words = [](std::string_view text) {
    const auto read = read_destination(text);
    return read ? read.value().arguments : std::vector<std::string>{read.error().message};
  };
  using Words = std::vector<std::string>;
  CHECK(words("sh") == Words{"sh"});
  CHECK(words("  sh\t-c  'a b'\"c d\"e ") == Words{"sh", "-c", "a bc de"});
  CHECK(words(R"(sh '$HOME' "`x`" \" \\ '\' "\"" '')") ==
        Words{"sh", "$HOME", "`x`", "\"", "\\", "\\", "\"", ""});
  CHECK(words("sh 'a") == Words{"it has a ' that is not closed"});
  CHECK(words("sh a\\") == Words{"a backslash stands at its end"});
  CHECK(words("") == Words{"it names no program"});
  CHECK(words("no-such-program-anywhere x") ==
        Words{"there is no program `no-such-program-anywhere` that could be started"});
}

TEST_CASE("what is shown of a URL is its scheme and its host") {
  const auto name = [](std::string_view text) {
    const auto read = read_destination(text);
    return read ? read.value().name : read.error().message;
  };
  CHECK(name("https://hooks.example.com/services/T0/secret?x=1#y") == "https://hooks.example.com");
  CHECK(name("https://ada:secret@example.com:8443/a@b") == "https://example.com:8443");
  CHECK(name("http://[::1]:80/") == "http://[::1]:80");
  CHECK(name("ftp://a/b") == "a URL is one of http or https");
  CHECK(name("https:///secret") == "the URL has no host");
  CHECK(name("https://user@/secret") == "the URL has no host");
  CHECK(name("https://a/b c") == "the URL of `https://a` has a blank in it");
}

TEST_CASE("notifications come one after the other, in order") {
  Told told;
  Notifier notifier(told.loop, script("cat >> $SLUICE_TEST_TOLD"), "", told.warn);
  for (const char* text : {"one", "two", "three"}) notifier.tell({text, text});
  told.finish(notifier);
  CHECK(told.text() == "one\ntwo\nthree\n");
  CHECK(notifier.told() == 3);
  CHECK(notifier.not_told() == 0);
  CHECK(told.warnings.empty());
}

TEST_CASE("of what waits too long the oldest goes, and is counted") {
  Told told;
  runtime::NotifierLimits limits;
  limits.most_waiting = 2;
  Notifier notifier(told.loop, script("cat >> $SLUICE_TEST_TOLD"), "", told.warn, limits);
  for (const char* text : {"one", "two", "three", "four", "five"}) notifier.tell({text, text});
  told.finish(notifier);
  CHECK(told.text() == "one\nfour\nfive\n");
  CHECK(notifier.told() == 3);
  CHECK(notifier.not_told() == 2);
}

TEST_CASE("one that fails is warned about once, and told what comes after") {
  Told told;
  Notifier notifier(told.loop, script("cat >> $SLUICE_TEST_TOLD; exit 3"), "", told.warn);
  for (const char* text : {"one", "two", "three", "four"}) notifier.tell({text, text});
  told.finish(notifier);
  CHECK(told.text() == "one\ntwo\nthree\nfour\n");
  CHECK(notifier.told() == 0);
  CHECK(notifier.not_told() == 4);
  CHECK(told.warnings ==
        std::vector<std::string>{"`sh` could not be notified: exit status 3; the run goes on"});
}

TEST_CASE("one that hangs is ended, and at the end told the newest alone") {
  Told told;
  runtime::NotifierLimits limits;
  limits.one_try = {200};
  Notifier notifier(told.loop, script("cat >> $SLUICE_TEST_TOLD; trap '' TERM; exec sleep 1000"),
                    "", told.warn, limits);
  for (const char* text : {"one", "two", "three"}) notifier.tell({text, text});
  told.finish(notifier);
  CHECK(told.text().find("two") == std::string::npos);
  CHECK(notifier.not_told() == 3);
  CHECK(told.warnings.size() == 1);
}

TEST_CASE("what is given up is counted, and nothing of it comes later") {
  Told told;
  Notifier notifier(told.loop, script("exec sleep 1000"), "", told.warn);
  for (const char* text : {"one", "two"}) notifier.tell({text, text});
  notifier.give_up();
  told.finish(notifier);
  CHECK(notifier.not_told() == 2);
  CHECK(notifier.idle());
}
