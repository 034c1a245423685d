#include "runtime/ssh_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "plan/ssh_names.h"

namespace sluice::runtime {

namespace {

// Host keys are checked, always; nobody is asked; nothing of the user's that would run or forward
// something besides, or write to known_hosts.
constexpr std::string_view insisted = R"(Host *
  BatchMode yes
  StrictHostKeyChecking yes
  VerifyHostKeyDNS no
  UpdateHostKeys no
  LogLevel ERROR
  PermitLocalCommand no
  RemoteCommand none
  RequestTTY no
  ForwardX11 no
  ForwardAgent no
  Tunnel no
  ClearAllForwardings yes
  ExitOnForwardFailure no
  StreamLocalBindUnlink yes
)";

// A peer that has gone away without a word is given up after 40 seconds.
constexpr std::string_view preferred = R"(Host *
  ConnectTimeout 20
  ServerAliveInterval 10
  ServerAliveCountMax 3
)";

// Written into a configuration file: ssh takes off the quotes, and % and ~ have their meaning.
std::string quoted(std::string_view path) {
  std::string out = "\"";
  for (const char c : path) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string ssh_config(const Place& place, const SshFiles& files) {
  std::string text(insisted);
  if (const std::string* known = place.setting("known_hosts_file")) {
    text += fmt::format("  UserKnownHostsFile {}\n", quoted(*known));
  }
  if (const std::string* given = place.setting("config_file")) {
    // ssh takes a relative one as one of ~/.ssh.
    const bool whole = given->front() == '/' || given->front() == '~' || files.directory.empty();
    text += fmt::format("Include {}\n", quoted(whole ? *given : files.directory + "/" + *given));
  } else {
    for (const std::string& path : {files.user_config, files.system_config}) {
      if (!path.empty()) text += fmt::format("Include {}\n", quoted(path));
    }
  }
  return text += preferred;
}

std::vector<std::string> ssh_master_arguments(const Place& place, const std::string& config_path,
                                              const std::string& control_path) {
  constexpr std::string_view end_when_idle = "ControlPersist=30";
  std::vector<std::string> words{"ssh", "-F", config_path, "-N", "-o", "ControlMaster=yes", "-o"};
  words.push_back("ControlPath=" + control_path);
  words.insert(words.end(), {"-o", std::string(end_when_idle)});
  const auto add = [&](const char* option, const char* name) {
    if (const std::string* value = place.setting(name)) words.insert(words.end(), {option, *value});
  };
  add("-l", "user");
  add("-p", "port");
  add("-i", "identity_file");
  add("-J", "jump");
  words.insert(words.end(), {"--", place.address});
  return words;
}

bool is_for_libssh(const Place& place) {
  const std::string* client = place.setting(plan::client_setting);
  return client != nullptr && *client == plan::libssh_client;
}

LibsshHost libssh_host(const Place& place, const SshFiles& files) {
  const auto given = [&](const char* name) {
    const std::string* value = place.setting(name);
    return value == nullptr ? std::string() : *value;
  };
  const auto folder_of = [](const std::string& path) { return path.substr(0, path.rfind('/')); };
  LibsshHost host;
  host.address = place.address;
  host.port = given("port");
  host.user = given("user");
  host.identity_file = given("identity_file");
  host.known_hosts_file = given("known_hosts_file");
  if (!files.user_config.empty()) host.directory = folder_of(files.user_config);
  if (!files.system_config.empty()) host.system_directory = folder_of(files.system_config);
  return host;
}

namespace {

// Without blanks at their ends, and none that is empty.
std::vector<std::string_view> lines_of(std::string_view written) {
  std::vector<std::string_view> lines;
  while (!written.empty()) {
    const std::size_t end = written.find('\n');
    std::string_view line = written.substr(0, end);
    written.remove_prefix(end == std::string_view::npos ? written.size() : end + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

}  // namespace

std::string ssh_reason(std::string_view written) {
  if (written.find("HOST IDENTIFICATION HAS CHANGED") != std::string_view::npos) {
    return "its host key is not the one that is known (ssh: Host key verification failed)";
  }
  std::vector<std::string_view> lines = lines_of(written);
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  if (lines.empty()) return "ssh did not say why";
  constexpr std::size_t most_lines = 2;
  std::string reason;
  for (std::size_t i = lines.size() - std::min(lines.size(), most_lines); i < lines.size(); ++i) {
    reason += (reason.empty() ? "" : "; ") + base::printable(lines[i]);
  }
  return reason;
}

bool hung_up_at_once(std::string_view written) {
  if (written.starts_with(libssh_was_hung_up_on)) return true;
  bool before_all_else = false;
  for (const std::string_view line : lines_of(written)) {
    const bool told_how = line.ends_with("Connection closed by remote host") ||
                          line.ends_with("Connection reset by peer");
    if (line.find("_exchange_identification: ") != std::string_view::npos && told_how) {
      before_all_else = true;
    } else if (!line.starts_with("Connection closed by ") &&
               !line.starts_with("Connection reset by ")) {
      return false;
    }
  }
  return before_all_else;
}

}  // namespace sluice::runtime
