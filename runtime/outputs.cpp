#include "runtime/outputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/characters.h"
#include "base/utf8.h"

namespace sluice::runtime {

namespace {

bool is_identifier(std::string_view name) {
  const auto letter = [](char c) { return base::is_letter(c) || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || base::is_digit(c); });
}

void keep(std::vector<Output>& outputs, std::string_view name, std::string_view value) {
  const auto found = std::find_if(outputs.begin(), outputs.end(),
                                  [&](const Output& output) { return output.name == name; });
  if (found != outputs.end()) {
    found->value = value;
  } else {
    outputs.push_back({std::string(name), std::string(value)});
  }
}

}  // namespace

base::Result<std::vector<Output>> parse_outputs(std::string_view bytes) {
  if (bytes.size() > most_output_file_bytes) {
    return base::Error{"more than 64 KiB were written to $SLUICE_OUTPUT"};
  }
  if (base::find_invalid_utf8(bytes) < bytes.size()) {
    return base::Error{"what was written to $SLUICE_OUTPUT is not UTF-8"};
  }
  // No variable of a later script could hold it.
  if (bytes.find('\0') != std::string_view::npos) {
    return base::Error{"what was written to $SLUICE_OUTPUT holds a NUL"};
  }
  std::vector<Output> outputs;
  for (std::size_t number = 1; !bytes.empty(); ++number) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || !is_identifier(line.substr(0, equals))) {
      return base::Error{
          fmt::format("line {} of what was written to $SLUICE_OUTPUT is no `name=value`: `{}`",
                      number, base::printable(line.substr(0, 80)))};
    }
    keep(outputs, line.substr(0, equals), line.substr(equals + 1));
  }
  return outputs;
}

void take_outputs(std::string_view bytes, Completion& completion) {
  base::Result<std::vector<Output>> outputs = parse_outputs(bytes);
  if (outputs) {
    completion.outputs = std::move(outputs).value();
    return;
  }
  if (completion.outcome != scheduler::Outcome::Succeeded) return;
  completion.outcome = scheduler::Outcome::Failed;
  completion.detail = outputs.error().message;
}

}  // namespace sluice::runtime
