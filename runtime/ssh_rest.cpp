#include "runtime/ssh_rest.h"

#include <algorithm>
#include <utility>

namespace sluice::runtime {

namespace {

constexpr std::uint64_t most_line = 65536;  // where no line ends by then it is parted
constexpr std::size_t most_digits = 18;

}  // namespace

OutputRest::OutputRest(std::uint64_t shown, std::uint64_t most, Show show, LeaveOut leave_out)
    : most_(most), show_(std::move(show)), leave_out_(std::move(leave_out)), shown_(shown) {}

std::string OutputRest::next(const std::string& nonce, const WrapperKey& key) {
  const std::uint64_t last_part = end_ ? *end_ - std::min(*end_, most_) : 0;
  if (passes_over()) at_ = shown_ < last_part ? At::NextLineEnd : At::Rest;
  line_ = {};
  reader_ = OutputReader(nonce);
  told_ = false;
  size_.clear();
  from_ = at_ == At::NextLineEnd ? last_part : shown_;
  const std::uint64_t block = from_ / rest_block;
  offset_ = block * rest_block;
  return request_rest(nonce, key, block, most_ + rest_block);
}

void OutputRest::take(std::string_view bytes) {
  bytes = reader_.take(bytes);
  if (!take_size(bytes)) return;
  // It was asked for from the beginning of a block on.
  const std::uint64_t before =
      std::min<std::uint64_t>(bytes.size(), from_ - std::min(from_, offset_));
  offset_ += before;
  bytes.remove_prefix(before);
  if (at_ == At::LineEnd && !line_.ended) show(take_line(bytes));
  if (at_ == At::LineEnd) return;
  if (at_ == At::NextLineEnd) {
    offset_ += take_line(bytes).size();
    if (!line_.ended) return;
    at_ = At::Rest;
    if (offset_ > shown_) leave_out_(offset_ - shown_);
    shown_ = std::max(shown_, offset_);
  }
  // What is written by then, by what a script has left behind, is not waited for.
  show(bytes.substr(0, *end_ - std::min(*end_, shown_)));
}

// False: it has not come whole.
bool OutputRest::take_size(std::string_view& bytes) {
  if (told_) return true;
  const std::size_t end = bytes.find('\n');
  size_.append(bytes.substr(0, end));
  if (end == std::string_view::npos) return false;
  bytes.remove_prefix(end + 1);
  told_ = true;
  std::uint64_t size = 0;
  for (const char c : size_.substr(0, most_digits)) {
    if (c >= '0' && c <= '9') size = size * 10 + static_cast<std::uint64_t>(c - '0');
  }
  end_ = std::min(end_.value_or(size), size);
  if (at_ == At::Rest && *end_ > shown_ + most_) at_ = At::LineEnd;
  return true;
}

// As much of the line as these bytes have.
std::string_view OutputRest::take_line(std::string_view& bytes) {
  std::string_view line = bytes.substr(0, most_line - line_.bytes);
  const std::size_t end = line.find('\n');
  if (end != std::string_view::npos) line = line.substr(0, end + 1);
  bytes.remove_prefix(line.size());
  line_.bytes += line.size();
  line_.ended = end != std::string_view::npos || line_.bytes >= most_line;
  return line;
}

void OutputRest::show(std::string_view bytes) {
  if (bytes.empty()) return;
  offset_ += bytes.size();
  shown_ += bytes.size();
  show_(bytes);
}

}  // namespace sluice::runtime
