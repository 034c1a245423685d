// The files that a `.deploy` file names, read beneath one folder, links followed; and the programs
// among them, started where that is wanted.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "compiler/file_reader.h"

namespace sluice::cli {

class FolderReader : public compiler::FileReader {
 public:
  struct Limits {
    std::chrono::milliseconds time{60'000};     // of one program
    std::size_t bytes = std::size_t{64} << 20;  // that it prints
  };

  // `main`: the `.deploy` file as it was named, or `-`. `root`: the folder that every other file
  // lies beneath; empty: that of the main file.
  FolderReader(const std::string& main, const std::string& root, bool may_run, Limits limits);
  FolderReader(const std::string& main, const std::string& root, bool may_run)
      : FolderReader(main, root, may_run, Limits{}) {}
  ~FolderReader() override;
  FolderReader(const FolderReader&) = delete;
  FolderReader& operator=(const FolderReader&) = delete;

  std::string main_path() const override { return main_path_; }
  base::Result<File> read(const std::string& from, const std::string& path,
                          std::size_t most_bytes) override;
  base::Result<std::optional<Stamp>> stamp(const std::string& from,
                                           const std::string& path) override;
  std::vector<std::string> list(const std::string& from, const std::string& path) override;
  base::Result<std::string> run(const std::string& path) override;
  bool may_run() const override { return may_run_; }

 private:
  // As a person would write it, from where they are.
  std::string shown(const std::string& from, const std::string& path) const;
  // Links followed; fails where it is not beneath the root.
  base::Result<std::string> real_path(const std::string& from, const std::string& path) const;
  // Opens what lies beneath the root at that very place: no link is followed any more.
  int open_beneath(const std::string& real, int flags) const;

  std::string main_path_;  // links followed, or empty
  std::string root_;       // links followed, without a slash at its end; empty: there is none
  std::string root_shown_;
  int root_descriptor_ = -1;
  bool may_run_;
  Limits limits_;
  std::map<std::string, std::string> shown_;  // by path
};

}  // namespace sluice::cli
