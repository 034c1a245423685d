// The rolling scenario in SimGrid: a window's worth of actors that take the next target and sleep
// through its actions, which is the quickest of its ways to say it. Durations come from a file
// (simulator_events … draw FILE); a second of SimGrid's is a millisecond, so that all is whole.
//
// usage: peer_simgrid N W K FILE; prints the makespan and events a second of CPU time.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <simgrid/s4u.hpp>
#include <vector>

namespace {

struct Work {
  std::uint32_t targets = 0;
  std::uint32_t actions = 0;
  std::uint32_t next = 0;
  std::vector<std::uint32_t> durations;
};

void take_targets(Work* work) {
  while (work->next < work->targets) {
    const std::size_t target = work->next++;
    for (std::uint32_t action = 0; action < work->actions; ++action) {
      simgrid::s4u::this_actor::sleep_for(work->durations[target * work->actions + action]);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  simgrid::s4u::Engine engine(&argc, argv);
  if (argc != 5) {
    std::fprintf(stderr, "usage: peer_simgrid TARGETS WINDOW ACTIONS FILE\n");
    return 2;
  }
  const auto number = [argv](int at) {
    return static_cast<std::uint32_t>(std::strtoul(argv[at], nullptr, 10));
  };
  Work work;
  work.targets = number(1);
  work.actions = number(3);
  work.durations.resize(std::size_t{work.targets} * work.actions);
  std::FILE* file = std::fopen(argv[4], "rb");
  if (file == nullptr ||
      std::fread(work.durations.data(), 4, work.durations.size(), file) != work.durations.size()) {
    std::fprintf(stderr, "peer_simgrid: cannot read %s\n", argv[4]);
    return 1;
  }
  std::fclose(file);
  auto* zone = simgrid::s4u::create_full_zone("zone");
  auto* host = zone->create_host("host", 1e9)->seal();
  zone->seal();
  const std::clock_t begin = std::clock();
  for (std::uint32_t worker = 0; worker < number(2); ++worker) {
    simgrid::s4u::Actor::create("worker", host, take_targets, &work);
  }
  engine.run();
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::printf("{\"makespan_ms\": %.0f, \"seconds\": %.4f, \"events_per_second\": %.0f}\n",
              simgrid::s4u::Engine::get_clock(), seconds,
              static_cast<double>(work.durations.size()) / seconds);
  return 0;
}
