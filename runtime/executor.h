// What carries an action out on one host. The one virtual interface of the runtime: local, ssh,
// wait, http and haproxy stand behind it. It decides nothing: what starts when, how long it may
// take and how often it is tried is the scheduler's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "runtime/process.h"
#include "runtime/secrets.h"
#include "scheduler/outputs.h"
#include "scheduler/scheduler.h"

namespace sluice::runtime {

// What opens the name of a variable among a script's attributes.
inline constexpr std::string_view environment_attribute = "environment.";

// Where an action runs, worked out: no expressions are left.
struct Place {
  plan::TargetId host;  // invalid: the controller itself
  std::string name;     // the host's name, or "controller"
  std::string address;  // its property `address`, or its name
  plan::Connection::Kind kind = plan::Connection::Kind::Local;
  struct Setting {
    std::string name;  // as in plan::Connection
    std::string value;
    bool operator==(const Setting&) const = default;
  };
  std::vector<Setting> settings;  // sorted by name; what was not given is absent

  const std::string* setting(std::string_view name) const;
  bool operator==(const Place&) const = default;
};

// Generations from here on are of a `verify` that asks what became of something lost.
inline constexpr std::uint32_t first_probe_generation = 0x8000'0000U;

// One attempt of one task on one host. The plan outlives it.
struct ActionRequest {
  // Names this one attempt on this one host for as long as the program runs; never used twice.
  using Ticket = std::uint64_t;
  Ticket ticket = 0;
  scheduler::Action action;  // what is answered with one event, however many hosts it runs on
  const plan::Plan* plan = nullptr;
  const plan::Work* work = nullptr;  // what action.part is of the task
  plan::TargetId target;             // on whose behalf; invalid: the controller's lane
  plan::Via::Kind via = plan::Via::Kind::Target;
  Place place;      // where: with `via` another host than the target
  std::string run;  // the run's name
  // The attributes of work->action that are set, evaluated, in their order.
  std::vector<plan::Property> attributes;
  // NAME=value for scripts, sorted, names unique: the deployment's variables, target_…, and what
  // the script's `environment` gives. What the host's own environment holds comes below it.
  std::vector<std::string> environment;
  // Attributes that are secrets, by the attribute's name: those of a script's `environment` are
  // variables of that script alone. They outlive the attempt.
  struct Secret {
    std::string name;
    const SecretText* value = nullptr;
  };
  std::vector<Secret> secrets;
  // How often it has been begun anew because what came of it could not be known: a part of its
  // identity.
  std::uint32_t generation = 0;
  // How often it may be, by what an operator has said.
  std::uint32_t retries = 0;
  // Which program of those that carry the run on this is, from 1: hosts refuse an earlier one.
  std::uint32_t epoch = 1;
  // Set where a program before this one meant to begin it: it may have begun, or ended.
  struct Resumed {
    bool begun = false;      // it is known to have begun
    bool same_boot = false;  // this machine has not booted since it was to
    base::Duration ago;      // when it was to begin
  };
  std::optional<Resumed> resumed;
  // Set of one that this program has lost, beside `resumed`: its host is asked for it once more,
  // and waited for from when it has answered. Nothing begins.
  bool rejoins = false;
  // Beside `rejoins`: a person is asked about it meanwhile, and its host is waited for as one is
  // that was just lost.
  bool stands = false;
  // Set of a `verify` that is not asked: it is answered as NotStarted, and never begins any more.
  bool passed_over = false;
  // Of one that is resumed: names (action_key) under which a program before this one may have begun
  // it anew since, or asked for its `verify`. Where it is cancelled, or how it ended is known after
  // all, they are ended before it is told.
  std::vector<std::string> later;
  // Of one that is resumed: names under which a program before this one began it before, or asked
  // for its `verify`. They are over before this one, or what comes behind it, begins.
  std::vector<std::string> earlier;
  // Called once it is known to have begun; at most once, from the loop; may be empty.
  std::function<void()> begun;
  // Called where how it ended is known, and what it wrote is still on its way: its timeout is over.
  // At most once, from the loop; may be empty.
  std::function<void()> ended;
  // Called where its host has not answered for a while, and once it does again; may be empty.
  std::function<void(bool away)> away;
  // What the action writes, as it comes; any bytes in pieces of any size.
  std::function<void(Stream, std::string_view)> output;
  // Called where so many bytes of that are left out; may be empty.
  std::function<void(std::uint64_t bytes)> left_out;

  // Why it must not be carried out: the executor answers it as NotStarted with this, and does
  // nothing else. Empty for every other.
  std::string refused;

  // nullptr where it is not set.
  const plan::Value* attribute(std::string_view name) const;
  // nullptr where it is no secret.
  const SecretText* secret(std::string_view name) const;
  // What it says, of a secret too: for the one place that hands it on.
  std::string revealed(std::string_view name) const;
  // `environment`, and NAME=value for those of its secrets that are variables: for the process of
  // the script itself and nothing else.
  std::vector<std::string> environment_with_secrets() const;
  // The text of one that is known to be a string, or "".
  std::string_view text(std::string_view name) const;
  // Of a list: each item's text. Empty where it is not set.
  std::vector<std::string> texts(std::string_view name) const;
  // To be carried out as a script of that shell, with its `args` and `environment` where it has
  // some; what is in the environment is put in order.
  void becomes_script(std::string_view body, std::string_view shell = "sh");
};

// A `name=value` line that a script wrote to $SLUICE_OUTPUT.
using Output = scheduler::Output;

// How an attempt ended on one host.
struct Completion {
  enum class Ending : std::uint8_t {
    Answered,     // no process: a time that passed, a request that was answered
    Exited,       // exit_code
    Signalled,    // signal
    NotStarted,   // it could not be begun, and nothing was done to the host
    Unreachable,  // the host could not be reached, and nothing was done to it
    Lost,         // the host was lost after it was reached: what came of it is not known
  };
  scheduler::Outcome outcome = scheduler::Outcome::Failed;
  Ending ending = Ending::NotStarted;
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string detail;  // "exit status 3", "ended by SIGKILL", "cannot connect: …"; empty when well
  // What it wrote to $SLUICE_OUTPUT, in that order (runtime/outputs.h reads the file); empty of
  // what has no such file.
  std::vector<Output> outputs;
  // Of one that is lost: the host was asked, and knows nothing of it any more, nor of any other
  // that was begun there before. In no journal.
  bool forgotten = false;
  // Of one that is lost: the host has not said so; it could not be asked. In no journal.
  bool unanswered = false;
  bool operator==(const Completion&) const = default;
};

// Names one attempt on one host, the same in every program that carries the run on; of characters
// that need no quoting.
std::string action_key(const ActionRequest& request);

std::string_view ending_name(Completion::Ending ending);
// Of a script's process: well where it exited with 0.
Completion completion_of(const ProcessEnd& end);

class Executor {
 public:
  using Sink = std::function<void(Completion)>;

  virtual ~Executor() = default;
  // Why nothing of its kind can be carried out from this machine; empty where it can.
  virtual std::string lack() const { return ""; }
  // `done` is called exactly once, from the loop, never from inside start() or cancel(), and after
  // the last output.
  virtual void start(ActionRequest request, Sink done) = 0;
  // Ends what runs (TERM, a grace, KILL, here or on the target); `done` still follows, once it is
  // known to have ended, with outcome Cancelled and what ended it. A ticket that has been answered
  // is ignored.
  virtual void cancel(ActionRequest::Ticket ticket) = 0;
  // Of one that rejoins: nobody waits for it any more. Nothing is done to what runs, and `done` is
  // not called.
  virtual void let_go(ActionRequest::Ticket) {}
  // What came of one that was answered is written down: what was kept of it can go.
  virtual void settled(ActionRequest::Ticket) {}
};

}  // namespace sluice::runtime
