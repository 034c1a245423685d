// A simulated host: what the wrapper of runtime/ssh_wrapper_text.h does there, as a state machine
// that takes the same requests and gives the same answers; and what can become of a machine. The
// text itself is tested against real shells elsewhere.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/process.h"
#include "runtime/ssh_wrapper.h"
#include "world/kernel.h"
#include "world/ledger.h"

namespace sluice::world {

// The host's end of a session.
struct Line {
  std::function<void(runtime::Stream, std::string)> say;
  std::function<void(int)> exit;
  bool open = true;
};

struct HostSettings {
  std::uint64_t seed = 1;
  std::uint32_t failures = 10;       // percent of scripts
  std::int64_t longest = 20;         // of a script, in milliseconds
  std::uint32_t deaf = 0;            // percent of scripts that ignore SIGTERM, or whose children do
  std::uint32_t watcher_killed = 0;  // percent of scripts
  std::uint32_t disk_full = 0;       // percent of starts
  std::uint32_t no_place = 0;        // percent of starts: the home is not there for a moment
  std::uint32_t outlasting = 0;      // percent of scripts: longer than a lost host is waited for
};

// Of so much output that was not shown by its end all is, in these worlds.
inline constexpr std::uint64_t most_at_end = 2 * runtime::rest_block;

class Host {
 public:
  Host(Kernel& kernel, Ledger& ledger, const plan::Plan& plan, HostSettings settings,
       std::string name);

  // A session's request, or as much of it as has come, from a program: a later one has a higher
  // number.
  void serve(const std::string& input, const std::shared_ptr<Line>& line, std::uint32_t program);
  void reboot(bool set_up_anew);
  // What is asked of it is refused till then, and what runs there runs on.
  void lose_home(base::Instant until) {
    kernel_.note("home away", name_, until.ms);
    home_back_ = std::max(home_back_, until);
  }
  // The same for so long, from just behind the next begin; `unheard` sees to it that nobody hears
  // of that begin.
  void lose_home_behind_a_begin(base::Duration length, std::function<void()> unheard) {
    home_goes_for_ = length;
    unheard_ = std::move(unheard);
  }
  void find_home() { home_back_ = {}; }
  void heal() {
    unheard_ = nullptr;
    home_back_ = {};
    settings_.watcher_killed = settings_.disk_full = settings_.deaf = settings_.no_place = 0;
    settings_.outlasting = 0;
  }
  std::uint32_t boot() const { return boot_; }
  const std::string& name() const { return name_; }
  // What one script writes, in all: by its name.
  static std::string output_of(const std::string& key);

 private:
  struct Script {
    bool started = false;
    std::uint32_t boot = 0;
    bool watched = false;
    bool running = false;
    bool deaf = false;
    bool leaves_deaf = false;  // it ends on SIGTERM, and what it has started does not
    bool cancelled = false;
    std::string verdict;  // as the wrapper writes it down: "exit 0"
    bool verdict_synced = false;
    std::string out;
    std::string outputs;
    std::vector<std::function<void()>> waiting;    // for its lock to be free
    std::vector<std::shared_ptr<Line>> followers;  // of its output
  };
  struct Request {
    std::string nonce, verb, run, key, a, b, c, d;
    bool more = false;  // its answer ends with a mark
    std::string rest;
    std::uint32_t program = 0;  // who asks, as the world knows it
  };
  // What a script that is cancelled has started, which outlives it.
  struct Rest {
    std::optional<std::pair<std::optional<int>, std::optional<int>>> end;  // of the script itself
    std::vector<std::function<void()>> waiting;                            // for the end of all
  };
  struct Run {
    std::uint32_t fence = 0;
    std::map<std::string, Script> scripts;
  };

  bool refuses(const Request& request, const std::shared_ptr<Line>& line);
  void start(const Request& request, const std::shared_ptr<Line>& line);
  void attach(const Request& request, const std::shared_ptr<Line>& line);
  void find(const Request& request, const std::shared_ptr<Line>& line);
  bool seal(const Request& request);
  void cancel(const Request& request, const std::shared_ptr<Line>& line);
  void follow(const Request& request, const std::shared_ptr<Line>& line);
  void tell_rest(const Request& request, const std::shared_ptr<Line>& line);
  void forget(const Request& request, const std::shared_ptr<Line>& line);
  void conclude(const Request& request, const std::shared_ptr<Line>& line);
  bool fence(const Request& request, std::uint32_t epoch, const std::shared_ptr<Line>& line);
  void begin(const std::string& run, const std::string& key, std::uint32_t program);
  void finish(const std::string& run, const std::string& key, std::optional<int> exit_code,
              std::optional<int> signal);
  void rest_ends(const std::string& run, const std::string& key);
  void write(Script& script, std::string_view text);
  void watcher_dies(const std::string& run, const std::string& key);
  // Does it, unless the host has booted meanwhile.
  void later(std::int64_t ms, std::function<void()> what);
  Script* known(const std::string& run, const std::string& key);
  std::string outputs_of(const Ledger::Effect& effect) const;

  Kernel& kernel_;
  Ledger& ledger_;
  const plan::Plan& plan_;
  HostSettings settings_;
  std::string name_;
  base::Instant home_back_;
  base::Duration home_goes_for_;
  std::function<void()> unheard_;
  std::uint32_t boot_ = 1;
  std::map<std::string, Run> runs_;
  std::map<std::string, Rest> rests_;
  std::uint32_t newest_ = 0;       // of the programs that this host has heard of
  std::uint32_t newest_ever_ = 0;  // and that it had before it was set up anew
  bool set_up_anew_ = false;       // ever
};

}  // namespace sluice::world
