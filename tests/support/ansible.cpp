#include "support/ansible.h"

#include <catch2/catch.hpp>
#include <cstdio>

#include "support/paths.h"

namespace sluice::test {

std::string ask_ansible(const std::vector<std::string>& words) {
  std::string command = "/usr/bin/python3 " + source_dir() + "/tests/compiler/ansible_listing.py";
  for (const std::string& word : words) command += " '" + word + "'";
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string out;
  char buffer[65536];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) {
    out.append(buffer, got);
  }
  REQUIRE(::pclose(pipe) == 0);
  return out;
}

}  // namespace sluice::test
