// The rolling scenario in ns-3: bare events, no node and no channel, in its quickest scheduler.
// Each event ends one action and schedules the next one of its slot. Durations come from a file
// (simulator_events … draw FILE), in milliseconds.
//
// usage: peer_ns3 N W K FILE [SCHEDULER]; prints the makespan and events a second of CPU time.
// SCHEDULER is one of ns-3's, by default ns3::PriorityQueueScheduler.
#include <ns3/nstime.h>
#include <ns3/object-factory.h>
#include <ns3/simulator.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

namespace {

struct Work {
  std::uint32_t targets = 0;
  std::uint32_t actions = 0;
  std::uint32_t next = 0;
  std::vector<std::uint32_t> durations;
};

struct Worker {
  Work* work = nullptr;
  std::size_t action = 0;  // the place of its duration
  std::size_t end = 0;     // behind its target's last
};

void go_on(Worker* worker) {
  Work& work = *worker->work;
  if (worker->action == worker->end) {
    if (work.next == work.targets) return;
    worker->action = std::size_t{work.next++} * work.actions;
    worker->end = worker->action + work.actions;
  }
  ns3::Simulator::Schedule(ns3::MilliSeconds(work.durations[worker->action++]), &go_on, worker);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) {
    std::fprintf(stderr, "usage: peer_ns3 TARGETS WINDOW ACTIONS FILE [SCHEDULER]\n");
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
    std::fprintf(stderr, "peer_ns3: cannot read %s\n", argv[4]);
    return 1;
  }
  std::fclose(file);
  ns3::ObjectFactory scheduler;
  scheduler.SetTypeId(argc == 6 ? argv[5] : "ns3::PriorityQueueScheduler");
  ns3::Simulator::SetScheduler(scheduler);
  const std::clock_t begin = std::clock();
  std::vector<Worker> workers(number(2), Worker{&work});
  for (Worker& worker : workers) go_on(&worker);
  ns3::Simulator::Run();
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::printf("{\"makespan_ms\": %lld, \"seconds\": %.4f, \"events_per_second\": %.0f}\n",
              static_cast<long long>(ns3::Simulator::Now().GetMilliSeconds()), seconds,
              static_cast<double>(work.durations.size()) / seconds);
  ns3::Simulator::Destroy();
  return 0;
}
