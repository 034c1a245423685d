// A run cut at each of its instants and carried on by another driver: every action is begun once,
// and the run ends as if nothing had happened.
#include <catch2/catch.hpp>
#include <map>

#include "runtime/driver.h"
#include "simulator/attempts.h"
#include "simulator/world.h"
#include "support/random_plan.h"
#include "support/virtual_world.h"

using namespace sluice;
using runtime::ActionRequest;
using runtime::Completion;

namespace {

// Where actions run: it outlives the drivers, and knows what was begun by its identity.
class Hosts : public runtime::Executor {
 public:
  Hosts(const plan::Plan& plan, const simulator::Settings& settings)
      : world(plan), run_(settings.run), attempts_(plan, settings) {}

  void start(ActionRequest request, Sink done) override {
    const std::string key = runtime::action_key(request);
    auto found = rows_.find(key);
    if (found == rows_.end()) {
      const auto attempt = attempts_.draw(request.action, run_);
      REQUIRE(attempt.ok());
      Row row;
      row.at = now + attempt.value().takes;
      row.completion.outcome = world.needed()
                                   ? world.outcome(request.action, attempt.value().outcome)
                                   : attempt.value().outcome;
      row.completion.ending = row.completion.outcome == scheduler::Outcome::Unreachable
                                  ? Completion::Ending::Unreachable
                                  : Completion::Ending::Answered;
      row.completion.outputs = world.outputs(request.action);
      found = rows_.emplace(key, row).first;
      ++begun[key];
    } else {
      // Only who resumes may ask for what was begun before. What is refused has no place, and is
      // begun nowhere.
      CHECK((request.resumed.has_value() || !request.refused.empty()));
    }
    waiting_[request.ticket] = {key, std::move(done)};
  }
  void cancel(ActionRequest::Ticket ticket) override {
    const auto found = waiting_.find(ticket);
    if (found == waiting_.end()) return;
    Row& row = rows_[found->second.first];
    row.at = std::min(row.at, now);
    row.completion.outcome = scheduler::Outcome::Cancelled;
    row.completion.outputs.clear();
  }

  // The driver has died; what runs here runs on.
  void cut() { waiting_.clear(); }

  base::Instant next() const {
    base::Instant soonest = base::Instant::never();
    for (const auto& [ticket, waiting] : waiting_) {
      soonest = std::min(soonest, rows_.at(waiting.first).at);
    }
    return soonest;
  }

  void deliver() {
    std::vector<std::pair<Sink, Completion>> due;
    for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
      const Row& row = rows_[waiting->second.first];
      if (row.at > now) {
        ++waiting;
        continue;
      }
      due.emplace_back(std::move(waiting->second.second), row.completion);
      waiting = waiting_.erase(waiting);
    }
    for (const auto& [done, completion] : due) done(completion);
  }

  base::Instant now;
  simulator::World world;
  std::map<std::string, int> begun;

 private:
  struct Row {
    base::Instant at;
    Completion completion;
  };
  std::uint32_t run_;
  simulator::Attempts attempts_;
  std::map<std::string, Row> rows_;
  std::map<ActionRequest::Ticket, std::pair<std::string, Sink>> waiting_;
};

// Fails at one commit, before or after it is durable.
class CutJournal : public test::MemoryJournal {
 public:
  base::Status commit(const runtime::Instant& instant) override {
    const bool cut = instants.size() == cut_at;
    if (cut && !after) return base::Error{"cut"};
    instants.push_back(instant);
    if (cut) return base::Error{"cut"};
    return base::Done{};
  }
  std::size_t cut_at = static_cast<std::size_t>(-1);
  bool after = false;
};

class Watcher : public runtime::Observer {
 public:
  Watcher(const plan::Plan& plan, simulator::World& found)
      : builder(plan, scheduler::Detail::Lanes), world(found) {}
  void instant(const runtime::Instant& instant, const scheduler::Commands& commands) override {
    builder.observe(instant.at, instant.events, commands);
    if (world.needed()) world.observe(commands);
  }
  void replayed(const runtime::Instant& instant, const scheduler::Commands& commands) override {
    builder.observe(instant.at, instant.events, commands);
    ++replayed_instants;
  }
  void output(const scheduler::Action&, const std::string&, std::string_view) override {}

  scheduler::TimelineBuilder builder;
  simulator::World& world;
  std::size_t replayed_instants = 0;
};

struct Ended {
  scheduler::Timeline timeline;
  std::map<std::string, int> begun;
  std::size_t instants = 0;
};

// Cut at that instant, and resumed.
Ended run_cut(const plan::Plan& plan, const simulator::Settings& settings, std::size_t cut_at,
              bool after) {
  Hosts hosts(plan, settings);
  CutJournal journal;
  journal.cut_at = cut_at;
  journal.after = after;
  {
    Watcher watcher(plan, hosts.world);
    runtime::Driver driver(plan, "virtual", hosts, journal, watcher);
    driver.begin_session({"the first", "1", "boot", 0, 0});
    if (test::drive(driver, hosts)) {
      return {watcher.builder.build(hosts.now), hosts.begun, journal.instants.size()};
    }
  }
  hosts.cut();
  journal.cut_at = static_cast<std::size_t>(-1);
  Watcher watcher(plan, hosts.world);
  runtime::Driver driver(plan, "virtual", hosts, journal, watcher);
  const std::vector<runtime::Instant> before = journal.instants;
  driver.resume(before, hosts.now, true);
  CHECK(watcher.replayed_instants == before.size());
  driver.begin_session({"the second", "1", "boot", 0, 0});
  REQUIRE(test::drive(driver, hosts));
  // What was carried out replays without a decision that differs.
  CHECK(runtime::replay(plan, journal.instants) == watcher.builder.build(hosts.now));
  return {watcher.builder.build(hosts.now), hosts.begun, journal.instants.size()};
}

// Runs of random plans, cut at a dozen of their instants: `check` gets the whole run and the
// resumed.
template <class Check>
void cut_many(bool after, Check check) {
  std::size_t cuts = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    const plan::Plan plan = test::random_plan(seed);
    simulator::Settings settings;
    settings.seed = seed;
    if (!simulator::simulate(plan, settings)) continue;
    INFO("seed " << seed);
    const Ended whole = run_cut(plan, settings, static_cast<std::size_t>(-1), false);
    const std::size_t step = std::max<std::size_t>(1, whole.instants / 12);
    for (std::size_t cut = 0; cut < whole.instants; cut += step) {
      INFO("cut at " << cut << " of " << whole.instants);
      check(whole, run_cut(plan, settings, cut, after));
      ++cuts;
    }
  }
  CHECK(cuts >= 500);
}

}  // namespace

TEST_CASE("a run that is cut behind any of its commits ends as the run that was not", "[resume]") {
  cut_many(true, [](const Ended& whole, const Ended& resumed) {
    REQUIRE(resumed.begun == whole.begun);
    REQUIRE(resumed.timeline == whole.timeline);
  });
}

TEST_CASE("a run that is cut before a commit begins nothing twice and ends all the same",
          "[resume]") {
  cut_many(false, [](const Ended&, const Ended& resumed) {
    for (const auto& [key, times] : resumed.begun) REQUIRE(times == 1);
  });
}
