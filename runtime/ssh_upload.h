// Files from here to ssh hosts: over the open connection, from where the last attempt was cut off,
// whole and digest-checked on the host before they are used. It knows no plan.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "runtime/archive.h"
#include "runtime/executor.h"
#include "runtime/loop.h"
#include "runtime/ssh.h"

namespace sluice::runtime {

struct Upload {
  Place place;
  std::string run;   // whose private place on the host takes it
  std::string path;  // of the file here
  FileDigest digest;
  // A release that makes the transfer needless where it is there: its folder's name, beneath `to`,
  // and what is in it (ArchiveContent::listing).
  ArchiveFormat format = ArchiveFormat::TarGz;
  std::string to;
  std::string name;
  std::string listing;
};

struct UploadEnd {
  enum class How : std::uint8_t {
    Here,         // on the host, whole: in the run's place there, as DIGEST.FORMAT
    Needless,     // the release is there already
    Unreachable,  // the host was not reached, or was lost and did not come back
    Failed,
  };
  How how = How::Failed;
  std::string why;  // of Unreachable and Failed
};

class SshUploads {
 public:
  using Ticket = ActionRequest::Ticket;
  using Ended = std::function<void(const UploadEnd&)>;
  // A line about how it goes, with its line end.
  using Told = std::function<void(const std::string&)>;
  struct Settings {
    base::Duration lost_after{300'000};  // how long a host that was reached may stay away
    base::Duration tell_every{5'000};
    // How long a login may take until it asks the host, before it counts as cut off.
    base::Duration patience{60'000};
  };

  // Both outlive this one.
  SshUploads(Loop& loop, SshExecutor& hosts, Settings settings);
  SshUploads(Loop& loop, SshExecutor& hosts) : SshUploads(loop, hosts, Settings{}) {}
  ~SshUploads();

  // `ended` is called once, from the loop. Two of one file to one host go one after the other.
  void start(Ticket ticket, Upload upload, Told told, Ended ended);
  // Lets it go: what was sent stays there for the next attempt; nobody is told.
  void cancel(Ticket ticket);

 private:
  class Row;
  void begin(Ticket ticket);
  void ended(Ticket ticket, UploadEnd end);

  Loop& loop_;
  SshExecutor& hosts_;
  const Settings settings_;
  std::map<Ticket, std::unique_ptr<Row>> rows_;
};

// "12.0 MiB".
std::string bytes_text(std::uint64_t bytes);

}  // namespace sluice::runtime
