#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "render/plan_diff.h"
#include "render/plan_words.h"
#include "render/text_table.h"

namespace sluice::render {

namespace {

using Kind = PlanChange::Kind;
using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

class Text {
 public:
  Text(const TextStyle& style) : style_(style) {}

  std::string changes(const PlanDiff& diff) {
    std::string group;
    for (std::size_t i = 0; i < diff.changes.size(); ++i) {
      const PlanChange& change = diff.changes[i];
      if (change.what == "target") {
        i = targets(diff.changes, i) - 1;
        continue;
      }
      const std::string title = change.what + " " + change.name;
      if (title != group) head(change);
      group = title;
      if (change.kind == Kind::Changed) {
        field(change);
      } else if (!change.child.empty()) {
        line(change.kind, 4,
             fmt::format("{}: {}", shown_name(change.child),
                         fitted(change.before + change.after, 70)));
      }
    }
    if (diff.more_targets > 0) {
      out_ += fmt::format("  … and {} more changes of targets\n", diff.more_targets);
    }
    return std::move(out_);
  }

 private:
  void line(Kind kind, std::size_t indent, const std::string& text) {
    const char sign = kind == Kind::Added ? '+' : kind == Kind::Removed ? '-' : '~';
    const std::string_view colour = kind == Kind::Added     ? "\x1b[32m"
                                    : kind == Kind::Removed ? "\x1b[31m"
                                                            : "\x1b[33m";
    out_.append(indent, ' ');
    out_ += style_.colour ? fmt::format("{}{} {}\x1b[0m\n", colour, sign, text)
                          : fmt::format("{} {}\n", sign, text);
  }

  void head(const PlanChange& change) {
    const bool whole = change.child.empty();
    const Kind kind = whole ? change.kind : Kind::Changed;
    std::string text = fmt::format("{} {}", change.what, quoted_name(change.name));
    const std::string& says = kind == Kind::Added ? change.after : change.before;
    if (kind != Kind::Changed && !says.empty()) text += ": " + fitted(says, 70);
    line(kind, 0, text);
  }

  void field(const PlanChange& change) {
    const std::string name =
        change.child.empty() ? change.field : shown_name(change.child) + ", " + change.field;
    if (change.before.find('\n') != std::string::npos ||
        change.after.find('\n') != std::string::npos) {
      return block(name, change);
    }
    const auto shown = [](const std::string& value) {
      return value.empty() ? std::string("(nothing)") : fitted(value, 100);
    };
    const std::string before = shown(change.before);
    const std::string after = shown(change.after);
    if (before.size() + after.size() + name.size() < 80) {
      out_ += fmt::format("    {}: {} → {}\n", fitted(name, 70), before, after);
      return;
    }
    out_ += fmt::format("    {}:\n", fitted(name, 90));
    line(Kind::Removed, 6, before);
    line(Kind::Added, 6, after);
  }

  // The lines that differ, without those that both begin and end with.
  void block(const std::string& name, const PlanChange& change) {
    constexpr std::size_t most = 12;
    const Lines before = lines_of(change.before);
    const Lines after = lines_of(change.after);
    std::size_t first = 0;
    while (first < before.size() && first < after.size() && before[first] == after[first]) ++first;
    std::size_t last = 0;
    while (last < before.size() - first && last < after.size() - first &&
           before[before.size() - 1 - last] == after[after.size() - 1 - last]) {
      ++last;
    }
    out_ += fmt::format("    {}, from line {}:\n", fitted(name, 70), first + 1);
    const auto write = [&](Kind kind, const Lines& lines) {
      const std::size_t end = lines.size() - last;
      for (std::size_t i = first; i < end; ++i) {
        if (i - first == most) {
          out_ += fmt::format("        … and {} more lines\n", end - i);
          break;
        }
        line(kind, 6, fitted(lines[i], 100));
      }
    };
    write(Kind::Removed, before);
    write(Kind::Added, after);
  }

  // Those that come or go together, and those of which the same changes.
  std::size_t targets(const std::vector<PlanChange>& changes, std::size_t first) {
    const PlanChange& change = changes[first];
    std::size_t end = first + 1;
    while (end < changes.size() && changes[end].what == "target" &&
           changes[end].kind == change.kind && changes[end].field == change.field &&
           changes[end].before == change.before && changes[end].after == change.after) {
      ++end;
    }
    constexpr std::size_t most = 6;
    const std::size_t shown = end - first <= most + 1 ? end - first : most;
    std::string names;
    for (std::size_t i = first; i < first + shown; ++i) {
      names += (i == first ? "" : ", ") + shown_name(changes[i].name);
    }
    if (end - first > shown) names += fmt::format(" and {} more", end - first - shown);
    line(change.kind, 0, fmt::format("{} {}", end - first == 1 ? "target" : "targets", names));
    if (change.kind == Kind::Changed) field(change);
    return end;
  }

  const TextStyle& style_;
  std::string out_;
};

std::string time_line(const PredictedTimes& times) {
  const auto text = [](const std::optional<base::Duration>& time) {
    return time ? duration_text(*time) : std::string("unknown");
  };
  std::string line = fmt::format("predicted: {} → {}", text(times.before), text(times.after));
  if (times.before && times.after && *times.before != *times.after) {
    const std::int64_t by = times.after->ms - times.before->ms;
    line += fmt::format(" ({} {})", duration_text({by < 0 ? -by : by}), by < 0 ? "less" : "more");
  }
  return line + "\n";
}

void write_plan(base::JsonWriter& json, std::string_view name, const plan::Plan& plan,
                const std::optional<base::Duration>& time) {
  json.key(name).begin_object().member("deployment", plan.deployment).member("plan", plan.digest);
  json.member("steps", plan.steps.size()).member("targets", plan.targets.size());
  json.key("duration_ms");
  time ? json.value(time->ms) : json.null();
  json.end_object();
}

}  // namespace

std::string changes_text(const PlanDiff& diff, const TextStyle& style) {
  return Text(style).changes(diff);
}

std::string diff_text(const plan::Plan& before, const plan::Plan& after, const PlanDiff& diff,
                      const PredictedTimes& times, const TextStyle& style) {
  std::string text = fmt::format("{} → {}\n", before.digest, after.digest);
  if (diff.changes.empty()) return text + "the same plan\n" + time_line(times);
  text += time_line(times) + "\n";
  return text + changes_text(diff, style);
}

std::string diff_json(const plan::Plan& before, const plan::Plan& after, const PlanDiff& diff,
                      const PredictedTimes& times) {
  std::string text;
  base::JsonWriter json(text);
  json.begin_object().member("schema", "sluice.plan_diff/1");
  write_plan(json, "old", before, times.before);
  write_plan(json, "new", after, times.after);
  json.member("same", diff.changes.empty()).key("changes").begin_array();
  for (const PlanChange& change : diff.changes) {
    constexpr std::string_view kinds[] = {"added", "removed", "changed"};
    json.begin_object().member("change", kinds[static_cast<std::size_t>(change.kind)]);
    json.member("what", change.what).member("name", change.name).member("child", change.child);
    json.member("field", change.field).member("old", change.before).member("new", change.after);
    json.end_object();
  }
  json.end_array().member("more_targets", diff.more_targets).end_object();
  text.push_back('\n');
  return text;
}

}  // namespace sluice::render
