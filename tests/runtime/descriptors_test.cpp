#include "runtime/descriptors.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "runtime/local.h"
#include "support/executing.h"
#include "support/golden.h"

using namespace sluice;

TEST_CASE("this program may open what the system lets it, and what it starts what it might before",
          "[process]") {
  rlimit usual{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual) == 0);
  REQUIRE(usual.rlim_max > 200);
  rlimit few = usual;
  few.rlim_cur = 200;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  runtime::raise_descriptor_limit();
  runtime::raise_descriptor_limit();
  CHECK(runtime::most_descriptors() == usual.rlim_max);

  test::Waiting waiting;
  runtime::Processes processes(waiting.loop);
  std::string said;
  bool ended = false;
  runtime::ProcessOptions options;
  options.arguments = {"sh", "-c", "ulimit -Sn; ulimit -Hn"};
  options.environment = {"PATH=/usr/bin:/bin"};
  options.on_output = [&](runtime::Stream, std::string_view bytes) { said += bytes; };
  options.on_end = [&](const runtime::ProcessEnd&) { ended = true; };
  processes.start(std::move(options));
  waiting.until([&] { return ended; });
  CHECK(said == fmt::format("200\n{}\n", usual.rlim_max));

  const test::TemporaryDirectory place;
  test::Requests requests(waiting);
  runtime::LocalExecutor local(waiting.loop, place.path());
  CHECK(requests.run(local, requests.script(test::local_place(), "ulimit -Sn\n")).output ==
        "200\n");
  ::setrlimit(RLIMIT_NOFILE, &usual);
}
