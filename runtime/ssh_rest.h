// What a script on an ssh host has written by its end and nobody has been shown yet: in parts, a
// session for each. Of a flood the middle is left out, and said to be.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/ssh_wrapper.h"

namespace sluice::runtime {

class OutputRest {
 public:
  using Show = std::function<void(std::string_view)>;
  using LeaveOut = std::function<void(std::uint64_t bytes)>;
  // Of so many bytes as `most`, and whole lines around what is left out, all are shown.
  OutputRest(std::uint64_t shown, std::uint64_t most, Show show, LeaveOut leave_out);

  // The request for what comes next, whose answer take() then gets: a session that was cut is
  // followed by another.
  std::string next(const std::string& nonce, const WrapperKey& key);
  void take(std::string_view bytes);
  // The wrapper has answered, if only in part.
  bool open() const { return reader_.open(); }
  // Nothing more of this session is wanted.
  bool passes_over() const { return at_ == At::LineEnd && line_.ended; }
  bool whole() const { return end_ && shown_ >= *end_; }

 private:
  enum class At : std::uint8_t {
    Rest,         // all that comes is shown
    LineEnd,      // up to a line's end, before what is left out
    NextLineEnd,  // what comes is left out up to that
  };
  struct Line {
    std::uint64_t bytes = 0;  // of it that were looked at
    bool ended = false;
  };

  bool take_size(std::string_view& bytes);
  std::string_view take_line(std::string_view& bytes);
  void show(std::string_view bytes);

  std::uint64_t most_;
  Show show_;
  LeaveOut leave_out_;
  OutputReader reader_{""};
  std::uint64_t shown_;               // bytes, or said to be left out
  std::optional<std::uint64_t> end_;  // of it all, as the host told it first
  At at_ = At::Rest;
  Line line_;
  bool told_ = false;         // the size, in this session
  std::string size_;          // as far as it has come
  std::uint64_t from_ = 0;    // of it all, what this session was asked for
  std::uint64_t offset_ = 0;  // of what comes next
};

}  // namespace sluice::runtime
