// Which hosts are talked to, and what is said of those that cannot be reached.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "runtime/host_socket.h"
#include "runtime/ssh_login.h"
#include "runtime/ssh_options.h"
#include "support/remote.h"

using namespace sluice;
using runtime::Completion;
using scheduler::Outcome;
using test::Remote;

namespace {

runtime::Place changed(runtime::Place place, const std::string& name, const std::string& value) {
  for (auto& setting : place.settings) {
    if (setting.name == name) setting.value = value;
  }
  if (place.setting(name) == nullptr) place.settings.push_back({name, value});
  return place;
}

// A script in its place.
void has_perl(Remote& remote, const std::string& text) {
  const std::string path = remote.server.home() + "/../bin/perl";
  test::write_text(path, "#!/bin/sh\n" + text + "\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

void finish(Remote& remote) {
  bool finished = false;
  remote.executor.finish([&] { finished = true; });
  remote.waiting.until([&] { return finished; });
}

}  // namespace

TEST_CASE("a host whose key has changed gets nothing of a script", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  remote.server.stop();
  remote.server.change_host_key();
  remote.server.start();
  const test::Answer answer = remote.run("echo ran\n");
  CHECK(answer.completion->outcome == Outcome::Failed);
  CHECK(answer.completion->ending == Completion::Ending::Unreachable);
  CHECK(answer.completion->detail ==
        "cannot connect to 127.0.0.1: its host key is not the one that is known (ssh: Host key "
        "verification failed)");
  CHECK(!std::filesystem::exists(remote.server.home() + "/.sluice"));
}

TEST_CASE("a host key that changes under a run stops it there, and is not learnt", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")), base::Duration{300});
  CHECK(remote.run("echo well\n").output == "well\n");
  remote.server.stop();
  remote.server.change_host_key();
  remote.server.start();
  const std::string known = test::read_text(remote.server.known_hosts());
  const test::Answer answer = remote.run("echo ran >> \"$HOME/effects\"\n");
  CHECK(answer.completion->ending == Completion::Ending::Unreachable);
  CHECK(!std::filesystem::exists(remote.server.home() + "/effects"));
  CHECK(test::read_text(remote.server.known_hosts()) == known);
}

TEST_CASE("a host that is not known is not learnt", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  const std::string none = remote.place.path() + "/none";
  const test::Answer answer = remote.requests.run(
      remote.executor,
      remote.requests.script(changed(remote.server.where(), "known_hosts_file", none), "echo ran"));
  CHECK(answer.completion->ending == Completion::Ending::Unreachable);
  CHECK(answer.completion->detail.find("Host key verification failed") != std::string::npos);
  CHECK(!std::filesystem::exists(none));
}

TEST_CASE("a key that the host does not take is told from a port that nobody listens on", "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh", "perl")));
  test::SshServer other;
  runtime::Place wrong = changed(remote.server.where(), "identity_file", other.identity());
  wrong.host = plan::TargetId{1};
  const test::Answer refused =
      remote.requests.run(remote.executor, remote.requests.script(wrong, "echo ran"));
  CHECK(refused.completion->ending == Completion::Ending::Unreachable);
  CHECK(refused.completion->detail.find("Permission denied (publickey)") != std::string::npos);
  remote.server.stop();
  const test::Answer closed = remote.run("echo ran");
  CHECK(closed.completion->ending == Completion::Ending::Unreachable);
  CHECK(closed.completion->detail.find("Connection refused") != std::string::npos);
  // The next attempt tries again.
  remote.server.start();
  CHECK(remote.run("echo ran").output == "ran\n");
}

TEST_CASE("a host that lets no more log in at once is asked again", "[ssh]") {
  test::SshServer::Options options = test::over(GENERATE("openssh", "libssh", "perl"));
  options.settings = {"MaxStartups 1:100:1"};
  Remote remote(options);
  base::Result<int> in_front =
      runtime::connect_to_host("127.0.0.1", std::to_string(remote.server.port()), {5'000});
  REQUIRE(in_front);
  // It has said who it is: the place is taken.
  char letter = 0;
  pollfd said{in_front.value(), POLLIN, 0};
  REQUIRE(::poll(&said, 1, 5'000) == 1);
  REQUIRE(::read(in_front.value(), &letter, 1) == 1);
  const auto answer = remote.start("echo ran\n");
  const auto leaves = remote.waiting.loop.after({1'000}, [&] { ::close(in_front.value()); });
  remote.wait_for(answer);
  CHECK(answer->output == "ran\n");
  CHECK(answer->completion->exit_code == 0);
}

TEST_CASE("what a client says of a host that hung up at once is told from all else", "[ssh]") {
  using runtime::hung_up_at_once;
  CHECK(
      hung_up_at_once("kex_exchange_identification: Connection closed by remote host\r\n"
                      "Connection closed by 127.0.0.1 port 22\r\n"));
  CHECK(
      hung_up_at_once("kex_exchange_identification: read: Connection reset by peer\r\n"
                      "Connection reset by 127.0.0.1 port 22\r\n"));
  CHECK(hung_up_at_once("ssh_exchange_identification: Connection closed by remote host\r\n"));
  CHECK(hung_up_at_once("it hung up before it said anything (Socket error: disconnected)"));
  CHECK(!hung_up_at_once(""));
  CHECK(!hung_up_at_once("Connection closed by 127.0.0.1 port 22\r\n"));
  CHECK(
      !hung_up_at_once("kex_exchange_identification: Connection closed by remote host\r\n"
                       "ada@bastion: Permission denied (publickey).\r\n"));
  CHECK(!hung_up_at_once("ssh: connect to host web1 port 22: Connection refused\r\n"));
}

TEST_CASE("every login shell will do, however much it says", "[ssh]") {
  const std::string wrapper = GENERATE("sh", "perl");
  const std::vector<std::vector<std::string>> logins = {{"dash"}, {"bash"}, {"busybox", "sh"},
                                                        {"tcsh"}, {"fish"}, {"zsh"}};
  for (const auto& login : logins) {
    if (!std::filesystem::exists("/usr/bin/" + login.front())) continue;
    INFO(login.front());
    test::SshServer::Options options;
    options.login = login;
    options.greeting = "Welcome!\nToday's news: `none` $HOME \\\"quoted";
    options.wrapper = wrapper;
    Remote remote(options);
    const test::Answer answer = remote.run("echo \"$value\"\nexit 3\n", {"value=it's $HOME"});
    CHECK(answer.output == "it's $HOME\n");
    CHECK(answer.completion->exit_code == 3);
  }
}

TEST_CASE("every shell that may be `sh` on a host carries scripts out alike", "[ssh]") {
  for (const char* shell : {"dash", "bash", "busybox"}) {
    INFO(shell);
    test::SshServer::Options options;
    options.sh = shell;
    Remote remote(options);
    CHECK(remote.run("echo \"$value\"", {"value= a\n b "}).output == " a\n b \n");
    CHECK(remote.run("exit 200").completion->exit_code == 200);
    CHECK(remote.run("kill -USR1 $$").completion->signal == 10);
  }
}

TEST_CASE("a login that runs nothing is said to, in its own words, and nothing was begun",
          "[ssh]") {
  const std::string problem = "its login shell does not do as it is told (exit status 1)";
  const std::string look =
      "; see the user's shell there (/etc/passwd), and ForceCommand in its sshd_config";
  const std::pair<std::string, std::string> logins[] = {
      {"/usr/sbin/nologin", ": `This account is currently not available.`"},
      {"/bin/false", ", and says nothing"},
      {"internal-sftp", ": `This service allows sftp connections only.`"},
      {"printf 'no shell for you' >&2; exit 1", ": `no shell for you`"},
      {"echo 'Hello, ada'; echo 'no shell here' >&2; exit 1", ": `Hello, ada; no shell here`"}};
  for (const auto& [login, words] : logins) {
    INFO(login);
    test::SshServer::Options options;
    options.login = {};
    options.settings = {"ForceCommand " + login};
    Remote remote(options);
    const test::Answer answer = remote.run("echo ran");
    CHECK(answer.completion->ending == Completion::Ending::NotStarted);
    CHECK(answer.completion->detail == problem + words + look);
  }
}

TEST_CASE("a host that lets hardly any file be open is told so at once", "[ssh]") {
  test::SshServer::Options options;
  options.login = {};
  options.settings = {"ForceCommand ulimit -n 8; exec dash -c \"$SSH_ORIGINAL_COMMAND\""};
  options.wrapper = "sh";
  Remote remote(options);
  const test::Answer answer = remote.run("echo ran");
  CHECK(answer.completion->ending == Completion::Ending::NotStarted);
  CHECK(answer.completion->detail ==
        "its login shell does not do as it is told (exit status 2): `sluice: 1: 1: Invalid "
        "argument`; see how many files it may open there (`ulimit -n`)");
}

TEST_CASE("a login problem says what to look at, where its own words do not", "[ssh]") {
  CHECK(runtime::login_problem(127, "", "sh: 1: powershell.exe: not found\n") ==
        "its login shell does not do as it is told (exit status 127): "
        "`sh: 1: powershell.exe: not found`");
  CHECK(runtime::login_problem(2, "", "sh: 1: eval: Cannot fork\n") ==
        "its login shell does not do as it is told (exit status 2): `sh: 1: eval: Cannot fork`; "
        "see how many processes it may have there (`ulimit -u`)");
  CHECK(runtime::login_problem(2, "", "sh: 1: 1: Invalid argument\n") ==
        "its login shell does not do as it is told (exit status 2): `sh: 1: 1: Invalid argument`; "
        "see how many files it may open there (`ulimit -n`)");
}

TEST_CASE("a login that becomes another shell carries out nothing of what it is sent", "[ssh]") {
  // Not fish: it waits for the end of its input before it takes any of it.
  const std::string lines = "echo began >> \"$HOME/effects\"\n";
  for (const char* shell : {"dash", "bash", "busybox sh", "tcsh", "zsh"}) {
    const std::string program = shell;
    if (!std::filesystem::exists("/usr/bin/" + program.substr(0, program.find(' ')))) continue;
    INFO(shell);
    test::TemporaryDirectory place;
    const std::string login = place.path() + "/login";
    test::write_text(login, "#!/bin/sh\nexec " + program + "\n");
    std::filesystem::permissions(login, std::filesystem::perms::owner_all);
    test::SshServer::Options options;
    options.login = {login};
    Remote remote(options);
    for (const std::string& body : {lines + lines, lines + lines + std::string(5'000, '#')}) {
      const test::Answer answer = remote.run(body, {"value=1\necho began >> \"$HOME/effects\""});
      CHECK(answer.completion->ending == Completion::Ending::NotStarted);
      CHECK(answer.completion->detail.find("its login shell does not do as it is told") == 0);
    }
    CHECK(!std::filesystem::exists(remote.server.home() + "/effects"));
  }
}

TEST_CASE("a host that lacks what the wrapper needs is said to", "[ssh]") {
  test::SshServer::Options options;
  options.missing = {"flock", "perl"};
  for (const char* wrapper : {"", "sh"}) {
    options.wrapper = wrapper;
    Remote remote(options);
    const test::Answer answer = remote.run("echo ran");
    CHECK(answer.completion->ending == Completion::Ending::NotStarted);
    CHECK(answer.completion->detail == "the host has no flock");
  }
  options.wrapper = "perl";
  Remote without(options);
  const test::Answer told = without.run("echo ran");
  CHECK(told.completion->ending == Completion::Ending::NotStarted);
  CHECK(told.completion->detail.find("; `wrapper = \"perl\"` needs Perl there") !=
        std::string::npos);
}

TEST_CASE("a host whose Perl is not there or cannot do it is asked by its shell, once and for all",
          "[ssh]") {
  // A script in its place; empty: nothing is there.
  const std::string perl = GENERATE(
      "", "echo 'this Perl is broken' >&2; exit 9",
      "read request; set -- $request; "
      "echo \"$2 refused the host has Perl, but not its modules IO and POSIX\" >&2; exit 3");
  const std::string login = GENERATE("dash", "tcsh", "fish");
  if (!std::filesystem::exists("/usr/bin/" + login)) return;
  INFO(login << ": " << perl);
  test::TemporaryDirectory place;
  const std::string counted = place.path() + "/login";
  test::write_text(counted, "#!/bin/sh\nprintf '%.9s\\n' \"$2\" >> " + place.path() +
                                "/sessions\nexec " + login + " \"$@\"\n");
  std::filesystem::permissions(counted, std::filesystem::perms::owner_all);
  test::SshServer::Options options;
  options.missing = {"perl"};
  options.login = {counted};
  Remote remote(options);
  if (!perl.empty()) has_perl(remote, perl);
  // Longer than what a session is kept for.
  const std::string body =
      "echo \"$value\" >> \"$HOME/effects\"\nexit 3\n#" + std::string(4'000, '-');
  for (const char* value : {"value=1", "value=2"}) {
    const test::Answer answer = remote.run(body, {value});
    CHECK(answer.completion->exit_code == 3);
  }
  CHECK(test::read_text(remote.server.home() + "/effects") == "1\n2\n");
  const std::string sessions = test::read_text(place.path() + "/sessions");
  CHECK(sessions.starts_with("exec perl\nexec sh -\nexec sh -\n"));
  CHECK(sessions.rfind("exec perl") == 0);
}

TEST_CASE("a host whose Perl is killed, or hangs, before it says anything is asked by its shell",
          "[ssh]") {
  const std::string perl = GENERATE("kill -SEGV $$", "exec cat");
  test::SshServer::Options options;
  options.client = GENERATE("openssh", "libssh");
  options.missing = {"perl"};
  INFO(options.client << ": " << perl);
  Remote remote(options, base::Duration{60'000}, base::Duration{200});
  has_perl(remote, perl);
  for (const char* value : {"value=1", "value=2"}) {
    const test::Answer answer = remote.run("echo \"$value\" >> \"$HOME/effects\"; exit 3", {value});
    CHECK(answer.completion->exit_code == 3);
  }
  CHECK(test::read_text(remote.server.home() + "/effects") == "1\n2\n");
}

TEST_CASE("what was lost on a host whose Perl is killed, or hangs, is ended by its shell",
          "[ssh]") {
  const std::string perl = GENERATE("kill -SEGV $$", "exec cat");
  INFO(perl);
  test::SshServer::Options options;
  options.missing = {"perl"};
  Remote remote(options, base::Duration{60'000}, base::Duration{200});
  has_perl(remote, perl);
  runtime::ActionRequest request = remote.requests.script(remote.server.where(), "echo anew\n");
  request.earlier = {"step-0-before"};
  const test::Answer answer = remote.requests.run(remote.executor, request);
  CHECK(answer.output == "anew\n");
  CHECK(answer.completion->ending == Completion::Ending::Exited);
}

TEST_CASE("the rest of an output comes by the shell where Perl is killed over it", "[ssh]") {
  test::SshServer::Options options;
  options.missing = {"perl"};
  Remote remote(options, base::Duration{60'000}, base::Duration{200});
  has_perl(
      remote,
      "read -r line; case $line in *\" rest \"*) kill -SEGV $$;; *\" follow \"*) exit 1;; esac\n"
      "{ printf '%s\\n' \"$line\"; exec cat; } | exec /usr/bin/perl \"$@\"");
  const test::Answer answer = remote.run("head -c 200000 /dev/zero | tr '\\0' x");
  CHECK(answer.bytes == 200'000);
  CHECK(answer.completion->detail.empty());
}

TEST_CASE("what was only sent to a host without a Perl that can goes at the end", "[ssh]") {
  const std::string perl = GENERATE("", "kill -SEGV $$");
  test::SshServer::Options options;
  options.missing = {"perl"};
  Remote remote(options);
  if (!perl.empty()) has_perl(remote, perl);
  const std::string sent = remote.server.home() + "/.sluice/20260101-a";
  std::filesystem::create_directories(sent);
  test::write_text(sent + "/release.tar.gz", "bytes");
  bool open = false;
  runtime::SshConnection::Request request;
  request.command = "exec true";
  request.on_end = [&](const auto&) { open = true; };
  remote.executor.connection(remote.server.where(), "20260101-a").open(std::move(request));
  remote.waiting.until([&] { return open; });
  finish(remote);
  CHECK(!std::filesystem::exists(sent + "/release.tar.gz"));
}

TEST_CASE("what runs on a host without Perl is cancelled, and its files go at the end", "[ssh]") {
  test::SshServer::Options options;
  options.missing = {"perl"};
  Remote remote(options);
  const auto answer =
      remote.start("echo $$ > \"$HOME/pid\"\nmkfifo \"$HOME/gate\"\ncat \"$HOME/gate\"\n");
  const pid_t process = remote.process_in(remote.server.home() + "/pid");
  remote.executor.cancel(remote.requests.last());
  remote.wait_for(answer);
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK(!Remote::is_alive(process));
  finish(remote);
  for (const auto& run : std::filesystem::directory_iterator(remote.server.home() + "/.sluice")) {
    if (!run.is_directory()) continue;
    for (const auto& file : std::filesystem::directory_iterator(run)) {
      CHECK(file.path().filename() == "fence");
    }
  }
}

TEST_CASE("a configuration file and a jump host are honoured, and the jump's key checked",
          "[ssh]") {
  Remote remote;
  test::SshServer jump;
  const std::string config = remote.place.path() + "/a config";
  test::write_text(
      config, fmt::format("Host inner\n  HostName 127.0.0.1\n  Port {}\n  User {}\n"
                          "Host jump\n  HostName 127.0.0.1\n  Port {}\n"
                          "  IdentityFile {}\n",
                          remote.server.port(), test::user_name(), jump.port(), jump.identity()));
  const std::string known = remote.place.path() + "/known";
  test::write_text(known, test::read_text(remote.server.known_hosts()));
  runtime::Place place = remote.server.where();
  place.address = "inner";
  place.settings = {{"config_file", config},
                    {"identity_file", remote.server.identity()},
                    {"jump", "jump"},
                    {"known_hosts_file", known}};
  const test::Answer unknown =
      remote.requests.run(remote.executor, remote.requests.script(place, "echo ran"));
  CHECK(unknown.completion->ending == Completion::Ending::Unreachable);
  CHECK(unknown.completion->detail.find("hung up at once, 5 times in a row") != std::string::npos);
  test::write_text(
      known, test::read_text(remote.server.known_hosts()) + test::read_text(jump.known_hosts()));
  const test::Answer through =
      remote.requests.run(remote.executor, remote.requests.script(place, "echo ran"));
  CHECK(through.output == "ran\n");
}

TEST_CASE("hosts that are reached alike share a configuration, which is what it should be",
          "[ssh]") {
  Remote remote;
  const auto configurations = [&] {
    std::vector<std::string> paths;
    for (const auto& row : std::filesystem::directory_iterator(remote.place.path())) {
      if (row.path().extension() == ".config") paths.push_back(row.path());
    }
    return paths;
  };
  std::uint32_t hosts = 0;
  const auto reach_next = [&](runtime::Place place) {
    place.host = plan::TargetId{hosts++};
    const test::Answer answer =
        remote.requests.run(remote.executor, remote.requests.script(place, "echo ran"));
    CHECK(answer.output == "ran\n");
  };
  reach_next(remote.server.where());
  REQUIRE(configurations().size() == 1);
  const std::string path = configurations().front();
  const std::string text = test::read_text(path);
  reach_next(remote.server.where());
  CHECK(configurations().size() == 1);
  // Cut in the middle of what is not up for debate, it is not used.
  for (const std::string& spoilt : {text.substr(0, text.size() / 2), text + "Host *\n"}) {
    test::write_text(path, spoilt);
    reach_next(remote.server.where());
    CHECK(test::read_text(path) == text);
  }
  const std::string known = remote.place.path() + "/known";
  test::write_text(known, test::read_text(remote.server.known_hosts()));
  reach_next(changed(remote.server.where(), "known_hosts_file", known));
  CHECK(configurations().size() == 2);
}

TEST_CASE("where /tmp was emptied a host is connected to anew, and what runs there is joined",
          "[ssh]") {
  Remote remote(test::over(GENERATE("openssh", "libssh")));
  const auto first = remote.start(
      "cd \"$HOME\"; echo begun; mkfifo gate; read -r word < gate; echo \"$word\"; echo done >> "
      "effects\n");
  remote.waiting.until([&] { return first->output == "begun\n"; });
  std::filesystem::remove_all(remote.place.path());
  const test::Answer second = remote.run("echo second; echo done >> \"$HOME/effects\"\n");
  CHECK(second.completion->exit_code == 0);
  CHECK(second.output == "second\n");
  Remote::open_gate(remote.server.home() + "/gate", "through\n");
  remote.wait_for(first);
  CHECK(first->completion->exit_code == 0);
  CHECK(first->output == "begun\nthrough\n");
  CHECK(test::read_text(remote.server.home() + "/effects") == "done\ndone\n");
}

TEST_CASE("an address or a user that ssh could misread is refused before anything starts",
          "[ssh]") {
  Remote remote;
  for (const char* address : {"-oProxyCommand=touch pwned", "a b", "host;id", "$(id)", "`id`",
                              "a\nb", "", "host/../x", "user@host", "a'b", "a\"b", "a|b", "a&b"}) {
    INFO(address);
    runtime::Place place = remote.server.where();
    place.address = address;
    const test::Answer answer =
        remote.requests.run(remote.executor, remote.requests.script(place, "echo ran"));
    CHECK(answer.completion->ending == Completion::Ending::NotStarted);
    CHECK(answer.completion->detail.find("is no host that ssh could reach") != std::string::npos);
  }
  for (const char* user : {"-l", "a b", "$(id)", "a;b", ""}) {
    INFO(user);
    const test::Answer answer = remote.requests.run(
        remote.executor,
        remote.requests.script(changed(remote.server.where(), "user", user), "echo ran"));
    CHECK(answer.completion->ending == Completion::Ending::NotStarted);
  }
  for (const char* user : {"ACME\\deploy", "ada@corp", "deploy+ci", "host$"}) {
    INFO(user);
    const test::Answer answer = remote.requests.run(
        remote.executor,
        remote.requests.script(changed(remote.server.where(), "user", user), "echo ran"));
    CHECK(answer.completion->ending == Completion::Ending::Unreachable);
    CHECK(answer.completion->detail.find("no user's name") == std::string::npos);
  }
  for (const char* jump : {"-oProxyCommand=id", "a b", "$(id)", "a;b", "ok,-l", "a\nb", "`x`"}) {
    INFO(jump);
    const test::Answer answer = remote.requests.run(
        remote.executor,
        remote.requests.script(changed(remote.server.where(), "jump", jump), "echo ran"));
    CHECK(answer.completion->ending == Completion::Ending::NotStarted);
  }
  CHECK(remote.processes.running() == 0);
}
