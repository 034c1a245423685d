#include "cli/patient_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sluice::cli {

namespace {

// -1 where it cannot be, or need not: a disk lets nobody wait.
int open_anew(int descriptor) {
  struct stat what{};
  if (::fstat(descriptor, &what) != 0) return -1;
  if (!S_ISFIFO(what.st_mode) && ::isatty(descriptor) == 0) return -1;
  return ::open(fmt::format("/proc/self/fd/{}", descriptor).c_str(),
                O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

PatientOutput::PatientOutput(runtime::Loop& loop, int descriptor, std::size_t most)
    : descriptor_(descriptor), most_(most), own_(open_anew(descriptor)) {
  if (own_ >= 0) watch_ = loop.watch(own_);
}

PatientOutput::~PatientOutput() {
  watch_ = {};
  if (own_ >= 0) ::close(own_);
}

// What is left of the text is what was not written.
int PatientOutput::put(std::string_view& text) const {
  while (!text.empty()) {
    const ssize_t written = ::write(own_ >= 0 ? own_ : descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int PatientOutput::write(std::string_view text) {
  return take(text, false);
}

int PatientOutput::write_last(std::string_view text) {
  return take(text, true);
}

int PatientOutput::take(std::string_view text, bool last) {
  if (reason_ != 0) return std::exchange(reason_, 0);
  if (!behind()) {
    const int reason = put(text);
    if (reason != EAGAIN) return reason;
    watch_.on_writable([this] { flush(); });
  } else if (!last && (full_ || kept_.size() - begun_ + text.size() > most_)) {
    full_ = true;
    return EAGAIN;
  }
  kept_.append(text);
  return 0;
}

void PatientOutput::flush() {
  std::string_view left = std::string_view(kept_).substr(begun_);
  const int reason = put(left);
  begun_ = kept_.size() - left.size();
  if (reason == EAGAIN) {
    if (begun_ > most_ / 2) kept_.erase(0, std::exchange(begun_, 0));
    return;
  }
  reason_ = reason;
  give_up();
  if (read_) read_();
}

void PatientOutput::give_up() {
  watch_.on_writable({});
  kept_.clear();
  begun_ = 0;
  full_ = false;
}

}  // namespace sluice::cli
