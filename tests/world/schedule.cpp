#include "world/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "base/random.h"
#include "plan/verify.h"
#include "world/controller.h"
#include "world/disk.h"
#include "world/network.h"
#include "world/operators.h"

namespace sluice::world {

namespace {

constexpr std::uint64_t most_events = 400'000;
// Once all faults have ended one program should do: more than this many begin and die in a circle.
constexpr std::uint64_t most_programs = 1'000;

// Some worlds go on long enough for hosts to be away for longer than they are waited for.
bool has_long_outages(std::uint64_t seed) {
  return seed % 250 == 19;
}

class Schedule {
 public:
  Schedule(const plan::Plan& plan, std::uint64_t seed, bool checks);
  ~Schedule();
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;
  Result run();
  Kernel& kernel() { return kernel_; }

 private:
  struct Program {
    Kernel::Owner owner = 0;
    std::unique_ptr<Controller> controller;
  };

  std::uint32_t rate(std::uint32_t most) { return dice_.chance(50) ? 0 : 1 + dice_.below(most); }
  bool sometimes() { return dice_.chance(50); }
  NetworkSettings network_settings();
  HostSettings host_settings(std::uint64_t seed);
  void plan_faults();
  void fault_at(std::int64_t from, std::int64_t to, const std::function<void()>& what);
  void machine_faults();
  void host_faults();
  void long_outages();
  void come_back(const std::string& name);
  void people_faults();
  void overtaking_faults();

  void spawn();
  void open(Controller& controller, Kernel::Owner owner);
  void turn(Kernel::Owner owner);
  void close(Kernel::Owner owner);
  void spawn_later();
  void die(bool with_power);
  void heal();
  void check_disk();
  std::string standing();
  Program* program(Kernel::Owner owner);
  Program* live();

  std::uint64_t seed_;
  test::Dice dice_;             // of the settings alone
  test::Dice more_;             // of those that came later: the others stay as they were
  const bool hard_hosts_;       // on which much is lost, and little begun
  const bool slow_overtaking_;  // who was overtaken comes back late
  const bool long_outages_;     // hosts are away for longer than they are waited for
  test::Dice given_up_;         // of those: what is back when nobody waits any more
  std::uint32_t disk_full_ = 0;
  const bool checks_;
  const plan::Plan& plan_;
  Kernel kernel_;
  Disk disk_;
  Ledger ledger_;
  Record record_;
  Network network_;
  std::deque<Host> hosts_;
  LocalBoard local_;
  Shared shared_;
  Operators operators_;
  std::deque<Program> programs_;
  std::uint64_t programs_begun_ = 0;
  std::uint64_t begun_since_healed_ = 0;
  Kernel::Owner newest_ = 0;
  std::uint32_t runs_ = 1;
  bool power_fails_ = false;
  bool spawning_ = false;
  bool healed_ = false;
  std::int64_t faults_end_ = 0;
};

NetworkSettings Schedule::network_settings() {
  NetworkSettings settings;
  settings.lost = rate(12);
  settings.cut = rate(10);
  settings.unanswered = rate(15);
  settings.late = rate(10);
  // What a full disk refused must not come a second time: ssh doubles nothing.
  disk_full_ = rate(5);
  settings.doubled = disk_full_ > 0 ? 0 : rate(25);
  if (hard_hosts_) settings.doubled = 0;
  settings.noisy = rate(8);
  settings.refused = rate(8);
  settings.slow = rate(10);
  settings.keeps = more_.chance(50);
  settings.hanging_seed = seed_ ^ 0x68616e67ULL;
  if (test::Dice(settings.hanging_seed ^ 1).chance(20)) settings.hanging = 20;
  settings.perl_seed = seed_ ^ 0x7065726cULL;
  if (test::Dice perl(settings.perl_seed ^ 1); perl.chance(30)) {
    settings.no_perl = perl.below(101);
    settings.perl_fails = perl.below(20);
  }
  // Logins that say nothing, time after time.
  if (hard_hosts_ && seed_ % 3 == 0) settings.noisy = 40;
  return settings;
}

HostSettings Schedule::host_settings(std::uint64_t seed) {
  HostSettings settings;
  settings.seed = seed;
  constexpr std::uint32_t failures[] = {0, 0, 5, 15, 40};
  settings.failures = failures[dice_.below(5)];
  settings.longest = dice_.chance(30) ? 2 : 40;
  settings.deaf = rate(15);
  settings.watcher_killed = rate(6);
  settings.disk_full = disk_full_;
  if (long_outages_) settings.outlasting = 25;
  if (!hard_hosts_) return settings;
  if (seed_ % 6 == 5) settings.outlasting = 15;
  settings.watcher_killed = 30;
  settings.no_place = 15;
  if (disk_full_ > 0) settings.disk_full = 30;
  return settings;
}

Schedule::Schedule(const plan::Plan& plan, std::uint64_t seed, bool checks)
    : seed_(seed),
      dice_(seed ^ 0x776f726c64ULL),
      more_(seed ^ 0x6d6f7265ULL),
      hard_hosts_(more_.chance(12)),
      slow_overtaking_(more_.chance(12)),
      long_outages_(has_long_outages(seed)),
      given_up_(seed ^ 0x6261636bULL),
      checks_(checks),
      plan_(plan),
      kernel_(base::finished_hash(seed)),
      disk_(kernel_),
      ledger_(kernel_, plan_),
      record_(kernel_, plan_, ledger_, checks),
      network_(kernel_, network_settings()),
      local_(kernel_, ledger_, plan_, host_settings(seed)),
      shared_{kernel_, plan_, ledger_, record_, local_, {}, "run-1", {}, {}, 0, false},
      operators_(shared_) {
  shared_.wake = [this] {
    for (const Program& row : programs_) kernel_.after(1, row.owner, [] {});
  };
  use_simulated_disk();
  const HostSettings settings = host_settings(seed);
  for (std::uint32_t target = 0; target < plan_.targets.size(); ++target) {
    hosts_.emplace_back(kernel_, ledger_, plan_, settings,
                        std::string(plan_.targets.name({target})));
    network_.add(hosts_.back());
  }
  faults_end_ = 50 + dice_.below(dice_.chance(50) ? 400 : 3'000);
  if (more_.chance(50)) shared_.follow_after = base::Duration{more_.below(10)};
  plan_faults();
}

Schedule::~Schedule() {
  // What is left has no part in it any more.
  for (Program& row : programs_) {
    disk_.drop(row.owner);
    kernel_.end_program(row.owner);
  }
}

void Schedule::fault_at(std::int64_t from, std::int64_t to, const std::function<void()>& what) {
  const auto width = static_cast<std::uint32_t>(std::max<std::int64_t>(1, to - from));
  kernel_.at({from + dice_.below(width)}, 0, [this, what] {
    if (!healed_) what();
  });
}

void Schedule::plan_faults() {
  machine_faults();
  host_faults();
  people_faults();
  overtaking_faults();
  if (long_outages_) long_outages();
  kernel_.at({faults_end_}, 0, [this] { heal(); });
}

void Schedule::machine_faults() {
  const std::int64_t end = faults_end_;
  const bool power = sometimes();
  for (std::uint32_t i = sometimes() ? dice_.below(5) : 0; i > 0; --i) {
    const bool with_power = power && sometimes();
    fault_at(0, end, [this, with_power] { die(with_power); });
  }
  // At any of its effects: between a write and its sync, between a commit and what follows.
  for (std::uint32_t i = sometimes() ? dice_.below(5) : 0; i > 0; --i) {
    const bool with_power = power && sometimes();
    const std::uint64_t n = 1 + dice_.below(dice_.chance(50) ? 12 : 120);
    fault_at(0, end, [this, with_power, n] {
      if (Program* row = live()) {
        power_fails_ = power_fails_ || with_power;
        kernel_.kill_at_effect(row->owner, n);
      }
    });
  }
  for (std::uint32_t i = sometimes() ? dice_.below(3) : 0; i > 0; --i) {
    const bool overtaken = sometimes();
    const base::Duration length{1 + dice_.below(400)};
    fault_at(0, end, [this, overtaken, length] {
      Program* row = live();
      if (row == nullptr) return;
      kernel_.count(Fault::ControllerFrozen);
      kernel_.note("frozen", "", length.ms);
      kernel_.freeze(row->owner, kernel_.now() + length);
      if (!overtaken) return;
      kernel_.count(Fault::OvertakenController);
      spawn();
    });
  }
  if (dice_.chance(25)) {
    const std::int64_t room = dice_.below(30'000);  // about as much as a small journal takes
    fault_at(0, end, [this, room] {
      kernel_.note("disk has room for", "", room);
      disk_.set_capacity(disk_.used() + room);
    });
  }
  if (dice_.chance(25)) {
    const std::uint64_t n = 1 + dice_.below(20);
    fault_at(0, end, [this, n] { disk_.fail_sync_in(n); });
  }
}

void Schedule::host_faults() {
  const std::int64_t end = faults_end_;
  const bool long_ones = dice_.chance(20);
  shared_.whole_output = !long_ones;
  const auto targets = static_cast<std::uint32_t>(hosts_.size());
  for (std::uint32_t i = sometimes() ? dice_.below(6) : 0; i > 0; --i) {
    const std::string host = hosts_[dice_.below(targets)].name();
    const bool silent = sometimes();
    const std::int64_t length =
        long_ones && sometimes() ? 200'000 + dice_.below(300'000) : 1 + dice_.below(2'000);
    fault_at(0, end, [this, host, silent, length] {
      kernel_.count(silent ? Fault::Blackhole : Fault::LinkCut);
      const base::Instant until = kernel_.now() + base::Duration{length};
      silent ? network_.silence(host, until) : network_.cut(host, until);
    });
  }
  for (std::uint32_t i = sometimes() ? dice_.below(4) : 0; i > 0; --i) {
    const std::uint32_t which = dice_.below(targets);
    const bool anew = dice_.chance(20);
    const base::Duration away{1 + dice_.below(300)};
    fault_at(0, end, [this, which, anew, away] {
      hosts_[which].reboot(anew);
      network_.cut(hosts_[which].name(), kernel_.now() + away);
    });
  }
}

// Behind all other faults, by a dice of its own: the other worlds stay as they were.
void Schedule::long_outages() {
  test::Dice drawn(seed_ ^ 0x61776179ULL);
  const auto targets = static_cast<std::uint32_t>(hosts_.size());
  for (std::uint32_t i = 1 + drawn.below(3); i > 0; --i) {
    const std::uint32_t which = drawn.below(targets);
    const std::string host = hosts_[which].name();
    const bool silent = drawn.chance(50);
    const bool home_alone = drawn.chance(40);
    const base::Duration length{310'000 + drawn.below(100'000)};
    const base::Instant from{drawn.below(static_cast<std::uint32_t>(faults_end_))};
    kernel_.at(from, 0, [this, which, host, silent, home_alone, length] {
      const base::Instant until = kernel_.now() + length;
      if (home_alone && silent) {
        return hosts_[which].lose_home_behind_a_begin(
            length, [this, host] { network_.cut(host, kernel_.now() + base::Duration{200}); });
      }
      if (home_alone) return hosts_[which].lose_home(until);
      kernel_.count(silent ? Fault::Blackhole : Fault::LinkCut);
      silent ? network_.silence(host, until) : network_.cut(host, until);
    });
  }
  faults_end_ += 450'000;
  if (given_up_.chance(50)) {
    operators_.take_time(given_up_.below(1'000'000), base::Duration{200'000});
  }
  shared_.given_up = [this](const std::string& host) {
    if (!given_up_.chance(50)) return;
    if (given_up_.chance(50)) return come_back(host);
    const std::uint32_t late = given_up_.below(given_up_.chance(50) ? 20 : 3'000);
    kernel_.after(late, 0, [this, host] { come_back(host); });
  };
}

void Schedule::come_back(const std::string& name) {
  kernel_.note("is back", name);
  network_.restore(name);
  for (Host& host : hosts_) {
    if (host.name() == name) host.find_home();
  }
}

void Schedule::people_faults() {
  const bool aborts = dice_.chance(25);
  for (std::uint32_t i = sometimes() ? dice_.below(6) : 0; i > 0; --i) {
    const std::uint32_t word = dice_.below(aborts ? 9 : 8);
    fault_at(0, faults_end_, [this, word] {
      kernel_.count(Fault::OperatorWord);
      if (word < 3) {
        Program* row = live();
        if (row != nullptr) kernel_.as(row->owner, [&] { row->controller->interrupt(); });
        return;
      }
      operators_.order(word < 6   ? runtime::Order::Kind::Pause
                       : word < 8 ? runtime::Order::Kind::Continue
                                  : runtime::Order::Kind::Abort);
    });
  }
  const bool wrong = sometimes();
  operators_.be_wrong(wrong ? 20 : 0);
}

// Between what it has written down and what it sends for it.
void Schedule::overtaking_faults() {
  const std::uint32_t often = slow_overtaking_ ? 4 : 0;
  for (std::uint32_t i = (dice_.chance(35) ? 1 + dice_.below(2) : 0) + often; i > 0; --i) {
    const std::uint64_t n = 1 + dice_.below(60);
    const base::Duration length{slow_overtaking_ ? 500 + more_.below(5'000) : 5 + dice_.below(100)};
    fault_at(0, faults_end_, [this, n, length] {
      Program* row = live();
      if (row == nullptr) return;
      kernel_.freeze_at_effect(row->owner, n, length, [this, owner = row->owner] {
        if (healed_ || owner != newest_ || !kernel_.alive(owner)) return;
        kernel_.count(Fault::ControllerFrozen);
        kernel_.count(Fault::OvertakenController);
        spawn();
      });
    });
  }
}

Schedule::Program* Schedule::program(Kernel::Owner owner) {
  for (Program& row : programs_) {
    if (row.owner == owner) return &row;
  }
  return nullptr;
}

// The last that was begun: others that there are were overtaken.
Schedule::Program* Schedule::live() {
  return kernel_.alive(newest_) ? program(newest_) : nullptr;
}

void Schedule::spawn() {
  spawning_ = false;
  ++programs_begun_;
  if (healed_ && ++begun_since_healed_ > most_programs) {
    return kernel_.violate("one program after the other begins, and none goes on; " + standing());
  }
  auto number = std::make_shared<Kernel::Owner>(0);
  const Kernel::Owner owner =
      kernel_.begin_program([this, number] { turn(*number); }, [this, number] { close(*number); });
  *number = owner;
  newest_ = owner;
  kernel_.note("a program begins", "", owner);
  programs_.push_back({owner, nullptr});
  kernel_.as(owner, [&] {
    programs_.back().controller = std::make_unique<Controller>(shared_, owner);
    open(*programs_.back().controller, owner);
  });
}

// A run that has no journal is begun anew, under another name; not beside a program that stands
// still with it: that one has the lease.
void Schedule::open(Controller& controller, Kernel::Owner owner) {
  const bool there = disk_.find(shared_.run + "/journal.db") != nullptr;
  const bool opened = there ? controller.resume() : controller.begin();
  if (opened || !kernel_.alive(owner)) return;
  kernel_.note("cannot go on", controller.problem());
  const bool alone = programs_.size() == 1;
  if (there && record_.empty() && alone) shared_.run = fmt::format("run-{}", ++runs_);
  if (!there && !record_.empty()) kernel_.violate("the journal is gone");
  kernel_.at(kernel_.now(), 0, [this, owner] { close(owner); });
}

void Schedule::turn(Kernel::Owner owner) {
  Program* row = program(owner);
  row->controller->turn();
  if (row->controller->over() == Controller::Over::No) return;
  kernel_.at(kernel_.now() + base::Duration{5}, 0, [this, owner] { close(owner); });
}

// It has ended by itself, or died.
void Schedule::close(Kernel::Owner owner) {
  const auto found = std::find_if(programs_.begin(), programs_.end(),
                                  [&](const Program& row) { return row.owner == owner; });
  if (found == programs_.end()) return;
  const bool lives = kernel_.alive(owner);
  std::unique_ptr<Controller> controller = std::move(found->controller);
  programs_.erase(found);
  if (lives) {
    kernel_.note("a program ends", controller->problem(), owner);
    // As its last act it closes what it has open.
    kernel_.as(owner, [&] { controller.reset(); });
    disk_.drop(owner);
    kernel_.end_program(owner);
  } else {
    kernel_.count(Fault::ControllerKilled);
    disk_.drop(owner);
    controller.reset();
    if (power_fails_) die(true);
  }
  spawn_later();
}

void Schedule::spawn_later() {
  if (spawning_ || record_.ended()) return;
  spawning_ = true;
  kernel_.after(1 + kernel_.dice().below(healed_ ? 20 : 300), 0, [this] {
    if (record_.ended()) return;
    if (live() == nullptr || kernel_.frozen(live()->owner)) {
      spawn();
    } else {
      spawning_ = false;
    }
  });
}

void Schedule::die(bool with_power) {
  power_fails_ = false;
  while (!programs_.empty()) {
    const Kernel::Owner owner = programs_.back().owner;
    if (!with_power && kernel_.frozen(owner)) break;
    kernel_.kill(owner);
    if (program(owner) != nullptr) break;
    if (!with_power) break;
  }
  if (!with_power) return;
  kernel_.note("power is lost");
  disk_.lose_power();
  local_.lose_power();
}

void Schedule::heal() {
  kernel_.note("faults end");
  healed_ = true;
  power_fails_ = false;
  network_.heal();
  disk_.heal();
  for (Host& host : hosts_) host.heal();
  operators_.be_wrong(0);
  operators_.hurry();
  if (live() == nullptr) spawn_later();
}

// What is on the disk after one more power loss is the whole run.
void Schedule::check_disk() {
  disk_.lose_power();
  const auto read = runtime::read_journal(shared_.run + "/journal.db");
  if (!read) return kernel_.violate("the journal cannot be read: " + read.error().message);
  record_.read(read.value().instants);
}

std::string Schedule::standing() {
  const Program* row = live();
  if (row == nullptr || row->controller->driver() == nullptr) return "no program carries it on";
  const runtime::Driver& driver = *row->controller->driver();
  std::string at_work;
  for (const auto& entry : driver.run_state().open) {
    const scheduler::Action& action = entry.first;
    at_work += fmt::format(" {}.{}.{}.{}.{}", action.step.value, action.lane, action.task,
                           static_cast<int>(action.part), action.attempt);
  }
  return fmt::format("{}, {} at work{}, {} questions, {} unknown, {} waited for, {} conditions",
                     scheduler::state_name(driver.state()), driver.run_state().open.size(), at_work,
                     driver.questions().size(), driver.unknown().size(),
                     driver.run_state().timers.size(), driver.run_state().conditions.size());
}

Result Schedule::run() {
  spawn();
  operators_.watch([this]() -> const runtime::Driver* {
    const Program* row = live();
    return row == nullptr || row->controller == nullptr ? nullptr : row->controller->driver();
  });
  std::uint64_t events = 0;
  while (kernel_.violation().empty() && ++events < most_events) {
    if (record_.ended() && live() == nullptr) break;
    if (events % 64 == 0) record_.check_census();
    if (!kernel_.step()) break;
  }
  if (kernel_.violation().empty() && !record_.ended()) {
    kernel_.violate("it never ended, though all faults had; " + standing());
  }
  if (kernel_.violation().empty()) record_.check_end();
  Result result;
  result.faults = kernel_.counts();
  result.trace = kernel_.trace();
  if (checks_ && kernel_.violation().empty()) check_disk();
  result.violation = kernel_.violation();
  result.effects = ledger_.begun();
  result.instants = record_.size();
  result.programs = programs_begun_;
  result.ms = kernel_.now().ms;
  result.state = record_.state();
  return result;
}

}  // namespace

Result run_schedule(std::uint64_t seed, bool print_trace) {
  const plan::Plan plan = plan_of(seed);
  Schedule schedule(plan, seed, true);
  schedule.kernel().print_trace(print_trace);
  return schedule.run();
}

Result run_twice(std::uint64_t seed) {
  const plan::Plan plan = plan_of(seed);
  Result first = Schedule(plan, seed, true).run();
  if (!first.violation.empty()) return first;
  const Result second = Schedule(plan, seed, false).run();
  if (second.trace != first.trace) first.violation = "two runs of the seed differ";
  return first;
}

}  // namespace sluice::world
