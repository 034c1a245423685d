// Releases: an archive is looked at here, brought to the host once, unpacked there beside the
// releases before it and put in place by one rename. What puts it in place is a script of fixed
// text (package_script.h), carried out as scripts are: apart from the connection, begun at most
// once.
#pragma once

#include <map>
#include <set>
#include <string>

#include "runtime/archive.h"
#include "runtime/executor.h"
#include "runtime/loop.h"
#include "runtime/script_kind.h"
#include "runtime/ssh_upload.h"

namespace sluice::runtime {

class PackageExecutor : public ScriptKind {
 public:
  struct Scripts {
    Executor& local;
    Executor& ssh;
  };
  // All outlive this one. `program`: that which unpacks on this machine, called as `PROGRAM
  // unpack-archive ARCHIVE` in the folder to unpack into.
  PackageExecutor(Loop& loop, Scripts scripts, SshUploads& uploads, std::string program);

  // Before anything is begun: reads every archive of the plan, from `folder`. Says what is wrong
  // with one: it is not the one that the plan was made with, or nothing that may be unpacked. Empty
  // where nothing is.
  std::string check(const plan::Plan& plan, const std::string& folder);

  void start(ActionRequest request, Sink done) override;
  void cancel(ActionRequest::Ticket ticket) override;

 private:
  struct Archive {
    std::string path;
    ArchiveFormat format = ArchiveFormat::TarGz;
    FileDigest digest;
    ArchiveContent content;
  };
  struct Sending {
    ActionRequest request;
    Sink done;
  };

  std::string check(const plan::Plan& plan, const plan::Work& work, const std::string& folder);
  std::string check(const plan::Action& action, const std::string& source,
                    const std::string& folder);
  void upload(ActionRequest request, const Archive& archive, Sink done);
  void uploaded(ActionRequest::Ticket ticket, const UploadEnd& end);
  void put_in_place(ActionRequest request, const Archive& archive, Sink done);
  void answer_soon(Sink done, Completion completion);

  Loop& loop_;
  SshUploads& uploads_;
  std::string program_;
  std::map<std::string, Archive> archives_;  // by `source`, as the plan has it
  std::map<ActionRequest::Ticket, Sending> sending_;
};

// The release's folder: the archive's name without its ending, and the beginning of its digest.
std::string release_name(const std::string& source, const std::string& sha256);

}  // namespace sluice::runtime
