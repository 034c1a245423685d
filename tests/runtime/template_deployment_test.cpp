// The conversation with the Resource Manager, answer by answer.
#include "runtime/template_deployment.h"

#include <catch2/catch.hpp>

using namespace sluice;
using runtime::Completion;
using runtime::TemplateDeployment;
using runtime::TemplateDeploymentSettings;
using runtime::TransferEnd;
using scheduler::Outcome;

namespace {

TemplateDeploymentSettings settings() {
  TemplateDeploymentSettings made;
  made.name = "sluice-abc";
  made.subscription = "sub";
  made.resource_group = "my group";
  made.content =
      R"({"parameters":{"count":{"type":"int"},"name":{"type":"String"},"on":{"type":"bool"},)"
      R"("list":{"type":"array"}},"resources":[]})";
  made.parameters = {{"count", "3"}, {"list", "[1, 2]"}, {"name", "a\"b"}, {"on", "true"}};
  made.tenant = "acme";
  made.client = "app";
  made.client_secret = "s3 cr&t=";
  made.endpoint = "https://arm";
  made.login_endpoint = "https://login";
  made.identity_endpoint = "http://identity";
  return made;
}

TransferEnd said(long status, std::string body = "", long retry_after = 0) {
  TransferEnd end;
  end.reached = true;
  end.status = status;
  end.body = std::move(body);
  end.retry_after = retry_after;
  return end;
}

TransferEnd lost() {
  TransferEnd end;
  end.problem = "the connection was closed";
  return end;
}

TransferEnd state(const std::string& name, long status = 200) {
  return said(status, R"({"properties":{"provisioningState":")" + name + R"("}})");
}

const TransferEnd token = said(200, R"({"token_type":"Bearer","access_token":"t0ken"})");
const std::string deployment =
    "https://arm/subscriptions/sub/resourcegroups/my%20group/providers/Microsoft.Resources/"
    "deployments/sluice-abc";

// As far as the first PUT.
TemplateDeployment put(TemplateDeployment::Move& move) {
  TemplateDeployment made(settings());
  made.begin();
  move = made.answered(token);
  REQUIRE(move.send);
  REQUIRE(move.send->method == "PUT");
  return made;
}

void check_ended(const TemplateDeployment::Move& move, Outcome outcome, Completion::Ending ending,
                 const std::string& detail) {
  REQUIRE(move.completion);
  CHECK(move.completion->outcome == outcome);
  CHECK(move.completion->ending == ending);
  CHECK(move.completion->detail == detail);
}

}  // namespace

TEST_CASE("an application logs in, puts the template, and looks until it is done") {
  TemplateDeployment made(settings());
  auto move = made.begin();
  REQUIRE(move.send);
  CHECK(move.send->method == "POST");
  CHECK(move.send->url == "https://login/acme/oauth2/v2.0/token");
  CHECK(move.send->body ==
        "grant_type=client_credentials&client_id=app&client_secret=s3%20cr%26t%3D&"
        "scope=https%3A%2F%2Farm%2F.default");
  move = made.answered(token);
  REQUIRE(move.send);
  CHECK(move.send->url == deployment + "?api-version=2021-04-01");
  CHECK(move.send->headers.front() == "Authorization: Bearer t0ken");
  CHECK(*move.send->body == R"({"properties":{"mode":"Incremental","template":)" +
                                settings().content +
                                R"(,"parameters":{"count":{"value":3},"list":{"value":[1, 2]},)"
                                R"("name":{"value":"a\"b"},"on":{"value":true}}}})");
  move = made.answered(said(201, R"({"properties":{"provisioningState":"Accepted"}})", 7));
  CHECK(move.wait == base::Duration{7000});
  CHECK(move.said == "deployment sluice-abc: Accepted");
  move = made.waited();
  REQUIRE(move.send);
  CHECK(move.send->method == "GET");
  CHECK(move.send->url == deployment + "?api-version=2021-04-01");
  move = made.answered(state("Running"));
  CHECK(move.wait == base::Duration{5000});
  CHECK(move.said == "deployment sluice-abc: Running");
  made.waited();
  CHECK(made.answered(state("Running")).said.empty());
  made.waited();
  check_ended(made.answered(state("Succeeded")), Outcome::Succeeded, Completion::Ending::Answered,
              "");
}

TEST_CASE("this machine's identity logs in where no application is named") {
  TemplateDeploymentSettings own = settings();
  own.tenant = own.client_secret = "";
  own.client = "one of two";
  TemplateDeployment made(own);
  const auto move = made.begin();
  REQUIRE(move.send);
  CHECK(move.send->method == "GET");
  CHECK(move.send->url ==
        "http://identity/metadata/identity/oauth2/token?api-version=2018-02-01&"
        "resource=https%3A%2F%2Farm%2F&client_id=one%20of%20two");
  CHECK(move.send->headers == std::vector<std::string>{"Metadata: true"});
}

TEST_CASE("a failed deployment tells what the service says of it, and of each resource") {
  TemplateDeployment::Move move;
  TemplateDeployment made = put(move);
  made.answered(state("Running", 201));
  made.waited();
  move = made.answered(said(
      200, R"({"properties":{"provisioningState":"Failed","error":{"code":"DeploymentFailed",)"
           R"("message":"At least one.","details":[{"code":"Conflict","message":"taken\u001b",)"
           R"("details":[{"code":"Name","message":"in use"}]}]}}})"));
  check_ended(move, Outcome::Failed, Completion::Ending::Answered,
              "deployment sluice-abc: Failed: DeploymentFailed: At least one.; "
              "Conflict: taken\\u{1B}; Name: in use");
}

TEST_CASE("what a resource's own service answered is read like the rest, and not shown as JSON") {
  TemplateDeployment::Move move;
  TemplateDeployment made = put(move);
  made.answered(state("Running", 201));
  made.waited();
  move = made.answered(said(
      200,
      R"({"properties":{"provisioningState":"Failed","error":{"code":"DeploymentFailed",)"
      R"("message":"At least one.","details":[{"code":"Conflict","message":"{\r\n \"status\":)"
      R"( \"Failed\",\r\n \"error\": {\"code\": \"Quota\", \"message\": \"none left\",)"
      R"( \"details\": [{\"code\": null, \"message\": \"ask for more\"}]}}"},)"
      R"({"code":"Odd","message":"{\"a\": 1}"},{"code":"Last","message":"","details":null}]}}})"));
  check_ended(
      move, Outcome::Failed, Completion::Ending::Answered,
      "deployment sluice-abc: Failed: DeploymentFailed: At least one.; Conflict: Quota: none "
      "left; ask for more; Odd: {\"a\": 1}; Last");
}

TEST_CASE("a machine whose identity is not there yet asks for it again") {
  TemplateDeploymentSettings own = settings();
  own.tenant = own.client = own.client_secret = "";
  for (const long status : {404, 410}) {
    TemplateDeployment made(own);
    made.begin();
    CHECK(made.answered(said(status)).wait == base::Duration{1000});
    CHECK(made.waited().send->method == "GET");
    CHECK(made.answered(token).send->method == "PUT");
  }
  TemplateDeployment named(settings());
  named.begin();
  check_ended(named.answered(said(404)), Outcome::Failed, Completion::Ending::NotStarted,
              "the login answered 404");
}

TEST_CASE("what may not be cancelled is told, and waited for") {
  TemplateDeployment::Move move;
  TemplateDeployment made = put(move);
  made.answered(state("Running", 201));
  made.cancel();
  move = made.answered(
      said(403, R"({"error":{"code":"AuthorizationFailed","message":"you may not"}})"));
  REQUIRE(move.send);
  CHECK(move.send->method == "GET");
  CHECK(move.said ==
        "deployment sluice-abc cannot be cancelled, and goes on: the service answered 403: "
        "AuthorizationFailed: you may not");
  CHECK(made.answered(state("Running")).wait);
}

TEST_CASE("what the service refuses has not begun to be tried again") {
  TemplateDeployment::Move move;
  TemplateDeployment made = put(move);
  move = made.answered(
      said(400, R"({"error":{"code":"InvalidTemplate","message":"line 3 is wrong"}})"));
  check_ended(move, Outcome::Failed, Completion::Ending::Answered,
              "the service answered 400: InvalidTemplate: line 3 is wrong");
  TemplateDeployment unknown(settings());
  unknown.begin();
  move = unknown.answered(
      said(401, R"({"error":"invalid_client","error_description":"AADSTS7000215: no.\r\nTrace"})"));
  check_ended(move, Outcome::Failed, Completion::Ending::NotStarted,
              "the login answered 401: invalid_client: AADSTS7000215: no.");
}

TEST_CASE("throttling is waited for as long as the service asks, else longer each time") {
  TemplateDeployment::Move move;
  TemplateDeployment made = put(move);
  move = made.answered(said(429, R"({"error":{"code":"Slow","message":"later"}})", 17));
  CHECK(move.wait == base::Duration{17'000});
  CHECK(move.said == "the service answered 429: Slow: later; asking again in 17s");
  move = made.waited();
  REQUIRE(move.send);
  CHECK(move.send->method == "PUT");
  CHECK(made.answered(said(429)).wait == base::Duration{2000});
  made.waited();
  CHECK(made.answered(said(429)).wait == base::Duration{4000});
  made.waited();
  CHECK(made.answered(state("Succeeded")).completion->outcome == Outcome::Succeeded);
}

TEST_CASE("it gives up after two minutes, or five where it was sent, saying what is known") {
  TemplateDeployment away(settings());
  auto move = away.begin();
  for (int i = 0; i < 7; ++i) {
    move = away.answered(lost());
    REQUIRE(move.wait);
    move = away.waited();
  }
  check_ended(away.answered(lost()), Outcome::Failed, Completion::Ending::Unreachable,
              "the connection was closed");
  TemplateDeployment sent = put(move);
  base::Duration waited{0};
  for (int i = 0; i < 10; ++i) {
    move = sent.answered(lost());
    REQUIRE(move.wait);
    waited.ms += move.wait->ms;
    sent.waited();
  }
  CHECK(waited >= base::Duration{300'000});
  check_ended(sent.answered(lost()), Outcome::Failed, Completion::Ending::Lost,
              "deployment sluice-abc: the connection was closed");
}

TEST_CASE("a service that never says a state is given up like one that is away") {
  TemplateDeployment::Move move;
  TemplateDeployment sent = put(move);
  base::Duration waited{0};
  for (int i = 0; i < 10; ++i) {
    move = sent.answered(said(200, "[]"));
    REQUIRE(move.wait);
    waited.ms += move.wait->ms;
    sent.waited();
  }
  CHECK(waited >= base::Duration{300'000});
  check_ended(sent.answered(said(200, "[]")), Outcome::Failed, Completion::Ending::Lost,
              "deployment sluice-abc: the service answered without a state");
}

TEST_CASE("a reply that was lost is looked for, and nothing is deployed twice") {
  for (const bool arrived : {true, false}) {
    TemplateDeployment::Move move;
    TemplateDeployment made = put(move);
    CHECK(made.answered(lost()).wait == base::Duration{1000});
    move = made.waited();
    REQUIRE(move.send);
    CHECK(move.send->method == "GET");
    if (arrived) {
      CHECK(made.answered(state("Running")).wait);
      continue;
    }
    move = made.answered(said(404, R"({"error":{"code":"DeploymentNotFound","message":""}})"));
    REQUIRE(move.send);
    CHECK(move.send->method == "PUT");
  }
  TemplateDeployment::Move move;
  TemplateDeployment twice = put(move);
  move = twice.answered(said(409, R"({"error":{"code":"DeploymentActive","message":"at work"}})"));
  REQUIRE(move.send);
  CHECK(move.send->method == "GET");
}

TEST_CASE("what another program may have begun is looked for first") {
  TemplateDeploymentSettings resumed = settings();
  resumed.maybe_begun = true;
  TemplateDeployment made(resumed);
  made.begin();
  const auto move = made.answered(token);
  REQUIRE(move.send);
  CHECK(move.send->method == "GET");
  CHECK(made.answered(state("Succeeded")).completion->outcome == Outcome::Succeeded);
}

TEST_CASE("a token that has run out is renewed once") {
  TemplateDeployment::Move move;
  TemplateDeployment made = put(move);
  made.answered(state("Running", 201));
  made.waited();
  move = made.answered(said(401));
  REQUIRE(move.send);
  CHECK(move.send->url == "https://login/acme/oauth2/v2.0/token");
  move = made.answered(token);
  REQUIRE(move.send);
  CHECK(move.send->method == "GET");
  check_ended(made.answered(said(401)), Outcome::Failed, Completion::Ending::Lost,
              "deployment sluice-abc: the service answered 401");
}

TEST_CASE("it is cancelled at the service, and its end is waited for") {
  TemplateDeployment early(settings());
  early.begin();
  check_ended(early.cancel(), Outcome::Cancelled, Completion::Ending::Answered, "cancelled");
  for (const char* end : {"Canceled", "Succeeded", "gone"}) {
    INFO(end);
    TemplateDeployment::Move move;
    TemplateDeployment made = put(move);
    made.answered(state("Running", 201));
    move = made.cancel();
    REQUIRE(move.send);
    CHECK(move.send->method == "POST");
    CHECK(move.send->url == deployment + "/cancel?api-version=2021-04-01");
    if (end == std::string("gone")) {
      CHECK(made.answered(said(404)).completion->outcome == Outcome::Cancelled);
      continue;
    }
    move = made.answered(said(end == std::string("Canceled") ? 204 : 409));
    REQUIRE(move.send);
    CHECK(move.send->method == "GET");
    const auto last = made.answered(state(end));
    REQUIRE(last.completion);
    CHECK(last.completion->outcome ==
          (end == std::string("Canceled") ? Outcome::Cancelled : Outcome::Succeeded));
  }
}
