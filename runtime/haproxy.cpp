#include "runtime/haproxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "base/plain_name.h"
#include "base/utf8.h"

namespace sluice::runtime {

namespace {

constexpr base::Duration look_again{100};  // at the sessions of a server that drains
constexpr std::size_t most_answer_bytes = 4 << 20;
// HAProxy talks to ten at once, where its configuration does not say otherwise, and lets about as
// many wait: the next is refused. Others ask it too.
constexpr std::size_t most_at_once = 4;
constexpr int most_refusals = 100;

int connect_unix(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return -1;
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return descriptor;
  }
  ::close(descriptor);
  return -1;
}

// The runtime API listens on an address of numbers or on a name of /etc/hosts; looking one up in
// the network would hold up the loop.
int connect_tcp(const std::string& host_and_port) {
  const std::size_t colon = host_and_port.rfind(':');
  if (colon == std::string::npos) {
    errno = EINVAL;
    return -1;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string host = host_and_port.substr(0, colon);
  if (::getaddrinfo(host.c_str(), host_and_port.c_str() + colon + 1, &hints, &found) != 0) {
    errno = EHOSTUNREACH;
    return -1;
  }
  int descriptor = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool begun =
      descriptor >= 0 &&
      (::connect(descriptor, found->ai_addr, found->ai_addrlen) == 0 || errno == EINPROGRESS);
  ::freeaddrinfo(found);
  if (begun) return descriptor;
  if (descriptor >= 0) ::close(descriptor);
  return -1;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string find_cell(std::string_view table, char separator, std::string_view backend_column,
                      std::string_view backend, std::string_view server_column,
                      std::string_view server, std::string_view name) {
  std::vector<std::string_view> head;
  for (std::string_view line : split(table, '\n')) {
    if (!line.empty() && line.front() == '#') {
      line.remove_prefix(line.size() > 1 && line[1] == ' ' ? 2 : 1);
      head = split(line, separator);
      continue;
    }
    const std::vector<std::string_view> cells = split(line, separator);
    const auto cell = [&](std::string_view column) -> std::string_view {
      for (std::size_t i = 0; i < head.size() && i < cells.size(); ++i) {
        if (head[i] == column) return cells[i];
      }
      return {};
    };
    if (cell(backend_column) == backend && cell(server_column) == server) {
      return std::string(cell(name));
    }
  }
  return "";
}

// What is known only now is looked at as the compiler does: with a `#` it is an id.
bool is_name(std::string_view text) {
  return base::is_plain_name(text) && text.front() != '#';
}

// One action: command, reading back, waiting. Each command is a connection of its own, as HAProxy
// closes it behind its answer.
class HaproxyExecutor::Exchange {
 public:
  Exchange(HaproxyExecutor& owner, ActionRequest request, Sink done)
      : owner_(owner),
        request_(std::move(request)),
        done_(std::move(done)),
        backend_(request_.text("backend")),
        server_(request_.text("server")),
        state_(request_.text("state")),
        address_(request_.text("address")),
        where_(address_) {
    const plan::Value* wait = request_.attribute("wait");
    if (wait != nullptr) most_ = std::get<base::Duration>(wait->content);
  }
  // With the executor, or once it has ended: it is in no line.
  ~Exchange() { disconnect(); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void begin() {
    for (const std::string* name : {&backend_, &server_}) {
      if (is_name(*name)) continue;
      return fail(fmt::format("`{}` is no name in HAProxy", base::printable(*name)),
                  Completion::Ending::NotStarted);
    }
    const bool is_socket = address_.empty();
    if (is_socket) where_ = request_.text("socket");
    if (request_.place.kind == plan::Connection::Kind::Local || !request_.place.host.valid()) {
      path_ = is_socket ? where_ : "";
      return set_state();
    }
    const ActionRequest::Ticket ticket = request_.ticket;
    HaproxyExecutor& owner = owner_;
    owner.open_tunnel_(request_.place, where_,
                       [&owner, ticket](const base::Result<std::string>& path) {
                         const auto found = owner.exchanges_.find(ticket);
                         if (found != owner.exchanges_.end()) found->second->tunnelled(path);
                       });
  }

  // It is its turn, and leaves the line in close().
  void connect() {
    talks_ = true;
    descriptor_ = path_.empty() ? connect_tcp(address_) : connect_unix(path_);
    if (descriptor_ >= 0) {
      watch_ = owner_.loop_.watch(descriptor_);
      watch_.on_writable([this] { write_command(); });
      return;
    }
    // As many wait as may, and all of them are others.
    const bool is_full = errno == EAGAIN && ++refusals_ < most_refusals;
    if (!is_full) return fail_to_reach();
    close();
    timer_ = owner_.loop_.after(look_again, [this] { owner_.enter(line(), request_.ticket); });
  }

  void cancel() { end(scheduler::Outcome::Cancelled, "cancelled"); }
  bool is_over() const { return is_over_; }
  Sink take_sink() { return std::move(done_); }

 private:
  using Answered = void (Exchange::*)(const std::string&);

  void tunnelled(const base::Result<std::string>& path) {
    if (!path) return fail(path.error().message, Completion::Ending::Unreachable);
    path_ = path.value();
    is_tunnelled_ = true;
    set_state();
  }

  void set_state() {
    send(fmt::format("set server {} state {}\n", name(), state_), &Exchange::was_set);
  }

  std::string name() const { return fmt::format("{}/{}", backend_, server_); }

  std::string refusal(const std::string& words) const {
    const bool rights = words.find("ermission denied") != std::string::npos;
    return fmt::format("HAProxy says of `{}`: {}{}", name(), words,
                       rights ? " (its socket needs `level admin`)" : "");
  }

  void was_set(const std::string& answer) {
    const std::size_t text = answer.find_first_not_of(" \r\n");
    if (text != std::string::npos) {
      const std::size_t last = answer.find_last_not_of(" \r\n");
      return fail(refusal(answer.substr(text, last - text + 1)));
    }
    send(fmt::format("show servers state {}\n", backend_), &Exchange::was_read);
  }

  // Bits of srv_admin_state: 0x01 maintenance, 0x08 drain, both as forced through this API.
  void was_read(const std::string& answer) {
    const std::string cell =
        find_cell(answer, ' ', "be_name", backend_, "srv_name", server_, "srv_admin_state");
    if (cell.empty()) return fail(fmt::format("HAProxy does not show the state of `{}`", name()));
    const unsigned long bits = std::strtoul(cell.c_str(), nullptr, 10);
    const unsigned long wanted = state_ == "maint" ? 0x01U : state_ == "drain" ? 0x08U : 0U;
    if ((bits & 0x09U) != wanted) {
      return fail(fmt::format("HAProxy was told `{}` of `{}`, and does not say so (state {})",
                              state_, name(), bits));
    }
    if (state_ != "drain" || (most_ && most_->ms == 0)) return succeed();
    if (most_) until_ = owner_.loop_.now() + *most_;
    look_at_sessions();
  }

  // With the state, each time: an HAProxy that is started anew meanwhile begins with the server
  // ready and with no sessions, and looks as if they had ended.
  void look_at_sessions() {
    send(fmt::format("show servers state {};show stat\n", backend_), &Exchange::sessions_read);
  }

  void sessions_read(const std::string& answer) {
    const std::string state =
        find_cell(answer, ' ', "be_name", backend_, "srv_name", server_, "srv_admin_state");
    const std::string cell = find_cell(answer, ',', "pxname", backend_, "svname", server_, "scur");
    if (state.empty() || cell.empty()) {
      return fail(fmt::format("HAProxy no longer shows `{}`", name()));
    }
    if ((std::strtoul(state.c_str(), nullptr, 10) & 0x09U) != 0x08U) {
      return fail(
          fmt::format("HAProxy no longer drains `{}`: it was started anew, or told otherwise "
                      "(state {})",
                      name(), state));
    }
    if (cell == "0") return succeed();
    const std::string open =
        fmt::format("{} session{} of `{}`", cell, cell == "1" ? "" : "s", name());
    const std::string limit = most_ ? plan::to_text(plan::Value{*most_}) : "";
    if (owner_.loop_.now() >= until_) {
      write(fmt::format("{} still open after {}: it is drained all the same\n", open, limit));
      return succeed();
    }
    const std::string at_most = most_ ? fmt::format("at most {} ", limit) : "";
    if (!waits_) write(fmt::format("waits {}for {} to end\n", at_most, open));
    waits_ = true;
    timer_ = owner_.loop_.after(look_again, [this] { look_at_sessions(); });
  }

  void send(std::string command, Answered answered) {
    close();
    command_ = std::move(command);
    answer_.clear();
    answered_ = answered;
    owner_.enter(line(), request_.ticket);
  }

  std::string line() const { return request_.place.name + ' ' + where_; }

  void write_command() {
    const ssize_t written = ::send(descriptor_, command_.data(), command_.size(), MSG_NOSIGNAL);
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
    // A way through a host may close before it has taken anything, or just behind: the same.
    told_ = told_ || written >= 0 || is_tunnelled_;
    if (written < 0) return fail_to_reach();
    command_.erase(0, static_cast<std::size_t>(written));
    if (!command_.empty()) return;
    watch_.on_writable({});
    watch_.on_readable([this] { read_answer(); });
  }

  // Of one that was told already nobody can say that nothing was done.
  void fail_to_reach() {
    const char* why = std::strerror(errno);
    // The way through a host opens whether or not anything is at its end.
    if (told_ && is_tunnelled_ && !has_answered_) {
      return fail(fmt::format("HAProxy at {} on `{}` is not there, or went away: {}", where_,
                              request_.place.name, why));
    }
    if (told_) return fail(fmt::format("HAProxy at {} went away: {}", where_, why));
    fail(fmt::format("cannot reach HAProxy at {}: {}", where_, why),
         Completion::Ending::Unreachable);
  }

  void read_answer() {
    std::array<char, 65536> buffer;
    const ssize_t got = ::read(descriptor_, buffer.data(), buffer.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) return fail_to_reach();
    answer_.append(buffer.data(), static_cast<std::size_t>(got));
    if (answer_.size() > most_answer_bytes) return fail("HAProxy's answer does not end");
    has_answered_ = has_answered_ || got > 0;
    if (got > 0) return;
    close();
    // What answers may end this exchange, and its answer with it.
    const std::string answer = std::move(answer_);
    (this->*answered_)(answer);
  }

  void disconnect() {
    watch_ = Loop::Watch();
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

  void close() {
    disconnect();
    if (talks_) owner_.leave(line());
    talks_ = false;
  }

  void write(const std::string& line) {
    if (request_.output) request_.output(Stream::Output, line);
  }

  void succeed() { end(scheduler::Outcome::Succeeded, ""); }
  void fail(const std::string& why, Completion::Ending ending = Completion::Ending::Answered) {
    end(scheduler::Outcome::Failed, why, ending);
  }

  void end(scheduler::Outcome outcome, const std::string& detail,
           Completion::Ending ending = Completion::Ending::Answered) {
    close();
    is_over_ = true;
    timer_ = Loop::Timer();
    Completion completion;
    completion.outcome = outcome;
    completion.ending = ending;
    completion.detail = detail;
    owner_.finish(request_.ticket, completion);
  }

  HaproxyExecutor& owner_;
  ActionRequest request_;
  Sink done_;
  std::string backend_;
  std::string server_;
  std::string state_;
  std::string address_;
  std::string where_;  // the socket or the address, as who wrote the step knows it
  std::string path_;   // of the socket, or of the tunnel's end here; empty: the address
  std::optional<base::Duration> most_;  // that it waits for sessions; none: until they have ended
  base::Instant until_ = base::Instant::never();
  bool is_over_ = false;
  bool is_tunnelled_ = false;
  bool has_answered_ = false;
  bool talks_ = false;  // it is its turn in the line
  int refusals_ = 0;    // how often HAProxy had no room
  bool told_ = false;   // something was sent
  bool waits_ = false;  // for sessions, and has said so
  int descriptor_ = -1;
  Loop::Watch watch_;
  Loop::Timer timer_;
  std::string command_;
  std::string answer_;
  Answered answered_ = nullptr;
};

HaproxyExecutor::HaproxyExecutor(Loop& loop, OpenTunnel open_tunnel)
    : loop_(loop), open_tunnel_(std::move(open_tunnel)) {}
HaproxyExecutor::~HaproxyExecutor() = default;

void HaproxyExecutor::start(ActionRequest request, Sink done) {
  const ActionRequest::Ticket ticket = request.ticket;
  exchanges_[ticket] = std::make_unique<Exchange>(*this, std::move(request), std::move(done));
  exchanges_[ticket]->begin();
}

void HaproxyExecutor::cancel(ActionRequest::Ticket ticket) {
  const auto found = exchanges_.find(ticket);
  if (found != exchanges_.end()) found->second->cancel();
}

void HaproxyExecutor::enter(const std::string& where, ActionRequest::Ticket ticket) {
  lines_[where].waiting.push_back(ticket);
  admit(where);
}

// Who is next begins from the loop: who leaves is still on the stack.
void HaproxyExecutor::leave(const std::string& where) {
  --lines_[where].talking;
  loop_.post([this, where] { admit(where); });
}

void HaproxyExecutor::admit(const std::string& where) {
  Line& line = lines_[where];
  while (line.talking < most_at_once && !line.waiting.empty()) {
    const auto found = exchanges_.find(line.waiting.front());
    line.waiting.pop_front();
    // It was cancelled while it waited.
    if (found == exchanges_.end() || found->second->is_over()) continue;
    ++line.talking;
    found->second->connect();
  }
}

// From the loop: the exchange that ends is still on the stack.
void HaproxyExecutor::finish(ActionRequest::Ticket ticket, Completion completion) {
  loop_.post([this, ticket, completion = std::move(completion)] {
    const auto found = exchanges_.find(ticket);
    if (found == exchanges_.end()) return;
    const Sink done = found->second->take_sink();
    exchanges_.erase(found);
    done(completion);
  });
}

}  // namespace sluice::runtime
