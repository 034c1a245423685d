// One program that carries the run on: the runtime's driver, journal, protocol and people's part,
// put together as cli/session.cpp does, in the simulated world. It can die at any of its effects.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/person.h"
#include "runtime/actions.h"
#include "runtime/driver.h"
#include "runtime/journal.h"
#include "runtime/process.h"
#include "runtime/ssh.h"
#include "world/local_board.h"
#include "world/record.h"

namespace sluice::world {

// What is kept outside of every program: orders that operators have left, and who has the lease.
struct Shared {
  Kernel& kernel;
  const plan::Plan& plan;
  Ledger& ledger;
  Record& record;
  LocalBoard& local;
  std::vector<runtime::Order> orders;
  std::string run;
  std::function<void()> wake;  // whoever carries the run on looks at the orders
  // Of a host that has been waited for for as long as hosts are; may be empty.
  std::function<void(const std::string& host)> given_up;
  Kernel::Owner writer = 0;          // the last program that has committed
  bool whole_output = false;         // no host stays away for so long that output is given up
  base::Duration follow_after{300};  // what ends sooner shows its output at its end
};

class Controller : public runtime::Observer {
 public:
  enum class Over { No, Ended, Stopped, Broken };

  Controller(Shared& shared, Kernel::Owner owner);
  ~Controller() override;
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  // False: it can do nothing, and says why.
  bool begin();
  bool resume();
  void turn();
  // Ctrl-C, once.
  void interrupt();
  Over over() const { return over_; }
  const runtime::Driver* driver() const { return driver_ ? &*driver_ : nullptr; }
  const std::string& problem() const { return problem_; }

  void instant(const runtime::Instant& instant, const scheduler::Commands& commands) override;
  void output(const scheduler::Action& action, const std::string& host,
              std::string_view bytes) override;

 private:
  class Tap;
  class Writer;
  void carry_out(std::unique_ptr<runtime::Journal> journal, const runtime::ReadJournal* before);
  void take_orders();
  bool is_stale(const runtime::Order& order) const;
  bool is_manual(const scheduler::Action& action) const;
  base::Instant now() const { return {loop_.now().ms - start_.ms + offset_ms_}; }
  void finish();

  Shared& shared_;
  Kernel::Owner owner_;
  runtime::Loop loop_;
  runtime::Processes processes_;
  cli::Person person_;
  runtime::SshExecutor ssh_;
  LocalScripts local_;
  runtime::ActionExecutor actions_;
  std::unique_ptr<Tap> tap_;
  std::unique_ptr<runtime::Journal> journal_;
  std::unique_ptr<Writer> writer_;
  std::optional<runtime::Driver> driver_;
  base::Instant start_;
  std::int64_t offset_ms_ = 0;
  std::size_t seen_ = 0;       // of all that were left
  std::size_t committed_ = 0;  // when they were looked at
  std::vector<runtime::Order> orders_;
  std::map<Ledger::Where, std::string> written_;  // output that came, by attempt and host
  runtime::Loop::Timer timer_;
  bool paused_elsewhere_ = false;
  bool low_said_ = false;
  Over over_ = Over::No;
  std::string problem_;
};

}  // namespace sluice::world
