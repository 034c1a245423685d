#include "cli/notifications.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "base/words.h"
#include "cli/typed.h"
#include "render/state_words.h"
#include "render/timeline_text.h"
#include "runtime/runs.h"
#include "scheduler/work.h"

namespace sluice::cli {

namespace {

using scheduler::Command;
using scheduler::Event;

constexpr std::string_view run_started = "run_started";
constexpr std::string_view run_resumed = "run_resumed";
constexpr std::string_view step_ended_event = "step_ended";
constexpr std::string_view target_failed = "target_failed";
constexpr std::string_view operator_needed = "operator_needed";
constexpr std::string_view left_prediction_event = "left_prediction";
constexpr std::string_view run_paused = "run_paused";
constexpr std::string_view run_continued = "run_continued";
constexpr std::string_view run_stopped = "run_stopped";
constexpr std::string_view run_ended_event = "run_ended";
constexpr std::array event_names{
    run_started,           run_resumed, step_ended_event, target_failed, operator_needed,
    left_prediction_event, run_paused,  run_continued,    run_stopped,   run_ended_event};

// As it was given, where our own folder is gone.
std::string whole_path(const std::string& path) {
  std::error_code gone;
  const auto whole = std::filesystem::absolute(path, gone);
  return path.empty() || gone ? path : whole.lexically_normal().string();
}

base::Status take_events(std::string_view list, std::set<std::string, std::less<>>& on) {
  while (true) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view name = list.substr(0, end);
    if (std::find(event_names.begin(), event_names.end(), name) == event_names.end()) {
      return base::Error{fmt::format("--notify-on: there is no event `{}`; there are {}",
                                     base::printable(name), fmt::join(event_names, ", "))};
    }
    on.emplace(name);
    if (end == list.size()) return base::Done{};
    list.remove_prefix(end + 1);
  }
}

}  // namespace

base::Result<NotifySettings> read_notify(const std::vector<std::string>& to,
                                         const std::vector<std::string>& on) {
  NotifySettings settings;
  for (const std::string& list : on) {
    if (const base::Status taken = take_events(list, settings.on); !taken) return taken.error();
  }
  if (to.empty() && !on.empty()) return base::Error{"--notify-on: there is no --notify"};
  for (const std::string& text : to) {
    auto destination = runtime::read_destination(text);
    if (!destination) return base::Error{"--notify: " + destination.error().message};
    settings.destinations.push_back(std::move(destination).value());
  }
  return settings;
}

// One notification, being written. Every text in it goes through the mask.
class Notifications::Document {
 public:
  Document(const Notifications& of, std::string_view event, base::Instant at, std::string text)
      : of_(of), json_(bytes_) {
    const plan::Plan& plan = of.run_.plan;
    id = fmt::format("{}/{}.{}", of.run_.name, of.sessions_, of.told_ + 1);
    json_.begin_object().member("schema", "sluice.notification/1").member("id", id);
    json_.member("event", event).member("at", runtime::wall_time()).member("at_ms", at.ms);
    member("run", of.run_.name).member("deployment", plan.deployment);
    if (!plan.environment.empty()) member("environment", plan.environment);
    member("plan", plan.digest).member("controller", of.run_.who);
    const std::string where =
        plan.environment.empty() ? "" : fmt::format(" ({})", plan.environment);
    member("text", base::printable(fmt::format("{}{}: {}", plan.deployment, where, text)));
  }

  Document& member(std::string_view name, std::string_view text) {
    json_.member(name, of_.mask_.apply(text));
    return *this;
  }
  Document& number(std::string_view name, std::int64_t value) {
    json_.member(name, value);
    return *this;
  }
  Document& list(std::string_view name, const std::vector<std::string>& lines) {
    json_.key(name).begin_array();
    for (const std::string& line : lines) json_.value(of_.mask_.apply(line));
    json_.end_array();
    return *this;
  }
  Document& task(const scheduler::Action& action) {
    const plan::Plan& plan = of_.run_.plan;
    const plan::Step& step = plan.steps[action.step];
    member("step", step.name);
    if (step.has_child_steps || action.part != scheduler::Part::Run) {
      member("child", scheduler::part_name(plan, action));
    }
    return member("target", plan::lane_name(plan, action.step, action.lane));
  }
  base::JsonWriter& json() { return json_; }

  std::string close() {
    json_.end_object();
    return std::move(bytes_);
  }

  std::string id;

 private:
  const Notifications& of_;
  std::string bytes_;
  base::JsonWriter json_;
};

Notifications::Notifications(runtime::Loop& loop, const NotifySettings& settings, Run run,
                             const runtime::Mask& mask, TimelineOf timeline, Say say)
    : settings_(settings),
      run_(std::move(run)),
      state_(whole_path(run_.state)),
      mask_(mask),
      timeline_(std::move(timeline)) {
  for (const runtime::Destination& destination : settings.destinations) {
    notifiers_.push_back(
        std::make_unique<runtime::Notifier>(loop, destination, run_.certificates, say));
  }
}

bool Notifications::wanted(std::string_view event) const {
  return settings_.on.empty() || settings_.on.contains(event);
}

void Notifications::tell(Document& document) {
  ++told_;
  const std::string bytes = document.close();
  for (const auto& notifier : notifiers_) notifier->tell({document.id, bytes});
}

void Notifications::replayed(const runtime::Instant& instant) {
  if (instant.session) ++sessions_;
}

void Notifications::instant(const runtime::Instant& instant, const scheduler::Commands& commands) {
  if (instant.session) session(instant);
  paused_or_continued(instant);
  wants_questions_ = !instant.results.empty();  // a result without an event is a question
  for (const Command& command : commands) {
    const bool manual = command.kind == Command::Kind::StartAction &&
                        scheduler::is_manual(scheduler::work_for(run_.plan, command.action));
    wants_questions_ = wants_questions_ || manual || command.kind == Command::Kind::AskOperator;
    if (command.kind == Command::Kind::StepEnded) step_ended(command, instant.at);
    if (command.kind != Command::Kind::DeploymentEnded) continue;
    run_ended(command, instant.at);
  }
}

void Notifications::session(const runtime::Instant& instant) {
  ++sessions_;
  const bool first = sessions_ == 1;
  const std::string_view event = first ? run_started : run_resumed;
  if (!wanted(event)) return;
  const plan::Plan& plan = run_.plan;
  Document document(*this, event, instant.at,
                    first ? fmt::format("run {} begins: {} on {}", run_.name,
                                        base::counted(plan.steps.size(), "step"),
                                        base::counted(plan.targets.size(), "target"))
                          : fmt::format("run {} goes on", run_.name));
  document.number("steps", static_cast<std::int64_t>(plan.steps.size()));
  document.number("targets", static_cast<std::int64_t>(plan.targets.size()));
  tell(document);
}

// The pause that a program before this one has left is taken back by the session itself.
void Notifications::paused_or_continued(const runtime::Instant& instant) {
  for (const Event& event : instant.events) {
    const bool pause = event.kind == Event::Kind::Pause;
    if (!pause && event.kind != Event::Kind::Continue) continue;
    if (!pause && instant.session) continue;
    const std::string_view name = pause ? run_paused : run_continued;
    if (!wanted(name)) continue;
    std::string who;
    for (const runtime::Order& order : instant.orders) {
      if (!runtime::answers_question(order.kind)) who = order.who;
    }
    const std::string by = who.empty() ? "" : " by " + who;
    Document document(*this, name, instant.at,
                      (pause ? "paused" : "continued") + by + ": run " + run_.name);
    if (!who.empty()) document.member("by", who);
    tell(document);
  }
}

void Notifications::step_ended(const Command& command, base::Instant at) {
  if (!wanted(step_ended_event)) return;
  const plan::Step& step = run_.plan.steps[command.action.step];
  const scheduler::Timeline timeline = timeline_(at);
  const scheduler::StepTimes& times = timeline.steps[command.action.step.value];
  std::string reason;
  if (command.reason != scheduler::Reason::None) {
    reason = scheduler::reason_text(run_.plan, command.reason, command.cause, command.contract);
  }
  std::string text = fmt::format("`{}` {}", step.name, render::state_words(command.state));
  text += render::bad_targets_words(times.failed - times.undone, times.undone, times.targets);
  if (!reason.empty()) text += ", " + reason;
  Document document(*this, step_ended_event, at, text);
  document.member("step", step.name).member("state", scheduler::state_name(command.state));
  if (!reason.empty()) document.member("reason", reason);
  document.number("targets", times.targets).number("succeeded", times.succeeded);
  document.number("failed", times.failed);
  tell(document);
}

void Notifications::run_ended(const Command& command, base::Instant at) {
  if (!wanted(run_ended_event)) return;
  const scheduler::Timeline timeline = timeline_(at);
  const scheduler::Census& census = timeline.census;
  Document document(*this, run_ended_event, at,
                    fmt::format("run {} {} in {}", run_.name, render::state_words(command.state),
                                render::duration_text(timeline.duration)));
  document.member("state", scheduler::state_name(command.state));
  document.number("duration_ms", timeline.duration.ms);
  base::JsonWriter& json = document.json();
  json.key("census").begin_object();
  json.member("verified", census.verified).member("failed", census.failed);
  json.member("skipped", census.skipped).member("excluded", census.excluded);
  json.member("left_behind", census.left_behind).member("not_started", census.not_started);
  json.member("unknown", census.unknown).end_object();
  tell(document);
}

// Who is told sits elsewhere: what is to be typed names the folder of runs by its whole path.
std::vector<std::string> Notifications::to_be_typed_anywhere(std::vector<std::string> lines) const {
  const std::string given = typed_state(run_.state);
  for (std::string& line : lines) {
    const std::size_t at = given.empty() ? std::string::npos : line.rfind(given);
    if (at != std::string::npos) line.replace(at, given.size(), typed_state(state_));
  }
  return lines;
}

void Notifications::failed(const Failure& failure, base::Instant at) {
  if (!wanted(target_failed)) return;
  Document document(*this, target_failed, at, failure_text(failure));
  document.task(failure.action).number("attempt", failure.action.attempt);
  document.number("attempts", failure.attempts);
  if (!failure.place.empty()) document.member("place", failure.place);
  document.member("what", failure.what).list("output", failure.output);
  document.list("next", to_be_typed_anywhere(failure.next));
  tell(document);
}

void Notifications::questions(const std::vector<Question>& open, base::Instant at) {
  wants_questions_ = false;
  for (const Question& question : open) {
    const std::string type = what_to_type(question, run_.name, state_);
    if (!asked_.insert(fmt::format("{} {}", question.round, type)).second) continue;
    if (!wanted(operator_needed)) continue;
    Document document(
        *this, operator_needed, at,
        fmt::format("a person is asked about `{}`: {}", question.name, answers_to(question.kind)));
    document.task(question.action).number("attempt", question.action.attempt);
    document.member("question", question.name).member("answers", answers_to(question.kind));
    // Who is woken decides by this whether to get up.
    if (!question.instructions.empty()) document.member("instructions", question.instructions);
    if (!question.approvers.empty()) document.list("approvers", question.approvers);
    document.list("next", {type});
    tell(document);
  }
}

void Notifications::left_prediction(const simulator::Alarm& alarm, const std::string& text,
                                    base::Instant at) {
  if (!wanted(left_prediction_event)) return;
  Document document(*this, left_prediction_event, at, text);
  if (alarm.step.valid()) document.member("step", run_.plan.steps[alarm.step].name);
  document.number("took_ms", alarm.took.ms);
  base::JsonWriter& json = document.json();
  json.key("predicted_ms").begin_object().member("p5", alarm.predicted.low.ms);
  json.member("p50", alarm.predicted.middle.ms).member("p95", alarm.predicted.high.ms);
  json.end_object();
  tell(document);
}

void Notifications::stopped(const std::string& why, base::Instant at) {
  if (!wanted(run_stopped)) return;
  Document document(*this, run_stopped, at,
                    fmt::format("no program carries run {} on any more: {}", run_.name, why));
  document.member("what", why);
  document.list("next", {typed_command("resume", run_.name, state_)});
  tell(document);
}

void Notifications::finish(const std::function<void()>& done) {
  auto left = std::make_shared<std::size_t>(notifiers_.size());
  for (const auto& notifier : notifiers_) {
    notifier->finish([left, done] {
      if (--*left == 0) done();
    });
  }
}

void Notifications::give_up() {
  for (const auto& notifier : notifiers_) notifier->give_up();
}

std::vector<std::string> Notifications::losses() const {
  std::vector<std::string> lines;
  for (const auto& notifier : notifiers_) {
    if (notifier->not_told() == 0) continue;
    lines.push_back(fmt::format(
        "{} of {} did not reach `{}`", notifier->not_told(),
        base::counted(notifier->told() + notifier->not_told(), "notification"), notifier->name()));
  }
  return lines;
}

}  // namespace sluice::cli
