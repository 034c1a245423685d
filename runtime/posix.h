// What calls of the system want again and again.
#pragma once

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::runtime {

// -1 afterwards; fine where it was -1.
inline void close_descriptor(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

// Bits that nobody can guess, from the system.
inline std::uint32_t random_word() {
  std::uint32_t word = 0;
  while (::getrandom(&word, sizeof word, 0) != static_cast<ssize_t>(sizeof word)) {
  }
  return word;
}

// A folder may be entered, which access() takes for the same.
inline bool is_program(const std::string& path) {
  std::error_code unreadable;
  return ::access(path.c_str(), X_OK) == 0 && !std::filesystem::is_directory(path, unreadable);
}

// Where a program is that we may start, on our PATH where its name has no slash; else its name.
inline std::string path_of_program(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  const char* path = ::getenv("PATH");
  std::string_view folders = path == nullptr ? "/usr/bin:/bin" : path;
  while (true) {
    const std::size_t end = std::min(folders.find(':'), folders.size());
    const std::filesystem::path whole = std::filesystem::path(folders.substr(0, end)) / program;
    if (is_program(whole.string())) return whole.string();
    if (end == folders.size()) return program;
    folders.remove_prefix(end + 1);
  }
}

// Whether a program is there that we may start.
inline bool can_be_started(const std::string& program) {
  const std::string path = path_of_program(program);
  return path.find('/') != std::string::npos && is_program(path);
}

// As exec and spawn take their words: they live as long as `words` do.
inline std::vector<char*> null_ended(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace sluice::runtime
