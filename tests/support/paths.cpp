#include "support/paths.h"

namespace sluice::test {

const std::string& source_dir() {
  static const std::string path = SLUICE_SOURCE_DIR;
  return path;
}

const std::string& program_path() {
  static const std::string path = SLUICE_PROGRAM;
  return path;
}

}  // namespace sluice::test
