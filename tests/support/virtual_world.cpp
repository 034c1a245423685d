#include "support/virtual_world.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "simulator/attempts.h"
#include "simulator/world.h"

namespace sluice::test {

namespace {

using runtime::ActionRequest;
using runtime::Completion;

class ScriptedExecutor : public runtime::Executor {
 public:
  ScriptedExecutor(const plan::Plan& plan, const simulator::Settings& settings)
      : world(plan), run_(settings.run), attempts_(plan, settings) {}

  void start(ActionRequest request, Sink done) override {
    const auto attempt = attempts_.draw(request.action, run_);
    REQUIRE(attempt.ok());
    Completion completion;
    completion.outcome = world.needed() ? world.outcome(request.action, attempt.value().outcome)
                                        : attempt.value().outcome;
    completion.ending = completion.outcome == scheduler::Outcome::Unreachable
                            ? Completion::Ending::Unreachable
                            : Completion::Ending::Answered;
    completion.outputs = world.outputs(request.action);
    running_[request.ticket] = {now + attempt.value().takes, completion, std::move(done)};
  }

  void cancel(ActionRequest::Ticket ticket) override {
    const auto found = running_.find(ticket);
    if (found == running_.end()) return;
    found->second.at = now;
    found->second.completion.outcome = scheduler::Outcome::Cancelled;
    found->second.completion.outputs.clear();
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
  simulator::World world;

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
  Watcher(const plan::Plan& plan, simulator::World& found)
      : builder(plan, scheduler::Detail::Lanes), world(found) {}
  void instant(const runtime::Instant& instant, const scheduler::Commands& commands) override {
    builder.observe(instant.at, instant.events, commands);
    if (world.needed()) world.observe(commands);
  }
  void output(const scheduler::Action&, const std::string&, std::string_view) override {}

  scheduler::TimelineBuilder builder;
  simulator::World& world;
};

}  // namespace

VirtualRun run_virtually(const plan::Plan& plan, const simulator::Settings& settings) {
  ScriptedExecutor executor(plan, settings);
  MemoryJournal journal;
  Watcher watcher(plan, executor.world);
  runtime::Driver driver(plan, "virtual", executor, journal, watcher);
  REQUIRE(drive(driver, executor));
  return {watcher.builder.build(executor.now), std::move(journal.instants)};
}

}  // namespace sluice::test
