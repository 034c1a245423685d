// One attempt on several hosts.
#include <catch2/catch.hpp>

#include "runtime/fan_out.h"
#include "support/tiny_plan.h"

using namespace sluice;
using runtime::ActionRequest;
using runtime::Completion;
using scheduler::Outcome;

namespace {

class HeldExecutor : public runtime::Executor {
 public:
  void start(ActionRequest request, Sink done) override {
    started.push_back(request.place.name);
    open[request.place.name] = {request, std::move(done)};
  }
  void cancel(ActionRequest::Ticket ticket) override {
    for (auto& [name, row] : open) {
      if (row.first.ticket == ticket) cancelled.push_back(name);
    }
  }
  void finish(const std::string& name, Outcome outcome) {
    const Sink done = std::move(open[name].second);
    open.erase(name);
    Completion completion;
    completion.outcome = outcome;
    completion.detail = outcome == Outcome::Succeeded ? "" : "it failed on " + name;
    done(completion);
  }
  std::vector<std::string> started;
  std::vector<std::string> cancelled;
  std::map<std::string, std::pair<ActionRequest, Sink>> open;
};

// A step on `a`, whose only action runs on each of two load balancers.
plan::Plan via_plan() {
  plan::Plan plan = test::tiny_plan("Step on a, retry 2\nOther on lb1 lb2");
  plan::Task& task = plan.steps[plan::StepId{0}].tasks[0];
  task.via.kind = plan::Via::Kind::Each;
  task.via.hosts = plan.steps[plan::StepId{1}].targets;
  return plan;
}

struct Fanned {
  Fanned()
      : plan(via_plan()),
        outputs(plan),
        fan_out(
            plan, [this] { return runtime::RunFacts{"run", outputs, {}, nullptr, 1}; }, executor,
            [this](const scheduler::Action&, Outcome outcome,
                   std::vector<runtime::HostResult> hosts) {
              outcomes.push_back(outcome);
              results = std::move(hosts);
            },
            [this](const scheduler::Action&, const std::string& host, std::string_view bytes) {
              output.push_back(host + ": " + std::string(bytes));
            }) {
    action.step = plan::StepId{0};
  }

  plan::Plan plan;
  scheduler::Outputs outputs;
  HeldExecutor executor;
  std::vector<Outcome> outcomes;
  std::vector<runtime::HostResult> results;
  std::vector<std::string> output;
  runtime::FanOut fan_out;
  scheduler::Action action;
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("an attempt ends when it has ended on every host", "[fan_out]") {
  Fanned fanned;
  fanned.fan_out.start(fanned.action);
  CHECK(fanned.executor.started == Names{"lb1", "lb2"});
  fanned.executor.open["lb2"].first.output(runtime::Stream::Output, "drained\n");
  CHECK(fanned.output == Names{"lb2: drained\n"});
  fanned.executor.finish("lb2", Outcome::Succeeded);
  CHECK(fanned.outcomes.empty());
  fanned.executor.finish("lb1", Outcome::Succeeded);
  CHECK(fanned.outcomes == std::vector<Outcome>{Outcome::Succeeded});
  REQUIRE(fanned.results.size() == 2);
  CHECK(fanned.results[0].host == "lb1");
  CHECK(fanned.results[1].host == "lb2");
}

TEST_CASE("the next attempt goes only to the hosts where the last one failed", "[fan_out]") {
  Fanned fanned;
  fanned.fan_out.start(fanned.action);
  fanned.executor.finish("lb1", Outcome::Succeeded);
  fanned.executor.finish("lb2", Outcome::Failed);
  CHECK(fanned.outcomes == std::vector<Outcome>{Outcome::Failed});
  CHECK(fanned.results[1].completion.detail == "it failed on lb2");
  fanned.executor.started.clear();
  fanned.action.attempt = 2;
  fanned.fan_out.start(fanned.action);
  CHECK(fanned.executor.started == Names{"lb2"});
  fanned.executor.finish("lb2", Outcome::Succeeded);
  CHECK(fanned.outcomes.back() == Outcome::Succeeded);
  // Another lane's first attempt goes to all.
  fanned.executor.started.clear();
  fanned.action.attempt = 1;
  fanned.fan_out.start(fanned.action);
  CHECK(fanned.executor.started == Names{"lb1", "lb2"});
}

TEST_CASE("cancelling reaches the hosts that are still at it, and the attempt still answers",
          "[fan_out]") {
  Fanned fanned;
  fanned.fan_out.start(fanned.action);
  fanned.executor.finish("lb1", Outcome::Succeeded);
  fanned.fan_out.cancel(fanned.action);
  CHECK(fanned.executor.cancelled == Names{"lb2"});
  CHECK(fanned.outcomes.empty());
  fanned.executor.finish("lb2", Outcome::Cancelled);
  CHECK(fanned.outcomes == std::vector<Outcome>{Outcome::Cancelled});
  fanned.fan_out.cancel(fanned.action);  // over: ignored
}
