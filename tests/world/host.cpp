#include "world/host.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "base/random.h"
#include "base/sha256.h"
#include "runtime/ssh_wrapper.h"
#include "scheduler/work.h"

namespace sluice::world {

using runtime::Stream;

namespace {

std::uint32_t number(const std::string& text) {
  std::uint32_t value = 0;
  for (const char c : text) value = value * 10 + static_cast<std::uint32_t>(c - '0');
  return value;
}

// The items of a start, up to the line that ends them; nothing where they did not come whole. What
// stays is the script: what comes behind them, or one of them.
std::optional<std::string> take_items(std::string& rest) {
  std::optional<std::string> script;
  std::size_t at = 0;
  for (;;) {
    std::size_t end = rest.find('\n', at);
    if (end == std::string::npos) return std::nullopt;
    const std::string head = rest.substr(at, rest.find_first_of(" \n", at) - at);
    for (std::uint32_t more = head.size() > 1 ? number(head.substr(1)) : 0; more > 0; --more) {
      end = rest.find('\n', end + 1);
      if (end == std::string::npos) return std::nullopt;
    }
    if (head.starts_with("b")) {
      const std::size_t begin = at + head.size() + 1;
      script = rest.substr(begin, end - begin);
    }
    at = end + 1;
    if (head != "s") continue;
    const std::string items = rest.substr(0, at);
    rest = script ? *script : rest.substr(at);
    return items;
  }
}

}  // namespace

Host::Host(Kernel& kernel, Ledger& ledger, const plan::Plan& plan, HostSettings settings,
           std::string name)
    : kernel_(kernel), ledger_(ledger), plan_(plan), settings_(settings), name_(std::move(name)) {}

void Host::later(std::int64_t ms, std::function<void()> what) {
  kernel_.after(ms, 0, [this, boot = boot_, what = std::move(what)] {
    if (boot == boot_) what();
  });
}

Host::Script* Host::known(const std::string& run, const std::string& key) {
  const auto rows = runs_.find(run);
  if (rows == runs_.end()) return nullptr;
  const auto found = rows->second.scripts.find(key);
  if (found == rows->second.scripts.end()) return nullptr;
  Script& script = found->second;
  return script.started || !script.verdict.empty() ? &script : nullptr;
}

void Host::serve(const std::string& input, const std::shared_ptr<Line>& line,
                 std::uint32_t program) {
  Request request;
  request.program = program;
  const std::size_t end = input.find('\n');
  std::istringstream words(input.substr(0, end));
  std::string magic;
  words >> magic >> request.nonce >> request.verb >> request.run >> request.key >> request.a >>
      request.b >> request.c >> request.d;
  request.more = magic == "sluice2";
  if ((magic != "sluice1" && !request.more) || end == std::string::npos) {
    line->say(Stream::Errors, "sluice: no request came\n");
    return line->exit(3);
  }
  request.rest = input.substr(end + 1);
  kernel_.note("asked", name_ + " " + request.verb + " " + request.key.substr(0, 8),
               request.program);
  later(kernel_.dice().below(3), [this, request, line] {
    if (refuses(request, line)) return;
    if (request.verb == "start" || request.verb == "again") return start(request, line);
    if (request.verb == "attach") return find(request, line);
    if (request.verb == "cancel") return cancel(request, line);
    if (request.verb == "follow") return follow(request, line);
    if (request.verb == "rest") return tell_rest(request, line);
    forget(request, line);
  });
}

bool Host::fence(const Request& request, std::uint32_t epoch, const std::shared_ptr<Line>& line) {
  Run& run = runs_[request.run];
  if (run.fence > epoch) {
    line->say(Stream::Errors,
              request.nonce + " refused another controller has taken this run over\n");
    line->exit(0);
    return false;
  }
  run.fence = epoch;
  newest_ = std::max(newest_, request.program);
  newest_ever_ = std::max(newest_ever_, newest_);
  return true;
}

bool Host::refuses(const Request& request, const std::shared_ptr<Line>& line) {
  if (kernel_.now() >= home_back_ || request.verb == "forget") return false;
  kernel_.count(Fault::NoPlace);
  const bool reads = request.verb == "follow" || request.verb == "rest";
  if (reads) line->say(Stream::Output, request.nonce + "\n");
  if (!reads) {
    line->say(Stream::Errors,
              request.nonce + " refused there is no place for its files on the host\n");
  }
  line->exit(reads ? 1 : 0);
  return true;
}

void Host::start(const Request& request, const std::shared_ptr<Line>& line) {
  if (settings_.no_place > 0 && kernel_.dice().chance(settings_.no_place)) {
    kernel_.count(Fault::NoPlace);
    line->say(Stream::Errors,
              request.nonce + " refused there is no place for its files on the host\n");
    return line->exit(0);
  }
  std::string body = request.rest;
  const auto items = take_items(body);
  const bool full = kernel_.dice().chance(settings_.disk_full);
  if (full) kernel_.count(Fault::HostDiskFull);
  if (full || !items || base::sha256_hex(*items + "\n") != request.b ||
      base::sha256_hex(body) != request.c) {
    if (known(request.run, request.key) != nullptr) {
      return fence(request, number(request.d), line) ? attach(request, line) : void();
    }
    line->say(Stream::Errors, request.nonce + " refused it did not arrive whole\n");
    return line->exit(0);
  }
  const std::uint32_t epoch = number(request.d);
  if (!fence(request, epoch, line)) return;
  if (known(request.run, request.key) != nullptr) return attach(request, line);
  Script& script = runs_[request.run].scripts[request.key];
  script.started = true;
  script.boot = boot_;
  script.watched = true;
  script.running = true;
  if (const auto unheard = std::exchange(unheard_, nullptr)) {
    unheard();
    lose_home(kernel_.now() + home_goes_for_);
  }
  line->say(Stream::Errors, request.nonce + " running\n");
  // Whose words these are the world knows, whatever they say of it themselves.
  begin(request.run, request.key, request.program);
  attach(request, line);
}

std::string Host::output_of(const std::string& key) {
  const std::uint64_t drawn = base::stable_hash(key);
  std::string text = "out of " + key + "\n";
  if (drawn % 40 == 0) {
    const std::size_t least = drawn % 80 == 0 ? 2 * most_at_end : runtime::most_answered_output;
    while (text.size() <= least + 100) text += text;
  }
  return text;
}

std::string Host::outputs_of(const Ledger::Effect& effect) const {
  std::string text;
  for (const plan::Given& given : scheduler::work_for(plan_, effect.where.first).gives) {
    const plan::Value* value = plan::constant_value(given.value);
    if (value != nullptr) text += given.name + "=" + plan::to_text(*value) + "\n";
  }
  return text;
}

void Host::write(Script& script, std::string_view text) {
  script.out += text;
  for (const auto& follower : script.followers) follower->say(Stream::Output, std::string(text));
}

void Host::begin(const std::string& run, const std::string& key, std::uint32_t program) {
  const Ledger::Effect* effect = ledger_.find(key);
  if (effect == nullptr) return kernel_.violate("begun, and nobody has asked for it: " + key);
  // One that was overtaken, and a host that cannot know: nobody can refuse that.
  const std::uint32_t carries_on = set_up_anew_ ? ledger_.writer() : newest_ever_;
  const bool unnoticed = program < carries_on && newest_ <= program;
  unnoticed ? ledger_.begin_unnoticed(key) : ledger_.begin(key, program, newest_);
  test::Dice drawn(base::combined_hash(settings_.seed, base::stable_hash(key)));
  using scheduler::Part;
  const scheduler::Action& action = effect->where.first;
  const bool changes = action.part == Part::Run || action.part == Part::Undo;
  const bool fails = drawn.chance(settings_.failures);
  Script& script = runs_[run].scripts[key];
  script.deaf = drawn.chance(settings_.deaf);
  test::Dice other(base::combined_hash(settings_.seed + 1, base::stable_hash(key)));
  script.leaves_deaf = !script.deaf && other.chance(settings_.deaf);
  auto length =
      static_cast<std::int64_t>(drawn.below(static_cast<std::uint32_t>(settings_.longest) + 1));
  constexpr std::int64_t long_enough = 500'000;
  if (settings_.outlasting > 0 && drawn.chance(settings_.outlasting)) length += long_enough;
  const std::string text = output_of(key);
  write(script, std::string_view(text).substr(0, text.size() / 2));
  if (drawn.chance(settings_.watcher_killed)) {
    later(drawn.below(static_cast<std::uint32_t>(settings_.longest) + 1),
          [this, run, key] { watcher_dies(run, key); });
  }
  later(length, [this, run, key, fails, changes] {
    Script& ending = runs_[run].scripts[key];
    if (!ending.running) return;
    const std::string all = output_of(key);
    write(ending, std::string_view(all).substr(all.size() / 2));
    const Ledger::Effect& what = *ledger_.find(key);
    const bool well = !fails && (changes || ledger_.in_place(what.where.first));
    if (well) ending.outputs = outputs_of(what);
    finish(run, key, well ? 0 : 3, std::nullopt);
  });
}

void Host::watcher_dies(const std::string& run, const std::string& key) {
  Script& script = runs_[run].scripts[key];
  if (!script.watched || !script.running) return;
  kernel_.count(Fault::WatcherKilled);
  kernel_.note("watcher dies", key);
  script.watched = false;
  if (kernel_.dice().chance(50)) finish(run, key, std::nullopt, 9);
}

void Host::finish(const std::string& run, const std::string& key, std::optional<int> exit_code,
                  std::optional<int> signal) {
  Script& script = runs_[run].scripts[key];
  script.running = false;
  const auto rest = rests_.find(key);
  if (rest != rests_.end()) {
    rest->second.end = {exit_code, signal};
  } else {
    ledger_.end(key, exit_code, signal);
  }
  if (script.watched) {
    script.verdict = exit_code ? fmt::format("exit {}", *exit_code)
                               : fmt::format("signal {}", signal.value_or(0));
    script.watched = false;
    // Nobody waits for the disk.
    later(1 + kernel_.dice().below(3), [this, run, key] {
      if (Script* row = known(run, key)) row->verdict_synced = true;
    });
  }
  if (rest != rests_.end()) return;
  const auto waiting = std::move(script.waiting);
  script.waiting.clear();
  for (const auto& go_on : waiting) go_on();
}

void Host::attach(const Request& request, const std::shared_ptr<Line>& line) {
  Script* script = known(request.run, request.key);
  if (script == nullptr) {
    line->say(Stream::Errors, request.nonce + " none\n");
    return line->exit(0);
  }
  line->say(Stream::Errors, request.nonce + " running\n");
  const auto rest = rests_.find(request.key);
  if (rest != rests_.end()) {
    rest->second.waiting.push_back([this, request, line] { conclude(request, line); });
    return;
  }
  if (!script->running) return conclude(request, line);
  script->waiting.push_back([this, request, line, boot = boot_] {
    if (boot == boot_) conclude(request, line);
  });
}

// Nothing of what is cancelled runs any more.
void Host::rest_ends(const std::string& run, const std::string& key) {
  const Rest rest = std::move(rests_.at(key));
  rests_.erase(key);
  if (rest.end) ledger_.end(key, rest.end->first, rest.end->second);
  if (Script* script = known(run, key)) {
    for (const auto& go_on : std::exchange(script->waiting, {})) go_on();
  }
  for (const auto& go_on : rest.waiting) go_on();
}

// Of what nothing is known: never will it begin.
bool Host::seal(const Request& request) {
  if (known(request.run, request.key) != nullptr) return false;
  Script& never = runs_[request.run].scripts[request.key];
  never.verdict = "never 0";
  never.verdict_synced = true;
  kernel_.note("never will begin", request.key);
  return true;
}

void Host::find(const Request& request, const std::shared_ptr<Line>& line) {
  if (!fence(request, number(request.a), line)) return;
  if (!seal(request)) return attach(request, line);
  line->say(Stream::Errors, request.nonce + " none\n");
  line->exit(0);
}

void Host::conclude(const Request& request, const std::shared_ptr<Line>& line) {
  const Script* script = known(request.run, request.key);
  if (script == nullptr) {
    line->say(Stream::Errors, request.nonce + " none\n");
    return line->exit(0);
  }
  if (!script->out.empty() || request.more) {
    line->say(Stream::Output,
              request.nonce + "\n" + script->out.substr(0, runtime::most_answered_output + 1));
  }
  if (!script->outputs.empty()) {
    line->say(Stream::Errors, request.nonce + " outputs\n" + script->outputs + "\n");
  }
  std::string verdict = script->verdict;
  if (verdict.empty()) verdict = script->boot == boot_ ? "lost killed" : "lost reboot";
  line->say(Stream::Errors, request.nonce + " " + verdict + "\n");
  if (!request.more) return line->exit(0);
  // The session stays, for the next one.
  line->say(Stream::Output, runtime::answer_mark(request.nonce));
}

void Host::cancel(const Request& request, const std::shared_ptr<Line>& line) {
  if (!fence(request, number(request.b), line)) return;
  seal(request);
  Script* script = known(request.run, request.key);
  if (script->running && !script->cancelled) {
    script->cancelled = true;
    const bool deaf = script->deaf;
    if (deaf) kernel_.count(Fault::DeafScript);
    const auto grace = static_cast<std::int64_t>(number(request.a)) * 100;
    if (script->leaves_deaf) {
      kernel_.count(Fault::DeafRest);
      rests_[request.key];
      later(grace, [this, request] { rest_ends(request.run, request.key); });
    }
    later(deaf ? grace : kernel_.dice().below(3), [this, request, deaf] {
      const Script* row = known(request.run, request.key);
      if (row != nullptr && row->running) {
        finish(request.run, request.key, std::nullopt, deaf ? 9 : 15);
      }
    });
  }
  attach(request, line);
}

void Host::follow(const Request& request, const std::shared_ptr<Line>& line) {
  Script* script = known(request.run, request.key);
  line->say(Stream::Output, request.nonce + "\n");
  const std::size_t from = number(request.a) - 1;
  if (script != nullptr && script->out.size() > from) {
    line->say(Stream::Output, script->out.substr(from));
  }
  if (script == nullptr) return line->exit(1);
  script->followers.push_back(line);
}

void Host::tell_rest(const Request& request, const std::shared_ptr<Line>& line) {
  const Script* script = known(request.run, request.key);
  if (script == nullptr) return line->exit(1);
  const std::string& out = script->out;
  const std::size_t from = std::min(out.size(), number(request.a) * runtime::rest_block);
  line->say(Stream::Output, fmt::format("{}\n{}\n{}", request.nonce, out.size(),
                                        out.substr(from, number(request.b))));
  line->exit(0);
}

void Host::forget(const Request& request, const std::shared_ptr<Line>& line) {
  if (runs_.count(request.run) > 0) {
    if (!fence(request, number(request.a), line)) return;
    runs_[request.run].scripts.clear();
    runs_[request.run].fence = number(request.a) + 1;
  }
  line->say(Stream::Errors, request.nonce + " done\n");
  line->exit(0);
}

// What runs dies; what was not on the disk yet may be gone.
void Host::reboot(bool set_up_anew) {
  kernel_.count(set_up_anew ? Fault::HostSetUpAnew : Fault::HostReboot);
  kernel_.note(set_up_anew ? "set up anew" : "boots", name_);
  ++boot_;
  for (const auto& [key, rest] : std::exchange(rests_, {})) {
    if (rest.end) ledger_.end(key, rest.end->first, rest.end->second);
  }
  for (auto& [id, run] : runs_) {
    for (auto& [key, script] : run.scripts) {
      script.waiting.clear();
      script.followers.clear();
      script.watched = false;
      if (script.running) {
        script.running = false;
        ledger_.end(key, std::nullopt, 9);
      }
      if (!script.verdict_synced && kernel_.dice().chance(50)) script.verdict.clear();
      script.verdict_synced = true;
    }
  }
  if (!set_up_anew) return;
  runs_.clear();
  newest_ = 0;
  set_up_anew_ = true;
  ledger_.forget(name_);
}

}  // namespace sluice::world
