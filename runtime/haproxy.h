// HAProxy's runtime API: sets a server's state, reads it back, and on a drain waits for its
// sessions to end. The management guide of HAProxy ("9.3 Unix Socket commands") is the source of
// the commands.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/executor.h"
#include "runtime/loop.h"
#include "runtime/tunnel.h"

namespace sluice::runtime {

class HaproxyExecutor : public Executor {
 public:
  HaproxyExecutor(Loop& loop, OpenTunnel open_tunnel);
  ~HaproxyExecutor() override;

  void start(ActionRequest request, Sink done) override;
  void cancel(ActionRequest::Ticket ticket) override;

 private:
  class Exchange;
  // Who asks the same HAProxy.
  struct Line {
    std::size_t talking = 0;
    std::deque<ActionRequest::Ticket> waiting;
  };

  void finish(ActionRequest::Ticket ticket, Completion completion);
  // Connects now, or when it is its turn.
  void enter(const std::string& where, ActionRequest::Ticket ticket);
  void leave(const std::string& where);
  void admit(const std::string& where);

  Loop& loop_;
  OpenTunnel open_tunnel_;
  std::map<std::string, Line> lines_;
  std::map<ActionRequest::Ticket, std::unique_ptr<Exchange>> exchanges_;  // they leave the lines
};

// The column `name` of the row whose columns `backend_column` and `server_column` are these, of a
// table whose head begins with `#`; empty where there is none. Columns stand apart by `separator`.
std::string find_cell(std::string_view table, char separator, std::string_view backend_column,
                      std::string_view backend, std::string_view server_column,
                      std::string_view server, std::string_view name);

}  // namespace sluice::runtime
