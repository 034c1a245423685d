// `sluice unpack-archive`: what `package` calls to unpack on this machine. It is no command for
// people, and stands in no help.
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/tell.h"
#include "runtime/archive.h"

namespace sluice::cli {

int unpack_command(const UnpackOptions& options) {
  const base::Status done = runtime::unpack_archive(options.archive);
  if (done) return exit_done;
  tell("{}: {}\n", base::printable(options.archive), done.error().message);
  return exit_failed;
}

}  // namespace sluice::cli
