// One attempt of a script on its host, from the first session to the last byte of its output.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "runtime/ssh.h"
#include "runtime/ssh_rest.h"

namespace sluice::runtime {

// Never the same twice: nobody can know it beforehand.
std::string fresh_nonce();
// Before a host that was lost is asked again, so many times in vain already.
base::Duration pause_before(std::uint32_t attempt);
// Whether it is for the wrapper of a Windows host.
bool is_for_powershell(const ActionRequest& request);
// What keeps the files of actions there that are not for PowerShell.
HostWrapper host_wrapper(const Place& place);
// Whether there is no Perl where one was asked: of a session that ended so, and wrote that.
bool says_no_perl(int exit_value, std::string_view said);
// The session of that wrapper: its command, and what its input opens with.
void address(SshConnection::Request& request, Wrapper wrapper);
// Why it is refused: in the wrapper's words, and in those that stood before them.
std::string refusal_of(const WrapperAnswer& answer, const AnswerReader& answers);
// What the run's folder on a host is called.
std::string wrapper_run_name(const std::string& run);
// The files of an action are named by what identifies it, the same in every program that asks.
WrapperKey wrapper_key(const ActionRequest& request);

class SshExecutor::Attempt {
 public:
  // `answered` is called once, from the loop; it may destroy the attempt.
  using Answered = std::function<void(const Completion&)>;
  Attempt(Loop& loop, const SshSettings& settings, Host& host, ActionRequest request,
          Answered answered);
  ~Attempt();
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  void begin();
  void cancel();

 private:
  using Session = SshConnection::Session;
  using Verdict = WrapperAnswer::Kind;

  // A session that asks how it ends: that of the start, or of the cancellation beside it.
  struct Watcher {
    Session session = 0;  // 0: none
    Wrapper wrapper = Wrapper::Shell;
    bool asks_first = false;  // nobody has asked to begin it before
    AnswerReader answers{""};
    OutputReader output{""};
    std::string written;  // what the script wrote, as far as it came with the answer
    std::string mark;     // stands behind that where the session stays; else empty
    bool whole = false;   // the mark has come
    std::optional<WrapperAnswer> verdict;
  };

  void ask(Watcher& watcher);
  Wrapper wrapper() const;
  bool lacks_perl(const Watcher& watcher, const SshConnection::End& end) const;
  bool attaches() const { return acknowledged_ || request_.rejoins; }
  base::Duration patience_for(const std::string& input) const;
  void heard(Watcher& watcher, Stream stream, std::string_view bytes);
  void tell_ended(const WrapperAnswer& verdict);
  void await_mark(Watcher& watcher);
  void take_mark(Watcher& watcher);
  void answered_whole(Watcher& watcher);
  void watcher_ended(Watcher& watcher, const SshConnection::End& end);
  void ended_without_verdict(Watcher& watcher, const SshConnection::End& end);
  void ask_again_later(Watcher& watcher, const std::string& why);
  void is_away(base::Instant now);
  void is_back();
  bool leaves_open(const Watcher& watcher) const;
  void follow();
  void settle(Watcher& watcher, bool whole);
  void fetch_rest();
  void rest_ended(Wrapper asked, const SshConnection::End& end);
  void deliver(std::string_view bytes);
  void conclude();
  void lose_unknown();
  void lose(const std::string& detail);
  void end(scheduler::Outcome outcome, Completion::Ending ending, const std::string& detail);
  void release_all();
  std::string request_for(const Watcher& watcher, const std::string& nonce, bool stays) const;

  Loop& loop_;
  const SshSettings& settings_;
  SshConnection& connection_;
  WrapperAsked host_wrapper_;
  ActionRequest request_;
  Answered answered_;
  WrapperKey key_;
  bool touched_;        // the host: a session was opened, if only perhaps
  bool acknowledged_;   // it was begun
  bool perhaps_begun_;  // by a session that was cut off, or by a program before this one
  bool asked_;          // to begin, by this program or perhaps by one before it
  bool now_or_never_;   // no host is waited for that has not answered yet
  Watcher starter_;
  Watcher canceller_;
  Session follower_ = 0;
  Session rest_ = 0;
  OutputReader follower_output_{""};
  std::optional<OutputRest> output_rest_;
  std::uint64_t delivered_ = 0;  // bytes of its output
  WrapperAnswer verdict_;
  std::string outputs_;  // what it wrote to $SLUICE_OUTPUT
  bool settled_ = false;
  bool cancelled_ = false;
  bool output_is_cut_ = false;  // its end could not be fetched
  std::uint32_t silent_ends_ = 0;
  std::uint32_t tries_ = 0;
  std::optional<base::Instant> away_since_;
  bool told_away_ = false;
  Loop::Timer again_;
  Loop::Timer cancel_again_;
  Loop::Timer follow_timer_;
  Loop::Timer answered_soon_;
};

}  // namespace sluice::runtime
