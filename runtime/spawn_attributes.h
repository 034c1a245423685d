// How programs are started: each in a session of its own, with no signal held back or ignored.
#pragma once

#include <signal.h>
#include <spawn.h>

namespace sluice::runtime {

class SpawnAttributes {
 public:
  SpawnAttributes() {
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    // All of them: a shell that starts us in the background ignores some for us.
    sigset_t usual;
    ::sigfillset(&usual);
    ::posix_spawnattr_setsigdefault(&attributes_, &usual);
  }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace sluice::runtime
