#include "runtime/powershell.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/utf8.h"

namespace sluice::runtime {

namespace {

// Some names are PowerShell's own ($host, $home, $pid): those stay, and what is meant is in $env:.
// Kept short: on its way through cmd.exe a command line has at most 8,191 characters.
constexpr std::string_view runner = R"ps(
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
try { [Console]::OutputEncoding = New-Object Text.UTF8Encoding $false } catch { }
$OutputEncoding = New-Object Text.UTF8Encoding $false
foreach ($sluice_name in "$env:sluice_names".Split([char[]]' ', 'RemoveEmptyEntries')) {
  $sluice_value = [string][Environment]::GetEnvironmentVariable($sluice_name)
  Set-Variable -Name $sluice_name -Value $sluice_value -ErrorAction SilentlyContinue
}
$sluice_arguments = @()
foreach ($sluice_item in [regex]::Matches("$env:sluice_arguments", '([^.]*)\.')) {
  $sluice_bytes = [Convert]::FromBase64String($sluice_item.Groups[1].Value)
  $sluice_arguments += [Text.Encoding]::UTF8.GetString($sluice_bytes)
}
$sluice_text = [IO.File]::ReadAllText($env:sluice_script)
foreach ($sluice_name in 'script', 'names', 'arguments') {
  Remove-Item "env:sluice_$sluice_name" -ErrorAction SilentlyContinue
}
$global:LASTEXITCODE = 0
. ([ScriptBlock]::Create($sluice_text)) @sluice_arguments
exit $LASTEXITCODE
)ps";

bool is_single_quote(char32_t c) {
  return c == U'\'' || (c >= U'\u2018' && c <= U'\u201B');
}

// No line opens with a quote: before an @ it would end the text, and readers of PowerShell
// (editors, the parser of the tests) stumble over others.
bool fits_between(std::string_view body) {
  if (body.find('\r') != std::string_view::npos) return false;
  while (true) {
    if (!body.empty() && is_single_quote(base::decode_utf8(body).value)) return false;
    const std::size_t end = body.find('\n');
    if (end == std::string_view::npos) return true;
    body.remove_prefix(end + 1);
  }
}

bool is_string(std::string_view value) {
  return value.find('\0') == std::string_view::npos &&
         base::find_invalid_utf8(value) == std::string_view::npos;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t group = 3;
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += group) {
    const std::size_t count = std::min(group, bytes.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < group; ++k) {
      bits = bits << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < group + 1; ++k) {
      text += k <= count ? letters[bits >> (18U - 6U * k) & 63U] : '=';
    }
  }
  return text;
}

}  // namespace

std::optional<std::string> powershell_literal(std::string_view value) {
  if (!is_string(value)) return std::nullopt;
  std::string text = "'";
  while (!value.empty()) {
    const base::CodePoint next = base::decode_utf8(value);
    text += value.substr(0, next.bytes);
    if (is_single_quote(next.value)) text += value.substr(0, next.bytes);
    value.remove_prefix(next.bytes);
  }
  return text + "'";
}

PowershellScript::PowershellScript(std::string_view heading)
    : text_(fmt::format("# {}\n", base::printable(heading))) {}

PowershellScript& PowershellScript::set(std::string_view name, std::string_view value) {
  const auto literal = powershell_literal(value);
  if (!literal && problem_.empty()) problem_ = fmt::format("`{}` is no text of PowerShell", name);
  text_ += fmt::format("${} = {}\n", name, literal.value_or("$null"));
  return *this;
}

PowershellScript& PowershellScript::set(std::string_view name,
                                        const std::vector<std::string>& values) {
  if (values.empty()) return add(fmt::format("${} = @()\n", name));
  text_ += fmt::format("${} = @(\n", name);
  for (const std::string& value : values) {
    const auto literal = powershell_literal(value);
    if (!literal && problem_.empty()) problem_ = fmt::format("`{}` is no text of PowerShell", name);
    text_ += fmt::format("  {}\n", literal.value_or("$null"));
  }
  text_ += ")\n";
  return *this;
}

PowershellScript& PowershellScript::set_or_nothing(std::string_view name, std::string_view value) {
  return value.empty() ? add(fmt::format("${} = $null\n", name)) : set(name, value);
}

PowershellScript& PowershellScript::take(std::string_view name, std::string_view variable) {
  return add(fmt::format("${} = $env:{}\nRemove-Item env:{} -ErrorAction SilentlyContinue\n", name,
                         variable, variable));
}

PowershellScript& PowershellScript::set_script(std::string_view name, std::string_view body) {
  if (!is_string(body) || !fits_between(body)) return set(name, body);
  return add(fmt::format("${} = @'\n{}\n'@\n", name, body));
}

PowershellScript& PowershellScript::add(std::string_view code) {
  text_ += code;
  return *this;
}

base::Result<std::string> PowershellScript::text() const {
  if (!problem_.empty()) return base::Error{problem_};
  return text_;
}

std::string powershell_encoded(std::string_view text) {
  std::string units;
  const auto add_unit = [&units](std::uint32_t unit) {
    units += static_cast<char>(unit & 0xFFU);
    units += static_cast<char>(unit >> 8U);
  };
  while (!text.empty()) {
    const base::CodePoint next = base::decode_utf8(text);
    text.remove_prefix(next.bytes);
    const auto value = static_cast<std::uint32_t>(next.value);
    if (value < 0x10000U) {
      add_unit(value);
    } else {
      add_unit(0xD800U + ((value - 0x10000U) >> 10U));
      add_unit(0xDC00U + ((value - 0x10000U) & 0x3FFU));
    }
  }
  return base64(units);
}

std::vector<std::string> powershell_arguments(std::string_view command) {
  return {"-NoLogo",
          "-NoProfile",
          "-NonInteractive",
          "-InputFormat",
          "None",
          "-OutputFormat",
          "Text",
          "-EncodedCommand",
          powershell_encoded(command)};
}

std::string_view powershell_runner() {
  return runner.substr(1);
}

std::string powershell_list(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += base64(value) + ".";
  return text;
}

}  // namespace sluice::runtime
