// The other end of a control socket, as OpenSSH's client would be it (runtime/ssh_mux.h speaks to
// either): sessions and forwards over one connection of libssh. It knows no commands. It is in a
// process of its own, whose only thread it has.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/channel_streams.h"
#include "runtime/libssh.h"
#include "runtime/loop.h"

namespace sluice::runtime {

// A Unix socket that listens; a file that is there already is replaced. -1, with errno.
int listen_at(const std::string& path);

class MuxServer {
 public:
  // How long the first that uses it may take to come.
  static constexpr base::Duration for_the_first{30'000};

  // `listener` listens at `path`. A host that has said nothing for `silence` is asked for a sign of
  // life, and after three more of them given up.
  MuxServer(Loop& loop, LibsshConnection& connection, int listener, std::string path,
            base::Duration silence);
  ~MuxServer();
  MuxServer(const MuxServer&) = delete;
  MuxServer& operator=(const MuxServer&) = delete;

  // Until it is told to end, the connection is lost, or nobody uses it any more.
  void serve();

 private:
  struct Client {
    int socket = -1;
    Loop::Watch watch;
    std::string received;
    std::deque<int> descriptors;  // that came with it
    std::string to_say;
    std::string request;  // for a session whose descriptors have not all come
    std::unique_ptr<ChannelStreams> streams;
    bool gone = false;
  };
  struct Forward {
    int listener = -1;
    std::string path;
    LibsshGoal goal;
    Loop::Watch watch;
  };

  void accept();
  void read(Client& client);
  void take_packets(Client& client);
  void take(Client& client, std::string packet);
  void open_session(Client& client);
  void open_forward(Client& client, std::string_view packet);
  void accept_forwarded(const Forward& forward);
  void say(Client& client, const std::string& packet);
  void write(Client& client);
  static void hang_up(Client& client);
  void turn();
  void come_alive();

  Loop& loop_;
  LibsshConnection& connection_;
  int listener_;
  std::string path_;
  base::Duration silence_;
  Loop::Watch watch_listener_, watch_host_;
  Loop::Timer first_, alive_;
  bool writes_ = false;  // when the host's socket takes more
  bool had_client_ = false;
  bool ends_ = false;
  std::uint64_t heard_bytes_ = 0;
  base::Instant heard_at_;
  int unanswered_ = 0;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::unique_ptr<Forward>> forwards_;
  std::vector<std::unique_ptr<ChannelStreams>> forwarded_;
};

}  // namespace sluice::runtime
