// Files that stand in a test: several in one text, each behind a line `=== NAME`, the main one
// before the first of them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "compiler/file_reader.h"

namespace sluice::test {

class MemoryFiles : public compiler::FileReader {
 public:
  explicit MemoryFiles(std::string_view text);

  const std::string& main() const { return main_; }
  std::map<std::string, std::string>& files() { return files_; }
  // A name that ends in `.sh` is a program; this is what it prints where it may be started.
  bool start_programs = false;

  std::string main_path() const override { return "web.deploy"; }
  base::Result<File> read(const std::string& from, const std::string& path,
                          std::size_t most_bytes) override;
  std::vector<std::string> list(const std::string& from, const std::string& path) override;
  base::Result<std::string> run(const std::string& path) override;
  bool may_run() const override { return start_programs; }

 private:
  std::string main_;
  std::map<std::string, std::string> files_;
};

}  // namespace sluice::test
