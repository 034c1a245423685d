// The network between controllers and hosts: sessions over links that can be cut, fall silent,
// lose, cut short, delay and double what goes over them. The runtime's SshConnection is linked as
// one end of it (network.cpp).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/ssh_connection.h"
#include "world/host.h"
#include "world/kernel.h"

namespace sluice::world {

struct NetworkSettings {
  // Percent of sessions.
  std::uint32_t lost = 0, cut = 0, unanswered = 0, late = 0, doubled = 0, noisy = 0, refused = 0,
                slow = 0;
  // Logins that hang: what was sent is served much later, or never. By numbers of their own, so
  // that the other faults of a seed stay what they were.
  std::uint32_t hanging = 0;
  std::uint64_t hanging_seed = 0;
  // Percent of hosts that have no Perl, and of sessions in which Perl cannot do it; by numbers of
  // their own as well.
  std::uint32_t no_perl = 0, perl_fails = 0;
  std::uint64_t perl_seed = 0;
  // A session whose answer has come whole waits for the next request of its kind.
  bool keeps = false;
};

class Network {
 public:
  using SessionId = runtime::SshConnection::Session;
  using End = runtime::SshConnection::End;
  struct Session {
    SessionId id = 0;
    runtime::SshConnection::Request request;
    bool open = true;  // at the controller
    bool sent = false;
    bool heard = false;  // what was waited for has begun to come
    base::Instant last;  // arrival of what came before, in each direction
    std::shared_ptr<Line> line;
    bool by_perl = false;
    bool again = false;  // it has answered one before: no login comes before the next
    bool dead = false;   // the link broke while it was kept, and nobody here has noticed
  };
  // One end of a connection, at a controller.
  struct Wire {
    std::string host;
    Kernel::Owner owner = 0;
    bool up = false;
    bool gone = false;
    SessionId last = 0;
    std::map<SessionId, std::shared_ptr<Session>> sessions;
    std::shared_ptr<Session> kept;
  };

  Network(Kernel& kernel, NetworkSettings settings);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  static Network& current();

  void add(Host& host);
  std::shared_ptr<Wire> connect(const std::string& host);
  SessionId open(const std::shared_ptr<Wire>& wire, runtime::SshConnection::Request request);
  void release(const std::shared_ptr<Wire>& wire, SessionId session);
  // Its answer has come: it waits for the next request that stays, or is let go.
  void keep(const std::shared_ptr<Wire>& wire, SessionId session);

  // All connections of the host break, and none comes about until then.
  void cut(const std::string& host, base::Instant until);
  // Nothing goes over the link, and nobody is told.
  void silence(const std::string& host, base::Instant until);
  // The host is there again, before its time.
  void restore(const std::string& host) { links_.erase(host); }
  void heal();

 private:
  struct Link {
    base::Instant cut_until;
    base::Instant silent_until;
  };
  std::shared_ptr<Session> take_session(const std::shared_ptr<Wire>& wire,
                                        runtime::SshConnection::Request request);
  static void let_go(Session& session);
  void be_patient(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Session>& session);
  bool hangs(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Session>& session);
  bool logs_in(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Session>& session,
               base::Instant soon);
  bool perl_ends(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Session>& session);
  void send(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Session>& session);
  void serve(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Session>& session,
             const std::string& input, base::Instant when);
  void end(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Session>& session,
           base::Instant when, End how);
  void break_sessions(const std::string& host, const std::function<base::Duration()>& pause);
  std::shared_ptr<Line> line_of(const std::shared_ptr<Wire>& wire,
                                const std::shared_ptr<Session>& session);
  // When what is sent now arrives; never where it does not.
  base::Instant arrival(const std::string& host);
  std::int64_t latency();

  Kernel& kernel_;
  NetworkSettings settings_;
  test::Dice hanging_;
  test::Dice perl_;
  std::map<std::string, Host*> hosts_;
  std::set<std::string> without_perl_;
  std::map<std::string, Link> links_;
  std::vector<std::weak_ptr<Wire>> wires_;
  std::vector<std::weak_ptr<Line>> lines_;  // each holds its session, and that the line
};

}  // namespace sluice::world
