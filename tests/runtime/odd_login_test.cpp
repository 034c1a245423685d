// What a login may take from whoever watches over a script there: its standard error, the size of
// files, the rights of those that it makes. Both texts take it alike.
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "runtime/ssh_wrapper.h"
#include "support/golden.h"
#include "support/host_shell.h"
#include "support/remote.h"

using namespace sluice;
using runtime::request_attach;
using runtime::request_cancel;
using runtime::request_start;
using test::HostShell;
using test::nonce;
using test::Remote;
using test::Session;
using Kind = runtime::WrapperAnswer::Kind;

namespace {

const char* const shells[] = {"dash", "bash", "busybox", "perl"};

// A login of a server that does this first.
test::SshServer::Options login_that(const test::TemporaryDirectory& place,
                                    const std::string& does) {
  const std::string login = place.path() + "/login";
  test::write_text(login, "#!/bin/sh\n" + does + "\nexec dash \"$@\"\n");
  std::filesystem::permissions(login, std::filesystem::perms::owner_all);
  test::SshServer::Options options;
  options.login = {login};
  return options;
}

}  // namespace

TEST_CASE("a login that closes a stream is refused before anything begins", "[ssh]") {
  const test::TemporaryDirectory place;
  const int stream = GENERATE(1, 2);
  const std::string closes = fmt::format("exec {}>&-", stream);
  test::SshServer::Options options = login_that(place, closes);
  options.sh = GENERATE("dash", "bash", "busybox");
  options.wrapper = GENERATE("", "perl", "sh");
  INFO(closes << ", " << options.sh << ", " << options.wrapper);
  Remote remote(options);
  const test::Answer answer = remote.run("echo ran >> \"$HOME/effects\"");
  CHECK(answer.completion->ending == runtime::Completion::Ending::NotStarted);
  CHECK(answer.completion->detail ==
        fmt::format("its login closes standard {}, on which the host would answer (`{}`, perhaps, "
                    "in a file that its shell reads)",
                    stream == 2 ? "error" : "output", closes));
  CHECK_FALSE(std::filesystem::exists(remote.server.home() + "/effects"));
}

TEST_CASE("a login that lets no file be written is refused at once, and the system's reason told",
          "[ssh]") {
  const test::TemporaryDirectory place;
  test::SshServer::Options options = login_that(place, "ulimit -f 0");
  options.wrapper = GENERATE("perl", "sh");
  INFO(options.wrapper);
  Remote remote(options);
  const test::Answer answer = remote.run("echo ran >> \"$HOME/effects\"");
  CHECK(answer.completion->ending == runtime::Completion::Ending::NotStarted);
  CHECK(answer.completion->detail.starts_with("it cannot be written there ("));
  CHECK(answer.completion->detail.ends_with("File too large)"));
}

TEST_CASE("what bounds the size of files ends a script alone", "[wrapper]") {
  for (const char* shell : shells) {
    INFO(shell);
    HostShell host(shell);
    host.by("ulimit -f 16; exec sh -c \"$3\"");
    const Session flood = host.script("while :; do echo 0123456789; done");
    CHECK(flood.verdict() == Kind::Signalled);
    CHECK(flood.value() == SIGXFSZ);
    for (const std::string& body : {"#" + std::string(1'000'000, '-'), std::string("exit 7")}) {
      const Session session = host.script(body);
      CHECK(session.verdict() == (body.size() > 100 ? Kind::Refused : Kind::Exited));
    }
  }
}

TEST_CASE("files of a script can be read and written again, whatever its login's umask",
          "[wrapper]") {
  for (const char* shell : shells) {
    for (const char* mask : {"0022", "0277", "0477", "0777"}) {
      INFO(shell << ", " << mask);
      HostShell host(shell);
      // Whoever is root may do all.
      host.by(fmt::format("umask {}; exec unshare -U sh -c \"$3\"", mask));
      const runtime::ScriptPayload tells{"sh", "umask; exit 7", {}, {}, ""};
      const std::string first = request_start(nonce, {"run-1", "k1"}, tells, true);
      const std::string attached = request_attach(nonce, {"run-1", "k1"}, true);
      const std::string then = request_start(nonce, {"run-1", "k2"}, tells);
      CHECK(host.ask(first + attached + then).output.find(mask) != std::string::npos);
      for (const char* action : {"k1", "k2"}) {
        CHECK(test::read_text(host.files(fmt::format("{}.out", action))) ==
              fmt::format("{}\n", mask));
        const Session again = host.ask(request_attach(nonce, {"run-1", action}));
        CHECK(again.verdict() == Kind::Exited);
        CHECK(again.value() == 7);
      }
      const std::string unknown = request_attach(nonce, {"run-1", "k0"});
      CHECK(host.ask(unknown).verdict() == Kind::None);
      CHECK(host.ask(unknown).verdict() == Kind::Never);
      const std::string cancel = request_cancel(nonce, {"run-1", "k3"}, base::Duration{0});
      CHECK(host.ask(cancel).verdict() == Kind::Never);
      CHECK(host.ask(cancel).verdict() == Kind::Never);
      const Session never = host.script("exit 0", "k3");
      CHECK(never.verdict() == Kind::Never);
    }
  }
}

TEST_CASE("a login that lets few files be open begins a script all the same", "[ssh]") {
  const test::TemporaryDirectory place;
  test::SshServer::Options options = login_that(place, "ulimit -n 12");
  options.wrapper = GENERATE("perl", "sh");
  INFO(options.wrapper);
  Remote remote(options);
  const test::Answer answer = remote.run("echo ran; exit 7");
  CHECK(answer.output == "ran\n");
  CHECK(answer.completion->exit_code == 7);
}

TEST_CASE("where there is no place on a host the system says why", "[wrapper]") {
  for (const char* shell : shells) {
    INFO(shell);
    HostShell host(shell);
    test::write_text(host.home() + "/.sluice", "");
    const Session again =
        host.ask(request_start(nonce, {"run-1", "k"}, {"sh", "exit 0", {}, {}, ""}, false, true));
    CHECK(again.verdict() == Kind::Refused);
    CHECK((again.said.find("Not a directory") != std::string::npos ||
           again.said.find("File exists") != std::string::npos));
    host.live_in("closed");
    ::chmod(host.home().c_str(), 0500);
    // Whoever is root may do all.
    host.by("exec unshare -U sh -c \"$3\"");
    const Session closed = host.ask(request_attach(nonce, {"run-1", "k"}));
    CHECK(closed.verdict() == Kind::Refused);
    CHECK(closed.said.find("Permission denied") != std::string::npos);
    host.with_somebody_listening();
    host.live_in("gone");
    std::filesystem::remove(host.home());
    const Session away = host.ask(request_attach(nonce, {"run-1", "k"}));
    CHECK(away.verdict() == Kind::Refused);
    CHECK(away.said.find("there is no folder " + host.home()) != std::string::npos);
  }
}
