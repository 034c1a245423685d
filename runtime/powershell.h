// PowerShell as text: a value gets into a script as one quoted literal and in no other way. It
// knows no action and no host.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::runtime {

// The value between single quotes, where PowerShell gives no character a meaning but the quote
// itself: ' and, which it reads as the same, U+2018 to U+201B. Each stands twice. Nothing where the
// value holds NUL or is no UTF-8: PowerShell's strings are UTF-16.
std::optional<std::string> powershell_literal(std::string_view value);

// A script of ours: a line that says what it is for, then its values, one a line, then fixed text.
class PowershellScript {
 public:
  explicit PowershellScript(std::string_view heading);

  // $name = '…'
  PowershellScript& set(std::string_view name, std::string_view value);
  // $name = @(…), a literal a line
  PowershellScript& set(std::string_view name, const std::vector<std::string>& values);
  // The same; $null where the value is empty.
  PowershellScript& set_or_nothing(std::string_view name, std::string_view value);
  // $name = $env:variable, and the variable goes: for secrets, which are never text
  PowershellScript& take(std::string_view name, std::string_view variable);
  // $name = another script's text: as it stands, between @' and '@, where it can be.
  PowershellScript& set_script(std::string_view name, std::string_view body);
  // Code, and no value.
  PowershellScript& add(std::string_view code);

  // Fails where a value cannot be a string of PowerShell, and says which.
  base::Result<std::string> text() const;

 private:
  std::string text_;
  std::string problem_;
};

// The argument of -EncodedCommand: UTF-16LE in base64. Of ASCII and other valid UTF-8.
std::string powershell_encoded(std::string_view text);

// The options of every PowerShell that we start, the command's text last. It leaves standard input
// to the command, and writes text, and no XML, to the error stream.
std::vector<std::string> powershell_arguments(std::string_view command);

// What runs a script of the user's: fixed text. It reads from its environment
//   sluice_script     the path of the script, in UTF-8
//   sluice_names      the variables that are PowerShell's too, as in $release; blanks between
//   sluice_arguments  the script's arguments, as powershell_list writes them
// and takes these three out of it. An error ends the script; its status is that of the last
// program that it began, or what it says with `exit`.
std::string_view powershell_runner();
// Each in base64, with a dot behind.
std::string powershell_list(const std::vector<std::string>& values);

}  // namespace sluice::runtime
