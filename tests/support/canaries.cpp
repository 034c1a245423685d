#include "support/canaries.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "support/golden.h"
#include "support/paths.h"

namespace sluice::test {

namespace fs = std::filesystem;

std::string Canaries::mark() {
  return fmt::format("-{}.", ::getpid());
}

bool Canaries::is_in(const std::string& text) const {
  return std::any_of(spellings_.begin(), spellings_.end(), [&](const std::string& spelling) {
    return text.find(spelling) != std::string::npos;
  });
}

std::vector<std::string> Canaries::files_below(const std::string& folder) const {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && is_in(read_text(entry.path().string()))) {
      found.push_back(entry.path().string());
    }
  }
  return found;
}

Canaries::Seen Canaries::look_at_processes() const {
  const auto is_ours = [this](const std::string& text) {
    return is_in(text) && text.find(mark()) != std::string::npos;
  };
  Seen seen;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string arguments = read_text(entry.path().string() + "/cmdline");
    std::replace(arguments.begin(), arguments.end(), '\0', ' ');
    if (is_ours(arguments)) seen.arguments.push_back(arguments);
    if (is_ours(read_text(entry.path().string() + "/environ"))) {
      seen.environments.push_back(arguments);
    }
  }
  return seen;
}

pid_t start_program(const std::vector<std::string>& arguments, const std::string& output,
                    const std::vector<std::pair<std::string, std::string>>& variables) {
  const std::string program = program_path();
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
    ::dup2(::open("/dev/null", O_RDONLY), 0);
    const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    ::dup2(file, 1);
    ::dup2(file, 2);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  return child;
}

std::string read_line(const std::string& fifo) {
  const int file = ::open(fifo.c_str(), O_RDONLY | O_CLOEXEC);
  std::string line;
  char c = 0;
  while (::read(file, &c, 1) == 1 && c != '\n') line += c;
  ::close(file);
  return line;
}

}  // namespace sluice::test
