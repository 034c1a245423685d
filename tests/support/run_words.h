// Any program, run as run_program() runs our own.
#pragma once

#include "support/golden.h"

namespace sluice::test {

// The first word is the program, looked up in PATH.
ProgramResult run_words(const std::vector<std::string>& words, std::string_view input = "",
                        const std::string& directory = "");

}  // namespace sluice::test
