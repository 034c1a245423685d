// The runtime's connection to a host, linked in place of runtime/ssh_connection.cpp: the same
// interface over the simulated network. What uses it (runtime/ssh_attempt.cpp) is the real thing.
#include "runtime/ssh_connection.h"

#include "world/network.h"

namespace sluice::runtime {

using world::Network;

namespace {

// By the name of the connection's files, which the executor gives it, and the program's number.
std::map<const void*, std::shared_ptr<Network::Wire>>& wires() {
  static std::map<const void*, std::shared_ptr<Network::Wire>> all;
  return all;
}

}  // namespace

SshConnection::SshConnection(Loop& loop, Processes& processes, Place place, SshFiles files,
                             std::string directory, std::string name)
    : loop_(loop),
      processes_(processes),
      place_(std::move(place)),
      files_(std::move(files)),
      directory_(std::move(directory)),
      name_(std::move(name)),
      limit_(1) {
  wires()[this] = Network::current().connect(place_.name);
}

SshConnection::~SshConnection() {
  wires()[this]->gone = true;
  wires().erase(this);
}

SshConnection::Session SshConnection::open(Request request) {
  state_ = State::Up;
  return Network::current().open(wires()[this], std::move(request));
}

bool SshConnection::begun(Session session) const {
  const auto& sessions = wires()[this]->sessions;
  const auto found = sessions.find(session);
  return found != sessions.end() && found->second->sent;
}

void SshConnection::heard(Session session) {
  const auto& sessions = wires()[this]->sessions;
  const auto found = sessions.find(session);
  if (found != sessions.end()) found->second->heard = true;
}

void SshConnection::keep(Session session) {
  Network::current().keep(wires()[this], session);
}

void SshConnection::release(Session session) {
  Network::current().release(wires()[this], session);
}

void SshConnection::forward(const std::string&, std::function<void(base::Result<std::string>)>) {}

bool SshConnection::idle() const {
  return false;
}

void SshConnection::give_back() {}

void SshConnection::close(std::function<void()> closed) {
  closing_ = loop_.after({}, std::move(closed));
}

}  // namespace sluice::runtime
