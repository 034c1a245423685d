#include "world/local_board.h"

#include "base/random.h"
#include "scheduler/work.h"

namespace sluice::world {

using runtime::ActionRequest;
using runtime::Completion;

LocalBoard::Script* LocalBoard::find(const std::string& key) {
  const auto found = scripts_.find(key);
  return found == scripts_.end() ? nullptr : &found->second;
}

LocalBoard::Script& LocalBoard::begin(const std::string& key) {
  Script& script = scripts_[key];
  script.boot = boot_;
  script.running = true;
  ledger_.begin(key, 0, 0);
  test::Dice drawn(base::combined_hash(settings_.seed, base::stable_hash(key)));
  const bool fails = drawn.chance(settings_.failures);
  const std::uint32_t length = drawn.below(static_cast<std::uint32_t>(settings_.longest) + 1);
  kernel_.after(length, 0, [this, key, fails, boot = boot_] {
    Script& row = scripts_[key];
    if (!row.running || boot != boot_) return;
    const scheduler::Action& action = ledger_.find(key)->where.first;
    const bool asks = action.part != scheduler::Part::Run && action.part != scheduler::Part::Undo;
    const bool well = !fails && (!asks || ledger_.in_place(action));
    if (well) {
      for (const plan::Given& given : scheduler::work_for(plan_, action).gives) {
        const plan::Value* value = plan::constant_value(given.value);
        if (value != nullptr) row.outputs.push_back({given.name, plan::to_text(*value)});
      }
    }
    finish(key, well ? 0 : 3, std::nullopt);
  });
  return script;
}

void LocalBoard::finish(const std::string& key, std::optional<int> exit_code,
                        std::optional<int> signal) {
  Script& script = scripts_[key];
  script.running = false;
  script.exit_code = exit_code;
  script.signal = signal;
  ledger_.end(key, exit_code, signal);
  if (script.tell) script.tell();
}

void LocalBoard::cancel(const std::string& key) {
  kernel_.after(kernel_.dice().below(3), 0, [this, key] {
    Script& script = scripts_[key];
    if (script.running) finish(key, std::nullopt, 15);
  });
}

void LocalBoard::lose_power() {
  ++boot_;
  for (auto& [key, script] : scripts_) {
    script.tell = {};
    if (script.running) {
      script.running = false;
      ledger_.end(key, std::nullopt, 9);
    } else if (kernel_.dice().chance(40)) {
      script.exit_code.reset();
      script.signal.reset();
    }
  }
}

LocalScripts::~LocalScripts() {
  for (const auto& [ticket, row] : rows_) no_longer_told(row.key);
}

// Another program may have asked since.
void LocalScripts::no_longer_told(const std::string& key) {
  LocalBoard::Script* script = board_.find(key);
  if (script != nullptr && script->teller == this) script->tell = {};
}

void LocalScripts::start(ActionRequest request, Sink done) {
  const ActionRequest::Ticket ticket = request.ticket;
  Row& row = rows_[ticket];
  row.key = runtime::action_key(request);
  row.later = request.later;
  row.done = std::move(done);
  if (!kernel_.effect() || !board_.takes_up(kernel_.running())) return;
  LocalBoard::Script* script = board_.find(row.key);
  if (script == nullptr && request.resumed && !request.resumed->same_boot) {
    Completion lost;
    lost.ending = Completion::Ending::Lost;
    lost.detail = "this machine has booted since, and it may have begun";
    return loop_.post([this, ticket, lost] { answer(ticket, lost); });
  }
  if (script == nullptr) script = &board_.begin(row.key);
  if (request.begun) loop_.post(request.begun);
  if (!script->running) return loop_.post([this, ticket] { ended(ticket); });
  script->teller = this;
  script->tell = [this, ticket, owner = kernel_.running()] {
    kernel_.after(1, owner, [this, ticket] { ended(ticket); });
  };
}

void LocalScripts::ended(ActionRequest::Ticket ticket) {
  const auto found = rows_.find(ticket);
  if (found == rows_.end()) return;
  const LocalBoard::Script& script = *board_.find(found->second.key);
  Completion completion;
  if (!script.exit_code && !script.signal) {
    completion.ending = Completion::Ending::Lost;
    completion.detail = "this machine has booted since it began";
    if (found->second.cancelled) completion.outcome = scheduler::Outcome::Cancelled;
    return answer(ticket, completion);
  }
  runtime::ProcessEnd end;
  end.exit_code = script.exit_code;
  end.signal = script.signal;
  completion = runtime::completion_of(end);
  completion.outputs = script.outputs;
  if (found->second.cancelled) completion.outcome = scheduler::Outcome::Cancelled;
  answer(ticket, completion);
}

// What is cancelled is over when that is over, which is looked at again.
bool LocalScripts::ends_later(const Row& row) {
  bool runs = false;
  for (const std::string& key : row.later) {
    const LocalBoard::Script* script = board_.find(key);
    if (script == nullptr || !script->running) continue;
    if (kernel_.effect()) board_.cancel(key);
    runs = true;
  }
  return runs;
}

void LocalScripts::answer(ActionRequest::Ticket ticket, Completion completion) {
  const auto found = rows_.find(ticket);
  if (found == rows_.end()) return;
  if (found->second.cancelled && ends_later(found->second)) {
    kernel_.after(1, kernel_.running(), [this, ticket, completion] { answer(ticket, completion); });
    return;
  }
  const Sink done = std::move(found->second.done);
  if (found->second.cancelled) completion.outcome = scheduler::Outcome::Cancelled;
  no_longer_told(found->second.key);
  rows_.erase(found);
  done(std::move(completion));
}

void LocalScripts::cancel(ActionRequest::Ticket ticket) {
  const auto found = rows_.find(ticket);
  if (found == rows_.end()) return;
  found->second.cancelled = true;
  if (kernel_.effect()) board_.cancel(found->second.key);
}

}  // namespace sluice::world
