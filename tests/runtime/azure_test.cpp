// The executor of azure_resource_group against a server of the test's own: what the conversation
// itself cannot know (template_deployment_test.cpp), for it has no clock and no network.
#include "runtime/azure.h"

#include <catch2/catch.hpp>

#include "support/executing.h"
#include "support/local_server.h"

using namespace sluice;
using runtime::Completion;
using runtime::TransferEnd;
using scheduler::Outcome;
using test::http_answer;

namespace {

bool asks_for(const std::string& request, const std::string& what) {
  return request.starts_with(what);
}

}  // namespace

TEST_CASE("a request to the Resource Manager that nobody answers is made again", "[http]") {
  test::Waiting waiting;
  test::LocalServer server(waiting.loop, [](const std::string& request) {
    if (asks_for(request, "POST /acme/")) return http_answer(200, R"({"access_token":"t"})");
    if (asks_for(request, "PUT ")) return std::string();
    return http_answer(200, R"({"properties":{"provisioningState":"Succeeded"}})");
  });
  test::Requests requests(waiting);
  runtime::Transfers transfers(waiting.loop, "");
  runtime::AzureResourceGroupExecutor executor(
      waiting.loop, transfers,
      [](const runtime::Place&, const std::string&, const auto&) { FAIL("none is wanted"); },
      base::Duration{20});
  const test::Answer answer = requests.run(
      executor,
      requests.action(
          "azure_resource_group",
          {test::text_attribute("subscription", "s"), test::text_attribute("resource_group", "g"),
           test::text_attribute("template", "{}"), test::text_attribute("tenant", "acme"),
           test::text_attribute("client", "c"),
           test::text_attribute("client_secret", "of the test"),
           test::text_attribute("endpoint", server.url("/")),
           test::text_attribute("login_endpoint", server.url("/"))}));
  CHECK(answer.completion->outcome == Outcome::Succeeded);
  CHECK(answer.output.find("no answer within 1s; asking again in 1s\n") == 0);
  REQUIRE(server.requests().size() == 3);
  CHECK(asks_for(server.requests().at(1), "PUT "));
  CHECK(asks_for(server.requests().at(2), "GET "));
}

TEST_CASE("what came of a transfer that was cancelled is not taken for that of the next",
          "[http]") {
  test::Waiting waiting;
  test::LocalServer server(waiting.loop, [](const std::string&) { return http_answer(200, ""); });
  runtime::Transfers transfers(waiting.loop, "");
  const auto get = [](const std::string& url) {
    runtime::Transfer::Http made;
    made.url = url;
    made.method = "GET";
    return runtime::Transfer{made, ""};
  };
  // Both have failed by the time that the first is told.
  bool first = false;
  bool second = false;
  std::optional<TransferEnd> third;
  transfers.start(1, get("nothing://a"), [&](const TransferEnd&) {
    first = true;
    transfers.cancel(2);
    transfers.start(2, get(server.url("/")), [&](const TransferEnd& end) { third = end; });
  });
  transfers.start(2, get("nothing://b"), [&](const TransferEnd&) { second = true; });
  waiting.until([&] { return third.has_value(); });
  CHECK(first);
  CHECK_FALSE(second);
  CHECK(third->problem == "");
  CHECK(third->status == 200);
}
