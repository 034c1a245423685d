#include "compiler/format.h"

#include <algorithm>
#include <vector>

#include "base/utf8.h"
#include "compiler/layout.h"
#include "compiler/literals.h"
#include "compiler/parse.h"

namespace sluice::compiler {

namespace {

constexpr std::size_t columns_per_level = 2;

class Writer {
 public:
  explicit Writer(std::string_view source) : source_(source) {}

  // Comments and blank lines between two statements at one level, or before the first.
  void between(std::uint32_t from, std::uint32_t to, std::size_t level, bool may_blank) {
    const std::string_view gap = source_.substr(from, to - from);
    std::size_t lines = 0;
    std::size_t i = 0;
    bool own_line = text_.empty();
    while (i < gap.size()) {
      if (gap[i] == '\n') {
        ++lines;
        own_line = true;
        ++i;
      } else if (gap[i] == '#') {
        const std::size_t stop = std::min(gap.find('\n', i), gap.size());
        comment(gap.substr(i, stop - i), own_line, own_line && may_blank && lines > 1, level);
        may_blank = true;
        lines = 0;
        i = stop;
      } else {
        ++i;
      }
    }
    blank_line_ = may_blank && lines > 1;
  }

  void new_line(std::size_t level) {
    if (!text_.empty() && text_.back() != '\n') text_ += '\n';
    if (blank_line_ && !text_.empty()) text_ += '\n';
    blank_line_ = false;
    text_.append(level * columns_per_level, ' ');
  }

  void add(std::string_view piece) { text_ += piece; }
  std::size_t column() const {
    const std::size_t line = text_.rfind('\n');
    const std::size_t begin = line == std::string::npos ? 0 : line + 1;
    return static_cast<std::size_t>(base::display_width(std::string_view(text_).substr(begin)));
  }
  bool commented() const { return commented_; }
  void forget_comment() { commented_ = false; }
  void drop_blank_line() { blank_line_ = false; }

  std::string finish() {
    while (!text_.empty() && (text_.back() == '\n' || text_.back() == ' ')) text_.pop_back();
    if (!text_.empty()) text_ += '\n';
    return std::move(text_);
  }

 private:
  void comment(std::string_view words, bool own_line, bool blank, std::size_t level) {
    while (!words.empty() && (words.back() == ' ' || words.back() == '\t' || words.back() == '\r'))
      words.remove_suffix(1);
    if (own_line) {
      blank_line_ = blank;
      new_line(level);
    } else {
      text_ += "  ";
    }
    text_ += words;
    commented_ = true;
  }

  std::string_view source_;
  std::string text_;
  bool blank_line_ = false;
  bool commented_ = false;  // the last thing written is a comment: its line must end
};

// A text block with its lines moved so that they stand under their statement. Its text stays the
// same; where it would not, the block stays as it is.
std::string moved_block(std::string_view block, std::size_t column) {
  std::vector<std::string_view> lines;
  std::size_t from = 0;
  for (std::size_t end = block.find('\n'); end != std::string_view::npos;
       end = block.find('\n', from)) {
    lines.push_back(block.substr(from, end - from));
    from = end + 1;
  }
  lines.push_back(block.substr(from));
  const auto blanks = [](std::string_view line) {
    return std::min(line.find_first_not_of(' '), line.size());
  };
  std::size_t shared = std::string_view::npos;
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    const bool blank = lines[i].find_first_not_of(" \t\r") == std::string_view::npos;
    if (!blank) shared = std::min(shared, blanks(lines[i]));
  }
  std::string moved(lines[0]);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    moved += '\n';
    const bool last = i + 1 == lines.size();
    const std::size_t cut = last ? blanks(lines[i]) : std::min(shared, blanks(lines[i]));
    const std::string_view rest = lines[i].substr(cut);
    if (!rest.empty() && rest != "\r") moved.append(column, ' ');
    moved += rest;
  }
  return block_text(moved) == block_text(block) ? moved : std::string(block);
}

class Formatter final : public DeclarationVisitor {
 public:
  explicit Formatter(const base::SourceFile& file) : text_(file.text()), writer_(file.text()) {}

  bool begin(Beginning beginning) override {
    complete_ = !beginning.repaired;
    return true;
  }

  void declaration(const ParsedDeclaration& parsed) override {
    const TokenList& list = parsed.list;
    if (parsed.begin == parsed.end) return;
    const std::uint32_t from = list.tokens[parsed.begin].begin;
    const std::uint32_t end = end_of_text(parsed);
    if (from == end) {  // only what a repair has put there
      complete_ = false;
      return;
    }
    before(from);
    const bool whole = !parsed.mistaken && !has_repairs(parsed);
    if (whole) {
      laid_out(parsed);
    } else {
      complete_ = false;
      writer_.new_line(0);
      writer_.add(indentation(from));
      writer_.forget_comment();
      writer_.add(text_.substr(from, end - from));
    }
    at_ = end;
  }

  Formatted finish() {
    before(static_cast<std::uint32_t>(text_.size()));
    return {writer_.finish(), complete_};
  }

 private:
  // What stands between two declarations: blanks and comments, or what was passed over there (a
  // brace that closes nothing), which is left as it is.
  void before(std::uint32_t next) {
    if (is_blank(at_, next)) return writer_.between(at_, next, 0, at_ > 0);
    complete_ = false;
    std::string_view passed = text_.substr(at_, next - at_);
    while (passed.ends_with(' ') || passed.ends_with('\t')) passed.remove_suffix(1);
    writer_.add(passed);
    writer_.drop_blank_line();
  }

  // The blanks from the start of its line. Where braces are missing they tell what belongs
  // together, so that without them the part would be read otherwise.
  std::string_view indentation(std::uint32_t at) const {
    std::uint32_t begin = at;
    while (begin > 0 && (text_[begin - 1] == ' ' || text_[begin - 1] == '\t')) --begin;
    const bool own_line = begin == 0 || text_[begin - 1] == '\n';
    return own_line ? text_.substr(begin, at - begin) : std::string_view();
  }

  // What a repair has put behind a part stands where the next one begins, often lines below: the
  // blanks between are not of the part.
  std::uint32_t end_of_text(const ParsedDeclaration& parsed) const {
    const Token& last = parsed.list.tokens[parsed.end - 1];
    const std::uint32_t begin = parsed.list.tokens[parsed.begin].begin;
    if (last.begin < last.end) return last.end;
    const std::string_view text = text_.substr(begin, last.end - begin);
    const std::size_t end = text.find_last_not_of(" \t\r\n") + 1;
    const bool lines_below = text.find('\n', end) != std::string_view::npos;
    return lines_below ? begin + static_cast<std::uint32_t>(end) : last.end;
  }

  // Nothing but blanks and comments.
  bool is_blank(std::uint32_t from, std::uint32_t to) const {
    if (from == 0 && text_.substr(0, 3) == "\xEF\xBB\xBF") return is_blank(3, to);
    bool comment = false;
    for (std::uint32_t i = from; i < to; ++i) {
      if (text_[i] == '\n') comment = false;
      if (text_[i] == '#') comment = true;
      if (!comment && std::string_view(" \t\r\n").find(text_[i]) == std::string_view::npos) {
        return false;
      }
    }
    return true;
  }

  // Something of it was put there, or passed over, to read the rest.
  bool has_repairs(const ParsedDeclaration& parsed) const {
    const auto& tokens = parsed.list.tokens;
    for (std::size_t i = parsed.begin; i < parsed.end; ++i) {
      if (tokens[i].repaired) return true;
      const bool in_string = tokens[i].kind == TokenKind::StringText ||
                             tokens[i].kind == TokenKind::StringEscape ||
                             tokens[i].kind == TokenKind::StringClose;
      if (i > parsed.begin && !in_string && !is_blank(tokens[i - 1].end, tokens[i].begin)) {
        return true;
      }
    }
    return false;
  }

  void laid_out(const ParsedDeclaration& parsed) {
    const TokenList& list = parsed.list;
    const auto layout = lay_out(list, parsed.rules, parsed.begin, parsed.end);
    std::size_t statement_level = 0;
    for (std::size_t i = parsed.begin; i < parsed.end;) {
      const TokenLayout& place = layout[i - parsed.begin];
      const std::size_t last = piece_end(list, i, parsed.end);
      if (i > parsed.begin) comments_before(list, i, place);
      gap(list, layout, parsed, i, place, statement_level);
      piece(list, i, last, statement_level);
      i = last + 1;
    }
  }

  void comments_before(const TokenList& list, std::size_t i, const TokenLayout& place) {
    const Token& previous = list.tokens[i - 1];
    const bool opened = previous.kind == TokenKind::OpenBrace;
    const bool closes = list.tokens[i].kind == TokenKind::CloseBrace;
    const std::size_t level = closes ? place.level + 1U : place.level;
    if (previous.end <= list.tokens[i].begin) {
      writer_.between(previous.end, list.tokens[i].begin, level, place.gap == Gap::Line && !opened);
    }
  }

  void gap(const TokenList& list, const std::vector<TokenLayout>& layout,
           const ParsedDeclaration& parsed, std::size_t i, const TokenLayout& place,
           std::size_t& statement_level) {
    if (place.gap == Gap::Line) {
      statement_level = place.level;
      if (list.tokens[i].kind == TokenKind::CloseBrace ||
          list.tokens[i].kind == TokenKind::CloseBracket) {
        writer_.drop_blank_line();
      }
      writer_.new_line(place.level);
    } else if (writer_.commented() ||
               (place.gap == Gap::Wrap && too_long(list, layout, parsed, i))) {
      writer_.new_line(statement_level + 2);
    } else {
      writer_.drop_blank_line();
      if (place.gap == Gap::TwoBlanks) writer_.add("  ");
      if (place.gap == Gap::Blank || place.gap == Gap::Wrap) writer_.add(" ");
    }
    writer_.forget_comment();
  }

  // From a phrase of a step's first line to the next one, or to what opens the body.
  bool too_long(const TokenList& list, const std::vector<TokenLayout>& layout,
                const ParsedDeclaration& parsed, std::size_t i) const {
    std::size_t columns = writer_.column();
    for (std::size_t j = i; j < parsed.end; ++j) {
      const Gap between = layout[j - parsed.begin].gap;
      if (j > i && (between == Gap::Wrap || list.tokens[j].kind == TokenKind::OpenBrace)) break;
      columns += (between == Gap::None ? 0 : 1) + list.tokens[j].end - list.tokens[j].begin;
    }
    return columns > most_columns - 2;
  }

  static std::size_t piece_end(const TokenList& list, std::size_t i, std::size_t end) {
    if (list.tokens[i].kind != TokenKind::StringOpen) return i;
    return std::min(closing(list, i, end), end - 1);
  }

  void piece(const TokenList& list, std::size_t first, std::size_t last, std::size_t level) {
    const std::uint32_t from = list.tokens[first].begin;
    const std::string_view text = text_.substr(from, list.tokens[last].end - from);
    if (list.tokens[first].kind == TokenKind::TextBlock) {
      writer_.add(moved_block(text, (level + 1) * columns_per_level));
    } else {
      writer_.add(text);
    }
  }

  std::string_view text_;
  Writer writer_;
  std::uint32_t at_ = 0;  // everything before this offset has been written
  bool complete_ = true;
};

Formatted format_once(const base::Sources& sources, base::FileId file,
                      base::Diagnostics& diagnostics) {
  Formatter formatter(sources[file]);
  if (read_declarations(sources, file, diagnostics, formatter)) return formatter.finish();
  return {std::string(sources[file].text()), false};
}

}  // namespace

Formatted format(const base::Sources& sources, base::FileId file, base::Diagnostics& diagnostics) {
  Formatted made = format_once(sources, file, diagnostics);
  if (made.complete) return made;
  // Where a brace is missing, indentation tells what belongs together, so that what has been laid
  // out may let more of the rest be read: again, until nothing changes.
  constexpr int most_rounds = 8;
  for (int round = 0; round < most_rounds; ++round) {
    base::Sources again;
    base::Diagnostics unheard;
    const base::FileId next = again.add(base::SourceFile(sources[file].name(), made.text));
    std::string text = format_once(again, next, unheard).text;
    if (text == made.text) break;
    made.text = std::move(text);
  }
  return made;
}

}  // namespace sluice::compiler
