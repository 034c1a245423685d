#include "runtime/secrets.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <filesystem>

#include "base/utf8.h"
#include "runtime/files.h"
#include "runtime/loop.h"
#include "runtime/process.h"

namespace sluice::runtime {

namespace {

using base::Error;
using base::Result;

constexpr base::Duration longest_command{60'000};
constexpr std::size_t most_said = 4096;

std::string without_line_end(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  if (!text.empty() && text.back() == '\r') text.pop_back();
  return text;
}

Result<std::string> from_file(const std::string& name, const std::string& directory) {
  const std::string path = (std::filesystem::path(directory) / name).string();
  auto text = read_whole(path, most_secret_bytes + 2);
  if (!text) return text.error();
  return without_line_end(std::move(text).value());
}

std::string last_line(const std::string& said) {
  std::string_view text = said;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const std::size_t line = text.rfind('\n');
  if (line != std::string_view::npos) text.remove_prefix(line + 1);
  return text.empty() ? std::string() : fmt::format(": {}", base::printable(text));
}

Result<std::string> from_command(const std::string& command, const std::string& directory) {
  Loop loop;
  Processes processes(loop);
  std::string printed;
  std::string said;
  ProcessEnd end;
  bool too_long = false;
  ProcessOptions options;
  options.arguments = {"sh", "-c", command};
  options.environment = inherited_environment();
  options.directory = directory;
  options.on_output = [&](Stream stream, std::string_view bytes) {
    std::string& text = stream == Stream::Output ? printed : said;
    const std::size_t room = most_secret_bytes + 2 - std::min(text.size(), most_secret_bytes + 2);
    text.append(bytes.substr(0, room));
    if (&text == &said && said.size() > most_said) said.erase(0, said.size() - most_said);
  };
  options.on_end = [&](const ProcessEnd& how) {
    end = how;
    loop.stop();
  };
  const Processes::Handle handle = processes.start(std::move(options));
  const Loop::Timer deadline = loop.after(longest_command, [&] {
    too_long = true;
    processes.terminate(handle);
  });
  loop.run({});
  if (too_long) return Error{"its command took longer than a minute, and was ended"};
  if (end.exit_code == 0) return without_line_end(std::move(printed));
  return Error{fmt::format("its command: {}{}", describe(end), last_line(said))};
}

Result<std::string> read_one(const plan::Secret& secret, const std::string& directory) {
  switch (secret.source) {
    case plan::Secret::Source::Environment:
      return take_variable(secret.from);
    case plan::Secret::Source::File:
      return from_file(secret.from, directory);
    case plan::Secret::Source::Command:
      return from_command(secret.from, directory);
  }
  return Error{"it is read from nowhere"};
}

// What cannot be handed on, or not be kept out of sight.
std::string problem_of(const std::string& value) {
  if (value.size() < fewest_secret_bytes) {
    return fmt::format(
        "it has {} bytes, and a secret has at least {}: a shorter one cannot be told from other "
        "text in what is written",
        value.size(), fewest_secret_bytes);
  }
  if (value.size() > most_secret_bytes) return "it has more than 64 KiB";
  if (value.find('\0') != std::string::npos)
    return "it has a zero byte, which no variable can hold";
  return "";
}

}  // namespace

SecretText::~SecretText() {
  ::explicit_bzero(value_.data(), value_.size());
}

const SecretText* Secrets::find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> Secrets::reveal_all() const {
  std::vector<std::string_view> all;
  for (const auto& [name, value] : values_) all.push_back(value.reveal());
  return all;
}

void Secrets::add(const std::string& name, std::string value) {
  values_.emplace(name, SecretText(std::move(value)));
}

Result<Secrets> read_secrets(const plan::Plan& plan, const std::string& directory) {
  Secrets secrets;
  const auto add = [&](const plan::Secret& secret) -> base::Status {
    auto value = read_one(secret, directory);
    std::string problem = value ? problem_of(value.value()) : value.error().message;
    if (problem.empty()) {
      secrets.add(secret.name, std::move(value).value());
      return base::Done{};
    }
    const std::string place = plan::place_text(plan, secret.place);
    return Error{fmt::format("{}{}the secret `{}` cannot be read: {}", place,
                             place.empty() ? "" : ": ", secret.name, problem)};
  };
  for (const bool environment : {true, false}) {
    for (const plan::Secret& secret : plan.secrets) {
      if ((secret.source == plan::Secret::Source::Environment) != environment) continue;
      if (base::Status done = add(secret); !done) return done.error();
    }
  }
  return secrets;
}

void keep_memory_private() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace sluice::runtime
