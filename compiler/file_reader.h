// How the compiler gets at what stands outside of a text: it opens no file and starts no program
// itself. Who calls it hands in a FileReader, which says what may be reached.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::compiler {

class FileReader {
 public:
  struct File {
    std::string path;  // links followed: the same file has the same path
    std::string name;  // how messages call it
    std::string text;
    bool program = false;  // it may be started, and begins as programs do
  };

  // What a file of any size is known by.
  struct Stamp {
    std::uint64_t bytes = 0;
    std::string sha256;
    bool operator==(const Stamp&) const = default;
  };

  virtual ~FileReader() = default;
  // Of the file that is compiled; empty where it is none (standard input).
  virtual std::string main_path() const = 0;
  // The file that `path` names, seen from the file at `from` (a File's path).
  // Fails where it lies, links followed, outside of the folder that files may come from.
  virtual base::Result<File> read(const std::string& from, const std::string& path,
                                  std::size_t most_bytes) = 0;
  // Of the file that `path` names, seen from there: of an archive, which is never read as text.
  // Nothing where there is no such file yet. Fails as read() does.
  virtual base::Result<std::optional<Stamp>> stamp(const std::string& from,
                                                   const std::string& path) {
    (void)from, (void)path;
    return std::optional<Stamp>();
  }
  // The names in a folder, sorted; none where there is no such folder.
  virtual std::vector<std::string> list(const std::string& from, const std::string& path) = 0;
  // What the program at `path` (a File's) prints when it is started with `--list`. Fails where
  // programs are not to be started, or it takes too long or prints too much.
  virtual base::Result<std::string> run(const std::string& path) = 0;
  // Whether programs are started at all; false: `run` is not called.
  virtual bool may_run() const = 0;
};

}  // namespace sluice::compiler
