#include "runtime/loop.h"

#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "base/check.h"

namespace sluice::runtime {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using Descriptor = asio::posix::stream_descriptor;

namespace {

constexpr int most_between_turns = 256;  // callbacks
constexpr auto between_turns = std::chrono::microseconds(2000);
constexpr std::chrono::milliseconds longest_between_turns{10};

}  // namespace

struct Loop::Implementation {
  asio::io_context context{1};  // one thread: asio leaves its locks out
  Clock::time_point start = Clock::now();
  std::vector<std::unique_ptr<asio::signal_set>> signals;
  bool stopped = false;
  // A callback was called since the last turn. What was only cancelled is told as well, and is no
  // reason for a turn: one that sets its timers anew would be the reason for the next.
  bool happened = false;

  void wait_for_signal(asio::signal_set& set, std::function<void(int)> callback) {
    set.async_wait([this, &set, callback = std::move(callback)](
                       const boost::system::error_code& error, int signal) {
      if (error) return;
      happened = true;
      callback(signal);
      wait_for_signal(set, callback);
    });
  }
};

// A shared pointer because asio's pending operations need the state until they have been told that
// they are cancelled, which is after the Watch is gone.
struct Loop::Watch::State : std::enable_shared_from_this<State> {
  State(Implementation& of, int number) : loop(of), descriptor(of.context, number) {}

  struct Direction {
    Descriptor::wait_type type;
    std::shared_ptr<Callback> callback;
    bool waiting = false;
  };

  Implementation& loop;
  Descriptor descriptor;
  Direction readable{Descriptor::wait_read, nullptr};
  Direction writable{Descriptor::wait_write, nullptr};
  bool open = true;

  void set(Direction& direction, Callback callback) {
    direction.callback = callback ? std::make_shared<Callback>(std::move(callback)) : nullptr;
    arm(direction);
  }

  void arm(Direction& direction) {
    if (!open || !direction.callback || direction.waiting) return;
    direction.waiting = true;
    descriptor.async_wait(direction.type, [self = shared_from_this(),
                                           &direction](const boost::system::error_code& error) {
      direction.waiting = false;
      if (error || !self->open) return;
      self->loop.happened = true;
      // The callback may replace itself or end the watch: it is kept alive while it runs.
      if (const std::shared_ptr<Callback> callback = direction.callback) (*callback)();
      self->arm(direction);
    });
  }

  void close() {
    open = false;
    readable.callback = nullptr;
    writable.callback = nullptr;
    descriptor.release();
  }
};

Loop::Watch::Watch() = default;
Loop::Watch::Watch(std::shared_ptr<State> state) : state_(std::move(state)) {}
Loop::Watch::Watch(Watch&&) noexcept = default;
Loop::Watch& Loop::Watch::operator=(Watch&& other) noexcept {
  if (state_ && state_ != other.state_) state_->close();
  state_ = std::move(other.state_);
  return *this;
}
Loop::Watch::~Watch() {
  if (state_) state_->close();
}

void Loop::Watch::on_readable(Callback callback) {
  SLUICE_CHECK(state_, "nothing is watched");
  state_->set(state_->readable, std::move(callback));
}

void Loop::Watch::on_writable(Callback callback) {
  SLUICE_CHECK(state_, "nothing is watched");
  state_->set(state_->writable, std::move(callback));
}

struct Loop::Timer::State {
  explicit State(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  bool wanted = true;
};

Loop::Timer::Timer() = default;
Loop::Timer::Timer(std::shared_ptr<State> state) : state_(std::move(state)) {}
Loop::Timer::Timer(Timer&&) noexcept = default;
Loop::Timer& Loop::Timer::operator=(Timer&& other) noexcept {
  if (state_ && state_ != other.state_) {
    state_->wanted = false;
    state_->timer.cancel();
  }
  state_ = std::move(other.state_);
  return *this;
}
Loop::Timer::~Timer() {
  if (!state_) return;
  state_->wanted = false;
  state_->timer.cancel();
}

Loop::Loop() : implementation_(std::make_unique<Implementation>()) {
  ::signal(SIGPIPE, SIG_IGN);  // a write to what nobody reads is an error like any other
  // Asio opens its own descriptors with the first thing that is waited for. Where none are left,
  // that is to be said here, and not thrown out of the start of an action in the middle of a run.
  const asio::steady_timer opens_them(implementation_->context);
}
Loop::~Loop() = default;

base::Instant Loop::now() const {
  const auto elapsed = Clock::now() - implementation_->start;
  return {std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count()};
}

void Loop::post(Callback callback) {
  asio::post(implementation_->context, [this, callback = std::move(callback)] {
    implementation_->happened = true;
    callback();
  });
}

Loop::Watch Loop::watch(int descriptor) {
  return Watch(std::make_shared<Watch::State>(*implementation_, descriptor));
}

Loop::Timer Loop::at(base::Instant when, Callback callback) {
  auto state = std::make_shared<Timer::State>(implementation_->context);
  state->timer.expires_at(implementation_->start + std::chrono::milliseconds(when.ms));
  state->timer.async_wait(
      [this, state, callback = std::move(callback)](const boost::system::error_code& error) {
        if (error || !state->wanted) return;
        implementation_->happened = true;
        callback();
      });
  return Timer(std::move(state));
}

Loop::Timer Loop::after(base::Duration delay, Callback callback) {
  return at(now() + delay, std::move(callback));
}

void Loop::on_signal(int signal, std::function<void(int)> callback) {
  auto set = std::make_unique<asio::signal_set>(implementation_->context, signal);
  implementation_->wait_for_signal(*set, std::move(callback));
  implementation_->signals.push_back(std::move(set));
}

void Loop::run(const Callback& turn, const std::function<bool()>& gathers) {
  implementation_->stopped = false;
  asio::io_context& context = implementation_->context;
  Clock::time_point gathered = Clock::now();
  bool due = false;
  while (!implementation_->stopped) {
    context.restart();
    if (due) {
      context.run_one_until(gathered);
    } else if (context.run_one() == 0) {
      return;
    }
    // What is ready again as soon as it was seen to (a host that sends without end) does not keep
    // the turn from coming, however long each of its callbacks takes: timeouts are seen to there.
    const Clock::time_point late = Clock::now() + longest_between_turns;
    for (int i = 0; i < most_between_turns && Clock::now() < late && context.poll_one() != 0; ++i) {
    }
    due = implementation_->happened && !implementation_->stopped && gathers &&
          Clock::now() < gathered && gathers();
    if (due) continue;
    if (!std::exchange(implementation_->happened, false) || !turn) continue;
    gathered = Clock::now() + between_turns;
    turn();
  }
}

void Loop::stop() {
  implementation_->stopped = true;
}

}  // namespace sluice::runtime
