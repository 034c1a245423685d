#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "compiler/repair.h"

namespace sluice::compiler {

namespace {

class StringRepair {
 public:
  StringRepair(TokenList& list, const RepairTypes& types, base::Diagnostics& diagnostics)
      : list_(list), types_(types), diagnostics_(diagnostics) {}

  bool run() {
    const auto broken = [](const Token& token) {
      return token.kind == TokenKind::BrokenString || token.kind == TokenKind::BrokenBlock;
    };
    const std::size_t before = diagnostics_.error_count();
    const bool ends_in_string = unclosed_at_end();
    if (!ends_in_string && std::none_of(list_.tokens.begin(), list_.tokens.end(), broken)) {
      return true;
    }
    kept_.reserve(list_.tokens.size());
    for (const Token& token : list_.tokens) take(token);
    list_.tokens = std::move(kept_);
    return diagnostics_.error_count() == before;
  }

 private:
  bool unclosed_at_end() const {
    std::size_t open = 0;
    for (const Token& token : list_.tokens) {
      if (token.kind == TokenKind::StringOpen) ++open;
      if (token.kind == TokenKind::StringClose && open > 0) --open;
      if (token.kind == TokenKind::BrokenString) open = 0;
    }
    return open > 0;
  }

  void take(Token token) {
    switch (token.kind) {
      case TokenKind::StringOpen:
        open_.push_back(kept_.size());
        break;
      case TokenKind::StringClose:
        if (!open_.empty()) open_.pop_back();
        break;
      case TokenKind::BrokenString:
        close_string(token);
        return;
      case TokenKind::End:
        if (!open_.empty()) close_string(token);
        break;
      case TokenKind::BrokenBlock:
        report_block(token);
        token.kind = TokenKind::TextBlock;
        token.type = types_.text_block;
        token.repaired = true;
        break;
      default:
        break;
    }
    kept_.push_back(token);
  }

  // What the string held is dropped: nobody knows where it should have ended.
  void close_string(const Token& at) {
    if (open_.empty()) return;
    const std::optional<Token> interpolation = unclosed_interpolation();
    kept_.resize(open_.front() + 1);
    open_.clear();
    const Token opening = kept_.back();
    const std::uint32_t line = list_.file->line_number(opening.begin);
    const bool ends_another = broken_line_ > 0 && line == broken_line_ + 1 && is_behind_word();
    broken_line_ = line;
    kept_.push_back(made_token(at, TokenKind::StringClose, types_.string_close));
    if (ends_another) return;
    if (interpolation) {
      report("E0106", list_.span(*interpolation), "this `${` is not closed on its line",
             "close it with `}`");
    } else {
      report("E0106", list_.span(opening), "this string does not end on its line",
             "close it with `\"`; a text over several lines stands between `\"\"\"`");
    }
  }

  // The first `${` of the string that is open, where it has no `}`.
  std::optional<Token> unclosed_interpolation() const {
    std::vector<Token> found;
    for (std::size_t i = open_.front(); i < kept_.size(); ++i) {
      if (kept_[i].kind == TokenKind::InterpolationOpen) found.push_back(kept_[i]);
      if (kept_[i].kind == TokenKind::InterpolationClose && !found.empty()) found.pop_back();
    }
    if (found.empty()) return std::nullopt;
    return found.front();
  }

  void report(std::string code, base::Span span, std::string message, std::string hint) {
    diagnostics_.add(
        {std::move(code), base::Severity::Error, span, std::move(message), {}, {std::move(hint)}});
  }

  // A string behind a word, as in `text"`, is the end of one that began on the line before.
  bool is_behind_word() const {
    const std::size_t opening = kept_.size() - 1;
    if (opening == 0 || kept_[opening - 1].kind != TokenKind::Word) return false;
    return opening == 1 || list_.text(kept_[opening - 2]) != "run";
  }

  void report_block(const Token& block) {
    const std::string_view text = list_.text(block);
    const auto quotes =
        static_cast<std::uint32_t>(std::min(text.find_first_not_of('"'), text.size()));
    const std::string sign(quotes, '"');
    std::string message = "a text block begins on the line below its quotes";
    std::string hint = fmt::format("end the line behind `{}`", sign);
    if (!open_.empty()) {
      message = "a text block cannot stand in a string";
      hint = "give it a variable of its own";
    } else if (text.find('\n') != std::string_view::npos ||
               block.end == list_.file->text().size()) {
      // The end of a block whose beginning was wrong.
      if (std::exchange(begun_wrong_, false)) return;
      message = "this text block is never closed";
      hint = fmt::format("close it with `{}`", sign);
    } else {
      begun_wrong_ = !text.substr(quotes).ends_with(sign);
    }
    report("E0107", {list_.file_id, block.begin, block.begin + quotes}, std::move(message),
           std::move(hint));
  }

  TokenList& list_;
  const RepairTypes& types_;
  base::Diagnostics& diagnostics_;
  std::vector<Token> kept_;
  bool begun_wrong_ = false;       // a text block, on the line of its quotes
  std::uint32_t broken_line_ = 0;  // of the last string without an end
  std::vector<std::size_t> open_;  // strings that are open: their places in `kept_`
};

}  // namespace

bool repair_strings(TokenList& list, const RepairTypes& types, base::Diagnostics& diagnostics) {
  return StringRepair(list, types, diagnostics).run();
}

}  // namespace sluice::compiler
