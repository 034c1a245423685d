// Where the sources and the program under test are. One source knows: the others compile alike in
// every folder, so that ccache knows them again.
#pragma once

#include <string>

namespace sluice::test {

// The root of the sources, without a slash at its end.
const std::string& source_dir();

// The program `sluice` of this build.
const std::string& program_path();

}  // namespace sluice::test
