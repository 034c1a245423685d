#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "compiler/repair.h"

namespace sluice::compiler {

namespace {

struct Imbalance {
  std::size_t missing = 0;  // `}` at the end of the file
  std::size_t extra = 0;    // `}` that close nothing
};

Imbalance count_braces(const std::vector<Token>& tokens) {
  Imbalance found;
  for (const Token& token : tokens) {
    if (token.kind == TokenKind::OpenBrace) ++found.missing;
    if (token.kind != TokenKind::CloseBrace) continue;
    if (found.missing == 0) {
      ++found.extra;
    } else {
      --found.missing;
    }
  }
  return found;
}

bool is_word(const Token& token) {
  return token.kind == TokenKind::Keyword || token.kind == TokenKind::Word;
}

// Whether the file shows by its layout what lies in what.
bool is_laid_out(const std::vector<Token>& tokens) {
  return std::any_of(tokens.begin(), tokens.end(), [](const Token& token) {
    return token.first_on_line && token.indentation > 0 && is_word(token);
  });
}

class BraceRepair {
 public:
  BraceRepair(TokenList& list, const RepairTypes& types, base::Diagnostics& diagnostics,
              Imbalance imbalance, bool laid_out)
      : list_(list),
        types_(types),
        diagnostics_(diagnostics),
        left_(imbalance),
        laid_out_(laid_out) {}

  void run() {
    const std::vector<Token> tokens = std::move(list_.tokens);
    list_.tokens.clear();
    list_.tokens.reserve(tokens.size() + left_.missing + left_.extra);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const Token& token = tokens[i];
      const bool names = i + 1 < tokens.size() && tokens[i + 1].kind == TokenKind::StringOpen;
      look_at_layout(token, begins_declaration(tokens, i));
      if (token.kind == TokenKind::OpenBrace) open_brace(token);
      look_for_header(token, names);
      if (token.kind == TokenKind::End) close_the_rest(token);
      if (token.kind == TokenKind::CloseBrace && !close_brace(token)) continue;
      list_.tokens.push_back(token);
    }
  }

 private:
  // A line that is no further in than the line of an open brace shows that the brace should have
  // been closed before; a `}` may stand as far in as that line.
  void look_at_layout(const Token& token, bool declares) {
    if (!token.first_on_line || open_.empty() || left_.missing == 0) return;
    const bool closes = token.kind == TokenKind::CloseBrace;
    if (!closes && !is_word(token)) return;
    while (!open_.empty() && left_.missing > 0 && token.indentation <= open_.back().indentation) {
      if (closes && token.indentation == open_.back().indentation) return;
      if (!closes && !laid_out_ && !declares) return;
      report_missing(token);
      close_top(token);
      --left_.missing;
    }
  }

  // A role or variable stands in no block, and neither does a step that says `on` what it runs.
  bool begins_declaration(const std::vector<Token>& tokens, std::size_t at) const {
    if (tokens[at].kind != TokenKind::Keyword || at + 1 >= tokens.size()) return false;
    const std::string_view text = list_.text(tokens[at]);
    if (text == "role" || text == "variable") return is_word(tokens[at + 1]);
    if (text != "step" || !tokens[at].first_on_line) return false;
    for (std::size_t i = at + 1; i + 1 < tokens.size(); ++i) {
      const Token& token = tokens[i];
      if (token.kind == TokenKind::OpenBrace || token.first_on_line) return false;
      const bool on = token.kind == TokenKind::Keyword && list_.text(token) == "on";
      if (on) return list_.text(tokens[i + 1]) != "failure";
    }
    return false;
  }

  void report_missing(const Token& before) {
    const Token& brace = open_.back();
    diagnostics_.add(
        {"E0112",
         base::Severity::Error,
         list_.span(before),
         fmt::format("a `}}` is missing before this: the `{{` of line {} is still open",
                     list_.file->line_number(brace.begin)),
         {{list_.span(brace), "opened here"}},
         {}});
  }

  void close_top(const Token& before) {
    list_.tokens.push_back(made_token(before, TokenKind::CloseBrace, types_.close_brace));
    open_.pop_back();
  }

  // `step "Name" on web` without its `{`, where a `}` too many says that one was forgotten.
  void look_for_header(const Token& token, bool names) {
    if (token.kind == TokenKind::OpenBrace || token.kind == TokenKind::CloseBrace) header_.reset();
    if (token.kind != TokenKind::Keyword) return;
    const std::string_view text = list_.text(token);
    const bool step = text == "step" && names;
    if (header_ && left_.extra > 0 && (text == "run" || step)) {
      diagnostics_.add({"E0118",
                        base::Severity::Error,
                        list_.span(token),
                        "a `{` is missing before this",
                        {{list_.span(*header_), "the step that begins here has none"}},
                        {"a step is written `step \"Name\" { … }`"}});
      const Token made = made_token(token, TokenKind::OpenBrace, types_.open_brace);
      list_.tokens.push_back(made);
      open_brace(made);
      --left_.extra;
      header_.reset();
    }
    if (step) header_ = token;
  }

  // A step's first line may go on on further ones, further in; what counts is where it begins.
  void open_brace(Token token) {
    if (header_) token.indentation = std::min(token.indentation, header_->indentation);
    open_.push_back(token);
  }

  // Whether the brace is kept.
  bool close_brace(const Token& token) {
    bool extra = open_.empty();
    if (!extra && left_.extra > 0 && token.first_on_line) {
      extra = token.indentation > open_.back().indentation;
    }
    if (!extra) {
      open_.pop_back();
      return true;
    }
    if (left_.extra > 0) --left_.extra;
    diagnostics_.add({"E0113",
                      base::Severity::Error,
                      list_.span(token),
                      "this `}` closes nothing",
                      {},
                      {"take it out"}});
    return false;
  }

  void close_the_rest(const Token& end) {
    if (open_.empty()) return;
    std::vector<base::Note> notes;
    constexpr std::size_t most_notes = 3;
    for (std::size_t i = open_.size(); i-- > 0 && notes.size() < most_notes;) {
      notes.push_back({list_.span(open_[i]), "opened here, and not closed"});
    }
    const std::string many =
        open_.size() == 1 ? "a `}` is" : fmt::format("{} `}}` are", open_.size());
    diagnostics_.add({"E0112",
                      base::Severity::Error,
                      list_.span(end),
                      fmt::format("{} missing at the end of the file", many),
                      std::move(notes),
                      {}});
    while (!open_.empty()) close_top(end);
  }

  TokenList& list_;
  const RepairTypes& types_;
  base::Diagnostics& diagnostics_;
  Imbalance left_;
  std::vector<Token> open_;      // braces
  std::optional<Token> header_;  // `step` of a header whose `{` has not come yet
  bool laid_out_;
};

}  // namespace

void repair_braces(TokenList& list, const RepairTypes& types, bool swallowed,
                   base::Diagnostics& diagnostics) {
  const Imbalance imbalance = count_braces(list.tokens);
  if (imbalance.missing == 0 && imbalance.extra == 0) return;
  base::Diagnostics unheard;
  BraceRepair(list, types, swallowed ? unheard : diagnostics, imbalance,
              swallowed || is_laid_out(list.tokens))
      .run();
}

}  // namespace sluice::compiler
