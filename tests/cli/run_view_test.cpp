// The lines of a run as a program reads them.
#include "cli/run_view.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/golden.h"
#include "support/tiny_plan.h"

using namespace sluice;

namespace {

std::vector<std::string> times_of(const std::string& lines) {
  std::vector<std::string> times;
  const std::string key = "\"at_ms\":";
  for (std::size_t at = lines.find(key); at != std::string::npos; at = lines.find(key, at + 1)) {
    const std::size_t begin = at + key.size();
    times.push_back(lines.substr(begin, lines.find(',', begin) - begin));
  }
  return times;
}

}  // namespace

TEST_CASE("no line of events is earlier than the one before it", "[view]") {
  const test::TemporaryDirectory place;
  const std::string path = place.path() + "/events";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(file >= 0);
  const plan::Plan plan = test::tiny_plan("Update on a\n");
  runtime::OutputStore store(place.path());
  runtime::Loop loop;
  cli::PatientOutput words(loop, file, 1 << 16);
  cli::PatientOutput events(loop, file, 1 << 16);
  cli::ViewOptions options;
  options.json = true;
  cli::RunView view(plan, store, {words, events}, options);
  // The clock has gone on since the instant at which the run has ended.
  std::vector<base::Instant> ends;
  view.before_end([&](base::Instant at) {
    ends.push_back(at);
    view.left_prediction({}, "", at);
    view.left_prediction({}, "", {at.ms + 1});
  });
  scheduler::Command end;
  end.kind = scheduler::Command::Kind::DeploymentEnded;
  end.state = scheduler::State::Succeeded;
  runtime::Instant instant;
  instant.at = {70};
  view.instant(instant, {end});
  ::close(file);
  CHECK(ends == std::vector{base::Instant{70}});
  CHECK(times_of(test::read_text(path)) == std::vector<std::string>{"70", "71", "71"});
}
