#include "support/host_shell.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

namespace sluice::test {

using runtime::request_start;

HostShell::HostShell(const std::string& shell) : processes_(waiting_.loop) {
  std::filesystem::create_directories(bin());
  std::filesystem::create_directories(home());
  if (shell == "perl") command_ = runtime::perl_wrapper_command();
  std::filesystem::create_symlink("/usr/bin/" + (shell == "perl" ? "dash" : shell), bin() + "/sh");
}

void HostShell::live_in(const std::string& name) {
  home_ = place_.path() + "/" + name;
  std::filesystem::create_directories(home());
}

std::shared_ptr<Session> HostShell::start(const std::string& request, bool open_input) {
  struct Readers {
    runtime::AnswerReader answers{nonce};
    runtime::OutputReader output{nonce};
  };
  auto session = std::make_shared<Session>();
  auto readers = std::make_shared<Readers>();
  runtime::ProcessOptions options;
  options.arguments = {"sh", "-c", command_};
  options.arguments.insert(options.arguments.begin(), around_.begin(), around_.end());
  options.environment = {"HOME=" + home(), "PATH=" + bin() + ":/usr/bin:/bin"};
  options.input = request;
  options.keep_input_open = open_input;
  options.on_output = [session, readers](runtime::Stream stream, std::string_view bytes) {
    if (stream == runtime::Stream::Output) {
      session->output += readers->output.take(bytes);
      return;
    }
    for (const auto& answer : readers->answers.take(bytes)) session->answers.push_back(answer);
    session->said = readers->answers.said();
    session->outputs = readers->answers.outputs();
  };
  options.on_end = [session](const runtime::ProcessEnd& end) { session->end = end; };
  last_ = processes_.start(std::move(options));
  return session;
}

Session HostShell::ask(const std::string& request) {
  const auto session = start(request);
  wait_for(session);
  return *session;
}

void HostShell::wait_for(const std::shared_ptr<Session>& session) {
  waiting_.until([&] { return session->end.has_value(); });
}

Session HostShell::script(const std::string& body, const std::string& action) {
  return ask(request_start(nonce, {"run-1", action.empty() ? fmt::format("k{}", ++count_) : action},
                           {"sh", body, {}, {}, ""}));
}

void HostShell::with_only(std::vector<std::string> environment) {
  around_ = std::move(environment);
  around_.insert(around_.begin(), {"env", "-i"});
}

void HostShell::on_a_small_disk(int kib, const std::string& before) {
  const std::string text =
      fmt::format("mount -t tmpfs -o size={}k tmpfs \"$HOME\"; {}; exec \"$@\"", kib, before);
  around_ = {"unshare", "-rm", "sh", "-c", text, "sh"};
}

void HostShell::with_seconds(int seconds) {
  around_ = {"sh", "-c", fmt::format("ulimit -t {}; exec \"$@\"", seconds), "sh"};
}

void HostShell::without_proc() {
  around_ = {"unshare", "-rm", "sh", "-c", "mount -t tmpfs tmpfs /proc; exec \"$@\"", "sh"};
}

void HostShell::with_nobody_listening() {
  std::filesystem::remove(home() + "/gone");
  REQUIRE(::mkfifo((home() + "/gone").c_str(), 0600) == 0);
  around_ = {"sh", "-c",
             "{ read -r word < \"$HOME/gone\"; exec \"$@\"; } 2>&1 | "
             "{ exec <&-; echo gone > \"$HOME/gone\"; }",
             "sh"};
}

void HostShell::at_home_with(const std::string& variable) {
  around_ = {"env", "-C", home(), variable};
}

}  // namespace sluice::test
