#include "runtime/executor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"

namespace sluice::runtime {

const std::string* Place::setting(std::string_view wanted) const {
  for (const Setting& row : settings) {
    if (row.name == wanted) return &row.value;
  }
  return nullptr;
}

const plan::Value* ActionRequest::attribute(std::string_view wanted) const {
  for (const plan::Property& row : attributes) {
    if (row.name == wanted) return &row.value;
  }
  return nullptr;
}

const SecretText* ActionRequest::secret(std::string_view wanted) const {
  for (const Secret& row : secrets) {
    if (row.name == wanted) return row.value;
  }
  return nullptr;
}

std::string ActionRequest::revealed(std::string_view wanted) const {
  const SecretText* found = secret(wanted);
  return std::string(found != nullptr ? found->reveal() : text(wanted));
}

std::vector<std::string> ActionRequest::environment_with_secrets() const {
  std::vector<std::string> all = environment;
  for (const Secret& row : secrets) {
    if (row.name.find(environment_attribute) != 0) continue;
    std::string entry = row.name.substr(environment_attribute.size());
    entry += '=';
    entry += row.value->reveal();
    all.push_back(std::move(entry));
  }
  return all;
}

std::string_view ActionRequest::text(std::string_view wanted) const {
  const plan::Value* value = attribute(wanted);
  const auto* text = value != nullptr ? std::get_if<std::string>(&value->content) : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

std::vector<std::string> ActionRequest::texts(std::string_view name) const {
  std::vector<std::string> all;
  const plan::Value* value = attribute(name);
  if (value == nullptr) return all;
  for (const plan::Value& item : std::get<plan::Value::List>(value->content)) {
    all.push_back(plan::environment_text(item));
  }
  return all;
}

void ActionRequest::becomes_script(std::string_view body, std::string_view shell) {
  std::sort(environment.begin(), environment.end());
  std::erase_if(attributes, [](const plan::Property& row) {
    return row.name != "args" && !row.name.starts_with(environment_attribute);
  });
  attributes.push_back({"body", plan::Value{std::string(body)}});
  attributes.push_back({"shell", plan::Value{std::string(shell)}});
}

std::string action_key(const ActionRequest& request) {
  const scheduler::Action& action = request.action;
  std::string identity = fmt::format(
      "{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", request.plan->digest, request.run, action.step.value,
      action.lane, action.task, static_cast<int>(action.part), action.attempt, request.place.name);
  if (request.generation > 0) identity += fmt::format("\n{}", request.generation);
  constexpr std::size_t enough = 32;
  return base::sha256_hex(identity).substr(0, enough);
}

std::string_view ending_name(Completion::Ending ending) {
  switch (ending) {
    case Completion::Ending::Answered:
      return "answered";
    case Completion::Ending::Exited:
      return "exited";
    case Completion::Ending::Signalled:
      return "signalled";
    case Completion::Ending::NotStarted:
      return "not_started";
    case Completion::Ending::Unreachable:
      return "unreachable";
    case Completion::Ending::Lost:
      return "lost";
  }
  return "";
}

Completion completion_of(const ProcessEnd& end) {
  Completion completion;
  completion.exit_code = end.exit_code;
  completion.signal = end.signal;
  if (end.exit_code) completion.ending = Completion::Ending::Exited;
  if (end.signal) completion.ending = Completion::Ending::Signalled;
  const bool well = end.exit_code == 0;
  completion.outcome = well ? scheduler::Outcome::Succeeded : scheduler::Outcome::Failed;
  if (!well) completion.detail = describe(end);
  return completion;
}

}  // namespace sluice::runtime
