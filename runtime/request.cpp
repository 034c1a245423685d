#include "runtime/request.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/characters.h"
#include "plan/ssh_names.h"
#include "scheduler/work.h"

namespace sluice::runtime {

namespace {

using base::Error;
using base::Result;

std::string variable_name(std::string_view property) {
  std::string name(property);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        const bool letter = base::is_letter(c);
        return !letter && c != '_' && (c < '0' || c > '9');
      },
      '_');
  return name;
}

void unset(std::vector<std::string>& environment, std::string_view name) {
  const std::string prefix = fmt::format("{}=", name);
  std::erase_if(environment, [&](const std::string& entry) { return entry.find(prefix) == 0; });
}

void set(std::vector<std::string>& environment, std::string_view name, std::string_view value) {
  unset(environment, name);
  environment.push_back(fmt::format("{}={}", name, value));
}

class RequestMaker {
 public:
  RequestMaker(const plan::Plan& plan, const scheduler::Action& action, plan::TargetId host,
               const RunFacts& facts)
      : plan_(plan),
        step_(plan.steps[action.step]),
        work_(scheduler::work_for(plan, action)),
        target_(plan::lane_target(plan, action.step, action.lane)),
        secrets_(facts.secrets),
        values_(plan, facts.outputs, facts.status, target_, host, facts.run) {
    request_.action = action;
    request_.plan = &plan;
    request_.work = &work_;
    request_.target = target_;
    request_.via = work_.via.kind;
    request_.run = facts.run;
    request_.epoch = facts.epoch;
    request_.place.host = host;
  }

  Result<ActionRequest> make() {
    if (auto done = resolve_place(); !done) return done.error();
    for (const plan::Action::Attribute& attribute : work_.action.attributes) {
      if (attribute.value.op == plan::Operator::SecretReference) {
        const std::string& name = attribute.value.name;
        const SecretText* secret = secrets_ == nullptr ? nullptr : secrets_->find(name);
        if (secret == nullptr) return Error{fmt::format("the secret `{}` was not read", name)};
        request_.secrets.push_back({attribute.name, secret});
        continue;
      }
      auto value = evaluated(attribute.value, attribute.name);
      if (!value) return value.error();
      request_.attributes.push_back({attribute.name, std::move(value).value()});
    }
    build_environment();
    return std::move(request_);
  }

 private:
  Result<plan::Value> evaluated(const plan::Expression& expression, std::string_view what) const {
    auto value = plan::evaluate(expression, values_);
    if (value) return value;
    return Error{fmt::format("`{}` cannot be worked out: {}", what, value.error().message)};
  }

  base::Status resolve_place() {
    Place& place = request_.place;
    if (!place.host.valid()) {
      place.name = plan::controller_name;
      place.address = "localhost";
      return base::Done{};
    }
    place.name = plan_.targets.name(place.host);
    const auto address = plan::target_property(plan_, place.host, "address");
    place.address = address ? plan::to_text(*address) : place.name;
    const plan::Connection& connection = plan_.connections[plan_.targets.connection(place.host)];
    place.kind = connection.kind;
    // A connection's expressions speak of the host as their target, whoever it works for.
    const plan::PlanEnvironment of_host(plan_, place.host, place.host, request_.run);
    for (const plan::Connection::Setting& setting : connection.settings) {
      if (setting.name == plan::connect_time_setting) continue;  // of predictions alone
      const auto value = plan::evaluate(setting.value, of_host);
      if (!value) {
        return Error{fmt::format("the connection's `{}` cannot be worked out: {}", setting.name,
                                 value.error().message)};
      }
      place.settings.push_back({setting.name, plan::to_text(value.value())});
    }
    if (const std::string* given = place.setting("address")) place.address = *given;
    const std::string problem = connection_problem(place);
    if (!problem.empty()) return Error{problem};
    return base::Done{};
  }

  void build_environment() {
    std::vector<std::string>& all = request_.environment;
    for (const plan::Variable& variable : plan_.variables) {
      set(all, variable.name, plan::environment_text(variable.value));
    }
    if (target_.valid()) {
      for (const plan::Property& property :
           plan_.property_sets[plan_.targets.properties(target_)]) {
        set(all, "target_" + variable_name(property.name), plan::environment_text(property.value));
      }
    }
    for (const std::string_view name : {"name", "address"}) {
      const auto value = plan::target_property(plan_, target_, name);
      set(all, fmt::format("target_{}", name), value ? plan::environment_text(*value) : "");
    }
    set(all, "deployment_id", request_.run);
    set(all, "step_name", step_.name);
    set(all, "attempt", fmt::format("{}", request_.action.attempt));
    for (const plan::Property& attribute : request_.attributes) {
      if (attribute.name.find(environment_attribute) != 0) continue;
      set(all, attribute.name.substr(environment_attribute.size()),
          plan::environment_text(attribute.value));
    }
    for (const ActionRequest::Secret& secret : request_.secrets) {
      if (secret.name.find(environment_attribute) != 0) continue;
      unset(all, secret.name.substr(environment_attribute.size()));
    }
    std::sort(all.begin(), all.end());
  }

  const plan::Plan& plan_;
  const plan::Step& step_;
  const plan::Work& work_;
  plan::TargetId target_;
  const Secrets* secrets_;
  scheduler::RunEnvironment values_;
  ActionRequest request_;
};

}  // namespace

std::vector<plan::TargetId> hosts_of(const plan::Plan& plan, const scheduler::Action& action) {
  const plan::Via& via = scheduler::work_for(plan, action).via;
  if (via.kind == plan::Via::Kind::Target) {
    return {plan::lane_target(plan, action.step, action.lane)};
  }
  if (via.kind == plan::Via::Kind::Controller) return {plan::TargetId{}};
  std::vector<plan::TargetId> hosts;
  plan.target_lists[via.hosts].for_each([&](plan::TargetId host) { hosts.push_back(host); });
  return hosts;
}

base::Result<ActionRequest> make_request(const plan::Plan& plan, const scheduler::Action& action,
                                         plan::TargetId host, const RunFacts& facts) {
  return RequestMaker(plan, action, host, facts).make();
}

std::string task_name(const plan::Plan& plan, const scheduler::Action& action) {
  const plan::Step& step = plan.steps[action.step];
  const std::string name = scheduler::part_name(plan, action);
  const bool of_step = !step.has_child_steps || action.task >= step.tasks.size();
  return of_step ? name : fmt::format("{}/{}", step.name, name);
}

namespace {

std::string wrapper_problem(const Place& place) {
  const std::string* wrapper = place.setting(plan::wrapper_setting);
  const bool known =
      wrapper == nullptr || *wrapper == plan::shell_wrapper || *wrapper == plan::perl_wrapper;
  return known ? "" : fmt::format("there is no wrapper `{}`", *wrapper);
}

std::string client_problem(const Place& place) {
  const std::string* client = place.setting(plan::client_setting);
  if (client == nullptr || *client == plan::openssh_client) return "";
  if (*client != plan::libssh_client) return fmt::format("there is no client `{}`", *client);
  for (const Place::Setting& setting : place.settings) {
    const std::string_view problem = plan::problem_for_libssh(setting.name);
    if (!problem.empty()) return fmt::format("{}, and here it is libssh", problem);
  }
  return "";
}

}  // namespace

std::string connection_problem(const Place& place) {
  if (place.kind == plan::Connection::Kind::Local) return "";
  if (!plan::is_host_text(place.address)) {
    return fmt::format("`{}` is no host that ssh could reach", place.address);
  }
  if (const std::string* user = place.setting("user");
      user != nullptr && !plan::is_user_text(*user)) {
    return fmt::format("`{}` is no user's name", *user);
  }
  if (const std::string* port = place.setting("port")) {
    const bool digits =
        std::all_of(port->begin(), port->end(), [](char c) { return base::is_digit(c); });
    if (!digits || port->empty() || port->size() > 5 || std::stoi(*port) < 1 ||
        std::stoi(*port) > 65535) {
      return fmt::format("`{}` is no port", *port);
    }
  }
  for (const char* name : {"identity_file", "known_hosts_file", "config_file", "jump"}) {
    const std::string* value = place.setting(name);
    const bool odd = value != nullptr &&
                     (value->empty() || value->front() == '-' ||
                      value->find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos);
    const bool misread =
        value != nullptr && std::string_view(name) == "jump" && !plan::is_jump_text(*value);
    if (odd || misread) return fmt::format("`{}` cannot be a connection's `{}`", *value, name);
  }
  const std::string problem = wrapper_problem(place);
  return problem.empty() ? client_problem(place) : problem;
}

}  // namespace sluice::runtime
