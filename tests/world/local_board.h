// Scripts on the controller's own machine, at the executor's interface: what runs outlives the
// program that began it, for another watches over it, and does not outlive a power loss.
// (runtime/local.cpp and its supervisor are killed for real in tests/cli/kills.py.)
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "runtime/executor.h"
#include "runtime/loop.h"
#include "world/host.h"
#include "world/kernel.h"
#include "world/ledger.h"

namespace sluice::world {

class LocalBoard {
 public:
  LocalBoard(Kernel& kernel, Ledger& ledger, const plan::Plan& plan, HostSettings settings)
      : kernel_(kernel), ledger_(ledger), plan_(plan), settings_(settings) {}

  struct Script {
    std::uint32_t boot = 0;
    bool running = false;
    bool cancelled = false;
    std::optional<int> exit_code;
    std::optional<int> signal;
    std::vector<runtime::Output> outputs;
    std::function<void()> tell;    // who waits for its end, of the program that came last
    const void* teller = nullptr;  // whose that is
  };
  Script* find(const std::string& key);
  Script& begin(const std::string& key);
  void cancel(const std::string& key);
  void lose_power();
  std::uint32_t boot() const { return boot_; }
  // Whether the program has the lease still, which the kernel holds for the last that took the run
  // up: one here that was overtaken has ended, in truth.
  bool takes_up(Kernel::Owner program) {
    newest_ = std::max(newest_, program);
    return program == newest_;
  }

 private:
  void finish(const std::string& key, std::optional<int> exit_code, std::optional<int> signal);

  Kernel& kernel_;
  Ledger& ledger_;
  const plan::Plan& plan_;
  HostSettings settings_;
  std::uint32_t boot_ = 1;
  Kernel::Owner newest_ = 0;
  std::map<std::string, Script> scripts_;
};

class LocalScripts : public runtime::Executor {
 public:
  LocalScripts(Kernel& kernel, LocalBoard& board, runtime::Loop& loop)
      : kernel_(kernel), board_(board), loop_(loop) {
    board_.takes_up(kernel_.running());
  }
  ~LocalScripts() override;

  void start(runtime::ActionRequest request, Sink done) override;
  void cancel(runtime::ActionRequest::Ticket ticket) override;

 private:
  struct Row {
    std::string key;
    std::vector<std::string> later;  // what a program before may have begun in its place
    Sink done;
    bool cancelled = false;
  };
  void no_longer_told(const std::string& key);
  void ended(runtime::ActionRequest::Ticket ticket);
  bool ends_later(const Row& row);
  void answer(runtime::ActionRequest::Ticket ticket, runtime::Completion completion);

  Kernel& kernel_;
  LocalBoard& board_;
  runtime::Loop& loop_;
  std::map<runtime::ActionRequest::Ticket, Row> rows_;
};

}  // namespace sluice::world
