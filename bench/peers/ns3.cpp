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
#include <ctime>
#include <vector>

#include "work.h"

namespace {

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
  std::optional<Work> work = read_work(argv);
  if (!work) return 1;
  ns3::ObjectFactory scheduler;
  scheduler.SetTypeId(argc == 6 ? argv[5] : "ns3::PriorityQueueScheduler");
  ns3::Simulator::SetScheduler(scheduler);
  const std::clock_t begin = std::clock();
  std::vector<Worker> workers(work->window, Worker{&*work});
  for (Worker& worker : workers) go_on(&worker);
  ns3::Simulator::Run();
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  print_outcome(*work, static_cast<double>(ns3::Simulator::Now().GetMilliSeconds()), seconds);
  ns3::Simulator::Destroy();
  return 0;
}
