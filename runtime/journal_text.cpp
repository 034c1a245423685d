#include "runtime/journal_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/sha256.h"

namespace sluice::runtime {

namespace {

using scheduler::Action;
using scheduler::Event;

class Writer {
 public:
  explicit Writer(std::string& text) : text_(text) {}

  Writer& begin(char kind) {
    text_ += kind;
    return *this;
  }
  Writer& number(std::int64_t value) {
    constexpr std::size_t most_digits = 20;
    char digits[most_digits];
    const auto end = std::to_chars(digits, digits + most_digits, value).ptr;
    text_ += ' ';
    text_.append(digits, end);
    return *this;
  }
  template <class Enumeration>
  Writer& name(Enumeration value) {
    return number(static_cast<std::int64_t>(value));
  }
  Writer& optional(std::optional<int> value) {
    if (value) return number(*value);
    text_ += " -";
    return *this;
  }
  Writer& text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    text_ += ':';
    text_ += value;
    return *this;
  }
  Writer& action(const Action& action) {
    number(action.step.valid() ? std::int64_t{action.step.value} : -1);
    number(action.lane).number(action.task).name(action.part);
    return number(action.attempt).number(action.slot);
  }
  void end() { text_ += '\n'; }

 private:
  std::string& text_;
};

// Reads what a Writer has written; the first thing that is not as it should be ends it.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool well() const { return well_; }
  bool more() const { return well_ && !text_.empty(); }
  char begin() {
    const char kind = text_.front();
    text_.remove_prefix(1);
    return kind;
  }
  void end() { expect('\n'); }

  template <class Number>
  void number(Number& value) {
    expect(' ');
    digits(value);
  }
  template <class Enumeration>
  void name(Enumeration& value) {
    std::uint8_t number_of_it = 0;
    number(number_of_it);
    value = static_cast<Enumeration>(number_of_it);
  }
  // Something always follows it.
  void optional(std::optional<int>& value) {
    constexpr std::string_view none = " -";
    if (text_.substr(0, none.size() + 1) != " - ") return number(value.emplace());
    text_.remove_prefix(none.size());
  }
  void text(std::string& value) {
    std::size_t length = 0;
    number(length);
    expect(':');
    well_ = well_ && length <= text_.size();
    if (!well_) return;
    value = text_.substr(0, length);
    text_.remove_prefix(length);
  }
  void action(Action& action) {
    std::int64_t step = -1;
    number(step);
    if (step < -1 || step >= std::numeric_limits<std::uint32_t>::max()) well_ = false;
    if (step >= 0) action.step = {static_cast<std::uint32_t>(step)};
    number(action.lane);
    number(action.task);
    name(action.part);
    number(action.attempt);
    number(action.slot);
  }

 private:
  void expect(char c) {
    well_ = well_ && !text_.empty() && text_.front() == c;
    if (well_) text_.remove_prefix(1);
  }
  template <class Number>
  void digits(Number& value) {
    if (!well_) return;
    const auto [end, problem] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    well_ = problem == std::errc();
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
  }

  std::string_view text_;
  bool well_ = true;
};

// One a line, as they were written: a value has no line end.
std::string outputs_text(const std::vector<Output>& outputs) {
  std::string text;
  for (const Output& output : outputs) text += output.name + "=" + output.value + "\n";
  return text;
}

void read_event(Reader& line, Event& event) {
  line.name(event.kind);
  line.action(event.action);
  line.name(event.outcome);
  line.name(event.timer);
  line.name(event.truth);
  line.name(event.answer);
}

void read_result(Reader& line, HostResult& result) {
  Completion& end = result.completion;
  line.action(result.action);
  line.name(end.outcome);
  line.name(end.ending);
  line.optional(end.exit_code);
  line.optional(end.signal);
  line.text(result.host);
  line.text(end.detail);
  std::string outputs;
  line.text(outputs);
  end.outputs = read_outputs(outputs);
}

void read_order(Reader& line, Order& order) {
  line.name(order.kind);
  line.action(order.action);
  line.text(order.host);
  line.text(order.who);
  line.text(order.at);
  line.text(order.name);
}

void read_session(Reader& line, Session& session) {
  line.text(session.who);
  line.text(session.version);
  line.text(session.boot);
  line.number(session.boot_ms);
  line.number(session.wall_ms);
}

std::string older_action(const Action& action) {
  const std::int64_t step = action.step.valid() ? std::int64_t{action.step.value} : -1;
  return fmt::format("{} {} {} {} {} {}", step, action.lane, action.task,
                     static_cast<int>(action.part), action.attempt, action.slot);
}

}  // namespace

std::vector<Output> read_outputs(std::string_view text) {
  std::vector<Output> outputs;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t equals = std::min(line.find('='), line.size());
    outputs.push_back({std::string(line.substr(0, equals)),
                       std::string(line.substr(std::min(equals + 1, line.size())))});
  }
  return outputs;
}

std::string instant_text(const Instant& instant) {
  std::string text;
  constexpr std::size_t usual_line = 64;
  text.reserve(usual_line * (instant.events.size() + instant.results.size()));
  Writer writer(text);
  for (const Event& event : instant.events) {
    writer.begin('e').name(event.kind).action(event.action).name(event.outcome);
    writer.name(event.timer).name(event.truth).name(event.answer).end();
  }
  for (const HostResult& result : instant.results) {
    const Completion& end = result.completion;
    writer.begin('r').action(result.action).name(end.outcome).name(end.ending);
    writer.optional(end.exit_code).optional(end.signal).text(result.host);
    writer.text(end.detail).text(outputs_text(end.outputs)).end();
  }
  for (const Order& order : instant.orders) {
    writer.begin('o').name(order.kind).action(order.action).text(order.host);
    writer.text(order.who).text(order.at).text(order.name).end();
  }
  if (const auto& session = instant.session) {
    writer.begin('s').text(session->who).text(session->version).text(session->boot);
    writer.number(session->boot_ms).number(session->wall_ms).end();
  }
  return text;
}

std::optional<Instant> read_instant(std::string_view text) {
  Instant instant;
  Reader line(text);
  while (line.more()) {
    switch (line.begin()) {
      case 'e':
        read_event(line, instant.events.emplace_back());
        break;
      case 'r':
        read_result(line, instant.results.emplace_back());
        break;
      case 'o':
        read_order(line, instant.orders.emplace_back());
        break;
      case 's':
        read_session(line, instant.session.emplace());
        break;
      default:
        return std::nullopt;
    }
    line.end();
  }
  if (!line.well()) return std::nullopt;
  return instant;
}

std::string first_link(const RunRecord& record) {
  std::string text = fmt::format("{}\n{}\n{}\n{}", record.run, record.started_at, record.version,
                                 record.plan_json);
  if (record.format >= oldest_resumed_format) {
    text += fmt::format("\n{}\n{}", record.format, record.folder);
  }
  for (const auto& [word, value] : record.given) {
    text += fmt::format("\n{}:{} {}", word, value.size(), value);
  }
  return base::sha256_hex(text);
}

std::string chain(const std::string& before, base::Instant at, std::string_view record) {
  base::Sha256 digest;
  digest.add(fmt::format("{} {}\n", before, at.ms));
  digest.add(record);
  return digest.hex();
}

std::string older_chain(const std::string& before, const Instant& instant) {
  std::string text = fmt::format("{} {}", before, instant.at.ms);
  for (const Event& event : instant.events) {
    text +=
        fmt::format(";{} {} {} {} {} {}", static_cast<int>(event.kind), older_action(event.action),
                    static_cast<int>(event.outcome), static_cast<int>(event.timer),
                    static_cast<int>(event.truth), static_cast<int>(event.answer));
  }
  for (const HostResult& result : instant.results) {
    const Completion& end = result.completion;
    text += fmt::format("|{} {} {} {} {} {} {} {}", older_action(result.action), result.host,
                        static_cast<int>(end.outcome), static_cast<int>(end.ending),
                        end.exit_code.value_or(-1), end.signal.value_or(-1), end.detail,
                        outputs_text(end.outputs));
  }
  for (const Order& order : instant.orders) {
    text += fmt::format("!{} {} {}\n{}\n{}\n{}", static_cast<int>(order.kind),
                        older_action(order.action), order.host, order.who, order.at, order.name);
  }
  if (const auto& session = instant.session) {
    text += fmt::format("@{}\n{}\n{} {} {}", session->who, session->version, session->boot,
                        session->boot_ms, session->wall_ms);
  }
  return base::sha256_hex(text);
}

}  // namespace sluice::runtime
