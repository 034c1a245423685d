#include "runtime/journal_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include "base/sha256.h"

namespace sluice::runtime {

namespace {

using scheduler::Action;
using scheduler::Event;

// A field that is a dash.
constexpr std::int64_t nothing = std::numeric_limits<std::int64_t>::min();

std::int64_t number_of(plan::StepId step) {
  return step.valid() ? std::int64_t{step.value} : -1;
}
std::int64_t number_of(std::optional<int> value) {
  return value ? *value : nothing;
}
template <class Enumeration>
std::int64_t number_of(Enumeration value)
  requires std::is_enum_v<Enumeration>
{
  return static_cast<std::int64_t>(value);
}

// The reverse; false where it is out of range.
bool take(std::int64_t number, plan::StepId& step) {
  if (number < -1 || number >= std::numeric_limits<std::uint32_t>::max()) return false;
  step = number >= 0 ? plan::StepId{static_cast<std::uint32_t>(number)} : plan::StepId();
  return true;
}
bool take(std::int64_t number, std::uint32_t& value) {
  value = static_cast<std::uint32_t>(number);
  return std::in_range<std::uint32_t>(number);
}
bool take(std::int64_t number, std::optional<int>& value) {
  value.reset();
  if (number == nothing) return true;
  value = static_cast<int>(number);
  return std::in_range<int>(number);
}
template <class Enumeration>
bool take(std::int64_t number, Enumeration& value)
  requires std::is_enum_v<Enumeration>
{
  value = static_cast<Enumeration>(number);
  return std::in_range<std::uint8_t>(number);
}

// The numbers of a line, in their order: what changes from line to line comes first.
constexpr std::size_t event_fields = 11;
constexpr std::size_t result_fields = 10;
using EventFields = std::array<std::int64_t, event_fields>;
using ResultFields = std::array<std::int64_t, result_fields>;

// Those of an action, and behind them `more`.
template <class... More>
std::array<std::int64_t, 6 + sizeof...(More)> fields_of(const Action& action, More... more) {
  return {action.lane,
          action.task,
          action.slot,
          number_of(action.step),
          number_of(action.part),
          action.attempt,
          number_of(more)...};
}
EventFields fields_of(const Event& event) {
  return fields_of(event.action, event.kind, event.outcome, event.timer, event.truth, event.answer);
}
ResultFields fields_of(const HostResult& result) {
  const Completion& end = result.completion;
  return fields_of(result.action, end.outcome, end.ending, end.exit_code, end.signal);
}
template <std::size_t count>
bool take_action(const std::array<std::int64_t, count>& fields, Action& action) {
  return take(fields[0], action.lane) && take(fields[1], action.task) &&
         take(fields[2], action.slot) && take(fields[3], action.step) &&
         take(fields[4], action.part) && take(fields[5], action.attempt);
}
bool take(const EventFields& fields, Event& event) {
  return take_action(fields, event.action) && take(fields[6], event.kind) &&
         take(fields[7], event.outcome) && take(fields[8], event.timer) &&
         take(fields[9], event.truth) && take(fields[10], event.answer);
}
bool take(const ResultFields& fields, HostResult& result) {
  Completion& end = result.completion;
  return take_action(fields, result.action) && take(fields[6], end.outcome) &&
         take(fields[7], end.ending) && take(fields[8], end.exit_code) &&
         take(fields[9], end.signal);
}

// What the first line of its kind is held against.
Event usual_event() {
  Event event;
  event.action.step = {0};
  return event;
}
HostResult usual_result() {
  HostResult result;
  result.action.step = {0};
  result.completion.outcome = scheduler::Outcome::Succeeded;
  result.completion.ending = Completion::Ending::Exited;
  result.completion.exit_code = 0;
  return result;
}

// What a result is held against: the event in its place, as far as there is one, and the result
// before it.
ResultFields expected(const std::vector<Event>& events, std::size_t at, ResultFields before) {
  if (at >= events.size()) return before;
  const EventFields event = fields_of(events[at]);
  constexpr std::size_t of_action = 6;
  std::copy_n(event.begin(), of_action, before.begin());
  before[of_action] = event[of_action + 1];  // the outcome
  return before;
}

// Up to the last that is another than before.
template <std::size_t count>
std::size_t changed(const std::array<std::int64_t, count>& fields,
                    const std::array<std::int64_t, count>& before) {
  std::size_t length = count;
  while (length > 0 && fields[length - 1] == before[length - 1]) --length;
  return length;
}

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
  Writer& fields(std::span<const std::int64_t> fields) {
    for (const std::int64_t field : fields) {
      if (field != nothing) {
        number(field);
      } else {
        text_ += " -";
      }
    }
    return *this;
  }
  Writer& text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    text_ += ':';
    text_ += value;
    return *this;
  }
  Writer& action(const Action& action) {
    number(number_of(action.step));
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
  void check(bool well) { well_ = well_ && well; }

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
  template <class Number>
  void optional(std::optional<Number>& value) {
    constexpr std::string_view none = " -";
    const std::string_view next = text_.substr(0, none.size() + 1);
    if (next != " - " && next != " -\n") return number(value.emplace());
    value.reset();
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
  // Whether the line has another field.
  bool has_field() const { return well_ && !text_.empty() && text_.front() != '\n'; }
  // As many as the line has: those that are left out at its end are as they were.
  void fields(std::span<std::int64_t> fields) {
    for (std::int64_t& field : fields) {
      if (!has_field()) return;
      std::optional<std::int64_t> value;
      optional(value);
      field = value.value_or(nothing);
    }
  }
  void action(Action& action) {
    std::int64_t step = -1;
    number(step);
    well_ = well_ && take(step, action.step);
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

void write_events(Writer& writer, const std::vector<Event>& events) {
  EventFields before = fields_of(usual_event());
  for (const Event& event : events) {
    const EventFields fields = fields_of(event);
    writer.begin('E').fields(std::span(fields).first(changed(fields, before))).end();
    before = fields;
  }
}

void write_results(Writer& writer, const Instant& instant) {
  ResultFields before = fields_of(usual_result());
  std::string_view detail_before;
  std::string outputs_before;
  for (std::size_t at = 0; at < instant.results.size(); ++at) {
    const HostResult& result = instant.results[at];
    const ResultFields fields = fields_of(result);
    before = expected(instant.events, at, before);
    const std::string& detail = result.completion.detail;
    std::string outputs = outputs_text(result.completion.outputs);
    const bool with_outputs = outputs != outputs_before;
    const bool with_detail = with_outputs || detail != detail_before;
    writer.begin('R').text(result.host);
    writer.fields(std::span(fields).first(with_detail ? fields.size() : changed(fields, before)));
    if (with_detail) writer.text(detail);
    if (with_outputs) writer.text(outputs);
    writer.end();
    before = fields;
    detail_before = detail;
    outputs_before = std::move(outputs);
  }
}

// `event` is that of the line before.
void read_event(Reader& line, Event& event) {
  EventFields fields = fields_of(event);
  line.fields(fields);
  line.check(take(fields, event));
}

// `result` is that of the line before, and is none of `instant` yet.
void read_result(Reader& line, const Instant& instant, HostResult& result) {
  line.text(result.host);
  ResultFields fields = expected(instant.events, instant.results.size(), fields_of(result));
  line.fields(fields);
  line.check(take(fields, result));
  if (line.has_field()) line.text(result.completion.detail);
  if (!line.has_field()) return;
  std::string outputs;
  line.text(outputs);
  result.completion.outputs = read_outputs(outputs);
}

// Format 5.
void read_whole_event(Reader& line, Event& event) {
  line.name(event.kind);
  line.action(event.action);
  line.name(event.outcome);
  line.name(event.timer);
  line.name(event.truth);
  line.name(event.answer);
}

void read_whole_result(Reader& line, HostResult& result) {
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
  constexpr std::size_t usual_line = 32;
  text.reserve(usual_line * (instant.events.size() + instant.results.size()));
  Writer writer(text);
  write_events(writer, instant.events);
  write_results(writer, instant);
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
  Event event = usual_event();
  HostResult result = usual_result();
  Reader line(text);
  while (line.more()) {
    switch (line.begin()) {
      case 'E':
        read_event(line, event);
        instant.events.push_back(event);
        break;
      case 'R':
        read_result(line, instant, result);
        instant.results.push_back(result);
        break;
      case 'e':
        read_whole_event(line, instant.events.emplace_back());
        break;
      case 'r':
        read_whole_result(line, instant.results.emplace_back());
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
