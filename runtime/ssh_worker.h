// A process beside the program that connects to hosts over libssh, and nothing else: it is started
// when the first of them is asked for, loads the library, and forks for each host a process that
// holds that one connection. What talks to a host has nothing else in its address space, and costs
// no start of a program. Why: docs/decisions/libssh-client.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "runtime/libssh_host.h"
#include "runtime/loop.h"
#include "runtime/process.h"

namespace sluice::runtime {

class SshWorker {
 public:
  using Ticket = std::uint64_t;
  // Empty: the connection is there, and its control socket listens. Else why it is not.
  using Ended = std::function<void(const std::string& why)>;

  // `program`: it is called as `PROGRAM ssh-connections` and is then ssh_connections(). Both others
  // outlive it.
  SshWorker(Loop& loop, Processes& processes, std::string program);
  // Nobody is told of anything any more. Connections that are there stay.
  ~SshWorker();
  SshWorker(const SshWorker&) = delete;
  SshWorker& operator=(const SshWorker&) = delete;

  // `ended` is called once, from the loop.
  Ticket connect(const LibsshHost& host, const std::string& control_path, Ended ended);
  // Nobody is told of it any more, and what connects ends.
  void cancel(Ticket ticket);
  // Connections that are there stay; at once where there is no process, else from the loop.
  void end(std::function<void()> ended);

 private:
  struct Asked {
    std::string message;
    Ended ended;
    int workers = 0;  // that have died with it
  };

  void start();
  void hear(std::string_view bytes);
  void worker_ended(const ProcessEnd& end);
  void answer(Ticket ticket, const std::string& why);

  Loop& loop_;
  Processes& processes_;
  std::string program_;
  Processes::Handle process_ = 0;
  bool runs_ = false;
  std::function<void()> over_;
  Loop::Timer ending_;
  std::string heard_;
  Ticket last_ = 0;
  std::map<Ticket, Asked> asked_;
};

// That process: reads what it is told from its standard input, says how it went on its standard
// output, ends when the input does. Its exit status.
int ssh_connections();

}  // namespace sluice::runtime
