#include "runtime/local.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/sha256.h"
#include "runtime/files.h"
#include "runtime/outputs.h"

namespace sluice::runtime {

namespace {

// Ours below, the request's on top; the last of a name counts for every program, so drop the first.
std::vector<std::string> merged_environment(const std::vector<std::string>& wanted) {
  std::vector<std::string> merged;
  const auto name_of = [](std::string_view entry) { return entry.substr(0, entry.find('=')); };
  for (std::string& entry : inherited_environment()) {
    const bool replaced = std::any_of(wanted.begin(), wanted.end(), [&](const std::string& other) {
      return name_of(other) == name_of(entry);
    });
    if (!replaced) merged.push_back(std::move(entry));
  }
  merged.insert(merged.end(), wanted.begin(), wanted.end());
  return merged;
}

void append_arguments(const ActionRequest& request, std::vector<std::string>& words) {
  const plan::Value* value = request.attribute("args");
  if (value == nullptr) return;
  for (const plan::Value& item : std::get<plan::Value::List>(value->content)) {
    words.push_back(plan::environment_text(item));
  }
}

// Written, synced, read back and compared: what runs is what the plan says.
base::Result<std::string> place_script(const std::string& directory, const ActionRequest& request) {
  const std::string path = fmt::format("{}/{}", directory, request.ticket);
  const std::string_view body = request.text("body");
  if (auto written = write_private(path, body); !written) return written.error();
  const auto read = read_whole(path, body.size() + 1);
  if (!read) return read.error();
  if (base::sha256_hex(read.value()) == base::sha256_hex(body)) return path;
  return base::Error{fmt::format("{} does not hold the script that was written to it", path)};
}

// The script makes the file when it first writes to it, and most never do.
void fetch_outputs(const std::string& path, Completion& completion) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return;
  const auto bytes = static_cast<std::size_t>(status.st_size) > most_output_file_bytes
                         ? base::Result<std::string>(std::string(most_output_file_bytes + 1, ' '))
                         : read_whole(path, most_output_file_bytes);
  if (bytes) {
    take_outputs(bytes.value(), completion);
  } else if (completion.outcome == scheduler::Outcome::Succeeded) {
    completion.outcome = scheduler::Outcome::Failed;
    completion.detail = bytes.error().message;
  }
  remove_file(path);
}

}  // namespace

std::vector<std::string> interpreter(std::string_view shell) {
  if (shell == "bash") return {"bash", "-eu", "-o", "pipefail"};
  if (shell == "python3") return {"python3"};
  return {"sh", "-eu"};
}

LocalExecutor::LocalExecutor(Loop& loop, Processes& processes, const std::string& directory)
    : loop_(loop),
      processes_(processes),
      // Scripts may run in a directory of their own.
      directory_(std::filesystem::absolute(directory).string()) {}

void LocalExecutor::start(ActionRequest request, Sink done) {
  const ActionRequest::Ticket ticket = request.ticket;
  base::Result<std::string> script = base::Error{""};
  if (auto made = make_private_directory(directory_); made) {
    script = place_script(directory_, request);
  } else {
    script = made.error();
  }
  if (!script) {
    Completion failed;
    failed.detail = script.error().message;
    loop_.post([done = std::move(done), failed] { done(failed); });
    return;
  }
  const std::string written = script.value() + ".output";
  request.environment.push_back(fmt::format("{}={}", output_variable, written));
  ProcessOptions options;
  options.arguments = interpreter(request.text("shell"));
  options.arguments.push_back(script.value());
  append_arguments(request, options.arguments);
  options.environment = merged_environment(request.environment_with_secrets());
  options.directory = std::string(request.text("directory"));
  options.merge_errors = true;
  options.on_output = std::move(request.output);
  options.on_end = [this, ticket, path = script.value(), written,
                    done = std::move(done)](const ProcessEnd& end) {
    remove_file(path);
    Completion completion = completion_of(end);
    fetch_outputs(written, completion);
    const auto found = running_.find(ticket);
    if (found->second.cancelled) completion.outcome = scheduler::Outcome::Cancelled;
    running_.erase(found);
    done(completion);
  };
  running_[ticket] = {};
  running_[ticket].process = processes_.start(std::move(options));
}

void LocalExecutor::cancel(ActionRequest::Ticket ticket) {
  const auto found = running_.find(ticket);
  if (found == running_.end()) return;
  found->second.cancelled = true;
  processes_.terminate(found->second.process);
}

}  // namespace sluice::runtime
