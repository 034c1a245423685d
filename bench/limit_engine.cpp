// The limit of simulation: a hand-tuned engine for one scenario and nothing else. R(N, W, K): N
// targets, a sliding window of W, K serial actions each, one queue operation an action. The queue
// is a loser tree over the W slots: its root is the action that ends next, and replacing it costs
// one comparison a level. It knows no plan, no failure and no step.
//
// usage: limit_engine N W K [lane]; prints the makespan in microseconds and events a second of CPU
// time. `lane`: the K actions of a target are one operation of the queue, which is all that there
// is to do where nobody asks what happens between them.
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>
#include <vector>

namespace {

// SplitMix64: 0.5 s to 1.55 s in whole microseconds, a function of target and action alone.
std::uint64_t duration(std::uint64_t target, std::uint64_t action) {
  std::uint64_t bits = target * 0x9e3779b97f4a7c15ULL + action * 0xbf58476d1ce4e5b9ULL + 1;
  bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebULL;
  bits ^= bits >> 31U;
  return 500'000 + (bits >> 44U);
}

constexpr std::uint64_t idle = ~std::uint64_t{0};

class LoserTree {
 public:
  explicit LoserTree(std::uint32_t slots)
      : width_(std::bit_ceil(slots < 2 ? 2 : slots)), ends_(width_, idle), losers_(width_, 0) {}

  void set(std::uint32_t slot, std::uint64_t end) { ends_[slot] = end; }

  void build() {
    std::vector<std::uint32_t> winners(std::size_t{width_} * 2);
    for (std::uint32_t slot = 0; slot < width_; ++slot) winners[width_ + slot] = slot;
    for (std::uint32_t node = width_ - 1; node > 0; --node) {
      const std::uint32_t left = winners[std::size_t{node} * 2];
      const std::uint32_t right = winners[std::size_t{node} * 2 + 1];
      const bool left_wins = ends_[left] <= ends_[right];
      winners[node] = left_wins ? left : right;
      losers_[node] = left_wins ? right : left;
    }
    winner_ = winners[1];
  }

  std::uint32_t winner() const { return winner_; }
  std::uint64_t winner_end() const { return ends_[winner_]; }

  void replace_winner(std::uint64_t end) {
    std::uint32_t challenger = winner_;
    ends_[challenger] = end;
    for (std::uint32_t node = (width_ + challenger) / 2; node > 0; node /= 2) {
      const std::uint32_t loser = losers_[node];
      const bool beaten = ends_[loser] < ends_[challenger];
      losers_[node] = beaten ? challenger : loser;
      challenger = beaten ? loser : challenger;
    }
    winner_ = challenger;
  }

 private:
  std::uint32_t width_;
  std::uint32_t winner_ = 0;
  std::vector<std::uint64_t> ends_;
  std::vector<std::uint32_t> losers_;
};

std::uint64_t lane_duration(std::uint64_t target, std::uint32_t actions) {
  std::uint64_t sum = 0;
  for (std::uint32_t action = 0; action < actions; ++action) sum += duration(target, action);
  return sum;
}

std::uint64_t makespan_by_lanes(std::uint32_t targets, std::uint32_t window,
                                std::uint32_t actions) {
  LoserTree queue(window);
  std::vector<std::uint32_t> slots(window);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> results(targets);  // start and end of each
  std::uint32_t next = 0;
  for (; next < window && next < targets; ++next) {
    slots[next] = next;
    queue.set(next, lane_duration(next, actions));
  }
  queue.build();
  std::uint64_t now = 0;
  while (queue.winner_end() != idle) {
    const std::uint32_t at = queue.winner();
    now = queue.winner_end();
    results[slots[at]].second = now;
    if (next < targets) {
      results[next].first = now;
      slots[at] = next;
      queue.replace_winner(now + lane_duration(next++, actions));
    } else {
      queue.replace_winner(idle);
    }
  }
  return now;
}

struct Slot {
  std::uint32_t target;
  std::uint32_t action;
};

std::uint64_t makespan(std::uint32_t targets, std::uint32_t window, std::uint32_t actions) {
  LoserTree queue(window);
  std::vector<Slot> slots(window);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> results(targets);  // start and end of each
  std::uint32_t next = 0;
  for (; next < window && next < targets; ++next) {
    slots[next] = {next, 0};
    queue.set(next, duration(next, 0));
  }
  queue.build();
  std::uint64_t now = 0;
  while (queue.winner_end() != idle) {
    const std::uint32_t at = queue.winner();
    now = queue.winner_end();
    Slot& slot = slots[at];
    if (++slot.action < actions) {
      queue.replace_winner(now + duration(slot.target, slot.action));
      continue;
    }
    results[slot.target].second = now;
    if (next < targets) {
      slot = {next++, 0};
      results[slot.target].first = now;
      queue.replace_winner(now + duration(slot.target, 0));
    } else {
      queue.replace_winner(idle);
    }
  }
  return now;
}

}  // namespace

int main(int argc, char** argv) {
  const bool lanes = argc == 5 && std::strcmp(argv[4], "lane") == 0;
  if (argc != 4 && !lanes) {
    std::fprintf(stderr, "usage: limit_engine TARGETS WINDOW ACTIONS [lane]\n");
    return 2;
  }
  const auto number = [argv](int at) {
    return static_cast<std::uint32_t>(std::strtoul(argv[at], nullptr, 10));
  };
  const std::clock_t begin = std::clock();
  const std::uint64_t end = lanes ? makespan_by_lanes(number(1), number(2), number(3))
                                  : makespan(number(1), number(2), number(3));
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  const double events = static_cast<double>(number(1)) * number(3);
  std::printf("{\"makespan_us\": %llu, \"seconds\": %.4f, \"events_per_second\": %.0f}\n",
              static_cast<unsigned long long>(end), seconds, events / seconds);
  return 0;
}
