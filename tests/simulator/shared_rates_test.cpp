// Max-min fair shares beside cases worked out by hand.
#include "simulator/shared_rates.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "support/paths.h"
#include "support/random_schedule.h"

using namespace sluice;
using base::Instant;
using simulator::SharedRates;

namespace {

constexpr std::int64_t megabyte = 1'000'000;
constexpr std::int64_t megabit = 1'000'000;

plan::Plan with_rates(const std::vector<std::int64_t>& bits_per_second) {
  plan::Plan plan;
  for (const std::int64_t rate : bits_per_second) {
    plan::Resource resource;
    resource.kind = plan::Resource::Kind::Rate;
    resource.rate = {rate};
    plan.resources.add(resource);
  }
  return plan;
}

plan::Work moving(const std::vector<std::pair<std::uint32_t, std::int64_t>>& uses) {
  plan::Work work;
  for (const auto& [resource, bytes] : uses) {
    work.uses.push_back({plan::ResourceId{resource}, plan::Size{bytes}, 0});
  }
  return work;
}

// Runs to the end: when each transfer ended.
std::map<std::uint32_t, std::int64_t> ends(SharedRates& rates) {
  std::map<std::uint32_t, std::int64_t> at;
  std::vector<std::uint32_t> ended;
  while (rates.next() != Instant::never()) {
    const Instant now = rates.next();
    ended.clear();
    rates.take_ended(now, ended);
    for (const std::uint32_t transfer : ended) at[transfer] = now.ms;
  }
  return at;
}

using Ends = std::map<std::uint32_t, std::int64_t>;

struct Scenario {
  struct Transfer {
    std::int64_t start_ms = 0;
    std::vector<std::pair<std::uint32_t, std::int64_t>> uses;
    double end_ms = 0;
  };
  std::vector<std::int64_t> rates;  // bits a second
  std::vector<Transfer> transfers;
};

// `rates 100 1000`, then lines as `500 30 0 1 = 2500.000`, up to an empty one.
Scenario read_scenario(const std::string& rates, std::istream& file) {
  Scenario scenario;
  std::istringstream speeds(rates.substr(rates.find(' ')));
  for (std::int64_t mbps = 0; speeds >> mbps;) scenario.rates.push_back(mbps * megabit);
  for (std::string line; std::getline(file, line) && !line.empty();) {
    Scenario::Transfer& transfer = scenario.transfers.emplace_back();
    std::istringstream words(line.substr(0, line.find('=')));
    std::int64_t megabytes = 0;
    words >> transfer.start_ms >> megabytes;
    for (std::uint32_t rate = 0; words >> rate;) {
      transfer.uses.emplace_back(rate, megabytes * megabyte);
    }
    transfer.end_ms = std::stod(line.substr(line.find('=') + 1));
  }
  return scenario;
}

// By place of the transfer: when it ends.
Ends ends_of(const Scenario& scenario) {
  const plan::Plan plan = with_rates(scenario.rates);
  SharedRates rates(plan);
  std::multimap<std::int64_t, std::uint32_t> starts;
  for (std::uint32_t i = 0; i < scenario.transfers.size(); ++i) {
    starts.emplace(scenario.transfers[i].start_ms, i);
  }
  Ends at;
  std::vector<std::uint32_t> ended;
  for (const auto& [start, name] : starts) {
    while (rates.next() <= Instant{start}) {
      const Instant now = rates.next();
      ended.clear();
      rates.take_ended(now, ended);
      for (const std::uint32_t transfer : ended) at[transfer] = now.ms;
    }
    rates.start({start}, rates.kind_of(moving(scenario.transfers[name].uses)), name);
  }
  at.merge(ends(rates));
  return at;
}

}  // namespace

TEST_CASE("one transfer takes its size over the rate, three together three times as long") {
  const plan::Plan plan = with_rates({1'000 * megabit});
  SharedRates alone(plan);
  alone.start({0}, alone.kind_of(moving({{0, 500 * megabyte}})), 1);
  CHECK(ends(alone) == Ends{{1, 4'000}});
  SharedRates three(plan);
  const SharedRates::Kind kind = three.kind_of(moving({{0, 500 * megabyte}}));
  for (std::uint32_t i = 1; i <= 3; ++i) three.start({0}, kind, i);
  CHECK(three.bits_per_second(kind) == 333'333'333);
  CHECK(ends(three) == Ends{{1, 12'000}, {2, 12'000}, {3, 12'000}});
}

TEST_CASE("what begins later slows what runs, and what ends gives its share back") {
  // 1 Gbps; A has 500 MB at 0 s, B at 2 s. A alone for 2 s (250 MB), then both at half: A ends at
  // 2 + 4 = 6 s; B has moved 250 MB by then, and the rest alone takes 2 s.
  const plan::Plan plan = with_rates({1'000 * megabit});
  SharedRates rates(plan);
  const SharedRates::Kind kind = rates.kind_of(moving({{0, 500 * megabyte}}));
  rates.start({0}, kind, 1);
  rates.start({2'000}, kind, 2);
  CHECK(ends(rates) == Ends{{1, 6'000}, {2, 8'000}});
}

TEST_CASE("transfers of two sizes share alike, and the smaller one ends first") {
  // 800 Mbps: 100 MB and 300 MB. Both at 400 Mbps: the small one at 2 s; the large one has 200 MB
  // left, at 800 Mbps 2 s more.
  const plan::Plan plan = with_rates({800 * megabit});
  SharedRates rates(plan);
  rates.start({0}, rates.kind_of(moving({{0, 100 * megabyte}})), 1);
  rates.start({0}, rates.kind_of(moving({{0, 300 * megabyte}})), 2);
  CHECK(ends(rates) == Ends{{1, 2'000}, {2, 4'000}});
}

TEST_CASE("what one transfer cannot use, another one gets") {
  // The textbook's case: a narrow rate (100 Mbps) and a wide one (1 Gbps). One transfer goes
  // through both, one through the narrow, one through the wide. Narrow: 50 each. Wide: the second
  // gets the other 950.
  const plan::Plan plan = with_rates({100 * megabit, 1'000 * megabit});
  SharedRates rates(plan);
  const auto both = rates.kind_of(moving({{0, 100 * megabyte}, {1, 100 * megabyte}}));
  const auto narrow = rates.kind_of(moving({{0, 100 * megabyte}}));
  const auto wide = rates.kind_of(moving({{1, 950 * megabyte}}));
  rates.start({0}, both, 1);
  rates.start({0}, narrow, 2);
  rates.start({0}, wide, 3);
  CHECK(rates.bits_per_second(both) == 50 * megabit);
  CHECK(rates.bits_per_second(narrow) == 50 * megabit);
  CHECK(rates.bits_per_second(wide) == 950 * megabit);
  CHECK(ends(rates) == Ends{{1, 16'000}, {2, 16'000}, {3, 8'000}});
}

TEST_CASE("three rates in a chain settle one after the other") {
  // Rates 300, 200 and 900 Mbps. A through 1 and 2, B through 2 and 3, C through 1, D through 3.
  // Rate 2 is the scarcest: A and B get 100. Rate 1 leaves C 200; rate 3 leaves D 800.
  const plan::Plan plan = with_rates({300 * megabit, 200 * megabit, 900 * megabit});
  SharedRates rates(plan);
  const auto a = rates.kind_of(moving({{0, 8 * megabyte}, {1, 8 * megabyte}}));
  const auto b = rates.kind_of(moving({{1, 8 * megabyte}, {2, 8 * megabyte}}));
  const auto c = rates.kind_of(moving({{0, 8 * megabyte}}));
  const auto d = rates.kind_of(moving({{2, 8 * megabyte}}));
  std::uint32_t name = 0;
  for (const auto kind : {a, b, c, d}) rates.start({0}, kind, name++);
  CHECK(rates.bits_per_second(a) == 100 * megabit);
  CHECK(rates.bits_per_second(b) == 100 * megabit);
  CHECK(rates.bits_per_second(c) == 200 * megabit);
  CHECK(rates.bits_per_second(d) == 800 * megabit);
}

TEST_CASE("an action with two sizes moves both in step") {
  // 100 MB through one rate and 10 MB through another, both of 100 Mbps, in 8 s alone. Beside it 90
  // MB on the second: both grow to 90.909 Mbps (1 and 1/10 of it make 100). The other has ended at
  // 7.92 s; of the first 10 MB are left by then, and go at 100 Mbps: 0.8 s more.
  const plan::Plan plan = with_rates({100 * megabit, 100 * megabit});
  SharedRates alone(plan);
  alone.start({0}, alone.kind_of(moving({{0, 100 * megabyte}, {1, 10 * megabyte}})), 1);
  CHECK(ends(alone) == Ends{{1, 8'000}});
  SharedRates pair(plan);
  pair.start({0}, pair.kind_of(moving({{0, 100 * megabyte}, {1, 10 * megabyte}})), 1);
  pair.start({0}, pair.kind_of(moving({{1, 90 * megabyte}})), 2);
  const Ends at = ends(pair);
  CHECK(std::abs(at.at(1) - 8'720) <= 1);  // a tenth is no multiple of 2^-32
  CHECK(std::abs(at.at(2) - 7'920) <= 1);
}

TEST_CASE("a transfer that is cancelled gives its share back at once") {
  const plan::Plan plan = with_rates({1'000 * megabit});
  SharedRates rates(plan);
  const SharedRates::Kind kind = rates.kind_of(moving({{0, 500 * megabyte}}));
  rates.start({0}, kind, 1);
  rates.start({0}, kind, 2);
  CHECK(rates.cancel({4'000}, 1));
  CHECK_FALSE(rates.cancel({4'000}, 1));
  CHECK(ends(rates) == Ends{{2, 6'000}});
  CHECK_FALSE(rates.cancel({7'000}, 2));
}

TEST_CASE("a millisecond that is begun counts whole") {
  // 1 byte at 1 Mbps: 8 µs. 125,001 bytes: 1000.008 ms.
  const plan::Plan plan = with_rates({megabit});
  SharedRates rates(plan);
  rates.start({0}, rates.kind_of(moving({{0, 1}})), 1);
  CHECK(ends(rates) == Ends{{1, 1}});
  SharedRates longer(plan);
  longer.start({0}, longer.kind_of(moving({{0, 125'001}})), 1);
  CHECK(ends(longer) == Ends{{1, 1'001}});
  SharedRates exact(plan);
  exact.start({0}, exact.kind_of(moving({{0, 125'000}})), 1);
  CHECK(ends(exact) == Ends{{1, 1'000}});
}

TEST_CASE("work that uses no rate is no transfer") {
  plan::Plan plan = with_rates({megabit});
  plan::Resource pieces;
  pieces.pieces = 3;
  plan.resources.add(pieces);
  SharedRates rates(plan);
  CHECK(rates.kind_of(moving({})) == SharedRates::none);
  plan::Work work;
  work.uses.push_back({plan::ResourceId{1}, {}, 1});
  CHECK(rates.kind_of(work) == SharedRates::none);
}

// As SimGrid's network model has them (its CM02, max-min fair), by its own program: 200 random
// scenarios. Ours end at whole milliseconds, and only then is their share free for others.
TEST_CASE("transfers end when SimGrid's network model says so") {
  const std::string path = test::source_dir() + "/tests/simulator/simgrid_shares.txt";
  std::ifstream file(path);
  REQUIRE(file.is_open());
  std::string line;
  std::uint32_t scenarios = 0;
  std::uint32_t transfers = 0;
  while (std::getline(file, line)) {
    if (line.rfind("rates ", 0) != 0) continue;
    ++scenarios;
    INFO(line);
    const Scenario scenario = read_scenario(line, file);
    const Ends found = ends_of(scenario);
    REQUIRE(found.size() == scenario.transfers.size());
    for (const auto& [name, at] : found) {
      INFO("transfer " << name);
      const double late = static_cast<double>(at) - scenario.transfers[name].end_ms;
      CHECK(late > -0.01);
      CHECK(late < static_cast<double>(scenario.transfers.size()));
      ++transfers;
    }
  }
  CHECK(scenarios == 200);
  CHECK(transfers > 1'000);
}

// Of random transfers through random rates: no rate is overused, and each transfer has a rate that
// is used up and through which none moves faster. That is what max-min fair means.
TEST_CASE("random shares are max-min fair") {
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    test::Dice dice(seed);
    std::vector<std::int64_t> speeds;
    for (std::uint32_t i = 1 + dice.below(4); i > 0; --i) {
      speeds.push_back((1 + dice.below(1000)) * megabit);
    }
    const plan::Plan plan = with_rates(speeds);
    SharedRates rates(plan);
    struct Flow {
      SharedRates::Kind kind;
      std::vector<bool> through;
    };
    std::vector<Flow> flows;
    for (std::uint32_t i = 1 + dice.below(6); i > 0; --i) {
      Flow flow{0, std::vector<bool>(speeds.size())};
      std::vector<std::pair<std::uint32_t, std::int64_t>> uses;
      for (std::uint32_t rate = 0; rate < speeds.size(); ++rate) {
        const bool last = rate + 1 == speeds.size() && uses.empty();
        if (!last && !dice.chance(50)) continue;
        flow.through[rate] = true;
        uses.emplace_back(rate, megabyte);
      }
      flow.kind = rates.kind_of(moving(uses));
      for (std::uint32_t copies = 1 + dice.below(3); copies > 0; --copies) {
        flows.push_back(flow);
        rates.start({0}, flow.kind, static_cast<std::uint32_t>(flows.size()));
      }
    }
    constexpr std::int64_t rounding = 100;  // bits a second
    std::vector<std::int64_t> used(speeds.size());
    for (const Flow& flow : flows) {
      for (std::size_t rate = 0; rate < speeds.size(); ++rate) {
        if (flow.through[rate]) used[rate] += rates.bits_per_second(flow.kind);
      }
    }
    INFO("seed " << seed);
    for (std::size_t rate = 0; rate < speeds.size(); ++rate) REQUIRE(used[rate] <= speeds[rate]);
    for (const Flow& flow : flows) {
      bool bounded = false;
      for (std::size_t rate = 0; rate < speeds.size(); ++rate) {
        if (!flow.through[rate] || used[rate] < speeds[rate] - rounding) continue;
        const std::int64_t own = rates.bits_per_second(flow.kind);
        bounded =
            bounded || std::all_of(flows.begin(), flows.end(), [&](const Flow& other) {
              return !other.through[rate] || rates.bits_per_second(other.kind) <= own + rounding;
            });
      }
      REQUIRE(bounded);
    }
  }
}
