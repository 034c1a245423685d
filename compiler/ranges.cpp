#include "compiler/ranges.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <vector>

#include "base/characters.h"
#include "base/check.h"

namespace sluice::compiler {

namespace {

using base::Error;
using base::Result;

struct Range {
  std::uint64_t first = 0;
  std::uint64_t count = 1;
  std::uint64_t step = 1;
  std::size_t width = 0;  // with leading zeros up to so many digits
  bool letters = false;
};

// A literal text, and the range behind it where there is one.
struct Piece {
  std::string_view text;
  std::optional<Range> range;
};

Result<Range> read_range(std::string_view inside) {
  const auto wrong = [&](std::string_view why) {
    return Error{fmt::format("`[{}]` is no range: {}", inside, why)};
  };
  Range range;
  std::string_view bounds = inside;
  const std::size_t step = inside.find(" step ");
  if (step != std::string_view::npos) {
    const auto every = base::whole_number(inside.substr(step + 6));
    if (!every || *every == 0) return wrong("a step is a whole number from 1");
    range.step = *every;
    bounds = inside.substr(0, step);
  }
  const std::size_t dots = bounds.find("..");
  const std::string_view low = bounds.substr(0, dots);
  const std::string_view high = bounds.substr(dots + 2);
  std::uint64_t last = 0;
  if (low.size() == 1 && high.size() == 1 && base::is_letter(low[0]) && base::is_letter(high[0])) {
    if ((low[0] < 'a') != (high[0] < 'a')) return wrong("its letters are not of one case");
    range.letters = true;
    range.first = static_cast<unsigned char>(low[0]);
    last = static_cast<unsigned char>(high[0]);
  } else {
    const auto from = base::whole_number(low);
    const auto to = base::whole_number(high);
    if (!from || !to) return wrong("write two whole numbers or two letters, as in `[01..10]`");
    range.first = *from;
    last = *to;
    if (low.size() > 1 && low[0] == '0') range.width = low.size();
    if (range.width > 0 && high.size() < range.width) return wrong("its end has fewer digits");
  }
  if (last < range.first) return wrong("it runs backwards");
  range.count = (last - range.first) / range.step + 1;
  return range;
}

Result<std::vector<Piece>> pieces_of(std::string_view pattern) {
  std::vector<Piece> pieces;
  std::size_t begin = 0;
  std::size_t at = 0;
  while ((at = pattern.find('[', at)) != std::string_view::npos) {
    const std::size_t close = pattern.find(']', at);
    const std::string_view inside = pattern.substr(at + 1, close - at - 1);
    if (close == std::string_view::npos && inside.find("..") != std::string_view::npos) {
      return Error{fmt::format("`{}` is no range: its `]` is missing", pattern.substr(at))};
    }
    if (close == std::string_view::npos || inside.find("..") == std::string_view::npos) {
      ++at;  // a bracket without `..` stays as it is: [2001:db8::1]
      continue;
    }
    Result<Range> range = read_range(inside);
    if (!range) return range.error();
    pieces.push_back({pattern.substr(begin, at - begin), range.value()});
    at = begin = close + 1;
  }
  pieces.push_back({pattern.substr(begin), std::nullopt});
  return pieces;
}

void append_item(std::string& name, const Range& range, std::uint64_t index) {
  const std::uint64_t value = range.first + index * range.step;
  if (range.letters) {
    name.push_back(static_cast<char>(value));
    return;
  }
  const fmt::format_int digits(value);
  if (digits.size() < range.width) name.append(range.width - digits.size(), '0');
  name.append(digits.data(), digits.size());
}

}  // namespace

std::string range_meant(std::string_view pattern) {
  const std::size_t open = pattern.find_first_of("[{");
  if (open == std::string_view::npos || open == 0) return "";
  const std::size_t close = pattern.find(pattern[open] == '[' ? ']' : '}', open);
  if (close == std::string_view::npos) return "";
  std::string_view inside = pattern.substr(open + 1, close - open - 1);
  const bool braces = pattern[open] == '{';
  const std::size_t sign = braces ? inside.find("..") : inside.find_first_of(":-");
  if (sign == std::string_view::npos) return "";
  const std::string_view low = inside.substr(0, sign);
  inside.remove_prefix(sign + (braces ? 2 : 1));
  if (!base::whole_number(low) || !base::whole_number(inside)) return "";
  return fmt::format("[{}..{}]", low, inside);
}

Result<std::uint64_t> count_names(std::string_view pattern, std::uint64_t most) {
  const auto pieces = pieces_of(pattern);
  if (!pieces) return pieces.error();
  std::uint64_t total = 1;
  for (const Piece& piece : pieces.value()) {
    if (!piece.range) continue;
    if (__builtin_mul_overflow(total, piece.range->count, &total) || total > most) {
      return Error{fmt::format("`{}` stands for more than {} names", pattern, most)};
    }
  }
  return total;
}

void for_each_name(std::string_view pattern, const std::function<void(std::string_view)>& visit) {
  const auto read = pieces_of(pattern);
  SLUICE_CHECK(read.ok(), "a pattern is counted before it is expanded");
  const std::vector<Piece>& pieces = read.value();
  std::vector<std::uint64_t> index(pieces.size(), 0);
  std::vector<std::size_t> begins(pieces.size());  // where each piece stands in the name
  std::string name;
  std::size_t turn = 0;  // the first piece that is another one than in the name before
  for (;;) {
    name.resize(turn == 0 ? 0 : begins[turn]);
    for (std::size_t i = turn; i < pieces.size(); ++i) {
      begins[i] = name.size();
      name += pieces[i].text;
      if (pieces[i].range) append_item(name, *pieces[i].range, index[i]);
    }
    visit(name);
    turn = pieces.size();
    while (turn > 0) {
      --turn;
      if (pieces[turn].range && ++index[turn] < pieces[turn].range->count) break;
      index[turn] = 0;
      if (turn == 0) return;
    }
  }
}

}  // namespace sluice::compiler
