// Scripts on ssh hosts: each runs under a wrapper there (ssh_wrapper.h), apart from the connection.
// A connection that is lost is made again and the wrapper asked again; nothing is started twice.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/executor.h"
#include "runtime/loop.h"
#include "runtime/output.h"
#include "runtime/process.h"
#include "runtime/ssh_connection.h"
#include "runtime/ssh_worker.h"
#include "runtime/ssh_wrapper.h"
#include "runtime/tunnel.h"

namespace sluice::runtime {

struct SshSettings {
  SshFiles files;
  std::string directory;  // for sockets: private, there already, its path at most 60 bytes
  std::string program;    // ours, which is started again for hosts that are reached over libssh
  // How long a host that was reached may stay away before what runs on it counts as lost.
  base::Duration lost_after{300'000};
  base::Duration grace{5'000};  // from TERM to KILL, on the host
  // How long it may before somebody is told.
  base::Duration told_after{5'000};
  // Between two askings of a host that has been away for so long, while a person is asked.
  base::Duration ask_again_after{15'000};
  // How long a login may take until the wrapper's first word, before it counts as cut off.
  base::Duration patience{60'000};
  base::Duration follow_after{300};  // what ends sooner shows its output at its end
  // Of what was not shown by its end; beyond, the middle of it is left out.
  std::uint64_t most_at_end = most_output_at_end;
  // Connections that are kept. Beyond so many those of hosts with nothing at work are given back,
  // the one that was used last the last; what is at work may be more.
  std::size_t most_connections = 256;
};

class SshExecutor : public Executor {
 public:
  SshExecutor(Loop& loop, Processes& processes, SshSettings settings);
  ~SshExecutor() override;

  void start(ActionRequest request, Sink done) override;
  void cancel(ActionRequest::Ticket ticket) override;
  void let_go(ActionRequest::Ticket ticket) override;

  // The connection to a host, for files of that run there: they go when the run's do.
  SshConnection& connection(const Place& place, const std::string& run);

  // Through the same connections. The executor outlives it.
  OpenTunnel tunnels();

  // Hosts with files of the run whose connection was given back.
  std::size_t given_back() const;
  // After the last action was answered, and that is written down: removes the run's files on the
  // hosts, a few hosts at once and each in bounded time, ends the connections, then tells. Hosts
  // whose connection was given back are connected anew for it where it `comes_back`.
  void finish(std::function<void()> finished, bool comes_back = true);

 private:
  class Attempt;
  class Predecessors;
  using Lane = std::pair<plan::StepId, std::uint32_t>;
  struct Host {
    std::unique_ptr<SshConnection> connection;
    std::string run;          // whose files are there; empty: none
    std::uint32_t epoch = 1;  // of who asks
    HostWrapper wrapper;      // what keeps them, where it is not PowerShell
    bool for_powershell = false;
    bool keeps_files = false;  // for what was lost there
    std::map<Lane, std::vector<WrapperKey>> lost;
    std::size_t at_work = 0;  // attempts, and what comes before and behind them
    bool rests = false;       // `resting` is its place
    std::list<Host*>::iterator resting;
    bool given_back = false;  // a connection to it was
    bool closing = false;
    Loop::Timer deadline;  // for the removal of its files

    Wrapper keeper() const { return for_powershell ? Wrapper::PowerShell : wrapper.kind(); }
    bool has_files() const { return !run.empty() && !keeps_files; }
  };

  Host& host(const Place& place);
  void work_begins(ActionRequest::Ticket ticket, Host& row);
  void work_ends(ActionRequest::Ticket ticket);
  void uses(Host& row);
  void rest(Host& row);
  bool has_too_many() const;
  void give_back_in(base::Duration delay);
  void give_some_back();
  bool give_back(std::size_t count);
  void begin(Host& row, ActionRequest request, Sink done);
  void end_others(ActionRequest::Ticket ticket, Host& row, Lane lane, std::vector<WrapperKey> keys,
                  const Completion& completion, Sink done);
  void leave_next();
  void leave(Host& row);
  void forget(Host& row);
  void close(Host& row);

  Loop& loop_;
  Processes& processes_;
  SshSettings settings_;
  SshWorker worker_;  // outlives the connections
  std::map<plan::TargetId, Host> hosts_;
  std::map<ActionRequest::Ticket, std::unique_ptr<Attempt>> attempts_;
  struct Waiting {
    std::unique_ptr<Predecessors> before;
    ActionRequest request;
    Sink done;
  };
  std::map<ActionRequest::Ticket, Waiting> waiting_;
  // What was begun in the place of one that is cancelled, or known after all.
  struct EndingOthers {
    std::unique_ptr<Predecessors> others;
    Host* host = nullptr;
    Lane lane;
    std::vector<WrapperKey> keys;
  };
  std::map<ActionRequest::Ticket, EndingOthers> ending_;
  // Hosts with nothing at work and a connection, perhaps; the one that was used last the last.
  std::list<Host*> resting_;
  std::map<ActionRequest::Ticket, Host*> at_work_;
  std::size_t working_ = 0;  // hosts
  base::Instant gives_back_at_ = base::Instant::never();
  Loop::Timer give_back_timer_;
  bool comes_back_ = false;
  std::deque<Host*> to_leave_;
  std::size_t leaving_ = 0;
  std::size_t in_vain_ = 0;  // hosts in a row that did not let their files be removed
  std::function<void()> finished_;
  Loop::Timer soon_;
};

}  // namespace sluice::runtime
