// Which executor carries an action out: by its kind and by how its host is reached. Waiting it does
// itself.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "runtime/executor.h"
#include "runtime/loop.h"

namespace sluice::runtime {

class ActionExecutor : public Executor {
 public:
  explicit ActionExecutor(Loop& loop);

  // `kind` is an action's kind; scripts are told apart as "script local" and "script ssh". The
  // executor outlives this one.
  void add(const std::string& kind, Executor& executor);

  // Why this plan cannot be carried out with the executors that there are; empty where it can.
  std::string missing(const plan::Plan& plan) const;

  void start(ActionRequest request, Sink done) override;
  void cancel(ActionRequest::Ticket ticket) override;
  void let_go(ActionRequest::Ticket ticket) override;
  void settled(ActionRequest::Ticket ticket) override;

 private:
  struct Wait {
    Loop::Timer timer;
    Sink done;
  };

  std::string missing(const plan::Plan& plan, const plan::Work& work) const;
  void wait(const ActionRequest& request, Sink done);
  Executor* find(const std::string& kind) const;

  Loop& loop_;
  std::map<std::string, Executor*> executors_;
  std::map<ActionRequest::Ticket, Wait> waits_;
  std::map<ActionRequest::Ticket, Executor*> running_;
  std::map<ActionRequest::Ticket, Executor*> ended_;  // and are not settled
};

}  // namespace sluice::runtime
