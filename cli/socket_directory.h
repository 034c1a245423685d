// Where the sockets of this program and its ssh clients are.
#pragma once

#include <string>

namespace sluice::cli {

// A private directory of short name, for sockets: removed with the object. What programs that were
// killed have left is removed when the next one is made: each holds a lock (flock) on its own for
// as long as it lives, which those who clear up /tmp by age respect as well.
class SocketDirectory {
 public:
  // Below `place`, and not where TMPDIR says: a socket's path may have 107 bytes.
  explicit SocketDirectory(const std::string& place = "/tmp");
  ~SocketDirectory();
  SocketDirectory(const SocketDirectory&) = delete;
  SocketDirectory& operator=(const SocketDirectory&) = delete;

  // Empty where there is no place for it.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int lock_ = -1;
};

}  // namespace sluice::cli
