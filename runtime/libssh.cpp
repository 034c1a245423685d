#include "runtime/libssh.h"

#include <fmt/format.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "base/utf8.h"
#include "runtime/files.h"
#include "runtime/host_socket.h"
#include "runtime/known_hosts.h"
#include "runtime/libssh_host.h"
#include "runtime/posix.h"
#include "runtime/shared_library.h"

namespace sluice::runtime {

namespace {

using base::Error;

constexpr base::Duration most_to_answer{20'000};  // for a socket, and then for the key exchange
constexpr long most_to_log_in_s = 100;
constexpr std::size_t most_known_hosts = 64U << 20U;
// No window that is granted is as large: who sends more does not keep to it.
constexpr std::size_t most_held = 4U << 20U;
constexpr int most_reads_at_once = 64;  // of 4 KiB, before others have their turn

// Only what LibsshConnection::load() has found whole is called.
struct Libssh {
  SharedLibrary library{"libssh.so.4"};
  decltype(&ssh_new) new_session = library.find("ssh_new");
  decltype(&ssh_channel_free) channel_free = library.find("ssh_channel_free");
  decltype(&ssh_channel_new) channel_new = library.find("ssh_channel_new");
  decltype(&ssh_channel_open_forward) channel_open_forward =
      library.find("ssh_channel_open_forward");
  decltype(&ssh_channel_open_forward_unix) channel_open_forward_unix =
      library.find("ssh_channel_open_forward_unix");
  decltype(&ssh_channel_open_session) channel_open_session =
      library.find("ssh_channel_open_session");
  decltype(&ssh_channel_read_nonblocking) channel_read_nonblocking =
      library.find("ssh_channel_read_nonblocking");
  decltype(&ssh_channel_request_exec) channel_request_exec =
      library.find("ssh_channel_request_exec");
  decltype(&ssh_channel_send_eof) channel_send_eof = library.find("ssh_channel_send_eof");
  decltype(&ssh_channel_window_size) channel_window_size = library.find("ssh_channel_window_size");
  decltype(&ssh_channel_write) channel_write = library.find("ssh_channel_write");
  decltype(&ssh_connect) connect = library.find("ssh_connect");
  decltype(&ssh_event_add_session) event_add_session = library.find("ssh_event_add_session");
  decltype(&ssh_event_dopoll) event_dopoll = library.find("ssh_event_dopoll");
  decltype(&ssh_event_free) event_free = library.find("ssh_event_free");
  decltype(&ssh_event_new) event_new = library.find("ssh_event_new");
  decltype(&ssh_event_remove_session) event_remove_session =
      library.find("ssh_event_remove_session");
  decltype(&ssh_free) free = library.find("ssh_free");
  decltype(&ssh_get_error) get_error = library.find("ssh_get_error");
  decltype(&ssh_get_fd) get_fd = library.find("ssh_get_fd");
  decltype(&ssh_get_poll_flags) get_poll_flags = library.find("ssh_get_poll_flags");
  decltype(&ssh_get_server_publickey) get_server_publickey =
      library.find("ssh_get_server_publickey");
  decltype(&ssh_get_serverbanner) get_serverbanner = library.find("ssh_get_serverbanner");
  decltype(&ssh_get_status) get_status = library.find("ssh_get_status");
  decltype(&ssh_is_connected) is_connected = library.find("ssh_is_connected");
  decltype(&ssh_key_free) key_free = library.find("ssh_key_free");
  decltype(&ssh_key_type) key_type = library.find("ssh_key_type");
  decltype(&ssh_key_type_to_char) key_type_to_char = library.find("ssh_key_type_to_char");
  decltype(&ssh_known_hosts_parse_line) known_hosts_parse_line =
      library.find("ssh_known_hosts_parse_line");
  decltype(&ssh_knownhosts_entry_free) knownhosts_entry_free =
      library.find("ssh_knownhosts_entry_free");
  decltype(&ssh_options_set) options_set = library.find("ssh_options_set");
  decltype(&ssh_pki_copy_cert_to_privkey) pki_copy_cert_to_privkey =
      library.find("ssh_pki_copy_cert_to_privkey");
  decltype(&ssh_pki_export_pubkey_base64) pki_export_pubkey_base64 =
      library.find("ssh_pki_export_pubkey_base64");
  decltype(&ssh_pki_generate) pki_generate = library.find("ssh_pki_generate");
  decltype(&ssh_get_publickey_hash) get_publickey_hash = library.find("ssh_get_publickey_hash");
  decltype(&ssh_clean_pubkey_hash) clean_pubkey_hash = library.find("ssh_clean_pubkey_hash");
  decltype(&ssh_pki_import_cert_file) pki_import_cert_file =
      library.find("ssh_pki_import_cert_file");
  decltype(&ssh_pki_import_privkey_file) pki_import_privkey_file =
      library.find("ssh_pki_import_privkey_file");
  decltype(&ssh_remove_channel_callbacks) remove_channel_callbacks =
      library.find("ssh_remove_channel_callbacks");
  decltype(&ssh_send_keepalive) send_keepalive = library.find("ssh_send_keepalive");
  decltype(&ssh_set_blocking) set_blocking = library.find("ssh_set_blocking");
  decltype(&ssh_set_channel_callbacks) set_channel_callbacks =
      library.find("ssh_set_channel_callbacks");
  decltype(&ssh_set_counters) set_counters = library.find("ssh_set_counters");
  decltype(&ssh_set_message_callback) set_message_callback =
      library.find("ssh_set_message_callback");
  decltype(&ssh_string_free_char) string_free_char = library.find("ssh_string_free_char");
  decltype(&ssh_userauth_agent) userauth_agent = library.find("ssh_userauth_agent");
  decltype(&ssh_userauth_list) userauth_list = library.find("ssh_userauth_list");
  decltype(&ssh_userauth_none) userauth_none = library.find("ssh_userauth_none");
  decltype(&ssh_userauth_publickey) userauth_publickey = library.find("ssh_userauth_publickey");
};

const Libssh& libssh() {
  static const Libssh loaded;
  return loaded;
}

struct FreeKey {
  void operator()(ssh_key key) const { libssh().key_free(key); }
};
using Key = std::unique_ptr<ssh_key_struct, FreeKey>;

struct FreeSession {
  void operator()(ssh_session session) const { libssh().free(session); }
};
using Session = std::unique_ptr<ssh_session_struct, FreeSession>;

// What the other side may have said goes into it.
std::string error_of(ssh_session session) {
  constexpr std::size_t most = 300;
  const std::string text = base::printable(libssh().get_error(session));
  return text.empty() ? "libssh did not say why" : text.substr(0, most);
}

void set(ssh_session session, ssh_options_e option, const std::string& value) {
  libssh().options_set(session, option, value.c_str());
}

const std::string& own_name() {
  static const std::string name = [] {
    const passwd* user = ::getpwuid(::getuid());
    return std::string(user == nullptr ? "" : user->pw_name);
  }();
  return name;
}

bool is_there(const std::string& path) {
  return ::access(path.c_str(), R_OK) == 0;
}

// Nobody is asked for what a key's file is locked with. (Without it OpenSSL would.)
int no_passphrase(const char*, char*, std::size_t, int, int, void*) {
  return -1;
}

// What the host asks of us of its own accord is denied.
int deny(ssh_session, ssh_message, void*) {
  return 1;
}

class Opener {
 public:
  explicit Opener(const LibsshHost& host) : host_(host) {
    if (host_.port.empty()) host_.port = "22";
    if (host_.user.empty()) host_.user = own_name();
    host_.identity_file = expanded_path(host_.identity_file, host_);
    host_.known_hosts_file = expanded_path(host_.known_hosts_file, host_);
  }

  base::Result<Session> open() {
    const std::vector<std::string> files = known_hosts_files(host_);
    const base::Result<int> socket = connect_to_host(host_.address, host_.port, most_to_answer);
    if (!socket) return socket.error();
    session_ = Session(libssh().new_session());
    set_options(files, socket.value());
    if (libssh().connect(session_.get()) != SSH_OK) return Error{connect_problem()};
    std::string problem = key_problem(files);
    if (problem.empty()) problem = log_in();
    if (!problem.empty()) return Error{problem};
    return std::move(session_);
  }

 private:
  // The files of keys are told to libssh for one thing: it asks for a key of a type that is known.
  void set_options(const std::vector<std::string>& files, int socket) {
    ssh_session session = session_.get();
    const bool off = false;
    const int quiet = SSH_LOG_NONE;
    const long patience = static_cast<long>(most_to_answer.ms) / 1000;
    libssh().options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &off);
    libssh().options_set(session, SSH_OPTIONS_LOG_VERBOSITY, &quiet);
    libssh().options_set(session, SSH_OPTIONS_TIMEOUT, &patience);
    libssh().options_set(session, SSH_OPTIONS_FD, &socket);
    set(session, SSH_OPTIONS_HOST, host_.address);
    set(session, SSH_OPTIONS_PORT_STR, host_.port);
    set(session, SSH_OPTIONS_USER, host_.user);
    set(session, SSH_OPTIONS_COMPRESSION, "no");
    set(session, SSH_OPTIONS_SSH_DIR, "/");  // else it asks where ours is, and uses it for nothing
    std::vector<std::string> there;
    std::copy_if(files.begin(), files.end(), std::back_inserter(there), is_there);
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      std::string path = i < there.size() ? there[i] : "/dev/null";
      for (std::size_t at = 0; (at = path.find('%', at)) != std::string::npos; at += 2) {
        path.insert(at, 1, '%');
      }
      set(session, i == 0 ? SSH_OPTIONS_KNOWNHOSTS : SSH_OPTIONS_GLOBAL_KNOWNHOSTS, path);
    }
    libssh().set_message_callback(session, deny, nullptr);
  }

  // Empty where the host's key is one that is known.
  std::string key_problem(const std::vector<std::string>& files) const {
    ssh_key raw = nullptr;
    char* base64 = nullptr;
    const bool has_key = libssh().get_server_publickey(session_.get(), &raw) == SSH_OK;
    const Key key(raw);
    if (!has_key || libssh().pki_export_pubkey_base64(key.get(), &base64) != SSH_OK) {
      return "it has shown no key (ssh: Host key verification failed)";
    }
    HostKey shown;
    shown.host = host_.address;
    shown.port = static_cast<std::uint32_t>(std::atoi(host_.port.c_str()));
    shown.type = libssh().key_type_to_char(libssh().key_type(key.get()));
    shown.base64 = base64;
    libssh().string_free_char(base64);
    std::string text;
    for (const std::string& file : files) {
      const auto lines = read_whole(file, most_known_hosts);
      if (lines) text += lines.value() + '\n';
    }
    const auto hashed = [&](std::string_view name, const std::string& host) {
      const std::string line = fmt::format("{} {} {}", name, shown.type, shown.base64);
      ssh_knownhosts_entry* entry = nullptr;
      const bool same =
          libssh().known_hosts_parse_line(host.c_str(), line.c_str(), &entry) == SSH_OK;
      if (same) libssh().knownhosts_entry_free(entry);
      return same;
    };
    return key_problem_text(verdict_on_key(text, shown, hashed), shown);
  }

  std::string log_in() {
    libssh().options_set(session_.get(), SSH_OPTIONS_TIMEOUT, &most_to_log_in_s);
    const bool named = !host_.identity_file.empty();
    if (named && try_file(host_.identity_file)) return "";
    if (is_over_) return reason_;
    if (std::getenv("SSH_AUTH_SOCK") != nullptr && is_in(ask_agent())) return "";
    if (!named && !host_.directory.empty()) {
      for (const char* name : {"id_rsa", "id_ecdsa", "id_ed25519"}) {
        if (is_over_) return reason_;
        const std::string path = host_.directory + "/" + name;
        if (is_there(path) && try_file(path)) return "";
      }
    }
    if (is_over_) return reason_;
    if (!tried_) libssh().userauth_none(session_.get(), nullptr);
    return fmt::format("{}@{}: Permission denied ({}){}", host_.user, host_.address, methods(),
                       unusable_.empty() ? "" : "; " + unusable_);
  }

  std::string methods() const {
    const int offered = libssh().userauth_list(session_.get(), nullptr);
    std::string list;
    const std::pair<int, const char*> names[] = {
        {static_cast<int>(SSH_AUTH_METHOD_PUBLICKEY), "publickey"},
        {static_cast<int>(SSH_AUTH_METHOD_GSSAPI_MIC), "gssapi-with-mic"},
        {static_cast<int>(SSH_AUTH_METHOD_PASSWORD), "password"},
        {static_cast<int>(SSH_AUTH_METHOD_INTERACTIVE), "keyboard-interactive"},
        {static_cast<int>(SSH_AUTH_METHOD_HOSTBASED), "hostbased"}};
    for (const auto& [bit, name] : names) {
      if ((offered & bit) != 0) list += (list.empty() ? "" : ",") + std::string(name);
    }
    return list;
  }

  std::string connect_problem() const {
    std::string why = error_of(session_.get());
    if (libssh().get_serverbanner(session_.get()) != nullptr) return why;
    return why.starts_with("Socket error") ? fmt::format("{} ({})", libssh_was_hung_up_on, why)
                                           : why;
  }

  bool is_in(int answer) {
    tried_ = true;
    if (answer == SSH_AUTH_ERROR) {
      is_over_ = true;
      reason_ = error_of(session_.get());
    }
    return answer == SSH_AUTH_SUCCESS;
  }

  // Waited for here: where a host has hung up, for it was offered too many keys (MaxAuthTries), the
  // library itself would wait on for the agent.
  int ask_agent() {
    constexpr int look_again_ms = 100;
    libssh().set_blocking(session_.get(), 0);
    int answer = SSH_AUTH_AGAIN;
    while ((answer = libssh().userauth_agent(session_.get(), nullptr)) == SSH_AUTH_AGAIN &&
           libssh().is_connected(session_.get()) != 0) {
      pollfd said{libssh().get_fd(session_.get()), POLLIN, 0};
      ::poll(&said, 1, look_again_ms);
    }
    libssh().set_blocking(session_.get(), 1);
    return answer == SSH_AUTH_AGAIN ? SSH_AUTH_ERROR : answer;
  }

  // With its certificate, where it has one, and then without.
  bool try_file(const std::string& path) {
    const std::string certificate = path + "-cert.pub";
    ssh_key raw = nullptr;
    if (is_there(certificate) &&
        libssh().pki_import_cert_file(certificate.c_str(), &raw) == SSH_OK) {
      const Key certified(raw);
      const Key key = key_in(path);
      if (key && libssh().pki_copy_cert_to_privkey(certified.get(), key.get()) == SSH_OK &&
          is_in(libssh().userauth_publickey(session_.get(), nullptr, key.get()))) {
        return true;
      }
      if (is_over_) return false;
    }
    const Key key = key_in(path);
    return key && is_in(libssh().userauth_publickey(session_.get(), nullptr, key.get()));
  }

  Key key_in(const std::string& path) {
    ssh_key raw = nullptr;
    if (libssh().pki_import_privkey_file(path.c_str(), nullptr, no_passphrase, nullptr, &raw) ==
        SSH_OK) {
      return Key(raw);
    }
    unusable_ = is_there(path)
                    ? fmt::format("the key in {} is locked by a passphrase, or is none", path)
                    : fmt::format("there is no key in {}", path);
    return nullptr;
  }

  LibsshHost host_;
  Session session_;
  bool tried_ = false;
  bool is_over_ = false;
  std::string reason_;    // it is over
  std::string unusable_;  // a key's file
};

}  // namespace

struct LibsshChannel::Implementation {
  Implementation(LibsshConnection::Implementation& of, LibsshGoal to, Listener told);
  ~Implementation();
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  // As far as it comes now.
  void advance();
  int open() const;
  void refuse();
  int heard(bool errors, std::string_view bytes);

  LibsshConnection::Implementation& connection;
  LibsshGoal goal;
  Listener listener;
  ssh_channel channel;
  ssh_channel_callbacks_struct callbacks{};
  State state = State::Opening;
  bool asks = false;  // it is open; for its command
  bool ended = false;
  bool closed = false;
  std::array<std::size_t, 2> held{};
  std::string why;
};

struct LibsshConnection::Implementation {
  explicit Implementation(Session made) : session(std::move(made)), event(libssh().event_new()) {
    libssh().set_blocking(session.get(), 0);
    libssh().set_counters(session.get(), &bytes, &packets);
    libssh().event_add_session(event, session.get());
  }
  ~Implementation() {
    left.clear();
    libssh().event_remove_session(event, session.get());
    libssh().event_free(event);
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  bool is_lost() {
    const int status = libssh().get_status(session.get());
    lost = lost || libssh().is_connected(session.get()) == 0 ||
           (status & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0;
    return lost;
  }

  Session session;
  ssh_event event;
  ssh_counter_struct bytes{};
  ssh_counter_struct packets{};
  bool lost = false;
  // Let go while the host had not answered yet whether it opens them.
  std::vector<std::unique_ptr<LibsshChannel::Implementation>> left;
};

LibsshChannel::Implementation::Implementation(LibsshConnection::Implementation& of, LibsshGoal to,
                                              Listener told)
    : connection(of),
      goal(std::move(to)),
      listener(std::move(told)),
      channel(libssh().channel_new(of.session.get())) {
  callbacks.size = sizeof callbacks;
  callbacks.userdata = this;
  callbacks.channel_data_function = [](ssh_session, ssh_channel, void* bytes, std::uint32_t length,
                                       int errors, void* self) {
    return static_cast<Implementation*>(self)->heard(errors != 0,
                                                     {static_cast<const char*>(bytes), length});
  };
  callbacks.channel_eof_function = [](ssh_session, ssh_channel, void* self) {
    static_cast<Implementation*>(self)->ended = true;
  };
  callbacks.channel_close_function = [](ssh_session, ssh_channel, void* self) {
    static_cast<Implementation*>(self)->closed = true;
  };
  callbacks.channel_exit_status_function = [](ssh_session, ssh_channel, int value, void* self) {
    const auto& told_of = static_cast<Implementation*>(self)->listener.exited;
    if (told_of) told_of(static_cast<std::uint32_t>(value));
  };
  if (channel != nullptr) libssh().set_channel_callbacks(channel, &callbacks);
}

// What the host still says of it is told until it has closed it as well, freed or not.
LibsshChannel::Implementation::~Implementation() {
  if (channel == nullptr) return;
  libssh().remove_channel_callbacks(channel, &callbacks);
  libssh().channel_free(channel);
}

int LibsshChannel::Implementation::open() const {
  if (channel == nullptr) return SSH_ERROR;
  if (goal.host.empty()) return libssh().channel_open_session(channel);
  const char* from = "127.0.0.1";
  return goal.port == 0 ? libssh().channel_open_forward_unix(channel, goal.host.c_str(), from, 0)
                        : libssh().channel_open_forward(channel, goal.host.c_str(),
                                                        static_cast<int>(goal.port), from, 0);
}

void LibsshChannel::Implementation::refuse() {
  state = State::Refused;
  why = error_of(connection.session.get());
}

void LibsshChannel::Implementation::advance() {
  if (state == State::Opening && !asks) {
    const int answer = open();
    if (answer == SSH_AGAIN) return;
    if (answer != SSH_OK) return refuse();
    if (goal.host.empty()) {
      asks = true;
    } else {
      state = State::Open;
    }
  }
  if (state == State::Opening) {
    const int answer = libssh().channel_request_exec(channel, goal.command.c_str());
    if (answer == SSH_AGAIN) return;
    if (answer == SSH_OK) state = State::Open;
    // It came as far as a session there: what may have been begun in it is not known.
    if (answer != SSH_OK) state = State::Closed;
  }
  if (state == State::Open && closed) state = State::Closed;
}

int LibsshChannel::Implementation::heard(bool errors, std::string_view bytes) {
  const std::size_t taken = listener.data ? listener.data(errors, bytes) : bytes.size();
  held[errors ? 1 : 0] = bytes.size() - taken;
  if (held[0] + held[1] > most_held) connection.lost = true;
  return static_cast<int>(taken);
}

LibsshChannel::LibsshChannel(LibsshConnection& connection, LibsshGoal goal, Listener listener)
    : implementation_(std::make_unique<Implementation>(*connection.implementation_, std::move(goal),
                                                       std::move(listener))) {}

LibsshChannel::~LibsshChannel() {
  if (implementation_->state != State::Opening || implementation_->asks) return;
  implementation_->listener = {};
  auto& left = implementation_->connection.left;
  left.push_back(std::move(implementation_));
}

LibsshChannel::State LibsshChannel::advance() {
  implementation_->advance();
  return implementation_->state;
}

LibsshChannel::State LibsshChannel::state() const {
  return implementation_->state;
}

const std::string& LibsshChannel::why() const {
  return implementation_->why;
}

std::size_t LibsshChannel::held(bool errors) const {
  return implementation_->held[errors ? 1 : 0];
}

std::string LibsshChannel::take(bool errors) {
  std::string bytes(std::exchange(implementation_->held[errors ? 1 : 0], 0), '\0');
  if (bytes.empty()) return bytes;
  const int got =
      libssh().channel_read_nonblocking(implementation_->channel, bytes.data(),
                                        static_cast<std::uint32_t>(bytes.size()), errors ? 1 : 0);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

bool LibsshChannel::at_end() const {
  return implementation_->ended || implementation_->closed;
}

std::size_t LibsshChannel::room() const {
  if (implementation_->state != State::Open || implementation_->closed) return 0;
  return libssh().channel_window_size(implementation_->channel);
}

std::size_t LibsshChannel::send(std::string_view bytes) {
  const int sent = libssh().channel_write(implementation_->channel, bytes.data(),
                                          static_cast<std::uint32_t>(bytes.size()));
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

void LibsshChannel::send_end() {
  if (implementation_->state == State::Open && !implementation_->closed) {
    libssh().channel_send_eof(implementation_->channel);
  }
}

// What its cryptography sets up when it is first used is there for all that are forked, and what
// we are called.
std::string LibsshConnection::load() {
  if (!libssh().library.problem().empty()) return libssh().library.problem();
  own_name();
  ssh_key made = nullptr;
  libssh().pki_generate(SSH_KEYTYPE_ED25519, 0, &made);
  const Key key(made);
  unsigned char* hash = nullptr;
  std::size_t length = 0;
  libssh().get_publickey_hash(key.get(), SSH_PUBLICKEY_HASH_SHA256, &hash, &length);
  libssh().clean_pubkey_hash(&hash);
  return "";
}

base::Result<std::unique_ptr<LibsshConnection>> LibsshConnection::open(const LibsshHost& host) {
  base::Result<Session> session = Opener(host).open();
  if (!session) return session.error();
  return std::unique_ptr<LibsshConnection>(
      new LibsshConnection(std::make_unique<Implementation>(std::move(session).value())));
}

LibsshConnection::LibsshConnection(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
LibsshConnection::~LibsshConnection() = default;

int LibsshConnection::descriptor() const {
  return libssh().get_fd(implementation_->session.get());
}

bool LibsshConnection::process() {
  Implementation& own = *implementation_;
  const std::uint64_t at_first = own.bytes.in_bytes;
  // Of who does not keep to what was granted no more is taken.
  for (int i = 0; i < most_reads_at_once && !own.lost; ++i) {
    const std::uint64_t before = own.bytes.in_bytes;
    if (libssh().event_dopoll(own.event, 0) == SSH_ERROR || own.bytes.in_bytes == before) break;
  }
  if (own.bytes.in_bytes != at_first) acknowledge_now(descriptor());
  for (const auto& channel : own.left) channel->advance();
  std::erase_if(own.left, [](const auto& channel) {
    return channel->state != LibsshChannel::State::Opening || channel->asks;
  });
  return !own.is_lost();
}

bool LibsshConnection::lost() const {
  return implementation_->is_lost();
}

bool LibsshConnection::is_full() const {
  return (libssh().get_poll_flags(implementation_->session.get()) & SSH_WRITE_PENDING) != 0;
}

std::uint64_t LibsshConnection::bytes_read() const {
  return implementation_->bytes.in_bytes;
}

std::uint64_t LibsshConnection::packets_read() const {
  return implementation_->packets.in_packets;
}

// The first call takes the answer to the one before it, the second asks; an answer that is still
// awaited is not asked for again.
void LibsshConnection::send_sign_of_life() {
  for (int twice = 0; twice < 2; ++twice) {
    libssh().send_keepalive(implementation_->session.get());
  }
}

}  // namespace sluice::runtime
