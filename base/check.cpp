#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace sluice::base {

void check_failed(std::string_view condition, std::string_view message, std::string_view file,
                  int line) {
  std::fprintf(stderr,
               "sluice: internal error: %.*s (`%.*s` at %.*s:%d)\n"
               "This is a bug of sluice, not of your file.\n",
               static_cast<int>(message.size()), message.data(), static_cast<int>(condition.size()),
               condition.data(), static_cast<int>(file.size()), file.data(), line);
  std::fflush(nullptr);
#ifdef SLUICE_FUZZ
  std::abort();  // libFuzzer keeps the input of what aborts
#else
  std::_Exit(5);
#endif
}

}  // namespace sluice::base
