// The rolling scenario in SimGrid: a window's worth of actors that take the next target and sleep
// through its actions, which is the quickest of its ways to say it. Durations come from a file
// (simulator_events … draw FILE); a second of SimGrid's is a millisecond, so that all is whole.
//
// usage: peer_simgrid N W K FILE; prints the makespan and events a second of CPU time.
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <simgrid/s4u.hpp>
#include <vector>

#include "work.h"

namespace {

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
  std::optional<Work> work = read_work(argv);
  if (!work) return 1;
  auto* zone = simgrid::s4u::create_full_zone("zone");
  auto* host = zone->create_host("host", 1e9)->seal();
  zone->seal();
  const std::clock_t begin = std::clock();
  for (std::uint32_t worker = 0; worker < work->window; ++worker) {
    simgrid::s4u::Actor::create("worker", host, take_targets, &*work);
  }
  engine.run();
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  print_outcome(*work, simgrid::s4u::Engine::get_clock(), seconds);
  return 0;
}
