#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "render/state_words.h"
#include "render/timeline_export.h"
#include "scheduler/work.h"

namespace sluice::render {

namespace {

using base::Instant;
using scheduler::State;

std::string seconds(base::Duration duration) {
  return fmt::format("{}.{:03}", duration.ms / 1000, duration.ms % 1000);
}

// U+FFFE and U+FFFF: characters of UTF-8 that are none of XML's.
bool is_no_xml(std::string_view text) {
  return text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF");
}

// XML has no way to write most control characters, so they are written out.
std::string attribute(std::string_view text) {
  std::string safe;
  const std::string shown = base::printable(text);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (is_no_xml(std::string_view(shown).substr(i))) {
      safe += shown[i + 2] == '\xBE' ? "\\u{FFFE}" : "\\u{FFFF}";
      i += 2;
      continue;
    }
    const char c = shown[i];
    switch (c) {
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '&':
        safe += "&amp;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe.push_back(c);
    }
  }
  return safe;
}

enum class Result { Passed, Failed, Skipped };

Result result_of(State state) {
  switch (state) {
    case State::Succeeded:
    case State::Degraded:
      return Result::Passed;
    case State::Failed:
    case State::Undone:
    case State::Cancelled:
      return Result::Failed;
    default:
      return Result::Skipped;
  }
}

class JunitWriter {
 public:
  JunitWriter(const plan::Plan& plan, const scheduler::Timeline& timeline, const LinesOf& wrote)
      : plan_(plan), timeline_(timeline), wrote_(wrote) {}

  std::string document(std::string_view started_at) {
    std::string suites;
    Counts all;
    for (const plan::StepId step : plan_.steps.ids()) suites += suite(step, started_at, all);
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {} time=\"{}\">\n{}"
        "</testsuites>\n",
        attribute(plan_.deployment), all.text(), seconds(timeline_.duration), suites);
  }

 private:
  struct Counts {
    std::uint64_t tests = 0, failures = 0, skipped = 0;
    std::string text() const {
      return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"", tests,
                         failures, skipped);
    }
  };

  std::string suite(plan::StepId step, std::string_view started_at, Counts& all) const {
    const scheduler::StepTimes& times = timeline_.steps[step.value];
    const std::uint32_t lanes = plan::lane_count(plan_, step);
    Counts counts;
    std::string cases;
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      const State state = timeline_.lane(step, lane).state;
      ++counts.tests;
      if (result_of(state) == Result::Failed) ++counts.failures;
      if (result_of(state) == Result::Skipped) ++counts.skipped;
      cases += test_case(step, lane);
    }
    all.tests += counts.tests;
    all.failures += counts.failures;
    all.skipped += counts.skipped;
    const std::string stamp =
        started_at.empty() ? "" : fmt::format(" timestamp=\"{}\"", attribute(started_at));
    return fmt::format("  <testsuite name=\"{}\" {} time=\"{}\"{}>\n{}  </testsuite>\n",
                       attribute(plan_.steps[step].name), counts.text(),
                       seconds(length(times.start, times.end)), stamp, cases);
  }

  std::string test_case(plan::StepId step, std::uint32_t lane) const {
    const scheduler::LaneTimes& times = timeline_.lane(step, lane);
    const std::string head = fmt::format(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"", attribute(plan_.steps[step].name),
        attribute(plan::lane_name(plan_, step, lane)), seconds(length(times.start, times.end)));
    const Result result = result_of(times.state);
    if (result == Result::Passed) return head + "/>\n";
    std::string why = state_words(times.state);
    if (times.reason != scheduler::Reason::None) {
      why += ": " + scheduler::reason_text(plan_, times.reason, times.cause);
    }
    if (result == Result::Skipped) {
      return fmt::format("{}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", head,
                         attribute(why));
    }
    for (const std::string& line : failures(step, lane)) why += "; " + line;
    std::string text;
    if (wrote_) {
      for (const std::string& line : wrote_(step, lane)) text += attribute(line) + "\n";
    }
    const std::string end = text.empty() ? "/>" : ">" + text + "</failure>";
    return fmt::format("{}>\n      <failure message=\"{}\"{}\n    </testcase>\n", head,
                       attribute(why), end);
  }

  // What failed on the lane: "`Deploy` failed after 3 attempts".
  std::vector<std::string> failures(plan::StepId step, std::uint32_t lane) const {
    std::vector<std::string> lines;
    const auto add = [&](std::string_view name, const scheduler::TaskTimes& times) {
      if (times.state != State::Failed && times.state != State::Cancelled) return;
      lines.push_back(fmt::format("`{}` {} after {} attempt{}", name,
                                  scheduler::state_name(times.state), times.attempts,
                                  times.attempts == 1 ? "" : "s"));
    };
    const auto& tasks = plan_.steps[step].tasks;
    for (std::uint32_t task = 0; task < tasks.size(); ++task) {
      add(tasks[task].name, timeline_.task(plan_, step, lane, task));
    }
    for (const scheduler::PartTimes& part : timeline_.parts_of(step, lane)) {
      add(scheduler::part_name(plan_, {.step = step, .task = part.task, .part = part.part}),
          part.times);
    }
    return lines;
  }

  base::Duration length(Instant start, Instant end) const {
    if (start == Instant::never()) return {};
    return end == Instant::never() ? Instant{timeline_.duration.ms} - start : end - start;
  }

  const plan::Plan& plan_;
  const scheduler::Timeline& timeline_;
  const LinesOf& wrote_;
};

}  // namespace

std::string timeline_junit(const plan::Plan& plan, const scheduler::Timeline& timeline,
                           std::string_view started_at, const LinesOf& wrote) {
  return JunitWriter(plan, timeline, wrote).document(started_at);
}

}  // namespace sluice::render
