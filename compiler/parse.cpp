// The one file that sees the generated lexer and parser: bytes ─▶ tokens ─▶ rules. What they mean,
// and how a mistake is told, is decided elsewhere.
#include "compiler/parse.h"

#include <DeployParser.h>
#include <antlr4-runtime.h>
#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/most_errors.h"
#include "compiler/compared_names.h"
#include "compiler/depth_guard.h"
#include "compiler/item_guard.h"
#include "compiler/lexer.h"
#include "compiler/literals.h"
#include "compiler/recovery.h"
#include "compiler/repair.h"
#include "compiler/rule_tree.h"
#include "compiler/syntax_errors.h"
#include "compiler/text_check.h"
#include "compiler/tokens.h"
#include "grammar/predictor.h"
#include "grammar/token_views.h"
#include "grammar/walker.h"

namespace sluice::compiler {

namespace {

using base::Diagnostics;
using base::FileId;
using grammar::DeployParser;
using Tokens = grammar::Tokens<TokenList>;

// Dense files could hold a token a byte; this is what 16 MiB of a usual one hold, and more.
constexpr std::size_t most_tokens = 5'000'000;

// ---- bytes ─▶ tokens ---------------------------------------------------------------------------

TokenKind kind_of(std::size_t type) {
  switch (type) {
    case antlr4::Token::EOF:
      return TokenKind::End;
    case DeployParser::ID:
      return TokenKind::Word;
    case DeployParser::QUANTITY:
      return TokenKind::Quantity;
    case DeployParser::TEXT_BLOCK:
      return TokenKind::TextBlock;
    case DeployParser::STRING_OPEN:
      return TokenKind::StringOpen;
    case DeployParser::STRING_TEXT:
      return TokenKind::StringText;
    case DeployParser::STRING_ESCAPE:
      return TokenKind::StringEscape;
    case DeployParser::STRING_CLOSE:
      return TokenKind::StringClose;
    case DeployParser::INTERPOLATION_OPEN:
      return TokenKind::InterpolationOpen;
    case DeployParser::INTERPOLATION_CLOSE:
      return TokenKind::InterpolationClose;
    case DeployParser::BROKEN_STRING:
      return TokenKind::BrokenString;
    case DeployParser::BROKEN_BLOCK:
      return TokenKind::BrokenBlock;
    case DeployParser::LBRACE:
      return TokenKind::OpenBrace;
    case DeployParser::RBRACE:
      return TokenKind::CloseBrace;
    case DeployParser::LBRACKET:
      return TokenKind::OpenBracket;
    case DeployParser::RBRACKET:
      return TokenKind::CloseBracket;
    case DeployParser::LPAREN:
      return TokenKind::OpenParenthesis;
    case DeployParser::RPAREN:
      return TokenKind::CloseParenthesis;
    case DeployParser::UNKNOWN:
      return TokenKind::Unknown;
    default:
      return type >= DeployParser::DEPLOYMENT && type <= DeployParser::FALSE ? TokenKind::Keyword
                                                                             : TokenKind::Sign;
  }
}

constexpr RepairTypes repair_types{DeployParser::STRING_CLOSE, DeployParser::TEXT_BLOCK,
                                   DeployParser::LBRACE, DeployParser::RBRACE};

// Columns before the first token of a line, a tab counting as four; nothing where something else
// stands before it, be it the end of a text block.
std::optional<std::uint32_t> indentation_between(std::string_view gap, bool line_begins) {
  const std::size_t line_end = gap.find_last_of("\r\n");
  if (line_end == std::string_view::npos && !line_begins) return std::nullopt;
  std::uint32_t columns = 0;
  for (const char c : gap.substr(line_end == std::string_view::npos ? 0 : line_end + 1)) {
    columns += c == '\t' ? 4 : 1;
  }
  return columns;
}

void report(Diagnostics& diagnostics, std::string code, base::Span span, std::string message) {
  diagnostics.add({std::move(code), base::Severity::Error, span, std::move(message), {}, {}});
}

// False: too deep or too many, and reported; what has been read is of no use.
bool read_tokens(TokenList& list, std::string_view text, std::uint32_t skipped,
                 Diagnostics& diagnostics) {
  const TokenTypes types = token_types();
  Lexer lexer(text, skipped, types);
  DepthGuard guard;
  // So many are rarely there, and room that is not used costs nothing.
  list.tokens.reserve(std::min(most_tokens, text.size() / 2 + 1));
  std::uint32_t behind = skipped;
  std::uint32_t indentation = 0;
  bool line_begins = true;
  for (;;) {
    Token token = lexer.next();
    const bool at_end = token.kind == TokenKind::End;
    const auto columns =
        indentation_between(text.substr(behind, token.begin - behind), line_begins);
    line_begins = token.kind == TokenKind::BrokenString;
    token.first_on_line = columns.has_value();
    token.indentation = indentation = columns.value_or(indentation);
    behind = token.end;
    list.tokens.push_back(token);
    if (!guard.admit(token, list.text(token))) {
      report(diagnostics, std::string(guard.code()), list.span(guard.place()), guard.message());
      return false;
    }
    if (at_end) return true;
    if (list.tokens.size() < most_tokens) continue;
    report(diagnostics, "E0101", list.span(token),
           fmt::format("the file has more than {} words and signs", most_tokens));
    return false;
  }
}

// ---- tokens ─▶ rules ---------------------------------------------------------------------------

// The generated parser, writing down which rules it went through instead of building a tree.
class Recorder final : public DeployParser {
 public:
  Recorder(antlr4::TokenStream* tokens, RuleTree& tree)
      : DeployParser(tokens), tree_(tree), numbers_(getRuleNames()) {
    setBuildParseTree(false);
    removeErrorListeners();
    addParseListener(&listener_);  // without one, operators do not call triggerExitRuleEvent
    // The one before is owned, and ends, by this call.
    auto* usual = getInterpreter<antlr4::atn::ParserATNSimulator>();
    setInterpreter(new grammar::QuickPredictions(this, *usual));
  }

  void enterRule(antlr4::ParserRuleContext* context, std::size_t state, std::size_t rule) override {
    DeployParser::enterRule(context, state, rule);
    if (is_item(rule)) keep_outer();
    open(rule);
  }
  void enterRecursionRule(antlr4::ParserRuleContext* context, std::size_t state, std::size_t rule,
                          int precedence) override {
    DeployParser::enterRecursionRule(context, state, rule, precedence);
    open(rule);
  }
  void pushNewRecursionContext(antlr4::ParserRuleContext* context, std::size_t state,
                               std::size_t rule) override {
    DeployParser::pushNewRecursionContext(context, state, rule);
    if (const auto known = numbers_[rule]) tree_.wrap(*known);
  }
  void triggerEnterRuleEvent() override {}
  void triggerExitRuleEvent() override {
    const std::size_t rule = getContext()->getRuleIndex();
    if (numbers_[rule]) tree_.close(at());
    if (is_item(rule)) drop_inner();
  }
  antlr4::Token* consume() override {
    antlr4::Token* token = getCurrentToken();
    getTokenStream()->consume();
    return token;
  }
  const RuleNumbers& numbers() const { return numbers_; }

 private:
  class Silent final : public antlr4::tree::ParseTreeListener {
   public:
    void visitTerminal(antlr4::tree::TerminalNode* /*node*/) override {}
    void visitErrorNode(antlr4::tree::ErrorNode* /*node*/) override {}
    void enterEveryRule(antlr4::ParserRuleContext* /*context*/) override {}
    void exitEveryRule(antlr4::ParserRuleContext* /*context*/) override {}
  };

  // One of a list that may be as long as the file.
  static bool is_item(std::size_t rule) {
    return rule == DeployParser::RuleRoleItem || rule == DeployParser::RuleTargetItem ||
           rule == DeployParser::RuleProcedureItem || rule == DeployParser::RuleStepItem ||
           rule == DeployParser::RuleDeclaration || rule == DeployParser::RuleAttribute;
  }
  // The parser keeps the context of each rule that it went through. Those within an item are of no
  // use behind it.
  void keep_outer() { outer_.push_back(_tracker.mark()); }
  void drop_inner() {
    _tracker.rewind(outer_.back());
    outer_.pop_back();
  }

  std::uint32_t at() { return static_cast<std::uint32_t>(getTokenStream()->index()); }
  void open(std::size_t rule) {
    if (const auto known = numbers_[rule]) tree_.open(*known, at());
  }

  RuleTree& tree_;
  RuleNumbers numbers_;
  Silent listener_;
  std::vector<grammar::Contexts::Mark> outer_;  // of the items that are open
};

// Reads what has no mistake.
class QuickReader {
 public:
  QuickReader(const TokenList& list, RuleTree& tree)
      : list_(list),
        tree_(tree),
        numbers_(DeployParser(nullptr).getRuleNames()),
        walker_(DeployParser(nullptr).getATN()) {}

  // Whether the rules are written down, or only looked for a mistake.
  void record(bool wanted) { recording_ = wanted; }
  // Counts from the first declaration of the file again.
  void begin_again() { guard_ = {}; }

  // Behind the declaration that begins there; nothing where it has a mistake, or too much.
  std::optional<std::size_t> declaration(std::size_t begin) {
    guard_.leave();
    return walker_.read(*this, DeployParser::RuleDeclaration, begin);
  }

  // Of the walker.
  std::uint8_t type(std::size_t at) const { return list_.tokens[at].type; }
  grammar::Walker::Predicted predict(std::size_t decision, int precedence, std::size_t at) {
    if (!predictor_) predictor_.emplace(list_);
    return predictor_->predict(decision, precedence, at);
  }
  bool open(std::size_t rule, std::size_t at) {
    const auto known = numbers_[rule];
    if (!known) return true;
    if (recording_) tree_.open(*known, static_cast<std::uint32_t>(at));
    if (guard_.open(*known)) return true;
    excess_at_ = at;
    return false;
  }
  void wrap(std::size_t rule) {
    const auto known = numbers_[rule];
    if (!known) return;
    if (recording_) tree_.wrap(*known);
    guard_.open(*known);
  }
  void close(std::size_t rule, std::size_t at) {
    if (!numbers_[rule]) return;
    if (recording_) tree_.close(static_cast<std::uint32_t>(at));
    guard_.close();
  }

  // What there is too much of, and from which token on; empty: nothing.
  const std::string& excess() const { return guard_.message(); }
  std::size_t excess_at() const { return excess_at_; }

 private:
  const TokenList& list_;
  RuleTree& tree_;
  std::optional<grammar::Predictor<TokenList>> predictor_;  // made where it is asked
  RuleNumbers numbers_;
  grammar::Walker walker_;
  ItemGuard guard_;
  bool recording_ = true;
  std::size_t excess_at_ = 0;
};

// ---- mistakes ----------------------------------------------------------------------------------

std::optional<Container> container_of(std::size_t rule) {
  switch (rule) {
    case DeployParser::RuleEnvironmentBody:
      return Container::EnvironmentBody;
    case DeployParser::RuleProcedureBody:
      return Container::ProcedureBody;
    case DeployParser::RuleRoleBody:
      return Container::RoleBody;
    case DeployParser::RuleTargetBody:
      return Container::TargetBody;
    case DeployParser::RuleStep:
      return Container::Header;
    case DeployParser::RuleStepBody:
      return Container::StepBody;
    case DeployParser::RuleBlock:
      return Container::Block;
    default:
      return std::nullopt;
  }
}

// A token's name as a user would call it; empty for the end of the file.
std::string_view shown_name(std::string_view name) {
  if (name == "ID") return "a name";
  if (name == "QUANTITY") return "a number";
  if (name == "STRING_OPEN" || name == "'\"'") return "a string";
  if (name == "TEXT_BLOCK") return "a text block";
  if (name == "EOF" || name == "<EOF>") return "";
  const bool sign = name.size() > 2 && name.front() == '\'';
  return sign ? name.substr(1, name.size() - 2) : name;
}

// Reports a mistake where it is met, then goes on at the next thing of the list it lies in.
class Reporting final : public antlr4::DefaultErrorStrategy {
 public:
  Reporting(const TokenList& list, RuleTree& rules, const RuleNumbers& numbers,
            Diagnostics& diagnostics)
      : list_(list), rules_(rules), numbers_(numbers), diagnostics_(diagnostics) {}

  void reset(antlr4::Parser* /*parser*/) override { reported_ = false; }
  bool inErrorRecoveryMode(antlr4::Parser* /*parser*/) override { return false; }
  void reportMatch(antlr4::Parser* /*parser*/) override {}
  antlr4::Token* recoverInline(antlr4::Parser* parser) override {
    throw antlr4::InputMismatchException(parser);
  }

  // Before each thing of a list: is it one, or the end of the list?
  void sync(antlr4::Parser* parser) override {
    const antlr4::ParserRuleContext* context = parser->getRuleContext();
    const auto container = container_of(context->getRuleIndex());
    if (!container) return;
    antlr4::TokenStream* tokens = parser->getTokenStream();
    const antlr4::atn::ATN& atn = parser->getATN();
    const auto following = atn.nextTokens(atn.states[parser->getState()]);
    while (!following.contains(tokens->LA(1))) {
      const std::size_t at = tokens->index();
      report(parser, at, true);
      tokens->seek(resume_at(list_, {at, at, *container}));
      reported_ = leaves(tokens->LA(1)) && !following.contains(tokens->LA(1));
      if (reported_) throw antlr4::InputMismatchException(parser);
    }
  }

  void reportError(antlr4::Parser* parser, const antlr4::RecognitionException& mistake) override {
    if (!reported_) report(parser, mistake.getOffendingToken()->getTokenIndex(), false);
    error_ = std::max(error_, mistake.getOffendingToken()->getTokenIndex());
    reported_ = true;
  }

  // Called in each rule that the mistake leaves. An item of a list ends here, and the list goes on.
  void recover(antlr4::Parser* parser, std::exception_ptr mistake) override {
    const antlr4::ParserRuleContext* context = parser->getRuleContext();
    const antlr4::ParserRuleContext* parent = parent_of(context);
    const auto container = parent == nullptr ? std::nullopt : container_of(parent->getRuleIndex());
    const bool body = context->getRuleIndex() == DeployParser::RuleStepBody;
    if (!container || body) std::rethrow_exception(mistake);
    antlr4::TokenStream* tokens = parser->getTokenStream();
    const std::size_t error = std::max(error_, tokens->index());
    const std::size_t begin = context->start->getTokenIndex();
    const bool nothing_read = begin == error;
    tokens->seek(resume_at(
        list_, {nothing_read ? parent->start->getTokenIndex() : begin, error, *container}));
    reported_ = false;
    error_ = 0;
  }

 private:
  // Nothing that could belong to the list comes before this.
  static bool leaves(std::size_t type) {
    return type == DeployParser::RBRACE || type == DeployParser::LBRACE ||
           type == antlr4::Token::EOF;
  }

  void report(antlr4::Parser* parser, std::size_t token, bool in_list) {
    rules_.mark_mistake();
    const TokenKind kind = list_.tokens[token].kind;
    const bool word = kind == TokenKind::Word || kind == TokenKind::Keyword;
    const bool again = token == last_reported_ && !word;
    const std::size_t before = std::exchange(last_reported_, token);
    if (again || is_known(token)) return;
    if (base::is_full(diagnostics_)) return;
    Unexpected unexpected;
    unexpected.token = token;
    unexpected.in_list = in_list;
    find_place(parser->getRuleContext(), unexpected);
    // `timeout after 10m`: what did not fit was taken for the beginning of something, which is
    // none.
    const bool consequence = unexpected.begin == before && token > before && !in_list;
    if (consequence && !list_.tokens[before].first_on_line) return;
    for (const ssize_t type : parser->getExpectedTokens().toList()) {
      if (type < 0) continue;
      const std::string name =
          parser->getVocabulary().getDisplayName(static_cast<std::size_t>(type));
      const std::string_view shown = shown_name(name);
      if (!shown.empty()) unexpected.expected.emplace_back(shown);
    }
    diagnostics_.add(syntax_error(list_, unexpected));
  }

  void find_place(const antlr4::ParserRuleContext* context, Unexpected& unexpected) const {
    bool innermost = true;
    for (; context != nullptr; context = parent_of(context)) {
      const auto rule = numbers_[context->getRuleIndex()];
      const std::size_t begin = context->start->getTokenIndex();
      // A string that has not begun is no string.
      if (!rule || (*rule == Rule::String && begin == unexpected.token)) continue;
      if (innermost) unexpected.rule = *rule;
      innermost = false;
      if (!is_statement(*rule)) continue;
      unexpected.statement = *rule;
      unexpected.begin = begin;
      return;
    }
  }

  static const antlr4::ParserRuleContext* parent_of(const antlr4::ParserRuleContext* context) {
    return dynamic_cast<const antlr4::ParserRuleContext*>(context->parent);
  }

  // What a repair has put there, or has been found in its stead, has been reported; a wrong number
  // will be.
  bool is_known(std::size_t token) const {
    if (list_.tokens[token].kind == TokenKind::Quantity && !is_quantity(list_.text(token))) {
      return true;
    }
    const std::size_t first = token == 0 ? 0 : token - 1;
    const std::size_t last = list_.tokens[token].kind == TokenKind::StringOpen ? token + 1 : token;
    for (std::size_t i = first; i <= last; ++i) {
      if (list_.tokens[i].repaired) return true;
    }
    return false;
  }

  const TokenList& list_;
  RuleTree& rules_;
  const RuleNumbers& numbers_;
  Diagnostics& diagnostics_;
  std::size_t error_ = 0;
  std::size_t last_reported_ = std::numeric_limits<std::size_t>::max();
  bool reported_ = false;
};

// ---- the declarations of a file ----------------------------------------------------------------

class FileParser {
 public:
  FileParser(const TokenList& list, Reading reading, Diagnostics& diagnostics,
             DeclarationVisitor& visitor)
      : list_(list),
        reading_(reading),
        diagnostics_(diagnostics),
        visitor_(visitor),
        quick_(list, rules_) {}

  // False: there is more than is read, which was reported.
  bool run(bool repaired) {
    DeclarationVisitor::Beginning beginning{repaired, false};
    if (list_.file->text().size() > most_helped_bytes) {
      beginning.too_large = repaired || !is_right();
      if (report_excess()) return false;
      quick_.begin_again();
    }
    const bool wanted = visitor_.begin(beginning);
    quick_.record(wanted);
    rules_.keep_children(wanted);
    while (list_.tokens[at_].kind != TokenKind::End) {
      const std::size_t begin = at_;
      const bool mistaken = read(begin);
      if (report_excess()) return false;
      if (wanted) visitor_.declaration({list_, rules_, begin, at_, mistaken});
      // Nobody reads on to the thousandth; what stands behind it is not looked at.
      if (base::is_full(diagnostics_)) break;
    }
    return true;
  }

 private:
  // The generated parser, which tells mistakes.
  class Careful {
   public:
    Careful(const TokenList& list, RuleTree& rules, Diagnostics& diagnostics)
        : list_(list), rules_(rules), tokens_(list), parser_(&tokens_, rules) {
      parser_.setErrorHandler(
          std::make_shared<Reporting>(list, rules, parser_.numbers(), diagnostics));
    }

    // Behind what belongs to the declaration that begins there.
    std::size_t declaration(std::size_t begin) {
      rules_.clear();
      parser_.reset();
      tokens_.begin_at(begin);
      try {
        parser_.declaration();
        return tokens_.index();
      } catch (const antlr4::RecognitionException&) {
        return resume_at(list_, {begin, tokens_.index(), Container::File});
      }
    }

   private:
    const TokenList& list_;
    RuleTree& rules_;
    Tokens tokens_;
    Recorder parser_;
  };

  // Reads the declaration that begins there. Whether it has a mistake.
  bool read(std::size_t begin) {
    rules_.clear();
    const bool by_tables = reading_ == Reading::Tables;
    const auto behind = by_tables ? quick_.declaration(begin) : std::nullopt;
    if (!behind && !quick_.excess().empty()) return true;
    at_ = behind ? *behind : careful().declaration(begin);
    return !behind && rules_.root().mistaken;
  }

  // Whether the whole file is.
  bool is_right() {
    quick_.record(false);
    for (std::size_t at = 0; list_.tokens[at].kind != TokenKind::End;) {
      const auto behind = quick_.declaration(at);
      if (!behind) return false;
      at = *behind;
    }
    return true;
  }

  bool report_excess() {
    if (quick_.excess().empty()) return false;
    report(diagnostics_, "E0101", list_.span(quick_.excess_at()), quick_.excess());
    return true;
  }

  Careful& careful() {
    if (!careful_) careful_.emplace(list_, rules_, diagnostics_);
    return *careful_;
  }

  const TokenList& list_;
  Reading reading_;
  Diagnostics& diagnostics_;
  DeclarationVisitor& visitor_;
  RuleTree rules_;
  QuickReader quick_;
  std::optional<Careful> careful_;
  std::size_t at_ = 0;
};

}  // namespace

TokenTypes token_types() {
  const DeployParser parser(nullptr);
  const antlr4::dfa::Vocabulary& vocabulary = parser.getVocabulary();
  TokenTypes types;
  for (std::size_t type = 1; type <= vocabulary.getMaxTokenType(); ++type) {
    const TokenKind kind = kind_of(type);
    const std::string literal = vocabulary.getLiteralName(type);
    const bool spelt =
        kind == TokenKind::Keyword || (type >= DeployParser::LBRACE && type <= DeployParser::SLASH);
    if (spelt && literal.size() > 2) {
      types.add_text(std::string_view(literal).substr(1, literal.size() - 2), kind,
                     static_cast<std::uint8_t>(type));
    } else {
      types.set(kind, static_cast<std::uint8_t>(type));
    }
  }
  types.set(TokenKind::End, 0);
  return types;
}

bool read_declarations(const base::Sources& sources, FileId file_id, Diagnostics& diagnostics,
                       DeclarationVisitor& visitor, Reading reading) {
  const base::SourceFile& file = sources[file_id];
  if (!check_text(file, file_id, diagnostics)) return false;
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  const bool marked = file.text().substr(0, byte_order_mark.size()) == byte_order_mark;

  TokenList list{&file, file_id, {}};
  const auto skipped = static_cast<std::uint32_t>(marked ? byte_order_mark.size() : 0);
  if (!read_tokens(list, file.text(), skipped, diagnostics)) return false;
  name_compared(list, DeployParser::ID);
  const bool whole_strings = repair_strings(list, repair_types, diagnostics);
  repair_braces(list, repair_types, !whole_strings, diagnostics);
  const bool repaired = !whole_strings || diagnostics.has_errors();
  return FileParser(list, reading, diagnostics, visitor).run(repaired);
}

}  // namespace sluice::compiler
