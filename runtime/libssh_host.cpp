#include "runtime/libssh_host.h"

#include <array>
#include <string_view>

namespace sluice::runtime {

std::vector<std::string> known_hosts_files(const LibsshHost& host) {
  std::vector<std::string> files;
  if (!host.known_hosts_file.empty()) {
    files.push_back(host.known_hosts_file);
  } else if (!host.directory.empty()) {
    files.push_back(host.directory + "/known_hosts");
    files.push_back(host.directory + "/known_hosts2");
  }
  if (!host.system_directory.empty()) {
    files.push_back(host.system_directory + "/ssh_known_hosts");
    files.push_back(host.system_directory + "/ssh_known_hosts2");
  }
  return files;
}

std::string expanded_path(const std::string& path, const LibsshHost& host) {
  const std::string home =
      host.directory.empty() ? "" : host.directory.substr(0, host.directory.rfind('/'));
  std::string_view rest = path;
  std::string out;
  if (rest.substr(0, 2) == "~/" && !home.empty()) {
    out = home;
    rest.remove_prefix(1);
  }
  constexpr std::string_view tokens = "%dhpr";
  const std::array<std::string_view, 5> values{"%", home, host.address, host.port, host.user};
  while (!rest.empty()) {
    const bool is_token = rest.front() == '%' && rest.size() > 1;
    const std::size_t known = is_token ? tokens.find(rest[1]) : std::string_view::npos;
    if (known == std::string_view::npos) {
      out += rest.front();
      rest.remove_prefix(1);
      continue;
    }
    out += values.at(known);
    rest.remove_prefix(2);
  }
  return out;
}

}  // namespace sluice::runtime
