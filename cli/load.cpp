#include "cli/load.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/diagnostics.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/file_reader.h"
#include "cli/tell.h"
#include "cli/version.h"
#include "compiler/compile.h"
#include "compiler/text_check.h"
#include "plan/json.h"

extern char** environ;

namespace sluice::cli {

namespace {

using base::Error;

constexpr std::size_t most_plan_bytes = std::size_t{2} << 30;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ > 2) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

Error system_error(std::string_view what, const std::string& path) {
  return {fmt::format("cannot {} {}: {}", what, base::printable(path), std::strerror(errno))};
}

base::Status write_all(int descriptor, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("write", path);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return base::Done{};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> variables_of_environment() {
  constexpr std::string_view prefix = "SLUICE_VAR_";
  std::vector<std::pair<std::string, std::string>> found;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (text.substr(0, prefix.size()) != prefix || equals == std::string_view::npos) continue;
    found.emplace_back(text.substr(prefix.size(), equals - prefix.size()), text.substr(equals + 1));
  }
  return found;
}

namespace {

std::variant<plan::Plan, int> fail(std::string_view message) {
  return wrong(message);
}

std::variant<plan::Plan, int> read_plan(const InputOptions& input, std::string_view text) {
  if (!input.set.empty()) return fail("a saved plan takes no --set: its values are in it");
  const bool shaped = !input.environment.empty() || !input.only.empty() || !input.skip.empty() ||
                      !input.limit.empty() || !input.exclude.empty() || !input.root.empty();
  if (shaped) {
    return fail(
        "a saved plan is whole: it takes no --environment, --only, --skip, --limit, --exclude and "
        "--root");
  }
  base::Result<plan::Plan> plan = plan::from_json(text);
  if (!plan) return fail(fmt::format("{}: {}", input.file, plan.error().message));
  return std::move(plan).value();
}

// Beside it first, and then in its place: who reads it finds the old text or the new one, whole.
base::Status replace_file(const std::string& path, const struct stat* before,
                          const std::string& named, std::string_view text) {
  const mode_t mode = before != nullptr ? before->st_mode & 0777 : 0644;
  const std::string beside = fmt::format("{}.{}.tmp", path, ::getpid());
  {
    const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (file.number() < 0) return system_error("write", named);
    base::Status written = write_all(file.number(), text, named);
    // As it was: whose it is, where we may say so, and what the umask would take of its mode.
    if (before != nullptr) {
      constexpr auto who_writes = static_cast<uid_t>(-1);
      if (::fchown(file.number(), before->st_uid, before->st_gid) != 0) {
        (void)!::fchown(file.number(), who_writes, before->st_gid);
      }
      (void)::fchmod(file.number(), mode);
    }
    if (written && ::fsync(file.number()) != 0) written = system_error("write", named);
    if (!written) {
      ::unlink(beside.c_str());
      return written;
    }
  }
  if (::rename(beside.c_str(), path.c_str()) == 0) return base::Done{};
  const Error error = system_error("write", named);
  ::unlink(beside.c_str());
  return error;
}

// All of it, or as much as is `enough`.
template <class Enough>
base::Result<std::string> read_until(const std::string& path, std::size_t most_bytes,
                                     const Enough& enough) {
  const bool standard_input = path == "-";
  const Descriptor file(standard_input ? 0 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) return system_error("read", path);
  struct stat status{};
  if (::fstat(file.number(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return Error{fmt::format("cannot read {}: it is a directory", base::printable(path))};
  }
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(file.number(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", path);
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (enough(text)) return text;
    if (text.size() > most_bytes) {
      return Error{fmt::format("cannot read {}: it has more than {} bytes", base::printable(path),
                               most_bytes)};
    }
  }
}

// A `.deploy` file never begins with a brace.
bool begins_as_plan(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

}  // namespace

base::Result<std::string> read_file(const std::string& path, std::size_t most_bytes) {
  return read_until(path, most_bytes, [](const std::string& /*text*/) { return false; });
}

base::Status write_file(const std::string& path, std::string_view text) {
  if (path == "-") return write_all(1, text, "standard output");
  struct stat status{};
  const bool there = ::stat(path.c_str(), &status) == 0;
  // A device or a pipe is written to, and not replaced by a file of its name.
  if (there && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.number() < 0) return system_error("write", path);
    return write_all(file.number(), text, path);
  }
  // Where a link leads is replaced, and not the link.
  std::error_code unknown;
  const std::string real =
      there ? std::filesystem::canonical(path, unknown).string() : std::string();
  return replace_file(real.empty() ? path : real, there ? &status : nullptr, path, text);
}

std::variant<plan::Plan, int> load_plan(const InputOptions& input, Warnings warnings,
                                        std::string* document) {
  // Of what is no plan, and too long, the compiler says so; a device may have no end.
  const auto enough = [](const std::string& read) {
    return read.size() > compiler::most_source_bytes && !begins_as_plan(read);
  };
  base::Result<std::string> text = read_until(input.file, most_plan_bytes, enough);
  if (!text) return fail(text.error().message);
  if (begins_as_plan(text.value())) return read_plan(input, text.value());
  return compile_text(input, std::move(text).value(), warnings, document);
}

std::variant<plan::Plan, int> compile_text(const InputOptions& input, std::string text,
                                           Warnings warnings, std::string* document) {
  if (text.size() > compiler::most_source_bytes) text.resize(compiler::most_source_bytes + 1);
  compiler::Options options;
  options.version = program_version;
  options.environment = input.variables ? *input.variables : variables_of_environment();
  for (const std::string& setting : input.set) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(fmt::format("--set {}: write --set NAME=VALUE", base::printable(setting)));
    }
    options.set.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  options.chosen = input.environment;
  options.only = input.only;
  options.skip = input.skip;
  options.limit = input.limit;
  options.exclude = input.exclude;
  FolderReader::Limits limits;
  limits.time = std::chrono::seconds(input.program_seconds);
  FolderReader reader(input.file, input.root, input.programs, limits);
  options.reader = &reader;
  base::Sources sources;
  const std::string name = input.file == "-" ? "standard input" : input.file;
  const base::FileId file = sources.add(base::SourceFile(name, std::move(text)));
  base::Diagnostics diagnostics;
  std::optional<plan::Plan> plan = compiler::compile(sources, file, options, diagnostics);
  const bool say = !plan || warnings == Warnings::Print;
  if (document != nullptr) *document = base::diagnostics_json(diagnostics, sources);
  if (say && warnings != Warnings::Json) {
    tell("{}", base::print_diagnostics(diagnostics, sources, colour_wanted(2)));
  }
  if (!plan) return exit_wrong;
  return *std::move(plan);
}

bool colour_wanted(int file_descriptor) {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  if (set("NO_COLOR")) return false;
  const char* force = std::getenv("CLICOLOR_FORCE");
  if (force != nullptr && *force != '\0' && std::strcmp(force, "0") != 0) return true;
  const char* terminal = std::getenv("TERM");
  if (terminal == nullptr || std::strcmp(terminal, "dumb") == 0) return false;
  return ::isatty(file_descriptor) == 1;
}

bool live_lines_wanted() {
  const char* terminal = std::getenv("TERM");
  return ::isatty(2) == 1 && terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
}

bool is_terminal(int file_descriptor) {
  return ::isatty(file_descriptor) == 1;
}

// In the background a program that touches its terminal is stopped, with all that it watches over.
void forget_typed(int terminal) {
  if (::tcgetpgrp(terminal) == ::getpgrp()) ::tcflush(terminal, TCIFLUSH);
}

int terminal_width(int file_descriptor) {
  winsize size{};
  const bool known = ::ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

int terminal_height(int file_descriptor) {
  winsize size{};
  const bool known = ::ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
  return known ? size.ws_row : 24;
}

std::string folder_of(const InputOptions& input) {
  const std::filesystem::path file = input.file;
  return input.file != "-" && file.has_parent_path() ? file.parent_path().string() : ".";
}

std::string state_beside(const InputOptions& input, const std::string& said) {
  if (!said.empty()) return said;
  return (std::filesystem::path(folder_of(input)) / ".sluice").lexically_normal().string();
}

}  // namespace sluice::cli
