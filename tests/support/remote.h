// An ssh host and an executor that reaches it, for tests.
#pragma once

#include <string>
#include <vector>

#include "runtime/ssh.h"
#include "support/executing.h"
#include "support/sshd.h"

namespace sluice::test {

// A usual host, connected to by that client and asked by its shell, or by the usual one and asked
// by Perl.
SshServer::Options over(const std::string& way);

struct Remote {
  explicit Remote(SshServer::Options options = {}, base::Duration lost_after = {60'000},
                  base::Duration patience = {60'000});

  Answer run(const std::string& body, std::vector<std::string> environment = {});
  std::shared_ptr<Answer> start(const std::string& body, std::vector<std::string> environment = {});
  void wait_for(const std::shared_ptr<Answer>& answer);

  // Of the connection's first, second, … client.
  std::string control_socket(int number) const;
  // Writes to a fifo that a script reads from, and waits for the reader, not for what it does.
  static void open_gate(const std::string& gate, const std::string& text);
  // The number in that file, once it is there.
  pid_t process_in(const std::string& path);
  void kill_process_in(const std::string& path);
  static bool is_alive(pid_t process);

  SshServer server;
  TemporaryDirectory place;
  Waiting waiting;
  Requests requests;
  runtime::Processes processes;
  runtime::SshExecutor executor;
};

}  // namespace sluice::test
