// `run script { file = "…" }` and the like: the file's text, read when compiling, so that the plan
// holds it.
#include <fmt/format.h>

#include "base/utf8.h"
#include "compiler/resolver.h"
#include "compiler/text_check.h"

namespace sluice::compiler {

namespace {

// Each is in the plan, as often as steps name it.
constexpr std::size_t most_file_bytes_in_all = std::size_t{32} * 1024 * 1024;

}  // namespace

std::optional<std::string> read_action_file(const std::string& path, base::Span span,
                                            Resolver& resolver) {
  const auto fail = [&](std::string message) {
    resolver.report.error("E0225", span, std::move(message));
    return std::nullopt;
  };
  FileReader* reader = resolver.options.reader;
  if (reader == nullptr) return fail("no other file can be read here");
  auto read = reader->read(resolver.path_of(span.file), path, most_source_bytes + 1);
  if (!read) return fail(read.error().message);
  FileReader::File file = std::move(read).value();
  const std::string name = base::printable(file.name);
  if (file.text.size() > most_source_bytes) {
    return fail(fmt::format("{} has more than {} bytes", name, most_source_bytes));
  }
  resolver.file_bytes += file.text.size();
  if (resolver.file_bytes > most_file_bytes_in_all) {
    return fail(fmt::format("up to here, the files that steps run have more than {} bytes in all",
                            most_file_bytes_in_all));
  }
  if (base::find_invalid_utf8(file.text) != std::string::npos) {
    return fail(fmt::format("{} is not UTF-8", name));
  }
  if (file.text.find('\0') != std::string::npos) return fail(fmt::format("{} has a NUL", name));
  std::string text = file.text;
  resolver.sources.add(base::SourceFile(file.name, std::move(file.text)));
  return text;
}

}  // namespace sluice::compiler
