// A census in words, and as JSON.
#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "base/words.h"
#include "cli/census.h"
#include "render/text_table.h"

namespace sluice::cli {

namespace {

// In a person's words, and in those of a run's census.
struct Names {
  std::string_view words;
  std::string_view state;
};
constexpr Names names_of_found[] = {{"not needed", "skipped"},
                                    {"in place", "verified"},
                                    {"not known", "unknown"},
                                    {"not in place", "failed"}};
std::string_view words(Found found) {
  return names_of_found[static_cast<std::size_t>(found)].words;
}
std::string_view state_of(Found found) {
  return names_of_found[static_cast<std::size_t>(found)].state;
}

std::string_view colour_of(Found found) {
  return found == Found::NotInPlace ? "\x1b[1;31m" : "\x1b[33m";
}

std::string name_of(const plan::Plan& plan, const CensusRow& row) {
  return base::printable(row.target.valid() ? plan.targets.name(row.target)
                                            : std::string(plan::controller_name));
}

// The names, as many as fit a line or two, and how many there are beside.
std::string names(const plan::Plan& plan, const CensusReport& report, Found found) {
  constexpr std::size_t most_named = 12;
  std::vector<std::string> named;
  std::size_t all = 0;
  for (const CensusRow& row : report.rows) {
    if (row.found != found) continue;
    if (++all <= most_named) named.push_back(name_of(plan, row));
  }
  std::string text = fmt::format("{}", fmt::join(named, ", "));
  if (all > named.size()) text += fmt::format(" and {} more", all - named.size());
  return text;
}

std::string rows_text(const plan::Plan& plan, const CensusReport& report, bool colour) {
  constexpr std::size_t most_rows = 200;
  constexpr int widest_name = 40;
  std::string text;
  int width = 0;
  for (const CensusRow& row : report.rows) {
    if (row.found > Found::InPlace) {
      width = std::max(width, base::display_width(name_of(plan, row)));
    }
  }
  width = std::min(width, widest_name);
  std::size_t told = 0;
  std::size_t left = 0;
  for (const CensusRow& row : report.rows) {
    if (row.found <= Found::InPlace) continue;
    if (++told > most_rows) {
      ++left;
      continue;
    }
    for (const Asked& asked : row.asked) {
      text += fmt::format("  {}  {}{:<12}{}  {}{}{}\n", render::padded(name_of(plan, row), width),
                          colour ? colour_of(asked.found) : "", words(asked.found),
                          colour ? "\x1b[0m" : "", asked.name, asked.name.empty() ? "" : ": ",
                          asked.reason);
      for (const std::string& line : asked.output) text += "    | " + line + "\n";
    }
  }
  if (left > 0) text += fmt::format("  and {} more: --format json has them all\n", left);
  return text;
}

}  // namespace

std::string census_text(const plan::Plan& plan, const CensusReport& report, bool colour) {
  std::string text = fmt::format("census of {}: {}", base::quoted(plan.deployment),
                                 base::counted(report.rows.size(), "target"));
  std::string_view between = ", ";
  for (const Found found : {Found::InPlace, Found::NotInPlace, Found::NotKnown, Found::NotNeeded}) {
    if (const std::uint32_t count = report.counted(found); count > 0) {
      text += fmt::format("{}{} {}", between, count, words(found));
    }
  }
  text += "\n";
  const std::string rows = rows_text(plan, report, colour);
  if (!rows.empty()) text += "\n" + rows;
  if (report.counted(Found::InPlace) > 0) {
    text += fmt::format("\n  in place: {}\n", names(plan, report, Found::InPlace));
  }
  return text;
}

std::string census_json(const plan::Plan& plan, const CensusReport& report, std::string_view run,
                        std::string_view started_at) {
  std::vector<std::vector<std::string_view>> roles(plan.targets.size());
  for (const plan::Role& role : plan.roles) {
    plan.target_lists[role.targets].for_each(
        [&](plan::TargetId target) { roles[target.value].push_back(role.name); });
  }
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().member("schema", "sluice.census/1").member("deployment", plan.deployment);
  json.member("environment", plan.environment).member("plan", plan.digest).member("run", run);
  json.member("started_at", started_at).key("census").begin_object();
  json.member("verified", report.counted(Found::InPlace));
  json.member("failed", report.counted(Found::NotInPlace));
  json.member("skipped", report.counted(Found::NotNeeded));
  for (const char* none : {"excluded", "left_behind", "not_started"}) json.member(none, 0);
  json.member("unknown", report.counted(Found::NotKnown)).end_object();
  json.key("targets").begin_array();
  for (const CensusRow& row : report.rows) {
    json.begin_object();
    json.member("target", row.target.valid() ? plan.targets.name(row.target)
                                             : std::string(plan::controller_name));
    json.key("roles").begin_array();
    if (row.target.valid()) {
      for (const std::string_view role : roles[row.target.value]) json.value(role);
    }
    json.end_array().member("state", state_of(row.found)).key("asked").begin_array();
    for (const Asked& asked : row.asked) {
      json.begin_object().member("name", asked.name).member("state", state_of(asked.found));
      json.member("reason", asked.reason).key("output").begin_array();
      for (const std::string& line : asked.output) json.value(line);
      json.end_array().end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return text + "\n";
}

}  // namespace sluice::cli
