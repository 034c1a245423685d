// Scripts on the controller itself: the file whole and digest-checked before it runs, a session of
// its own, no shell of ours around it. It knows no plan but the request.
#pragma once

#include <map>
#include <string>

#include "runtime/executor.h"
#include "runtime/process.h"

namespace sluice::runtime {

class LocalExecutor : public Executor {
 public:
  // Scripts are written below `directory`, which is made, private, where it is missing.
  LocalExecutor(Loop& loop, Processes& processes, const std::string& directory);

  void start(ActionRequest request, Sink done) override;
  void cancel(ActionRequest::Ticket ticket) override;

 private:
  struct Running {
    Processes::Handle process = 0;
    bool cancelled = false;
  };

  Loop& loop_;
  Processes& processes_;
  std::string directory_;
  std::map<ActionRequest::Ticket, Running> running_;
};

// What interprets the script, as an argument list up to the script's file.
std::vector<std::string> interpreter(std::string_view shell);

}  // namespace sluice::runtime
