// What is said of an action that has failed, put together once for whoever tells it: where it
// stands in the file, on which target, at which attempt, what ended it, what it wrote last, and
// what a person can do now.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "runtime/journal.h"
#include "runtime/output.h"
#include "scheduler/scheduler.h"

namespace sluice::cli {

// All texts are safe to print.
struct Failure {
  scheduler::Action action;
  std::string place;                // "web.deploy:12:3"; empty where the plan does not know
  std::string name;                 // "Update/Deploy"
  std::string target;               // "web-1"
  std::uint32_t attempts = 1;       // that it may have
  std::string what;                 // "exit status 3", "longer than its timeout of 5s"
  std::vector<std::string> output;  // the last lines that it wrote
  std::vector<std::string> next;    // what to do, or to type
};

// "`Update/Deploy` failed on `web-1`, attempt 2 of 2: exit status 3"; in the census, which asks the
// same once more, "at the end `Update verify` failed on …".
std::string failure_text(const Failure& failure);

class Failures {
 public:
  // `store`: where output is kept; it outlives this one. Commands to type speak of `run`, and of
  // `state` where that is not empty.
  Failures(const plan::Plan& plan, runtime::OutputStore& store, std::string run, std::string state);

  // Before the commands of an instant are asked about.
  void begin(const runtime::Instant& instant);
  // Whether this tells of a failure that was not told before: where a person is asked about it,
  // then, and not again when that is answered. What is only looked for before it is done (`skip
  // verified`) has not failed.
  bool is_one(const scheduler::Command& command);
  // After is_one(). Takes its output out of the store.
  Failure take(const scheduler::Command& command);
  // After them.
  void end(const runtime::Instant& instant);

  // How one attempt ended on one host, where not well: "exit status 3"
  std::string what_failed(const runtime::HostResult& result) const;

 private:
  std::vector<std::string> next_steps(const Failure& failure, bool asked,
                                      const runtime::HostResult* unreachable) const;

  const plan::Plan& plan_;
  runtime::OutputStore& store_;
  const std::string run_;
  const std::string state_;
  std::map<scheduler::Action, std::vector<runtime::HostResult>> results_;
  base::Instant at_;                   // of the instant
  std::set<scheduler::Action> asked_;  // failures that a person is asked about
};

}  // namespace sluice::cli
