// Before an action begins on an ssh host: what came before it there in its lane, and was lost, is
// ended, so that nothing begins beside its own earlier attempt. And before one that is cancelled,
// or taken up from a program before this one, is over: what that program may have begun in its
// place.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/ssh.h"

namespace sluice::runtime {

class SshExecutor::Predecessors {
 public:
  // Nothing of them runs, and nothing of them begins any more; or why the action can't begin.
  // Called once, from the loop; it may destroy this.
  using Over = std::function<void(const std::optional<Completion>& problem)>;
  Predecessors(Loop& loop, const SshSettings& settings, Host& host, std::vector<WrapperKey> lost,
               Over over);
  // A host that is out of reach, or refuses a session, is asked again for as long as one that was
  // lost.
  void wait_for_host() { waits_for_host_ = true; }
  // Called where nobody there has ended them for a while, and once that is over.
  void tell_away(std::function<void(bool away)> away) { away_ = std::move(away); }
  ~Predecessors();
  Predecessors(const Predecessors&) = delete;
  Predecessors& operator=(const Predecessors&) = delete;

  void begin();

 private:
  void ended(const SshConnection::End& end);
  void back();
  void again_later(const std::string& why);
  void give_up(Completion::Ending ending, const std::string& why);

  Loop& loop_;
  const SshSettings& settings_;
  Host& host_;
  Wrapper asked_ = Wrapper::Shell;
  WrapperAsked wrapper_;
  std::vector<WrapperKey> lost_;
  Over over_;
  bool waits_for_host_ = false;
  std::function<void(bool away)> away_;
  bool told_away_ = false;
  SshConnection::Session session_ = 0;
  AnswerReader answers_{""};
  std::optional<WrapperAnswer> verdict_;
  std::uint32_t tries_ = 0;
  std::optional<base::Instant> since_;
  Loop::Timer again_;
};

}  // namespace sluice::runtime
