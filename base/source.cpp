#include "base/source.h"

#include <algorithm>
#include <cstring>

namespace sluice::base {

namespace {

// The bytes that begin a code point: all but UTF-8's continuation bytes. Eight at a time, since a
// line may be as long as the file, and hold as many steps.
std::uint32_t count_characters(std::string_view text) {
  constexpr std::uint64_t lowest = 0x0101'0101'0101'0101;
  std::size_t continuing = 0;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data() + at, 8);
    const std::uint64_t ones = (bytes >> 7U) & (~bytes >> 6U) & lowest;
    continuing += (ones * lowest) >> 56U;  // their sum: without a special instruction the quickest
  }
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U) ++continuing;
  }
  return static_cast<std::uint32_t>(text.size() - continuing);
}

}  // namespace

Span join(Span first, Span last) {
  SLUICE_CHECK(first.file == last.file, "a span reaches over two files");
  return {first.file, std::min(first.begin, last.begin), std::max(first.end, last.end)};
}

SourceFile::SourceFile(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)) {
  SLUICE_CHECK(text_.size() < 0xffff'ffff, "a source file is larger than an offset can say");
  line_starts_.reserve(static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '\n')) + 1);
  line_starts_.push_back(0);
  for (std::size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
    line_starts_.push_back(static_cast<std::uint32_t>(at + 1));
  }
}

std::uint32_t SourceFile::line_number(std::uint32_t offset) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  return static_cast<std::uint32_t>(after - line_starts_.begin());
}

Position SourceFile::position(std::uint32_t offset) const {
  const std::uint32_t line = line_number(offset);
  const std::size_t end = std::min<std::size_t>(offset, text_.size());
  const std::size_t start = std::min<std::size_t>(line_starts_[line - 1], end);
  return {line, count_characters(std::string_view(text_).substr(start, end - start)) + 1};
}

std::string_view SourceFile::line(std::uint32_t number) const {
  SLUICE_CHECK(number >= 1 && number <= line_count(), "a line number is out of range");
  const std::uint32_t begin = line_starts_[number - 1];
  std::size_t end = text_.find('\n', begin);
  if (end == std::string::npos) end = text_.size();
  std::string_view text = std::string_view(text_).substr(begin, end - begin);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

}  // namespace sluice::base
