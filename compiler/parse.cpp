// The one file that sees the generated parser: tokens, then guards, then the grammar, then the
// syntax tree. It gives no meaning to anything.
#include "compiler/parse.h"

#include <DeployLexer.h>
#include <DeployParser.h>
#include <antlr4-runtime.h>
#include <fmt/format.h>

#include <set>

#include "compiler/literals.h"
#include "compiler/syntax_errors.h"
#include "compiler/text_check.h"
#include "compiler/tokens.h"

namespace sluice::compiler {

namespace {

using base::Diagnostics;
using base::FileId;
using base::Severity;
using base::Span;
using grammar::DeployLexer;
using grammar::DeployParser;

// ANTLR counts code points; a span counts bytes.
class Offsets {
 public:
  Offsets(FileId file, std::string_view text, std::uint32_t skipped) : file_(file) {
    std::uint32_t at = skipped;
    for (const char c : text) {
      if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) bytes_.push_back(at);
      ++at;
    }
    bytes_.push_back(at);
  }

  Span span(const antlr4::Token* token) const {
    const std::size_t begin = std::min(token->getStartIndex(), bytes_.size() - 1);
    if (token->getType() == antlr4::Token::EOF) return {file_, bytes_.back(), bytes_.back()};
    const std::size_t end = std::min(token->getStopIndex() + 1, bytes_.size() - 1);
    return {file_, bytes_[begin], bytes_[end]};
  }

  Span span(const antlr4::ParserRuleContext* context) const {
    const antlr4::Token* last = context->stop != nullptr ? context->stop : context->start;
    const Span first = span(context->start);
    return {file_, first.begin, std::max(first.end, span(last).end)};
  }

 private:
  FileId file_;
  std::vector<std::uint32_t> bytes_;  // by code point: where it begins
};

Token::Kind kind_of(const antlr4::Token* token) {
  switch (token->getType()) {
    case DeployLexer::LBRACE:
      return Token::Kind::Brace;
    case DeployLexer::RBRACE:
      return Token::Kind::BraceEnd;
    case DeployLexer::LBRACKET:
    case DeployLexer::LPAREN:
    case DeployLexer::INTERPOLATION_OPEN:
      return Token::Kind::Open;
    case DeployLexer::RBRACKET:
    case DeployLexer::RPAREN:
    case DeployLexer::INTERPOLATION_CLOSE:
      return Token::Kind::Close;
    case DeployLexer::DEPLOYMENT:
    case DeployLexer::ROLE:
    case DeployLexer::VARIABLE:
    case DeployLexer::CONNECT:
    case DeployLexer::STEP:
    case DeployLexer::TARGET:
    case DeployLexer::RUN:
      return Token::Kind::Statement;
    case DeployLexer::NOT:
    case DeployLexer::MINUS:
    case DeployLexer::IF:
    case DeployLexer::ELSE:
      return Token::Kind::Prefix;
    case DeployLexer::ASSIGN:
    case DeployLexer::WINDOW:
    case DeployLexer::TIMEOUT:
    case DeployLexer::TAKES:
    case DeployLexer::RETRY:
    case DeployLexer::TOLERATE:
      return Token::Kind::Reset;
    case DeployLexer::BROKEN_STRING:
      return Token::Kind::BrokenString;
    case DeployLexer::BROKEN_BLOCK:
      return Token::Kind::BrokenBlock;
    default:
      return Token::Kind::Other;
  }
}

// Turns the parser's complaints into diagnostics: one a line, for what follows on a line is mostly
// a consequence.
class Listener : public antlr4::BaseErrorListener {
 public:
  // What lies behind `untrusted`, or on a line that has been complained of, is a consequence.
  Listener(const base::SourceFile& file, const Offsets& offsets, Diagnostics& diagnostics,
           std::optional<std::uint32_t> untrusted)
      : file_(file), offsets_(offsets), diagnostics_(diagnostics), untrusted_(untrusted) {
    for (const base::Diagnostic& known : diagnostics.sorted()) {
      silent_lines_.insert(file.line_number(known.span.begin));
    }
  }

  void syntaxError(antlr4::Recognizer* recognizer, antlr4::Token* token, std::size_t, std::size_t,
                   const std::string&, std::exception_ptr) override {
    auto* parser = dynamic_cast<antlr4::Parser*>(recognizer);
    if (parser == nullptr || token == nullptr) return;
    const Span span = offsets_.span(token);
    const std::uint32_t line = file_.line_number(span.begin);
    const bool behind = untrusted_ && span.begin >= *untrusted_;
    if (behind || !silent_lines_.insert(line).second) return;
    Unexpected unexpected;
    unexpected.span = span;
    const bool at_end = token->getType() == antlr4::Token::EOF;
    unexpected.found =
        at_end ? "" : std::string(file_.text().substr(span.begin, span.end - span.begin));
    const auto* context = parser->getRuleContext();
    unexpected.rule = parser->getRuleNames()[context->getRuleIndex()];
    for (const ssize_t type : parser->getExpectedTokens().toList()) {
      if (type < 0) continue;
      std::string name = parser->getVocabulary().getDisplayName(static_cast<std::size_t>(type));
      if (name.front() == '\'') name = name.substr(1, name.size() - 2);
      unexpected.expected.push_back(readable(std::move(name)));
    }
    diagnostics_.add(syntax_error(unexpected));
  }

 private:
  static std::string readable(std::string name) {
    if (name == "ID") return "a name";
    if (name == "QUANTITY") return "a number";
    if (name == "STRING_OPEN" || name == "\"") return "a string";
    if (name == "TEXT_BLOCK") return "a text block";
    return name;
  }

  const base::SourceFile& file_;
  const Offsets& offsets_;
  Diagnostics& diagnostics_;
  std::optional<std::uint32_t> untrusted_;
  std::set<std::uint32_t> silent_lines_;
};

// From the parser's tree to ours. It is called only where the parser had nothing to complain of.
class Builder {
 public:
  Builder(const base::SourceFile& file, const Offsets& offsets, Diagnostics& diagnostics)
      : file_(file), offsets_(offsets), diagnostics_(diagnostics) {}

  void build(DeployParser::FileContext* context, SyntaxTree& tree) {
    for (auto* declaration : context->declaration()) {
      if (auto* deployment = declaration->deployment()) {
        tree.declarations.push_back(
            DeploymentNode{offsets_.span(deployment), plain_name(deployment->string())});
      } else if (auto* role_context = declaration->role()) {
        tree.declarations.push_back(role(role_context));
      } else if (auto* variable_context = declaration->variable()) {
        tree.declarations.push_back(variable(variable_context));
      } else if (auto* connect_context = declaration->connect()) {
        tree.declarations.push_back(connect(connect_context));
      } else if (auto* step_context = declaration->step()) {
        tree.declarations.push_back(step(step_context));
      }
    }
  }

 private:
  using Rule = antlr4::ParserRuleContext;

  std::string text(const Rule* context) const {
    const Span span = offsets_.span(context);
    return std::string(file_.text().substr(span.begin, span.end - span.begin));
  }

  void report(std::string code, Span span, std::string message, std::string hint = "") {
    std::vector<std::string> hints;
    if (!hint.empty()) hints.push_back(std::move(hint));
    diagnostics_.add({std::move(code), Severity::Error, span, std::move(message), {}, hints});
  }

  Name word(const Rule* context) const { return {text(context), offsets_.span(context), false}; }

  Name plain_name(DeployParser::StringContext* context) {
    if (context == nullptr) return {};
    ExpressionNode node = string(context);
    if (node.kind == ExpressionNode::Kind::Interpolated) {
      report("E0116", node.span, "a name is written out: `${…}` is not worked out here");
      return {"", node.span, true};
    }
    return {std::get<std::string>(node.value.content), node.span, true};
  }

  Name role_name(DeployParser::RoleNameContext* context) {
    return context->string() != nullptr ? plain_name(context->string()) : word(context);
  }

  RoleNode role(DeployParser::RoleContext* context) {
    RoleNode node;
    node.span = offsets_.span(context);
    if (context->roleName() != nullptr) node.name = role_name(context->roleName());
    for (auto* item : context->roleItem()) {
      if (auto* target_context = item->target()) node.targets.push_back(target(target_context));
      if (auto* connect_context = item->connect())
        node.connects.push_back(connect(connect_context));
      if (item->minimum() != nullptr) node.minimum = expression(item->minimum()->expression());
    }
    return node;
  }

  TargetNode target(DeployParser::TargetContext* context) {
    TargetNode node;
    node.span = offsets_.span(context);
    node.pattern = plain_name(context->string());
    for (auto* item : context->targetItem()) {
      if (item->attribute() != nullptr) node.properties.push_back(attribute(item->attribute()));
      if (item->connect() != nullptr) node.connects.push_back(connect(item->connect()));
    }
    return node;
  }

  ConnectNode connect(DeployParser::ConnectContext* context) {
    ConnectNode node;
    node.span = offsets_.span(context);
    if (context->word() != nullptr) node.kind = word(context->word());
    if (context->block() != nullptr) node.settings = block(context->block());
    return node;
  }

  VariableNode variable(DeployParser::VariableContext* context) {
    VariableNode node;
    node.span = offsets_.span(context);
    const auto words = context->word();
    if (!words.empty()) node.name = word(words[0]);
    if (words.size() > 1) node.type = word(words[1]);
    if (context->expression() != nullptr) node.value = expression(context->expression());
    return node;
  }

  StepNode step(DeployParser::StepContext* context) {
    StepNode node;
    node.span = offsets_.span(context);
    node.name = plain_name(context->string());
    node.header_span = base::join(offsets_.span(context->getStart()), node.name.span);
    for (auto* phrase_context : context->phrase()) add_phrase(phrase_context, true, node);
    for (auto* item : context->stepItem()) {
      if (item->phrase() != nullptr) add_phrase(item->phrase(), false, node);
      if (item->action() != nullptr) node.runs.push_back(run(item->action()));
      if (item->step() != nullptr) node.children.push_back(step(item->step()));
    }
    return node;
  }

  RunNode run(DeployParser::ActionContext* context) {
    RunNode node;
    node.span = offsets_.span(context->getStart());
    if (context->word() != nullptr) {
      node.kind = word(context->word());
      node.span = base::join(node.span, node.kind->span);
    }
    if (auto* argument = context->argument()) {
      if (argument->string() != nullptr) {
        node.argument = string(argument->string());
      } else {
        const bool is_block = argument->TEXT_BLOCK() != nullptr;
        node.argument = is_block ? block_literal(argument) : quantity(argument);
      }
      node.span = base::join(node.span, node.argument->span);
    }
    if (context->block() != nullptr) node.attributes = block(context->block());
    return node;
  }

  AttributeBlock block(DeployParser::BlockContext* context) {
    AttributeBlock attributes;
    for (auto* attribute_context : context->attribute()) {
      attributes.push_back(attribute(attribute_context));
    }
    return attributes;
  }

  AttributeNode attribute(DeployParser::AttributeContext* context) {
    AttributeNode node;
    node.span = offsets_.span(context);
    if (auto* key = context->key()) {
      node.name = key->string() != nullptr ? plain_name(key->string()) : word(key);
    }
    if (context->expression() != nullptr) node.value = expression(context->expression());
    if (context->block() != nullptr) node.map = block(context->block());
    return node;
  }

  void add_phrase(DeployParser::PhraseContext* context, bool in_header, StepNode& step) {
    PhraseNode node;
    node.span = offsets_.span(context);
    node.in_header = in_header;
    const auto values = [&](const std::vector<DeployParser::ExpressionContext*>& expressions) {
      for (auto* part : expressions) node.values.push_back(expression(part));
    };
    if (auto* roles = dynamic_cast<DeployParser::OnRolesContext*>(context)) {
      node.phrase = Phrase::On;
      for (auto* role : roles->roleName()) node.names.push_back(role_name(role));
    } else if (auto* failure = dynamic_cast<DeployParser::OnFailureContext*>(context)) {
      node.phrase = Phrase::OnFailure;
      const auto* last = failure->getStop();
      node.names.push_back({last->getText(), offsets_.span(last), false});
    } else if (auto* window = dynamic_cast<DeployParser::WindowContext*>(context)) {
      node.phrase = Phrase::Window;
      values({window->expression()});
      node.round_up = window->UP() != nullptr;
    } else if (auto* order = dynamic_cast<DeployParser::OrderContext*>(context)) {
      node.phrase = Phrase::Order;
      node.names.push_back(word(order->word()));
    } else if (auto* via = dynamic_cast<DeployParser::ViaContext*>(context)) {
      node.phrase = Phrase::Via;
      node.names.push_back(role_name(via->roleName()));
      node.first = via->FIRST() != nullptr;
    } else if (auto* after = dynamic_cast<DeployParser::AfterContext*>(context)) {
      node.phrase = Phrase::After;
      for (auto* name : after->string()) node.names.push_back(plain_name(name));
    } else if (auto* when = dynamic_cast<DeployParser::WhenContext*>(context)) {
      node.phrase = Phrase::WhenCondition;
      node.names.push_back(word(when->word()));
    } else if (auto* timeout = dynamic_cast<DeployParser::TimeoutContext*>(context)) {
      node.phrase = Phrase::Timeout;
      values({timeout->expression()});
    } else if (auto* retry = dynamic_cast<DeployParser::RetryContext*>(context)) {
      node.phrase = Phrase::Retry;
      values(retry->expression());
    } else if (auto* tolerate = dynamic_cast<DeployParser::TolerateContext*>(context)) {
      node.phrase = Phrase::Tolerate;
      values({tolerate->expression()});
    } else if (auto* takes = dynamic_cast<DeployParser::TakesContext*>(context)) {
      node.phrase = Phrase::Takes;
      values(takes->expression());
    } else {
      node.phrase = bare_phrase(context->getStart()->getType());
    }
    step.phrases.push_back(std::move(node));
  }

  static Phrase bare_phrase(std::size_t token) {
    switch (token) {
      case DeployLexer::ONCE:
        return Phrase::Once;
      case DeployLexer::WITH:
        return Phrase::WithPrevious;
      case DeployLexer::SHARED:
        return Phrase::Shared;
      case DeployLexer::DRAINS:
        return Phrase::Drains;
      case DeployLexer::RESTORES:
        return Phrase::Restores;
      case DeployLexer::INTERRUPTS:
        return Phrase::Interrupts;
      case DeployLexer::OPTIONAL:
        return Phrase::Optional;
      default:
        return Phrase::Disabled;
    }
  }

  ExpressionNode node(ExpressionNode::Kind kind, const Rule* context) const {
    ExpressionNode made;
    made.kind = kind;
    made.span = offsets_.span(context);
    return made;
  }

  template <class Context, class Build>
  ExpressionNode chain(Context* context, const std::vector<antlr4::tree::ParseTree*>& parts,
                       Build build_part) {
    ExpressionNode left = build_part(parts[0]);
    if (parts.size() / 2 > most_levels) {
      report("E0105", offsets_.span(context),
             fmt::format("this is a chain of more than {} operators", most_levels));
      return left;
    }
    for (std::size_t i = 1; i + 1 < parts.size(); i += 2) {
      ExpressionNode made;
      made.kind = ExpressionNode::Kind::Binary;
      made.name = parts[i]->getText();
      auto* sign = dynamic_cast<antlr4::tree::TerminalNode*>(parts[i]);
      if (sign != nullptr) made.name_span = offsets_.span(sign->getSymbol());
      ExpressionNode right = build_part(parts[i + 1]);
      made.span = base::join(left.span, right.span);
      made.operands.push_back(std::move(left));
      made.operands.push_back(std::move(right));
      left = std::move(made);
    }
    return left;
  }

  ExpressionNode expression(DeployParser::ExpressionContext* context) {
    if (auto* choice = dynamic_cast<DeployParser::ChoiceContext*>(context)) {
      ExpressionNode made = node(ExpressionNode::Kind::If, context);
      for (auto* part : choice->expression()) made.operands.push_back(expression(part));
      return made;
    }
    return chain(context, context->children, [this](antlr4::tree::ParseTree* part) {
      auto* conjunction = dynamic_cast<DeployParser::ConjunctionContext*>(part);
      return chain(conjunction, conjunction->children, [this](antlr4::tree::ParseTree* inner) {
        return negation(dynamic_cast<DeployParser::NegationContext*>(inner));
      });
    });
  }

  ExpressionNode negation(DeployParser::NegationContext* context) {
    if (context->NOT() == nullptr) return comparison(context->comparison());
    ExpressionNode made = node(ExpressionNode::Kind::Unary, context);
    made.name = "not";
    made.operands.push_back(negation(context->negation()));
    return made;
  }

  ExpressionNode comparison(DeployParser::ComparisonContext* context) {
    return chain(context, context->children, [this](antlr4::tree::ParseTree* part) {
      auto* sum = dynamic_cast<DeployParser::SumContext*>(part);
      return chain(sum, sum->children, [this](antlr4::tree::ParseTree* inner) {
        auto* product = dynamic_cast<DeployParser::ProductContext*>(inner);
        return chain(product, product->children, [this](antlr4::tree::ParseTree* leaf) {
          return sign(dynamic_cast<DeployParser::SignContext*>(leaf));
        });
      });
    });
  }

  ExpressionNode sign(DeployParser::SignContext* context) {
    if (context->MINUS() == nullptr) return postfix(context->postfix());
    ExpressionNode made = node(ExpressionNode::Kind::Unary, context);
    made.name = "-";
    made.operands.push_back(sign(context->sign()));
    return made;
  }

  ExpressionNode postfix(DeployParser::PostfixContext* context) {
    ExpressionNode made = primary(context->primary());
    const auto& parts = context->children;
    for (std::size_t i = 1; i + 1 < parts.size();) {
      ExpressionNode outer;
      outer.operands.push_back(std::move(made));
      if (auto* name = dynamic_cast<DeployParser::AnyWordContext*>(parts[i + 1])) {
        outer.kind = ExpressionNode::Kind::Property;
        outer.name = text(name);
        outer.name_span = offsets_.span(name);
        outer.span = base::join(outer.operands[0].span, outer.name_span);
        i += 2;
      } else {
        outer.kind = ExpressionNode::Kind::Index;
        auto* index = dynamic_cast<DeployParser::ExpressionContext*>(parts[i + 1]);
        outer.operands.push_back(expression(index));
        outer.span = base::join(outer.operands[0].span, outer.operands[1].span);
        i += 3;
      }
      made = std::move(outer);
    }
    return made;
  }

  ExpressionNode primary(DeployParser::PrimaryContext* context) {
    if (auto* plain = dynamic_cast<DeployParser::TextContext*>(context)) {
      return string(plain->string());
    }
    if (auto* grouped = dynamic_cast<DeployParser::GroupedContext*>(context)) {
      return expression(grouped->expression());
    }
    const std::size_t token = context->getStart()->getType();
    if (token == DeployLexer::QUANTITY) return quantity(context);
    if (token == DeployLexer::TEXT_BLOCK) return block_literal(context);
    if (token == DeployLexer::TRUE || token == DeployLexer::FALSE) {
      ExpressionNode made = node(ExpressionNode::Kind::Literal, context);
      made.value = {text(context) == "true"};
      return made;
    }
    if (auto* list = dynamic_cast<DeployParser::ListContext*>(context)) {
      ExpressionNode made = node(ExpressionNode::Kind::List, context);
      for (auto* item : list->expression()) made.operands.push_back(expression(item));
      return made;
    }
    if (auto* call = dynamic_cast<DeployParser::CallContext*>(context)) {
      ExpressionNode made = node(ExpressionNode::Kind::Call, context);
      made.name = text(call->variableName());
      made.name_span = offsets_.span(call->variableName());
      for (auto* argument : call->expression()) made.operands.push_back(expression(argument));
      return made;
    }
    ExpressionNode made = node(ExpressionNode::Kind::Variable, context);
    made.name = text(context);
    made.name_span = made.span;
    return made;
  }

  ExpressionNode quantity(const Rule* context) {
    ExpressionNode made = node(ExpressionNode::Kind::Literal, context);
    Quantity read = read_quantity(text(context));
    if (read.value) {
      made.value = *std::move(read.value);
    } else {
      report(read.out_of_range ? "E0110" : "E0109", made.span, read.problem, read.hint);
      made.broken = true;
    }
    return made;
  }

  ExpressionNode block_literal(const Rule* context) const {
    ExpressionNode made = node(ExpressionNode::Kind::TextBlock, context);
    made.value = {block_text(text(context))};
    return made;
  }

  ExpressionNode string(DeployParser::StringContext* context) {
    ExpressionNode made = node(ExpressionNode::Kind::Interpolated, context);
    std::string literal;
    const auto flush = [&] {
      if (literal.empty()) return;
      ExpressionNode piece = node(ExpressionNode::Kind::Literal, context);
      piece.value = {std::move(literal)};
      literal.clear();
      made.operands.push_back(std::move(piece));
    };
    for (auto* part : context->stringPart()) {
      if (part->expression() != nullptr) {
        flush();
        made.operands.push_back(expression(part->expression()));
      } else if (part->STRING_ESCAPE() != nullptr) {
        const auto escape = read_escape(text(part));
        if (!escape) {
          report("E0108", offsets_.span(part), fmt::format("`{}` is no escape", text(part)),
                 "a string knows `\\n \\t \\r \\\" \\\\ \\$` and `\\u{1F680}`");
        }
        literal += escape.value_or("");
      } else {
        literal += text(part);
      }
    }
    if (made.operands.empty()) {
      made.kind = ExpressionNode::Kind::Literal;
      made.value = {std::move(literal)};
      return made;
    }
    flush();
    return made;
  }

  const base::SourceFile& file_;
  const Offsets& offsets_;
  Diagnostics& diagnostics_;
};

std::vector<Token> plain_tokens(antlr4::CommonTokenStream& stream, const base::SourceFile& file,
                                const Offsets& offsets) {
  std::vector<Token> tokens;
  for (const antlr4::Token* token : stream.getTokens()) {
    const Span span = offsets.span(token);
    tokens.push_back({kind_of(token), span, file.text().substr(span.begin, span.end - span.begin)});
  }
  return tokens;
}

}  // namespace

SyntaxTree parse(const base::Sources& sources, FileId file_id, Diagnostics& diagnostics) {
  const base::SourceFile& file = sources[file_id];
  SyntaxTree tree;
  tree.file = file_id;
  if (!check_text(file, file_id, diagnostics)) return tree;
  std::string_view text = file.text();
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  const bool marked = text.substr(0, byte_order_mark.size()) == byte_order_mark;
  if (marked) text.remove_prefix(byte_order_mark.size());
  const auto skipped = static_cast<std::uint32_t>(marked ? byte_order_mark.size() : 0);
  const Offsets offsets(file_id, text, skipped);

  antlr4::ANTLRInputStream input{std::string(text)};
  DeployLexer lexer(&input);
  lexer.removeErrorListeners();
  antlr4::CommonTokenStream stream(&lexer);
  stream.fill();
  const std::vector<Token> tokens = plain_tokens(stream, file, offsets);
  if (!check_depth(tokens, diagnostics)) return tree;
  check_strings(tokens, diagnostics);
  const std::optional<std::uint32_t> untrusted = check_braces(tokens, file, diagnostics);

  DeployParser parser(&stream);
  parser.removeErrorListeners();
  Listener listener(file, offsets, diagnostics, untrusted);
  parser.addErrorListener(&listener);
  DeployParser::FileContext* root = parser.file();
  if (diagnostics.has_errors()) return tree;
  Builder(file, offsets, diagnostics).build(root, tree);
  return tree;
}

}  // namespace sluice::compiler
