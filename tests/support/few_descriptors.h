// So many descriptors more than are open, for as long as it lives.
#pragma once

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <filesystem>

namespace sluice::test {

struct FewDescriptors {
  explicit FewDescriptors(std::size_t more) {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &usual) == 0);
    rlimit few = usual;
    const auto open = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
    few.rlim_cur = static_cast<rlim_t>(open) + more;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &usual); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  rlimit usual{};
};

}  // namespace sluice::test
