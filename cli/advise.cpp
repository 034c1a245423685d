// `sluice advise`: windows, batches and orders of a step beside each other.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <thread>

#include "base/utf8.h"
#include "cli/advice.h"
#include "cli/commands.h"
#include "cli/known_history.h"
#include "cli/load.h"
#include "cli/tell.h"
#include "cli/work_progress.h"
#include "compiler/suggest.h"

namespace sluice::cli {

namespace {

// HH:MM or HH:MM:SS, as seconds from midnight; -1: it is none.
std::int64_t second_of_day(std::string_view text) {
  constexpr std::int64_t most[] = {23, 59, 59};
  std::int64_t seconds = 0;
  std::size_t parts = 0;
  for (; parts < 3; ++parts) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc{} || digits != 2 || number < 0 || number > most[parts]) return -1;
    seconds = seconds * 60 + number;
    text.remove_prefix(digits);
    if (text.empty()) break;
    if (text.front() != ':') return -1;
    text.remove_prefix(1);
  }
  if (parts == 1) return seconds * 60;
  return parts == 2 ? seconds : -1;
}

// By its name; invalid: there is none such, and that was said.
plan::StepId find_step(const plan::Plan& plan, const std::string& name) {
  std::vector<std::string> names;
  for (const plan::StepId id : plan.steps.ids()) {
    const plan::Step& step = plan.steps[id];
    if (step.name == name && !step.gate_of.valid()) return id;
    names.push_back(step.name);
  }
  wrong(fmt::format("the plan has no step `{}`", base::printable(name)));
  for (const std::string& hint : compiler::did_you_mean(name, names)) {
    tell("  hint: {}\n", hint);
  }
  return {};
}

}  // namespace

int advise_command(const AdviseOptions& options) {
  const auto loaded = load_plan(options.input);
  if (const int* status = std::get_if<int>(&loaded)) return *status;
  const auto& plan = std::get<plan::Plan>(loaded);
  std::optional<WantedEnd> wanted;
  if (!options.end.empty()) {
    const std::int64_t second = second_of_day(options.end);
    if (second < 0) {
      return wrong(
          fmt::format("`{}` is no time of day: write it as 06:00", base::printable(options.end)));
    }
    wanted = WantedEnd{second, static_cast<std::uint32_t>(std::lround(options.confidence * 10))};
  }
  simulator::Settings settings;
  settings.seed = options.seed;
  settings.history = history_for(plan, state_beside(options.input, options.state));
  simulator::Advise request;
  request.step = options.step.empty() ? simulator::step_to_advise(plan, settings)
                                      : find_step(plan, options.step);
  if (!request.step.valid()) {
    if (!options.step.empty()) return exit_wrong;
    return wrong("no step has several targets: there is nothing to choose");
  }
  const plan::Step& step = plan.steps[request.step];
  if (step.on_controller || plan::lane_count(plan, request.step) < 2 || step.disabled) {
    return wrong(
        fmt::format("`{}` has not several targets to be carried out on: there is nothing "
                    "to choose",
                    base::printable(step.name)));
  }
  request.many.runs = options.runs;
  request.many.threads =
      options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  WorkProgress progress(1000, "thousandths of the work");
  request.many.progress = [&](std::uint32_t done) { progress.show(done); };
  const auto advice = simulator::advise(plan, settings, request);
  if (!advice) return wrong(advice.error().message);
  render::TextStyle style;
  style.width = terminal_width(1);
  style.colour = colour_wanted(1);
  const std::string text = options.format == Format::Json
                               ? advice_json(plan, advice.value(), options.seed, wanted)
                               : advice_text(plan, advice.value(), options.seed, wanted, style);
  const base::Status written = write_file("-", text);
  return written ? exit_done : wrong(written.error().message);
}

}  // namespace sluice::cli
