#include <fmt/format.h>

#include "base/json_writer.h"
#include "plan/batches.h"
#include "render/timeline_export.h"
#include "scheduler/work.h"

namespace sluice::render {

namespace {

using base::Instant;
using scheduler::Interval;
using scheduler::State;

class TraceWriter {
 public:
  TraceWriter(const plan::Plan& plan, const scheduler::Timeline& timeline, std::string& out)
      : plan_(plan), timeline_(timeline), json_(out) {}

  void write() {
    json_.begin_object().member("displayTimeUnit", "ms");
    json_.key("otherData").begin_object().member("schema", "sluice.trace/1");
    json_.member("deployment", plan_.deployment).member("plan", plan_.digest);
    json_.member("outcome", scheduler::state_name(timeline_.outcome)).end_object();
    json_.key("traceEvents").begin_array();
    write_capacity();
    for (const plan::StepId step : plan_.steps.ids()) write_step(step);
    json_.end_array().end_object();
  }

 private:
  static constexpr std::uint32_t capacity_process = 1;

  // Names what stands in a row of the viewer, and where the row stands.
  void name(std::string_view kind, std::uint32_t process, std::uint32_t thread,
            std::string_view text) {
    json_.begin_object().member("ph", "M").member("name", kind);
    json_.member("pid", process).member("tid", thread);
    json_.key("args").begin_object().member("name", text).end_object().end_object();
  }
  void sort(std::string_view kind, std::uint32_t process, std::uint32_t thread,
            std::uint32_t place) {
    json_.begin_object().member("ph", "M").member("name", kind);
    json_.member("pid", process).member("tid", thread);
    json_.key("args").begin_object().member("sort_index", place).end_object().end_object();
  }

  void write_capacity() {
    name("process_name", capacity_process, 0, "In service");
    sort("process_sort_index", capacity_process, 0, 0);
    for (const plan::RoleId role : plan_.roles.ids()) {
      for (const scheduler::Change& change : timeline_.roles[role.value].availability) {
        json_.begin_object().member("ph", "C").member("name", plan_.roles[role].name);
        json_.member("pid", capacity_process).member("tid", 0).member("ts", change.at.ms * 1000);
        json_.key("args").begin_object().member("in service", change.in_service);
        json_.end_object().end_object();
      }
    }
  }

  void write_step(plan::StepId step) {
    const std::uint32_t process = step.value + capacity_process + 1;
    name("process_name", process, 0, plan_.steps[step].name);
    sort("process_sort_index", process, 0, process);
    const std::uint32_t lanes = plan::lane_count(plan_, step);
    for (std::uint32_t lane = 0; lane < lanes; ++lane) write_lane(step, lane, process);
  }

  void write_lane(plan::StepId step, std::uint32_t lane, std::uint32_t process) {
    const scheduler::LaneTimes& times = timeline_.lane(step, lane);
    if (times.start == Instant::never()) return;
    const std::uint32_t thread = lane + 1;
    const std::string_view target = plan::lane_name(plan_, step, lane);
    name("thread_name", process, thread, target);
    sort("thread_sort_index", process, thread, thread);
    slice(process, thread, target, {times.start, times.end}, times.state, 0,
          plan::batch_number(plan_, step, lane));
    const auto& tasks = plan_.steps[step].tasks;
    for (std::uint32_t task = 0; task < tasks.size(); ++task) {
      attempts(process, thread, tasks[task].name, timeline_.attempts(plan_, step, lane, task),
               timeline_.task(plan_, step, lane, task).state);
    }
    for (const scheduler::PartTimes& part : timeline_.parts_of(step, lane)) {
      const std::string text =
          scheduler::part_name(plan_, {.step = step, .task = part.task, .part = part.part});
      attempts(process, thread, text, part.attempts, part.times.state);
    }
  }

  void attempts(std::uint32_t process, std::uint32_t thread, std::string_view text,
                const std::vector<Interval>& rows, State state) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      slice(process, thread, text, rows[i], i + 1 == rows.size() ? state : State::Failed, i + 1);
    }
  }

  // What is still open is drawn to the end. `attempt` 0: a whole lane; `batch` 0: in none.
  void slice(std::uint32_t process, std::uint32_t thread, std::string_view text,
             const Interval& times, State state, std::size_t attempt, std::uint32_t batch = 0) {
    const std::int64_t end = times.end == Instant::never() ? timeline_.duration.ms : times.end.ms;
    json_.begin_object().member("ph", "X").member("name", text);
    json_.member("cat", attempt == 0 ? "lane" : "action");
    json_.member("pid", process).member("tid", thread);
    json_.member("ts", times.start.ms * 1000).member("dur", (end - times.start.ms) * 1000);
    json_.key("args").begin_object().member("state", scheduler::state_name(state));
    if (attempt > 0) json_.member("attempt", static_cast<std::uint64_t>(attempt));
    if (batch > 0) json_.member("batch", batch);
    json_.end_object().end_object();
  }

  const plan::Plan& plan_;
  const scheduler::Timeline& timeline_;
  base::JsonWriter json_;
};

}  // namespace

std::string timeline_trace(const plan::Plan& plan, const scheduler::Timeline& timeline) {
  std::string text;
  TraceWriter(plan, timeline, text).write();
  text.push_back('\n');
  return text;
}

}  // namespace sluice::render
