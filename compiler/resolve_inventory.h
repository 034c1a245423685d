// From the inventories that a file names to targets, roles and ways to reach them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/source.h"
#include "plan/targets.h"

namespace sluice::compiler {

// How a host of an inventory is reached, as its variables have it.
struct HostConnection {
  std::optional<plan::Connection::Kind> kind;  // nothing: they do not say
  // Why it cannot be reached so (a connection that there is none of here, a template), or empty.
  std::string obstacle;
  std::string obstacle_setting;  // it lies in this one alone; empty: in the kind of connection
  std::vector<plan::Connection::Setting> settings;  // of ssh; sorted by name
  base::Span span;  // of the obstacle, or else of the first variable of them
  bool operator==(const HostConnection&) const = default;
};

struct HostConnections {
  static constexpr std::uint32_t none = 0;
  std::vector<HostConnection> connections{HostConnection{}};  // the first says nothing
  std::vector<std::uint32_t> of_target;                       // by target; a target beyond it: none
};

}  // namespace sluice::compiler
