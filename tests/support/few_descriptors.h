// So many descriptors more than are open, for as long as it lives. It is the free numbers that
// are counted: a limit bounds numbers, and which of them this program inherited is not its choice.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <cstddef>

namespace sluice::test {

struct FewDescriptors {
  explicit FewDescriptors(std::size_t more) {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual) == 0);
    rlimit few = usual;
    for (few.rlim_cur = 0; more > 0 || ::fcntl(static_cast<int>(few.rlim_cur), F_GETFD) >= 0;
         ++few.rlim_cur) {
      if (::fcntl(static_cast<int>(few.rlim_cur), F_GETFD) < 0) --more;
    }
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &usual); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  rlimit usual{};
};

}  // namespace sluice::test
