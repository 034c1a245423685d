#include "render/verdicts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "render/plan_words.h"
#include "render/text_table.h"

namespace sluice::render {

namespace {

// As many as there are diagnostics on a screenful.
constexpr std::size_t most_findings = 100;

using plan::Contract;
using plan::Finding;
using Answer = Verdict::Answer;

std::string_view word(Answer answer) {
  switch (answer) {
    case Answer::Proved:
      return "proved";
    case Answer::Refuted:
      return "refuted";
    case Answer::Undecided:
      return "undecided";
  }
  return "";
}

std::string_view word(Finding::Severity severity) {
  switch (severity) {
    case Finding::Severity::Error:
      return "error";
    case Finding::Severity::Warning:
      return "warning";
    case Finding::Severity::Note:
      return "note";
  }
  return "";
}

std::string time_of(std::int64_t ms) {
  return plan::to_text(plan::Value{base::Duration{ms}});
}

std::string task_name(const plan::Plan& plan, const plan::CourseFailure& failure) {
  const plan::Step& step = plan.steps[failure.step];
  return step.has_child_steps ? step.name + "/" + step.tasks[failure.task].name : step.name;
}

std::string target_names(const plan::Plan& plan, const std::vector<plan::TargetId>& targets) {
  plan::TargetList list;
  for (const plan::TargetId target : targets) list.add(target);
  return some_names(plan, list);
}

// ", after `Deploy` failed on web-01 and web-02": what failed, task by task.
std::string after_failures(const plan::Plan& plan, const plan::Course& course) {
  if (course.goes_well()) return ", though nothing fails";
  std::string text;
  if (!course.unreachable.empty()) {
    text = fmt::format(", where {} cannot be reached", target_names(plan, course.unreachable));
  }
  for (std::size_t i = 0; i < course.failures.size();) {
    const plan::CourseFailure& first = course.failures[i];
    std::vector<plan::TargetId> targets;
    std::size_t next = i;
    for (; next < course.failures.size(); ++next) {
      const plan::CourseFailure& row = course.failures[next];
      if (row.step != first.step || row.task != first.task) break;
      if (row.every_lane) continue;
      const plan::TargetId target = plan::lane_target(plan, row.step, row.lane);
      if (target.valid()) targets.push_back(target);
    }
    const std::string times =
        first.attempts == plan::CourseFailure::all
            ? ""
            : fmt::format(" {} time{}", first.attempts, first.attempts == 1 ? "" : "s");
    text += fmt::format(
        "{} {} failed{}{}", i == 0 ? (text.empty() ? ", after" : ", and after") : " and",
        quoted_name(task_name(plan, first)), times,
        targets.empty() ? " wherever it runs" : " on " + target_names(plan, targets));
    i = next;
  }
  return text;
}

// The targets that count for the contract's bound and are out at that instant.
std::vector<plan::TargetId> out_at(const plan::Plan& plan, const Contract& contract,
                                   const scheduler::ContractTimes& times,
                                   const scheduler::Timeline& timeline) {
  std::vector<plan::TargetId> out;
  plan.target_lists[plan.roles[contract.role].targets].for_each([&](plan::TargetId target) {
    if (!contract.per.empty() &&
        plan::target_property(plan, target, contract.per) != contract.bounds[times.bound].value) {
      return;
    }
    for (const scheduler::Interval& interval : timeline.out_of_service(target)) {
      if (interval.start <= times.at && times.at < interval.end) out.push_back(target);
    }
  });
  return out;
}

// Words in lines of so many columns, each behind `indent` blanks.
std::string wrapped(std::string_view text, int indent, int width) {
  std::string out;
  std::size_t column = 0;
  const auto room = static_cast<std::size_t>(std::max(width - indent, 20));
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view next = text.substr(0, end);
    if (column > 0 && column + 1 + next.size() > room) {
      out += '\n';
      column = 0;
    }
    if (column == 0) out.append(static_cast<std::size_t>(indent), ' ');
    if (column > 0) out += ' ';
    column += next.size() + (column > 0 ? 1 : 0);
    out += next;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + "\n";
}

std::string_view colour_of(Answer answer) {
  return answer == Answer::Proved    ? "\x1b[32m"
         : answer == Answer::Refuted ? "\x1b[31m"
                                     : "\x1b[33m";
}

void write_place(base::JsonWriter& json, const plan::Plan& plan, const plan::Place& place) {
  if (place.line == 0 || !plan.sources.contains(place.file)) return;
  json.member("file", plan.sources[place.file].name);
  json.member("line", place.line).member("column", place.column);
}

void write_course(base::JsonWriter& json, const plan::Plan& plan, const plan::Course& course) {
  json.key("failures").begin_array();
  for (const plan::CourseFailure& failure : course.failures) {
    const plan::Step& step = plan.steps[failure.step];
    json.begin_object().member("step", step.name).member("child", step.tasks[failure.task].name);
    if (failure.every_lane) {
      json.member("target", "any");
    } else {
      json.member("target", plan::lane_name(plan, failure.step, failure.lane));
    }
    json.key("attempts");
    failure.attempts == plan::CourseFailure::all ? json.null() : json.value(failure.attempts);
    json.end_object();
  }
  json.end_array().key("unreachable").begin_array();
  for (const plan::TargetId target : course.unreachable) json.value(plan.targets.name(target));
  json.end_array();
}

// What makes `simulate` show that schedule; empty where it is too much to type.
std::string replay_options(const plan::Plan& plan, const plan::Course& course) {
  constexpr std::size_t most = 6;
  if (course.failures.size() + course.unreachable.size() > most) return "";
  std::string text;
  for (const plan::CourseFailure& failure : course.failures) {
    std::string word = task_name(plan, failure) + "@";
    word += failure.every_lane ? "any" : plan::lane_name(plan, failure.step, failure.lane);
    if (failure.attempts != plan::CourseFailure::all) word += fmt::format(":{}", failure.attempts);
    text += " --fail " + shell_word(word);
  }
  for (const plan::TargetId target : course.unreachable) {
    text += " --unreachable " + shell_word(std::string(plan.targets.name(target)));
  }
  return text;
}

}  // namespace

std::string broken_text(const plan::Plan& plan, std::size_t contract,
                        const scheduler::Timeline& timeline, const plan::Course& course) {
  const Contract& row = plan.contracts[contract];
  const scheduler::ContractTimes& times = timeline.contracts[contract];
  const std::string after = after_failures(plan, course);
  if (row.kind == Contract::Kind::Duration) {
    return fmt::format("it takes {}{}", time_of(times.worst), after);
  }
  std::string role = quoted_name(plan.roles[row.role].name);
  if (row.kind == Contract::Kind::Downtime) {
    return fmt::format("{} has fewer than {} in service for {} in all, from {} on{}", role,
                       plan.roles[row.role].minimum, time_of(times.worst), time_of(times.at.ms),
                       after);
  }
  std::uint32_t of = plan.target_lists[plan.roles[row.role].targets].size();
  if (!row.per.empty()) {
    of = row.bounds[times.bound].targets;
    role += fmt::format(" with {} {}", row.per,
                        shown_name(plan::to_text(row.bounds[times.bound].value)));
  }
  const std::vector<plan::TargetId> out = out_at(plan, row, times, timeline);
  const std::string names = out.empty() ? "" : " (" + target_names(plan, out) + ")";
  if (row.kind == Contract::Kind::Available) {
    return fmt::format("at {} {} of {} targets of {} are in service{}{}", time_of(times.at.ms),
                       times.worst, of, role, out.empty() ? "" : ", with" + names + " out", after);
  }
  return fmt::format("at {} {} of {} targets of {} are out of service{}{}", time_of(times.at.ms),
                     times.worst, of, role, names, after);
}

std::string verdicts_text(const plan::Plan& plan, const std::vector<Verdict>& verdicts,
                          const std::vector<Finding>& findings, std::string_view command,
                          const TextStyle& style) {
  std::string text;
  const auto painted = [&](std::string_view word_text, std::string_view colour) {
    const std::string cell = padded(word_text, 9);
    return style.colour ? fmt::format("{}{}\x1b[0m", colour, cell) : cell;
  };
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const Verdict& verdict = verdicts[i];
    text += fmt::format("{}  {}\n", painted(word(verdict.answer), colour_of(verdict.answer)),
                        fitted(plan.contracts[i].text, 90));
    text += wrapped(verdict.reason, 11, std::max(style.width, 60));
    const std::string replay = verdict.shown ? replay_options(plan, verdict.course) : "";
    if (replay.empty() && (!verdict.shown || !verdict.course.goes_well())) continue;
    text += fmt::format("           see it: sluice simulate {}{}\n", base::printable(command),
                        base::printable(replay));
  }
  std::size_t others = 0;  // than errors, of which each is shown
  for (const Finding& finding : findings) {
    const bool bad = finding.severity == Finding::Severity::Error;
    const bool warns = finding.severity == Finding::Severity::Warning;
    if (!bad && ++others > most_findings) continue;
    const std::string place = plan::place_text(plan, finding.place);
    text += painted(word(finding.severity), bad ? "\x1b[31m" : warns ? "\x1b[33m" : "\x1b[36m");
    const std::string message = fitted(finding.message, 600);
    text += wrapped(place.empty() ? message : fitted(place, 90) + ": " + message, 11,
                    std::max(style.width, 60))
                .substr(9);
  }
  if (others > most_findings) {
    text += fmt::format("           and {} more, which `--format json` tells\n",
                        others - most_findings);
  }
  return text;
}

std::string verdicts_json(const plan::Plan& plan, const std::vector<Verdict>& verdicts,
                          const std::vector<Finding>& findings) {
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().key("contracts").begin_array();
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const Verdict& verdict = verdicts[i];
    json.begin_object().member("text", plan.contracts[i].text);
    json.member("answer", word(verdict.answer)).member("reason", verdict.reason);
    write_place(json, plan, plan.contracts[i].place);
    if (verdict.shown) {
      json.member("worst", verdict.worst).key("at_ms");
      verdict.at == base::Instant::never() ? json.null() : json.value(verdict.at.ms);
      write_course(json, plan, verdict.course);
    }
    json.end_object();
  }
  json.end_array().key("findings").begin_array();
  for (const Finding& finding : findings) {
    json.begin_object().member("severity", word(finding.severity));
    json.member("message", finding.message);
    write_place(json, plan, finding.place);
    json.end_object();
  }
  json.end_array().end_object();
  return text.substr(1, text.size() - 2);
}

}  // namespace sluice::render
