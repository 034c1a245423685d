#include "compiler/host_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/characters.h"
#include "base/utf8.h"

namespace sluice::compiler {

namespace {

constexpr std::string_view letters_in_order =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

// Where `[0-9a-z]:[…](:[0-9])` in brackets ends; 0 where there is none at the start.
std::size_t bracket_end(std::string_view text) {
  if (text.empty() || text[0] != '[') return 0;
  const std::size_t close = text.find(']');
  if (close == std::string_view::npos) return 0;
  const std::string_view inside = text.substr(1, close - 1);
  const auto fits = [](char c) { return base::is_digit(c) || c == ':' || base::is_letter(c); };
  const bool good =
      std::all_of(inside.begin(), inside.end(), fits) && inside.find(':') != std::string_view::npos;
  return good ? close + 1 : 0;
}

// Labels of letters, digits, `_` and `-`, with ranges in them, joined by dots; a label neither
// begins with a `-` nor ends with one or with a `_`.
bool is_host_name(std::string_view text) {
  std::size_t at = 0;
  while (true) {
    char last = 0;
    while (at < text.size() && text[at] != '.') {
      const std::size_t range = bracket_end(text.substr(at));
      const char c = text[at];
      const bool letter =
          base::is_letter_or_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
      if (range == 0 && !letter && (c != '-' || last == 0)) return false;
      last = range > 0 ? ']' : c;
      at += range > 0 ? range : 1;
    }
    if (last == 0 || last == '-' || last == '_') return false;
    if (at == text.size()) return true;
    ++at;
  }
}

// Near enough: what has the letters of an IPv6 address and two colons.
bool is_ipv6(std::string_view text) {
  std::size_t colons = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t range = bracket_end(text.substr(at));
    const char c = text[at];
    const bool hexadecimal = base::is_hexadecimal(c);
    if (range == 0 && !hexadecimal && c != ':' && c != '.') return false;
    if (c == ':') ++colons;
    at += range > 0 ? range : 1;
  }
  return colons >= 2;
}

struct HostAndPort {
  std::string_view host;
  std::string_view port;
};

// `host:22`, where the host has no colon outside of brackets; `[address]:22`.
std::optional<HostAndPort> split_port(std::string_view text) {
  std::size_t digits = text.size();
  while (digits > 0 && base::is_digit(text[digits - 1])) --digits;
  if (digits == text.size() || digits < 2 || text[digits - 1] != ':') return std::nullopt;
  std::string_view host = text.substr(0, digits - 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    const std::string_view inside = host.substr(1, host.size() - 2);
    if (is_ipv6(inside) || is_host_name(inside)) {
      return HostAndPort{inside, text.substr(digits)};
    }
  }
  return is_host_name(host) ? std::optional<HostAndPort>({host, text.substr(digits)})
                            : std::nullopt;
}

}  // namespace

HostPattern::HostPattern(std::string_view text, std::uint64_t most) : single_(text) {
  const bool has_colon = text.find(':') != std::string_view::npos;
  if (const auto split = has_colon ? split_port(text) : std::nullopt) {
    const auto port = base::whole_number(split->port);
    if (!port || *port < 1 || *port > 65535) {
      problem_ = fmt::format("`{}` is no port: it is a number from 1 to 65535",
                             base::printable(split->port));
      return;
    }
    port_ = static_cast<std::uint32_t>(*port);
    single_ = split->host;
  } else if (has_colon && text.back() == ':') {
    problem_ = "a port is missing behind the `:`";
    return;
  }
  if (single_.find('[') != std::string_view::npos) read_ranges(single_, most);
  if (count_ > most && !too_many_) too_many_ = true;
  if (too_many_) {
    problem_ = fmt::format("`{}` stands for more hosts than {}", base::printable(text), most);
  }
}

void HostPattern::read_ranges(std::string_view text, std::uint64_t most) {
  while (true) {
    const std::size_t open = text.find('[');
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find(']', open);
    Piece piece;
    piece.text = text.substr(0, open);
    if (close == std::string_view::npos) {
      problem_ = "a `]` is missing behind the `[`";
      return;
    }
    const std::string_view inside = text.substr(open + 1, close - open - 1);
    const std::string why = read_range(inside, piece);
    if (!why.empty()) {
      problem_ = fmt::format("`[{}]` is no range: {}", base::printable(inside), why);
      return;
    }
    if (__builtin_mul_overflow(count_, piece.count, &count_) || count_ > most) {
      too_many_ = true;
      return;
    }
    pieces_.push_back(piece);
    text.remove_prefix(close + 1);
  }
  pieces_.push_back({text});
}

std::string HostPattern::read_range(std::string_view inside, Piece& piece) const {
  piece.is_range = true;
  const std::size_t first_colon = inside.find(':');
  if (first_colon == std::string_view::npos) {
    return "write its ends with a colon between, as in `[01:10]`";
  }
  const std::size_t second_colon = inside.find(':', first_colon + 1);
  std::string_view low = inside.substr(0, first_colon);
  const std::string_view high = inside.substr(first_colon + 1, second_colon - first_colon - 1);
  if (second_colon != std::string_view::npos) {
    const auto step = base::whole_number(inside.substr(second_colon + 1));
    if (!step || *step == 0) return "a step is a whole number from 1";
    piece.step = *step;
  }
  if (low.empty()) low = "0";
  if (high.empty()) return "its end is missing";
  std::uint64_t last = 0;
  const std::size_t low_letter = letters_in_order.find(low);
  const std::size_t high_letter = letters_in_order.find(high);
  if (low.size() == 1 && high.size() == 1 && low_letter != std::string_view::npos &&
      high_letter != std::string_view::npos) {
    piece.letters = true;
    piece.first = low_letter;
    last = high_letter;
  } else {
    const auto from = base::whole_number(low);
    const auto to = base::whole_number(high);
    if (!from || !to) return "its ends are two whole numbers or two letters";
    piece.first = *from;
    last = *to;
    if (low.size() > 1 && low[0] == '0') {
      piece.width = low.size();
      if (high.size() != low.size()) return "with leading zeros both ends have as many digits";
    }
  }
  if (last < piece.first) return "it runs backwards";
  piece.count = (last - piece.first) / piece.step + 1;
  return "";
}

void HostPattern::write(const std::vector<std::uint64_t>& index, std::string& name) const {
  name.clear();
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    name += piece.text;
    if (!piece.is_range) continue;
    const std::uint64_t value = piece.first + index[i] * piece.step;
    if (piece.letters) {
      name += letters_in_order[value];
      continue;
    }
    const fmt::format_int digits(value);
    if (digits.size() < piece.width) name.append(piece.width - digits.size(), '0');
    name.append(digits.data(), digits.size());
  }
}

bool HostPattern::next(std::vector<std::uint64_t>& index) const {
  for (std::size_t turn = pieces_.size(); turn-- > 0;) {
    if (pieces_[turn].is_range && ++index[turn] < pieces_[turn].count) return true;
    index[turn] = 0;
  }
  return false;
}

}  // namespace sluice::compiler
