// A stream whose reader may stand still: a terminal that was stopped, a pager, a connection that
// has died. What he has not read waits for him, and nobody waits for him. It knows nothing of what
// is written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/loop.h"

namespace sluice::cli {

class PatientOutput {
 public:
  // Of a descriptor that stays open meanwhile. At most `most` bytes are kept for the reader.
  PatientOutput(runtime::Loop& loop, int descriptor, std::size_t most);
  ~PatientOutput();
  PatientOutput(const PatientOutput&) = delete;
  PatientOutput& operator=(const PatientOutput&) = delete;

  // Why the text was dropped, an errno, or 0. EAGAIN: too much is kept; all is dropped then until
  // the reader has what was kept. Returns at once, but for a socket and for what we may not open
  // anew.
  int write(std::string_view text);
  // The same for what must not be missing: it is kept however much is.
  int write_last(std::string_view text);
  // Whether something is kept.
  bool behind() const { return begun_ < kept_.size(); }
  // Calls back from the loop, once nothing is kept any more.
  void when_read(runtime::Loop::Callback callback) { read_ = std::move(callback); }
  // Drops what is kept.
  void give_up();

 private:
  int put(std::string_view& text) const;
  int take(std::string_view text, bool last);
  void flush();

  const int descriptor_;
  const std::size_t most_;
  int own_ =
      -1;  // the same pipe or terminal, opened anew: O_NONBLOCK is of whoever shares the other
  runtime::Loop::Watch watch_;
  std::string kept_;
  std::size_t begun_ = 0;  // so much of it is written
  bool full_ = false;
  int reason_ = 0;  // why what was kept could not be written; for whoever writes next
  runtime::Loop::Callback read_;
};

}  // namespace sluice::cli
