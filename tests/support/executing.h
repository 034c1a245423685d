// A loop with what an executor needs, and requests for it: for tests of executors alone, without a
// scheduler.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "runtime/executor.h"
#include "runtime/loop.h"
#include "runtime/process.h"

namespace sluice::test {

// A loop that is run until something has happened, and fails the test where it does not.
class Waiting {
 public:
  runtime::Loop loop;
  // `happened` is asked after each turn of the loop.
  void until(const std::function<bool()>& happened);
  // Looks again and again, for what no event tells.
  void until_seen(const std::function<bool()>& seen);
};

struct Answer {
  std::optional<runtime::Completion> completion;
  std::string output;
  std::uint64_t bytes = 0;  // of output, of which the beginning is kept
};

// What was written of a file that is hollow for the most: its words, and how much it was in all.
struct Words {
  std::string text;
  std::uint64_t bytes = 0;
  void take(std::string_view piece);
};

// Requests of one small plan, and the answers to them.
class Requests {
 public:
  explicit Requests(Waiting& waiting);

  // A script; its attributes beside `body` may be added to it.
  runtime::ActionRequest script(const runtime::Place& place, const std::string& body,
                                std::vector<std::string> environment = {});
  runtime::ActionRequest action(const std::string& kind, std::vector<plan::Property> attributes);
  // Not waited for.
  std::shared_ptr<Answer> start(runtime::Executor& executor, runtime::ActionRequest request);
  // The ticket of the last one.
  runtime::ActionRequest::Ticket last() const { return last_; }
  // To its end.
  Answer run(runtime::Executor& executor, runtime::ActionRequest request);

 private:
  Waiting& waiting_;
  plan::Plan plan_;
  std::uint64_t last_ = 0;
};

runtime::Place local_place();
plan::Property text_attribute(const std::string& name, const std::string& value);
plan::Property list_attribute(const std::string& name, const std::vector<std::string>& values);

}  // namespace sluice::test
