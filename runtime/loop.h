// The event loop: one thread, on which everything of the runtime happens. It knows descriptors,
// timers and signals, and nothing of plans. Boost.Asio stands behind it, in loop.cpp alone.
#pragma once

#include <functional>
#include <memory>

#include "base/time.h"

namespace sluice::runtime {

class Loop {
 public:
  using Callback = std::function<void()>;

  // From here on the program ignores SIGPIPE. Throws std::system_error where the descriptors that
  // waiting needs cannot be opened.
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Milliseconds since the loop was made, by a clock that never goes back and stands still while
  // the machine sleeps.
  base::Instant now() const;

  // Calls `callback` from the loop, never from inside post().
  void post(Callback callback);

  // Watches a descriptor for as long as the Watch lives; it must outlive neither the loop nor the
  // descriptor, which it does not own. A callback is called again and again while the descriptor is
  // ready; an empty one stops that. A callback may destroy its own Watch. A regular file cannot be
  // watched, and need not be: it is always ready.
  class Watch {
   public:
    Watch();  // watches nothing
    ~Watch();
    Watch(Watch&&) noexcept;
    Watch& operator=(Watch&&) noexcept;

    void on_readable(Callback callback);
    void on_writable(Callback callback);

   private:
    friend class Loop;
    struct State;
    explicit Watch(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
  };
  Watch watch(int descriptor);

  // Calls back once, at that instant or as soon after it as the loop comes to it; never when it was
  // destroyed before.
  class Timer {
   public:
    Timer();  // never fires
    ~Timer();
    Timer(Timer&&) noexcept;
    Timer& operator=(Timer&&) noexcept;

   private:
    friend class Loop;
    struct State;
    explicit Timer(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
  };
  [[nodiscard]] Timer at(base::Instant when, Callback callback);
  [[nodiscard]] Timer after(base::Duration delay, Callback callback);

  // Calls `callback` from the loop, with the signal's number, each time the signal comes.
  void on_signal(int signal, std::function<void(int)> callback);

  // Waits until something is due, calls back what is due by then, then `turn`, if it was
  // something: so what came together is handled together. Again and again, until stop() or until
  // nothing can come any more.
  // Where `gathers`, asked then, says that more is to come, what came within 2 ms of the beginning
  // of the turn before waits for the end of these: they share a turn, and its costs.
  void run(const Callback& turn, const std::function<bool()>& gathers = {});
  // From a callback or the turn: run() returns after the turn.
  void stop();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace sluice::runtime
