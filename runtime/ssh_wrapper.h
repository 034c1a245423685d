// What runs on an ssh host around a script: a fixed text for any POSIX shell, and the words that it
// is told and answers. What it promises, and why it is as it is: docs/decisions/wrapper.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace sluice::runtime {

// What keeps an action's files on its host.
enum class Wrapper : std::uint8_t { Shell, Perl, PowerShell };

// The one of a host. Where nobody says which, Perl, until it shows there that it cannot, and the
// shell from then on: either takes up what the other began.
class HostWrapper {
 public:
  HostWrapper() = default;
  explicit HostWrapper(Wrapper given) : kind_(given), is_given_(true) {}
  Wrapper kind() const { return kind_; }
  // What was asked by `asked` has failed there. Whether another is to be asked.
  bool gives_way(Wrapper asked);

 private:
  Wrapper kind_ = Wrapper::Perl;
  bool is_given_ = false;
};

// Who asks one host, session after session. A session that was cut says nothing of Perl; but where
// three were in a row, that is how a Perl ends as well that is killed or hangs before it says
// anything.
class WrapperAsked {
 public:
  explicit WrapperAsked(HostWrapper& host) : host_(host) {}
  Wrapper kind() const { return host_.kind(); }
  void answered() { cuts_ = 0; }
  void was_cut(Wrapper asked);
  // As of HostWrapper.
  bool gives_way(Wrapper asked) { return host_.gives_way(asked); }

 private:
  HostWrapper& host_;
  std::uint32_t cuts_ = 0;  // in a row
};

// The command line of every session, the same for all: no value is in it. It needs no more of the
// login shell than that it knows `exec` and single quotes.
std::string wrapper_command();
// The same as one Perl program: quicker, for hosts that have Perl 5.10, its modules IO and POSIX,
// and Digest::SHA or the program sha256sum. Both keep the same files, so one may take up what the
// other began.
std::string perl_wrapper_command();

// A text of that kind as a command line, for words that need no quoting to follow.
std::string shell_command(std::string_view text);

// Names one action's files on its host. Of characters that need no quoting.
struct WrapperKey {
  std::string run;
  std::string action;
  std::uint32_t epoch = 1;  // of who asks: the host begins and ends nothing for an earlier one
};

// Requests, as the wrapper reads them from its standard input. `nonce` opens each of its answers; a
// script never sees it.
struct ScriptPayload {
  std::string shell;  // sh, bash, python3
  std::string body;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  // NAME=value
  std::string directory;                 // empty: where the login begins
};
// Starts the script if it was never started under this key, then answers how it ended.
// `more`: the session takes another request when it has answered this one; answer_mark() stands
// then behind the output, where the input can hold the script (carries_more).
// `again`: it may have been asked for before; where its home is away, no other place is made then.
std::string request_start(const std::string& nonce, const WrapperKey& key,
                          const ScriptPayload& payload, bool more = false, bool again = false);
bool carries_more(const ScriptPayload& payload);
// Answers how it ends, and starts nothing: where nothing is known of it, it never begins any more.
std::string request_attach(const std::string& nonce, const WrapperKey& key, bool more = false);
std::string answer_mark(const std::string& nonce);
// Ends it: TERM, after the grace KILL, until nothing of its session is left; then as attach. What
// had not begun never will.
std::string request_cancel(const std::string& nonce, const WrapperKey& key, base::Duration grace);
// Its output from an offset on, as it grows, until the session's input ends.
std::string request_follow(const std::string& nonce, const WrapperKey& key, std::uint64_t offset);
// A line with the size of its output, then so many bytes of it from the beginning of a block on, or
// as many as there are.
inline constexpr std::uint64_t rest_block = 65536;
std::string request_rest(const std::string& nonce, const WrapperKey& key, std::uint64_t block,
                         std::uint64_t bytes);
// Removes the run's files, and those of runs that are 30 days old. What stays for as long is who
// asked: nothing that was sent up to now, and comes later, begins any more.
std::string request_forget(const std::string& nonce, const std::string& run, std::uint32_t epoch);

// At most so much of the output comes with the answer how it ended; a byte more says that there is
// more.
inline constexpr std::size_t most_answered_output = 65536;

// Why the Perl text refuses where it lacks modules: nothing has begun then.
inline constexpr std::string_view lacks_perl_modules =
    "the host has Perl, but not its modules IO and POSIX";

// A line of the wrapper's.
struct WrapperAnswer {
  enum class Kind : std::uint8_t {
    Running,     // it has been started, now or before
    Exited,      // with `value`
    Signalled,   // by `value`
    Never,       // it was cancelled before it began, and never will begin
    LostKilled,  // it was begun; what watched over it was killed; nothing of it runs any more
    LostReboot,  // it was begun; since then the host has booted
    Outputs,     // behind it comes what it wrote to $SLUICE_OUTPUT
    None,        // nothing is known of it here
    Refused,     // it was not begun: `text` says why
    Done,        // forgotten
  };
  Kind kind = Kind::None;
  int value = 0;
  std::string text;
  bool operator==(const WrapperAnswer&) const = default;
};

// Parts the session's error stream: lines that open with the nonce are answers, everything else is
// what a shell or the login had to say.
class AnswerReader {
 public:
  explicit AnswerReader(std::string nonce) : nonce_(std::move(nonce)) {}
  std::vector<WrapperAnswer> take(std::string_view bytes);
  // The end of what else was said, about 1 KiB at most.
  std::string said() const {
    return hands_on_ || rest_.find(nonce_) != std::string::npos ? said_ : said_ + rest_;
  }
  // What the script wrote to $SLUICE_OUTPUT: at most 64 KiB, and a byte more says that it was more.
  const std::string& outputs() const { return outputs_; }

 private:
  std::string nonce_;
  std::string rest_;
  std::string said_;
  std::string outputs_;
  bool hands_on_ = false;
};

// Parts the session's output stream: what stands before the line of the nonce is the login's.
class OutputReader {
 public:
  explicit OutputReader(std::string nonce) : mark_(std::move(nonce) + "\n") {}
  // What of it the script has written.
  std::string_view take(std::string_view bytes);
  // The end of what the login wrote on it, at most 1 KiB, where that line has not come.
  std::string_view said() const { return open_ ? std::string_view() : held_; }
  // The line of the nonce has come.
  bool open() const { return open_; }

 private:
  std::string mark_;
  std::string held_;
  bool open_ = false;
};

}  // namespace sluice::runtime
