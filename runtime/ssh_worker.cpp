#include "runtime/ssh_worker.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "runtime/mux_packet.h"
#include "runtime/ssh_connections.h"

namespace sluice::runtime {

namespace {

constexpr int most_workers = 3;  // that one connection may be asked of
constexpr base::Duration most_to_end{2'000};

}  // namespace

SshWorker::SshWorker(Loop& loop, Processes& processes, std::string program)
    : loop_(loop), processes_(processes), program_(std::move(program)) {}

SshWorker::~SshWorker() {
  if (!runs_) return;
  processes_.forget(process_);
  processes_.close_input(process_);
}

SshWorker::Ticket SshWorker::connect(const LibsshHost& host, const std::string& control_path,
                                     Ended ended) {
  const Ticket ticket = ++last_;
  const auto number = static_cast<std::uint32_t>(ticket);
  Asked& asked = asked_[ticket];
  asked.message = connect_message(number, host, control_path);
  asked.ended = std::move(ended);
  if (!runs_) {
    start();
  } else {
    processes_.send_input(process_, asked.message);
  }
  return ticket;
}

void SshWorker::cancel(Ticket ticket) {
  if (asked_.erase(ticket) == 0 || !runs_) return;
  processes_.send_input(process_, cancel_message(static_cast<std::uint32_t>(ticket)));
}

void SshWorker::end(std::function<void()> ended) {
  if (!runs_) return ended();
  over_ = std::move(ended);
  processes_.close_input(process_);
  ending_ = loop_.after(most_to_end, [this] { processes_.kill(process_); });
}

// All that is asked for is asked of it.
void SshWorker::start() {
  runs_ = true;
  heard_.clear();
  ProcessOptions options;
  options.arguments = {program_, std::string(ssh_connections_word)};
  options.environment = inherited_environment();
  // What is called is looked up once, and not again by each that is forked.
  options.environment.push_back("LD_BIND_NOW=1");
  options.keep_input_open = true;
  options.on_output = [this](Stream stream, std::string_view bytes) {
    if (stream == Stream::Output) hear(bytes);
  };
  options.on_end = [this](const ProcessEnd& end) { worker_ended(end); };
  for (const auto& [ticket, asked] : asked_) options.input += asked.message;
  process_ = processes_.start(std::move(options));
}

void SshWorker::hear(std::string_view bytes) {
  heard_ += bytes;
  bool broken = false;
  while (const std::optional<std::string> packet = take_packet(heard_, broken)) {
    std::string_view rest = *packet;
    const Ticket ticket = take_number(rest).value_or(0);
    answer(ticket, take_text(rest));
  }
}

void SshWorker::answer(Ticket ticket, const std::string& why) {
  const auto found = asked_.find(ticket);
  if (found == asked_.end()) return;
  const Ended ended = std::move(found->second.ended);
  asked_.erase(found);
  ended(why);
}

// Connections that are there stay. Those that were being made are asked for again.
void SshWorker::worker_ended(const ProcessEnd& end) {
  runs_ = false;
  ending_ = Loop::Timer();
  if (const auto over = std::exchange(over_, {})) return over();
  const bool never_ran = !end.not_started.empty();
  std::vector<Ticket> given_up;
  for (auto& [ticket, asked] : asked_) {
    if (++asked.workers >= most_workers || never_ran) given_up.push_back(ticket);
  }
  for (const Ticket ticket : given_up) {
    answer(ticket, never_ran
                       ? end.not_started
                       : fmt::format("the process that connects was lost: {}", describe(end)));
  }
  if (!asked_.empty() && !runs_) start();
}

}  // namespace sluice::runtime
