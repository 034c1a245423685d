#include "runtime/local.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/sha256.h"
#include "base/utf8.h"
#include "runtime/files.h"
#include "runtime/output.h"
#include "runtime/outputs.h"
#include "runtime/powershell.h"
#include "runtime/powershell_actions.h"
#include "runtime/process.h"

namespace sluice::runtime {

namespace {

constexpr int most_begun_in_vain = 5;

// Where the line that holds this byte ends, or so much further on.
std::uint64_t behind_line(const std::string& path, std::uint64_t at) {
  constexpr std::size_t most = 65536;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  std::string bytes(most, '\0');
  const ssize_t got =
      file < 0 ? 0 : ::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
  if (file >= 0) ::close(file);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  const std::size_t end = bytes.find('\n');
  return at + (end == std::string::npos ? bytes.size() : end + 1);
}

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

bool holds(const std::string& path, std::string_view text) {
  const auto read = read_whole(path, text.size() + 1);
  return read && read.value() == text;
}

// Written, read back and compared: what runs is what the plan says. Scripts of the same text are
// names of one file, `shared`, where there may be links.
base::Status place_script(const std::string& path, const std::string& shared,
                          std::string_view body) {
  if (::link(shared.c_str(), path.c_str()) == 0 && holds(path, body)) return base::Done{};
  if (auto written = write_private(path, body); !written) return written;
  if (!holds(path, body)) {
    return base::Error{fmt::format("{} does not hold the script that was written to it", path)};
  }
  remove_file(shared);
  (void)!::link(path.c_str(), shared.c_str());
  return base::Done{};
}

// The script makes the file when it first writes to it, and most never do.
void fetch_outputs(const std::string& path, Completion& completion) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return;
  base::Result<std::string> bytes = std::string();
  if (!S_ISREG(status.st_mode)) {  // of a pipe without a writer nothing would ever come
    bytes = base::Error{"what stands at $SLUICE_OUTPUT is no file any more"};
  } else if (static_cast<std::size_t>(status.st_size) > most_output_file_bytes) {
    bytes = std::string(most_output_file_bytes + 1, ' ');
  } else {
    bytes = read_whole(path, most_output_file_bytes);
  }
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
  if (shell == "powershell") {
    std::vector<std::string> words = powershell_arguments(powershell_runner());
    words.insert(words.begin(), "pwsh");
    return words;
  }
  if (shell == "bash") return {"bash", "-eu", "-o", "pipefail"};
  if (shell == "python3") return {"python3"};
  return {"sh", "-eu"};
}

LocalExecutor::LocalExecutor(Loop& loop, const std::string& directory, std::string from)
    : loop_(loop),
      // Scripts may run in a directory of their own.
      directory_(std::filesystem::absolute(directory).string()),
      from_(std::move(from)),
      supervisors_(
          loop_, directory_,
          [this](const std::string& name, const Supervisor::End& end) { script_ended(name, end); },
          [this](const std::set<std::string>& names) { supervisor_gone(names); }),
      notes_(directory_, SpareFiles::Keeps::Room),
      outputs_(directory_, SpareFiles::Keeps::Nothing) {}

LocalExecutor::~LocalExecutor() {
  // Those that other programs began end when they have nothing left to do.
  wake_supervisors(directory_);
}

std::string LocalExecutor::path(const Running& row, std::string_view suffix) const {
  return fmt::format("{}/{}{}", directory_, row.name, suffix);
}

void LocalExecutor::start(ActionRequest request, Sink done) {
  const ActionRequest::Ticket ticket = request.ticket;
  Running& row = running_[ticket];
  row.name = action_key(request);
  row.request = std::move(request);
  row.done = std::move(done);
  row.adopted = row.request.resumed.has_value();
  row.shared = fmt::format("{}/script-{}", directory_, base::sha256_hex(row.request.text("body")));
  ++uses_[row.shared];
  tickets_[row.name] = ticket;
  if (row.adopted) {
    loop_.post([this, ticket] { look_at_adopted(ticket); });
  } else {
    begin(ticket);
  }
  if (!looking_) look();
}

void LocalExecutor::begin(ActionRequest::Ticket ticket) {
  Running& row = running_[ticket];
  row.adopted = false;
  row.held_back = false;
  errno = 0;
  const base::Status done = hand_over(row);
  if (done) return;
  if (says_full(errno)) return hold_back(ticket);
  fail_soon(ticket, done.error().message);
}

// That this machine has no room says nothing of the target.
void LocalExecutor::hold_back(ActionRequest::Ticket ticket) {
  constexpr base::Duration look_again{1'000};
  running_[ticket].held_back = true;
  room_timer_ = loop_.after(look_again, [this] { look_for_room(); });
}

void LocalExecutor::look_for_room() {
  std::vector<ActionRequest::Ticket> waiting;
  for (const auto& [ticket, row] : running_) {
    if (row.held_back) waiting.push_back(ticket);
  }
  for (const ActionRequest::Ticket ticket : waiting) begin(ticket);
}

std::set<scheduler::Action> LocalExecutor::held_back() const {
  std::set<scheduler::Action> actions;
  for (const auto& [ticket, row] : running_) {
    if (row.held_back) actions.insert(row.request.action);
  }
  return actions;
}

base::Status LocalExecutor::hand_over(Running& row) {
  // Moved away with the run: made anew here, it would know of what is begun, and the run would not.
  const auto around = std::filesystem::path(directory_).parent_path();
  std::error_code unknown;
  if (!std::filesystem::exists(around, unknown)) {
    return base::Error{fmt::format("{} is not there any more", around.string())};
  }
  if (base::Status made = make_private_directory(directory_); !made) return made;
  const base::Status placed = place_script(path(row, ""), row.shared, row.request.text("body"));
  if (!placed) return placed;
  const base::Result<Supervisor*> supervisor = supervisors_.least_busy();
  if (!supervisor) return supervisor.error();
  Supervisor::Script script;
  script.name = row.name;
  script.arguments = interpreter(row.request.text("shell"));
  std::vector<std::string> environment = row.request.environment_with_secrets();
  if (row.request.text("shell") == "powershell") {
    for (std::string& entry : powershell_environment(row.request)) {
      environment.push_back(std::move(entry));
    }
    environment.push_back(fmt::format("sluice_script={}", path(row, "")));
  } else {
    script.arguments.push_back(path(row, ""));
    const std::vector<std::string> more = row.request.texts("args");
    script.arguments.insert(script.arguments.end(), more.begin(), more.end());
  }
  environment.push_back(fmt::format("{}={}", output_variable, path(row, ".output")));
  script.environment = merged_environment(environment);
  script.directory = begins_in(row);
  script.spare_note = notes_.take();
  script.spare_output = outputs_.take();
  supervisor.value()->start(script);
  return base::Done{};
}

// Empty: where we are.
std::string LocalExecutor::begins_in(const Running& row) const {
  const std::string_view said = row.request.text("directory");
  if (from_.empty() || said.starts_with('/')) return std::string(said);
  return said.empty() ? from_ : fmt::format("{}/{}", from_, said);
}

void LocalExecutor::script_ended(const std::string& name, const Supervisor::End& how) {
  const auto found = tickets_.find(name);
  if (found == tickets_.end()) return;
  Running& row = running_[found->second];
  if (row.completion) return;
  ProcessEnd end;
  if (says_full(how.error) && !row.cancelled) return hold_back(found->second);
  if (how.error != 0) {
    Completion completion;
    std::error_code unknown;
    // The kernel has one error for either of the two.
    const std::string directory = begins_in(row);
    const bool has_place = directory.empty() || std::filesystem::is_directory(directory, unknown);
    completion.detail =
        how.error == ECANCELED ? "cancelled before it began"
        : !has_place
            ? fmt::format("there is no directory `{}` for it", base::printable(directory))
            : fmt::format("cannot start `{}`: {}", interpreter(row.request.text("shell")).front(),
                          std::strerror(how.error));
    return finish(found->second, std::move(completion));
  }
  (how.signal != 0 ? end.signal : end.exit_code) = how.signal != 0 ? how.signal : how.exit_code;
  finish(found->second, completion_of(end));
}

// What it watched over is looked at, and what comes gets another.
void LocalExecutor::supervisor_gone(const std::set<std::string>& names) {
  for (const std::string& name : names) {
    if (const auto found = tickets_.find(name); found != tickets_.end()) {
      running_[found->second].adopted = true;
    }
  }
}

// Again and again while something runs: shows what it has written, and finds the ends that no
// supervisor of ours tells of.
void LocalExecutor::look() {
  constexpr base::Duration look_again{100};
  constexpr std::uint64_t most_bytes = 4 << 20;
  looking_ = !running_.empty();
  if (!looking_) return;
  look_timer_ = loop_.after(look_again, [this] {
    std::vector<ActionRequest::Ticket> adopted;
    for (auto& [ticket, row] : running_) {
      if (!row.completion) deliver(row, row.delivered + most_bytes);
      if (row.adopted) adopted.push_back(ticket);
    }
    // One that is stopped would tell of no end.
    supervisors_.wake();
    if (!adopted.empty()) wake_supervisors(directory_);
    for (const ActionRequest::Ticket ticket : adopted) look_at_adopted(ticket);
    look();
  });
}

void LocalExecutor::look_at_adopted(ActionRequest::Ticket ticket) {
  const auto found = running_.find(ticket);
  if (found == running_.end() || !found->second.adopted || found->second.completion) return;
  Running& row = found->second;
  const ScriptState state = state_of(row.name);
  Completion lost;
  lost.ending = Completion::Ending::Lost;
  ProcessEnd end;
  std::error_code unknown;
  switch (state.kind) {
    case ScriptState::Kind::Running:
      if (!row.cancelled) return;
      tell_to_end(row, row.name);
      return;
    case ScriptState::Kind::NotStarted:
      // It was there before the first of them: without it nothing tells what has begun.
      if (!std::filesystem::is_directory(directory_, unknown)) {
        lost.detail = "the folder of its files is gone, and it may have begun";
        return finish(ticket, std::move(lost));
      }
      // After a boot what was not on the disk yet is no proof of anything.
      if (row.request.resumed && !row.request.resumed->same_boot) {
        lost.detail = "this machine has booted since, and it may have begun";
        return conclude(ticket, std::move(lost));
      }
      if (!row.cancelled && ++row.begun_in_vain > most_begun_in_vain) {
        lost.ending = Completion::Ending::NotStarted;
        lost.detail = "what watches over scripts ends each time before it has begun this one";
        return finish(ticket, std::move(lost));
      }
      if (!row.cancelled) return begin(ticket);
      lost.ending = Completion::Ending::NotStarted;
      lost.detail = "cancelled before it began";
      return finish(ticket, std::move(lost));
    case ScriptState::Kind::Ended:
      (state.signal != 0 ? end.signal : end.exit_code) =
          state.signal != 0 ? state.signal : state.exit_code;
      return conclude(ticket, completion_of(end));
    case ScriptState::Kind::LostKilled:
      lost.detail = "what watched over it was killed";
      return conclude(ticket, std::move(lost));
    case ScriptState::Kind::LostReboot:
      lost.detail = "this machine has booted since it began";
      return conclude(ticket, std::move(lost));
  }
}

ScriptState LocalExecutor::state_of(const std::string& name) const {
  return script_state(directory_, name, supervisors_.names());
}

void LocalExecutor::tell_to_end(Running& row, const std::string& name) {
  const bool told = row.told.contains(name);
  if (told && loop_.now() < row.kill_at) return;
  // One that begins just now is not written down yet: it is told when it is.
  if (signal_script(directory_, name, told ? SIGKILL : SIGTERM)) row.told.insert(name);
}

// Nobody goes on with what is cancelled: what a program before this one began in its place is over
// before it is.
void LocalExecutor::conclude(ActionRequest::Ticket ticket, Completion completion) {
  Running& row = running_[ticket];
  if (row.cancelled && (is_left(row, row.name) || ends_later(row))) return;  // looked at again
  finish(ticket, std::move(completion));
}

// Whether anything of its session is left, where it was told to end and has ended itself.
bool LocalExecutor::is_left(Running& row, const std::string& name) {
  if (row.told.count(name) == 0 || !script_left(directory_, name)) return false;
  tell_to_end(row, name);
  return true;
}

// Whether any of it runs, which is told to end then.
bool LocalExecutor::ends_later(Running& row) {
  bool runs = false;
  for (const std::string& name : row.request.later) {
    if (state_of(name).kind == ScriptState::Kind::Running) {
      tell_to_end(row, name);
    } else if (!is_left(row, name)) {
      continue;
    }
    runs = true;
  }
  return runs;
}

// Who writes faster than this reads never lets it come to an end: so no more than is there by now,
// not beyond `to`, and not for long, for the loop has others to see to, and their timeouts.
void LocalExecutor::deliver(Running& row, std::uint64_t to) {
  constexpr base::Duration longest{10};
  const base::Instant late = loop_.now() + longest;
  const int file = ::open(path(row, ".out").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return;
  struct stat status{};
  const std::uint64_t size =
      ::fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  const std::uint64_t end = std::min(size, to);
  std::array<char, 65536> buffer;
  while (row.delivered < end) {
    const std::size_t room = std::min<std::uint64_t>(buffer.size(), end - row.delivered);
    const ssize_t got = ::pread(file, buffer.data(), room, static_cast<off_t>(row.delivered));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    row.delivered += static_cast<std::uint64_t>(got);
    if (row.request.output) {
      row.request.output(Stream::Output, {buffer.data(), static_cast<std::size_t>(got)});
    }
    if (loop_.now() >= late) break;
  }
  ::close(file);
}

void LocalExecutor::pass_over_flood(Running& row) {
  const std::string file = path(row, ".out");
  std::error_code none;
  const std::uint64_t size = std::filesystem::file_size(file, none);
  if (none || size <= row.delivered + most_output_at_end) return;
  const std::uint64_t to = behind_line(file, size - most_output_at_end);
  deliver(row, behind_line(file, row.delivered));
  leave_out(row, to);
}

void LocalExecutor::leave_out(Running& row, std::uint64_t to) {
  if (row.delivered >= to) return;
  const std::uint64_t left_out = to - row.delivered;
  row.delivered = to;
  if (row.request.left_out) row.request.left_out(left_out);
}

void LocalExecutor::finish(ActionRequest::Ticket ticket, Completion completion) {
  Running& row = running_.find(ticket)->second;
  row.completion = std::move(completion);
  pass_over_flood(row);
  std::error_code none;
  const std::uint64_t size = std::filesystem::file_size(path(row, ".out"), none);
  row.delivered_at_end = none ? 0 : std::min(size, row.delivered + most_output_at_end);
  hand_on(ticket);
}

// The rest of what it wrote, piece by piece. Who cancels it meanwhile does not wait for that; what
// one wrote that was cancelled before it ended tells how far it came.
void LocalExecutor::hand_on(ActionRequest::Ticket ticket) {
  const auto found = running_.find(ticket);
  if (found == running_.end()) return;
  Running& row = found->second;
  const std::uint64_t before = row.delivered;
  if (row.hurried) leave_out(row, row.delivered_at_end);
  deliver(row, row.delivered_at_end);
  if (row.delivered >= row.delivered_at_end || row.delivered == before) return end(ticket);
  if (const auto ended = std::exchange(row.request.ended, nullptr)) ended();
  loop_.post([this, ticket] { hand_on(ticket); });
}

void LocalExecutor::end(ActionRequest::Ticket ticket) {
  const auto found = running_.find(ticket);
  Running& row = found->second;
  Completion completion = std::move(*row.completion);
  fetch_outputs(path(row, ".output"), completion);
  if (row.cancelled) completion.outcome = scheduler::Outcome::Cancelled;
  const Sink done = std::move(row.done);
  ended_[ticket] = {row.name, row.shared, row.request.resumed.has_value()};
  tickets_.erase(row.name);
  running_.erase(found);
  done(std::move(completion));
}

void LocalExecutor::fail_soon(ActionRequest::Ticket ticket, const std::string& why) {
  loop_.post([this, ticket, why] {
    if (running_.count(ticket) == 0) return;
    Completion failed;
    failed.detail = why;
    finish(ticket, std::move(failed));
  });
}

void LocalExecutor::cancel(ActionRequest::Ticket ticket) {
  const auto found = running_.find(ticket);
  if (found == running_.end() || found->second.cancelled) return;
  constexpr base::Duration grace{5'000};
  found->second.cancelled = true;
  found->second.hurried = found->second.completion.has_value();
  if (found->second.hurried) return;
  found->second.kill_at = loop_.now() + grace;
  // Nobody else tells that it is over.
  if (std::exchange(found->second.held_back, false)) found->second.adopted = true;
  if (!found->second.adopted) supervisors_.cancel(found->second.name);
}

void LocalExecutor::settled(ActionRequest::Ticket ticket) {
  const auto found = ended_.find(ticket);
  if (found == ended_.end()) return;
  const Ended& row = found->second;
  const auto path = [&](const char* suffix) {
    return fmt::format("{}/{}{}", directory_, row.name, suffix);
  };
  notes_.put(path(".started"));
  outputs_.put(path(".out"));
  for (const char* suffix : {"", ".output"}) remove_file(path(suffix));
  if (row.resumed) {  // perhaps an older program's
    for (const char* suffix : {".exit", ".pid"}) remove_file(path(suffix));
  }
  if (const auto uses = uses_.find(row.shared); --uses->second == 0) {
    remove_file(row.shared);
    uses_.erase(uses);
  }
  ended_.erase(found);
}

}  // namespace sluice::runtime
