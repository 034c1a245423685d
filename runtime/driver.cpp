#include "runtime/driver.h"

#include <algorithm>

#include "runtime/fan_out.h"
#include "runtime/unknown.h"
#include "scheduler/outputs.h"
#include "scheduler/work.h"

namespace sluice::runtime {

namespace {

using scheduler::Action;
using scheduler::Command;
using scheduler::Event;
using scheduler::Outcome;

// That an action has begun is written down with what comes next, or after so long.
constexpr base::Duration begun_waits{1'000};

std::optional<scheduler::Answer> answer_of(Order::Kind kind) {
  switch (kind) {
    case Order::Kind::Retry:
      return scheduler::Answer::Retry;
    case Order::Kind::Ignore:
      return scheduler::Answer::Ignore;
    case Order::Kind::Exclude:
      return scheduler::Answer::Exclude;
    case Order::Kind::AbortAll:
      return scheduler::Answer::Abort;
    default:
      return std::nullopt;
  }
}

}  // namespace

struct Driver::Implementation {
  Implementation(const plan::Plan& whole, std::string name, Executor& executor,
                 Journal& event_journal, Observer& listener, const Secrets* values)
      : plan(whole),
        run(std::move(name)),
        journal(event_journal),
        observer(listener),
        secrets(values),
        state(plan),
        policy(
            executor, [this](const ActionRequest& lost) { return probe(lost); },
            [this](const ActionRequest& request, const Completion& lost) { ask(request, lost); },
            [this](const ActionRequest& request, const Completion& known) {
              // Else its end says so.
              if (fan_out.open_hosts(request.action) > 1) ask(request, known);
            }),
        fan_out(
            plan, [this] { return facts(); }, policy,
            [this](const Action& action, Outcome outcome, std::vector<HostResult> results) {
              finished(action, outcome, std::move(results));
            },
            [this](const Action& action, const std::string& host, std::string_view bytes) {
              observer.output(action, host, bytes);
            }) {
    fan_out.listen([this](const Action& action) { has_begun(action); },
                   [this](const Action& action, const std::string& host) {
                     const auto found = state.retries.find({action, host});
                     return found == state.retries.end() ? 0U : found->second;
                   },
                   [this](const Action& action, const std::string& host, bool away) {
                     observer.away(action, host, away);
                   });
  }

  RunFacts facts() { return {run, state.outputs, status(), secrets, std::max(1U, state.sessions)}; }

  scheduler::RunEnvironment::Status status() const {
    return [this] { return state.machine.would_be(); };
  }

  void finished(const Action& action, Outcome outcome, std::vector<HostResult> results) {
    Event event;
    event.kind = Event::Kind::ActionFinished;
    event.action = action;
    event.outcome = outcome;
    news.events.push_back(event);
    // That a person was to be asked, in the same instant, is over.
    std::erase_if(news.results, [&](const HostResult& row) { return row.action == action; });
    for (HostResult& result : results) news.results.push_back(std::move(result));
  }

  void has_begun(const Action& action) {
    Event event;
    event.kind = Event::Kind::ActionStarted;
    event.action = action;
    if (begun_events.empty()) begun_due = last_turn + begun_waits;
    begun_events.push_back(event);
  }

  // Its `verify`.
  std::optional<ActionRequest> probe(const ActionRequest& lost) {
    Action action = lost.action;
    if (action.part != scheduler::Part::Run) return std::nullopt;
    action.part = scheduler::Part::Verify;
    if (!scheduler::has_work(plan, action)) return std::nullopt;
    base::Result<ActionRequest> made = make_request(plan, action, lost.place.host, facts());
    if (!made) return std::nullopt;
    // One for each time it was begun, the same in every program: who takes the run up comes along
    // the same answers to what was begun last, and asks nothing beside it.
    made.value().generation = first_probe_generation + lost.generation;
    made.value().output = lost.output;
    made.value().left_out = lost.left_out;
    return std::move(made).value();
  }

  // Of an action that goes on: that a person is asked about a host, or is not any more.
  void ask(const ActionRequest& request, const Completion& result) {
    news.results.push_back({request.action, request.place.name, result});
  }

  void push(Event::Kind kind, const Action& action = {},
            scheduler::Answer answer = scheduler::Answer::Retry) {
    Event event;
    event.kind = kind;
    event.action = action;
    event.answer = answer;
    news.events.push_back(event);
  }

  bool said(const Order& order) {
    const auto answer = answer_of(order.kind);
    const auto& questions = state.questions;
    const bool asked =
        std::find(questions.begin(), questions.end(), order.action) != questions.end() &&
        !is_answered(order.action);
    if (!order.host.empty()) {
      if (!answer_unknown(order)) return false;
    } else if (answer && asked) {
      push(Event::Kind::Answered, order.action, *answer);
    } else if (answers_question(order.kind)) {
      const bool decides = order.kind == Order::Kind::Approve || order.kind == Order::Kind::Reject;
      if (!decides || !waits_for_approval(order.action)) return false;
    } else {
      if (order.kind != Order::Kind::Abort && !news.session) forget_pauses();
      push(order.kind == Order::Kind::Pause      ? Event::Kind::Pause
           : order.kind == Order::Kind::Continue ? Event::Kind::Continue
                                                 : Event::Kind::Abort);
    }
    news.orders.push_back(order);
    return true;
  }

  // Of several in one instant the last word holds: the scheduler takes them by kind, and a pause
  // would be lost. Whoever resumes a run takes back what was left before.
  void forget_pauses() {
    std::erase_if(news.events, [](const Event& event) {
      return event.kind == Event::Kind::Pause || event.kind == Event::Kind::Continue;
    });
  }

  bool waits_for_approval(const Action& action) const {
    return state.open.contains(action) && scheduler::is_manual(scheduler::work_for(plan, action));
  }

  // In this instant already: the first answer counts.
  bool is_answered(const Action& action) const {
    return std::any_of(news.events.begin(), news.events.end(), [&](const Event& event) {
      return event.kind == Event::Kind::Answered && event.action == action;
    });
  }

  bool answer_unknown(const Order& order) {
    if (!state.unknown.contains({order.action, order.host})) return false;
    // Begun when that is written down.
    if (order.kind == Order::Kind::Retry) return policy.asks(order.action, order.host);
    const bool well = order.kind == Order::Kind::Succeeded;
    if (!well && order.kind != Order::Kind::Failed) return false;
    return policy.answer(
        order.action, order.host,
        well ? UnknownOutcomes::Answer::Succeeded : UnknownOutcomes::Answer::Failed, order.who);
  }

  bool has_news() const {
    return !begun || !news.events.empty() || !news.results.empty() || !news.orders.empty() ||
           news.session.has_value();
  }

  // A timeout bounds what is carried out, and neither how long what that wrote is on its way nor
  // how long a person is asked what has become of it.
  bool counts(const Event& timer) const {
    if (timer.timer != scheduler::TimerKind::Timeout) return true;
    const std::size_t unknown = state.unknown_hosts(timer.action);
    if (unknown > 0 && unknown == fan_out.open_hosts(timer.action)) return false;
    return !fan_out.has_ended_before(timer.action);
  }

  base::Instant next_timer() const {
    for (const auto& [at, timer] : state.timers) {
      if (counts(timer)) return at;
    }
    return base::Instant::never();
  }

  base::Status turn(base::Instant now) {
    last_turn = now;
    for (auto timer = state.timers.begin(); timer != state.timers.end() && timer->first <= now;
         ++timer) {
      if (counts(timer->second)) news.events.push_back(timer->second);
    }
    if (!has_news() && (begun_events.empty() || now < begun_due)) return base::Done{};
    begun = true;
    Instant instant = std::move(news);
    news = {};
    instant.at = now;
    instant.events.insert(instant.events.end(), begun_events.begin(), begun_events.end());
    begun_events.clear();
    std::stable_sort(instant.results.begin(), instant.results.end(),
                     [](const HostResult& a, const HostResult& b) { return a.action < b.action; });
    state.take(instant, commands);
    if (base::Status committed = journal.commit(instant); !committed) return committed;
    observer.instant(instant, commands);
    go_on();
    for (const Event& event : instant.events) {
      if (event.kind == Event::Kind::ActionFinished) fan_out.settled(event.action);
    }
    for (const Order& order : instant.orders) {
      if (order.host.empty() || order.kind != Order::Kind::Retry) continue;
      policy.answer(order.action, order.host, UnknownOutcomes::Answer::Retry, order.who);
    }
    for (const Command& command : commands) carry_out(command);
    return base::Done{};
  }

  void resume(const std::vector<Instant>& instants, base::Instant now, bool same_boot) {
    std::set<Action> booted;  // what was at work when the machine booted, and may be still
    for (const Instant& instant : instants) {
      const auto& session = instant.session;
      if (session && state.last_session && session->boot != state.last_session->boot) {
        for (const auto& [action, open] : state.open) booted.insert(action);
      }
      state.take(instant, commands);
      for (const Event& event : instant.events) {
        if (event.kind != Event::Kind::ActionFinished) continue;
        fan_out.replayed(event.action, instant.results);
      }
      observer.replayed(instant, commands);
      begun = true;
    }
    for (const auto& [action, open] : state.open) {
      const bool same = same_boot && !booted.contains(action);
      resumed.emplace_back(action, ActionRequest::Resumed{open.begun, same, now - open.since});
    }
    conditions = state.conditions;
    const base::Duration away = now - state.last;
    std::multimap<base::Instant, Event> timers;
    for (const auto& [at, event] : state.timers) {
      const bool stood_still =
          event.timer == scheduler::TimerKind::Timeout && state.open.contains(event.action);
      timers.emplace(stood_still ? at + away : at, event);
    }
    state.timers = std::move(timers);
    // Asked again, of what is known by now.
    for (const auto& [where, why] : std::exchange(state.unknown, {})) {
      state.set_timeout(where.first, now);
    }
    if (state.machine.state() == scheduler::State::Paused) push(Event::Kind::Continue);
  }

  // What was at work when a program before this one ended.
  void go_on() {
    const auto actions = std::move(resumed);
    resumed.clear();
    for (const auto& [action, how] : actions) {
      fan_out.start(action, how);
      const auto open = state.open.find(action);
      if (open != state.open.end() && open->second.cancelled) fan_out.cancel(action);
    }
    for (const Action& asked : std::exchange(conditions, {})) find_out(asked);
  }

  void find_out(const Action& asked) {
    Event event;
    event.kind = Event::Kind::ConditionKnown;
    event.action = asked;
    event.truth = truth(asked);
    news.events.push_back(event);
  }

  void carry_out(const Command& command) {
    switch (command.kind) {
      case Command::Kind::StartAction:
        return fan_out.start(command.action);
      case Command::Kind::CancelAction:
        return fan_out.cancel(command.action);
      case Command::Kind::EvaluateCondition:
        return find_out(command.action);
      default:
        return;
    }
  }

  scheduler::Truth truth(const Action& asked) const {
    const plan::TargetId target = scheduler::asked_target(plan, asked);
    return scheduler::truth_of(
        scheduler::asked_condition(plan, asked),
        scheduler::RunEnvironment(plan, state.outputs, status(), target, target, run));
  }

  const plan::Plan& plan;
  std::string run;
  Journal& journal;
  Observer& observer;
  const Secrets* secrets;
  RunState state;
  UnknownOutcomes policy;
  FanOut fan_out;
  Instant news;  // what has come since the last turn
  std::vector<Event> begun_events;
  base::Instant begun_due;
  base::Instant last_turn;
  scheduler::Commands commands;
  std::vector<std::pair<Action, ActionRequest::Resumed>> resumed;
  std::vector<Action> conditions;
  bool begun = false;
};

Driver::Driver(const plan::Plan& plan, std::string run, Executor& executor, Journal& journal,
               Observer& observer, const Secrets* secrets)
    : implementation_(std::make_unique<Implementation>(plan, std::move(run), executor, journal,
                                                       observer, secrets)) {}
Driver::~Driver() = default;

void Driver::resume(const std::vector<Instant>& instants, base::Instant now, bool same_boot) {
  implementation_->resume(instants, now, same_boot);
}
void Driver::begin_session(Session session) {
  implementation_->news.session = std::move(session);
}
base::Status Driver::turn(base::Instant now) {
  return implementation_->turn(now);
}
void Driver::pause() {
  implementation_->push(Event::Kind::Pause);
}
void Driver::abort() {
  implementation_->push(Event::Kind::Abort);
}
void Driver::answer(const Action& asked, scheduler::Answer answer) {
  implementation_->push(Event::Kind::Answered, asked, answer);
}
bool Driver::said(const Order& order) {
  return implementation_->said(order);
}

const std::vector<Action>& Driver::questions() const {
  return implementation_->state.questions;
}
const std::map<RunState::OnHost, std::string>& Driver::unknown() const {
  return implementation_->state.unknown;
}
const RunState& Driver::run_state() const {
  return implementation_->state;
}

bool Driver::waits_for_people() const {
  const RunState& state = implementation_->state;
  const std::size_t people = state.waiting_for_people();
  return people > 0 && state.machine.in_flight() == people && !has_news();
}

base::Instant Driver::next_timer() const {
  const base::Instant timer = implementation_->next_timer();
  return implementation_->begun_events.empty() ? timer
                                               : std::min(timer, implementation_->begun_due);
}

bool Driver::has_news() const {
  return implementation_->has_news();
}
bool Driver::awaits_more() const {
  const auto& events = implementation_->news.events;
  const auto ended = std::count_if(events.begin(), events.end(), [](const Event& event) {
    return event.kind == Event::Kind::ActionFinished;
  });
  return implementation_->state.machine.in_flight() > static_cast<std::size_t>(ended);
}
bool Driver::ended() const {
  return implementation_->state.machine.ended();
}
bool Driver::at_rest() const {
  return implementation_->state.machine.at_rest();
}
scheduler::State Driver::state() const {
  return implementation_->state.machine.state();
}

}  // namespace sluice::runtime
