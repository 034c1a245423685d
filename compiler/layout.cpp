#include "compiler/layout.h"

#include <algorithm>

namespace sluice::compiler {

namespace {

bool is_open(TokenKind kind) {
  return kind == TokenKind::OpenBrace || kind == TokenKind::OpenBracket ||
         kind == TokenKind::OpenParenthesis || kind == TokenKind::StringOpen ||
         kind == TokenKind::InterpolationOpen;
}
bool is_close(TokenKind kind) {
  return kind == TokenKind::CloseBrace || kind == TokenKind::CloseBracket ||
         kind == TokenKind::CloseParenthesis || kind == TokenKind::StringClose ||
         kind == TokenKind::InterpolationClose;
}

class Layout {
 public:
  Layout(const TokenList& list, const RuleTree& rules, std::size_t begin, std::size_t end)
      : list_(list), rules_(rules), begin_(begin), end_(end), places_(end - begin) {}

  std::vector<TokenLayout> work_out() {
    for (std::size_t i = begin_; i < end_; ++i) at(i).gap = natural_gap(i);
    if (end_ > begin_) at(begin_) = {Gap::Line, 0};
    mark_flat(rules_.root());
    expand(rules_.root(), 0);
    levels();
    return std::move(places_);
  }

 private:
  TokenLayout& at(std::size_t token) { return places_[token - begin_]; }
  const Token& token(std::size_t index) const { return list_.tokens[index]; }

  bool line_between(std::size_t index) const {
    const std::uint32_t from = token(index - 1).end;
    const std::string_view gap = list_.file->text().substr(from, token(index).begin - from);
    return gap.find('\n') != std::string_view::npos;
  }
  bool comment_between(std::size_t index) const {
    const std::uint32_t from = token(index - 1).end;
    const std::string_view gap = list_.file->text().substr(from, token(index).begin - from);
    return gap.find('#') != std::string_view::npos;
  }

  // Between two tokens of one statement.
  Gap natural_gap(std::size_t index) const {
    if (index == begin_) return Gap::Line;
    const TokenKind before = token(index - 1).kind;
    const TokenKind kind = token(index).kind;
    const std::string_view text = list_.text(index);
    const std::string_view text_before = list_.text(index - 1);
    if (before == TokenKind::OpenParenthesis || before == TokenKind::OpenBracket ||
        kind == TokenKind::CloseParenthesis || kind == TokenKind::CloseBracket) {
      return Gap::None;
    }
    if (before == TokenKind::OpenBrace && kind == TokenKind::CloseBrace) return Gap::None;
    if (text == "," || text == ":" || text == "." || text_before == ".") return Gap::None;
    return Gap::Blank;
  }

  // As if everything stood on one line: `count(web)`, `target["a"]` and `-x` are written together,
  // the items of a block two blanks apart, and a step's first line may be wrapped at its phrases.
  void mark_flat(const RuleNode& node) {
    const bool negates = node.rule == Rule::Expression && list_.text(node.first) == "-";
    if (negates && node.first + 1 < end_) at(node.first + 1).gap = Gap::None;
    if (is_glued(node.rule)) at(node.first).gap = Gap::None;
    for (std::size_t i = node.first; node.rule == Rule::Phrase && i < node.end; ++i) {
      const bool opens = token(i).kind == TokenKind::OpenParenthesis && owns(node, i);
      if (opens) at(i).gap = Gap::None;  // `takes lognormal(median 30s, …)`
    }
    std::size_t open = end_;
    for (std::size_t i = node.first; i < node.end && open == end_; ++i) {
      if (token(i).kind == TokenKind::OpenBrace) open = i;
    }
    const std::size_t close = open < end_ ? closing(list_, open, end_) : end_;
    bool first = true;
    for (const RuleNode& child : rules_.children(node)) {
      if (child.first == child.end) continue;
      if (node.rule == Rule::Step && child.rule == Rule::Phrase) at(child.first).gap = Gap::Wrap;
      if (child.first > open && child.first < close && owns(node, open)) {
        at(child.first).gap = first ? Gap::Blank : Gap::TwoBlanks;
        first = false;
      }
      mark_flat(child);
    }
  }

  // What stands close to the word before it.
  static bool is_glued(Rule rule) {
    return rule == Rule::Arguments || rule == Rule::Selector || rule == Rule::Measured ||
           rule == Rule::Parameters || rule == Rule::UseArguments;
  }

  // Whether the brace stands in the node itself and in none of its children.
  bool owns(const RuleNode& node, std::size_t brace) const {
    const auto children = rules_.children(node);
    return std::none_of(children.begin(), children.end(), [&](const RuleNode& child) {
      return child.first <= brace && brace < child.end;
    });
  }

  // From the outermost block in: one that does not fit, or was not written so, gets a line an item.
  void expand(const RuleNode& node, std::size_t level) {
    const auto children = rules_.children(node);
    auto child = children.begin();
    std::size_t inner = level;
    for (std::size_t i = node.first; i < node.end;) {
      while (child != children.end() && child->end <= i) ++child;
      if (child != children.end() && child->first <= i && child->first < child->end) {
        expand(*child, inner);
        i = child->end;
        continue;
      }
      if (token(i).kind == TokenKind::OpenBrace && expand_block(node, i, level)) inner = level + 1;
      if (token(i).kind == TokenKind::CloseBrace) inner = level;
      if (token(i).kind == TokenKind::OpenBracket) expand_list(i);
      ++i;
    }
  }

  bool expand_block(const RuleNode& node, std::size_t open, std::size_t level) {
    const std::size_t close = closing(list_, open, end_);
    if (close >= end_ || close == open + 1) {
      return close < end_ && comment_between(close) && (at(close).gap = Gap::Line, true);
    }
    if (fits_on_one_line(open, close, level)) return false;
    for (const RuleNode& child : rules_.children(node)) {
      if (child.first > open && child.first < close && child.first < child.end) {
        at(child.first).gap = Gap::Line;
      }
    }
    at(close).gap = Gap::Line;
    return true;
  }

  // A list that was begun on a new line stands one item a line.
  void expand_list(std::size_t open) {
    const std::size_t close = closing(list_, open, end_);
    if (close >= end_ || !line_between(open + 1)) return;
    for (std::size_t i = open + 1; i < close; ++i) {
      if (i == open + 1 || list_.text(i - 1) == ",") at(i).gap = Gap::Line;
      if (is_open(token(i).kind)) i = std::min(close, closing(list_, i, end_));
    }
    at(close).gap = Gap::Line;
  }

  bool fits_on_one_line(std::size_t open, std::size_t close, std::size_t level) const {
    if (line_between(open + 1)) return false;
    for (std::size_t i = open + 1; i <= close; ++i) {
      if (comment_between(i) || token(i).kind == TokenKind::TextBlock) return false;
    }
    std::size_t first = open;  // of its line, as far as that is decided
    while (first > begin_ && places_[first - begin_].gap != Gap::Line) --first;
    std::size_t columns = level * 2;
    bool in_string = false;
    for (std::size_t i = first; i <= close; ++i) {
      in_string = in_string && token(i).kind != TokenKind::StringClose;
      const Gap gap = places_[i - begin_].gap;
      const bool spaced = i > first && !in_string && token(i).kind != TokenKind::StringClose;
      if (spaced) columns += gap == Gap::None ? 0U : gap == Gap::TwoBlanks ? 2U : 1U;
      columns += token(i).end - token(i).begin;
      if (token(i).kind == TokenKind::TextBlock) columns = last_line_end(i, level);
      in_string = in_string || token(i).kind == TokenKind::StringOpen;
    }
    return columns <= most_columns;
  }

  // The column where a text block ends, once it stands under its statement.
  std::size_t last_line_end(std::size_t block, std::size_t level) const {
    const std::string_view text = list_.text(block);
    const std::string_view last = text.substr(text.rfind('\n') + 1);
    return (level + 1) * 2 + last.size() - std::min(last.find_first_not_of(' '), last.size());
  }

  // A line within braces or brackets that were opened at the end of a line is one level deeper.
  void levels() {
    std::vector<bool> deeper;
    std::uint16_t level = 0;
    for (std::size_t i = begin_; i < end_; ++i) {
      const bool closes = is_close(token(i).kind);
      if (closes && !deeper.empty()) {
        if (deeper.back()) --level;
        deeper.pop_back();
      }
      at(i).level = level;
      if (!is_open(token(i).kind)) continue;
      const bool line = i + 1 < end_ && at(i + 1).gap == Gap::Line;
      deeper.push_back(line);
      if (line) ++level;
    }
  }

  const TokenList& list_;
  const RuleTree& rules_;
  std::size_t begin_;
  std::size_t end_;
  std::vector<TokenLayout> places_;
};

}  // namespace

std::size_t closing(const TokenList& list, std::size_t open, std::size_t end) {
  std::size_t depth = 0;
  for (std::size_t i = open; i < end; ++i) {
    if (is_open(list.tokens[i].kind)) ++depth;
    if (is_close(list.tokens[i].kind) && --depth == 0) return i;
  }
  return end;
}

std::vector<TokenLayout> lay_out(const TokenList& list, const RuleTree& rules, std::size_t begin,
                                 std::size_t end) {
  return Layout(list, rules, begin, end).work_out();
}

}  // namespace sluice::compiler
