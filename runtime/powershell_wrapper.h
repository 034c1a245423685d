// What runs on a Windows host around a script: the wrapper of ssh_wrapper.h once more, for Windows
// PowerShell 5.1. It is told and answers the same words. What it promises, and that it was never
// run on Windows here: docs/decisions/powershell.md.
#pragma once

#include <string>

namespace sluice::runtime {

// The command line of every session, the same for all: no value is in it. Letters, digits and
// `.-+/=` alone, so that cmd.exe and PowerShell pass it on alike, and short enough for cmd.exe. It
// reads the wrapper from its standard input and runs it where its SHA-256 is the one it knows.
std::string powershell_wrapper_command();

// What the input of a session begins with, before its first request: the wrapper's text.
std::string powershell_wrapper_opening();

}  // namespace sluice::runtime
