#include "runtime/descriptors.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace sluice::runtime {

namespace {

struct {
  bool raised = false;
  rlimit before{};
} limits;

}  // namespace

void raise_descriptor_limit() {
  if (limits.raised || ::getrlimit(RLIMIT_NOFILE, &limits.before) != 0) return;
  rlimit most = limits.before;
  most.rlim_cur = most.rlim_max;
  // Before a thread could fork: from now on a child is told on its own.
  if (::pthread_atfork(nullptr, nullptr, restore_descriptor_limit) != 0) return;
  limits.raised = ::setrlimit(RLIMIT_NOFILE, &most) == 0;
}

std::size_t most_descriptors() {
  rlimit now{};
  return ::getrlimit(RLIMIT_NOFILE, &now) == 0 ? static_cast<std::size_t>(now.rlim_cur) : 0;
}

bool descriptors_are_free(std::size_t count) {
  std::vector<int> taken;
  while (taken.size() < count) {
    const int one = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (one < 0) break;
    taken.push_back(one);
  }
  for (const int one : taken) ::close(one);
  return taken.size() == count;
}

void restore_descriptor_limit() {
  if (limits.raised) (void)::setrlimit(RLIMIT_NOFILE, &limits.before);
}

}  // namespace sluice::runtime
