// `connect` at every level, and what an inventory says of its hosts: the nearest wins.
#pragma once

#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/resolver.h"

namespace sluice::compiler {

class ConnectionResolver {
 public:
  explicit ConnectionResolver(Resolver& resolver) : resolver_(resolver) {}

  // The one `connect` that stands there, checked; invalid where there is none.
  plan::ConnectionId one(const std::vector<const ConnectNode*>& nodes);
  plan::ConnectionId one(const std::vector<ConnectNode>& nodes);

  // A role says how its targets are reached, or a target itself does.
  enum class Level : std::uint8_t { Nowhere, Role, Target };
  // False: another role says something else of the target.
  bool say(plan::TargetId target, plan::ConnectionId connection, Level level);

  // Gives every target its connection: what is said of it, else of its role, else what the
  // inventory says of the host, else `general`, the deployment's. A setting that the inventory
  // alone has stays.
  void settle(plan::ConnectionId general);

  // Once they are settled: what `connect` works out for each target is what ssh may be given.
  void check_by_target() const;

 private:
  struct Said {
    plan::ConnectionId connection;
    Level level = Level::Nowhere;
    bool operator==(const Said&) const = default;
  };
  plan::ConnectionId connection(const ConnectNode& node);
  void add_setting(const AttributeNode& node, plan::Connection& made);
  plan::ConnectionId interned(const plan::Connection& made);
  plan::ConnectionId usual(std::string_view target);
  plan::ConnectionId settled(Said said, std::uint32_t host, plan::ConnectionId general,
                             plan::TargetId target);
  plan::ConnectionId with_host(const Said& said, const HostConnection& host,
                               plan::ConnectionId general, plan::TargetId target);
  // Whether what stands in the way of reaching the host so is not said nearer.
  bool is_obstructed(const Said& said, plan::ConnectionId settled,
                     const HostConnection& host) const;

  Resolver& resolver_;
  // Settings that differ by target, with the place of their value.
  std::vector<std::pair<plan::Connection::Setting, base::Span>> by_target_;
  std::vector<Said> said_;  // by target; a target beyond it: nowhere
  std::unordered_map<std::uint64_t, plan::ConnectionId> settled_;
};

}  // namespace sluice::compiler
