#include <fmt/format.h>

#include <iterator>

#include "plan/batches.h"
#include "render/timeline_export.h"
#include "scheduler/work.h"

namespace sluice::render {

namespace {

using base::Instant;
using scheduler::Interval;
using scheduler::Part;
using scheduler::State;

class CsvWriter {
 public:
  CsvWriter(const plan::Plan& plan, const scheduler::Timeline& timeline)
      : plan_(plan), timeline_(timeline) {}

  std::string table() {
    out_ = "step,target,batch,task,attempt,state,start_ms,end_ms,reason\r\n";
    for (const plan::StepId step : plan_.steps.ids()) {
      const std::uint32_t lanes = plan::lane_count(plan_, step);
      for (std::uint32_t lane = 0; lane < lanes; ++lane) write_lane(step, lane);
    }
    return std::move(out_);
  }

 private:
  struct Work {
    std::string name;
    State state;
    std::string reason;
  };

  void write_lane(plan::StepId step, std::uint32_t lane) {
    const scheduler::LaneTimes& times = timeline_.lane(step, lane);
    if (times.start == Instant::never()) {  // one row says why nothing was done
      row(step, lane, {"", times.state, reason(times.reason, times.cause)}, 0, nullptr);
      return;
    }
    const auto& tasks = plan_.steps[step].tasks;
    const auto count = static_cast<std::uint32_t>(tasks.size());
    write_parts(step, lane, count, {Part::Before});
    for (std::uint32_t task = 0; task < count; ++task) {
      write_parts(step, lane, task, {Part::Before});
      const scheduler::TaskTimes& of_task = timeline_.task(plan_, step, lane, task);
      write_work(step, lane, {tasks[task].name, of_task.state, reason(of_task.reason, {})},
                 timeline_.attempts(plan_, step, lane, task));
      write_parts(step, lane, task, {Part::Verify, Part::Undo});
    }
    write_parts(step, lane, count, {Part::Verify});
  }

  void write_parts(plan::StepId step, std::uint32_t lane, std::uint32_t task,
                   std::initializer_list<Part> wanted) {
    for (const Part part : wanted) {
      for (const scheduler::PartTimes& times : timeline_.parts_of(step, lane)) {
        if (times.task != task || times.part != part) continue;
        const std::string name =
            scheduler::part_name(plan_, {.step = step, .task = task, .part = part});
        write_work(step, lane, {name, times.times.state, reason(times.times.reason, {})},
                   times.attempts);
      }
    }
  }

  void write_work(plan::StepId step, std::uint32_t lane, const Work& work,
                  const std::vector<Interval>& attempts) {
    if (attempts.empty()) row(step, lane, work, 0, nullptr);
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      const bool last = i + 1 == attempts.size();  // all before it failed
      row(step, lane, last ? work : Work{work.name, State::Failed, ""}, i + 1, &attempts[i]);
    }
  }

  void row(plan::StepId step, std::uint32_t lane, const Work& work, std::size_t attempt,
           const Interval* times) {
    field(plan_.steps[step].name);
    field(plan::lane_name(plan_, step, lane));
    const std::uint32_t batch = plan::batch_number(plan_, step, lane);
    field(batch == 0 ? "" : std::to_string(batch));
    field(work.name);
    fmt::format_to(std::back_inserter(out_), "{},{},", attempt, scheduler::state_name(work.state));
    if (times != nullptr) fmt::format_to(std::back_inserter(out_), "{}", times->start.ms);
    out_.push_back(',');
    const bool ended = times != nullptr && times->end != Instant::never();
    if (ended) fmt::format_to(std::back_inserter(out_), "{}", times->end.ms);
    out_.push_back(',');
    field(work.reason);
    out_.pop_back();
    out_ += "\r\n";
  }

  // In quotes where it holds what a reader would take for something else.
  void field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
      out_ += text;
    } else {
      out_.push_back('"');
      for (const char c : text) out_.append(c == '"' ? 2 : 1, c);
      out_.push_back('"');
    }
    out_.push_back(',');
  }

  std::string reason(scheduler::Reason why, plan::StepId cause) const {
    return why == scheduler::Reason::None ? "" : scheduler::reason_text(plan_, why, cause);
  }

  const plan::Plan& plan_;
  const scheduler::Timeline& timeline_;
  std::string out_;
};

}  // namespace

std::string timeline_csv(const plan::Plan& plan, const scheduler::Timeline& timeline) {
  return CsvWriter(plan, timeline).table();
}

}  // namespace sluice::render
