#include "runtime/older_journal.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/journal_text.h"

namespace sluice::runtime {

using base::Error;
using base::Status;

namespace {

scheduler::Action read_action(Statement& row) {
  scheduler::Action action;
  const std::int64_t step = row.number();
  if (step >= 0) action.step = {static_cast<std::uint32_t>(step)};
  action.lane = row.count();
  action.task = row.count();
  action.part = static_cast<scheduler::Part>(row.number());
  action.attempt = row.count();
  action.slot = row.count();
  return action;
}

Status read_events(Database& database, std::vector<Instant>& instants) {
  Statement rows(database,
                 "SELECT seq, kind, step, lane, task, part, attempt, slot, outcome, timer, truth, "
                 "answer FROM events ORDER BY seq, number");
  while (rows.next()) {
    const auto seq = static_cast<std::size_t>(rows.number());
    scheduler::Event event;
    event.kind = static_cast<scheduler::Event::Kind>(rows.number());
    event.action = read_action(rows);
    event.outcome = static_cast<scheduler::Outcome>(rows.number());
    event.timer = static_cast<scheduler::TimerKind>(rows.number());
    event.truth = static_cast<scheduler::Truth>(rows.number());
    event.answer = static_cast<scheduler::Answer>(rows.number());
    if (seq >= instants.size()) return damaged(database, "an event belongs to no record");
    instants[seq].events.push_back(event);
  }
  return rows.end();
}

Status read_orders(Database& database, std::vector<Instant>& instants) {
  Statement rows(database,
                 "SELECT seq, kind, step, lane, task, part, attempt, slot, host, who, at, name "
                 "FROM orders ORDER BY seq, number");
  while (rows.next()) {
    const auto seq = static_cast<std::size_t>(rows.number());
    Order order;
    order.kind = static_cast<Order::Kind>(rows.number());
    order.action = read_action(rows);
    order.host = rows.text();
    order.who = rows.text();
    order.at = rows.text();
    order.name = rows.text();
    if (seq >= instants.size()) return damaged(database, "an order belongs to no record");
    instants[seq].orders.push_back(std::move(order));
  }
  return rows.end();
}

Status read_sessions(Database& database, std::vector<Instant>& instants) {
  Statement rows(database,
                 "SELECT seq, who, version, boot, boot_ms, wall_ms FROM sessions ORDER BY seq");
  while (rows.next()) {
    const auto seq = static_cast<std::size_t>(rows.number());
    Session session;
    session.who = rows.text();
    session.version = rows.text();
    session.boot = rows.text();
    session.boot_ms = rows.number();
    session.wall_ms = rows.number();
    if (seq >= instants.size()) return damaged(database, "a session belongs to no record");
    instants[seq].session = std::move(session);
  }
  return rows.end();
}

Status read_results(Database& database, std::vector<Instant>& instants) {
  Statement rows(database,
                 "SELECT seq, step, lane, task, part, attempt, slot, host, outcome, ending, "
                 "exit_code, signal, detail, outputs FROM results ORDER BY seq, number");
  while (rows.next()) {
    const auto seq = static_cast<std::size_t>(rows.number());
    HostResult result;
    result.action = read_action(rows);
    result.host = rows.text();
    result.completion.outcome = static_cast<scheduler::Outcome>(rows.number());
    result.completion.ending = static_cast<Completion::Ending>(rows.number());
    result.completion.exit_code = rows.optional_number();
    result.completion.signal = rows.optional_number();
    result.completion.detail = rows.text();
    result.completion.outputs = read_outputs(rows.text());
    if (seq >= instants.size()) return damaged(database, "a result belongs to no record");
    instants[seq].results.push_back(std::move(result));
  }
  return rows.end();
}

}  // namespace

Error damaged(const Database& database, std::string_view how) {
  return {fmt::format("the journal {} was changed or damaged: {}", database.path(), how)};
}

Error breaks_chain(const Database& database, std::size_t record) {
  return damaged(database,
                 fmt::format("its record {} does not follow from the one before", record));
}

Status read_older(Database& database, ReadJournal& journal, std::string& last) {
  std::vector<std::string> digests;
  Statement rows(database, "SELECT seq, at_ms, digest FROM instants ORDER BY seq");
  while (rows.next()) {
    if (static_cast<std::size_t>(rows.number()) != digests.size()) {
      return damaged(database, fmt::format("its record {} is missing", digests.size()));
    }
    journal.instants.emplace_back().at = {rows.number()};
    digests.push_back(rows.text());
  }
  if (Status read = rows.end(); !read) return read;
  if (Status read = read_events(database, journal.instants); !read) return read;
  if (Status read = read_results(database, journal.instants); !read) return read;
  if (journal.record.format >= oldest_resumed_format) {
    if (Status read = read_orders(database, journal.instants); !read) return read;
    if (Status read = read_sessions(database, journal.instants); !read) return read;
  }
  for (std::size_t i = 0; i < journal.instants.size(); ++i) {
    last = older_chain(last, journal.instants[i]);
    if (last != digests[i]) return breaks_chain(database, i);
  }
  return base::Done{};
}

}  // namespace sluice::runtime
