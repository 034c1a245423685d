// How a run stands after each of its instants: the scheduler and what its commands left open. The
// driver goes on from it, resumed or not, and who looks at a journal reads the same from it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plan/plan.h"
#include "runtime/journal.h"
#include "scheduler/open_work.h"
#include "scheduler/outputs.h"
#include "scheduler/scheduler.h"

namespace sluice::runtime {

class RunState : public scheduler::OpenWork {
 public:
  explicit RunState(const plan::Plan& plan);

  // One instant after the other, as they were committed. `commands`: what follows from it.
  void take(const Instant& instant, scheduler::Commands& commands);

  using OnHost = std::pair<scheduler::Action, std::string>;

  scheduler::Scheduler machine;
  scheduler::Outputs outputs;
  std::map<OnHost, std::string> unknown;  // outcomes that a person is asked about, and why
  std::map<OnHost, std::uint32_t> retries;
  // How often each failure and each manual action was answered: the same one may be asked about
  // again, after a `reject` or where a retry came to nothing before it began.
  std::map<scheduler::Action, std::uint32_t> answers;
  // Lanes that wait for a person: those with a question, with a manual action, or with an action
  // whose outcome on a host is not known.
  std::size_t waiting_for_people() const;
  std::set<std::string> taken;  // names of orders
  std::uint32_t sessions = 0;
  std::optional<Session> last_session;
  base::Instant last_session_at;
  base::Instant last;  // instant

  // What bounds it begins at that instant.
  void set_timeout(const scheduler::Action& action, base::Instant from);
  // On how many of its hosts a person is asked about it.
  std::size_t unknown_hosts(const scheduler::Action& action) const;

 private:
  void settle(const scheduler::Event& event);
  void keep_outputs(const Instant& instant);
};

// What the attempts that ended in it wrote.
std::vector<scheduler::Written> written_in(const Instant& instant);

}  // namespace sluice::runtime
