// The protocol that OpenSSH's client speaks on its control socket, as its PROTOCOL.mux describes
// it: over one connection that the client holds, sessions are opened without a process here for
// each. It knows no hosts and no actions. Why: docs/decisions/openssh-client.md.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/loop.h"
#include "runtime/process.h"

namespace sluice::runtime {

// What the client that holds the connection says.
struct MuxReply {
  enum class Kind : std::uint8_t { Hello, Done, Opened, Refused, Exited, Other };
  Kind kind = Kind::Other;
  std::uint32_t value = 0;  // Hello: its version; Exited: the exit value
  std::string reason;       // Refused
  bool operator==(const MuxReply&) const = default;
};

// Packets for it, whole.
std::string mux_hello();
std::string mux_new_session(std::uint32_t request, std::string_view command);
// From a Unix socket here to a port, or (port 0) to a Unix socket, as the host sees it.
std::string mux_open_forward(std::uint32_t request, std::string_view listen_path,
                             std::string_view host, std::uint32_t port);
std::string mux_terminate(std::uint32_t request);
// The next whole packet, taken off `bytes`; nothing where there is none yet. A packet that no such
// client sends makes `broken` true.
std::optional<MuxReply> take_mux_reply(std::string& bytes, bool& broken);

// A connection to a control socket; hellos are exchanged first.
class MuxClient {
 public:
  struct Listener {
    std::function<void(const MuxReply&)> reply;  // all but its hello; does not destroy the client
    std::function<void()> closed;  // once, from the loop; after it nothing comes. May destroy it.
  };

  // Where nobody listens there, it is closed() at once.
  MuxClient(Loop& loop, const std::string& path, Listener listener);
  ~MuxClient();
  MuxClient(const MuxClient&) = delete;
  MuxClient& operator=(const MuxClient&) = delete;

  // A packet, and behind it descriptors that the other side gets copies of; they are closed here.
  void send(const std::string& packet, const std::vector<int>& descriptors = {});
  void close();
  bool open() const { return socket_ >= 0; }
  // Also where the other side has gone and nobody was told of it yet.
  bool gone() const;

 private:
  struct Piece {
    std::string bytes;
    int descriptor = -1;  // goes with the only byte
  };

  void write();
  void read();
  void fail();
  bool write_piece(Piece& piece);

  Loop& loop_;
  Listener listener_;
  int socket_ = -1;
  Loop::Watch watch_;
  Loop::Timer soon_;
  std::deque<Piece> pieces_;
  std::string received_;
};

// One command on the host: its three streams, and how it ended.
class MuxSession {
 public:
  struct End {
    enum class How : std::uint8_t {
      Exited,     // exit_value
      NotOpened,  // nobody listens on the control socket; nothing was sent
      Refused,    // the host opened no session; nothing was started
      Broken,     // the session was cut off: what became of the command is not known
    };
    How how = How::Broken;
    int exit_value = 0;
    std::string why;  // of Refused
    bool operator==(const End&) const = default;
  };
  struct Options {
    std::string command;
    std::string input;             // for its standard input
    int input_file = -1;           // in its place a file, which stays open here
    bool keep_input_open = false;  // until the session is destroyed
    // Once the command has ended, its streams are read to their end; one that something in the
    // background holds open is given up when nothing has come for so long.
    base::Duration silence{10'000};
    std::function<void(Stream, std::string_view)> on_output;
    // Once, after the last output, from the loop; may destroy the session, as on_output may not.
    std::function<void(const End&)> on_end;
  };

  MuxSession(Loop& loop, const std::string& path, Options options);
  // Lets the session go: its streams are closed here and on the host, and nobody is told.
  ~MuxSession();
  MuxSession(const MuxSession&) = delete;
  MuxSession& operator=(const MuxSession&) = delete;

  // More input for a command whose input was kept open, and who is told from now on. Not from
  // inside of on_output.
  void go_on(std::string input, std::function<void(Stream, std::string_view)> on_output,
             std::function<void(const End&)> on_end);
  // It has ended, and who is told of it may not have been yet.
  bool gone() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace sluice::runtime
