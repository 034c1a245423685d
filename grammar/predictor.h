// ANTLR's predictions without a parser that reads.
#pragma once

#include <DeployParser.h>
#include <antlr4-runtime.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "grammar/token_views.h"
#include "grammar/walker.h"

namespace sluice::grammar {

// What ANTLR says where the tables alone do not know.
template <class TokenList>
class Predictor final : public DeployParser {
 public:
  explicit Predictor(const TokenList& list)
      : Predictor(std::make_unique<Tokens<TokenList>>(list)) {}

  Walker::Predicted predict(std::size_t decision, int precedence, std::size_t at) {
    tokens_->begin_at(at);
    antlr4::ParserRuleContext context;
    DeployParser::enterRecursionRule(&context, 0, 0, precedence);
    std::size_t found = 0;
    try {
      found = predictions_->adaptivePredict(tokens_.get(), decision, &context);
    } catch (const antlr4::NoViableAltException&) {
      found = 0;  // who reads with messages says what is wrong
    }
    unrollRecursionContexts(nullptr);
    if (found == 0 || found >= Tables::none) return {};
    tokens_->seek(at);
    const bool always = predictions_->decides(decision, precedence, tokens_->LA(1), found);
    return {static_cast<std::uint8_t>(found), always};
  }

 private:
  explicit Predictor(std::unique_ptr<Tokens<TokenList>> tokens)
      : DeployParser(tokens.get()), tokens_(std::move(tokens)) {
    setBuildParseTree(false);
    removeErrorListeners();
    auto* usual = getInterpreter<antlr4::atn::ParserATNSimulator>();
    predictions_ = new QuickPredictions(this, *usual);
    predictions_->setPredictionMode(antlr4::atn::PredictionMode::SLL);
    setInterpreter(predictions_);
  }

  std::unique_ptr<Tokens<TokenList>> tokens_;
  QuickPredictions* predictions_ = nullptr;  // the parser's own
};

}  // namespace sluice::grammar
