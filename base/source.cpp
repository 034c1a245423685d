#include "base/source.h"

#include <algorithm>

namespace sluice::base {

Span join(Span first, Span last) {
  SLUICE_CHECK(first.file == last.file, "a span reaches over two files");
  return {first.file, std::min(first.begin, last.begin), std::max(first.end, last.end)};
}

SourceFile::SourceFile(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)) {
  SLUICE_CHECK(text_.size() < 0xffff'ffff, "a source file is larger than an offset can say");
  line_starts_.push_back(0);
  for (std::uint32_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

std::uint32_t SourceFile::line_number(std::uint32_t offset) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  return static_cast<std::uint32_t>(after - line_starts_.begin());
}

Position SourceFile::position(std::uint32_t offset) const {
  const std::uint32_t line = line_number(offset);
  std::uint32_t column = 1;
  const std::uint32_t limit =
      std::min<std::uint32_t>(offset, static_cast<std::uint32_t>(text_.size()));
  for (std::uint32_t i = line_starts_[line - 1]; i < limit; ++i) {
    // Count the bytes that begin a code point: all but UTF-8's continuation bytes.
    if ((static_cast<unsigned char>(text_[i]) & 0xc0U) != 0x80U) ++column;
  }
  return {line, column};
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
