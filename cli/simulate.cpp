// `sluice simulate`: the prediction, as text or as JSON.
#include <fmt/format.h>

#include <cstdio>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "render/timeline_json.h"
#include "render/timeline_text.h"
#include "simulator/simulator.h"

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
    const bool json = options.format == Format::Json;
    const bool few = all_lanes(plan) <= most_drawn_lanes;
    settings_.detail = json || few ? scheduler::Detail::Lanes : scheduler::Detail::Summary;
  }

  int run() {
    for (const std::string& text : options_.fail) {
      const auto request = simulator::parse_failure(plan_, text);
      if (!request) return wrong(request.error().message);
      if (!request.value().each) {
        const auto& failures = request.value().failures;
        settings_.failures.insert(settings_.failures.end(), failures.begin(), failures.end());
      } else if (each_) {
        return wrong("`each` can be said of one step only");
      } else {
        each_ = request.value();
      }
    }
    return each_ ? run_each() : run_once();
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

  int run_once() const {
    const auto prediction = simulator::simulate(plan_, settings_);
    if (!prediction) return wrong(prediction.error().message);
    const auto& [timeline, assumed] = prediction.value();
    if (options_.format == Format::Json) {
      return put(render::timeline_json(plan_, timeline, {options_.seed, {}, {}, assumed}));
    }
    std::string text = render::summary_text(plan_, timeline, assumed, style());
    if (!timeline.lanes.empty()) text += "\n" + render::gantt_text(plan_, timeline, style());
    return put(text);
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
  return Simulation(std::get<plan::Plan>(loaded), options).run();
}

}  // namespace sluice::cli
