// Transfers that share links in SimGrid's network model: when each of them ends. Its model CM02 is
// max-min fair; latencies, corrections for TCP and traffic back are left out, as sluice has none.
//
// usage: peer_shares <SCENARIO
// A line `rates` with each link's Mbps; then a line a transfer: its start in ms, its size in MB,
// and its links, counted from 0. Prints the transfers' lines, `=` and the end in ms behind each.
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <simgrid/s4u.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace s4u = simgrid::s4u;

namespace {

struct Transfer {
  std::string line;
  double start = 0;  // s
  std::uint64_t bytes = 0;
  s4u::Host* from = nullptr;
  s4u::Host* to = nullptr;
  double end = 0;  // s
};

void carry_out(Transfer* transfer) {
  s4u::this_actor::sleep_for(transfer->start);
  s4u::Comm::sendto(transfer->from, transfer->to, transfer->bytes);
  transfer->end = s4u::Engine::get_clock();
}

std::vector<s4u::Link*> make_links(s4u::NetZone& zone, std::istringstream& words) {
  std::vector<s4u::Link*> links;
  for (double mbps = 0; words >> mbps;) {
    s4u::Link* const link = zone.create_link("link" + std::to_string(links.size()), mbps * 1e6 / 8);
    links.push_back(link->set_latency(0)->seal());
  }
  return links;
}

std::unique_ptr<Transfer> make_transfer(s4u::NetZone& zone, const std::vector<s4u::Link*>& links,
                                        const std::string& line, std::size_t number) {
  auto transfer = std::make_unique<Transfer>();
  std::istringstream words(line);
  double milliseconds = 0;
  double megabytes = 0;
  words >> milliseconds >> megabytes;
  transfer->line = line;
  transfer->start = milliseconds / 1000;
  transfer->bytes = static_cast<std::uint64_t>(megabytes * 1e6);
  transfer->from = zone.create_host("from" + std::to_string(number), 1e9)->seal();
  transfer->to = zone.create_host("to" + std::to_string(number), 1e9)->seal();
  std::vector<s4u::LinkInRoute> route;
  for (std::size_t link = 0; words >> link;) route.emplace_back(links.at(link));
  zone.add_route(transfer->from->get_netpoint(), transfer->to->get_netpoint(), nullptr, nullptr,
                 route, false);
  return transfer;
}

}  // namespace

int main(int argc, char** argv) {
  s4u::Engine engine(&argc, argv);
  for (const char* setting :
       {"network/model:CM02", "network/bandwidth-factor:1", "network/latency-factor:1",
        "network/weight-S:0", "network/crosstraffic:0"}) {
    s4u::Engine::set_config(setting);
  }
  s4u::NetZone* const zone = s4u::create_full_zone("zone");
  std::vector<s4u::Link*> links;
  std::vector<std::unique_ptr<Transfer>> transfers;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == "rates") {
      links = make_links(*zone, words);
    } else {
      transfers.push_back(make_transfer(*zone, links, line, transfers.size()));
    }
  }
  zone->seal();
  for (const auto& transfer : transfers) {
    s4u::Actor::create("transfer", transfer->from, carry_out, transfer.get());
  }
  engine.run();
  for (const auto& transfer : transfers) {
    std::printf("%s = %.3f\n", transfer->line.c_str(), transfer->end * 1000);
  }
  return 0;
}
