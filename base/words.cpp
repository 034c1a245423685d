#include "base/words.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace sluice::base {

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string quoted(std::string_view name) {
  return fmt::format("`{}`", printable(name));
}

}  // namespace sluice::base
