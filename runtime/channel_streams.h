// What carries bytes between a channel to a host and descriptors here: both ways, each at the pace
// of who reads, with no more held than two windows are wide. It knows neither sessions nor
// forwards.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/libssh.h"
#include "runtime/loop.h"

namespace sluice::runtime {

class ChannelStreams {
 public:
  // Closed by it.
  struct Ends {
    int input = -1;
    int output = -1;
    int errors = -1;         // -1: there is none
    bool is_socket = false;  // input and output are copies of one
  };
  struct Listener {
    std::function<void()> opened;
    std::function<void(const std::string& why)> refused;
    std::function<void(std::uint32_t exit_value)> exited;
  };

  // All outlive it.
  ChannelStreams(Loop& loop, LibsshConnection& connection, LibsshGoal goal, Ends ends,
                 Listener listener);
  // Closes the channel.
  ~ChannelStreams();
  ChannelStreams(const ChannelStreams&) = delete;
  ChannelStreams& operator=(const ChannelStreams&) = delete;

  // To be called when something may have come from the host or gone to it.
  void go_on();
  // It was refused, or it is closed and all that came is handed on.
  bool over() const { return over_; }

 private:
  struct Outlet {
    int descriptor = -1;  // -1: nobody reads it (any more)
    Loop::Watch* watch = nullptr;
    std::string taken;        // off the channel,
    std::size_t written = 0;  // and so much of it written
    bool waits = false;
  };

  std::size_t write_some(Outlet& outlet, std::string_view bytes);
  void drain(bool errors);
  void close_outlet(Outlet& outlet);
  void close_input();
  void read_input();
  bool send_input();

  Loop& loop_;
  LibsshConnection& connection_;
  Listener listener_;
  int input_;
  bool is_socket_;
  bool is_file_ = false;  // always ready, and not to be watched
  bool reads_ = false;    // when there is something
  bool input_ended_ = false;
  std::string unsent_;  // read, and not taken by the channel yet
  std::array<Outlet, 2> outlets_;
  Loop::Watch watch_input_, watch_output_, watch_errors_;
  LibsshChannel channel_;
  bool told_ = false;  // that it is open
  std::optional<std::uint32_t> exit_value_;
  bool over_ = false;
};

}  // namespace sluice::runtime
