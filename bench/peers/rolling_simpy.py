#!/usr/bin/env python3
"""The rolling scenario in SimPy: a window's worth of processes that take the next target and wait
through its actions, which is the quickest of its ways to say it.

usage: rolling_simpy.py N W K FILE; prints the makespan and events a second of CPU time.
"""
import array
import sys
import time

import simpy


def worker(environment, targets, actions, durations, waiting):
    for target in waiting:
        for action in range(actions):
            yield environment.timeout(durations[target * actions + action])


def main():
    targets, window, actions = (int(word) for word in sys.argv[1:4])
    durations = array.array("I")
    with open(sys.argv[4], "rb") as file:
        durations.fromfile(file, targets * actions)
    begin = time.process_time()
    environment = simpy.Environment()
    waiting = iter(range(targets))
    for _ in range(window):
        environment.process(worker(environment, targets, actions, durations, waiting))
    environment.run()
    seconds = time.process_time() - begin
    print(f'{{"makespan_ms": {environment.now}, "seconds": {seconds:.4f}, '
          f'"events_per_second": {targets * actions / seconds:.0f}}}')


if __name__ == "__main__":
    main()
