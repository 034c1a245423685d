// A pipe that is read late, or never.
#include "cli/patient_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <string>

using namespace sluice;

namespace {

constexpr std::size_t most = 200'000;  // more than a pipe holds

struct Pipe {
  int ends[2] = {-1, -1};
  runtime::Loop loop;
  Pipe() { REQUIRE(::pipe2(ends, O_CLOEXEC) == 0); }
  ~Pipe() {
    ::close(ends[1]);
    if (ends[0] >= 0) ::close(ends[0]);
  }
  // Reads until that much has come, while the loop writes what is kept.
  std::string read(std::size_t bytes) {
    std::string all;
    runtime::Loop::Watch watch = loop.watch(ends[0]);
    watch.on_readable([&] {
      char buffer[4096];
      const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
      if (got > 0) all.append(buffer, static_cast<std::size_t>(got));
      if (got <= 0 || all.size() >= bytes) loop.stop();
    });
    loop.run({});
    return all;
  }
};

// Numbered lines, so that order and losses show.
std::string lines(int first, int count) {
  std::string text;
  for (int i = first; i < first + count; ++i) text += std::to_string(100'000 + i) + "\n";
  return text;
}

}  // namespace

TEST_CASE("what nobody reads holds nobody up, and is there when somebody reads", "[output]") {
  Pipe pipe;
  cli::PatientOutput output(pipe.loop, pipe.ends[1], most);
  const std::string first = lines(0, 10'000);
  const std::string second = lines(10'000, 10'000);
  REQUIRE(output.write(first) == 0);
  CHECK(output.behind());
  REQUIRE(output.write(second) == 0);
  bool read = false;
  output.when_read([&read] { read = true; });
  CHECK(pipe.read(first.size() + second.size()) == first + second);
  CHECK(read);
  CHECK_FALSE(output.behind());
}

TEST_CASE("of what is never read a part is kept, without a gap, and the end always", "[output]") {
  Pipe pipe;
  cli::PatientOutput output(pipe.loop, pipe.ends[1], most);
  std::string kept;
  int dropped = 0;
  for (int i = 0; i < 400; ++i) {
    const std::string text = lines(i * 200, 200);
    const int reason = output.write(text);
    if (reason == 0) {
      CHECK(dropped == 0);
      kept += text;
    } else {
      CHECK(reason == EAGAIN);
      ++dropped;
    }
  }
  CHECK(kept.size() >= most);
  CHECK(dropped > 100);
  REQUIRE(output.write_last("the end\n") == 0);
  CHECK(pipe.read(kept.size() + 8) == kept + "the end\n");
  CHECK(output.write("again\n") == 0);
  CHECK(pipe.read(6) == "again\n");
}

TEST_CASE("a reader who goes away while something is kept for him is told of next", "[output]") {
  Pipe pipe;
  cli::PatientOutput output(pipe.loop, pipe.ends[1], most);
  REQUIRE(output.write(lines(0, 20'000)) == 0);
  ::close(pipe.ends[0]);
  pipe.ends[0] = -1;
  output.when_read([&pipe] { pipe.loop.stop(); });
  pipe.loop.run({});
  CHECK_FALSE(output.behind());
  CHECK(output.write("more\n") == EPIPE);
}

TEST_CASE("whoever shares the descriptor finds it as it was", "[output]") {
  Pipe pipe;
  const int before = ::fcntl(pipe.ends[1], F_GETFL);
  cli::PatientOutput output(pipe.loop, pipe.ends[1], most);
  REQUIRE(output.write(lines(0, 20'000)) == 0);
  CHECK(::fcntl(pipe.ends[1], F_GETFL) == before);
  output.give_up();
  CHECK_FALSE(output.behind());
}
