#include "runtime/ssh_connection.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>

#include "base/sha256.h"
#include "runtime/descriptors.h"
#include "runtime/files.h"

namespace sluice::runtime {

namespace {

// What ssh's own limits do not cover: an authentication that hangs.
constexpr base::Duration most_to_connect{120'000};
constexpr base::Duration most_to_close{2'000};
constexpr std::size_t most_said = 8192;
// A session that was let go counts on the host until it has noticed.
constexpr base::Duration until_noticed{100};
constexpr base::Duration may_be_noticed{2'000};
constexpr std::uint32_t most_refusals = 50;
constexpr std::uint32_t most_urgent_refusals = 5;
constexpr std::size_t any_number = 1'000'000;
// Descriptors that must be free here before a connection is made, and before a session is opened,
// which takes seven for a moment: fewer for what is connected already, so that it comes to its end.
constexpr std::size_t free_to_connect = 16;
constexpr std::size_t free_to_open = 10;
constexpr base::Duration until_free{100};
// A host that hangs up at once has more who log in than it lets, mostly: nothing was begun there.
// Each pause is up to a half longer or shorter, for they all come back.
constexpr std::array<base::Duration, 6> until_let_in{
    {{250}, {500}, {1'000}, {2'000}, {2'000}, {2'000}}};
constexpr std::size_t most_behind_a_jump = 4;  // of these
constexpr std::string_view too_late = "it did not let us in within two minutes";

struct Destination {
  std::string host;
  std::uint32_t port = 0;  // 0: `host` is a socket's path
};

base::Result<Destination> destination_of(const std::string& text) {
  if (!text.empty() && text.front() == '/') return Destination{text, 0};
  const std::size_t colon = text.rfind(':');
  Destination found;
  if (colon != std::string::npos && colon > 0) {
    found.host = text.substr(0, colon);
    for (const char digit : text.substr(colon + 1)) {
      const bool fits = digit >= '0' && digit <= '9' && found.port < 100'000;
      found.port = fits ? found.port * 10 + static_cast<std::uint32_t>(digit - '0') : 100'000;
    }
    if (found.host.front() == '[' && found.host.back() == ']') {
      found.host = found.host.substr(1, found.host.size() - 2);
    }
    if (!found.host.empty() && found.port > 0 && found.port < 65536) return found;
  }
  return base::Error{fmt::format("`{}` is neither a host and port nor a socket's path", text)};
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
      limit_(any_number) {}

SshConnection::~SshConnection() {
  // Not waited for; should it not be heard, the client ends by itself.
  if (held_) held_->send(mux_terminate(1));
  if (ticket_ != 0) worker_->cancel(ticket_);
}

SshConnection::Session SshConnection::open(Request request) {
  const Session session = ++last_;
  rows_[session].request = std::move(request);
  waiting_.push_back(session);
  if (state_ == State::Down) connect();
  if (state_ != State::Up || go_on(session)) return session;
  if (rows_[session].request.use == Use::Urgent) {
    waiting_.pop_back();
    begin(session);
  }
  admit();
  return session;
}

void SshConnection::release(Session session) {
  const auto found = rows_.find(session);
  if (found == rows_.end()) return;
  std::erase(waiting_, session);
  rows_.erase(found);
  last_end_ = loop_.now();
  admit();
}

void SshConnection::drop_kept() {
  if (kept_) last_end_ = loop_.now();
  kept_ = nullptr;
}

void SshConnection::keep(Session session) {
  const auto found = rows_.find(session);
  if (found == rows_.end()) return;
  std::unique_ptr<MuxSession> mux = std::move(found->second.session);
  std::string command = std::move(found->second.request.command);
  rows_.erase(found);
  if (mux && !kept_ && state_ == State::Up) {
    kept_ = std::move(mux);
    kept_command_ = std::move(command);
    kept_->go_on(
        "", [](Stream, std::string_view) {},
        [this](const MuxSession::End&) {
          drop_kept();
          admit();
        });
  } else {
    last_end_ = loop_.now();
  }
  admit();
}

// Whether it goes where the one before it went.
bool SshConnection::go_on(Session session) {
  Row& row = rows_[session];
  if (!kept_ || !row.request.stays || row.request.command != kept_command_) return false;
  // What cannot have reached the host is not sent: it would count as begun, perhaps.
  if (kept_->gone()) {
    drop_kept();
    return false;
  }
  std::erase(waiting_, session);
  row.begun = true;
  be_patient(session);
  row.session = std::move(kept_);
  row.session->go_on(row.request.input, row.request.on_output,
                     [this, session](const MuxSession::End& end) { session_ended(session, end); });
  return true;
}

// A login that hangs, or writes without end, is no link that is lost: ssh itself waits for ever.
void SshConnection::be_patient(Session session) {
  Row& row = rows_[session];
  if (row.request.patience == base::Duration{}) return;
  row.patience = loop_.after(row.request.patience, [this, session] {
    last_end_ = loop_.now();
    End told;
    told.why =
        fmt::format("{} was reached, and its login did not come as far as the script in {}",
                    place_.address, plan::to_text(plan::Value{rows_[session].request.patience}));
    end_session(session, told);
    admit();
  });
}

void SshConnection::heard(Session session) {
  const auto found = rows_.find(session);
  if (found != rows_.end()) found->second.patience = Loop::Timer();
}

bool SshConnection::begun(Session session) const {
  const auto found = rows_.find(session);
  return found != rows_.end() && found->second.begun;
}

bool SshConnection::has_room(std::size_t count) {
  if (descriptors_are_free(count)) return true;
  if (short_) short_();
  return descriptors_are_free(count);
}

void SshConnection::connect() {
  state_ = State::Connecting;
  if (!has_room(free_to_connect)) {
    room_ = loop_.after(until_free, [this] { connect(); });
    return;
  }
  kept_ = nullptr;
  said_.clear();
  too_late_ = false;
  // Below /tmp, which somebody may have emptied.
  if (const base::Status made = make_private_directory(directory_); !made) {
    deadline_ = loop_.after({}, [this, why = made.error().message] { unreachable(why); });
    return;
  }
  ++generation_;
  control_path_ = fmt::format("{}/{}.{}", directory_, name_, generation_);
  if (worker_ != nullptr && is_for_libssh(place_)) return connect_by_libssh();
  connect_by_openssh();
}

void SshConnection::connect_by_libssh() {
  ticket_ =
      worker_->connect(libssh_host(place_, files_), control_path_, [this](const std::string& why) {
        deadline_ = Loop::Timer();
        ticket_ = 0;
        if (why.empty()) return connected_now();
        connect_failed(why);
      });
  deadline_ = loop_.after(most_to_connect, [this] {
    give_up_connecting();
    unreachable(std::string(too_late));
  });
}

void SshConnection::give_up_connecting() {
  if (ticket_ != 0) {
    worker_->cancel(ticket_);
  } else {
    processes_.kill(process_);
  }
  ticket_ = 0;
}

void SshConnection::connect_by_openssh() {
  // One for all hosts that are reached alike, once it is there and whole.
  const std::string text = ssh_config(place_, files_);
  const std::string config = fmt::format("{}/{}.config", directory_, base::sha256_hex(text));
  const base::Result<std::string> there = read_whole(config, text.size());
  const bool whole = there && there.value() == text;
  if (const auto written = whole ? base::Done{} : write_private(config, text); !written) {
    deadline_ = loop_.after({}, [this, why = written.error().message] { unreachable(why); });
    return;
  }
  ProcessOptions options;
  options.arguments = ssh_master_arguments(place_, config, control_path_);
  options.environment = inherited_environment();
  options.merge_errors = true;
  options.on_output = [this](Stream, std::string_view bytes) {
    said_.append(bytes.substr(0, most_said - std::min(most_said, said_.size())));
  };
  options.on_end = [this](const ProcessEnd& end) { connect_ended(end); };
  process_ = processes_.start(std::move(options));
  deadline_ = loop_.after(most_to_connect, [this] {
    too_late_ = true;
    give_up_connecting();
  });
}

// The client goes to the background once it is connected and listens on its socket.
void SshConnection::connect_ended(const ProcessEnd& end) {
  deadline_ = Loop::Timer();
  if (end.exit_code == 0) return connected_now();
  if (!end.not_started.empty()) return unreachable(end.not_started);
  if (too_late_) return unreachable(std::string(too_late));
  connect_failed(said_);
}

void SshConnection::connect_failed(const std::string& said) {
  if (!hung_up_at_once(said)) return unreachable(ssh_reason(said));
  // Of a jump nobody tells why it let nothing through: perhaps it does not know us, and locks out
  // who asks too often.
  const bool jumps = place_.setting("jump") != nullptr;
  if (hung_up_ == (jumps ? most_behind_a_jump : until_let_in.size())) {
    return unreachable(
        fmt::format("it, or what leads to it, hung up at once, {} times in a row (do more log in "
                    "there than its MaxStartups lets?): {}",
                    hung_up_ + 1, ssh_reason(said)));
  }
  const std::int64_t pause = until_let_in[hung_up_].ms;
  ++hung_up_;
  const std::size_t share = std::hash<std::string>{}(control_path_) % 100;
  room_ = loop_.after(base::Duration{pause / 2 + pause * static_cast<std::int64_t>(share) / 100},
                      [this] { connect_anew(); });
}

// Who waited for it may have gone meanwhile.
void SshConnection::connect_anew() {
  if (!waiting_.empty() || !forwards_.empty()) return connect();
  state_ = State::Down;
}

void SshConnection::connected_now() {
  state_ = State::Up;
  hung_up_ = 0;
  held_ = std::make_unique<MuxClient>(loop_, control_path_,
                                      MuxClient::Listener{{}, [this] { lost(); }});
  for (const auto& [destination, forward] : forwards_) {
    if (!forward.open) ask_for_forward(destination);
  }
  admit();
}

void SshConnection::unreachable(const std::string& why) {
  state_ = State::Down;
  hung_up_ = 0;
  End end;
  end.how = End::How::Unreachable;
  end.why = fmt::format("cannot connect to {}: {}", place_.address, why);
  // Whoever is told may ask for another session at once: that is another attempt.
  const std::deque<Session> waited = std::move(waiting_);
  waiting_.clear();
  const std::map<std::string, Forward> asked = std::move(forwards_);
  forwards_.clear();
  for (const auto& [destination, forward] : asked) {
    for (const Ready& ready : forward.waiting) ready(base::Error{end.why});
  }
  for (const Session session : waited) end_session(session, end);
}

// The sessions learn it from their own sockets.
void SshConnection::lost() {
  state_ = State::Down;
  held_ = nullptr;
  kept_ = nullptr;
  limit_ = any_number;
  const std::map<std::string, Forward> asked = std::move(forwards_);
  forwards_.clear();
  for (const auto& [destination, forward] : asked) {
    for (const Ready& ready : forward.waiting) {
      ready(base::Error{fmt::format("the connection to {} was lost", place_.address)});
    }
  }
  if (closed_) {
    const auto told = std::move(closed_);
    return told();
  }
  if (!waiting_.empty() && state_ == State::Down) connect();
}

std::size_t SshConnection::open_sessions() const {
  return static_cast<std::size_t>(
             std::count_if(rows_.begin(), rows_.end(),
                           [](const auto& row) { return row.second.session != nullptr; })) +
         (kept_ ? 1 : 0);
}

void SshConnection::admit() {
  while (state_ == State::Up && !waiting_.empty()) {
    const Session next = waiting_.front();
    if (go_on(next)) continue;
    if (open_sessions() >= limit_ && kept_) drop_kept();
    if (open_sessions() >= limit_) return;
    if (!has_room(free_to_open)) {
      room_ = loop_.after(until_free, [this] { admit(); });
      return;
    }
    waiting_.pop_front();
    begin(next);
  }
}

void SshConnection::begin(Session session) {
  Row& row = rows_[session];
  MuxSession::Options options;
  options.command = row.request.command;
  options.input = row.request.opening + row.request.input;
  options.input_file = row.request.input_file;
  options.keep_input_open = row.request.keep_input_open || row.request.stays;
  options.on_output = row.request.on_output;
  options.on_end = [this, session](const MuxSession::End& end) { session_ended(session, end); };
  row.begun = true;
  be_patient(session);
  row.session = std::make_unique<MuxSession>(loop_, control_path_, std::move(options));
}

void SshConnection::session_ended(Session session, const MuxSession::End& end) {
  rows_[session].session = nullptr;
  rows_[session].patience = Loop::Timer();
  if (end.how != MuxSession::End::How::Refused) last_end_ = loop_.now();
  End told;
  switch (end.how) {
    case MuxSession::End::How::NotOpened:
      waiting_.push_back(session);
      if (state_ == State::Down) return connect();
      // Its client has ended, and is about to be lost(); or lives, and its socket was removed.
      if (held_ && !has_socket()) held_->send(mux_terminate(1));
      return;
    case MuxSession::End::How::Refused:
      return session_refused(session, end.why);
    case MuxSession::End::How::Exited:
      told.how = End::How::Exited;
      told.exit_value = end.exit_value;
      break;
    case MuxSession::End::How::Broken:
      break;
  }
  end_session(session, told);
  admit();
}

void SshConnection::session_refused(Session session, const std::string& why) {
  Row& row = rows_[session];
  const std::size_t others = open_sessions();
  limit_ = std::max<std::size_t>(others, 1);
  ++row.refusals;
  if (row.request.use == Use::Optional || (others == 0 && row.refusals > most_refusals)) {
    End told;
    told.how = End::How::Refused;
    told.why = fmt::format("{} opens no session: {}", place_.address, why);
    return end_session(session, told);
  }
  waiting_.push_front(session);
  const bool anew =
      row.request.use == Use::Urgent && others > 0 && row.refusals > most_urgent_refusals;
  drop_optional();
  if (anew && held_) return held_->send(mux_terminate(1));
  const bool others_end_first =
      others > 0 && row.request.use != Use::Urgent && loop_.now() - last_end_ > may_be_noticed;
  if (others_end_first) return;
  again_ = loop_.after(until_noticed, [this] {
    ++limit_;
    admit();
  });
}

void SshConnection::drop_optional() {
  std::vector<Session> dropped;
  for (const auto& [session, row] : rows_) {
    if (row.session && row.request.use == Use::Optional) dropped.push_back(session);
  }
  drop_kept();
  if (!dropped.empty()) last_end_ = loop_.now();
  for (const Session session : dropped) end_session(session, {});
}

void SshConnection::end_session(Session session, const End& end) {
  const auto found = rows_.find(session);
  if (found == rows_.end()) return;
  const auto told = std::move(found->second.request.on_end);
  rows_.erase(found);
  if (told) told(end);
}

bool SshConnection::has_socket() const {
  return ::access(control_path_.c_str(), F_OK) == 0;
}

void SshConnection::forward(const std::string& destination, Ready ready) {
  // A client that has ended has taken its socket away; that it has may not be known here yet.
  if (state_ == State::Up && !has_socket()) lost();
  Forward& row = forwards_[destination];
  row.waiting.push_back(std::move(ready));
  if (row.open) return answer_forward(destination, row.path);
  if (state_ == State::Down) connect();
  if (state_ == State::Up && !row.client) ask_for_forward(destination);
}

void SshConnection::ask_for_forward(const std::string& destination) {
  Forward& row = forwards_[destination];
  if (!has_room(1)) {
    row.soon = loop_.after(until_free, [this, destination] { ask_for_forward(destination); });
    return;
  }
  const base::Result<Destination> where = destination_of(destination);
  if (!where) return answer_forward(destination, where.error());
  row.path = fmt::format("{}/{}t{}", directory_, name_, ++forward_count_);
  const auto said = [this, destination](const MuxReply& reply) {
    if (reply.kind == MuxReply::Kind::Done) {
      Forward& done = forwards_[destination];
      done.open = true;
      answer_forward(destination, done.path);
    }
    if (reply.kind == MuxReply::Kind::Refused) {
      answer_forward(destination,
                     base::Error{fmt::format("{} lets nothing through to {}: {}", place_.address,
                                             destination, reply.reason)});
    }
  };
  // Where it is the connection that is lost, everybody is told so and no row is left.
  const auto closed = [this, destination] {
    const auto found = forwards_.find(destination);
    if (found == forwards_.end() || found->second.open) return;
    answer_forward(destination, base::Error{fmt::format(
                                    "the connection to {} could not be asked for a way to {}",
                                    place_.address, destination)});
  };
  row.client = std::make_unique<MuxClient>(loop_, control_path_, MuxClient::Listener{said, closed});
  row.client->send(mux_open_forward(1, row.path, where.value().host, where.value().port));
}

void SshConnection::answer_forward(const std::string& destination,
                                   const base::Result<std::string>& result) {
  forwards_[destination].soon = loop_.after({}, [this, destination, result] {
    const auto found = forwards_.find(destination);
    if (found == forwards_.end()) return;
    const std::vector<Ready> waiting = std::move(found->second.waiting);
    found->second.waiting.clear();
    found->second.client = nullptr;
    if (!result) forwards_.erase(found);
    for (const Ready& ready : waiting) ready(result);
  });
}

bool SshConnection::idle() const {
  return state_ != State::Connecting && rows_.empty() && forwards_.empty();
}

// The client is not waited for: the next one has a socket of another name.
void SshConnection::give_back() {
  if (held_) held_->send(mux_terminate(1));
  lost();
}

void SshConnection::close(std::function<void()> closed) {
  closed_ = std::move(closed);
  kept_ = nullptr;
  if (held_) held_->send(mux_terminate(1));
  room_ = Loop::Timer();
  if (state_ == State::Connecting) give_up_connecting();
  closing_ = loop_.after(held_ ? most_to_close : base::Duration{}, [this] {
    const auto told = std::move(closed_);
    if (told) told();
  });
}

}  // namespace sluice::runtime
