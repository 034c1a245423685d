#include "cli/executors.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "runtime/descriptors.h"

namespace sluice::cli {

namespace {

runtime::SshSettings ssh_settings(const std::string& sockets) {
  // Of a connection with nothing at work: its client's socket, and the session that is kept.
  constexpr std::size_t descriptors_each = 5;
  runtime::raise_descriptor_limit();
  runtime::SshSettings settings;
  settings.most_connections =
      std::min(settings.most_connections, runtime::most_descriptors() / (2 * descriptors_each));
  settings.directory = sockets;
  settings.program = "/proc/self/exe";  // it may have been replaced or moved since it was started
  const char* home = std::getenv("HOME");
  if (home != nullptr) settings.files.user_config = std::string(home) + "/.ssh/config";
  settings.files.system_config = "/etc/ssh/ssh_config";
  std::error_code unknown;
  settings.files.directory = std::filesystem::current_path(unknown).string();
  return settings;
}

// What unpacks archives on this machine: it may have been replaced or moved since it was started.
std::string own_program() {
  std::error_code unknown;
  return std::filesystem::read_symlink("/proc/self/exe", unknown).string();
}

}  // namespace

std::string certificates() {
  const char* file = std::getenv("SSL_CERT_FILE");
  return file == nullptr ? "" : file;
}

Executors::Executors(runtime::Loop& loop, const std::string& scripts, runtime::Executor& person,
                     const std::string& begin_in)
    : processes_(loop),
      actions_(loop),
      local_(loop, scripts, begin_in),
      ssh_(loop, processes_, ssh_settings(sockets_.path())),
      transfers_(loop, certificates()),
      http_(loop, transfers_, ssh_.tunnels()),
      email_(loop, transfers_, ssh_.tunnels()),
      azure_resource_group_(loop, transfers_, ssh_.tunnels()),
      haproxy_(loop, ssh_.tunnels()),
      service_(local_, ssh_),
      powershell_(loop, local_, ssh_),
      uploads_(loop, ssh_),
      package_(loop, {local_, ssh_}, uploads_, own_program()) {
  actions_.add("script local", local_);
  actions_.add("script ssh", ssh_);
  actions_.add("http", http_);
  actions_.add("haproxy", haproxy_);
  actions_.add("email", email_);
  actions_.add("azure_resource_group", azure_resource_group_);
  actions_.add("service", service_);
  actions_.add("package", package_);
  for (const char* kind : {"windows_service", "iis", "azure_script", "service_fabric_script"}) {
    actions_.add(kind, powershell_);
  }
  actions_.add("manual", person);
}

std::string Executors::missing(const plan::Plan& plan, const std::string& folder) {
  if (sockets_.path().empty()) return "a private directory cannot be made below /tmp";
  if (std::string missing = actions_.missing(plan); !missing.empty()) return missing;
  return package_.check(plan, folder);
}

std::size_t Executors::given_back() const {
  return ssh_.given_back();
}

void Executors::finish(std::function<void()> finished, bool comes_back) {
  ssh_.finish(std::move(finished), comes_back);
}

}  // namespace sluice::cli
