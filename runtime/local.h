// Scripts on the controller itself: the file whole and digest-checked before it runs, a session of
// its own, no shell of ours around it, and a supervisor that writes down how it ended. It knows no
// plan but the request.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/executor.h"
#include "runtime/loop.h"
#include "runtime/spare_files.h"
#include "runtime/supervisors.h"

namespace sluice::runtime {

class LocalExecutor : public Executor {
 public:
  // Scripts and what becomes of them are written below `directory`, which is made, private, where
  // it is missing; who resumes without it knows nothing of what was begun there. Scripts begin in
  // `from`; empty: in our own directory.
  LocalExecutor(Loop& loop, const std::string& directory, std::string from = "");
  // Lets go of what runs: it runs on, and one that resumes finds it.
  ~LocalExecutor() override;

  // One that is resumed (request.resumed) goes on where it is: it may run, have ended, or never
  // have begun, and is begun then.
  void start(ActionRequest request, Sink done) override;
  void cancel(ActionRequest::Ticket ticket) override;
  void settled(ActionRequest::Ticket ticket) override;

  // What could not begin, for the disk of its files is full: none of it has, and it does once there
  // is room.
  std::set<scheduler::Action> held_back() const;

 private:
  struct Running {
    ActionRequest request;
    Sink done;
    std::string name;             // of its files
    std::string shared;           // the file of all scripts of its text
    std::uint64_t delivered = 0;  // bytes of its output
    bool adopted = false;         // another supervisor's, or one's that is gone
    bool cancelled = false;
    bool hurried = false;  // it was cancelled when it had ended
    // How it ended, while what it wrote is handed on in pieces, up to so many bytes.
    std::optional<Completion> completion;
    std::uint64_t delivered_at_end = 0;
    bool held_back = false;      // nobody was told to begin it, for there is no room
    int begun_in_vain = 0;       // anew, what was to watch over it being gone before it had begun
    std::set<std::string> told;  // of an adopted one: what was told to end
    base::Instant kill_at = base::Instant::never();  // an adopted one that was told to end
  };

  std::string path(const Running& row, std::string_view suffix) const;
  std::string begins_in(const Running& row) const;
  void begin(ActionRequest::Ticket ticket);
  base::Status hand_over(Running& row);
  void script_ended(const std::string& name, const Supervisor::End& how);
  void supervisor_gone(const std::set<std::string>& names);
  void look();
  void look_at_adopted(ActionRequest::Ticket ticket);
  ScriptState state_of(const std::string& name) const;
  void tell_to_end(Running& row, const std::string& name);
  bool is_left(Running& row, const std::string& name);
  bool ends_later(Running& row);
  void conclude(ActionRequest::Ticket ticket, Completion completion);
  void deliver(Running& row, std::uint64_t to);
  void hand_on(ActionRequest::Ticket ticket);
  void leave_out(Running& row, std::uint64_t to);
  void end(ActionRequest::Ticket ticket);
  void pass_over_flood(Running& row);
  void finish(ActionRequest::Ticket ticket, Completion completion);
  void fail_soon(ActionRequest::Ticket ticket, const std::string& why);
  void hold_back(ActionRequest::Ticket ticket);
  void look_for_room();

  Loop& loop_;
  std::string directory_;
  const std::string from_;
  Supervisors supervisors_;
  std::map<ActionRequest::Ticket, Running> running_;
  std::map<std::string, ActionRequest::Ticket> tickets_;  // of what runs, by name
  SpareFiles notes_, outputs_;                            // .started and .out of what has ended
  struct Ended {
    std::string name, shared;
    bool resumed = false;
  };
  std::map<ActionRequest::Ticket, Ended> ended_;  // their files are still there
  std::map<std::string, std::size_t> uses_;       // of each file that scripts share
  Loop::Timer look_timer_, room_timer_;
  bool looking_ = false;
};

// What interprets the script, as an argument list up to the script's file.
std::vector<std::string> interpreter(std::string_view shell);

}  // namespace sluice::runtime
