#include "runtime/ssh_upload.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/utf8.h"
#include "runtime/request.h"
#include "runtime/ssh_attempt.h"
#include "runtime/ssh_login.h"
#include "runtime/ssh_upload_text.h"
#include "runtime/ssh_wrapper.h"

namespace sluice::runtime {

namespace {

constexpr std::uint32_t most_spoilt = 2;
constexpr std::uint32_t most_silent = 3;
constexpr std::uint32_t most_stuck = 5;
constexpr std::size_t most_said = 4096;

std::string with_place(std::string_view text) {
  std::string whole(text);
  constexpr std::string_view mark = "\nPLACE\n";
  whole.replace(whole.find(mark), mark.size(), upload_place_text);
  return whole;
}

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
  constexpr double step = 1024;
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  constexpr std::array<std::string_view, 5> units{"bytes", "KiB", "MiB", "GiB", "TiB"};
  while (value >= step && unit + 1 < units.size()) {
    value /= step;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} bytes", bytes);
  return fmt::format("{:.1f} {}", value, units[unit]);
}

// One file on its way to one host: asks what is there, sends what is missing, asks again, until the
// host says that it has it.
class SshUploads::Row {
 public:
  Row(SshUploads& uploads, Ticket ticket, Upload wanted, Told told, Ended then)
      : upload(std::move(wanted)),
        ended(std::move(then)),
        uploads_(uploads),
        ticket_(ticket),
        told_(std::move(told)) {}
  ~Row() {
    if (session_ != 0) connection_->release(session_);
    if (file_ >= 0) ::close(file_);
  }
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;

  void begin() {
    begun = true;
    if (std::string problem = connection_problem(upload.place); !problem.empty()) {
      return end_soon({UploadEnd::How::Failed, std::move(problem)});
    }
    connection_ = &uploads_.hosts_.connection(upload.place, upload.run);
    file_ = ::open(upload.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) {
      const std::string why = fmt::format("cannot read {}: {}", upload.path, std::strerror(errno));
      return end_soon({UploadEnd::How::Failed, why});
    }
    ask();
  }

  // By how the host is reached: several targets may be one host, where each would end the other's.
  bool same_as(const Row& other) const {
    return upload.place.address == other.upload.place.address &&
           upload.place.settings == other.upload.place.settings &&
           upload.digest.sha256 == other.upload.digest.sha256;
  }

  Upload upload;
  Ended ended;
  bool begun = false;

 private:
  void end(UploadEnd how) { uploads_.ended(ticket_, std::move(how)); }
  void end_soon(const UploadEnd& how) {
    later_ = uploads_.loop_.after({}, [this, how] { end(how); });
  }

  void ask() {
    nonce_ = fresh_nonce();
    heard_.clear();
    said_.clear();
    SshConnection::Request request;
    request.command = shell_command(with_place(upload_offer_text));
    request.input =
        fmt::format("{} {} {} {} {} {} {}\n{}\n", nonce_, wrapper_run_name(upload.run),
                    upload.digest.sha256, upload.digest.bytes, archive_format_name(upload.format),
                    upload.listing, upload.name, upload.to);
    request.patience = uploads_.settings_.patience;
    request.on_output = [this](Stream stream, std::string_view bytes) { hear(stream, bytes); };
    request.on_end = [this](const SshConnection::End& how) {
      session_ = 0;
      answered(how);
    };
    session_ = connection_->open(std::move(request));
  }

  // Whatever the login writes before it: the line that is waited for is short.
  void hear(Stream stream, std::string_view bytes) {
    if (stream == Stream::Output) {
      heard_.append(bytes);
      // It may look at large files from now on, and say nothing for long.
      if (heard_.find(nonce_ + "-begun") != std::string::npos) connection_->heard(session_);
      const std::size_t at = heard_.find(nonce_ + " ");
      if (at != std::string::npos) {
        heard_ = heard_.substr(at, most_said);
      } else if (heard_.size() > most_said) {
        heard_.erase(0, heard_.size() - most_said);
      }
      return;
    }
    said_.append(bytes.substr(0, most_said - std::min(most_said, said_.size())));
  }

  // The line that the host's text has written; nothing where none came whole.
  std::optional<std::string> line() const {
    const std::size_t at = heard_.find(nonce_ + " ");
    if (at == std::string::npos) return std::nullopt;
    const std::size_t begin = at + nonce_.size() + 1;
    const std::size_t end = heard_.find('\n', begin);
    if (end == std::string::npos) return std::nullopt;
    return heard_.substr(begin, end - begin);
  }

  void answered(const SshConnection::End& how) {
    const auto said = line();
    if (!said) return no_answer(how);
    reached_ = true;
    silent_ = 0;
    if (*said == "there") return end({UploadEnd::How::Needless, ""});
    if (*said == "have") {
      tell_of_all();
      return end({UploadEnd::How::Here, ""});
    }
    if (said->starts_with("refused ")) {
      const std::string why = said_.empty() ? "" : fmt::format(" ({})", ssh_reason(said_));
      return end({UploadEnd::How::Failed, base::printable(said->substr(8)) + why});
    }
    if (*said == "spoilt") {
      if (++spoilt_ < most_spoilt) {
        told_(fmt::format("what arrived is not {}: it is sent again\n", upload.path));
        return ask();
      }
      return end({UploadEnd::How::Failed,
                  fmt::format("what arrived is not {}: its SHA-256 is another", upload.path)});
    }
    std::uint64_t offset = 0;
    for (const char digit : said->substr(said->find(' ') + 1)) {
      if (digit >= '0' && digit <= '9') offset = offset * 10 + static_cast<unsigned>(digit - '0');
    }
    // A host that answers and takes nothing is away all the same.
    if (!had_ || offset != *had_) {
      away_since_.reset();
      away_why_.clear();
      tries_ = 0;
    }
    had_ = offset;
    send(std::min(offset, upload.digest.bytes));
  }

  void no_answer(const SshConnection::End& how) {
    using How = SshConnection::End::How;
    if (how.how == How::Unreachable && !reached_) {
      return end({UploadEnd::How::Unreachable, how.why});
    }
    if (how.how == How::Refused && !reached_) return end({UploadEnd::How::Failed, how.why});
    if (how.how == How::Exited && ++silent_ >= most_silent) {
      return end({UploadEnd::How::Failed, login_problem(how.exit_value, heard_, said_)});
    }
    if (how.how == How::Broken) away_why_ = how.why;
    ask_again();
  }

  void ask_again() {
    const base::Instant now = uploads_.loop_.now();
    if (!away_since_) away_since_ = now;
    if (now - *away_since_ >= uploads_.settings_.lost_after) {
      const std::string lost = fmt::format(
          "{} was reached and then lost; it did not come back in {}", upload.place.address,
          plan::to_text(plan::Value{uploads_.settings_.lost_after}));
      return end({UploadEnd::How::Unreachable, away_why_.empty() ? lost : away_why_});
    }
    later_ = uploads_.loop_.after(pause_before(tries_++), [this] { ask(); });
  }

  // The client of the connection reads the file itself, from there on.
  void send(std::uint64_t offset) {
    struct stat here{};
    if (::fstat(file_, &here) == 0 &&
        static_cast<std::uint64_t>(here.st_size) != upload.digest.bytes) {
      return end({UploadEnd::How::Failed,
                  fmt::format("{} was changed since the run began: it has {} bytes, and not {}",
                              upload.path, here.st_size, upload.digest.bytes)});
    }
    if (::lseek(file_, static_cast<off_t>(offset), SEEK_SET) < 0) {
      return end({UploadEnd::How::Failed, std::strerror(errno)});
    }
    if (offset > 0) {
      told_(fmt::format("{} of {} are there already\n", bytes_text(offset),
                        bytes_text(upload.digest.bytes)));
    }
    from_ = offset;
    since_ = uploads_.loop_.now();
    if (!first_) first_ = since_;
    SshConnection::Request request;
    request.command =
        fmt::format("{} {} {} {} {}", shell_command(with_place(upload_append_text)),
                    wrapper_run_name(upload.run), upload.digest.sha256, offset, nonce_);
    request.input_file = file_;
    request.patience = uploads_.settings_.patience;
    heard_.clear();
    said_.clear();
    request.on_output = [this](Stream stream, std::string_view bytes) { hear(stream, bytes); };
    request.on_end = [this](const SshConnection::End& how) {
      session_ = 0;
      sent(how);
    };
    session_ = connection_->open(std::move(request));
    tell_later();
  }

  void sent(const SshConnection::End& how) {
    teller_ = Loop::Timer();
    const std::uint64_t more = position() - from_;
    sent_ += more;
    if (how.how == SshConnection::End::How::Broken) away_why_ = how.why;
    if (how.how != SshConnection::End::How::Exited) return ask_again();
    if (how.exit_value == 0 && more > 0) return ask();
    if (++stuck_ < most_stuck) return ask_again();
    end({UploadEnd::How::Failed,
         said_.empty() ? "the host does not take it, and does not say why" : ssh_reason(said_)});
  }

  std::uint64_t position() const {
    const off_t at = ::lseek(file_, 0, SEEK_CUR);
    return at < 0 ? from_ : static_cast<std::uint64_t>(at);
  }

  std::string rate(std::uint64_t bytes, base::Duration time) const {
    constexpr std::uint64_t ms_a_second = 1000;
    const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(1, time.ms));
    return fmt::format("{}/s", bytes_text(bytes * ms_a_second / ms));
  }

  void tell_later() {
    teller_ = uploads_.loop_.after(uploads_.settings_.tell_every, [this] {
      const std::uint64_t at = position();
      told_(fmt::format("{} of {} sent, {}\n", bytes_text(at), bytes_text(upload.digest.bytes),
                        rate(at - from_, uploads_.loop_.now() - since_)));
      tell_later();
    });
  }

  void tell_of_all() {
    if (!first_) return;
    const base::Duration time = uploads_.loop_.now() - *first_;
    told_(fmt::format("sent {} in {:.1f}s, {}\n", bytes_text(sent_),
                      static_cast<double>(time.ms) / 1000, rate(sent_, time)));
  }

  SshUploads& uploads_;
  Ticket ticket_;
  Told told_;
  SshConnection* connection_ = nullptr;
  SshConnection::Session session_ = 0;
  int file_ = -1;
  std::string nonce_;
  std::string heard_;
  std::string said_;
  bool reached_ = false;
  std::uint32_t spoilt_ = 0;
  std::uint32_t silent_ = 0;
  std::uint32_t stuck_ = 0;
  std::uint32_t tries_ = 0;
  std::optional<base::Instant> away_since_;
  std::string away_why_;              // where that is known
  std::optional<std::uint64_t> had_;  // bytes there, when it was asked last
  std::uint64_t from_ = 0;
  std::uint64_t sent_ = 0;
  base::Instant since_;
  std::optional<base::Instant> first_;
  Loop::Timer later_;
  Loop::Timer teller_;
};

SshUploads::SshUploads(Loop& loop, SshExecutor& hosts, Settings settings)
    : loop_(loop), hosts_(hosts), settings_(settings) {}
SshUploads::~SshUploads() = default;

void SshUploads::start(Ticket ticket, Upload upload, Told told, Ended ended) {
  auto row =
      std::make_unique<Row>(*this, ticket, std::move(upload), std::move(told), std::move(ended));
  const bool waits = std::any_of(rows_.begin(), rows_.end(),
                                 [&](const auto& other) { return other.second->same_as(*row); });
  Row& added = *row;
  rows_[ticket] = std::move(row);
  if (!waits) added.begin();
}

void SshUploads::cancel(Ticket ticket) {
  const auto found = rows_.find(ticket);
  if (found == rows_.end()) return;
  const std::unique_ptr<Row> gone = std::move(found->second);
  rows_.erase(found);
  if (!gone->begun) return;
  for (auto& [other, row] : rows_) {
    if (!row->begun && row->same_as(*gone)) return row->begin();
  }
}

void SshUploads::ended(Ticket ticket, UploadEnd end) {
  const Ended told = std::move(rows_[ticket]->ended);
  cancel(ticket);
  told(end);
}

}  // namespace sluice::runtime
