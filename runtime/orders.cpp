#include "runtime/orders.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <tuple>

#include "base/sha256.h"
#include "base/utf8.h"
#include "runtime/files.h"
#include "runtime/runs.h"

namespace sluice::runtime {

namespace {

using base::Error;

constexpr std::size_t most_bytes = 4096;
constexpr base::Duration look_every{500};  // where nothing tells of new orders
constexpr std::string_view first_words = "sluice order 1";

std::string text_of(const std::string& purpose, const Order& order) {
  const scheduler::Action& action = order.action;
  return fmt::format("{}\n{}\n{} {} {} {} {} {} {}\n{}\n{}\n", first_words, purpose,
                     static_cast<int>(order.kind), action.step.value, action.lane, action.task,
                     static_cast<int>(action.part), action.attempt, action.slot, order.host,
                     order.at);
}

std::string take_line(std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  text.erase(0, std::min(text.size(), line.size() + 1));
  return line;
}

std::optional<Order> read_order(const std::string& path, const std::string& purpose) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  auto whole = read_whole(path, most_bytes);
  if (!whole) return std::nullopt;
  std::string text = std::move(whole).value();
  if (take_line(text) != first_words || take_line(text) != purpose) return std::nullopt;
  Order order;
  int kind = 0;
  int part = 0;
  scheduler::Action& action = order.action;
  const std::string numbers = take_line(text);
  if (std::sscanf(numbers.c_str(), "%d %u %u %u %d %u %u", &kind, &action.step.value, &action.lane,
                  &action.task, &part, &action.attempt, &action.slot) != 7 ||
      kind < 0 || kind > static_cast<int>(Order::Kind::Failed)) {
    return std::nullopt;
  }
  order.kind = static_cast<Order::Kind>(kind);
  action.part = static_cast<scheduler::Part>(part);
  order.host = take_line(text);
  order.at = take_line(text);
  order.who = user_name(status.st_uid);
  order.name = std::filesystem::path(path).filename().string();
  return order;
}

}  // namespace

std::string purpose_of_orders(const std::string& run, const std::string& plan_digest) {
  return run + " " + plan_digest;
}

std::string answer_name(const Order& order) {
  const scheduler::Action& action = order.action;
  std::string identity = fmt::format("{} {} {} {} {} {} {} {}", action.step.value, action.lane,
                                     action.task, static_cast<int>(action.part), action.attempt,
                                     action.slot, order.host, order.round);
  // What is `manual` may be approved too late, and its failure is another question.
  const bool manual = order.kind == Order::Kind::Approve || order.kind == Order::Kind::Reject;
  if (manual) identity += " manual";
  return "answer-" + base::sha256_hex(identity).substr(0, 32);
}

base::Status leave_order(const std::string& folder, const std::string& purpose,
                         const Order& order) {
  // It was made with the run. Whose it is does not matter: who can write there may.
  std::error_code unknown;
  if (!std::filesystem::is_directory(std::filesystem::symlink_status(folder, unknown))) {
    if (base::Status made = make_private_directory(folder); !made) return made;
  }
  const bool answer = answers_question(order.kind);
  // The run as a whole: the next free number.
  for (std::uint32_t number = 1;; ++number) {
    const std::string name = answer ? answer_name(order) : fmt::format("order-{:06}", number);
    const std::string path = folder + "/" + name;
    auto made = make_once(path, text_of(purpose, order));
    if (!made) return made.error();
    if (made.value()) return base::Done{};
    if (!answer) continue;
    const auto before = read_order(path, purpose);
    if (!before) return Error{fmt::format("{} is there, and is no answer to this", path)};
    return Error{fmt::format("{} has answered `{}` already, at {}", before->who,
                             order_word(before->kind), base::printable(before->at))};
  }
}

std::vector<Order> read_orders(const std::string& folder, const std::string& purpose,
                               const std::set<std::string>& taken) {
  std::vector<std::pair<std::filesystem::file_time_type, Order>> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.empty() || name.front() == '.' || taken.contains(name)) continue;
    if (auto order = read_order(entry.path().string(), purpose)) {
      found.emplace_back(entry.last_write_time(error), *std::move(order));
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.name) < std::tie(b.first, b.second.name);
  });
  std::vector<Order> orders;
  for (auto& [at, order] : found) orders.push_back(std::move(order));
  return orders;
}

OrderWatch::OrderWatch(Loop& loop, const std::string& folder, std::function<void()> something_new)
    : loop_(loop),
      something_new_(std::move(something_new)),
      descriptor_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (descriptor_ < 0 ||
      ::inotify_add_watch(descriptor_, folder.c_str(),
                          IN_CREATE | IN_MOVED_TO | IN_MOVE_SELF | IN_ONLYDIR) < 0) {
    look_again();
    return;
  }
  watch_ = loop.watch(descriptor_);
  watch_.on_readable([this] { hear(); });
}

void OrderWatch::hear() {
  alignas(inotify_event) std::array<char, 4096> bytes;
  bool gone = false;
  for (ssize_t got = 0; (got = ::read(descriptor_, bytes.data(), bytes.size())) > 0;) {
    for (ssize_t at = 0; at < got;) {
      inotify_event event;
      std::memcpy(&event, bytes.data() + at, sizeof event);
      gone = gone || (event.mask & (IN_IGNORED | IN_MOVE_SELF)) != 0;
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
  // The folder is another one, or will be.
  if (gone && !looks_again_) look_again();
  something_new_();
}

void OrderWatch::look_again() {
  looks_again_ = true;
  look_timer_ = loop_.after(look_every, [this] {
    look_again();
    something_new_();
  });
}

OrderWatch::~OrderWatch() {
  watch_ = Loop::Watch();
  if (descriptor_ >= 0) ::close(descriptor_);
}

PresenceWatch::PresenceWatch(Loop& loop, std::string file, std::function<void()> gone)
    : loop_(loop), file_(std::move(file)), gone_(std::move(gone)) {
  look();
}

void PresenceWatch::look() {
  constexpr base::Duration every{2'000};
  if (::access(file_.c_str(), F_OK) != 0 && errno == ENOENT) return gone_();
  timer_ = loop_.after(every, [this] { look(); });
}

}  // namespace sluice::runtime
