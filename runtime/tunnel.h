// A way from here to a socket that a host can reach: what http and haproxy go through where `via`
// names an ssh host. They know no ssh; whoever makes them gives them the way.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "runtime/executor.h"

namespace sluice::runtime {

// `destination`: host:port, or the path of a socket, as the host at `place` sees it. `ready` is
// called once, from the loop, with the path of a Unix socket here that leads there.
using OpenTunnel = std::function<void(const Place& place, const std::string& destination,
                                      std::function<void(base::Result<std::string>)> ready)>;

}  // namespace sluice::runtime
