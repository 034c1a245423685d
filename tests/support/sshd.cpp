#include "support/sshd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::test {

namespace {

namespace fs = std::filesystem;

std::string find_program(const std::string& name) {
  if (name.front() == '/') return name;
  for (const char* folder : {"/usr/sbin/", "/usr/bin/", "/bin/", "/sbin/"}) {
    if (fs::exists(folder + name)) return folder + name;
  }
  FAIL("there is no " << name);
  return "";
}

pid_t spawn(const std::vector<std::string>& arguments, int output) {
  std::vector<std::string> copies = arguments;
  std::vector<char*> words;
  for (std::string& word : copies) words.push_back(word.data());
  words.push_back(nullptr);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(::open("/dev/null", O_RDWR), 0);
    ::dup2(output, 1);
    ::dup2(output, 2);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  return child;
}

}  // namespace

int run_quietly(const std::vector<std::string>& arguments) {
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const pid_t child = spawn(arguments, nowhere);
  ::close(nowhere);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(::bind(probe, reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  ::close(probe);
  return ntohs(address.sin_port);
}

std::string user_name() {
  const passwd* user = ::getpwuid(::geteuid());
  REQUIRE(user != nullptr);
  return user->pw_name;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string text = read_text(entry.path().string() + "/stat");
    const std::size_t behind = text.rfind(')');
    int of = 0;
    char state = 0;
    if (behind == std::string::npos) continue;
    if (std::sscanf(text.c_str() + behind + 1, " %c %d", &state, &of) != 2) continue;
    if (of == parent && state != 'Z') found.push_back(std::atoi(name.c_str()));
  }
  return found;
}

SshServer::SshServer(Options options) : options_(std::move(options)) {
  fs::create_directories("/run/sshd");  // sshd insists on it where it runs as root
  fs::create_directories(home());
  const std::string bin = place_.path() + "/bin";
  fs::create_directories(bin);
  for (const char* folder : {"/usr/bin", "/usr/sbin"}) {
    if (options_.missing.empty()) break;  // else all but those
    for (const auto& program : fs::directory_iterator(folder)) {
      const std::string name = program.path().filename().string();
      if (std::count(options_.missing.begin(), options_.missing.end(), name) > 0) continue;
      std::error_code ignored;
      fs::create_symlink(program.path(), fs::path(bin) / name, ignored);
    }
  }
  fs::remove(bin + "/sh");
  fs::create_symlink(find_program(options_.sh), bin + "/sh");
  make_key("host_key");
  make_key("identity");
  port_ = free_port();
  write_config();
  change_host_key();
  start();
}

SshServer::~SshServer() {
  stop();
}

void SshServer::make_key(const std::string& name) const {
  const std::string path = place_.path() + "/" + name;
  fs::remove(path);
  REQUIRE(run_quietly({"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path}) == 0);
}

// The key that is known is the one that there was when the server was made.
void SshServer::change_host_key() {
  if (!fs::exists(known_hosts())) {
    write_text(known_hosts(),
               fmt::format("[127.0.0.1]:{} {}", port_, read_text(place_.path() + "/host_key.pub")));
    return;
  }
  make_key("host_key");
}

void SshServer::write_config() {
  const std::string& path = place_.path();
  std::string text = fmt::format(
      "Port {}\nListenAddress 127.0.0.1\nHostKey {}/host_key\nAuthorizedKeysFile {}/identity.pub\n"
      "PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
      "KbdInteractiveAuthentication no\nMaxStartups 500\nPrintMotd no\n"
      "SetEnv HOME={}/home PATH={}/bin{}\n",
      port_, path, path, path, path, options_.missing.empty() ? ":/usr/bin:/usr/sbin" : "");
  if (!options_.login.empty()) {
    std::string login = find_program(options_.login.front());
    for (std::size_t i = 1; i < options_.login.size(); ++i) login += " " + options_.login[i];
    write_text(path + "/greeting", options_.greeting);
    const std::string greeting =
        options_.greeting.empty() ? ""
                                  : fmt::format("cat {0}/greeting; cat {0}/greeting >&2; ", path);
    text += fmt::format("ForceCommand {}exec {} -c \"$SSH_ORIGINAL_COMMAND\"\n", greeting, login);
  }
  // First, for sshd takes the first value that it finds.
  for (const std::string& line : options_.settings) text.insert(0, line + "\n");
  write_text(path + "/sshd_config", text);
}

void SshServer::start() {
  int pipe[2];
  REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
  process_ =
      spawn({find_program("sshd"), "-D", "-e", "-f", place_.path() + "/sshd_config"}, pipe[1]);
  ::close(pipe[1]);
  // It says so when it listens. What it says later goes nowhere.
  std::string said;
  char letter = 0;
  while (said.find("Server listening") == std::string::npos || said.back() != '\n') {
    const ssize_t got = ::read(pipe[0], &letter, 1);
    if (got <= 0) break;
    said += letter;
  }
  const int nowhere = pipe[0];
  INFO(said);
  REQUIRE(said.find("Server listening") != std::string::npos);
  std::ofstream(place_.path() + "/log", std::ios::app) << said;
  log_ = nowhere;
}

void SshServer::stop() {
  if (process_ < 0) return;
  thaw();
  // The listener first: it would take new ones.
  const std::vector<pid_t> connected = connections();
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
  for (const pid_t connection : connected) ::kill(connection, SIGKILL);
  ::close(log_);
  log_ = -1;
}

// The privileged part of each connection and, where there is one, its part without privileges.
std::vector<pid_t> SshServer::connections() const {
  std::vector<pid_t> all = children_of(process_);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const pid_t child : children_of(all[i])) {
      std::error_code gone;
      const fs::path program = fs::read_symlink(fmt::format("/proc/{}/exe", child), gone);
      if (program.filename() == "sshd") all.push_back(child);
    }
  }
  return all;
}

int SshServer::cut() {
  const std::vector<pid_t> connected = connections();
  for (const pid_t connection : connected) ::kill(connection, SIGKILL);
  return static_cast<int>(connected.size());
}

void SshServer::freeze() {
  frozen_ = connections();
  for (const pid_t connection : frozen_) ::kill(connection, SIGSTOP);
}

void SshServer::thaw() {
  for (const pid_t connection : frozen_) ::kill(connection, SIGCONT);
  frozen_.clear();
}

runtime::Place SshServer::where(const std::string& name) const {
  runtime::Place place;
  place.host = plan::TargetId{0};
  place.name = name;
  place.address = "127.0.0.1";
  place.kind = plan::Connection::Kind::Ssh;
  place.settings = {{"identity_file", identity()},
                    {"known_hosts_file", known_hosts()},
                    {"port", fmt::format("{}", port_)}};
  if (!options_.client.empty()) {
    place.settings.insert(place.settings.begin(), {"client", options_.client});
  }
  if (!options_.wrapper.empty()) place.settings.push_back({"wrapper", options_.wrapper});
  return place;
}

}  // namespace sluice::test
