#include "support/executing.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>

#include "runtime/output.h"
#include "support/tiny_plan.h"

namespace sluice::test {

namespace {

constexpr base::Duration long_enough{60'000};
constexpr base::Duration look_again{5};
constexpr std::size_t most_kept = 1 << 20;

}  // namespace

void Waiting::until(const std::function<bool()>& happened) {
  if (happened()) return;
  bool too_late = false;
  const runtime::Loop::Timer deadline = loop.after(long_enough, [&] {
    too_late = true;
    loop.stop();
  });
  loop.run([&] {
    if (happened()) loop.stop();
  });
  if (too_late) FAIL("it did not happen within a minute");
  REQUIRE(happened());
}

void Waiting::until_seen(const std::function<bool()>& seen) {
  runtime::Loop::Timer timer;
  const std::function<void()> look = [&] { timer = loop.after(look_again, look); };
  look();
  until(seen);
}

void Words::take(std::string_view piece) {
  bytes += piece.size();
  std::copy_if(piece.begin(), piece.end(), std::back_inserter(text),
               [](char c) { return c != '\0'; });
}

Requests::Requests(Waiting& waiting) : waiting_(waiting), plan_(tiny_plan("Step on web1")) {
  plan_.digest = "sha256:0123456789abcdef";
}

runtime::ActionRequest Requests::script(const runtime::Place& place, const std::string& body,
                                        std::vector<std::string> environment) {
  runtime::ActionRequest request =
      action("script", {text_attribute("body", body), text_attribute("shell", "sh")});
  request.place = place;
  request.environment = std::move(environment);
  return request;
}

runtime::ActionRequest Requests::action(const std::string& kind,
                                        std::vector<plan::Property> attributes) {
  runtime::ActionRequest request;
  request.ticket = ++last_;
  request.plan = &plan_;
  request.action.step = plan::StepId{0};
  request.action.attempt = static_cast<std::uint32_t>(last_);
  request.work = &plan_.steps[plan::StepId{0}].tasks[0];
  plan_.steps[plan::StepId{0}].tasks[0].action.kind = kind;
  request.attributes = std::move(attributes);
  request.run = "20260102-030405-5f3a";
  request.place = local_place();
  return request;
}

std::shared_ptr<Answer> Requests::start(runtime::Executor& executor,
                                        runtime::ActionRequest request) {
  auto answer = std::make_shared<Answer>();
  const auto take = [answer](std::string_view bytes) {
    CHECK(!answer->completion);
    answer->bytes += bytes.size();
    answer->output.append(bytes.substr(0, most_kept - std::min(most_kept, answer->output.size())));
  };
  request.output = [take](runtime::Stream, std::string_view bytes) { take(bytes); };
  request.left_out = [take](std::uint64_t bytes) { take(runtime::said_of_left_out(bytes)); };
  executor.start(std::move(request), [answer](const runtime::Completion& completion) {
    CHECK(!answer->completion);
    answer->completion = completion;
  });
  CHECK(!answer->completion);  // never from inside start()
  return answer;
}

Answer Requests::run(runtime::Executor& executor, runtime::ActionRequest request) {
  const runtime::ActionRequest::Ticket ticket = request.ticket;
  const std::shared_ptr<Answer> answer = start(executor, std::move(request));
  waiting_.until([&] { return answer->completion.has_value(); });
  executor.settled(ticket);
  return *answer;
}

runtime::Place local_place() {
  runtime::Place place;
  place.name = "localhost";
  place.address = "localhost";
  return place;
}

plan::Property text_attribute(const std::string& name, const std::string& value) {
  return {name, plan::Value{value}};
}

plan::Property list_attribute(const std::string& name, const std::vector<std::string>& values) {
  plan::Value::List list;
  for (const std::string& value : values) list.push_back(plan::Value{value});
  return {name, plan::Value{list}};
}

}  // namespace sluice::test
