#include "render/explain_text.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "render/text_table.h"

namespace sluice::render {

std::string explain_text(const plan::Plan& plan, const scheduler::Timeline& timeline,
                         const std::vector<Explained>& rows, const TextStyle& style) {
  constexpr std::size_t most = 40;
  TextTable table;
  table.column("where there is room");
  table.column("takes", TextTable::Align::Right);
  table.column("slack", TextTable::Align::Right);
  table.column("slots", TextTable::Align::Right);
  table.column("busy", TextTable::Align::Right);
  table.column("one more saves", TextTable::Align::Right);
  table.column("of the spread", TextTable::Align::Right);
  std::size_t shown = 0;
  std::size_t others = 0;
  for (const plan::StepId id : plan.steps.ids()) {
    const scheduler::StepTimes& times = timeline.steps[id.value];
    const Explained& row = rows[id.value];
    if (!row.slack.slack) continue;
    if (++shown > most) {
      ++others;
      continue;
    }
    const std::int64_t of = row.slack.available.ms;
    const std::string saves = !row.saves           ? "—"
                              : row.saves->ms < 0  ? "-" + duration_text({-row.saves->ms})
                              : row.saves->ms == 0 ? "nothing"
                                                   : duration_text(*row.saves);
    table.row({fitted(plan.steps[id].name, std::max(20, style.width - 67)),
               duration_text(times.end - times.start),
               row.slack.slack->ms == 0 ? "none" : duration_text(*row.slack.slack),
               fmt::format("{}", row.slack.slots),
               of > 0 ? fmt::format("{}%", row.slack.busy.ms * 100 / of) : "—", saves,
               row.spread ? fmt::format("{:.0f}%", *row.spread * 100) : "—"});
  }
  std::string text = table.text(2);
  if (others > 0) text += fmt::format("  … and {} more\n", others);
  return text;
}

std::string explain_json(const plan::Plan& plan, const std::vector<Explained>& rows) {
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().key("explanation").begin_array();
  for (const plan::StepId id : plan.steps.ids()) {
    const Explained& row = rows[id.value];
    json.begin_object().member("step", plan.steps[id].name).key("slack_ms");
    row.slack.slack ? json.value(row.slack.slack->ms) : json.null();
    json.member("slots", row.slack.slots).member("busy_ms", row.slack.busy.ms);
    json.member("available_ms", row.slack.available.ms).key("one_more_slot_saves_ms");
    row.saves ? json.value(row.saves->ms) : json.null();
    json.key("spread_share");
    row.spread ? json.value(*row.spread) : json.null();
    json.end_object();
  }
  json.end_array().end_object();
  return text.substr(1, text.size() - 2);
}

}  // namespace sluice::render
