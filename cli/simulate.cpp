// `sluice simulate`: the prediction, in each of its formats.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/outlook.h"
#include "cli/report_page.h"
#include "render/timeline_json.h"
#include "render/timeline_text.h"
#include "simulator/monte_carlo.h"
#include "simulator/simulator.h"
#include "simulator/what_if.h"

namespace sluice::cli {

namespace {

// Beyond it a terminal shows no lanes, and they need not be kept.
constexpr std::uint64_t most_drawn_lanes = 20'000;

std::uint64_t all_lanes(const plan::Plan& plan) {
  std::uint64_t lanes = 0;
  for (const plan::StepId step : plan.steps.ids()) lanes += plan::lane_count(plan, step);
  return lanes;
}

// A line on a terminal while many runs are made; none where they take no time.
class RunsProgress {
 public:
  explicit RunsProgress(std::uint32_t runs) : runs_(runs), wanted_(live_lines_wanted()) {}
  ~RunsProgress() {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }
  RunsProgress(const RunsProgress&) = delete;
  RunsProgress& operator=(const RunsProgress&) = delete;

  void show(std::uint32_t done) {
    const Clock::time_point now = Clock::now();
    if (!wanted_ || now < next_) return;
    next_ = now + std::chrono::milliseconds(200);
    shown_ = true;
    fmt::print(stderr, "\r\x1b[K{} of {} runs", done, runs_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::uint32_t runs_;
  bool wanted_;
  bool shown_ = false;
  Clock::time_point next_ = Clock::now() + std::chrono::milliseconds(500);
};

class Simulation {
 public:
  Simulation(const plan::Plan& plan, const SimulateOptions& options)
      : plan_(plan), options_(options) {
    settings_.seed = options.seed;
    const bool text = options.format == Format::Text;
    const bool few = all_lanes(plan) <= most_drawn_lanes;
    settings_.detail = !text || few ? scheduler::Detail::Lanes : scheduler::Detail::Summary;
  }

  int run() {
    if (const base::Status read = read_what_ifs(); !read) return wrong(read.error().message);
    if (each_ && options_.runs > 1) {
      return wrong("`each` is one run for each target: it goes with no --runs");
    }
    const bool of_one_run = options_.format == Format::Csv || options_.format == Format::Trace;
    if (of_one_run && options_.runs > 1) {
      return wrong("a table and a trace are of one run: they go with no --runs");
    }
    if (each_ && options_.format != Format::Text && options_.format != Format::Json) {
      return wrong("`each` is one run for each target: write text or json");
    }
    if (options_.format == Format::Html && options_.output.empty() && is_terminal(1)) {
      return wrong("a page is no text to read here: name a file with `-o report.html`");
    }
    if (each_) return run_each();
    return options_.runs > 1 ? run_many() : run_once();
  }

 private:
  static int wrong(std::string_view message) {
    fmt::print(stderr, "sluice: {}\n", message);
    return exit_wrong;
  }

  int put(std::string_view text) const {
    const base::Status written = write_file(options_.output.empty() ? "-" : options_.output, text);
    return written ? exit_done : wrong(written.error().message);
  }

  render::TextStyle style() const {
    render::TextStyle style;
    const bool terminal = options_.output.empty() || options_.output == "-";
    style.width = terminal ? terminal_width(1) : 100;
    style.colour = terminal && colour_wanted(1);
    return style;
  }

  base::Status read_what_ifs() {
    for (const std::string& text : options_.fail) {
      const auto request = simulator::parse_failure(plan_, text);
      if (!request) return request.error();
      if (!request.value().each) {
        const auto& failures = request.value().failures;
        settings_.failures.insert(settings_.failures.end(), failures.begin(), failures.end());
      } else if (each_) {
        return base::Error{"`each` can be said of one step only"};
      } else {
        each_ = request.value();
      }
    }
    for (const std::string& text : options_.slow) {
      const auto slow = simulator::parse_slowdown(plan_, text);
      if (!slow) return slow.error();
      settings_.slowdowns.push_back(slow.value());
    }
    for (const std::string& text : options_.unreachable) {
      const auto target = simulator::parse_target(plan_, text);
      if (!target) return target.error();
      settings_.unreachable.push_back(target.value());
    }
    return base::Done{};
  }

  bool asks_what_if() const {
    return !options_.fail.empty() || !options_.slow.empty() || !options_.unreachable.empty();
  }

  // The document was written; does every contract hold?
  static int ended(int written, bool held) {
    return written == exit_done && !held ? static_cast<int>(exit_failed) : written;
  }

  int run_once() const {
    const auto prediction = simulator::simulate(plan_, settings_);
    if (!prediction) return wrong(prediction.error().message);
    const auto& [timeline, assumed] = prediction.value();
    const bool held = std::all_of(timeline.contracts.begin(), timeline.contracts.end(),
                                  [](const auto& contract) { return contract.held; });
    if (options_.format != Format::Text) {
      const auto document = timeline_document(plan_, timeline, options_.format,
                                              {options_.seed, {}, {}, assumed}, about(settings_));
      return document ? ended(put(document.value()), held) : wrong(document.error().message);
    }
    std::string text = render::summary_text(plan_, timeline, assumed, style());
    if (asks_what_if()) text += "\n" + render::end_state_text(plan_, timeline, style());
    if (!timeline.lanes.empty()) text += "\n" + render::gantt_text(plan_, timeline, style());
    return ended(put(text), held);
  }

  int run_many() const {
    simulator::MonteCarlo many;
    many.runs = options_.runs;
    many.threads =
        options_.threads > 0 ? options_.threads : std::max(1U, std::thread::hardware_concurrency());
    RunsProgress progress(options_.runs);
    many.progress = [&](std::uint32_t done) { progress.show(done); };
    const auto outlook = simulator::predict(plan_, settings_, many);
    if (!outlook) return wrong(outlook.error().message);
    const auto& contracts = outlook.value().contracts;
    const bool held = std::all_of(contracts.begin(), contracts.end(),
                                  [](const auto& contract) { return contract.held; });
    if (options_.format == Format::Html) return put_page(outlook.value(), held);
    return ended(put(options_.format == Format::Json
                         ? outlook_json(plan_, outlook.value(), options_.seed)
                         : outlook_text(plan_, outlook.value(), options_.seed, style())),
                 held);
  }

  // With what was put on top of the plan.
  std::string about(const simulator::Settings& settings) const {
    std::string text = about_prediction(settings, options_.runs);
    for (const std::string& what : options_.fail) text += fmt::format(" What if {} fails?", what);
    for (const std::string& what : options_.slow) text += fmt::format(" What if {}?", what);
    for (const std::string& what : options_.unreachable) {
      text += fmt::format(" What if {} cannot be reached?", what);
    }
    return text;
  }

  // One run in full, and what all have in common.
  int put_page(const simulator::Outlook& outlook, bool held) const {
    const auto typical = typical_run(plan_, settings_, outlook);
    if (!typical) return wrong(typical.error().message);
    const auto& [timeline, assumed] = typical.value().prediction;
    const render::ReportPart part{"", about(typical.value().settings), &timeline, assumed};
    const render::ReportDistribution distribution = distribution_of(plan_, outlook);
    const auto page = render::report_html(plan_, {&part, 1}, &distribution);
    return page ? ended(put(page.value()), held) : wrong(page.error().message);
  }

  std::string task_name(const simulator::Failure& failure) const {
    const plan::Step& step = plan_.steps[failure.step];
    return step.has_child_steps ? fmt::format("{}/{}", step.name, step.tasks[failure.task].name)
                                : step.name;
  }

  // Each target in turn: which single failure hurts most?
  int run_each() {
    std::string json = "{\"schema\":\"sluice.what_if/1\",\"runs\":[";
    std::vector<render::WhatIf> rows;
    for (const simulator::Failure& failure : each_->failures) {
      simulator::Settings settings = settings_;
      settings.failures.push_back(failure);
      const auto prediction = simulator::simulate(plan_, settings);
      if (!prediction) return wrong(prediction.error().message);
      const auto& [timeline, assumed] = prediction.value();
      const std::string target(plan::lane_name(plan_, failure.step, failure.lane));
      if (options_.format == Format::Json) {
        if (json.back() != '[') json += ',';
        base::JsonWriter writer(json);
        writer.begin_object().member("fail", fmt::format("{}@{}", task_name(failure), target));
        std::string document =
            render::timeline_json(plan_, timeline, {options_.seed, {}, {}, assumed});
        document.pop_back();
        json += ",\"timeline\":" + document + "}";
      } else {
        rows.push_back({target, timeline});
      }
    }
    if (options_.format == Format::Json) return put(json + "]}\n");
    return put(render::what_if_text(plan_, task_name(each_->failures.front()), rows, style()));
  }

  const plan::Plan& plan_;
  const SimulateOptions& options_;
  simulator::Settings settings_;
  std::optional<simulator::FailureRequest> each_;
};

}  // namespace

int simulate_command(const SimulateOptions& options) {
  const auto loaded = load_plan(options.input);
  if (const int* status = std::get_if<int>(&loaded)) return *status;
  const auto& plan = std::get<plan::Plan>(loaded);
  return Simulation(plan, options).run();
}

}  // namespace sluice::cli
