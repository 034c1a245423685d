#include "runtime/ssh_wrapper.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"
#include "runtime/perl_wrapper_text.h"
#include "runtime/ssh_wrapper_text.h"

namespace sluice::runtime {

namespace {

constexpr std::size_t most_said = 1024;

// A login that becomes another shell never comes as far as the wrapper, and that shell takes what
// comes for commands of its own: the last words are such a command, and it ends with it.
std::string first_line(const std::string& nonce, std::string_view verb, const std::string& run,
                       std::string_view rest, bool more = false) {
  return fmt::format("sluice{} {} {} {} {} ; exit 3\n", more ? 2 : 1, nonce, verb, run, rest);
}

// A letter, the number of lines behind the first, the text.
void add_item(std::string& items, char kind, std::string_view text) {
  items += fmt::format("{}{} {}\n", kind, std::count(text.begin(), text.end(), '\n'), text);
}

// Windows has exit statuses of 32 bits, and shows those above 0x7FFFFFFF as negative numbers.
int number(std::string_view text) {
  constexpr std::int64_t most = 0xFFFFFFFF;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > most) return -1;
    value = value * 10 + (c - '0');
  }
  return value > most ? -1 : static_cast<int>(static_cast<std::uint32_t>(value));
}

WrapperAnswer answer_of(std::string_view line) {
  using Kind = WrapperAnswer::Kind;
  const std::size_t space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  const std::string_view rest = space == std::string_view::npos ? "" : line.substr(space + 1);
  if (word == "running") return {Kind::Running, 0, ""};
  if (word == "exit") return {Kind::Exited, number(rest), ""};
  if (word == "signal") return {Kind::Signalled, number(rest), ""};
  if (word == "never") return {Kind::Never, 0, ""};
  if (word == "lost") return {rest == "reboot" ? Kind::LostReboot : Kind::LostKilled, 0, ""};
  if (word == "refused") return {Kind::Refused, 0, std::string(rest)};
  if (word == "outputs") return {Kind::Outputs, 0, ""};
  if (word == "done") return {Kind::Done, 0, ""};
  return {Kind::None, 0, ""};
}

std::string in_one_line(std::string_view rest) {
  std::string text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.empty() || line.front() == '#') continue;
    if (!text.empty()) text += ' ';
    text += line;
  }
  return text;
}

}  // namespace

bool HostWrapper::gives_way(Wrapper asked) {
  if (is_given_ || asked != Wrapper::Perl) return false;
  kind_ = Wrapper::Shell;
  return true;
}

void WrapperAsked::was_cut(Wrapper asked) {
  constexpr std::uint32_t most_cuts = 3;
  if (++cuts_ >= most_cuts) host_.gives_way(asked);
}

std::string wrapper_command() {
  static const std::string command = shell_command(wrapper_text);
  return command;
}

std::string perl_wrapper_command() {
  static const std::string command =
      fmt::format("exec perl -e '{}' sluice '{}'", in_one_line(perl_wrapper_text),
                  in_one_line(perl_wrapper_more));
  return command;
}

std::string shell_command(std::string_view text) {
  return fmt::format("exec sh -c '{}' sluice", in_one_line(text));
}

// A shell reads what it keeps byte by byte: that is quicker than a process only for little.
bool carries_more(const ScriptPayload& payload) {
  constexpr std::size_t most_bytes = 2048;
  return payload.body.size() <= most_bytes && payload.body.find('\0') == std::string::npos;
}

std::string answer_mark(const std::string& nonce) {
  return "\n" + nonce + ".\n";
}

std::string request_start(const std::string& nonce, const WrapperKey& key,
                          const ScriptPayload& payload, bool more, bool again) {
  const bool within = carries_more(payload);
  std::string items;
  if (!payload.directory.empty()) add_item(items, 'd', payload.directory);
  for (const std::string& text : payload.environment) add_item(items, 'e', text);
  for (const std::string& text : payload.arguments) add_item(items, 'a', text);
  if (within) add_item(items, 'b', payload.body);
  items += "s\n";
  const std::string words =
      fmt::format("{} {} {} {} {} !", key.action, payload.shell, base::sha256_hex(items + "\n"),
                  base::sha256_hex(payload.body), key.epoch);
  const std::string head =
      first_line(nonce, again ? "again" : "start", key.run, words, more && within) + items;
  return within ? head : head + payload.body;
}

std::string request_attach(const std::string& nonce, const WrapperKey& key, bool more) {
  return first_line(nonce, "attach", key.run, fmt::format("{} {}", key.action, key.epoch), more);
}

std::string request_cancel(const std::string& nonce, const WrapperKey& key, base::Duration grace) {
  return first_line(nonce, "cancel", key.run,
                    fmt::format("{} {} {}", key.action, grace.ms / 100, key.epoch));
}

std::string request_follow(const std::string& nonce, const WrapperKey& key, std::uint64_t offset) {
  return first_line(nonce, "follow", key.run, fmt::format("{} {} - - - !", key.action, offset + 1));
}

std::string request_rest(const std::string& nonce, const WrapperKey& key, std::uint64_t block,
                         std::uint64_t bytes) {
  return first_line(nonce, "rest", key.run, fmt::format("{} {} {}", key.action, block, bytes));
}

std::string request_forget(const std::string& nonce, const std::string& run, std::uint32_t epoch) {
  return first_line(nonce, "forget", run, fmt::format("all {}", epoch));
}

std::vector<WrapperAnswer> AnswerReader::take(std::string_view bytes) {
  std::vector<WrapperAnswer> answers;
  rest_.append(bytes);
  const std::string mark = nonce_ + " ";
  std::size_t begin = 0;
  for (std::size_t end = rest_.find('\n'); end != std::string::npos;
       end = rest_.find('\n', begin)) {
    const std::string_view line = std::string_view(rest_).substr(begin, end - begin);
    begin = end + 1;
    // A login that ends without a line end stands before the first answer.
    const std::size_t at = line.find(mark);
    std::string& beside = hands_on_ ? outputs_ : said_;
    if (at == std::string_view::npos) {
      beside.append(line) += '\n';
      continue;
    }
    beside += line.substr(0, at);
    if (hands_on_ && !outputs_.empty()) outputs_.pop_back();  // the wrapper's own line end
    answers.push_back(answer_of(line.substr(at + mark.size())));
    hands_on_ = answers.back().kind == WrapperAnswer::Kind::Outputs;
  }
  rest_.erase(0, begin);
  if (said_.size() > most_said) said_.erase(0, said_.size() - most_said);
  if (!hands_on_ && rest_.size() > most_said) rest_.erase(0, rest_.size() - most_said);
  return answers;
}

std::string_view OutputReader::take(std::string_view bytes) {
  if (open_) return bytes;
  held_.append(bytes);
  const std::size_t at = held_.find(mark_);
  if (at == std::string::npos) {
    if (held_.size() > most_said) held_.erase(0, held_.size() - most_said);
    return {};
  }
  open_ = true;
  return std::string_view(held_).substr(at + mark_.size());
}

}  // namespace sluice::runtime
