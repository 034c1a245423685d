// Secrets that are looked for everywhere they could have come to, and a program that is looked at
// while it runs.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

class Canaries {
 public:
  // Each in every spelling that something may write it in: plain, base64, hexadecimal.
  explicit Canaries(std::vector<std::string> spellings) : spellings_(std::move(spellings)) {}

  // What ends the values of this process's tests: others of their kind may run beside it.
  static std::string mark();

  bool is_in(const std::string& text) const;
  // Files below the folder that hold one.
  std::vector<std::string> files_below(const std::string& folder) const;

  // Of all processes on this machine, by their command lines: those that hold one of ours among
  // their arguments, and in their environment.
  struct Seen {
    std::vector<std::string> arguments;
    std::vector<std::string> environments;
  };
  Seen look_at_processes() const;

 private:
  std::vector<std::string> spellings_;
};

// The program's own binary, with `variables` (NAME, value) in its environment alone; what it says
// goes to the file `output`. Who starts it waits for it.
pid_t start_program(const std::vector<std::string>& arguments, const std::string& output,
                    const std::vector<std::pair<std::string, std::string>>& variables = {});
// Of a fifo: waits for who writes it.
std::string read_line(const std::string& fifo);

}  // namespace sluice::test
