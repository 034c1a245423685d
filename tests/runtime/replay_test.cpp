// Real journals: runs of random plans with real processes, here and on an ssh host, that fail, are
// tried again, asked about, paused, cut off and resumed. What was decided while they ran is what
// the scheduler decides from the journal alone, command by command; and the simulator, which goes
// on from what has happened, ends when the run did.
#include <catch2/catch.hpp>
#include <optional>

#include "base/random.h"
#include "plan/verify.h"
#include "runtime/actions.h"
#include "runtime/driver.h"
#include "runtime/journal.h"
#include "runtime/local.h"
#include "runtime/ssh.h"
#include "simulator/forecast.h"
#include "support/executing.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/random_durations.h"
#include "support/random_schedule.h"
#include "support/sshd.h"

using namespace sluice;
using scheduler::Action;

namespace {

// One in five attempts fails, a few take their time: by the script's own words.
constexpr const char* body = R"(
n=$(printf '%s %s %s' "$step_name" "$target_name" "$attempt" | cksum | cut -d' ' -f1)
[ $((n % 7)) -ne 0 ] || sleep 0.02
[ $((n / 7 % 5)) -ne 0 ] || exit 3
)";

void make_real(plan::Work& work) {
  work.action = {};
  work.action.kind = "script";
  work.action.attributes.push_back({"body", plan::constant({std::string(body)})});
  work.via.hosts = plan::TargetListId{0};
  work.takes.low = plan::constant({base::Duration{5}});
  if (work.timeout) work.timeout->same.ms *= 20;
}

std::uint64_t actions_of(const plan::Plan& plan) {
  std::uint64_t count = 0;
  for (const plan::StepId step : plan.steps.ids()) {
    count += std::uint64_t{plan::lane_count(plan, step)} * plan.steps[step].tasks.size();
  }
  return count;
}

// What the scheduler reads, in all mixtures, with scripts that are real; small enough.
plan::Plan real_plan(std::uint64_t seed, std::uint64_t most_actions) {
  plan::Plan plan = test::random_schedule(seed);
  for (std::uint64_t again = 1; actions_of(plan) > most_actions; ++again) {
    plan = test::random_schedule(base::combined_hash(seed, again));
  }
  if (plan.deadline) plan.deadline->ms *= 100;
  test::stretch_random_durations(plan, 20);
  for (plan::Connection& connection : plan.connections) {
    connection = {plan::Connection::Kind::Local, {}};
  }
  for (plan::Step& step : plan.steps) {
    for (plan::Task& task : step.tasks) {
      make_real(task);
      if (task.verify) make_real(*task.verify);
      if (task.undo) make_real(*task.undo);
    }
    if (step.verify) make_real(*step.verify);
  }
  return plan;
}

// What was decided at each instant, as it was about to be carried out.
class Decisions : public runtime::Observer {
 public:
  void instant(const runtime::Instant&, const scheduler::Commands& commands) override {
    all.push_back(commands);
  }
  // Decided by a program before this one: it carried it out, but for the last, where it was cut.
  void replayed(const runtime::Instant&, const scheduler::Commands& commands) override {
    if (all.size() == replayed_++) all.push_back(commands);
  }
  void output(const Action&, const std::string&, std::string_view) override {}
  // Another program takes the run up.
  void begin() { replayed_ = 0; }

  std::vector<scheduler::Commands> all;

 private:
  std::size_t replayed_ = 0;
};

// The journal, in whose middle the program is cut off: the instant is on the disk, and nothing that
// follows from it was done.
class CutJournal : public runtime::Journal {
 public:
  CutJournal(runtime::Journal& inner, std::size_t room) : inner_(inner), room_(room) {}
  base::Status commit(const runtime::Instant& instant) override {
    base::Status done = inner_.commit(instant);
    if (done && room_-- == 0) return base::Error{"cut"};
    return done;
  }

 private:
  runtime::Journal& inner_;
  std::size_t room_;
};

struct Totals {
  std::size_t instants = 0;
  std::size_t commands = 0;
  std::size_t failed = 0;  // actions
  std::size_t retried = 0;
  std::size_t asked = 0;
  std::size_t resumed = 0;
};

// Where scripts are carried out, for as long as one program lives.
struct Site {
  Site(runtime::Loop& loop, const std::string& scripts, const std::string& sockets)
      : processes(loop), local(loop, scripts), ssh(loop, processes, settings(sockets)), all(loop) {
    all.add("script local", local);
    all.add("script ssh", ssh);
  }
  static runtime::SshSettings settings(const std::string& sockets) {
    runtime::SshSettings made;
    made.files = {"", "", ""};
    made.directory = sockets;
    made.program = test::program_path();
    made.follow_after = base::Duration{5};
    return made;
  }

  runtime::Processes processes;
  runtime::LocalExecutor local;
  runtime::SshExecutor ssh;
  runtime::ActionExecutor all;
};

class RealRun {
 public:
  RealRun(const plan::Plan& plan, std::uint64_t seed) : plan_(plan), dice_(seed) {}

  // In several programs, each but the last of which is cut off.
  void carry_out() {
    const std::string path = place_.path() + "/journal.db";
    auto journal = runtime::create_journal(path, {"a-run", "2026-01-02T03:04:05Z", "1", "{}", ""});
    REQUIRE(journal.ok());
    std::size_t programs = 0;
    bool ended = program(*journal.value(), nullptr);
    journal.value().reset();
    while (!ended) {
      REQUIRE(++programs < 100);
      auto continued = runtime::continue_journal(path);
      REQUIRE(continued.ok());
      ended = program(*continued.value().journal, &continued.value().read);
    }
    totals_.resumed += programs;
  }

  // The decisions, from the journal alone.
  void compare(Totals& totals) {
    const auto read = runtime::read_journal(place_.path() + "/journal.db");
    REQUIRE(read.ok());
    const std::vector<runtime::Instant>& instants = read.value().instants;
    REQUIRE(instants.size() == decisions_.all.size());
    runtime::RunState state(plan_);
    scheduler::Commands commands;
    for (std::size_t i = 0; i < instants.size(); ++i) {
      state.take(instants[i], commands);
      INFO("instant " << i);
      REQUIRE(commands == decisions_.all[i]);
      count(commands);
    }
    REQUIRE(state.machine.ended());
    totals_.instants = instants.size();
    simulate(instants, state.machine.state());
    totals.instants += totals_.instants;
    totals.commands += totals_.commands;
    totals.failed += totals_.failed;
    totals.retried += totals_.retried;
    totals.asked += totals_.asked;
    totals.resumed += totals_.resumed;
  }

 private:
  void count(const scheduler::Commands& commands) {
    for (const scheduler::Command& command : commands) {
      using Kind = scheduler::Command::Kind;
      ++totals_.commands;
      totals_.retried += command.kind == Kind::StartAction && command.action.attempt > 1 ? 1 : 0;
      totals_.asked += command.kind == Kind::AskOperator ? 1 : 0;
      totals_.failed +=
          command.kind == Kind::TaskEnded && command.state == scheduler::State::Failed ? 1 : 0;
    }
  }

  // Nothing is left to be drawn: each of its runs is the real one.
  void simulate(const std::vector<runtime::Instant>& instants, scheduler::State state) {
    std::vector<simulator::Happened> happened;
    for (const runtime::Instant& instant : instants) {
      happened.push_back(
          {instant.at, instant.events, runtime::written_in(instant), instant.session.has_value()});
    }
    simulator::MonteCarlo many;
    many.runs = 3;
    many.threads = 1;
    const auto prospect = simulator::forecast(plan_, {}, happened, instants.back().at, many);
    REQUIRE(prospect.ok());
    const base::Duration took = runtime::replay(plan_, instants).duration;
    CHECK(prospect.value().end_ms.quantile(1000) == took.ms);
    CHECK(prospect.value().end_ms.quantile(0) == took.ms);
    CHECK(prospect.value().succeeded == (state == scheduler::State::Succeeded ? 3U : 0U));
  }

  void answer(runtime::Driver& driver) {
    for (const Action& asked : driver.questions()) {
      const std::uint32_t word = dice_.below(6);
      driver.answer(asked, word < 3   ? scheduler::Answer::Ignore
                           : word < 5 ? scheduler::Answer::Retry
                                      : scheduler::Answer::Exclude);
    }
    // Nobody knows what came of it: a person says that it has failed.
    const auto unknown = driver.unknown();
    for (const auto& [where, why] : unknown) {
      runtime::Order order;
      order.kind = runtime::Order::Kind::Failed;
      order.action = where.first;
      order.host = where.second;
      (void)driver.said(order);
    }
  }

  bool program(runtime::Journal& inner, const runtime::ReadJournal* before) {
    runtime::Loop loop;
    // Each has its own, as programs do: a client of the one before may end a little later.
    const test::TemporaryDirectory sockets;
    Site site(loop, place_.path() + "/scripts", sockets.path());
    CutJournal journal(inner, dice_.chance(70) ? dice_.below(12) : 100'000);
    runtime::Driver driver(plan_, "a-run", site.all, journal, decisions_);
    decisions_.begin();
    std::int64_t offset = 0;
    if (before != nullptr) {
      offset = before->instants.empty() ? 0 : before->instants.back().at.ms;
      driver.resume(before->instants, {offset}, true);
    }
    driver.begin_session({"a program", "1", "boot", offset, offset});
    if (dice_.chance(20)) driver.pause();
    runtime::Loop::Timer timer;
    bool broken = false;
    const auto start = loop.now();
    loop.post([] {});
    loop.run([&] {
      answer(driver);
      const base::Instant now{loop.now().ms - start.ms + offset};
      broken = !driver.turn(now);
      if (broken || (driver.ended() && !driver.has_news())) return loop.stop();
      if (driver.state() == scheduler::State::Paused && !driver.has_news()) continue_it(driver);
      if (driver.has_news() || !driver.questions().empty()) loop.post([] {});
      const base::Instant next = driver.next_timer();
      if (next != base::Instant::never()) {
        timer = loop.at({start.ms + next.ms - offset}, [] {});
      }
    });
    timer = runtime::Loop::Timer();
    return !broken;
  }

  static void continue_it(runtime::Driver& driver) {
    runtime::Order order;
    order.kind = runtime::Order::Kind::Continue;
    (void)driver.said(order);
  }

  const plan::Plan& plan_;
  test::Dice dice_;
  test::TemporaryDirectory place_;
  Decisions decisions_;
  Totals totals_;
};

void to_ssh(plan::Plan& plan, const test::SshServer& server) {
  const runtime::Place where = server.where();
  for (plan::Connection& connection : plan.connections) {
    connection = {};
    connection.kind = plan::Connection::Kind::Ssh;
    for (const runtime::Place::Setting& setting : where.settings) {
      const bool is_number = setting.name == "port";
      const plan::Value value =
          is_number ? plan::Value{plan::Number{std::int64_t{1'000'000} * server.port()}}
                    : plan::Value{setting.value};
      connection.settings.push_back({setting.name, plan::constant(value)});
    }
    connection.settings.push_back({"address", plan::constant({where.address})});
    std::sort(connection.settings.begin(), connection.settings.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
  }
}

}  // namespace

TEST_CASE("journals of runs with real processes replay without one divergent decision") {
  Totals totals;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    const plan::Plan plan = plan::seal(real_plan(seed, 30));
    RealRun run(plan, seed);
    run.carry_out();
    run.compare(totals);
  }
  CHECK(totals.instants >= 500);
  CHECK(totals.commands >= 1'000);
  CHECK(totals.failed >= 20);
  CHECK(totals.retried >= 10);
  CHECK(totals.asked >= 5);
  CHECK(totals.resumed >= 15);
}

TEST_CASE("so do journals of runs on an ssh host") {
  const test::SshServer server;
  Totals totals;
  for (std::uint64_t seed = 101; seed <= 104; ++seed) {
    INFO("seed " << seed);
    plan::Plan made = real_plan(seed, 12);
    to_ssh(made, server);
    const plan::Plan plan = plan::seal(std::move(made));
    RealRun run(plan, seed);
    run.carry_out();
    run.compare(totals);
  }
  CHECK(totals.commands >= 50);
  CHECK(totals.resumed >= 1);
}
