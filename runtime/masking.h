// Between the driver and all executors: no secret passes it, not in what an action writes, not in
// what is said of how it ended.
#pragma once

#include "runtime/executor.h"
#include "runtime/mask.h"

namespace sluice::runtime {

class MaskingExecutor : public Executor {
 public:
  // Both outlive it.
  MaskingExecutor(Executor& inner, const Mask& mask) : inner_(inner), mask_(mask) {}

  void start(ActionRequest request, Sink done) override;
  void cancel(ActionRequest::Ticket ticket) override { inner_.cancel(ticket); }
  void let_go(ActionRequest::Ticket ticket) override { inner_.let_go(ticket); }
  void settled(ActionRequest::Ticket ticket) override { inner_.settled(ticket); }

 private:
  Executor& inner_;
  const Mask& mask_;
};

}  // namespace sluice::runtime
