// The table of actions: its reference page, and that each kind can be written as the page says.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "compiler/action_table.h"
#include "compiler/compile.h"
#include "support/golden.h"
#include "support/memory_files.h"

using namespace sluice;

namespace {

std::string said_of(const std::string& text) {
  base::Sources sources;
  base::Diagnostics diagnostics;
  const base::FileId file = sources.add(base::SourceFile("web.deploy", text));
  test::MemoryFiles files(
      "=== true\n{\"parameters\": {\"One\": {\"type\": \"string\", \"defaultValue\": \"\"}}}\n"
      "=== other\n{,}\n=== list\n[1]\n=== empty\n{}\n"
      "=== strict\n{\"parameters\": {\"admin\": {\"type\": \"secureString\"}, "
      "\"size\": {\"type\": \"int\", \"nullable\": true}}}\n");
  compiler::Options options;
  options.reader = &files;
  compiler::compile(sources, file, options, diagnostics);
  std::string said;
  for (const base::Diagnostic& item : diagnostics.sorted()) {
    if (item.severity == base::Severity::Error) said += item.code + " " + item.message + "\n";
  }
  return said;
}

std::string in_a_step(const std::string& run) {
  return "deployment \"Acme\"\nsecret token from env \"TOKEN\"\n"
         "role web { target \"web-[1..2]\" }\n"
         "step \"A\" on web { " +
         run + " }\n";
}

// A value that fits an attribute.
std::string sample(const compiler::AttributeSchema& attribute) {
  using compiler::Form;
  if (attribute.default_value && attribute.type != plan::Type::String) {
    return plan::to_text(*attribute.default_value);
  }
  if (attribute.form == Form::Bindings) return "[\"http/*:80:\"]";
  if (attribute.type == plan::Type::List) return "[\"one\", \"two\"]";
  if (attribute.type == plan::Type::Duration) return "5s";
  if (!attribute.words.empty()) return fmt::format("\"{}\"", attribute.words.back());
  if (attribute.form == Form::Url) return "\"http://${target.address}:8080/\"";
  if (attribute.form == Form::Sha256) return "\"" + std::string(64, 'a') + "\"";
  if (attribute.form == Form::Archive) return "\"dist/acme.tar.gz\"";
  if (attribute.form == Form::WindowsPath) return "\"C:\\\\acme\\\\${target.name}\"";
  if (attribute.form == Form::Thumbprint) return "\"0123456789abcdef0123456789ABCDEF01234567\"";
  if (attribute.form == Form::Folder) return "\"/srv/${target.name}\"";
  if (attribute.form == Form::Addresses) return "\"ops@acme.example, dev@acme.example\"";
  if (attribute.form == Form::HostAndPort) return "\"mail.acme.example:25\"";
  return attribute.literal ? "\"true\"" : "target.name";
}

std::string written(const compiler::ActionSchema& action, bool all) {
  std::string text = fmt::format("run {} {{", action.kind);
  for (const compiler::AttributeSchema& attribute : action.attributes) {
    if (!all && !attribute.required) continue;
    if (action.kind == "script" && attribute.name == "file") continue;  // in the place of `body`
    text += attribute.map ? fmt::format(" {} {{ One = \"1\" }}", attribute.name)
            : attribute.known && !attribute.words.empty()
                ? fmt::format(" {} = \"{}\"", attribute.name, attribute.words[0])
                : fmt::format(" {} = {}", attribute.name, sample(attribute));
  }
  return text + " }";
}

// Whether it is among those that go together.
bool is_of_pair(const compiler::ActionSchema& action, std::string_view name) {
  return std::any_of(action.together.begin(), action.together.end(),
                     [&](const auto& pair) { return pair.given == name || pair.needed == name; });
}

}  // namespace

TEST_CASE("the reference of actions is what the table says") {
  test::check_golden("../docs/ACTIONS.md", compiler::action_reference());
}

TEST_CASE("the table holds every kind of the language once, each told and complete") {
  std::set<std::string_view> kinds;
  for (const compiler::ActionSchema& action : compiler::action_table()) {
    INFO(action.kind);
    CHECK(kinds.insert(action.kind).second);
    CHECK(action.documentation.back() == '.');
    std::set<std::string_view> names;
    for (const compiler::AttributeSchema& attribute : action.attributes) {
      INFO(attribute.name);
      CHECK(names.insert(attribute.name).second);
      CHECK(attribute.documentation.size() > 4);
      CHECK_FALSE((attribute.required && attribute.default_value));
    }
    if (!action.argument.empty()) {
      CHECK(compiler::find_attribute(action, action.argument) != nullptr);
    }
    const bool timed =
        action.default_takes.has_value() || compiler::find_attribute(action, "duration") != nullptr;
    CHECK(timed);
  }
  CHECK(kinds == std::set<std::string_view>{"script", "package", "service", "http", "haproxy",
                                            "email", "manual", "wait", "windows_service", "iis",
                                            "azure_script", "azure_resource_group",
                                            "service_fabric_script"});
}

TEST_CASE("each kind compiles with what it requires, and with all that it takes") {
  for (const compiler::ActionSchema& action : compiler::action_table()) {
    INFO(action.kind);
    CHECK(said_of(in_a_step(written(action, false))) == "");
    CHECK(said_of(in_a_step(written(action, true))) == "");
  }
}

TEST_CASE("a secret stands only where the table allows it") {
  for (const compiler::ActionSchema& action : compiler::action_table()) {
    for (const compiler::AttributeSchema& attribute : action.attributes) {
      if (attribute.literal) continue;
      const std::string value = attribute.map ? fmt::format(" {} {{ One = token }}", attribute.name)
                                              : fmt::format(" {} = token", attribute.name);
      std::string run = fmt::format("run {} {{", action.kind);
      for (const compiler::AttributeSchema& other : action.attributes) {
        const bool wanted = other.required ||
                            (is_of_pair(action, other.name) && is_of_pair(action, attribute.name));
        if (!wanted || other.name == attribute.name) continue;
        run += fmt::format(" {} = {}", other.name, sample(other));
      }
      INFO(run << value);
      const std::string said = said_of(in_a_step(run + value + " }"));
      CHECK((said.find("E0223") != std::string::npos) == !attribute.secret);
      CHECK((said == "") == attribute.secret);
    }
  }
}

TEST_CASE("a secret is never part of a text, a list, a comparison or a choice") {
  for (const char* value :
       {"\"a${token}\"", "token + \"a\"", "if true then token else \"\"", "text(token)",
        "lower(token)", "if token == token then \"\" else \"\""}) {
    const std::string run =
        fmt::format("run script \"true\" {{ environment {{ API_TOKEN = {} }} }}", value);
    INFO(run);
    CHECK(said_of(in_a_step(run)).find("E0223") != std::string::npos);
  }
  CHECK(said_of(in_a_step("run script \"true\" { args = [token] }")).find("E0223") !=
        std::string::npos);
}

TEST_CASE("a value that only some targets make wrong names the first of them") {
  CHECK(said_of("deployment \"Acme\"\n"
                "role web { target \"a\" { at = \"http://a/\" } target \"b\" { at = \"b\" } }\n"
                "step \"A\" on web { run http { url = target.at } }\n") ==
        "E0215 `url` does not fit for `b`: a URL begins with `http://` or `https://`\n");
  CHECK(said_of("deployment \"Acme\"\nrole web { target \"a/b\" { address = \"10.0.0.1\" } }\n"
                "step \"A\" on web { run haproxy { backend = \"w\" server = target.name "
                "state = \"drain\" } }\n") ==
        "E0215 `server` does not fit for `a/b`: `a/b` is no name that fits there\n");
  CHECK(said_of("deployment \"Acme\"\nrole web { target \"a\" { in_haproxy = \"#1\" } }\n"
                "step \"A\" on web { run haproxy { backend = \"w\" server = target.in_haproxy "
                "state = \"drain\" } }\n") ==
        "E0215 `server` does not fit for `a`: `#1` is an id to HAProxy: a name stands there\n");
}

TEST_CASE("hosts, ports, addresses and digests fit their grammar") {
  using compiler::Form;
  const auto problem = [](Form form, const std::string& text) {
    return compiler::form_problem(form, plan::Value{text});
  };
  for (const char* url :
       {"http://a", "https://a.b:8080/c?d=e#f", "http://[::1]:80/", "http://u@a/"}) {
    CHECK(problem(Form::Url, url) == "");
  }
  for (const char* url : {"", "a", "ftp://a", "http://", "http:///x", "http://:80", "http://a:0",
                          "http://a:65536", "http://a:http/", "http://a b", "http://a\n",
                          "http://-a/", "http://caf\xC3\xA9/", "http://a:1:2/"}) {
    INFO(url);
    CHECK(problem(Form::Url, url) != "");
  }
  for (const char* name : {"web.service", "web@1.service", "web-1", "we:ird_1"}) {
    CHECK(problem(Form::Name, name) == "");
  }
  for (const char* name : {"", "a b", "a;b", "a/b", "web-*", "web-?", "web-[12]", "a\n"}) {
    INFO(name);
    CHECK(problem(Form::Name, name) != "");
  }
  CHECK(problem(Form::HostAndPort, "a:25") == "");
  for (const char* text : {"a", ":25", "a:", "a:x", "a b:25", "a:99999"}) {
    CHECK(problem(Form::HostAndPort, text) != "");
  }
  CHECK(problem(Form::Addresses, "a@b.c,d@e") == "");
  for (const char* text : {"", "a", "a@", "@b", "a@b,", "A <a@b>", "a@b\nBcc: c@d", "a@b;c@d",
                           "a@b@c", "a;b@c", "(a)@b"}) {
    INFO(text);
    CHECK(problem(Form::Addresses, text) != "");
  }
  CHECK(problem(Form::Addresses, std::string(252, 'a') + "@b") == "");
  CHECK(problem(Form::Addresses, std::string(253, 'a') + "@b") != "");
  CHECK(problem(Form::Sha256, std::string(64, 'F')) == "");
  CHECK(problem(Form::Sha256, std::string(63, 'F')) != "");
  CHECK(problem(Form::Name, "web-1;shutdown") != "");
  CHECK(problem(Form::Thumbprint, std::string(40, 'a')) == "");
  CHECK(problem(Form::Thumbprint, std::string(39, 'a')) != "");
}

TEST_CASE("paths, services and bindings of Windows fit their grammar") {
  using compiler::Form;
  const auto problem = [](Form form, const std::string& text) {
    return compiler::form_problem(form, plan::Value{text});
  };
  for (const char* path : {"C:\\acme", "d:\\Program Files\\it's.exe", "\\\\server\\share\\x",
                           "%SystemDrive%\\inetpub"}) {
    CHECK(problem(Form::WindowsPath, path) == "");
  }
  for (const char* path : {"", "acme.exe", "C:", "C:acme", "/srv", "\\acme", "%HOME", "C:\\a\"b",
                           "C:\\*", "C:\\a\nb"}) {
    INFO(path);
    CHECK(problem(Form::WindowsPath, path) != "");
  }
  CHECK(problem(Form::WindowsName, "Acme Jobs$1") == "");
  for (const char* name : {"", "a/b", "a\\b", "a\"b", "a\nb"}) {
    CHECK(problem(Form::WindowsName, name) != "");
  }
  const auto bindings = [](const std::string& text) {
    return compiler::form_problem(Form::Bindings,
                                  plan::Value{plan::Value::List{plan::Value{text}}});
  };
  for (const char* text : {"http/*:80:", "https/*:443:www.acme.example", "net.tcp/808:*"}) {
    CHECK(bindings(text) == "");
  }
  for (const char* text : {"", "*:80:", "/x", "http/", "http/\n"}) CHECK(bindings(text) != "");
}

TEST_CASE("a template is read when compiling, and is JSON") {
  const auto said = [](const std::string& name) {
    return said_of(
        in_a_step("run azure_resource_group { subscription = \"s\" resource_group = "
                  "\"g\" template = \"" +
                  name + "\" }"));
  };
  CHECK(said("true") == "");
  CHECK(said("missing").find("E0225 ") == 0);
  CHECK(said("other").find("E0225 other is no JSON") == 0);
  CHECK(said("list") == "E0225 list is no template: no JSON object\n");
  CHECK(said("strict") == "E0213 strict needs its parameter `admin`, which has no default\n");
}

TEST_CASE("a template's parameters are those that it declares") {
  const auto said = [](const std::string& name, const std::string& parameters) {
    return said_of(
        in_a_step("run azure_resource_group { subscription = \"s\" resource_group = "
                  "\"g\" template = \"" +
                  name + "\" parameters { " + parameters + " } }"));
  };
  CHECK(said("strict", "admin = token") == "");
  CHECK(said("strict", "admin = token size = \"3\"") == "");
  CHECK(said("strict", "admin = token sise = \"3\"") == "E0212 strict has no parameter `sise`\n");
  CHECK(said("strict", "Admin = token") ==
        "E0213 strict needs its parameter `admin`, which has no default\n"
        "E0212 strict has no parameter `Admin`\n");
  CHECK(said("empty", "admin = token") == "E0212 empty has no parameter `admin`\n");
}

TEST_CASE("a login, an account and a certificate are given whole") {
  const auto said = [](const std::string& run) {
    const std::string all = said_of(in_a_step(run));
    return all.substr(0, all.find(':'));
  };
  const std::string group =
      "run azure_resource_group { subscription = \"s\" resource_group = \"g\" template = \"true\" ";
  CHECK(said(group + "}") == "");
  CHECK(said(group + "client = \"one of two\" }") == "");
  CHECK(said(group + "tenant = \"t\" client = \"c\" client_secret = token }") == "");
  CHECK(said(group + "tenant = \"t\" client = \"c\" }") == "E0213 `tenant` needs `client_secret`");
  CHECK(said(group + "client_secret = token client = \"c\" }") ==
        "E0213 `client_secret` needs `tenant`");
  const std::string script = "run azure_script \"true\" { subscription = \"s\" ";
  CHECK(said(script + "tenant = \"t\" }") == "");
  CHECK(said(script + "client_secret = token }") == "E0213 `client_secret` needs `client`");
  CHECK(said(script + "client = \"c\" client_secret = token }") == "E0213 `client` needs `tenant`");
  CHECK(said("run iis { site = \"a\" path = \"C:\\\\a\" password = token }") ==
        "E0213 `password` needs `account`");
  CHECK(
      said("run windows_service { name = \"a\" executable = \"C:\\\\a.exe\" password = token }") ==
      "E0213 `password` needs `account`");
  const std::string fabric = "run service_fabric_script \"true\" { endpoint = \"a:1\" ";
  const std::string print = "\"0123456789ABCDEF0123456789ABCDEF01234567\" ";
  CHECK(said(fabric + "certificate = " + print + "}") ==
        "E0213 `certificate` needs `server_certificate`");
  CHECK(said(fabric + "certificate = " + print + "server_certificate = " + print + "}") == "");
}
