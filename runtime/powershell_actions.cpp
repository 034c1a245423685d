#include "runtime/powershell_actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "runtime/powershell.h"
#include "runtime/powershell_scripts.h"
#include "runtime/request.h"

namespace sluice::runtime {

namespace {

struct Maker {
  std::string_view kind;
  base::Result<MadeScript> (*make)(const ActionRequest&);
};
constexpr std::array<Maker, 4> makers{{{"windows_service", windows_service_script},
                                       {"iis", iis_script},
                                       {"azure_script", azure_script},
                                       {"service_fabric_script", service_fabric_script}}};

const Maker* maker_of(std::string_view kind) {
  const auto found = std::find_if(makers.begin(), makers.end(),
                                  [&](const Maker& maker) { return maker.kind == kind; });
  return found == makers.end() ? nullptr : &*found;
}

// A variable of the script alone, whether it is a secret or was written out in the plan.
void hand_on(ActionRequest& request, const SecretName& name) {
  for (ActionRequest::Secret& secret : request.secrets) {
    if (secret.name != name.attribute) continue;
    secret.name = fmt::format("{}{}", environment_attribute, name.variable);
    return;
  }
  if (request.attribute(name.attribute) == nullptr) return;
  request.environment.push_back(fmt::format("{}={}", name.variable, request.text(name.attribute)));
}

}  // namespace

std::string powershell_heading(const ActionRequest& request) {
  const plan::Plan& plan = *request.plan;
  std::string text =
      fmt::format("{}: {}", request.work->action.kind, task_name(plan, request.action));
  text += fmt::format(", on {}", request.place.name);
  const std::string place = plan::place_text(plan, request.work->action_place);
  if (!place.empty()) text += fmt::format(" ({})", place);
  return base::printable(text);
}

base::Result<MadeScript> made_of(const PowershellScript& script) {
  auto text = script.text();
  if (!text) return text.error();
  return MadeScript{"powershell", std::move(text).value(), {}};
}

bool made_for_powershell(std::string_view kind) {
  return maker_of(kind) != nullptr;
}

base::Status make_powershell_script(ActionRequest& request) {
  const Maker* maker = maker_of(request.work->action.kind);
  auto made = maker->make(request);
  if (!made) return made.error();
  for (const SecretName& name : {account_password, azure_client_secret}) hand_on(request, name);
  request.environment.insert(request.environment.end(), made.value().environment.begin(),
                             made.value().environment.end());
  request.becomes_script(made.value().body, made.value().shell);
  return base::Done{};
}

std::vector<std::string> powershell_environment(const ActionRequest& request) {
  std::string names;
  for (const std::string& entry : request.environment) {
    const std::string name = entry.substr(0, entry.find('='));
    const bool given =
        request.attribute(fmt::format("{}{}", environment_attribute, name)) != nullptr;
    if (given || name.starts_with("sluice_")) continue;
    names += fmt::format("{}{}", names.empty() ? "" : " ", name);
  }
  return {"sluice_arguments=" + powershell_list(request.texts("args")), "sluice_names=" + names};
}

PowershellExecutor::PowershellExecutor(Loop& loop, Executor& local_scripts, Executor& ssh_scripts)
    : ScriptKind(local_scripts, ssh_scripts), loop_(loop) {}

void PowershellExecutor::start(ActionRequest request, Sink done) {
  if (const base::Status made = make_powershell_script(request); !made) {
    Completion failed;
    failed.detail = made.error().message;
    return loop_.post([failed, done = std::move(done)] { done(failed); });
  }
  hand_over(std::move(request), std::move(done));
}

}  // namespace sluice::runtime
