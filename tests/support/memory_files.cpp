#include "support/memory_files.h"

#include <fmt/format.h>

#include <set>

namespace sluice::test {

namespace {

// Seen from a file in the same tree; `..` goes up.
std::string beside(const std::string& from, const std::string& path) {
  std::string folder =
      from.substr(0, from.rfind('/') == std::string::npos ? 0 : from.rfind('/') + 1);
  std::string rest = path;
  while (rest.starts_with("../") && !folder.empty()) {
    rest.erase(0, 3);
    folder.pop_back();
    const std::size_t slash = folder.rfind('/');
    folder.resize(slash == std::string::npos ? 0 : slash + 1);
  }
  return folder + rest;
}

}  // namespace

MemoryFiles::MemoryFiles(std::string_view text) {
  std::string* into = &main_;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with("=== ")) {
      into = &files_[std::string(line.substr(4))];
    } else {
      into->append(text.substr(0, std::min(end + 1, text.size())));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

base::Result<compiler::FileReader::File> MemoryFiles::read(const std::string& from,
                                                           const std::string& path,
                                                           std::size_t most_bytes) {
  File file;
  file.path = file.name = beside(from, path);
  const auto found = files_.find(file.path);
  if (found == files_.end()) {
    return base::Error{fmt::format("cannot read {}: there is no such file", file.name)};
  }
  file.program = file.path.ends_with(".sh");
  file.text = found->second.substr(0, most_bytes);
  return file;
}

std::vector<std::string> MemoryFiles::list(const std::string& from, const std::string& path) {
  const std::string folder = beside(from, path) + "/";
  std::set<std::string> names;
  for (const auto& [name, text] : files_) {
    if (!name.starts_with(folder)) continue;
    const std::string rest = name.substr(folder.size());
    names.insert(rest.substr(0, rest.find('/')));
  }
  return {names.begin(), names.end()};
}

base::Result<std::string> MemoryFiles::run(const std::string& path) {
  return files_.at(path);
}

}  // namespace sluice::test
