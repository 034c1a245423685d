#include "world/kernel.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/check.h"
#include "base/random.h"

namespace sluice::world {

namespace {

// What is linked in place of the runtime's own parts has no other way to find its world.
Kernel*& current_kernel() {
  static Kernel* kernel = nullptr;
  return kernel;
}

}  // namespace

std::string_view fault_name(Fault fault) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Fault::Count)> names{
      "controllers killed",
      "power losses of the controller",
      "controllers frozen",
      "controllers overtaken by another",
      "writes lost or torn at a power loss",
      "disks full",
      "syncs failed",
      "links cut",
      "links gone silent",
      "requests lost",
      "requests cut short",
      "answers lost",
      "requests late",
      "requests doubled",
      "noisy logins",
      "logins that hang",
      "hosts without Perl, or with one that cannot do it",
      "sessions refused",
      "sessions kept for the next request",
      "slow messages",
      "hosts booted",
      "hosts set up anew",
      "watchers killed on hosts",
      "scripts that ignore SIGTERM",
      "scripts whose children ignore SIGTERM",
      "starts refused by a full disk of the host",
      "homes of hosts away",
      "words of operators",
      "answers to what is not asked",
  };
  return names[static_cast<std::size_t>(fault)];
}

Kernel::Kernel(std::uint64_t seed) : dice_(seed), before_(current_kernel()) {
  current_kernel() = this;
}
Kernel::~Kernel() {
  current_kernel() = before_;
}
Kernel& Kernel::current() {
  SLUICE_CHECK(current_kernel() != nullptr, "there is no world");
  return *current_kernel();
}

void Kernel::at(base::Instant when, Owner owner, std::function<void()> what) {
  when = std::max(when, now_);
  events_.push({when, when, ++entered_, owner, std::move(what)});
}

bool Kernel::step() {
  if (events_.empty()) return false;
  Event event = events_.top();
  events_.pop();
  now_ = std::max(now_, event.when);
  if (event.owner == 0) {
    event.what();
    return true;
  }
  const auto found = programs_.find(event.owner);
  if (found == programs_.end()) return true;
  if (found->second.frozen_until > now_) {
    event.when = found->second.frozen_until;
    events_.push(std::move(event));
    return true;
  }
  running_ = event.owner;
  if (event.what) {
    event.what();
    running_ = 0;
    after_program(event.owner);
    return true;
  }
  found->second.turn_due = false;
  found->second.turn();
  running_ = 0;
  if (!alive(event.owner)) after_program(event.owner);
  return true;
}

void Kernel::after_program(Owner owner) {
  const auto found = programs_.find(owner);
  if (found == programs_.end()) return;
  Program& program = found->second;
  if (program.dying) {
    const auto reap = std::move(program.reap);
    programs_.erase(found);
    return reap();
  }
  if (program.turn_due) return;
  program.turn_due = true;
  events_.push({now_, now_, ++entered_, owner, {}});
}

Kernel::Owner Kernel::begin_program(std::function<void()> turn, std::function<void()> reap) {
  const Owner owner = ++last_;
  programs_[owner].turn = std::move(turn);
  programs_[owner].reap = std::move(reap);
  return owner;
}

void Kernel::end_program(Owner owner) {
  programs_.erase(owner);
}
bool Kernel::alive(Owner owner) const {
  const auto found = programs_.find(owner);
  return found != programs_.end() && !found->second.dying;
}
void Kernel::freeze(Owner owner, base::Instant until) {
  base::Instant& thaws = programs_[owner].frozen_until;
  thaws = std::max(thaws, until);
}
bool Kernel::frozen(Owner owner) const {
  const auto found = programs_.find(owner);
  return found != programs_.end() && found->second.frozen_until > now_;
}

void Kernel::kill(Owner owner) {
  const auto found = programs_.find(owner);
  if (found == programs_.end()) return;
  found->second.dying = true;
  if (running_ != owner) after_program(owner);
}

void Kernel::kill_at_effect(Owner owner, std::uint64_t n) {
  programs_[owner].dies_at = programs_[owner].effects + n;
}

void Kernel::freeze_at_effect(Owner owner, std::uint64_t n, base::Duration length,
                              std::function<void()> then) {
  Program& program = programs_[owner];
  program.freezes_at = program.effects + n;
  program.freezes_for = length;
  program.then = std::move(then);
}

bool Kernel::effect() {
  const auto found = programs_.find(running_);
  if (found == programs_.end()) return running_ == 0;
  Program& program = found->second;
  if (program.dying) return false;
  if (++program.effects == program.freezes_at) {
    program.frozen_until = std::max(program.frozen_until, now_ + program.freezes_for);
    note("stands still at an effect", "", program.freezes_for.ms);
    after(1, 0, program.then);
  }
  if (program.effects != program.dies_at) return true;
  program.dying = true;
  note("dies at an effect", "", static_cast<std::int64_t>(program.effects));
  return false;
}

void Kernel::as(Owner owner, const std::function<void()>& what) {
  const Owner before = running_;
  running_ = owner;
  what();
  running_ = before;
  if (before == 0) after_program(owner);
}

void Kernel::note(std::string_view what, std::string_view about, std::int64_t number) {
  trace_ =
      base::combined_hash(trace_, base::stable_hash(what, static_cast<std::uint64_t>(now_.ms)));
  trace_ = base::combined_hash(trace_, base::stable_hash(about));
  trace_ = base::combined_hash(trace_, static_cast<std::uint64_t>(number) ^ running_);
  if (!prints_) return;
  fmt::print("{:>9} {:>2}  {} {} {}\n", now_.ms, running_, what, about, number);
}

void Kernel::violate(const std::string& what) {
  note("VIOLATION", what);
  if (violation_.empty()) violation_ = fmt::format("at {} ms: {}", now_.ms, what);
}

}  // namespace sluice::world
