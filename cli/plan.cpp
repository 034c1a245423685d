// `sluice plan`: the plan in words, or saved.

#include "cli/commands.h"
#include "cli/load.h"
#include "cli/tell.h"
#include "plan/json.h"
#include "render/plan_text.h"

namespace sluice::cli {

namespace {

int put(const std::string& path, std::string_view text) {
  const base::Status written = write_file(path, text);
  if (written) return exit_done;
  tell("sluice: {}\n", written.error().message);
  return exit_wrong;
}

}  // namespace

int plan_command(const PlanOptions& options) {
  const auto loaded = load_plan(options.input);
  if (const int* status = std::get_if<int>(&loaded)) return *status;
  const auto& plan = std::get<plan::Plan>(loaded);
  if (!options.output.empty()) {
    const int status = put(options.output, plan::to_json(plan));
    if (status == exit_done && options.output != "-") {
      tell("saved {} as {}\n", plan.digest, options.output);
    }
    return status;
  }
  if (options.format == Format::Json) return put("-", render::plan_summary_json(plan));
  if (!options.expand) return put("-", render::plan_text(plan));
  const auto text = render::expanded_plan_text(plan);
  if (text) return put("-", text.value());
  tell("sluice: {}\n", text.error().message);
  return exit_wrong;
}

}  // namespace sluice::cli
