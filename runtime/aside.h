// Work that waits for others in calls that cannot be interrupted, on threads beside the loop, so
// that the loop goes on meanwhile. It knows nothing of what is done there.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "runtime/loop.h"

namespace sluice::runtime {

class Aside {
 public:
  // Runs on a thread of its own, and returns soon after `stop` has become true.
  using Work = std::function<void(const std::atomic<bool>& stop)>;
  using Job = std::uint64_t;

  // At most `at_once` at the same time; the others wait for their turn.
  Aside(Loop& loop, std::size_t at_once);
  // Asks all to stop, and waits for them. Nothing is called any more.
  ~Aside();
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

  // `done` is called from the loop once the work has returned, or no thread could be had for it.
  Job start(Work work, Loop::Callback done);
  // Asks it to stop, or leaves it out where it has not begun: `done` is not called. What the work
  // holds lives until it has returned. One that is over, or never was, is ignored.
  void drop(Job job);

 private:
  struct Row;

  void begin_next();
  void take_ended();
  void answer(Job job);
  void watch();

  Loop& loop_;
  std::size_t at_once_;
  int ended_[2] = {-1, -1};  // a pipe: the number of each that has returned
  Loop::Watch watch_;
  bool watching_ = false;
  Job last_ = 0;
  std::map<Job, std::unique_ptr<Row>> running_;
  std::deque<std::pair<Job, std::unique_ptr<Row>>> waiting_;
};

}  // namespace sluice::runtime
