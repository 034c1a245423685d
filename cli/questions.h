// What a run waits for people for, and how they name it.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"
#include "runtime/order.h"
#include "runtime/run_state.h"

namespace sluice::cli {

struct Question {
  enum class Kind : std::uint8_t { Failure, Manual, Unknown };
  Kind kind = Kind::Failure;
  scheduler::Action action;
  std::string name;                    // "Update/Deploy@web-1"
  std::string host;                    // Unknown: where
  std::uint32_t round = 0;             // which asking of the same this is, from 0
  std::string instructions;            // Manual: what the person looks at
  std::vector<std::string> approvers;  // Manual: who may answer; empty: everybody
};

// About an attempt that failed.
Question failure_question(const plan::Plan& plan, const scheduler::Action& failed);
// `run`: its name.
std::vector<Question> open_questions(const runtime::RunState& state, const std::string& run = "");
// The name of the question that the order answers; empty where it is of the whole run.
std::string question_answered(const plan::Plan& plan, const runtime::Order& order);
// "pause", "approve Update/Look@web-1"
std::string order_text(const plan::Plan& plan, const runtime::Order& order);
// "failure", "manual" or "unknown".
std::string_view kind_word(Question::Kind kind);
// "retry|ignore|exclude|abort"
std::string answers_to(Question::Kind kind);
std::vector<std::string_view> words_of(Question::Kind kind);  // the same one by one
// The order that the word is as an answer to it; nothing where it is none.
std::optional<runtime::Order> order_for(const Question& question, const std::string& word);
// What stands above the question, line by line: the instructions, and who may answer.
std::vector<std::string> instruction_lines(const Question& question);
// "only ada, bob may answer this"; empty where the user may.
std::string not_for(const Question& question, const std::string& user);
// "sluice answer RUN "Update/Deploy@web-1" retry|ignore|exclude|abort"
std::string what_to_type(const Question& question, const std::string& run,
                         const std::string& state);

}  // namespace sluice::cli
