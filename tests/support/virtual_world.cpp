#include "support/virtual_world.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "simulator/attempts.h"

namespace sluice::test {

namespace {

using runtime::ActionRequest;
using runtime::Completion;

class ScriptedExecutor : public runtime::Executor {
 public:
  ScriptedExecutor(const plan::Plan& plan, const simulator::Settings& settings)
      : run_(settings.run), attempts_(plan, settings) {}

  void start(ActionRequest request, Sink done) override {
    const auto attempt = attempts_.draw(request.action, run_);
    REQUIRE(attempt.ok());
    Completion completion;
    completion.ending = Completion::Ending::Answered;
    completion.outcome = attempt.value().outcome;
    running_[request.ticket] = {now + attempt.value().takes, completion, std::move(done)};
  }

  void cancel(ActionRequest::Ticket ticket) override {
    const auto found = running_.find(ticket);
    if (found == running_.end()) return;
    found->second.at = now;
    found->second.completion.outcome = scheduler::Outcome::Cancelled;
  }

  base::Instant next() const {
    base::Instant soonest = base::Instant::never();
    for (const auto& [ticket, row] : running_) soonest = std::min(soonest, row.at);
    return soonest;
  }

  void deliver() {
    std::vector<Running> due;
    for (auto row = running_.begin(); row != running_.end();) {
      if (row->second.at > now) {
        ++row;
        continue;
      }
      due.push_back(std::move(row->second));
      row = running_.erase(row);
    }
    for (const Running& row : due) row.done(row.completion);
  }

  base::Instant now;

 private:
  struct Running {
    base::Instant at;
    Completion completion;
    Sink done;
  };

  std::uint32_t run_;
  simulator::Attempts attempts_;
  std::map<ActionRequest::Ticket, Running> running_;
};

class Watcher : public runtime::Observer {
 public:
  explicit Watcher(const plan::Plan& plan) : builder(plan, scheduler::Detail::Lanes) {}
  void instant(const runtime::Instant& instant, const scheduler::Commands& commands) override {
    builder.observe(instant.at, instant.events, commands);
  }
  void output(const scheduler::Action&, const std::string&, std::string_view) override {}

  scheduler::TimelineBuilder builder;
};

}  // namespace

VirtualRun run_virtually(const plan::Plan& plan, const simulator::Settings& settings) {
  ScriptedExecutor executor(plan, settings);
  MemoryJournal journal;
  Watcher watcher(plan);
  runtime::Driver driver(plan, "virtual", executor, journal, watcher);
  REQUIRE(driver.turn(executor.now).ok());
  while (!driver.ended()) {
    executor.now = std::min(executor.next(), driver.next_timer());
    REQUIRE(executor.now != base::Instant::never());
    executor.deliver();
    REQUIRE(driver.turn(executor.now).ok());
  }
  return {watcher.builder.build(executor.now), std::move(journal.instants)};
}

}  // namespace sluice::test
