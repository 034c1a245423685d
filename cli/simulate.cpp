// `sluice simulate`: the prediction, in each of its formats.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/known_history.h"
#include "cli/load.h"
#include "cli/outlook.h"
#include "cli/report_page.h"
#include "cli/work_progress.h"
#include "plan/prove.h"
#include "render/explain_text.h"
#include "render/timeline_json.h"
#include "render/timeline_text.h"
#include "render/what_if.h"
#include "simulator/forecast.h"
#include "simulator/monte_carlo.h"
#include "simulator/simulator.h"
#include "simulator/spread.h"
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

class Simulation {
 public:
  Simulation(const plan::Plan& plan, const SimulateOptions& options)
      : plan_(plan), options_(options) {
    settings_.seed = options.seed;
    settings_.history = history_for(plan, state_beside(options.input, options.state));
    const bool text = options.format == Format::Text;
    const bool few = all_lanes(plan) <= most_drawn_lanes;
    settings_.detail =
        !text || few || options.explain ? scheduler::Detail::Lanes : scheduler::Detail::Summary;
  }

  int run() {
    if (const base::Status read = read_what_ifs(); !read) return wrong(read.error().message);
    if (options_.explain && options_.runs > 1) {
      return wrong("`--explain` is of one run: it goes with no --runs");
    }
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
      if (!document) return wrong(document.error().message);
      return ended(put(with_explanation(document.value(), timeline)), held);
    }
    std::string text = render::summary_text(plan_, timeline, assumed, style(), plan::prove(plan_));
    if (asks_what_if()) {
      text += "\n" + render::end_state_text(plan_, timeline, style());
      if (!timeline.lanes.empty()) text += render::releases_text(plan_, timeline);
    }
    if (!timeline.lanes.empty()) text += render::asked_text(plan_, timeline);
    if (options_.explain && !timeline.lanes.empty()) {
      text += "\n" + render::explain_text(plan_, timeline, explained(timeline), style());
    }
    if (!timeline.lanes.empty()) text += "\n" + render::gantt_text(plan_, timeline, style());
    return ended(put(text), held);
  }

  int run_many() const {
    simulator::MonteCarlo many;
    many.runs = options_.runs;
    many.threads =
        options_.threads > 0 ? options_.threads : std::max(1U, std::thread::hardware_concurrency());
    WorkProgress progress(options_.runs, "runs");
    many.progress = [&](std::uint32_t done) { progress.show(done); };
    const auto outlook = simulator::predict(plan_, settings_, many);
    if (!outlook) return wrong(outlook.error().message);
    const auto drivers = simulator::spread_drivers(plan_, settings_, many);
    if (!drivers) return wrong(drivers.error().message);
    const auto& contracts = outlook.value().contracts;
    const bool held = std::all_of(contracts.begin(), contracts.end(),
                                  [](const auto& contract) { return contract.held; });
    if (options_.format == Format::Html) return put_page(outlook.value(), held);
    return ended(
        put(options_.format == Format::Json
                ? outlook_json(plan_, outlook.value(), drivers.value(), options_.seed)
                : outlook_text(plan_, outlook.value(), drivers.value(), options_.seed, style())),
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

  std::string with_explanation(std::string document, const scheduler::Timeline& timeline) const {
    if (!options_.explain || options_.format != Format::Json) return document;
    document.resize(document.rfind('}'));
    return document + "," + render::explain_json(plan_, explained(timeline)) + "}\n";
  }

  std::vector<render::Explained> explained(const scheduler::Timeline& timeline) const {
    std::vector<render::Explained> rows;
    const auto slacks = scheduler::slack_of(plan_, timeline);
    for (const plan::StepId step : plan_.steps.ids()) {
      rows.push_back({slacks[step.value],
                      simulator::one_more_slot_saves(plan_, settings_, step, timeline.duration),
                      {}});
    }
    simulator::MonteCarlo many;
    many.runs = simulator::affordable_runs(plan_, 400'000, simulator::most_driver_runs);
    many.threads = std::max(1U, std::thread::hardware_concurrency());
    const auto drivers = simulator::spread_drivers(plan_, settings_, many);
    if (!drivers) return rows;
    for (const simulator::Driver& driver : drivers.value()) {
      rows[driver.step.value].spread = driver.share;
    }
    return rows;
  }

  // What taking everything back would be after that failure: the step as if it said `rollback all`
  // and tolerated nothing. Nothing where nothing in it undoes.
  std::optional<scheduler::TakenBack> rollback(const simulator::Settings& settings,
                                               plan::StepId id) const {
    const auto& tasks = plan_.steps[id].tasks;
    const bool undoes = std::any_of(tasks.begin(), tasks.end(),
                                    [](const plan::Task& task) { return task.undo.has_value(); });
    if (!undoes) return std::nullopt;
    plan::Plan changed = plan_;
    changed.steps[id].on_failure = plan::OnFailure::RollbackAll;
    changed.steps[id].tolerate.value = 0;
    const auto prediction = simulator::simulate(changed, settings);
    if (!prediction) return std::nullopt;
    return scheduler::taken_back(changed, prediction.value().timeline);
  }

  // Each target in turn: which single failure hurts most?
  int run_each() const {
    std::vector<render::WhatIf> runs;
    for (const simulator::Failure& failure : each_->failures) {
      simulator::Settings settings = settings_;
      settings.detail = scheduler::Detail::Lanes;
      settings.failures.push_back(failure);
      auto prediction = simulator::simulate(plan_, settings);
      if (!prediction) return wrong(prediction.error().message);
      runs.push_back({std::string(plan::lane_name(plan_, failure.step, failure.lane)),
                      std::move(prediction.value().timeline), std::move(prediction.value().assumed),
                      rollback(settings, failure.step)});
    }
    if (runs.empty()) return wrong("that step works on no target, so none can fail");
    const std::string task = task_name(each_->failures.front());
    return put(options_.format == Format::Json
                   ? render::what_if_json(plan_, task, runs, options_.seed)
                   : render::what_if_text(plan_, task, runs, style()));
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
