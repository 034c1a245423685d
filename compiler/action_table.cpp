#include "compiler/action_table.h"

namespace sluice::compiler {

namespace {

using plan::Type;
using plan::Value;

Value text(std::string_view content) {
  return {std::string(content)};
}
Value number(std::int64_t whole) {
  return {plan::Number{whole * 1'000'000}};
}

AttributeSchema attribute(std::string_view name, Type type, std::string_view documentation) {
  AttributeSchema schema;
  schema.name = name;
  schema.type = type;
  schema.documentation = documentation;
  return schema;
}

AttributeSchema required(AttributeSchema schema) {
  schema.required = true;
  return schema;
}

AttributeSchema literal(AttributeSchema schema) {
  schema.literal = true;
  return schema;
}

AttributeSchema with_default(AttributeSchema schema, Value value) {
  schema.default_value = std::move(value);
  return schema;
}

AttributeSchema one_of(AttributeSchema schema, std::vector<std::string_view> words) {
  schema.words = std::move(words);
  return schema;
}

AttributeSchema map_of_text(std::string_view name, std::string_view documentation) {
  AttributeSchema schema = attribute(name, Type::String, documentation);
  schema.map = true;
  schema.secret = true;
  return schema;
}

ActionSchema script() {
  return {"script",
          "body",
          {required(literal(attribute("body", Type::String, "the script, byte for byte"))),
           with_default(one_of(attribute("shell", Type::String, "what reads the script"),
                               {"sh", "bash", "python3"}),
                        text("sh")),
           attribute("args", Type::List, "the script's arguments"),
           attribute("directory", Type::String, "where it runs; the login's home by default"),
           map_of_text("environment", "more environment variables")},
          base::Duration{10'000},
          "runs a script on the target",
          true};
}

ActionSchema wait() {
  return {"wait",
          "duration",
          {required(attribute("duration", Type::Duration, "how long"))},
          std::nullopt,
          "lets time pass"};
}

ActionSchema http() {
  return {
      "http",
      "url",
      {required(attribute("url", Type::String, "http:// or https://")),
       with_default(one_of(attribute("method", Type::String, "the request's method"),
                           {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}),
                    text("GET")),
       with_default(attribute("expect", Type::Number, "the status that is a success"), number(200)),
       attribute("contains", Type::String, "a text that the answer's body must hold"),
       map_of_text("headers", "the request's headers"),
       attribute("body", Type::String, "the request's body")},
      base::Duration{1'000},
      "makes a request from the controller, or from where `via` says, and expects a status"};
}

ActionSchema haproxy() {
  return {"haproxy",
          "",
          {required(attribute("backend", Type::String, "the backend's name in HAProxy")),
           required(attribute("server", Type::String, "the server's name in that backend")),
           required(one_of(attribute("state", Type::String, "what the server is set to"),
                           {"drain", "ready", "maint"})),
           with_default(attribute("socket", Type::String, "HAProxy's runtime socket"),
                        text("/run/haproxy/admin.sock")),
           attribute("address", Type::String, "HAProxy's runtime API as host:port, not a socket"),
           with_default(attribute("wait", Type::Duration,
                                  "on `drain`: at most so long for open sessions to end"),
                        Value{base::Duration{0}})},
          base::Duration{1'000},
          "sets a server's state through HAProxy's runtime API, and reads it back"};
}

}  // namespace

std::span<const ActionSchema> action_table() {
  static const std::vector<ActionSchema> table{script(), wait(), http(), haproxy()};
  return table;
}

const ActionSchema* find_action(std::string_view kind) {
  for (const ActionSchema& schema : action_table()) {
    if (schema.kind == kind) return &schema;
  }
  return nullptr;
}

}  // namespace sluice::compiler
