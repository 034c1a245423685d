// One attempt on several hosts at once: it ends when all have, fails if one did, and its next
// attempt goes to those that failed alone.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "runtime/executor.h"
#include "runtime/journal.h"
#include "runtime/request.h"
#include "scheduler/scheduler.h"

namespace sluice::runtime {

class FanOut {
 public:
  // The whole attempt: its outcome, and how it ended on each host, in the hosts' order.
  using Ended =
      std::function<void(const scheduler::Action&, scheduler::Outcome, std::vector<HostResult>)>;
  using Output =
      std::function<void(const scheduler::Action&, const std::string& host, std::string_view)>;

  // What expressions may read when an action starts.
  using Facts = std::function<RunFacts()>;

  // It is known to have begun, on one host at least.
  using Begun = std::function<void(const scheduler::Action&)>;
  // How often an outcome on a host may be tried again, by what an operator has said.
  using Retries = std::function<std::uint32_t(const scheduler::Action&, const std::string& host)>;

  FanOut(const plan::Plan& plan, Facts facts, Executor& executor, Ended ended, Output output);
  // A host of it has not answered for a while, or does again.
  using Away = std::function<void(const scheduler::Action&, const std::string& host, bool away)>;
  // All may be left out.
  void listen(Begun begun, Retries retries, Away away = {});

  // `resumed`: a program before this one meant to begin it.
  void start(const scheduler::Action& action,
             const std::optional<ActionRequest::Resumed>& resumed = {});
  // What it has ended as is written down.
  void settled(const scheduler::Action& action);
  // An attempt that a program before this one has seen end.
  void replayed(const scheduler::Action& action, const std::vector<HostResult>& results);
  // `ended` still follows.
  void cancel(const scheduler::Action& action);
  // It has ended wherever it runs, before what it wrote had come; until that is settled.
  bool has_ended_before(const scheduler::Action& action) const {
    return ended_before_.contains(action);
  }
  // On how many of its hosts its end is not told yet.
  std::size_t open_hosts(const scheduler::Action& action) const;

 private:
  struct Host {
    plan::TargetId id;
    std::string name;
    ActionRequest::Ticket ticket = 0;
    bool ended = false;  // what it wrote may be still on its way
    bool over = false;
    Completion completion;
  };
  struct Attempt {
    std::vector<Host> hosts;
    std::size_t open = 0;
    bool cancelled = false;
    bool begun = false;
    std::optional<ActionRequest::Resumed> resumed;
  };

  void start(const scheduler::Action& action, std::size_t host);
  void begun(const scheduler::Action& action);
  void ended(const scheduler::Action& action, std::size_t host);
  void look_whether_ended(const scheduler::Action& action, const Attempt& attempt);
  void keep_failed(const scheduler::Action& action, std::vector<plan::TargetId> failed);
  void finish(const scheduler::Action& action, std::size_t host, Completion completion);
  void finish_attempt(const scheduler::Action& action);

  const plan::Plan& plan_;
  Facts facts_;
  Executor& executor_;
  Ended ended_;
  Output output_;
  Begun begun_;
  Retries retries_;
  Away away_;
  ActionRequest::Ticket last_ticket_ = 0;
  std::map<scheduler::Action, Attempt> attempts_;
  std::map<scheduler::Action, std::vector<ActionRequest::Ticket>> ended_tickets_;
  std::set<scheduler::Action> ended_before_;  // what it wrote came
  // Where the last attempt failed, by the action with attempt 0.
  std::map<scheduler::Action, std::vector<plan::TargetId>> failed_;
};

}  // namespace sluice::runtime
