#include "world/network.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "base/check.h"
#include "runtime/ssh_wrapper.h"

namespace sluice::world {

using How = Network::End::How;
using runtime::Stream;

namespace {

constexpr std::int64_t most_silence = 45'000;  // ssh's own keep-alive
constexpr std::int64_t most_to_connect = 15'000;

Network*& current_network() {
  static Network* network = nullptr;
  return network;
}

}  // namespace

Network::Network(Kernel& kernel, NetworkSettings settings)
    : kernel_(kernel),
      settings_(settings),
      hanging_(settings.hanging_seed),
      perl_(settings.perl_seed) {
  current_network() = this;
}
Network::~Network() {
  for (const auto& row : lines_) {
    const auto line = row.lock();
    if (!line) continue;
    line->say = nullptr;
    line->exit = nullptr;
  }
  current_network() = nullptr;
}
Network& Network::current() {
  SLUICE_CHECK(current_network() != nullptr, "there is no network");
  return *current_network();
}

void Network::add(Host& host) {
  hosts_[host.name()] = &host;
  if (perl_.chance(settings_.no_perl)) without_perl_.insert(host.name());
}

std::int64_t Network::latency() {
  test::Dice& dice = kernel_.dice();
  if (!dice.chance(settings_.slow)) return 1 + dice.below(3);
  kernel_.count(Fault::SlowMessage);
  return 1 + dice.below(600);
}

base::Instant Network::arrival(const std::string& host) {
  const Link& link = links_[host];
  const base::Instant soon = kernel_.now() + base::Duration{latency()};
  if (link.silent_until <= kernel_.now()) return soon;
  if (link.silent_until - kernel_.now() < base::Duration{most_silence}) {
    return std::max(soon, link.silent_until);
  }
  return base::Instant::never();
}

std::shared_ptr<Network::Wire> Network::connect(const std::string& host) {
  auto wire = std::make_shared<Wire>();
  wire->host = host;
  wire->owner = kernel_.running();
  wires_.push_back(wire);
  return wire;
}

void Network::end(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Session>& session,
                  base::Instant when, End how) {
  session->last = std::max(session->last, when);
  kernel_.at(session->last, wire->owner, [wire, session, how = std::move(how)] {
    if (!session->open || wire->gone) return;
    session->open = false;
    wire->sessions.erase(session->id);
    if (session->line) session->line->open = false;
    session->request.on_end(how);
  });
}

// The one that was kept, for what may go there.
std::shared_ptr<Network::Session> Network::take_session(const std::shared_ptr<Wire>& wire,
                                                        runtime::SshConnection::Request request) {
  std::shared_ptr<Session> session;
  const bool by_perl = request.command.starts_with("exec perl ");
  const bool goes_on = request.stays && wire->kept && wire->kept->by_perl == by_perl;
  if (goes_on) session = std::exchange(wire->kept, nullptr);
  if (!session) session = std::make_shared<Session>();
  session->by_perl = by_perl;
  session->id = ++wire->last;
  session->heard = false;
  session->request = std::move(request);
  return session;
}

Network::SessionId Network::open(const std::shared_ptr<Wire>& wire,
                                 runtime::SshConnection::Request request) {
  const std::shared_ptr<Session> session = take_session(wire, std::move(request));
  wire->sessions[session->id] = session;
  if (!kernel_.effect()) return session->id;
  if (session->dead) {
    session->sent = true;
    end(wire, session, kernel_.now() + base::Duration{1 + kernel_.dice().below(20)},
        {How::Broken, 0, ""});
    return session->id;
  }
  const Link& link = links_[wire->host];
  if (link.cut_until > kernel_.now()) {
    wire->up = false;
    end(wire, session, kernel_.now() + base::Duration{2}, {How::Unreachable, 0, "no route"});
    return session->id;
  }
  if (!wire->up && link.silent_until > kernel_.now()) {
    const base::Instant late = kernel_.now() + base::Duration{most_to_connect};
    if (link.silent_until > late) {
      end(wire, session, late, {How::Unreachable, 0, "timed out"});
      return session->id;
    }
  }
  wire->up = true;
  kernel_.at(std::max(kernel_.now(), link.silent_until), wire->owner, [this, wire, session] {
    if (session->open && !wire->gone) send(wire, session);
  });
  return session->id;
}

// As the runtime's own connection does it: from when it was sent.
void Network::be_patient(const std::shared_ptr<Wire>& wire,
                         const std::shared_ptr<Session>& session) {
  if (session->request.patience == base::Duration{}) return;
  const base::Instant end = kernel_.now() + session->request.patience;
  kernel_.at(end, wire->owner, [wire, session, id = session->id] {
    if (!session->open || session->heard || session->id != id || wire->gone) return;
    if (!wire->sessions.contains(id)) return;
    let_go(*session);
    wire->sessions.erase(id);
    const auto told = std::move(session->request.on_end);
    if (told) told({How::Broken, 0, "its login did not come as far as the script"});
  });
}

bool Network::hangs(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Session>& session) {
  constexpr std::uint32_t very_late = 200'000;
  if (session->again || !hanging_.chance(settings_.hanging)) return false;
  kernel_.count(Fault::LoginHangs);
  if (hanging_.chance(50)) {
    serve(wire, session, session->request.input,
          kernel_.now() + base::Duration{hanging_.below(very_late)});
  }
  return true;
}

bool Network::logs_in(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Session>& session,
                      base::Instant soon) {
  test::Dice& dice = kernel_.dice();
  if (dice.chance(settings_.refused)) {
    kernel_.count(Fault::SessionRefused);
    end(wire, session, soon, {How::Refused, 0, "no more sessions"});
    return false;
  }
  session->sent = true;
  if (!dice.chance(settings_.noisy)) return true;
  kernel_.count(Fault::NoisyLogin);
  const auto said = session;
  kernel_.at(soon, wire->owner, [said, wire] {
    if (!said->open || wire->gone || !said->request.on_output) return;
    said->request.on_output(Stream::Errors, "no login now\n");
  });
  end(wire, session, soon, {How::Exited, 1, ""});
  return false;
}

// Perl that is not there, that lacks a module, or that ends without a word.
bool Network::perl_ends(const std::shared_ptr<Wire>& wire,
                        const std::shared_ptr<Session>& session) {
  if (!session->by_perl || session->again) return false;
  const bool is_there = !without_perl_.contains(wire->host);
  if (is_there && !perl_.chance(settings_.perl_fails)) return false;
  const base::Instant when = arrival(wire->host);
  if (when == base::Instant::never()) return false;
  kernel_.count(Fault::NoPerl);
  if (!is_there) {
    end(wire, session, when, {How::Exited, 127, ""});
    return true;
  }
  const bool tells = perl_.chance(50);
  std::istringstream words(session->request.input);
  std::string magic;
  std::string nonce;
  words >> magic >> nonce;
  if (tells) {
    kernel_.at(when, wire->owner, [session, wire, nonce] {
      if (!session->open || wire->gone || !session->request.on_output) return;
      session->request.on_output(
          Stream::Errors, nonce + " refused " + std::string(runtime::lacks_perl_modules) + "\n");
    });
  }
  end(wire, session, when, {How::Exited, tells ? 3 : 9, ""});
  return true;
}

void Network::send(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Session>& session) {
  test::Dice& dice = kernel_.dice();
  const std::string& input = session->request.input;
  const base::Instant soon = kernel_.now() + base::Duration{latency()};
  be_patient(wire, session);
  if (!session->again && !logs_in(wire, session, soon)) return;
  if (perl_ends(wire, session)) return;
  if (hangs(wire, session)) return;
  const base::Instant when = arrival(wire->host);
  if (dice.chance(settings_.lost) || when == base::Instant::never()) {
    kernel_.count(Fault::RequestLost);
    return end(wire, session, kernel_.now() + base::Duration{dice.below(100)},
               {How::Broken, 0, ""});
  }
  if (dice.chance(settings_.cut)) {
    kernel_.count(Fault::RequestCut);
    const std::size_t whole = input.size();
    serve(wire, session, input.substr(0, dice.below(static_cast<std::uint32_t>(whole + 1))), when);
    return end(wire, session, when, {How::Broken, 0, ""});
  }
  if (dice.chance(settings_.late)) {
    kernel_.count(Fault::RequestLate);
    serve(wire, session, input, when + base::Duration{dice.below(3'000)});
    return end(wire, session, kernel_.now() + base::Duration{dice.below(50)}, {How::Broken, 0, ""});
  }
  serve(wire, session, input, when);
  if (dice.chance(settings_.doubled)) {
    kernel_.count(Fault::RequestDoubled);
    auto nobody = std::make_shared<Session>();
    serve(wire, nobody, input, when + base::Duration{dice.below(200)});
  }
  if (dice.chance(settings_.unanswered)) {
    kernel_.count(Fault::AnswerLost);
    end(wire, session, when + base::Duration{dice.below(60)}, {How::Broken, 0, ""});
  }
}

void Network::serve(const std::shared_ptr<Wire>& wire, const std::shared_ptr<Session>& session,
                    const std::string& input, base::Instant when) {
  const bool goes_on = session->again && session->line && session->line->open;
  const auto line = goes_on ? session->line : line_of(wire, session);
  // With the machine goes what was on its way to it.
  Host& host = *hosts_.at(wire->host);
  kernel_.at(when, 0, [&host, boot = host.boot(), input, line, owner = wire->owner] {
    if (boot == host.boot()) host.serve(input, line, owner);
  });
}

std::shared_ptr<Line> Network::line_of(const std::shared_ptr<Wire>& wire,
                                       const std::shared_ptr<Session>& session) {
  auto line = std::make_shared<Line>();
  session->line = line;
  lines_.push_back(line);
  const std::weak_ptr<Line> weak = line;
  line->say = [this, wire, session, weak](Stream stream, std::string bytes) {
    const auto mine = weak.lock();
    if (!mine || !mine->open || !session->request.on_output) return;
    const base::Instant when = arrival(wire->host);
    if (when == base::Instant::never()) {
      mine->open = false;
      return end(wire, session, kernel_.now() + base::Duration{most_silence}, {How::Broken, 0, ""});
    }
    session->last = std::max(session->last, when);
    kernel_.at(session->last, wire->owner, [session, wire, stream, bytes = std::move(bytes)] {
      if (session->open && !wire->gone) session->request.on_output(stream, bytes);
    });
  };
  line->exit = [this, wire, session, weak](int value) {
    const auto mine = weak.lock();
    if (!mine || !mine->open || !session->request.on_end) return;
    const base::Instant when = arrival(wire->host);
    mine->open = false;
    if (when == base::Instant::never()) {
      return end(wire, session, kernel_.now() + base::Duration{most_silence}, {How::Broken, 0, ""});
    }
    end(wire, session, when, {How::Exited, value, ""});
  };
  return line;
}

void Network::let_go(Session& session) {
  session.open = false;
  if (session.line) session.line->open = false;
}

void Network::release(const std::shared_ptr<Wire>& wire, SessionId id) {
  const auto found = wire->sessions.find(id);
  if (found == wire->sessions.end()) return;
  let_go(*found->second);
  wire->sessions.erase(found);
}

void Network::keep(const std::shared_ptr<Wire>& wire, SessionId id) {
  const auto found = wire->sessions.find(id);
  if (found == wire->sessions.end()) return;
  const std::shared_ptr<Session> session = found->second;
  if (!settings_.keeps || !session->line || !session->line->open) return release(wire, id);
  wire->sessions.erase(found);
  session->request = {};
  session->again = true;
  if (wire->kept) let_go(*wire->kept);
  wire->kept = session;
  kernel_.count(Fault::SessionKept);
}

void Network::cut(const std::string& host, base::Instant until) {
  kernel_.note("link cut", host, until.ms);
  links_[host].cut_until = std::max(links_[host].cut_until, until);
  break_sessions(host, [this] { return base::Duration{kernel_.dice().below(50)}; });
}

// Who has them is told behind the pause that is asked for each.
void Network::break_sessions(const std::string& host,
                             const std::function<base::Duration()>& pause) {
  for (const auto& row : wires_) {
    const auto wire = row.lock();
    if (!wire || wire->host != host) continue;
    wire->up = false;
    if (wire->kept) {
      if (wire->kept->line) wire->kept->line->open = false;
      wire->kept->dead = true;
      if (kernel_.dice().chance(50)) wire->kept.reset();
    }
    const auto sessions = wire->sessions;
    for (const auto& [id, session] : sessions) {
      if (session->line) session->line->open = false;
      end(wire, session, kernel_.now() + pause(), {How::Broken, 0, ""});
    }
  }
}

void Network::silence(const std::string& host, base::Instant until) {
  kernel_.note("link silent", host, until.ms);
  Link& link = links_[host];
  link.silent_until = std::max(link.silent_until, until);
  if (link.silent_until - kernel_.now() < base::Duration{most_silence}) return;
  break_sessions(host, [] { return base::Duration{most_silence}; });
}

void Network::heal() {
  const bool keeps = settings_.keeps;
  settings_ = {};
  settings_.keeps = keeps;
  links_.clear();
}

}  // namespace sluice::world
