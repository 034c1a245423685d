// The limit of carrying out: how many programs this machine starts and waits for, by vfork + exec,
// with a few in flight. It reads no output, writes no journal and keeps no order.
//
// usage: limit_spawn COUNT IN_FLIGHT PROGRAM [ARGUMENT…]
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

double now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void start(char* const* words) {
  const pid_t child = ::vfork();
  if (child == 0) {
    ::execv(words[0], words);
    ::_exit(127);
  }
  if (child < 0) std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: limit_spawn COUNT IN_FLIGHT PROGRAM [ARGUMENT…]\n");
    return 2;
  }
  const long count = std::strtol(argv[1], nullptr, 10);
  const long in_flight = std::strtol(argv[2], nullptr, 10);
  const double begin = now();
  long started = 0;
  for (; started < in_flight && started < count; ++started) start(argv + 3);
  for (long ended = 0; ended < count; ++ended) {
    int status = 0;
    if (::wait(&status) < 0 || status != 0) return 1;
    if (started < count) {
      start(argv + 3);
      ++started;
    }
  }
  const double seconds = now() - begin;
  std::printf("{\"seconds\": %.4f, \"per_second\": %.0f}\n", seconds,
              static_cast<double>(count) / seconds);
  return 0;
}
