#include "compiler/action_table.h"

#include "compiler/action_schema.h"

namespace sluice::compiler {

namespace schema {

namespace {

using plan::Type;
using plan::Value;

ActionSchema script() {
  ActionSchema made;
  made.kind = "script";
  made.documentation =
      "Runs a script on the target. Its text reaches the shell byte for byte; variables reach it "
      "as environment variables. `sh` runs it with `-eu`, `bash` with `-eu -o pipefail`. For "
      "`powershell` a host is taken for Windows; the controller runs it with `pwsh`; an error ends "
      "it.";
  made.argument = "body";
  made.attributes = {required(literal(string("body", "the script itself"))),
                     known(with_default(one_of(string("shell", "what reads the script"),
                                               {"sh", "bash", "powershell", "python3"}),
                                        text("sh"))),
                     literal(string("file",
                                    "a file that holds the script, in the place of `body`: "
                                    "read when compiling, from the folder of the file "
                                    "that names it")),
                     form(attribute("args", Type::List, "the script's arguments"), Form::Texts),
                     string("directory",
                            "where it runs; else the login's home, and on the controller where "
                            "`run` was typed, also when the run is resumed elsewhere"),
                     map_of_text("environment", "more environment variables")};
  made.default_takes = base::Duration{10'000};
  made.writes_outputs = true;
  return made;
}

ActionSchema package() {
  ActionSchema made;
  made.kind = "package";
  made.documentation =
      "Copies an archive (.tar.gz, .tar.zst, .zip or .nupkg) to the target, verifies its SHA-256, "
      "unpacks it beside the releases that are there, switches the link `current` to it at once, "
      "and keeps the last releases. Where the release is in place and as it was unpacked, nothing "
      "is done. The plan holds the archive's size and SHA-256; `run` refuses another one, and one "
      "that could write outside of its folder, before anything begins.";
  made.attributes = {
      required(
          known(form(string("source", "the archive, from the main file's folder"), Form::Archive))),
      required(
          form(string("to", "the folder on the target that holds the releases, and nothing else"),
               Form::Folder)),
      known(form(string("sha256", "what the archive's SHA-256 must be"), Form::Sha256)),
      with_default(form(attribute("keep", Type::Number, "how many releases stay"), Form::Count),
                   number(5)),
      literal(string("before",
                     "a script that runs in the new release before the link is switched, with "
                     "`package_release` and `package_previous` set to the folders of both; where "
                     "it fails, nothing is switched")),
      literal(string("after",
                     "the same when it has been switched; where it fails or is ended, the link "
                     "leads to the release before again"))};
  made.default_takes = base::Duration{30'000};
  return made;
}

ActionSchema service() {
  ActionSchema made;
  made.kind = "service";
  made.documentation =
      "Starts, stops, restarts or reloads a systemd unit, and waits until it is active, or has "
      "stopped. A unit of `Type=oneshot` is done when systemctl says so. One of `Type=simple` is "
      "active as soon as its process is there: whether it serves, a `verify` says. The tests have "
      "a systemctl of their own; it was tried by hand against systemd 252.";
  made.attributes = {required(form(string("name", "the unit"), Form::Name)),
                     required(one_of(string("state", "what is done with it"),
                                     {"start", "stop", "restart", "reload"}))};
  made.default_takes = base::Duration{5'000};
  made.usual_effects = {{"state", "restart", Phrase::Interrupts}};
  return made;
}

ActionSchema http() {
  ActionSchema made;
  made.kind = "http";
  made.argument = "url";
  made.documentation =
      "Makes a request and expects a status, and, where it is asked for, a text in the answer, of "
      "which one MiB is read. A redirect is an answer like any other, and is not followed. The "
      "certificate of an https server has to hold.";

  made.attributes = {
      required(form(string("url", "of http or https"), Form::Url)),
      with_default(one_of(string("method", "the request's method"),
                          {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}),
                   text("GET")),
      with_default(
          form(attribute("expect", Type::Number, "the status that is a success"), Form::Status),
          number(200)),
      string("contains", "a text that the answer's body must hold"),
      map_of_text(
          "headers",
          "the request's headers; HTTP has no blanks at the ends of a value, so that one of "
          "blanks alone arrives empty"),
      secret(string("body", "the request's body"))};
  made.default_takes = base::Duration{1'000};
  made.runs_on = RunsOn::Controller;
  return made;
}

ActionSchema haproxy() {
  ActionSchema made;
  made.kind = "haproxy";
  made.documentation =
      "Sets a server's state through HAProxy's runtime API, reads it back, and on `drain` waits "
      "for its open sessions to end: as long as that takes, or as long as `wait` says. A session "
      "that "
      "never ends keeps the step waiting up to its `timeout`. Where HAProxy is started anew "
      "meanwhile, or told otherwise, it fails: the server is not drained any more. Sessions that a "
      "process from before a reload still holds are not seen; HAProxy's `hard-stop-after` bounds "
      "them.";
  made.attributes = {
      required(form(string("backend", "the backend's name in HAProxy"), Form::Name)),
      required(form(string("server", "the server's name in that backend"), Form::Name)),
      required(one_of(string("state", "what the server is set to"), {"drain", "ready", "maint"})),
      with_default(form(string("socket", "HAProxy's runtime socket"), Form::Line),
                   text("/run/haproxy/admin.sock")),
      form(string("address", "HAProxy's runtime API as HOST:PORT, in the socket's place"),
           Form::HostAndPort),
      attribute(
          "wait", Type::Duration,
          "on `drain`: at most so long for open sessions to end, `0s` not at all; how many are "
          "left then is in the output, and it has succeeded all the same")};
  made.default_takes = base::Duration{1'000};
  made.usual_effects = {{"state", "drain", Phrase::Drains},
                        {"state", "maint", Phrase::Drains},
                        {"state", "ready", Phrase::Restores}};
  return made;
}

ActionSchema email() {
  ActionSchema made;
  made.kind = "email";
  made.documentation =
      "Sends a mail by SMTP. With a `user` or a `password` it goes only over TLS, to a server "
      "whose "
      "certificate holds; without, TLS is used where the server offers it. On port 465 it is TLS "
      "from the first byte.";
  made.attributes = {
      required(form(string("to", "the addresses, with commas between them"), Form::Addresses)),
      required(form(string("subject", "the mail's subject"), Form::Line)),
      string("body", "the mail's text"),
      form(string("from", "the sender's address"), Form::Addresses),
      with_default(form(string("server", "the mail server as HOST:PORT"), Form::HostAndPort),
                   text("localhost:25")),
      form(secret(string("user", "who logs in at the server")), Form::Line),
      form(secret(string("password", "the password to log in with")), Form::Line)};
  made.default_takes = base::Duration{2'000};
  made.runs_on = RunsOn::Controller;
  return made;
}

ActionSchema manual() {
  ActionSchema made;
  made.kind = "manual";
  made.documentation =
      "Asks a person, who looks and approves, or rejects, which is a failure. The time it takes "
      "holds the slot; how long may be waited is the step's `timeout`.";
  made.argument = "instructions";
  made.attributes = {
      string("instructions", "what the person looks at"),
      form(
          attribute("approvers", Type::List,
                    "who may answer: names of users of the controller; all, where it is not given"),
          Form::Texts)};
  made.default_takes = base::Duration{300'000};
  made.runs_on = RunsOn::Nowhere;
  return made;
}

ActionSchema wait() {
  ActionSchema made;
  made.kind = "wait";
  made.documentation = "Lets time pass.";
  made.argument = "duration";
  made.attributes = {required(attribute("duration", Type::Duration, "how long"))};
  made.runs_on = RunsOn::Nowhere;
  return made;
}

}  // namespace

std::vector<ActionSchema> general_actions() {
  return {script(), package(), service(), http(), haproxy(), email(), manual(), wait()};
}

}  // namespace schema

std::span<const ActionSchema> action_table() {
  static const std::vector<ActionSchema> table = [] {
    std::vector<ActionSchema> all = schema::general_actions();
    for (ActionSchema& action : schema::windows_and_azure_actions()) {
      all.push_back(std::move(action));
    }
    return all;
  }();
  return table;
}

const ActionSchema* find_action(std::string_view kind) {
  for (const ActionSchema& schema : action_table()) {
    if (schema.kind == kind) return &schema;
  }
  return nullptr;
}

const AttributeSchema* find_attribute(const ActionSchema& action, std::string_view name) {
  for (const AttributeSchema& schema : action.attributes) {
    if (schema.name == name) return &schema;
  }
  return nullptr;
}

}  // namespace sluice::compiler
