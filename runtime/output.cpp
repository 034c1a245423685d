#include "runtime/output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <tuple>

#include "base/characters.h"
#include "base/utf8.h"

namespace sluice::runtime {

namespace {

constexpr std::size_t most_tail_bytes = 4096;
constexpr std::size_t most_line_bytes = 4096;  // a longer line is shown in pieces

// A host's name in a file's name: what is not plain becomes %XX.
std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = base::is_letter_or_digit(c) || c == '-' || c == '_';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  constexpr std::size_t most = 150;
  return out.substr(0, most);
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned int byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::sscanf(std::string(text.substr(i + 1, 2)).c_str(), "%2X", &byte) == 1) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string name_prefix(const scheduler::Action& action) {
  return fmt::format("{}.{}.{}.{}.{}.", action.step.value, action.lane, action.task,
                     static_cast<int>(action.part), action.attempt);
}

std::string file_name(const scheduler::Action& action, const std::string& host) {
  return name_prefix(action) + encoded(host);
}

std::vector<std::string> lines_of_tail(std::string_view tail) {
  std::string rest;
  std::vector<std::string> lines = take_lines(rest, tail);
  if (!rest.empty()) lines.push_back(base::printable(rest));
  if (lines.size() > most_last_lines) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(most_last_lines));
  }
  return lines;
}

}  // namespace

std::string said_of_left_out(std::uint64_t bytes) {
  return fmt::format("sluice: {} bytes of its output are left out here\n", bytes);
}

void OutputStore::append(const scheduler::Action& action, const std::string& host,
                         std::string_view bytes) {
  std::string& tail = tails_[action];
  tail.append(bytes.substr(bytes.size() - std::min(bytes.size(), most_tail_bytes)));
  if (tail.size() > most_tail_bytes) tail.erase(0, tail.size() - most_tail_bytes);
  const std::string path = directory_ + "/" + file_name(action, host);
  const int file =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  while (file >= 0 && !bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (file >= 0) ::close(file);
  bytes_not_written_ += bytes.size();
}

void OutputStore::forget(const scheduler::Action& action) {
  tails_.erase(action);
  const std::string prefix = name_prefix(action);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    if (entry.path().filename().string().find(prefix) == 0) {
      ::unlink(entry.path().c_str());
    }
  }
}

std::vector<std::string> OutputStore::take_tail(const scheduler::Action& action) {
  const auto found = tails_.find(action);
  if (found == tails_.end()) return {};
  std::vector<std::string> lines = lines_of_tail(found->second);
  tails_.erase(found);
  return lines;
}

std::vector<std::string> last_lines(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return {};
  const off_t size = ::lseek(file, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(most_tail_bytes));
  std::string tail(most_tail_bytes, '\0');
  const ssize_t got = ::pread(file, tail.data(), tail.size(), from);
  ::close(file);
  tail.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  return lines_of_tail(tail);
}

std::vector<StoredOutput> list_output(const std::string& directory) {
  std::vector<StoredOutput> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    StoredOutput row;
    int consumed = 0;
    scheduler::Action& action = row.action;
    unsigned int part = 0;
    const int fields = std::sscanf(name.c_str(), "%u.%u.%u.%u.%u.%n", &action.step.value,
                                   &action.lane, &action.task, &part, &action.attempt, &consumed);
    if (fields != 5 || consumed == 0 || part > static_cast<unsigned int>(scheduler::Part::Census)) {
      continue;
    }
    action.part = static_cast<scheduler::Part>(part);
    row.host = decoded(std::string_view(name).substr(static_cast<std::size_t>(consumed)));
    row.path = entry.path().string();
    found.push_back(std::move(row));
  }
  std::sort(found.begin(), found.end(), [](const StoredOutput& a, const StoredOutput& b) {
    return std::tie(a.action, a.host) < std::tie(b.action, b.host);
  });
  return found;
}

std::vector<std::string> take_lines(std::string& rest, std::string_view bytes) {
  std::vector<std::string> lines;
  const auto add = [&lines](std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(base::printable(line));
  };
  rest.append(bytes);
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = rest.find('\n', begin);
    if (end == std::string::npos) break;
    add(std::string_view(rest).substr(begin, end - begin));
    begin = end + 1;
  }
  rest.erase(0, begin);
  while (rest.size() > most_line_bytes) {
    add(std::string_view(rest).substr(0, most_line_bytes));
    rest.erase(0, most_line_bytes);
  }
  return lines;
}

}  // namespace sluice::runtime
