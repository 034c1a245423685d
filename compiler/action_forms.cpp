// What a value of an action must look like beyond its type: URLs, names of HAProxy's, addresses.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/characters.h"
#include "base/plain_name.h"
#include "compiler/action_table.h"

namespace sluice::compiler {

namespace {

bool is_visible(char c) {
  return c > ' ' && c < 127;
}

// Each value of each target is asked: without a search of its own for every byte.
bool has_line_break(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// Letters, digits, `-`, `_` and `.`, or an IPv6 address in brackets.
bool is_host(std::string_view host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  return !host.empty() && host.front() != '-' && std::all_of(host.begin(), host.end(), [&](char c) {
    return base::is_letter_or_digit(c) || c == '-' || c == '_' || c == '.' ||
           (bracketed && (c == ':' || c == '%'));
  });
}

bool is_port(std::string_view port) {
  constexpr std::size_t most_digits = 5;
  if (port.empty() || port.size() > most_digits) return false;
  int value = 0;
  for (const char c : port) {
    if (!base::is_digit(c)) return false;
    value = value * 10 + (c - '0');
  }
  return value >= 1 && value <= 65535;
}

std::string host_and_port_problem(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const bool fits = colon != std::string_view::npos && is_host(text.substr(0, colon)) &&
                    is_port(text.substr(colon + 1));
  return fits ? "" : fmt::format("`{}` is not written HOST:PORT", text);
}

std::string url_problem(std::string_view url) {
  const bool http = url.substr(0, 7) == "http://";
  const bool https = url.substr(0, 8) == "https://";
  if (!http && !https) return "a URL begins with `http://` or `https://`";
  if (!std::all_of(url.begin(), url.end(), is_visible)) {
    return "a URL has no blanks and no characters beyond ASCII: write them as %20";
  }
  const std::string_view rest = url.substr(http ? 7 : 8);
  std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  host = host.substr(host.rfind('@') == std::string_view::npos ? 0 : host.rfind('@') + 1);
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.rfind(':');
  const bool port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (port && !is_port(host.substr(colon + 1))) {
    return fmt::format("`{}` is no port", host.substr(colon + 1));
  }
  if (port) host = host.substr(0, colon);
  if (host.empty()) return "the URL names no host";
  return is_host(host) ? "" : fmt::format("`{}` is no host", host);
}

// What the mail itself takes for one, so that no mail is refused when it is to be sent.
std::string addresses_problem(std::string_view text) {
  constexpr std::string_view never = "<>\"(),:;\\[]";
  constexpr std::size_t longest = 254;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view one = text.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    const std::size_t at = one.rfind('@');
    const bool fits = at != std::string_view::npos && at > 0 && one.find('@') == at &&
                      one.size() <= longest && is_host(one.substr(at + 1)) &&
                      std::all_of(one.begin(), one.end(), is_visible) &&
                      one.find_first_of(never) == std::string_view::npos;
    if (!fits) return fmt::format("`{}` is no address of mail, as in ops@acme.example", one);
    if (comma == text.size()) return "";
    text.remove_prefix(comma + 1);
  }
}

bool is_hexadecimal(std::string_view text, std::size_t digits) {
  return text.size() == digits &&
         std::all_of(text.begin(), text.end(), [](char c) { return base::is_hexadecimal(c); });
}

std::string number_problem(Form form, std::int64_t micros) {
  constexpr std::int64_t one = 1'000'000;
  if (form == Form::Status) {
    const bool status = micros % one == 0 && micros >= 100 * one && micros <= 599 * one;
    return status ? "" : "a status is a whole number from 100 to 599";
  }
  return micros % one == 0 && micros >= one ? "" : "it is a whole number from 1";
}

std::string archive_problem(std::string_view path) {
  constexpr std::array<std::string_view, 6> endings{".tar.gz", ".tgz", ".tar.zst",
                                                    ".tzst",   ".zip", ".nupkg"};
  std::string lower(path);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const bool fits = std::any_of(endings.begin(), endings.end(),
                                [&](std::string_view ending) { return lower.ends_with(ending); });
  return fits ? "" : "an archive's name ends in .tar.gz, .tgz, .tar.zst, .tzst, .zip or .nupkg";
}

std::string folder_problem(std::string_view path) {
  const bool drive = path.size() > 2 && base::is_letter(path[0]) && path[1] == ':';
  if (!path.starts_with("/") && !drive) return "it is an absolute path";
  // `/`, however it is written.
  return path.find_first_not_of("/.") == std::string_view::npos
             ? "releases have a folder of their own, as in `/srv/acme`"
             : "";
}

// C:\…, \\SERVER\SHARE\…, or %NAME%\…
std::string windows_path_problem(std::string_view path) {
  const std::size_t odd = path.find_first_of("\"<>|?*");
  if (odd != std::string_view::npos) return fmt::format("no path of Windows has a `{}`", path[odd]);
  const bool drive =
      path.size() > 2 && base::is_letter(path[0]) && path[1] == ':' && path[2] == '\\';
  const bool share = path.size() > 2 && path.starts_with("\\\\");
  const bool named = path.starts_with('%') && path.find("%\\", 1) != std::string_view::npos;
  return drive || share || named ? "" : "it is an absolute path of Windows, as in `C:\\\\acme`";
}

std::string windows_name_problem(std::string_view name) {
  constexpr std::size_t most = 256;
  const bool fits =
      !name.empty() && name.size() <= most && name.find_first_of("/\\\"") == std::string_view::npos;
  return fits ? "" : fmt::format("`{}` is no name of a service", name);
}

std::string bindings_problem(const plan::Value::List& items) {
  for (const plan::Value& item : items) {
    const auto* text = std::get_if<std::string>(&item.content);
    if (text == nullptr) return "it is a list of strings";
    const std::size_t slash = text->find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == text->size() ||
        has_line_break(*text)) {
      return fmt::format("`{}` is not written PROTOCOL/ADDRESS:PORT:HOST", *text);
    }
  }
  return "";
}

}  // namespace

std::string form_problem(Form form, const plan::Value& value) {
  if (const auto* number = std::get_if<plan::Number>(&value.content)) {
    return form == Form::Any ? "" : number_problem(form, number->micros);
  }
  if (const auto* items = std::get_if<plan::Value::List>(&value.content)) {
    if (form == Form::Bindings) return bindings_problem(*items);
    const bool texts = std::all_of(items->begin(), items->end(), [](const plan::Value& item) {
      return item.type() == plan::Type::String;
    });
    return form != Form::Texts || texts ? "" : "it is a list of strings";
  }
  const auto* text = std::get_if<std::string>(&value.content);
  if (text == nullptr || form == Form::Any) return "";
  if (has_line_break(*text)) return "it stays on one line";
  switch (form) {
    case Form::Url:
      return url_problem(*text);
    case Form::Name:
      if (text->starts_with('#')) {
        return fmt::format("`{}` is an id to HAProxy: a name stands there", *text);
      }
      // `*`, `?` and `[` are patterns to systemctl: of none, or of many, where one is meant.
      return base::is_plain_name(*text) && text->find_first_of("*?[") == std::string::npos
                 ? ""
                 : fmt::format("`{}` is no name that fits there", *text);
    case Form::Sha256:
      return is_hexadecimal(*text, 64) ? "" : "a SHA-256 is 64 hexadecimal digits";
    case Form::Addresses:
      return addresses_problem(*text);
    case Form::HostAndPort:
      return host_and_port_problem(*text);
    case Form::Archive:
      return archive_problem(*text);
    case Form::Folder:
      return folder_problem(*text);
    case Form::WindowsPath:
      return windows_path_problem(*text);
    case Form::WindowsName:
      return windows_name_problem(*text);
    case Form::Thumbprint:
      return is_hexadecimal(*text, 40) ? "" : "a thumbprint is 40 hexadecimal digits";
    default:
      return "";
  }
}

std::string entry_name_problem(std::string_view map, std::string_view name) {
  if (map == "headers") {
    const bool fits = base::is_plain_name(name) && name.find(':') == std::string_view::npos;
    return fits ? "" : "a header has a name without blanks or `:`, and a value";
  }
  const bool fits = !name.empty() && !base::is_digit(name[0]) &&
                    std::all_of(name.begin(), name.end(),
                                [](char c) { return base::is_letter_or_digit(c) || c == '_'; });
  if (fits) return "";
  return map == "environment"
             ? "an environment variable has a name of letters, digits and `_`, and a value"
             : "a parameter has a name of letters, digits and `_`, and a value";
}

}  // namespace sluice::compiler
