// Scripts on the controller itself, in a folder of their own.
#pragma once

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/local.h"
#include "support/executing.h"
#include "support/golden.h"
#include "support/remote.h"

namespace sluice::test {

struct LocalScripts {
  LocalScripts() : requests(waiting), executor(waiting.loop, scripts()) {}

  // Of scripts: all but the supervisor's, and what is kept to become others'.
  std::vector<std::string> scripts_files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(scripts())) {
      std::string name = entry.path().filename().string();
      if (name.find("supervisor-") != 0 && name.find("spare-") != 0) names.push_back(name);
    }
    return names;
  }
  std::size_t files() const { return scripts_files().size(); }
  std::string scripts() const { return place.path() + "/scripts"; }
  // One that a program before this one meant to begin.
  runtime::ActionRequest resumed() {
    auto request = requests.script(local_place(), "echo begun anew\n");
    request.resumed = {true, true, {}};
    return request;
  }
  Answer run(const std::string& body, std::vector<std::string> environment = {}) {
    return requests.run(executor, requests.script(local_place(), body, std::move(environment)));
  }

  pid_t process_in(const std::string& name) {
    const std::string path = place.path() + "/" + name;
    waiting.until_seen([&] { return read_text(path).find('\n') != std::string::npos; });
    return std::atoi(read_text(path).c_str());
  }
  // Its watcher has written down which process it is; it may have begun before.
  void await_note(const runtime::ActionRequest& request) {
    const std::string path = scripts() + "/" + runtime::action_key(request) + ".started";
    waiting.until_seen([&] {
      const std::string text = read_text(path);
      const std::size_t second = text.find('\n', text.find('\n') + 1);
      int number = 0;
      unsigned long long began = 0;
      return second != std::string::npos &&
             std::sscanf(text.c_str() + second, " %d %llu", &number, &began) == 2 && began != 0;
    });
  }
  void kill_watcher() {
    for (const pid_t child : children_of(::getpid())) {
      const std::string name = read_text(fmt::format("/proc/{}/comm", child));
      if (name != "sluice-scripts\n") continue;
      ::kill(child, SIGKILL);
      waiting.until_seen([&] { return !Remote::is_alive(child); });
    }
  }

  TemporaryDirectory place;
  Waiting waiting;
  Requests requests;
  runtime::LocalExecutor executor;
};

}  // namespace sluice::test
