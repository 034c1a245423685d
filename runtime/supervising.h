// The supervisor's own side: what it is told, and its loop. See supervisor.h.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/time.h"
#include "runtime/supervisor.h"

namespace sluice::runtime {

inline constexpr std::string_view supervisor_prefix = "supervisor-";
inline constexpr std::string_view closed_suffix = ".closed";

std::string start_message(const Supervisor::Script& script);
std::string cancel_message(const std::string& name);

struct SupervisorSettings {
  std::string directory;
  std::string name;  // its own file there
  base::Duration grace;
};
// In the forked process: never returns. Keeps the socket and the lock, and closes all else.
[[noreturn]] void supervise(const SupervisorSettings& settings, int socket, int lock);

struct ProcessStat {
  bool runs = false;             // it is there, and not over
  unsigned long long began = 0;  // by the kernel's count
};
ProcessStat process_stat(pid_t process);
// When a process began; 0 where there is none of that number.
unsigned long long process_began(pid_t process);

}  // namespace sluice::runtime
