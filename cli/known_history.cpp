#include "cli/known_history.h"

#include <algorithm>
#include <cstdio>

#include "cli/read_run.h"
#include "cli/tell.h"
#include "runtime/runs.h"
#include "simulator/learn.h"

namespace sluice::cli {

simulator::History read_history(const std::string& state, const std::string& before) {
  simulator::Learner learner;
  std::vector<runtime::RunFolder> folders = runtime::list_runs(state);
  const auto self = std::find_if(folders.begin(), folders.end(),
                                 [&](const auto& folder) { return folder.name == before; });
  folders.erase(self, folders.end());
  const std::size_t first = folders.size() - std::min(folders.size(), most_runs_read);
  for (std::size_t i = first; i < folders.size(); ++i) {
    const auto run = read_run(folders[i]);
    if (!run) {
      tell("sluice: {}: {}\n", folders[i].name, run.error().message);
      continue;
    }
    std::vector<base::Instant> taken_up;
    for (const simulator::Happened& row : run.value().happened) {
      if (row.taken_up) taken_up.push_back(row.at);
    }
    learner.learn(run.value().plan, run.value().timeline, taken_up);
  }
  return std::move(learner).finish();
}

simulator::History history_for(const plan::Plan& plan, const std::string& state,
                               const std::string& before) {
  for (const plan::Step& step : plan.steps) {
    for (const plan::Task& task : step.tasks) {
      if (task.takes.kind == plan::DurationModel::Kind::History) {
        return read_history(state, before);
      }
    }
  }
  return {};
}

}  // namespace sluice::cli
