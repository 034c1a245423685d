// Golden files: the whole expected output beside the test. `SLUICE_UPDATE_GOLDEN=1` rewrites them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

// Compares with tests/<path>; a missing file is a failure that says how to make it.
void check_golden(std::string_view path, std::string_view actual);

std::string read_text(const std::string& path);
void write_text(const std::string& path, std::string_view text);
// A fresh directory that is removed when the object goes.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The program's own binary, run with arguments; no shell.
struct ProgramResult {
  int status = 0;  // exit status; 128 + signal where one ended it
  std::string out;
  std::string err;
};
ProgramResult run_program(const std::vector<std::string>& arguments, std::string_view input = "",
                          const std::string& directory = "");

}  // namespace sluice::test
