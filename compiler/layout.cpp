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
    mark_phrases(rules_.root());
    mark_items(rules_.root());
    levels();
    return std::move(places_);
  }

 private:
  TokenLayout& at(std::size_t token) { return places_[token - begin_]; }
  const Token& token(std::size_t index) const { return list_.tokens[index]; }

  bool adjacent(std::size_t index) const { return token(index - 1).end == token(index).begin; }
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
    // `count(web)`, `target["a"]` and `-x` are written together; `( … )` and `[ … ]` on their own
    // and `a - x` are not. As it was written tells them apart.
    const bool opens = kind == TokenKind::OpenParenthesis || kind == TokenKind::OpenBracket;
    if (opens || text_before == "-") return adjacent(index) ? Gap::None : Gap::Blank;
    return Gap::Blank;
  }

  // The phrases of a step's first line: there it may be wrapped.
  void mark_phrases(const RuleNode& node) {
    for (const RuleNode& child : rules_.children(node)) {
      if (child.first == child.end) continue;
      if (node.rule == Rule::Step && child.rule == Rule::Phrase) at(child.first).gap = Gap::Wrap;
      mark_phrases(child);
    }
  }

  // What stands directly within braces are items: one a line, or two blanks apart on one line.
  void mark_items(const RuleNode& node) {
    const auto children = rules_.children(node);
    auto child = children.begin();
    for (std::size_t i = node.first; i < node.end;) {
      while (child != children.end() && child->end <= i) ++child;
      if (child != children.end() && child->first <= i && child->first < child->end) {
        mark_items(*child);
        i = child->end;
        continue;
      }
      if (token(i).kind == TokenKind::OpenBrace) mark_block(node, i);
      if (token(i).kind == TokenKind::OpenBracket) mark_list(i);
      ++i;
    }
  }

  void mark_block(const RuleNode& node, std::size_t open) {
    const std::size_t close = closing(list_, open, end_);
    if (close >= end_ || close == open + 1) return;
    const bool expanded = !fits_on_one_line(open, close);
    const Gap between = expanded ? Gap::Line : Gap::TwoBlanks;
    bool first = true;
    for (const RuleNode& child : rules_.children(node)) {
      if (child.first <= open || child.first >= close || child.first == child.end) continue;
      at(child.first).gap = first && !expanded ? Gap::Blank : between;
      first = false;
    }
    if (expanded) at(close).gap = Gap::Line;
  }

  // A list that was begun on a new line stands one item a line.
  void mark_list(std::size_t open) {
    const std::size_t close = closing(list_, open, end_);
    if (close >= end_ || !line_between(open + 1)) return;
    for (std::size_t i = open + 1; i < close; ++i) {
      if (i == open + 1 || list_.text(i - 1) == ",") at(i).gap = Gap::Line;
      if (is_open(token(i).kind)) i = std::min(close, closing(list_, i, end_));
    }
    at(close).gap = Gap::Line;
  }

  bool fits_on_one_line(std::size_t open, std::size_t close) const {
    if (line_between(open + 1)) return false;
    for (std::size_t i = open + 1; i <= close; ++i) {
      if (comment_between(i) || token(i).kind == TokenKind::TextBlock) return false;
    }
    // Measured from the statement's first token, which begins its line.
    std::size_t first = open;
    while (first > begin_ && !token(first).first_on_line) --first;
    std::size_t columns = token(first).indentation;
    for (std::size_t i = first; i <= close; ++i) {
      columns += token(i).end - token(i).begin + (i > first && !adjacent(i) ? 1 : 0);
    }
    return columns <= most_columns;
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
