#include "support/remote.h"

#include "support/paths.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

namespace sluice::test {

namespace {

runtime::SshSettings settings(const std::string& directory, base::Duration lost_after,
                              base::Duration patience) {
  runtime::SshSettings made;
  made.files = {"", "", ""};
  made.directory = directory;
  made.program = program_path();
  made.lost_after = lost_after;
  made.patience = patience;
  made.told_after = base::Duration{100};
  made.ask_again_after = base::Duration{50};
  made.grace = base::Duration{300};
  made.follow_after = base::Duration{0};
  return made;
}

}  // namespace

SshServer::Options over(const std::string& way) {
  SshServer::Options options;
  options.wrapper = way == "perl" ? "perl" : "sh";
  if (way != "perl") options.client = way;
  return options;
}

Remote::Remote(SshServer::Options options, base::Duration lost_after, base::Duration patience)
    : server(std::move(options)),
      requests(waiting),
      processes(waiting.loop),
      executor(waiting.loop, processes, settings(place.path(), lost_after, patience)) {}

Answer Remote::run(const std::string& body, std::vector<std::string> environment) {
  return requests.run(executor, requests.script(server.where(), body, std::move(environment)));
}

std::shared_ptr<Answer> Remote::start(const std::string& body,
                                      std::vector<std::string> environment) {
  return requests.start(executor, requests.script(server.where(), body, std::move(environment)));
}

void Remote::wait_for(const std::shared_ptr<Answer>& answer) {
  waiting.until([&] { return answer->completion.has_value(); });
}

std::string Remote::control_socket(int number) const {
  return fmt::format("{}/0.{}", place.path(), number);
}

void Remote::open_gate(const std::string& gate, const std::string& text) {
  const int fifo = ::open(gate.c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(fifo >= 0);
  REQUIRE(::write(fifo, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  ::close(fifo);
}

pid_t Remote::process_in(const std::string& path) {
  waiting.until_seen([&] { return read_text(path).find('\n') != std::string::npos; });
  return std::atoi(read_text(path).c_str());
}

void Remote::kill_process_in(const std::string& path) {
  const pid_t process = process_in(path);
  REQUIRE(process > 1);
  CHECK(::kill(process, SIGKILL) == 0);
}

// A zombie is dead, whoever has yet to reap it.
bool Remote::is_alive(pid_t process) {
  const std::string text = read_text(fmt::format("/proc/{}/stat", process));
  const std::size_t behind = text.rfind(") ");
  return behind != std::string::npos && text[behind + 2] != 'Z';
}

}  // namespace sluice::test
