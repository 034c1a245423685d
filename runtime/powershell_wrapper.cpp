#include "runtime/powershell_wrapper.h"

#include <fmt/format.h>

#include "base/sha256.h"
#include "runtime/powershell.h"
#include "runtime/powershell_session_text.h"
#include "runtime/powershell_supervisor_text.h"

namespace sluice::runtime {

namespace {

// Of {0} bytes and the SHA-256 {1}. Anything else does not run.
constexpr std::string_view bootstrap = R"ps($ErrorActionPreference = 'Stop'
$sluice_input = [Console]::OpenStandardInput()
$sluice_bytes = New-Object byte[] {0}
$sluice_count = 0
while ($sluice_count -lt {0}) {{
  $sluice_got = $sluice_input.Read($sluice_bytes, $sluice_count, {0} - $sluice_count)
  if ($sluice_got -eq 0) {{
    exit 3
  }}
  $sluice_count += $sluice_got
}}
$sluice_hash = New-Object Security.Cryptography.SHA256CryptoServiceProvider
$sluice_digest = [BitConverter]::ToString($sluice_hash.ComputeHash($sluice_bytes))
if ($sluice_digest.Replace('-', '') -ne '{1}') {{
  exit 3
}}
$sluice_text = [Text.Encoding]::UTF8.GetString($sluice_bytes)
. ([ScriptBlock]::Create($sluice_text))
)ps";

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

}  // namespace

std::string powershell_wrapper_opening() {
  return fmt::format("$sluice_runner = '{}'\n{}{}",
                     joined(powershell_arguments(powershell_runner())),
                     powershell_session_text.substr(1), powershell_supervisor_text);
}

std::string powershell_wrapper_command() {
  const std::string text = powershell_wrapper_opening();
  const std::string command = fmt::format(bootstrap, text.size(), base::sha256_hex(text));
  return "powershell.exe " + joined(powershell_arguments(command));
}

}  // namespace sluice::runtime
