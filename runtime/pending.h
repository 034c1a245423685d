// The attempts of an executor that have not been answered yet, each with what is kept of it.
#pragma once

#include <map>

#include "runtime/executor.h"
#include "runtime/loop.h"

namespace sluice::runtime {

// A Row has a member `done`, an Executor::Sink.
template <class Row>
class Pending {
 public:
  using Ticket = ActionRequest::Ticket;

  // The loop outlives this one.
  explicit Pending(Loop& loop) : loop_(loop) {}

  Row& add(Ticket ticket, Row row) { return rows_[ticket] = std::move(row); }
  // nullptr where it has been answered, or never was asked.
  Row* find(Ticket ticket) {
    const auto found = rows_.find(ticket);
    return found == rows_.end() ? nullptr : &found->second;
  }
  // Tells it from the loop, and forgets the row; where it was answered already, nobody hears it.
  void answer(Ticket ticket, Completion completion) {
    loop_.post([this, ticket, completion = std::move(completion)] {
      const auto found = rows_.find(ticket);
      if (found == rows_.end()) return;
      const Executor::Sink done = std::move(found->second.done);
      rows_.erase(found);
      done(completion);
    });
  }

 private:
  Loop& loop_;
  std::map<Ticket, Row> rows_;
};

}  // namespace sluice::runtime
