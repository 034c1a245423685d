#include "runtime/package.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/characters.h"
#include "base/utf8.h"
#include "runtime/package_script.h"
#include "runtime/works.h"

namespace sluice::runtime {

namespace {

const std::string* known_text(const plan::Action& action, std::string_view name) {
  const plan::Expression* expression = action.attribute(name);
  const plan::Value* value = expression == nullptr ? nullptr : plan::constant_value(*expression);
  return value == nullptr ? nullptr : std::get_if<std::string>(&value->content);
}

std::uint64_t known_number(const plan::Action& action, std::string_view name) {
  const plan::Expression* expression = action.attribute(name);
  const plan::Value* value = expression == nullptr ? nullptr : plan::constant_value(*expression);
  const auto* number = value == nullptr ? nullptr : std::get_if<plan::Number>(&value->content);
  return number == nullptr ? 0 : static_cast<std::uint64_t>(number->micros / 1'000'000);
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

}  // namespace

std::string release_name(const std::string& source, const std::string& sha256) {
  constexpr std::size_t most_letters = 100;
  constexpr std::size_t enough = 12;
  std::string name(archive_stem(source).substr(0, most_letters));
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        const bool plain =
            base::is_letter_or_digit(c) || c == '.' || c == '_' || c == '+' || c == '-';
        return !plain;
      },
      '_');
  if (name.empty() || name.front() == '.' || name.front() == '-') name.insert(0, "_");
  return fmt::format("{}-{}", name, sha256.substr(0, enough));
}

PackageExecutor::PackageExecutor(Loop& loop, Scripts scripts, SshUploads& uploads,
                                 std::string program)
    : ScriptKind(scripts.local, scripts.ssh),
      loop_(loop),
      uploads_(uploads),
      program_(std::move(program)) {}

std::string PackageExecutor::check(const plan::Plan& plan, const std::string& folder) {
  return first_problem(
      plan, [&](const plan::Step&, const plan::Work& work) { return check(plan, work, folder); });
}

std::string PackageExecutor::check(const plan::Plan& plan, const plan::Work& work,
                                   const std::string& folder) {
  if (work.action.kind != "package") return "";
  const std::string* source = known_text(work.action, "source");
  std::string problem = source == nullptr ? "`source` is not known before the run"
                                          : check(work.action, *source, folder);
  if (problem.empty()) return "";
  const std::string place = plan::place_text(plan, work.action_place);
  return fmt::format("{}{}{}", place, place.empty() ? "" : ": ", problem);
}

std::string PackageExecutor::check(const plan::Action& action, const std::string& source,
                                   const std::string& folder) {
  const std::string* sha256 = known_text(action, "sha256");
  const auto known = archives_.find(source);
  if (known == archives_.end()) {
    Archive archive;
    // The script on this machine may run in a folder of its own.
    std::error_code unknown;
    archive.path =
        std::filesystem::absolute(std::filesystem::path(folder) / source, unknown).string();
    const std::string name = base::printable(source);
    const auto format = archive_format(source);
    if (!format) return fmt::format("{} is none of .tar.gz, .tar.zst, .zip and .nupkg", name);
    archive.format = *format;
    const auto digest = digest_file(archive.path);
    if (!digest) return base::printable(digest.error().message);
    archive.digest = digest.value();
    const auto content = check_archive(archive.path);
    if (!content) return fmt::format("{} is refused: {}", name, content.error().message);
    archive.content = content.value();
    archives_[source] = std::move(archive);
  }
  const FileDigest& digest = archives_[source].digest;
  if (sha256 == nullptr) {
    return fmt::format(
        "{} was not there when the plan was made, so it does not say which archive is meant: make "
        "the plan anew",
        base::printable(source));
  }
  const std::uint64_t size = known_number(action, "size");
  if (lower_case(*sha256) != digest.sha256 || (size != 0 && size != digest.bytes)) {
    return fmt::format(
        "{} is not the archive that the plan was made for: its SHA-256 is {}, and not {}",
        base::printable(source), digest.sha256, base::printable(*sha256));
  }
  return "";
}

void PackageExecutor::answer_soon(Sink done, Completion completion) {
  loop_.post([done = std::move(done), completion = std::move(completion)] { done(completion); });
}

void PackageExecutor::start(ActionRequest request, Sink done) {
  const auto found = archives_.find(std::string(request.text("source")));
  Completion refused;
  if (found == archives_.end()) {
    refused.detail = "its archive was not looked at before the run began";
    return answer_soon(std::move(done), std::move(refused));
  }
  const std::string_view to = request.text("to");
  if (to.substr(0, 1) != "/" || to.find_first_not_of("/.") == std::string_view::npos) {
    refused.detail =
        fmt::format("`{}` is no absolute path of a folder for releases alone", base::printable(to));
    return answer_soon(std::move(done), std::move(refused));
  }
  const bool here = request.place.kind == plan::Connection::Kind::Local;
  // Where it is known to have begun, the archive is there.
  if (here || (request.resumed && request.resumed->begun)) {
    return put_in_place(std::move(request), found->second, std::move(done));
  }
  upload(std::move(request), found->second, std::move(done));
}

void PackageExecutor::upload(ActionRequest request, const Archive& archive, Sink done) {
  const ActionRequest::Ticket ticket = request.ticket;
  Upload upload;
  upload.place = request.place;
  upload.run = request.run;
  upload.path = archive.path;
  upload.digest = archive.digest;
  upload.format = archive.format;
  upload.to = request.text("to");
  upload.name = release_name(std::string(request.text("source")), archive.digest.sha256);
  upload.listing = archive.content.listing;
  auto told = [output = request.output](const std::string& text) {
    if (output) output(Stream::Output, text);
  };
  sending_[ticket] = {std::move(request), std::move(done)};
  uploads_.start(ticket, std::move(upload), std::move(told),
                 [this, ticket](const UploadEnd& end) { uploaded(ticket, end); });
}

void PackageExecutor::uploaded(ActionRequest::Ticket ticket, const UploadEnd& end) {
  Sending row = std::move(sending_[ticket]);
  sending_.erase(ticket);
  Completion failed;
  failed.detail = end.why;
  switch (end.how) {
    case UploadEnd::How::Unreachable:
      failed.ending = Completion::Ending::Unreachable;
      return row.done(failed);
    case UploadEnd::How::Failed:
      return row.done(failed);
    case UploadEnd::How::Here:
    case UploadEnd::How::Needless:
      break;
  }
  const Archive& archive = archives_[std::string(row.request.text("source"))];
  put_in_place(std::move(row.request), archive, std::move(row.done));
}

void PackageExecutor::put_in_place(ActionRequest request, const Archive& archive, Sink done) {
  const bool here = request.place.kind == plan::Connection::Kind::Local;
  const plan::Value* keep = request.attribute("keep");
  const std::string name = release_name(std::string(request.text("source")), archive.digest.sha256);
  const auto set = [&](std::string_view variable, std::string_view value) {
    request.environment.push_back(fmt::format("sluice_package_{}={}", variable, value));
  };
  set("after", request.text("after"));
  set("archive", here ? archive.path : "");
  set("before", request.text("before"));
  set("digest", archive.digest.sha256);
  set("format", archive_format_name(archive.format));
  set("keep", keep == nullptr ? "5" : plan::environment_text(*keep));
  set("listing", archive.content.listing);
  set("name", name);
  set("to", request.text("to"));
  set("unpack", here ? program_ : "");
  request.becomes_script(package_script_text.substr(1));
  hand_over(std::move(request), std::move(done));
}

void PackageExecutor::cancel(ActionRequest::Ticket ticket) {
  const auto found = sending_.find(ticket);
  if (found == sending_.end()) return ScriptKind::cancel(ticket);
  uploads_.cancel(ticket);
  Completion cancelled;
  cancelled.outcome = scheduler::Outcome::Cancelled;
  cancelled.detail = "cancelled while the archive was on its way";
  answer_soon(std::move(found->second.done), std::move(cancelled));
  sending_.erase(found);
}

}  // namespace sluice::runtime
