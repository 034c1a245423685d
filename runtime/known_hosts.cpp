#include "runtime/known_hosts.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/functions.h"

namespace sluice::runtime {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(), [](char c) { return lower(c); });
  return small;
}

// A pattern behind `!` that matches rules the whole line out.
bool names_host(std::string_view names, const std::string& host, const MatchHashed& hashed) {
  if (!names.empty() && names.front() == '|') return hashed(names, host);
  bool named = false;
  while (!names.empty()) {
    std::string_view one = names.substr(0, names.find(','));
    names.remove_prefix(std::min(one.size() + 1, names.size()));
    const bool without = !one.empty() && one.front() == '!';
    if (without) one.remove_prefix(1);
    if (!plan::matches_pattern(host, lower(one))) continue;
    if (without) return false;
    named = true;
  }
  return named;
}

std::string_view take_word(std::string_view& line) {
  constexpr std::string_view blanks = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

KeyVerdict verdict_under(std::string_view text, const HostKey& key, const std::string& name,
                         const MatchHashed& hashed) {
  bool known = false;
  bool changed = false;
  bool other = false;
  bool certified = false;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::string_view names = take_word(line);
    if (names.empty() || names.front() == '#') continue;
    std::string_view marker;
    if (names.front() == '@') {
      marker = names;
      names = take_word(line);
    }
    const std::string_view type = take_word(line);
    const std::string_view base64 = take_word(line);
    if (base64.empty() || !names_host(names, name, hashed)) continue;
    const bool same = base64 == key.base64;
    if (marker == "@revoked") {
      if (same) return KeyVerdict::Revoked;
    } else if (!marker.empty()) {
      certified = certified || marker == "@cert-authority";
    } else if (same && type == key.type) {
      known = true;  // unless it is revoked further down
    } else {
      (type == key.type ? changed : other) = true;
    }
  }
  if (known) return KeyVerdict::Known;
  if (changed) return KeyVerdict::Changed;
  if (other) return KeyVerdict::OtherType;
  return certified ? KeyVerdict::Certified : KeyVerdict::Unknown;
}

}  // namespace

KeyVerdict verdict_on_key(std::string_view text, const HostKey& key, const MatchHashed& hashed) {
  const std::string host = lower(key.host);
  const KeyVerdict plain = verdict_under(text, key, host, hashed);
  if (key.port == 22) return plain;
  const KeyVerdict with_port =
      verdict_under(text, key, fmt::format("[{}]:{}", host, key.port), hashed);
  // What is said of the host alone counts where nothing of that type is said of the port.
  if (plain == KeyVerdict::Revoked) return plain;
  const bool open = with_port != KeyVerdict::Changed && with_port != KeyVerdict::Revoked;
  return open && plain == KeyVerdict::Known ? plain : with_port;
}

std::string key_problem_text(KeyVerdict verdict, const HostKey& key) {
  constexpr std::string_view failed = "(ssh: Host key verification failed)";
  switch (verdict) {
    case KeyVerdict::Known:
      return "";
    case KeyVerdict::Changed:
      return fmt::format("its host key is not the one that is known {}", failed);
    case KeyVerdict::Revoked:
      return fmt::format("its host key is one that was revoked {}", failed);
    case KeyVerdict::OtherType:
      return fmt::format(
          "its host key is of the type {}, and of it keys of other types are known {}", key.type,
          failed);
    case KeyVerdict::Certified:
      return fmt::format("what certifies host keys counts for `client = \"openssh\"` alone {}",
                         failed);
    case KeyVerdict::Unknown:
      break;
  }
  return fmt::format("No {} host key is known for {} {}", key.type, key.host, failed);
}

}  // namespace sluice::runtime
