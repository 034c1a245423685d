// HTTP requests that expect a status, through libcurl on the loop; libcurl is seen by http.cpp
// alone.
#pragma once

#include <memory>

#include "runtime/executor.h"
#include "runtime/loop.h"
#include "runtime/tunnel.h"

namespace sluice::runtime {

class HttpExecutor : public Executor {
 public:
  HttpExecutor(Loop& loop, OpenTunnel open_tunnel);
  ~HttpExecutor() override;

  // Redirects are answers like others and are not followed; certificates are checked; of the answer
  // at most 1 MiB is read. Its body goes to the action's output.
  void start(ActionRequest request, Sink done) override;
  void cancel(ActionRequest::Ticket ticket) override;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// host:port of a URL that the compiler has let through.
std::string url_destination(const std::string& url);

}  // namespace sluice::runtime
