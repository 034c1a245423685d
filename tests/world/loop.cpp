// The runtime's loop, linked in place of runtime/loop.cpp: the same interface over the world's line
// of time. What is due is called back as the program that made the loop, and not once that has
// died.
#include "runtime/loop.h"

#include <stdexcept>

#include "world/kernel.h"

namespace sluice::runtime {

using world::Kernel;

struct Loop::Implementation {
  Kernel::Owner owner = Kernel::current().running();
};

struct Loop::Watch::State {};
Loop::Watch::Watch() = default;
Loop::Watch::Watch(std::shared_ptr<State> state) : state_(std::move(state)) {}
Loop::Watch::~Watch() = default;
Loop::Watch::Watch(Watch&&) noexcept = default;
Loop::Watch& Loop::Watch::operator=(Watch&&) noexcept = default;
void Loop::Watch::on_readable(Callback) {}
void Loop::Watch::on_writable(Callback) {}

struct Loop::Timer::State {
  bool wanted = true;
};
Loop::Timer::Timer() = default;
Loop::Timer::Timer(std::shared_ptr<State> state) : state_(std::move(state)) {}
Loop::Timer::Timer(Timer&&) noexcept = default;
Loop::Timer& Loop::Timer::operator=(Timer&& other) noexcept {
  if (state_ && state_ != other.state_) state_->wanted = false;
  state_ = std::move(other.state_);
  return *this;
}
Loop::Timer::~Timer() {
  if (state_) state_->wanted = false;
}

Loop::Loop() : implementation_(std::make_unique<Implementation>()) {}
Loop::~Loop() = default;

base::Instant Loop::now() const {
  return Kernel::current().now();
}
void Loop::post(Callback callback) {
  Kernel& kernel = Kernel::current();
  kernel.at(kernel.now(), implementation_->owner, std::move(callback));
}
Loop::Watch Loop::watch(int) {
  return Watch(std::make_shared<Watch::State>());
}
Loop::Timer Loop::at(base::Instant when, Callback callback) {
  auto state = std::make_shared<Timer::State>();
  Kernel::current().at(when, implementation_->owner, [state, callback = std::move(callback)] {
    if (!state->wanted) return;
    state->wanted = false;
    callback();
  });
  return Timer(std::move(state));
}
Loop::Timer Loop::after(base::Duration delay, Callback callback) {
  return at(now() + delay, std::move(callback));
}
void Loop::on_signal(int, std::function<void(int)>) {}
void Loop::run(const Callback&, const std::function<bool()>&) {
  throw std::logic_error("the world runs by itself");
}
void Loop::stop() {}

}  // namespace sluice::runtime
