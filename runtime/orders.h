// Orders from other terminals: a file each, made once, in a folder of the run. The kernel decides
// which of two answers to one question is the first; whose file it is says who gave it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/loop.h"
#include "runtime/order.h"

namespace sluice::runtime {

// The name of an answer's file says which question it answers, and which asking of it: one is
// answered once. (The run itself is told things again and again.)
std::string answer_name(const Order& order);

// What an order is for, and no other: a run, by its name, and its plan, by its digest.
std::string purpose_of_orders(const std::string& run, const std::string& plan_digest);

// Durable when it returns. Fails where the question has been answered already, saying by whom and
// how.
base::Status leave_order(const std::string& folder, const std::string& purpose, const Order& order);

// Those that are there and whose names are not in `taken`, the oldest first. What is for another
// run or plan is passed over.
std::vector<Order> read_orders(const std::string& folder, const std::string& purpose,
                               const std::set<std::string>& taken);

// Calls back, from the loop, when something new may be there: by inotify, and again and again where
// the system has none left to give, or the folder was removed or moved away.
class OrderWatch {
 public:
  OrderWatch(Loop& loop, const std::string& folder, std::function<void()> something_new);
  ~OrderWatch();
  OrderWatch(const OrderWatch&) = delete;
  OrderWatch& operator=(const OrderWatch&) = delete;

 private:
  void hear();
  void look_again();

  Loop& loop_;
  std::function<void()> something_new_;
  int descriptor_;
  Loop::Watch watch_;
  Loop::Timer look_timer_;
  bool looks_again_ = false;
};

// Calls back, from the loop, once a file is not there any more. Whoever has moved a run's folder
// leaves orders there, and a program that waits for nothing else would not hear of it.
class PresenceWatch {
 public:
  PresenceWatch(Loop& loop, std::string file, std::function<void()> gone);

 private:
  void look();

  Loop& loop_;
  std::string file_;
  std::function<void()> gone_;
  Loop::Timer timer_;
};

}  // namespace sluice::runtime
