// A TCP proxy on the test's loop that cuts its first connection behind a chosen byte; later ones
// pass whole.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "runtime/loop.h"

namespace sluice::test {

class CutProxy {
 public:
  enum class Way : std::uint8_t { ToServer, FromServer };

  CutProxy(runtime::Loop& loop, int server_port);
  ~CutProxy();
  CutProxy(const CutProxy&) = delete;
  CutProxy& operator=(const CutProxy&) = delete;

  int port() const { return port_; }
  // The next connection that is made passes so many bytes this way, and is closed.
  void cut_next(Way way, std::uint64_t bytes);
  // Of all connections so far.
  std::uint64_t passed(Way way) const { return passed_[static_cast<std::size_t>(way)]; }
  int cuts() const { return cuts_; }

 private:
  struct Pipe;
  void accept();
  void relay(Pipe& pipe, Way way);
  void close(int id);

  runtime::Loop& loop_;
  int server_port_;
  int port_ = 0;
  int listener_ = -1;
  int last_ = 0;
  runtime::Loop::Watch watch_;
  std::map<int, std::unique_ptr<Pipe>> pipes_;
  bool cuts_next_ = false;
  Way way_ = Way::ToServer;
  std::uint64_t bytes_ = 0;
  std::uint64_t passed_[2] = {0, 0};
  int cuts_ = 0;
};

}  // namespace sluice::test
