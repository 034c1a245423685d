#include "support/script.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <charconv>
#include <map>
#include <sstream>
#include <tuple>
#include <vector>

#include "support/tiny_plan.h"

namespace sluice::test {

namespace {

using scheduler::Action;
using scheduler::Command;
using scheduler::Event;
using scheduler::Outcome;
using scheduler::Reason;
using scheduler::TimerKind;

std::string_view part_suffix(scheduler::Part part) {
  switch (part) {
    case scheduler::Part::Run:
      return "";
    case scheduler::Part::Before:
      return ".before";
    case scheduler::Part::Verify:
      return ".verify";
    case scheduler::Part::Undo:
      return ".undo";
    case scheduler::Part::Census:
      return ".census";
  }
  return "";
}

std::string action_text(const plan::Plan& plan, const Action& action) {
  const plan::Step& step = plan.steps[action.step];
  std::string text = step.name;
  if (action.lane == Action::none) return text;
  if (step.has_child_steps && action.task < step.tasks.size()) {
    text += "/" + step.tasks[action.task].name;
  }
  text += part_suffix(action.part);
  text += fmt::format("@{}", plan::lane_name(plan, action.step, action.lane));
  return action.attempt > 1 ? fmt::format("{}#{}", text, action.attempt) : text;
}

std::string lane_text(const plan::Plan& plan, const Action& action) {
  return fmt::format("lane {}@{}", plan.steps[action.step].name,
                     plan::lane_name(plan, action.step, action.lane));
}

std::string end_text(const plan::Plan& plan, const Command& command) {
  std::string text = fmt::format(" {}", scheduler::state_name(command.state));
  if (command.reason == Reason::None) return text;
  text += fmt::format(" ({}", reason_word(command.reason));
  if (command.cause.valid()) text += fmt::format(" by {}", plan.steps[command.cause].name);
  if (command.contract < plan.contracts.size()) {
    text += fmt::format(" by {}", plan.contracts[command.contract].text);
  }
  return text + ")";
}

// Words apart by one space; one line an instant.
std::vector<std::string> lines_of(std::string_view script) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string(script)};
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string text;
    for (std::string word; words >> word;) text += (text.empty() ? "" : " ") + word;
    if (text.empty()) continue;
    const bool opens = text.find_first_not_of("0123456789") == text.find(':');
    if (opens) {
      lines.push_back(text);
    } else {
      REQUIRE(!lines.empty());
      lines.back() += " " + text;
    }
  }
  return lines;
}

class Runner {
 public:
  Runner(const plan::Plan& plan, bool everything)
      : plan_(plan), everything_(everything), scheduler_(plan) {}

  std::string run_line(const std::string& line) {
    const auto colon = line.find(':');
    const auto arrow = line.find("->");
    INFO("a line of a script: " << line);
    REQUIRE((colon != std::string::npos && arrow != std::string::npos && colon < arrow));
    std::int64_t instant = 0;
    std::from_chars(line.data(), line.data() + colon, instant);
    const std::string left = line.substr(0, arrow);
    std::vector<Event> events;
    std::istringstream words(line.substr(colon + 1, arrow - colon - 1));
    for (std::string text; std::getline(words, text, ',');) add_event(text, events);
    scheduler_.apply({instant}, events, commands_);
    std::string text = left + "->";
    bool first = true;
    for (const Command& command : commands_) {
      if (command.kind == Command::Kind::StartAction ||
          command.kind == Command::Kind::EvaluateCondition) {
        note(command.action);
      }
      if (!everything_ && of_a_good_course(command)) continue;
      text += (first ? " " : ", ") + command_text(plan_, command);
      first = false;
    }
    return text;
  }

 private:
  static bool of_a_good_course(const Command& command) {
    switch (command.kind) {
      case Command::Kind::StepBegan:
      case Command::Kind::LaneBegan:
      case Command::Kind::TaskEnded:
      case Command::Kind::LaneEnded:
        return true;
      default:
        return false;
    }
  }

  void note(const Action& action) {
    Action last = action;
    started_[action_text(plan_, action)] = action;
    last.attempt = 1;
    last_[action_text(plan_, last)] = action;
  }

  void add_event(const std::string& text, std::vector<Event>& events) {
    std::istringstream stream(text);
    std::string verb;
    std::string what;
    stream >> verb >> what;
    if (verb.empty()) return;
    Event event;
    if (verb == "pause") {
      event.kind = Event::Kind::Pause;
    } else if (verb == "continue") {
      event.kind = Event::Kind::Continue;
    } else if (verb == "abort" && what.empty()) {
      event.kind = Event::Kind::Abort;
    } else if (verb == "deadline") {
      event.kind = Event::Kind::TimerFired;
      event.timer = TimerKind::Deadline;
    } else if (verb == "stagger") {
      event.kind = Event::Kind::TimerFired;
      event.timer = TimerKind::Stagger;
      for (const plan::StepId step : plan_.steps.ids()) {
        if (plan_.steps[step].name == what) event.action = {.step = step};
      }
    } else {
      event.action = action(what);
      set_verb(event, verb);
    }
    events.push_back(event);
  }

  static void set_verb(Event& event, const std::string& verb) {
    using scheduler::Answer;
    using scheduler::Truth;
    static const std::map<std::string, Truth> truths{
        {"true", Truth::True}, {"false", Truth::False}, {"unknown", Truth::Unknown}};
    static const std::map<std::string, Answer> answers{{"retry", Answer::Retry},
                                                       {"ignore", Answer::Ignore},
                                                       {"exclude", Answer::Exclude},
                                                       {"abort", Answer::Abort}};
    if (const auto truth = truths.find(verb); truth != truths.end()) {
      event.kind = Event::Kind::ConditionKnown;
      event.truth = truth->second;
    } else if (const auto answer = answers.find(verb); answer != answers.end()) {
      event.kind = Event::Kind::Answered;
      event.answer = answer->second;
    } else if (verb == "unreachable") {
      event.outcome = Outcome::Unreachable;
    } else if (verb == "done") {
      event.outcome = Outcome::Succeeded;
    } else if (verb == "fail") {
      event.outcome = Outcome::Failed;
    } else if (verb == "cancelled") {
      event.outcome = Outcome::Cancelled;
    } else if (verb == "started") {
      event.kind = Event::Kind::ActionStarted;
    } else if (verb == "timeout") {
      event.kind = Event::Kind::TimerFired;
    } else if (verb == "over") {
      event.kind = Event::Kind::TimerFired;
      event.timer = TimerKind::RetryPause;
    } else {
      FAIL("an event that there is not: " << verb);
    }
  }

  Action action(const std::string& what) const {
    const auto last = last_.find(what);
    if (last != last_.end()) return last->second;
    const auto exact = started_.find(what.ends_with("#1") ? what.substr(0, what.size() - 2) : what);
    INFO("an action that was never started: " << what);
    REQUIRE(exact != started_.end());
    return exact->second;
  }

  const plan::Plan& plan_;
  bool everything_;
  scheduler::Scheduler scheduler_;
  scheduler::Commands commands_;
  std::map<std::string, Action> started_;  // by text with its attempt
  std::map<std::string, Action> last_;     // by text without it
};

void check(const plan::Plan& plan, std::string_view script, bool everything) {
  Runner runner(plan, everything);
  std::string expected;
  std::string actual;
  for (const std::string& line : lines_of(script)) {
    expected += line + "\n";
    actual += runner.run_line(line) + "\n";
  }
  CHECK(actual == expected);
}

}  // namespace

std::string_view reason_word(Reason reason) {
  switch (reason) {
    case Reason::None:
      return "none";
    case Reason::Disabled:
      return "disabled";
    case Reason::NoTargets:
      return "no targets";
    case Reason::AfterFailure:
      return "after failure";
    case Reason::WithoutFailure:
      return "without failure";
    case Reason::FailedBefore:
      return "failed before";
    case Reason::Halted:
      return "halted";
    case Reason::Aborted:
      return "aborted";
    case Reason::Paused:
      return "paused";
    case Reason::Condition:
      return "condition";
    case Reason::NotKnown:
      return "not known";
    case Reason::Verified:
      return "verified";
    case Reason::OutOfReach:
      return "out of reach";
    case Reason::GateFailed:
      return "gate failed";
    case Reason::Deadline:
      return "deadline";
    case Reason::RolledBack:
      return "rolled back";
    case Reason::ExcludedBefore:
      return "excluded before";
    case Reason::LeftBehindBefore:
      return "left behind before";
    case Reason::Stuck:
      return "stuck";
  }
  return "unknown";
}

std::string command_text(const plan::Plan& plan, const Command& command) {
  const Action& action = command.action;
  Action task = action;
  task.attempt = 1;
  switch (command.kind) {
    case Command::Kind::StartAction:
      return "start " + action_text(plan, action);
    case Command::Kind::CancelAction:
      return "cancel " + action_text(plan, action);
    case Command::Kind::EvaluateCondition:
      return "evaluate " + action_text(plan, action);
    case Command::Kind::AskOperator:
      return "ask " + action_text(plan, action);
    case Command::Kind::SetTimer:
      if (command.timer == TimerKind::Deadline) {
        return fmt::format("deadline at {}", command.at.ms);
      }
      if (command.timer == TimerKind::Stagger) {
        return fmt::format("stagger {} at {}", plan.steps[action.step].name, command.at.ms);
      }
      return fmt::format("{} {} at {}", command.timer == TimerKind::Timeout ? "timeout" : "pause",
                         action_text(plan, action), command.at.ms);
    case Command::Kind::StepBegan:
      return fmt::format("step {} began", plan.steps[action.step].name);
    case Command::Kind::LaneBegan:
      return lane_text(plan, action) +
             (action.part == scheduler::Part::Undo ? " is undone" : " began");
    case Command::Kind::TaskEnded:
      return fmt::format("task {}{}{}", action_text(plan, task), end_text(plan, command),
                         action.attempt > 1 ? fmt::format(" after {}", action.attempt) : "");
    case Command::Kind::LaneEnded:
      return lane_text(plan, action) + end_text(plan, command);
    case Command::Kind::LaneLeftOut:
      return lane_text(plan, action) + " left out:" + end_text(plan, command);
    case Command::Kind::StepEnded:
      return fmt::format("step {}{}", plan.steps[action.step].name, end_text(plan, command));
    case Command::Kind::DeploymentEnded:
      return fmt::format("deployment{}", end_text(plan, command));
  }
  return "unknown";
}

void check_script(const plan::Plan& plan, std::string_view script) {
  check(plan, script, true);
}
void check_starts(const plan::Plan& plan, std::string_view script) {
  check(plan, script, false);
}
void check_script(std::string_view plan, std::string_view script) {
  check(tiny_plan(plan), script, true);
}
void check_starts(std::string_view plan, std::string_view script) {
  check(tiny_plan(plan), script, false);
}

}  // namespace sluice::test
