// What stands for an ssh host in tests of the texts that run there: its sessions are plain
// processes, and its home is a folder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/process.h"
#include "runtime/ssh_wrapper.h"
#include "support/executing.h"
#include "support/golden.h"

namespace sluice::test {

inline const std::string nonce = "4e0c9a1b";

struct Session {
  using Kind = runtime::WrapperAnswer::Kind;
  std::vector<runtime::WrapperAnswer> answers;
  std::string output;
  std::string outputs;
  std::string said;
  std::optional<runtime::ProcessEnd> end;

  Kind verdict() const { return answers.empty() ? Kind::None : answers.back().kind; }
  int value() const { return answers.empty() ? -1 : answers.back().value; }
};

class HostShell {
 public:
  // A shell, which the text for shells runs in, or "perl".
  explicit HostShell(const std::string& shell);

  const std::string& home() const { return home_; }
  void live_in(const std::string& name);
  // Both are the same host.
  void live_with(const HostShell& other) { home_ = other.home_; }
  std::string bin() const { return place_.path() + "/bin"; }
  std::string files(const std::string& action) const { return home() + "/.sluice/run-1/" + action; }
  const std::string& command() const { return command_; }

  std::shared_ptr<Session> start(const std::string& request, bool open_input = false);
  Session ask(const std::string& request);
  void wait_for(const std::shared_ptr<Session>& session);
  Session script(const std::string& body, const std::string& action = "");
  Waiting& waiting() { return waiting_; }
  void close_input() { processes_.close_input(last_); }

  // From now on its sessions begin like this.
  // Each gets a home of its own of so many KiB, which this shell text sees first.
  void on_a_small_disk(int kib, const std::string& before);
  // Each of their processes may use a processor for so long.
  void with_seconds(int seconds);
  // As a login begins: in its home.
  void at_home_with(const std::string& variable);
  void with(const std::string& variable) { around_ = {"env", variable}; }
  // This shell text begins them; its third argument is their command.
  void by(const std::string& text) { around_ = {"sh", "-c", text, "sh"}; }
  void with_only(std::vector<std::string> environment);
  void without_proc();
  // What they write goes nowhere, from before they begin: as when the connection was cut.
  void with_nobody_listening();
  void with_somebody_listening() { around_.clear(); }

 private:
  TemporaryDirectory place_;
  Waiting waiting_;
  runtime::Processes processes_;
  runtime::Processes::Handle last_ = 0;
  std::vector<std::string> around_;
  std::string command_ = runtime::wrapper_command();
  std::string home_ = place_.path() + "/home";
  int count_ = 0;
};

}  // namespace sluice::test
