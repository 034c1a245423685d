// A TCP connection to a host, for who may block. It knows nothing of what is spoken on it.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace sluice::runtime {

// Each of the host's addresses in turn, each for at most `most`; nothing is held back on it (no
// Nagle). Fails as OpenSSH's client words it.
base::Result<int> connect_to_host(const std::string& host, const std::string& port,
                                  base::Duration most);
// What has come is acknowledged at once: a host's server that does not send each of its words alone
// (Nagle) keeps the next one until then, and the kernel would wait for up to 40 ms for something of
// ours to go along with it. Of what comes later it says nothing.
void acknowledge_now(int socket);

}  // namespace sluice::runtime
