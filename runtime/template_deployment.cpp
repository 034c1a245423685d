#include "runtime/template_deployment.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/characters.h"
#include "base/json_writer.h"
#include "base/utf8.h"
#include "plan/json_document.h"

namespace sluice::runtime {

namespace {

constexpr std::string_view api_version = "2021-04-01";
constexpr std::string_view parameter_attribute = "parameters.";
// Requests without a usable answer, one behind the other: two minutes and, where it may have been
// sent, five, as for an ssh host that was lost.
constexpr int most_failures = 8;
constexpr int most_failures_when_sent = 11;
constexpr base::Duration longest_pause{60'000};
constexpr std::size_t most_words = 2000;  // of an error

constexpr long unauthorized = 401;
constexpr long not_found = 404;
constexpr long conflict = 409;
constexpr long gone = 410;
constexpr long too_many_requests = 429;
constexpr long server_error = 500;

bool succeeded(const TransferEnd& end) {
  return end.problem.empty() && end.status >= 200 && end.status < 300;
}

// What may go well when it is asked once more.
bool passing(const TransferEnd& end) {
  return !end.problem.empty() || end.status == too_many_requests || end.status >= server_error ||
         end.status == 408;
}

std::string percent_encoded(std::string_view text) {
  std::string made;
  for (const char c : text) {
    const bool plain = base::is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      made += c;
    } else {
      made += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return made;
}

std::string without_slash(std::string_view url) {
  while (!url.empty() && url.back() == '/') url.remove_suffix(1);
  return std::string(url);
}

// A member's text at a path of names; "" where there is none.
std::string text_at(const std::string& body, std::initializer_list<std::string_view> path) {
  const auto document = plan::parse_json(body);
  if (!document) return "";
  plan::JsonReading reading(document.value());
  plan::JsonNode node = reading.root();
  for (const std::string_view name : path) {
    if (!node.has(name)) return "";
    node = node[name];
  }
  std::string text = node.text();
  return reading.failed() ? "" : text;
}

std::string text_of(const plan::JsonNode& node, std::string_view name) {
  return node.has(name) && !node[name].is_null() ? node[name].text() : "";
}

// "CODE: message", and behind it what its details say. What answered the Resource Manager itself
// stands in a message as it came, as JSON: it is read like the rest.
void describe(const plan::JsonNode& error, int level, std::string& made) {
  constexpr int deepest = 6;
  if (level > deepest || made.size() > most_words) return;
  const std::string code = text_of(error, "code");
  const std::string message = text_of(error, "message");
  if (!made.empty()) made += "; ";
  made += code;
  std::string said = message;
  const auto answer = plan::parse_json(message);
  if (answer && answer.value().rows.front().kind == plan::JsonRow::Kind::Object) {
    plan::JsonReading reading(answer.value());
    std::string words;
    const plan::JsonNode root = reading.root();
    describe(root.has("error") ? root["error"] : root, level + 1, words);
    if (!words.empty() && !reading.failed()) said = words;
  }
  if (!said.empty()) made += code.empty() ? said : ": " + said;
  if (!error.has("details") || error["details"].is_null()) return;
  error["details"].each([&](const plan::JsonNode& one) { describe(one, level + 1, made); });
}

std::string error_words(const std::string& body, bool of_properties) {
  const auto document = plan::parse_json(body);
  if (!document) return "";
  plan::JsonReading reading(document.value());
  plan::JsonNode node = reading.root();
  if (of_properties && node.has("properties")) node = node["properties"];
  if (!node.has("error")) return "";
  std::string made;
  describe(node["error"], 0, made);
  return base::printable(made);
}

// The template says of which type each parameter is; a text is written as that.
base::Result<std::string> parameter_json(const std::string& type, const std::string& value) {
  if (type == "string" || type == "securestring") {
    std::string made;
    base::JsonWriter(made).value(value);
    return made;
  }
  const auto document = plan::parse_json(value);
  const plan::JsonRow::Kind kind =
      document ? document.value().rows.front().kind : plan::JsonRow::Kind::Null;
  using Kind = plan::JsonRow::Kind;
  const bool fits = (type == "int" && kind == Kind::Integer) ||
                    (type == "bool" && kind == Kind::Boolean) ||
                    (type == "array" && kind == Kind::Array) ||
                    ((type == "object" || type == "secureobject") && kind == Kind::Object);
  if (!fits) return base::Error{"is of type " + type + ", and what is given is not"};
  return value;
}

base::Result<std::string> body_of(const TemplateDeploymentSettings& settings) {
  const auto document = plan::parse_json(settings.content);
  if (!document) return base::Error{"the template is no JSON: " + document.error().message};
  plan::JsonReading reading(document.value());
  std::string parameters;
  for (const auto& [name, value] : settings.parameters) {
    const plan::JsonNode root = reading.root();
    if (!root.has("parameters") || !root["parameters"].has(name)) {
      return base::Error{fmt::format("the template has no parameter `{}`", name)};
    }
    const plan::JsonNode declared = root["parameters"][name];
    std::string type = declared.has("type") ? declared["type"].text() : "";
    std::transform(type.begin(), type.end(), type.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    auto written = parameter_json(type, value);
    if (!written) {
      return base::Error{fmt::format("the parameter `{}` {}", name, written.error().message)};
    }
    std::string key;
    base::JsonWriter(key).value(name);
    parameters +=
        fmt::format("{}{}:{{\"value\":{}}}", parameters.empty() ? "" : ",", key, written.value());
  }
  return fmt::format(R"({{"properties":{{"mode":"{}","template":{},"parameters":{{{}}}}}}})",
                     settings.complete ? "Complete" : "Incremental", settings.content, parameters);
}

}  // namespace

base::Result<TemplateDeploymentSettings> template_deployment_of(const ActionRequest& request) {
  TemplateDeploymentSettings made;
  // A later generation is the same deployment: it is looked for.
  ActionRequest first = request;
  first.generation = 0;
  made.name = "sluice-" + action_key(first);
  made.maybe_begun = request.resumed.has_value() || request.generation > 0;
  made.subscription = request.text("subscription");
  made.resource_group = request.text("resource_group");
  made.content = request.text("template");
  made.complete = request.text("mode") == "complete";
  made.tenant = request.text("tenant");
  made.client = request.text("client");
  made.client_secret = request.revealed("client_secret");
  made.endpoint = without_slash(request.text("endpoint"));
  made.login_endpoint = without_slash(request.text("login_endpoint"));
  made.identity_endpoint = without_slash(request.text("identity_endpoint"));
  if (made.tenant.empty() != made.client_secret.empty() ||
      (!made.tenant.empty() && made.client.empty())) {
    return base::Error{"who logs in as an application gives its tenant, client and client_secret"};
  }
  for (const plan::Property& attribute : request.attributes) {
    if (attribute.name.find(parameter_attribute) != 0) continue;
    made.parameters.emplace_back(attribute.name.substr(parameter_attribute.size()),
                                 plan::to_text(attribute.value));
  }
  for (const ActionRequest::Secret& secret : request.secrets) {
    if (secret.name.find(parameter_attribute) != 0) continue;
    made.parameters.emplace_back(secret.name.substr(parameter_attribute.size()),
                                 secret.value->reveal());
  }
  std::sort(made.parameters.begin(), made.parameters.end());
  if (const auto body = body_of(made); !body) return body.error();
  return made;
}

TemplateDeployment::TemplateDeployment(TemplateDeploymentSettings settings)
    : settings_(std::move(settings)),
      after_login_(settings_.maybe_begun ? Stage::Look : Stage::Put),
      body_(body_of(settings_).value()) {}

TemplateDeployment::Move TemplateDeployment::begin() {
  return send();
}

Transfer::Http TemplateDeployment::request_for_token() const {
  Transfer::Http made;
  const std::string audience = percent_encoded(settings_.endpoint + "/");
  if (settings_.tenant.empty()) {
    made.method = "GET";
    made.url = fmt::format("{}/metadata/identity/oauth2/token?api-version=2018-02-01&resource={}",
                           settings_.identity_endpoint, audience);
    if (!settings_.client.empty()) made.url += "&client_id=" + percent_encoded(settings_.client);
    made.headers = {"Metadata: true"};
    return made;
  }
  made.method = "POST";
  made.url = fmt::format("{}/{}/oauth2/v2.0/token", settings_.login_endpoint,
                         percent_encoded(settings_.tenant));
  made.headers = {"Content-Type: application/x-www-form-urlencoded"};
  made.body = fmt::format(
      "grant_type=client_credentials&client_id={}&client_secret={}&scope={}.default",
      percent_encoded(settings_.client), percent_encoded(settings_.client_secret), audience);
  return made;
}

Transfer::Http TemplateDeployment::request(const std::string& method,
                                           const std::string& tail) const {
  Transfer::Http made;
  made.method = method;
  made.url = fmt::format(
      "{}/subscriptions/{}/resourcegroups/{}/providers/Microsoft.Resources/deployments/{}{}"
      "?api-version={}",
      settings_.endpoint, percent_encoded(settings_.subscription),
      percent_encoded(settings_.resource_group), settings_.name, tail, api_version);
  made.headers = {"Authorization: Bearer " + token_, "Accept: application/json"};
  if (method == "PUT") {
    made.headers.emplace_back("Content-Type: application/json");
    made.body = body_;
  } else if (method == "POST") {
    made.body = "";
  }
  return made;
}

TemplateDeployment::Move TemplateDeployment::send() {
  Move move;
  switch (stage_) {
    case Stage::Login:
      move.send = request_for_token();
      break;
    case Stage::Look:
    case Stage::Poll:
      move.send = request("GET", "");
      break;
    case Stage::Put:
      sent_ = true;
      move.send = request("PUT", "");
      break;
    case Stage::Cancel:
      move.send = request("POST", "/cancel");
      break;
  }
  return move;
}

TemplateDeployment::Move TemplateDeployment::waited() {
  return send();
}

TemplateDeployment::Move TemplateDeployment::ended(scheduler::Outcome outcome,
                                                   Completion::Ending ending,
                                                   std::string detail) const {
  Completion completion;
  completion.outcome = outcome;
  completion.ending = ending;
  completion.detail = std::move(detail);
  Move move;
  move.completion = std::move(completion);
  return move;
}

std::string TemplateDeployment::answer_words(const TransferEnd& end) const {
  std::string words = error_words(end.body, false);
  if (words.empty()) {  // as the directory writes it: {"error":"…","error_description":"…"}
    words = base::printable(text_at(end.body, {"error"}));
    const std::string more = text_at(end.body, {"error_description"});
    if (!more.empty()) words += ": " + base::printable(more.substr(0, more.find_first_of("\r\n")));
  }
  return fmt::format("{} answered {}{}{}", stage_ == Stage::Login ? "the login" : "the service",
                     end.status, words.empty() ? "" : ": ", words);
}

TemplateDeployment::Move TemplateDeployment::refused(const TransferEnd& end) const {
  // Where it may not even look, nobody knows what comes of it.
  if (stage_ == Stage::Look || stage_ == Stage::Poll) {
    return ended(scheduler::Outcome::Failed, Completion::Ending::Lost,
                 fmt::format("deployment {}: {}", settings_.name, answer_words(end)));
  }
  return ended(scheduler::Outcome::Failed,
               sent_ ? Completion::Ending::Answered : Completion::Ending::NotStarted,
               answer_words(end));
}

// The same once more, later; for how long it has failed already decides when.
TemplateDeployment::Move TemplateDeployment::again(const TransferEnd& end, const std::string& why) {
  if (++failures_ >= (sent_ ? most_failures_when_sent : most_failures)) {
    if (!sent_) {
      return ended(scheduler::Outcome::Failed, Completion::Ending::Unreachable, why);
    }
    return ended(scheduler::Outcome::Failed, Completion::Ending::Lost,
                 fmt::format("deployment {}: {}", settings_.name, why));
  }
  base::Duration pause = settings_.pause;
  for (int i = 1; i < failures_ && pause < longest_pause; ++i) pause.ms *= 2;
  pause.ms = std::min(pause.ms, longest_pause.ms);
  if (end.retry_after > 0) pause.ms = end.retry_after * 1000;
  Move move;
  move.wait = pause;
  move.said = fmt::format("{}; asking again in {}s", why, (pause.ms + 999) / 1000);
  return move;
}

TemplateDeployment::Move TemplateDeployment::answered(const TransferEnd& end) {
  // The identity of a machine that was given it just now, or whose service is being renewed.
  const bool coming = stage_ == Stage::Login && settings_.tenant.empty() &&
                      (end.status == not_found || end.status == gone);
  if (passing(end) || coming) {
    const std::string why = end.problem.empty() ? answer_words(end) : end.problem;
    // Whether it has arrived is to be seen.
    if (stage_ == Stage::Put && (!end.problem.empty() || end.status >= server_error)) {
      stage_ = Stage::Look;
    }
    return again(end, why);
  }
  if (end.status == unauthorized && stage_ != Stage::Login && !login_anew_) {
    login_anew_ = true;
    after_login_ = stage_;
    stage_ = Stage::Login;
    return send();
  }
  switch (stage_) {
    case Stage::Login:
      return token_answered(end);
    case Stage::Look:
      return look_answered(end);
    case Stage::Put:
      return put_answered(end);
    case Stage::Poll:
      if (!succeeded(end)) return refused(end);
      return judge(end.body, end.retry_after);
    case Stage::Cancel:
      return cancel_answered(end);
  }
  return {};
}

TemplateDeployment::Move TemplateDeployment::token_answered(const TransferEnd& end) {
  if (!succeeded(end)) return refused(end);
  token_ = text_at(end.body, {"access_token"});
  if (token_.empty() || !fits_a_line(token_)) {
    return ended(scheduler::Outcome::Failed, Completion::Ending::NotStarted,
                 "the login answered without a token");
  }
  failures_ = 0;
  stage_ = after_login_;
  return send();
}

TemplateDeployment::Move TemplateDeployment::look_answered(const TransferEnd& end) {
  if (end.status == not_found) {
    if (cancelled_) {
      return ended(scheduler::Outcome::Cancelled, Completion::Ending::Answered, "cancelled");
    }
    stage_ = Stage::Put;
    return send();
  }
  if (!succeeded(end)) return refused(end);
  sent_ = true;
  return judge(end.body, end.retry_after);
}

TemplateDeployment::Move TemplateDeployment::put_answered(const TransferEnd& end) {
  // One of this name is at work: it is this one, of which an answer was lost.
  if (end.status == conflict && text_at(end.body, {"error", "code"}) == "DeploymentActive") {
    stage_ = Stage::Poll;
    return send();
  }
  if (!succeeded(end)) return refused(end);
  return judge(end.body, end.retry_after);
}

TemplateDeployment::Move TemplateDeployment::cancel_answered(const TransferEnd& end) {
  if (end.status == not_found) {
    return ended(scheduler::Outcome::Cancelled, Completion::Ending::Answered, "cancelled");
  }
  // 204: it will end; 409: it has ended already. Either is seen by looking; so is the end of what
  // may not be ended.
  stage_ = Stage::Poll;
  failures_ = 0;
  Move move = send();
  if (!succeeded(end) && end.status != conflict) {
    move.said = fmt::format("deployment {} cannot be cancelled, and goes on: {}", settings_.name,
                            answer_words(end));
  }
  return move;
}

TemplateDeployment::Move TemplateDeployment::judge(const std::string& body, long retry_after) {
  const std::string state = text_at(body, {"properties", "provisioningState"});
  if (state.empty()) {
    stage_ = Stage::Poll;
    return again(TransferEnd{}, "the service answered without a state");
  }
  failures_ = 0;
  login_anew_ = false;
  if (state == "Succeeded") {
    Move move = ended(scheduler::Outcome::Succeeded, Completion::Ending::Answered, "");
    move.said = fmt::format("deployment {}: {}", settings_.name, state);
    return move;
  }
  if (state == "Canceled" && cancelled_) {
    return ended(scheduler::Outcome::Cancelled, Completion::Ending::Answered, "cancelled");
  }
  if (state == "Failed" || state == "Canceled") {
    const std::string words = error_words(body, true);
    return ended(scheduler::Outcome::Failed, Completion::Ending::Answered,
                 fmt::format("deployment {}: {}{}{}", settings_.name, state,
                             words.empty() ? "" : ": ", words));
  }
  stage_ = Stage::Poll;
  Move move;
  move.wait = retry_after > 0 ? base::Duration{retry_after * 1000} : settings_.poll;
  if (state != last_state_) {
    move.said = fmt::format("deployment {}: {}", settings_.name, base::printable(state));
  }
  last_state_ = state;
  return move;
}

TemplateDeployment::Move TemplateDeployment::cancel() {
  if (!sent_ && stage_ != Stage::Look && after_login_ != Stage::Look) {
    return ended(scheduler::Outcome::Cancelled, Completion::Ending::Answered, "cancelled");
  }
  cancelled_ = true;
  failures_ = 0;
  if (stage_ == Stage::Login) {
    after_login_ = Stage::Cancel;
  } else {
    stage_ = Stage::Cancel;
  }
  return send();
}

}  // namespace sluice::runtime
