// `sluice check`: compiles, reports every mistake and warning, judges the contracts, changes
// nothing.
#include <fmt/format.h>

#include "base/words.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/tell.h"
#include "cli/verdicts.h"
#include "render/plan_words.h"

namespace sluice::cli {

namespace {

// The diagnostics' document with what was judged behind them.
std::string with_members(std::string document, const std::string& members) {
  document.resize(document.rfind('}'));
  return document + "," + members + "}\n";
}

// Gates are no steps of their own.
std::uint32_t steps_of(const plan::Plan& plan) {
  std::uint32_t count = 0;
  for (const plan::Step& step : plan.steps) count += step.gate_of.valid() ? 0U : 1U;
  return count;
}

// The file and what shapes its plan, as they were typed.
std::string command_words(const InputOptions& input) {
  std::string words = render::shell_word(input.file);
  const auto add = [&](const char* option, const std::string& value) {
    words += fmt::format(" {} {}", option, render::shell_word(value));
  };
  if (!input.environment.empty()) add("--environment", input.environment);
  for (const std::string& value : input.set) add("--set", value);
  for (const std::string& value : input.only) add("--only", value);
  for (const std::string& value : input.skip) add("--skip", value);
  for (const std::string& value : input.limit) add("--limit", value);
  for (const std::string& value : input.exclude) add("--exclude", value);
  if (!input.root.empty()) add("--root", input.root);
  return words + (input.programs ? " --programs" : "");
}

}  // namespace

int check_command(const CheckOptions& options) {
  const bool json = options.format == Format::Json;
  std::string document;
  const auto loaded = load_plan(options.input, json ? Warnings::Json : Warnings::Print, &document);
  if (const int* status = std::get_if<int>(&loaded)) {
    if (json) fmt::print("{}", document);
    return *status;
  }
  const auto& plan = std::get<plan::Plan>(loaded);
  Judgement judgement = judge(plan);
  const bool compiled = !document.empty();
  std::erase_if(judgement.findings,
                [&](const plan::Finding& row) { return compiled && row.told_by_compiler; });
  const int status = judgement.refuted() ? exit_failed : exit_done;
  if (json) {
    if (document.empty()) document = "{\"schema\":\"sluice.diagnostics/1\",\"diagnostics\":[]}\n";
    fmt::print("{}",
               with_members(std::move(document),
                            render::verdicts_json(plan, judgement.verdicts, judgement.findings)));
    return status;
  }
  render::TextStyle style;
  style.width = terminal_width(2);
  style.colour = colour_wanted(2);
  tell("{}: {} on {}, {}\n{}", options.input.file, base::counted(steps_of(plan), "step"),
       base::counted(plan.targets.size(), "target"),
       status == exit_done ? "no mistakes" : "and it cannot be carried out as it asks",
       render::verdicts_text(plan, judgement.verdicts, judgement.findings,
                             command_words(options.input), style));
  return status;
}

}  // namespace sluice::cli
