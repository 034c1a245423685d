// Tells one place outside of what happens in a run: a web server by POST, or a program on its
// standard input. In order, one after the other, and never in the way: what cannot be told waits in
// a bounded queue, is given up after a time, and is counted. It knows no runs, only documents.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "runtime/loop.h"
#include "runtime/process.h"
#include "runtime/transfers.h"

namespace sluice::runtime {

// As it was given on the command line, read.
struct Destination {
  std::string url;                     // of http or https; empty: a program
  std::vector<std::string> arguments;  // [0]: the program, whole, no shell
  std::string
      name;  // for people: the URL's scheme and host (the rest may be a secret), the program
  bool operator==(const Destination&) const = default;
};

// "https://…", "env:NAME" (a variable that holds a URL: it is taken out of the environment), or a
// program with its words apart by blanks; quotes hold words together, a backslash takes the next
// character as it is. The program is looked up on our PATH where its name has no slash.
base::Result<Destination> read_destination(std::string_view text);

struct Notification {
  std::string id;        // unlike all others; the same where it is tried again
  std::string document;  // JSON
};

struct NotifierLimits {
  std::size_t most_waiting = 100;     // the oldest goes where one more comes
  std::size_t most_tries = 3;         // of a request; a program is started once
  base::Duration one_try{10'000};     // then it is ended
  base::Duration before_next{1'000};  // the next try, and twice as long before each further one
};

class Notifier {
 public:
  // Of a server's certificate see Transfers. `warn` is told of the first that did not arrive, once.
  Notifier(Loop& loop, Destination destination, std::string certificates,
           std::function<void(const std::string&)> warn, NotifierLimits limits = {});
  // What is under way is ended, and nobody told.
  ~Notifier() = default;
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  void tell(Notification notification);
  // Nothing comes any more: `done` is called, once, when nothing waits. Where nobody answered the
  // last try, what waits is given up, but for the newest; who refuses one may take the next.
  void finish(std::function<void()> done);
  // What waits is given up now, and what is under way ended.
  void give_up();

  bool idle() const { return waiting_.empty(); }
  std::uint64_t told() const { return told_; }          // arrived
  std::uint64_t not_told() const { return not_told_; }  // and counted here if it is not known
  const std::string& name() const { return destination_.name; }

 private:
  void begin();
  void send();
  void post();
  void start_program();
  void stop();
  enum class Outcome { Taken, Refused, Passing, Hung };  // passing: tried again
  void settle(Outcome outcome, const std::string& problem);
  void fail(const std::string& problem);
  void go_on();

  Loop& loop_;
  Processes processes_;
  Transfers transfers_;
  const Destination destination_;
  const std::function<void(const std::string&)> warn_;
  const NotifierLimits limits_;
  std::deque<Notification> waiting_;  // the first is under way, or will be after a pause
  std::function<void()> done_;
  Loop::Timer timer_;  // of what is under way, or of the pause
  std::optional<Processes::Handle> process_;
  Transfers::Ticket ticket_ = 0;  // of the request under way, or the last
  bool failing_ = false;          // nobody answered the last try
  bool warned_ = false;
  std::size_t tries_ = 0;  // of the first
  std::uint64_t told_ = 0;
  std::uint64_t not_told_ = 0;
};

}  // namespace sluice::runtime
