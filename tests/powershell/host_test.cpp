// Scripts for PowerShell on their way to a host: over OpenSSH's client and a real sshd, to a
// stand-in for powershell.exe. What arrives, and that the driver's side of the conversation is the
// same as with any host. No PowerShell runs here.
#include <fmt/format.h>
#include <signal.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/sha256.h"
#include "powershell/nasty.h"
#include "powershell/parsed.h"
#include "powershell/windows_host.h"
#include "runtime/local.h"
#include "runtime/powershell.h"
#include "runtime/powershell_actions.h"
#include "runtime/powershell_wrapper.h"
#include "runtime/ssh_wrapper.h"
#include "support/cut_proxy.h"
#include "support/paths.h"

using namespace sluice;
using nlohmann::json;
using runtime::Completion;
using scheduler::Outcome;
using test::Remote;
using test::WindowsHost;

namespace {

// Says that it has begun, each time that it begins, then waits at a fifo and ends.
const char* const counted =
    "# stand-in: echo began >> \"$HOME/effects\"; mkfifo \"$HOME/gate\"\n"
    "# stand-in: echo before; echo $PPID > \"$HOME/pid\"; read -r answer < \"$HOME/gate\"; "
    "echo \"after $answer\"; exit 7\n";

}  // namespace

TEST_CASE("a script for PowerShell arrives whole, and its output and exit status come back",
          "[ssh]") {
  WindowsHost host;
  const std::string body =
      "# stand-in: echo out; echo wrong >&2\n# stand-in: exit 3\nWrite-Output \"$release "
      "\u00E9\"\n";
  runtime::ActionRequest request = host.script(body, {"release=2.4.1", "target_name=win-1"});
  request.attributes.push_back(test::list_attribute("args", {"-n", "two words", "a\nb", ""}));
  const test::Answer answer = host.remote.requests.run(host.remote.executor, request);
  CHECK(answer.output == "out\nwrong\n");
  CHECK(answer.completion->ending == Completion::Ending::Exited);
  CHECK(answer.completion->exit_code == 3);
  const std::vector<json> scripts = host.heard("script");
  REQUIRE(scripts.size() == 1);
  CHECK(scripts[0].at("body") == body);
  CHECK(scripts[0].at("arguments") == json({"-n", "two words", "a\nb", ""}));
  CHECK(scripts[0].at("variables") == json({{"release", "2.4.1"}, {"target_name", "win-1"}}));
  const std::vector<json> sessions = host.heard("session");
  REQUIRE_FALSE(sessions.empty());
  CHECK(sessions[0].at("wrapper") == base::sha256_hex(runtime::powershell_wrapper_opening()));
}

TEST_CASE("each value and each script arrives at a Windows host as it is", "[ssh]") {
  WindowsHost host;
  for (const std::string& nasty : test::nasty_values()) {
    runtime::ActionRequest request = host.script(nasty, {"value=" + nasty});
    request.attributes.push_back(test::list_attribute("args", {nasty}));
    CAPTURE(nasty);
    CHECK(host.remote.requests.run(host.remote.executor, request).completion->exit_code == 0);
  }
  const std::vector<json> scripts = host.heard("script");
  REQUIRE(scripts.size() == test::nasty_values().size());
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    const std::string nasty = test::nasty_values()[i];
    CHECK(scripts[i].at("body") == nasty);
    CHECK(scripts[i].at("variables").at("value") == nasty);
    CHECK(scripts[i].at("arguments") == json({nasty}));
  }
}

TEST_CASE("a session on a Windows host goes on: the wrapper is sent once", "[ssh]") {
  WindowsHost host;
  const test::TemporaryDirectory sockets;
  runtime::SshSettings settings;
  settings.directory = sockets.path();
  settings.program = test::program_path();
  settings.follow_after = base::Duration{60'000};
  runtime::SshExecutor executor(host.remote.waiting.loop, host.remote.processes, settings);
  for (int time = 0; time < 3; ++time) {
    CHECK(host.remote.requests.run(executor, host.script("# stand-in: echo ran\n")).output ==
          "ran\n");
  }
  CHECK(host.heard("script").size() == 3);
  CHECK(host.heard("session").size() == 1);
}

TEST_CASE("no value stands in the command of a session on a Windows host", "[ssh]") {
  WindowsHost host;
  const runtime::SecretText secret("canary-7f3a-of-a-secret");
  runtime::ActionRequest request = host.script("# stand-in: exit 0\n", {"value=canary-7f3a"});
  request.secrets = {{"environment.token", &secret}};
  CHECK(host.remote.requests.run(host.remote.executor, request).completion->exit_code == 0);
  const std::vector<json> sessions = host.heard("session");
  REQUIRE_FALSE(sessions.empty());
  CHECK(json(sessions).dump().find("canary") == std::string::npos);
  const json script = host.heard("script").at(0);
  // A variable of the process; none of PowerShell's own.
  CHECK(script.at("environment").dump().find("\"token\"") != std::string::npos);
  CHECK(script.at("variables") == json({{"value", "canary-7f3a"}}));
}

TEST_CASE("a script for PowerShell runs on when its connection is cut, and begins once", "[ssh]") {
  WindowsHost host;
  const auto answer = host.remote.requests.start(host.remote.executor, host.script(counted));
  host.remote.process_in(host.home() + "/pid");
  for (int time = 0; time < 2; ++time) {
    bool cut = false;
    host.remote.waiting.until_seen([&] { return cut = cut || host.remote.server.cut() > 0; });
  }
  Remote::open_gate(host.home() + "/gate", "the cut\n");
  host.remote.wait_for(answer);
  CHECK(answer->output == "before\nafter the cut\n");
  CHECK(answer->completion->exit_code == 7);
  CHECK(test::read_text(host.home() + "/effects") == "began\n");
}

TEST_CASE("a cut while the wrapper or the script is sent begins nothing twice", "[ssh]") {
  WindowsHost host;
  test::CutProxy proxy(host.remote.waiting.loop, host.remote.server.port());
  test::write_text(host.remote.server.known_hosts(),
                   fmt::format("[127.0.0.1]:{} {}", proxy.port(),
                               test::read_text(host.home() + "/../host_key.pub")));
  std::uint64_t whole = 0;
  const auto run = [&](std::uint64_t cut_behind) {
    test::Waiting& waiting = host.remote.waiting;
    runtime::SshSettings settings;
    const test::TemporaryDirectory sockets;
    settings.directory = sockets.path();
    settings.program = test::program_path();
    runtime::SshExecutor executor(waiting.loop, host.remote.processes, settings);
    const int runs_before = static_cast<int>(host.heard("script").size());
    const std::uint64_t before = proxy.passed(test::CutProxy::Way::ToServer);
    if (cut_behind > 0) proxy.cut_next(test::CutProxy::Way::ToServer, cut_behind);
    runtime::ActionRequest request = host.script("# stand-in: echo ran\n");
    request.run = fmt::format("run-{}", cut_behind);
    for (runtime::Place::Setting& row : request.place.settings) {
      if (row.name == "port") row.value = fmt::format("{}", proxy.port());
    }
    const test::Answer answer = host.remote.requests.run(executor, std::move(request));
    CAPTURE(cut_behind, answer.completion->detail);
    const bool reached = answer.completion->ending != Completion::Ending::Unreachable;
    if (reached) CHECK(answer.completion->exit_code == 0);
    if (reached) CHECK(answer.output == "ran\n");
    CHECK(static_cast<int>(host.heard("script").size()) == runs_before + (reached ? 1 : 0));
    whole = proxy.passed(test::CutProxy::Way::ToServer) - before;
    bool closed = false;
    executor.finish([&] { closed = true; });
    waiting.until([&] { return closed; });
  };
  run(0);
  const std::uint64_t all = whole;
  REQUIRE(all > 24'000);  // the wrapper's text is among it
  for (int tenth = 1; tenth < 10; ++tenth) run(all * static_cast<std::uint64_t>(tenth) / 10);
  CHECK(proxy.cuts() == 9);
}

TEST_CASE("a script for PowerShell is cancelled, with what it has begun", "[ssh]") {
  WindowsHost host;
  runtime::ActionRequest request = host.script(counted);
  const runtime::ActionRequest::Ticket ticket = request.ticket;
  const auto answer = host.remote.requests.start(host.remote.executor, std::move(request));
  const pid_t script = host.remote.process_in(host.home() + "/pid");
  host.remote.executor.cancel(ticket);
  host.remote.wait_for(answer);
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  CHECK_FALSE(Remote::is_alive(script));
}

TEST_CASE("what Windows could not take is refused, and nothing is sent", "[ssh]") {
  WindowsHost host;
  const auto refused = [&](const std::string& body, const std::string& entry) {
    const test::Answer answer =
        host.remote.requests.run(host.remote.executor, host.script(body, {entry}));
    CHECK(answer.completion->ending == Completion::Ending::NotStarted);
    CHECK(host.heard("session").empty());
    return answer.completion->detail;
  };
  CHECK(refused("exit", "value=" + std::string(32'001, 'x')) ==
        "`value` is longer than a variable of Windows can be");
  CHECK(refused("exit", "value=\xff") == "`value` is no text of PowerShell");
  CHECK(refused("exit \xff", "value=x") == "the script is no text of PowerShell");
  CHECK(refused(std::string("exit\0", 5), "value=x") == "the script is no text of PowerShell");
}

TEST_CASE("a host without PowerShell says so, and nothing has begun", "[ssh]") {
  WindowsHost host;
  for (const char* name : {"powershell.exe", "powershell"}) {
    REQUIRE(test::run_quietly({"/bin/rm", host.home() + "/../bin/" + name}) == 0);
  }
  const test::Answer answer = host.remote.requests.run(host.remote.executor, host.script("exit\n"));
  CHECK(answer.completion->ending == Completion::Ending::NotStarted);
  CHECK(answer.completion->detail.find(
            "its login shell does not do as it is told (exit status 127)") == 0);
}

TEST_CASE("an exit status of 32 bits is the number that Windows shows", "[ssh]") {
  runtime::AnswerReader reader("n");
  const auto value = [&](const std::string& text) {
    return reader.take("n exit " + text + "\n").at(0).value;
  };
  CHECK(value("0") == 0);
  CHECK(value("255") == 255);
  CHECK(value("259") == 259);
  CHECK(value("3221225477") == -1073741819);
  CHECK(value("4294967295") == -1);
  CHECK(value("4294967296") == -1);
  CHECK(value("99999999999999999999999999") == -1);
}

TEST_CASE("a windows_service on a host is its script there, with its password apart", "[ssh]") {
  WindowsHost host;
  test::TemporaryDirectory place;
  runtime::LocalExecutor local(host.remote.waiting.loop, place.path() + "/scripts");
  runtime::PowershellExecutor executor(host.remote.waiting.loop, local, host.remote.executor);
  const runtime::SecretText secret("canary-7f3a-of-a-secret");
  runtime::ActionRequest request = host.remote.requests.action(
      "windows_service",
      {test::text_attribute("name", "Acme"), test::text_attribute("executable", "C:\\it's.exe"),
       test::text_attribute("start", "automatic"), test::text_attribute("state", "running"),
       test::text_attribute("account", "acme\\jobs")});
  request.secrets = {{"password", &secret}};
  request.place = host.remote.server.where("win-1");
  CHECK(host.remote.requests.run(executor, request).completion->exit_code == 0);
  const json script = host.heard("script").at(0);
  const std::string body = script.at("body");
  CHECK(body.find("$executable = 'C:\\it''s.exe'\n") != std::string::npos);
  CHECK(test::parse_powershell(body).problem == "");
  CHECK(script.at("environment").dump().find("sluice_password") != std::string::npos);
  CHECK(host.heard("session").at(0).dump().find("canary") == std::string::npos);
  CHECK(script.at("variables") == json::object());
}

TEST_CASE("a script for PowerShell on the controller is run by pwsh", "[local]") {
  const test::TemporaryDirectory place;
  test::install_powershell(place.path() + "/bin");
  const std::string path = place.path() + "/bin:" + std::getenv("PATH");
  const test::SetVariable search("PATH", path);
  const test::SetVariable home("STAND_IN_HOME", place.path());
  test::Waiting waiting;
  test::Requests requests(waiting);
  runtime::LocalExecutor local(waiting.loop, place.path() + "/scripts");
  runtime::ActionRequest request = requests.script(
      test::local_place(), "# stand-in: echo here; exit 4\n", {"release=1", "step_name=it's"});
  request.attributes[1] = test::text_attribute("shell", "powershell");
  request.attributes.push_back(test::list_attribute("args", {"a b", ""}));
  const test::Answer answer = requests.run(local, std::move(request));
  CHECK(answer.output == "here\n");
  CHECK(answer.completion->exit_code == 4);
  const json script = test::heard_at(place.path(), "script").at(0);
  CHECK(script.at("command") == runtime::powershell_runner());
  CHECK(script.at("arguments") == json({"a b", ""}));
  CHECK(script.at("variables") == json({{"release", "1"}, {"step_name", "it's"}}));
}

TEST_CASE("a controller without pwsh says so, and nothing has begun", "[local]") {
  const test::TemporaryDirectory place;
  const test::SetVariable search("PATH", place.path());
  test::Waiting waiting;
  test::Requests requests(waiting);
  runtime::LocalExecutor local(waiting.loop, place.path() + "/scripts");
  runtime::ActionRequest request = requests.script(test::local_place(), "exit\n");
  request.attributes[1] = test::text_attribute("shell", "powershell");
  const test::Answer answer = requests.run(local, std::move(request));
  CHECK(answer.completion->ending == Completion::Ending::NotStarted);
  CHECK(answer.completion->detail.find("cannot start `pwsh`: ") == 0);
}
