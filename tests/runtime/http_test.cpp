// HTTP requests against a server of the test's own, here and through an ssh host.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "runtime/http.h"
#include "support/executing.h"
#include "support/local_server.h"
#include "support/remote.h"

using namespace sluice;
using runtime::Completion;
using scheduler::Outcome;
using test::http_answer;

namespace {

runtime::OpenTunnel no_tunnel() {
  return [](const runtime::Place&, const std::string&, const auto&) { FAIL("none is wanted"); };
}

plan::Property number_attribute(const std::string& name, std::int64_t value) {
  return {name, plan::Value{plan::Number{value * 1'000'000}}};
}

struct Web {
  explicit Web(test::LocalServer::Answer answer)
      : server(waiting.loop, std::move(answer)),
        requests(waiting),
        transfers(waiting.loop, ""),
        executor(waiting.loop, transfers, no_tunnel()) {}

  runtime::ActionRequest get(const std::string& path, std::vector<plan::Property> more = {}) {
    std::vector<plan::Property> attributes{test::text_attribute("url", server.url(path)),
                                           test::text_attribute("method", "GET")};
    for (plan::Property& one : more) attributes.push_back(std::move(one));
    return requests.action("http", std::move(attributes));
  }

  test::Waiting waiting;
  test::LocalServer server;
  test::Requests requests;
  runtime::Transfers transfers;
  runtime::HttpExecutor executor;
};

}  // namespace

TEST_CASE("a request that is answered as expected is well, and shows the answer", "[http]") {
  Web web([](const std::string&) { return http_answer(200, "well, release 2.4.1\n"); });
  const test::Answer answer = web.requests.run(
      web.executor, web.get("/health", {test::text_attribute("contains", "2.4.1")}));
  CHECK(answer.completion->outcome == Outcome::Succeeded);
  CHECK(answer.completion->ending == Completion::Ending::Answered);
  CHECK(answer.output == "well, release 2.4.1\n");
  REQUIRE(web.server.requests().size() == 1);
  CHECK(web.server.requests()[0].find("GET /health HTTP/1.1\r\n") == 0);
}

TEST_CASE("another status or another body is a failure that says which", "[http]") {
  Web web([](const std::string& request) {
    return request.find("GET /503") == 0 ? http_answer(503, "warming up\n") : http_answer(204, "");
  });
  const test::Answer other = web.requests.run(web.executor, web.get("/503"));
  CHECK(other.completion->outcome == Outcome::Failed);
  CHECK(other.completion->detail == "it answered 503, and 200 was expected");
  const test::Answer wanted =
      web.requests.run(web.executor, web.get("/", {number_attribute("expect", 204)}));
  CHECK(wanted.completion->outcome == Outcome::Succeeded);
  const test::Answer lacking = web.requests.run(
      web.executor,
      web.get("/", {number_attribute("expect", 204), test::text_attribute("contains", "2.4.1")}));
  CHECK(lacking.completion->detail == "its answer does not hold `2.4.1`");
}

TEST_CASE("a body and headers are sent as they are", "[http]") {
  Web web([](const std::string&) { return http_answer(200, ""); });
  std::vector<plan::Property> more{
      test::text_attribute("body", "{\"a\": \"é\"}"),
      test::text_attribute("headers.Content-Type", "application/json")};
  runtime::ActionRequest request = web.get("/", std::move(more));
  request.attributes[1] = test::text_attribute("method", "PUT");
  web.requests.run(web.executor, std::move(request));
  REQUIRE(web.server.requests().size() == 1);
  const std::string& sent = web.server.requests()[0];
  CHECK(sent.find("PUT / HTTP/1.1\r\n") == 0);
  CHECK(sent.find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(sent.find("\r\n\r\n{\"a\": \"é\"}") != std::string::npos);
}

TEST_CASE("a header without a value is sent, and the path as it stands", "[http]") {
  Web web([](const std::string&) { return http_answer(200, ""); });
  web.requests.run(web.executor,
                   web.get("/a/../b/./c?d=..", {test::text_attribute("headers.X-Empty", ""),
                                                test::text_attribute("headers.X-Blank", " \t"),
                                                test::text_attribute("headers.Accept", "")}));
  REQUIRE(web.server.requests().size() == 1);
  const std::string& sent = web.server.requests()[0];
  CHECK(sent.find("GET /a/../b/./c?d=.. HTTP/1.1\r\n") == 0);
  CHECK(sent.find("\r\nX-Empty:\r\n") != std::string::npos);
  CHECK(sent.find("\r\nX-Blank:\r\n") != std::string::npos);
  CHECK(sent.find("\r\nAccept:\r\n") != std::string::npos);
  CHECK(sent.find("*/*") == std::string::npos);
}

TEST_CASE("a header with a line end in its value is refused, and nothing is sent", "[http]") {
  Web web([](const std::string&) { return http_answer(200, ""); });
  const test::Answer answer = web.requests.run(
      web.executor, web.get("/", {test::text_attribute("headers.X-Evil", "a\r\nX-Injected: 1")}));
  CHECK(answer.completion->ending == Completion::Ending::NotStarted);
  CHECK(answer.completion->detail == "the header `X-Evil` has a line end in its value");
  CHECK(web.server.requests().empty());
}

TEST_CASE("a redirect is an answer, and is not followed", "[http]") {
  Web web([](const std::string& request) {
    if (request.find("GET /there") == 0) return http_answer(200, "followed");
    return std::string("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
  });
  CHECK(web.requests.run(web.executor, web.get("/")).completion->detail ==
        fmt::format("it answered 302 (http://127.0.0.1:{}/there), and 200 was expected",
                    web.server.port()));
  CHECK(web.server.requests().size() == 1);
}

TEST_CASE("a server that nobody runs is out of reach; one that hangs up has been lost", "[http]") {
  Web web([](const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\npart");
  });
  const test::Answer lost = web.requests.run(web.executor, web.get("/"));
  CHECK(lost.completion->outcome == Outcome::Failed);
  CHECK(lost.completion->ending == Completion::Ending::Lost);
  runtime::ActionRequest request = web.get("/");
  request.attributes[0] =
      test::text_attribute("url", fmt::format("http://127.0.0.1:{}/", test::free_port()));
  const test::Answer nobody = web.requests.run(web.executor, std::move(request));
  CHECK(nobody.completion->ending == Completion::Ending::Unreachable);
}

TEST_CASE("a server that takes a request and hangs up without a word has been lost", "[http]") {
  Web web([](const std::string&) { return std::string(); });
  runtime::ActionRequest request = web.get("/order");
  request.attributes[1] = test::text_attribute("method", "POST");
  const auto answer = web.requests.start(web.executor, std::move(request));
  web.waiting.until([&] { return web.server.requests().size() == 1; });
  web.server.hang_up();
  web.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->completion->outcome == Outcome::Failed);
  CHECK(answer->completion->ending == Completion::Ending::Lost);
}

TEST_CASE("an answer without an end is read to a mebibyte", "[http]") {
  Web web([](const std::string&) { return http_answer(200, std::string(8 << 20, 'x') + "end"); });
  const test::Answer answer = web.requests.run(web.executor, web.get("/"));
  CHECK(answer.bytes == 1 << 20);
  CHECK(answer.completion->outcome == Outcome::Succeeded);
  const test::Answer asked =
      web.requests.run(web.executor, web.get("/", {test::text_attribute("contains", "end")}));
  CHECK(asked.completion->detail ==
        "the first MiB of its answer, which is all that is read, does not hold `end`");
}

TEST_CASE("a request that is cancelled lets go of the server", "[http]") {
  Web web([](const std::string&) { return std::string(); });
  const auto answer = web.requests.start(web.executor, web.get("/slow"));
  web.waiting.until([&] { return web.server.requests().size() == 1; });
  CHECK(!answer->completion);
  web.executor.cancel(1);
  web.waiting.until([&] { return answer->completion.has_value(); });
  CHECK(answer->completion->outcome == Outcome::Cancelled);
  web.waiting.until([&] { return web.server.open_connections() == 0; });
}

TEST_CASE("through an ssh host a server is asked that only the host can see", "[http][ssh]") {
  test::Remote remote(test::over(GENERATE("openssh", "libssh")));
  runtime::Transfers transfers(remote.waiting.loop, "");
  runtime::HttpExecutor executor(remote.waiting.loop, transfers, remote.executor.tunnels());
  test::LocalServer server(remote.waiting.loop,
                           [](const std::string&) { return http_answer(200, "from inside\n"); });
  const auto request = [&](const std::string& url) {
    runtime::ActionRequest made = remote.requests.action(
        "http", {test::text_attribute("url", url), test::text_attribute("method", "GET")});
    made.via = plan::Via::Kind::First;
    made.place = remote.server.where();
    return made;
  };
  for (int time = 0; time < 2; ++time) {
    const test::Answer answer = remote.requests.run(executor, request(server.url("/")));
    CHECK(answer.output == "from inside\n");
    CHECK(answer.completion->outcome == Outcome::Succeeded);
  }
  // The connection that it took: sshd's, and not ours.
  CHECK(remote.server.connections().size() >= 1);
  const test::Answer nobody = remote.requests.run(
      executor, request(fmt::format("http://127.0.0.1:{}/", test::free_port())));
  CHECK(nobody.completion->outcome == Outcome::Failed);
  // After a cut the way is made anew.
  remote.server.cut();
  remote.waiting.until_seen([&] { return !std::filesystem::exists(remote.control_socket(1)); });
  const test::Answer again = remote.requests.run(executor, request(server.url("/again")));
  CHECK(again.output == "from inside\n");
  remote.server.stop();
  const test::Answer away = remote.requests.run(executor, request(server.url("/")));
  CHECK(away.completion->ending == Completion::Ending::Unreachable);
}
