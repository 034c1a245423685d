// What the simulator costs without the text of a file: R(targets, window, tasks), its durations
// drawn, summed up as `sluice simulate` does it. Beside limit_engine it says how far the product is
// from an engine for this one scenario.
//
// usage: simulator_events N W K [commands|action|stride|lognormal]; prints the makespan in
// milliseconds and events a second of CPU time. `commands`: all that happens goes through the
// scheduler's commands, as when a run is carried out; `action`: event by event, and commands for
// what does not go the usual way; `stride`: plain lanes in one, which is what `sluice simulate`
// does; `lognormal`: so, with another distribution.
// simulator_events N W K runs R: R runs of lognormal durations on one thread.
// simulator_events N W K draw FILE writes the durations themselves, for the peers: N × K
// milliseconds, 32 bits each, target by target.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <vector>

#include "bench/rolling.h"
#include "simulator/attempts.h"
#include "simulator/monte_carlo.h"
#include "simulator/simulator.h"

namespace {

using namespace sluice;
using Kind = plan::DurationModel::Kind;

// Many runs on one thread, with all that quantiles need.
int run_many(const plan::Plan& plan, const simulator::Settings& settings, std::uint32_t runs) {
  const std::clock_t begin = std::clock();
  const auto outlook = simulator::predict(plan, settings, {runs, 1, {}});
  const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  if (!outlook) return 1;
  fmt::print("{{\"median_ms\": {}, \"p95_ms\": {}, \"seconds\": {:.4f}}}\n",
             outlook.value().duration_ms.quantile(500), outlook.value().duration_ms.quantile(950),
             took);
  return 0;
}

int draw(const plan::Plan& plan, const simulator::Settings& settings, std::uint32_t targets,
         std::uint32_t tasks, const char* path) {
  const simulator::Attempts attempts(plan, settings);
  std::vector<std::uint32_t> all;
  std::array<simulator::DrawnLane, 1> drawn;
  for (std::uint32_t lane = 0; lane < targets; ++lane) {
    for (std::uint32_t task = 0; task < tasks; ++task) {
      const std::uint32_t at = task % simulator::Attempts::block;
      if (at == 0) attempts.draw_lanes(plan::StepId{0}, lane, task, 0, drawn);
      all.push_back(drawn[0].takes[at]);
    }
  }
  std::FILE* file = std::fopen(path, "wb");
  if (file == nullptr) return 1;
  const std::size_t written = std::fwrite(all.data(), sizeof(all[0]), all.size(), file);
  return std::fclose(file) == 0 && written == all.size() ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view way = count >= 5 ? words[4] : "stride";
  const bool known = way == "commands" || way == "action" || way == "stride" || way == "lognormal";
  const bool draws = way == "draw" && count == 6;
  const bool many = way == "runs" && count == 6;
  if (count < 4 || (!draws && !many && (!known || count > 5))) {
    std::fprintf(stderr,
                 "usage: simulator_events TARGETS WINDOW TASKS [commands|action|stride|lognormal]\n"
                 "       simulator_events TARGETS WINDOW TASKS runs RUNS\n"
                 "       simulator_events TARGETS WINDOW TASKS draw FILE\n");
    return 2;
  }
  const auto number = [&](int word) {
    return static_cast<std::uint32_t>(std::strtoul(words[word], nullptr, 10));
  };
  const plan::DurationModel takes = way == "lognormal" || many
                                        ? bench::model(Kind::Lognormal, 1000, 2276)
                                        : bench::even_durations();
  const plan::Plan plan = bench::rolling(number(1), number(2), number(3), takes);
  simulator::Settings settings;
  settings.detail = scheduler::Detail::Summary;
  settings.pace = way == "commands" ? simulator::Pace::Commands
                  : way == "action" ? simulator::Pace::Actions
                                    : simulator::Pace::Strides;
  if (many) return run_many(plan, settings, number(5));
  if (draws) return draw(plan, settings, number(1), number(3), words[5]);
  const std::clock_t begin = std::clock();
  const auto prediction = simulator::simulate(plan, settings);
  const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  if (!prediction) {
    fmt::print(stderr, "{}\n", prediction.error().message);
    return 1;
  }
  const scheduler::Timeline& timeline = prediction.value().timeline;
  const double events = static_cast<double>(number(1)) * number(3);
  fmt::print(
      "{{\"makespan_ms\": {}, \"out_ms\": {}, \"seconds\": {:.4f}, \"events_per_second\": "
      "{:.0f}}}\n",
      timeline.duration.ms, timeline.roles.front().out_of_service.ms, took, events / took);
  return 0;
}
