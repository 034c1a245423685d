// The one connection to one host, made by OpenSSH's client or over libssh when it is first needed
// and again when it was lost: sessions and forwards go through it. It knows commands, and not what
// they are for.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "runtime/executor.h"
#include "runtime/loop.h"
#include "runtime/process.h"
#include "runtime/ssh_mux.h"
#include "runtime/ssh_options.h"
#include "runtime/ssh_worker.h"

namespace sluice::runtime {

class SshConnection {
 public:
  // Names a session for as long as its connection lives; never used twice.
  using Session = std::uint64_t;

  struct End {
    enum class How : std::uint8_t {
      Exited,       // exit_value
      Unreachable,  // no connection came about; nothing was done to the host
      Refused,      // the host opens no session, not even one; nothing was done to it
      Broken,       // cut off: what became of the command is not known
    };
    How how = How::Broken;
    int exit_value = 0;
    std::string why;  // of Unreachable and Refused, and of Broken where patience has ended
    bool operator==(const End&) const = default;
  };
  // What happens where the host allows no more sessions: a needed one waits until another has
  // ended, an optional one is refused, and gives way; an urgent one gets a connection anew.
  enum class Use : std::uint8_t { Needed, Optional, Urgent };
  struct Request {
    Use use = Use::Needed;
    std::string command;
    // Sent before the input, where the session is a new one.
    std::string opening;
    std::string input;
    // In its place a file, read by the client from where it stands; who asks keeps it open.
    int input_file = -1;
    bool keep_input_open = false;  // until the session is released
    // The command takes another request when it has answered one: its session may be that of one
    // before, and may be kept for the next.
    bool stays = false;
    // How long it may take until it is heard(): it ends then as Broken. Counts from when it was
    // sent; none: for ever.
    base::Duration patience{};
    std::function<void(Stream, std::string_view)> on_output;
    // Once, after the last output, from the loop.
    std::function<void(const End&)> on_end;
  };

  // Files and sockets of its own go to `directory`, their names opening with `name`: short, for a
  // socket's path may have 107 bytes.
  SshConnection(Loop& loop, Processes& processes, Place place, SshFiles files,
                std::string directory, std::string name);
  ~SshConnection();
  SshConnection(const SshConnection&) = delete;
  SshConnection& operator=(const SshConnection&) = delete;

  // What connects to a place whose `client` is libssh; it outlives this one.
  void use(SshWorker& worker) { worker_ = &worker; }

  Session open(Request request);
  // Whether something may have been sent for it to the host.
  bool begun(Session session) const;
  // What was waited for has begun to come: it may take its time now.
  void heard(Session session);
  // The answer of one that stays has come whole: the next that stays goes there. Its own end is not
  // told any more. Not from inside of on_output.
  void keep(Session session);
  // Lets a session go, whatever it does; nobody is told of it. Fine for one that has ended.
  void release(Session session);
  // The path of a Unix socket here that leads to host:port, or to the path of a socket, as the host
  // sees it; each destination once.
  void forward(const std::string& destination,
               std::function<void(base::Result<std::string>)> ready);

  // Called where it waits for descriptors to be free: others may be given back.
  void when_short(std::function<void()> tell) { short_ = std::move(tell); }
  // Whether nothing goes through it or waits for it, be it connected or not.
  bool idle() const;
  // Of an idle one: ends the client, if there is one. It is connected anew when it is needed.
  void give_back();

  // Ends the connection, and then tells.
  void close(std::function<void()> closed);
  bool connected() const { return state_ == State::Up; }

 private:
  enum class State : std::uint8_t { Down, Connecting, Up };
  using Ready = std::function<void(base::Result<std::string>)>;

  struct Row {
    Request request;
    std::unique_ptr<MuxSession> session;  // nothing: it waits
    std::uint32_t refusals = 0;           // by the host
    bool begun = false;
    Loop::Timer patience;
  };
  struct Forward {
    std::string path;
    std::unique_ptr<MuxClient> client;  // while it is asked for
    Loop::Timer soon;
    std::vector<Ready> waiting;
    bool open = false;
  };

  void connect();
  bool has_room(std::size_t count);
  void connect_by_openssh();
  void connect_by_libssh();
  void give_up_connecting();
  void connect_ended(const ProcessEnd& end);
  // What ended it, as the client said it.
  void connect_failed(const std::string& said);
  void connect_anew();
  void connected_now();
  void unreachable(const std::string& why);
  void lost();
  void admit();
  void begin(Session session);
  bool go_on(Session session);
  void be_patient(Session session);
  void drop_kept();
  void session_ended(Session session, const MuxSession::End& end);
  void session_refused(Session session, const std::string& why);
  void drop_optional();
  void end_session(Session session, const End& end);
  void ask_for_forward(const std::string& destination);
  // From the loop, a little later.
  void answer_forward(const std::string& destination, const base::Result<std::string>& result);
  bool has_socket() const;
  std::size_t open_sessions() const;

  Loop& loop_;
  Processes& processes_;
  Place place_;
  SshFiles files_;
  std::string directory_;
  std::string name_;
  State state_ = State::Down;
  std::uint32_t generation_ = 0;  // of connections, for their sockets' names
  std::uint32_t forward_count_ = 0;
  std::string control_path_;
  SshWorker* worker_ = nullptr;
  SshWorker::Ticket ticket_ = 0;  // of what connects, where that is the worker; else 0
  Processes::Handle process_ = 0;
  std::string said_;  // by the client that connects
  bool too_late_ = false;
  std::size_t hung_up_ = 0;  // how often the host did, as soon as it was connected to
  Loop::Timer deadline_;
  std::unique_ptr<MuxClient> held_;  // keeps the client from ending for want of use
  Session last_ = 0;
  std::map<Session, Row> rows_;
  std::deque<Session> waiting_;
  std::unique_ptr<MuxSession> kept_;  // waits for a request
  std::string kept_command_;
  std::size_t limit_;  // sessions at once, as far as the host has shown it
  base::Instant last_end_;
  Loop::Timer again_;
  std::function<void()> short_;
  Loop::Timer room_;  // until descriptors are free
  std::map<std::string, Forward> forwards_;
  Loop::Timer closing_;
  std::function<void()> closed_;
};

}  // namespace sluice::runtime
