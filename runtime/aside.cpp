#include "runtime/aside.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <thread>
#include <utility>

#include "base/check.h"

namespace sluice::runtime {

namespace {

// Signals are for the loop's thread: one that comes to another is not heard there.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsHeld() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

struct Aside::Row {
  Work work;
  Loop::Callback done;  // empty: it was dropped
  std::atomic<bool> stop = false;
  std::thread thread;
};

Aside::Aside(Loop& loop, std::size_t at_once) : loop_(loop), at_once_(at_once) {
  SLUICE_CHECK(::pipe2(ended_, O_CLOEXEC) == 0, "no pipe can be made");
  ::fcntl(ended_[0], F_SETFL, O_NONBLOCK);
}

Aside::~Aside() {
  watch_ = Loop::Watch();
  for (auto& [job, row] : running_) row->stop = true;
  for (auto& [job, row] : running_) row->thread.join();
  ::close(ended_[0]);
  ::close(ended_[1]);
}

Aside::Job Aside::start(Work work, Loop::Callback done) {
  auto row = std::make_unique<Row>();
  row->work = std::move(work);
  row->done = std::move(done);
  waiting_.emplace_back(++last_, std::move(row));
  begin_next();
  return last_;
}

void Aside::drop(Job job) {
  const auto same = [&](const auto& one) { return one.first == job; };
  std::erase_if(waiting_, same);
  const auto found = running_.find(job);
  if (found == running_.end()) return;
  found->second->done = nullptr;
  found->second->stop = true;
}

void Aside::begin_next() {
  while (!waiting_.empty() && running_.size() < at_once_) {
    auto [job, row] = std::move(waiting_.front());
    waiting_.pop_front();
    Row& begun = *(running_[job] = std::move(row));
    const SignalsHeld held;
    try {
      begun.thread = std::thread([&begun, job = job, descriptor = ended_[1]] {
        begun.work(begun.stop);
        // The reader leaves nothing in it, so there is room; a signal cannot interrupt it.
        SLUICE_CHECK(::write(descriptor, &job, sizeof job) == sizeof job, "a pipe takes no word");
      });
    } catch (const std::system_error&) {
      loop_.post([this, job = job] { answer(job); });
    }
  }
  watch();
}

void Aside::take_ended() {
  std::array<Job, 64> ended;  // whole numbers: each is written at once
  const ssize_t got = ::read(ended_[0], ended.data(), sizeof ended);
  if (got < 0) return;
  std::for_each_n(ended.begin(), static_cast<std::size_t>(got) / sizeof(Job),
                  [this](Job job) { answer(job); });
}

void Aside::answer(Job job) {
  const auto found = running_.find(job);
  if (found == running_.end()) return;
  const std::unique_ptr<Row> row = std::move(found->second);
  running_.erase(found);
  if (row->thread.joinable()) row->thread.join();
  begin_next();
  if (row->done) row->done();
}

// The loop has an end where nothing is watched: so only while something is to come.
void Aside::watch() {
  if (watching_ == !running_.empty()) return;
  watching_ = !watching_;
  watch_ = Loop::Watch();
  if (!watching_) return;
  watch_ = loop_.watch(ended_[0]);
  watch_.on_readable([this] { take_ended(); });
}

}  // namespace sluice::runtime
