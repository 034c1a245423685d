#include "support/golden.h"
#include "support/paths.h"
#include "support/run_words.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::test {

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(const std::string& path, std::string_view text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

void check_golden(std::string_view path, std::string_view actual) {
  const std::string full = test::source_dir() + "/tests/" + std::string(path);
  if (std::getenv("SLUICE_UPDATE_GOLDEN") != nullptr) {
    write_text(full, actual);
    return;
  }
  INFO("golden file " << full << "; SLUICE_UPDATE_GOLDEN=1 rewrites it");
  REQUIRE(std::filesystem::exists(full));
  CHECK(read_text(full) == actual);
}

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sluice-test-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

ProgramResult run_program(const std::vector<std::string>& arguments, std::string_view input,
                          const std::string& directory) {
  std::vector<std::string> words = {test::program_path()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run_words(words, input, directory);
}

ProgramResult run_words(const std::vector<std::string>& words_given, std::string_view input,
                        const std::string& directory) {
  // Files instead of pipes: no reader is needed while the program runs, and nothing can block.
  const TemporaryDirectory place;
  const std::string in = place.path() + "/in";
  const std::string out = place.path() + "/out";
  const std::string err = place.path() + "/err";
  write_text(in, input);
  std::vector<char*> words;
  std::vector<std::string> copies = words_given;
  for (std::string& argument : copies) words.push_back(argument.data());
  words.push_back(nullptr);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (!directory.empty() && ::chdir(directory.c_str()) != 0) ::_exit(126);
    ::dup2(::open(in.c_str(), O_RDONLY), 0);
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT, 0600), 1);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT, 0600), 2);
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  ProgramResult result;
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = read_text(out);
  result.err = read_text(err);
  return result;
}

}  // namespace sluice::test
