#include "world/controller.h"

#include <fmt/format.h>

#include <algorithm>

#include "scheduler/work.h"
#include "world/disk.h"

namespace sluice::world {

using runtime::ActionRequest;
using runtime::Order;

// Below the driver: nothing is asked for that does not follow from what was written down.
class Controller::Tap : public runtime::Executor {
 public:
  Tap(Shared& shared, Kernel::Owner owner, runtime::Executor& inner)
      : shared_(shared), owner_(owner), inner_(inner) {}

  void start(ActionRequest request, Sink done) override {
    if (request.refused.empty() && shared_.kernel.alive(owner_)) check(request);
    if (request.refused.empty() && request.begun) {
      request.begun = [this, told = std::move(request.begun), key = runtime::action_key(request)] {
        shared_.ledger.heard(key, owner_);
        told();
      };
    }
    inner_.start(std::move(request), [this, host = request.place.name,
                                      done = std::move(done)](runtime::Completion completion) {
      if (completion.unanswered && shared_.given_up) shared_.given_up(host);
      done(std::move(completion));
    });
  }
  void cancel(ActionRequest::Ticket ticket) override { inner_.cancel(ticket); }
  void let_go(ActionRequest::Ticket ticket) override { inner_.let_go(ticket); }
  void settled(ActionRequest::Ticket ticket) override { inner_.settled(ticket); }

 private:
  void check(const ActionRequest& request) {
    shared_.ledger.name(request);
    scheduler::Action action = request.action;
    const bool probe = request.generation >= 0x8000'0000U;
    if (probe) action.part = scheduler::Part::Run;
    // Who was overtaken and does not know it is the hosts' to refuse.
    if (shared_.writer == owner_ &&
        !(shared_.record.may_start(action) && shared_.ledger.may_begin(request))) {
      shared_.kernel.violate("started, and not written down before");
    }
  }

  Shared& shared_;
  Kernel::Owner owner_;
  runtime::Executor& inner_;
};

// Above the journal: what has returned is on the disk, whole, and the world remembers it.
class Controller::Writer : public runtime::Journal {
 public:
  Writer(Shared& shared, Kernel::Owner owner, runtime::Journal& inner)
      : shared_(shared), owner_(owner), inner_(inner) {}

  base::Status commit(const runtime::Instant& instant) override {
    shared_.record.attempted(instant);
    base::Status done = inner_.commit(instant);
    if (!shared_.kernel.alive(owner_)) return base::Error{"died"};
    if (!done) {
      shared_.kernel.note("not committed", done.error().message);
      return done;
    }
    if (Disk::current().pending(shared_.run + "/journal.db-wal")) {
      shared_.kernel.violate("a commit has returned, and is not on the disk");
    }
    if (owner_ < shared_.writer) shared_.kernel.violate("an overtaken controller has committed");
    shared_.writer = std::max(shared_.writer, owner_);
    shared_.ledger.carried_on_by(shared_.writer);
    shared_.record.committed(instant);
    return done;
  }
  bool low() const override { return inner_.low(); }

 private:
  Shared& shared_;
  Kernel::Owner owner_;
  runtime::Journal& inner_;
};

namespace {

runtime::SshSettings settings_for(const Shared& shared) {
  runtime::SshSettings settings;
  settings.follow_after = shared.follow_after;
  settings.most_at_end = most_at_end;
  return settings;
}

// Whether this came of what was written, if only up to somewhere: each byte once and in its place,
// but for the middle of a flood, from one line's end to another's, that is said to be left out.
bool came_of(const std::string& came, const std::string& wrote, bool whole) {
  const std::size_t at = came.find("sluice: ");
  if (at == std::string::npos) return whole ? came == wrote : wrote.starts_with(came);
  std::size_t left_out = 0;
  for (std::size_t i = at + 8; i < came.size() && came[i] >= '0' && came[i] <= '9'; ++i) {
    left_out = left_out * 10 + static_cast<std::size_t>(came[i] - '0');
  }
  const std::string said = runtime::said_of_left_out(left_out);
  const std::string behind = wrote.substr(std::min(at + left_out, wrote.size()));
  return left_out > 0 && at > 0 && came[at - 1] == '\n' && wrote[at + left_out - 1] == '\n' &&
         behind.size() <= most_at_end && behind.size() + runtime::rest_block > most_at_end &&
         came_of(came.substr(at + said.size()), behind, whole) &&
         came.substr(0, at + said.size()) == wrote.substr(0, at) + said;
}

}  // namespace

Controller::Controller(Shared& shared, Kernel::Owner owner)
    : shared_(shared),
      owner_(owner),
      processes_(loop_),
      person_(loop_, shared.plan, -1),
      ssh_(loop_, processes_, settings_for(shared)),
      local_(shared.kernel, shared.local, loop_),
      actions_(loop_),
      tap_(std::make_unique<Tap>(shared, owner, actions_)) {
  actions_.add("script local", local_);
  actions_.add("script ssh", ssh_);
  actions_.add("manual", person_);
  person_.listen([](const std::string&) {}, [](const scheduler::Action&, const std::string&,
                                               Order::Kind) { return cli::Person::Way::Here; });
}

Controller::~Controller() = default;

bool Controller::begin() {
  const runtime::RunRecord record{shared_.run, "2026-01-02T03:04:05Z", "1", "{}", "/"};
  auto journal = runtime::create_journal(shared_.run + "/journal.db", record);
  if (!journal) {
    problem_ = journal.error().message;
    return false;
  }
  carry_out(std::move(journal).value(), nullptr);
  return true;
}

bool Controller::resume() {
  auto continued = runtime::continue_journal(shared_.run + "/journal.db");
  if (!continued) {
    problem_ = continued.error().message;
    return false;
  }
  if (!shared_.kernel.alive(owner_)) return false;
  shared_.record.read(continued.value().read.instants);
  carry_out(std::move(continued.value().journal), &continued.value().read);
  return true;
}

void Controller::carry_out(std::unique_ptr<runtime::Journal> journal,
                           const runtime::ReadJournal* before) {
  journal_ = std::move(journal);
  writer_ = std::make_unique<Writer>(shared_, owner_, *journal_);
  driver_.emplace(shared_.plan, shared_.run, *tap_, *writer_, *this);
  start_ = loop_.now();
  const std::string boot = fmt::format("boot {}", shared_.local.boot());
  if (before != nullptr) {
    bool same_boot = false;
    for (const runtime::Instant& instant : before->instants) {
      if (!instant.session) continue;
      same_boot = instant.session->boot == boot;
      offset_ms_ = instant.at.ms + start_.ms - instant.session->boot_ms;
    }
    if (!before->instants.empty()) {
      offset_ms_ = std::max(offset_ms_, before->instants.back().at.ms);
    }
    driver_->resume(before->instants, {offset_ms_}, same_boot);
    for (const auto& [action, open] : driver_->run_state().open) {
      std::erase_if(written_, [&](const auto& row) { return row.first.first == action; });
    }
  }
  driver_->begin_session({fmt::format("program {}", owner_), "1", boot, start_.ms, start_.ms});
  loop_.post([] {});
}

void Controller::interrupt() {
  if (!driver_ || over_ != Over::No) return;
  Order order;
  order.kind = Order::Kind::Pause;
  order.who = "ada";
  (void)driver_->said(order);
  loop_.post([] {});
}

bool Controller::is_stale(const Order& order) const {
  if (!runtime::answers_question(order.kind)) return false;
  const runtime::RunState& state = driver_->run_state();
  const bool asked = std::find(state.questions.begin(), state.questions.end(), order.action) !=
                     state.questions.end();
  return !asked && !state.open.contains(order.action);
}

bool Controller::is_manual(const scheduler::Action& action) const {
  return scheduler::has_work(shared_.plan, action) &&
         scheduler::is_manual(scheduler::work_for(shared_.plan, action));
}

void Controller::take_orders() {
  // What could not be said the last time can be when something has been written down since.
  const bool is_news = seen_ < shared_.orders.size() || committed_ != shared_.record.size();
  committed_ = shared_.record.size();
  if (!is_news) return;
  for (; seen_ < shared_.orders.size(); ++seen_) {
    const Order& order = shared_.orders[seen_];
    if (!driver_->run_state().taken.contains(order.name)) orders_.push_back(order);
  }
  std::erase_if(orders_, [&](const Order& order) {
    const bool manual = order.kind == Order::Kind::Approve || order.kind == Order::Kind::Reject;
    if (is_stale(order)) return true;
    if (manual && !is_manual(order.action)) {
      if (driver_->said(order)) shared_.kernel.violate("approved, and it is nothing manual");
      return true;
    }
    if (manual && !person_.carries_out(order.action)) return false;
    if (!driver_->said(order)) return false;
    shared_.kernel.note("said", std::string(runtime::order_word(order.kind)) + " " + order.name);
    person_.decide(order);
    if (order.kind == Order::Kind::Pause) paused_elsewhere_ = true;
    if (order.kind == Order::Kind::Continue || order.kind == Order::Kind::Abort) {
      paused_elsewhere_ = false;
    }
    return true;
  });
}

void Controller::turn() {
  if (!driver_ || over_ != Over::No) return;
  take_orders();
  if (const base::Status done = driver_->turn(now()); !done) {
    problem_ = done.error().message;
    over_ = Over::Broken;
    return;
  }
  if (journal_->low() && !low_said_) {
    low_said_ = true;
    driver_->pause();
  }
  person_.questions(driver_->questions(), driver_->unknown());
  if (!driver_->has_news() && (driver_->ended() || (driver_->at_rest() && !paused_elsewhere_))) {
    return finish();
  }
  take_orders();
  if (driver_->has_news()) loop_.post([] {});
  const base::Instant next = driver_->next_timer();
  if (next != base::Instant::never()) {
    timer_ = loop_.at({start_.ms + next.ms - offset_ms_}, [] {});
  }
}

void Controller::finish() {
  over_ = driver_->ended() ? Over::Ended : Over::Stopped;
  timer_ = runtime::Loop::Timer();
  ssh_.finish([] {});
}

// What came is what was written, from its first byte.
void Controller::instant(const runtime::Instant& instant, const scheduler::Commands&) {
  if (!shared_.kernel.alive(owner_)) return;
  for (const runtime::HostResult& result : instant.results) {
    if (result.completion.ending != runtime::Completion::Ending::Exited) continue;
    const Ledger::Where where{result.action, result.host};
    if (result.host == plan::controller_name || !shared_.ledger.ran_once(where)) continue;
    const std::string& came = written_[where];
    const std::string wrote = Host::output_of(shared_.ledger.key_of(where));
    const bool there =
        shared_.whole_output && shared_.ledger.find(shared_.ledger.key_of(where))->forgotten == 0;
    // Asked for the rest for five minutes, and that it is missing is told.
    const bool told =
        shared_.kernel.now().ms >= 300'000 &&
        result.completion.detail.find("does not give the rest of its output") != std::string::npos;
    const bool whole = there && !told && result.completion.outcome != scheduler::Outcome::Cancelled;
    if (!came_of(came, wrote, whole)) {
      shared_.kernel.violate(
          fmt::format("{} bytes of output came, {} were written", came.size(), wrote.size()));
    }
  }
}

void Controller::output(const scheduler::Action& action, const std::string& host,
                        std::string_view bytes) {
  if (!shared_.kernel.alive(owner_)) return;
  std::string& all = written_[{action, host}];
  all += bytes;
  shared_.kernel.note("output", host, static_cast<std::int64_t>(all.size()));
}

}  // namespace sluice::world
