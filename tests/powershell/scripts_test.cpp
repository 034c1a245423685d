// The PowerShell that each kind makes: as it reads, that it holds together, and that no value turns
// into code. A parser of PowerShell reads it; none runs it.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <regex>
#include <set>

#include "base/random.h"
#include "base/sha256.h"
#include "powershell/nasty.h"
#include "powershell/parsed.h"
#include "runtime/powershell.h"
#include "runtime/powershell_actions.h"
#include "runtime/powershell_wrapper.h"
#include "runtime/ssh_wrapper.h"
#include "support/executing.h"
#include "support/golden.h"

using namespace sluice;
using test::parse_powershell;
using test::ParsedPowershell;

namespace {

struct Attribute {
  std::string name;
  std::string value;
};

struct Kind {
  std::string name;
  std::vector<Attribute> attributes;  // all that are text
};

const std::vector<Kind> kinds = {
    {"windows_service",
     {{"name", "AcmeJobs"},
      {"executable", "C:\\acme\\2026.11\\jobs.exe"},
      {"arguments", "--queue \"night jobs\""},
      {"display_name", "Acme's jobs"},
      {"description", "Works on what came in by night"},
      {"start", "delayed"},
      {"account", ".\\jobs"},
      {"state", "running"}}},
    {"iis",
     {{"site", "Acme"},
      {"path", "C:\\inetpub\\acme\\2026.11"},
      {"pool", "Acme"},
      {"runtime", "v4.0"},
      {"account", "ACME\\web"},
      {"state", "started"}}},
    {"azure_script",
     {{"body", "Get-AzVM -Name $target_name\nRestart-AzVM -Name 'it''s'\n"},
      {"subscription", "6e4bd1c2-0000-4000-8000-000000000001"},
      {"tenant", "acme.example"},
      {"client", "6e4bd1c2-0000-4000-8000-000000000002"},
      {"shell", "powershell"}}},
    {"service_fabric_script",
     {{"endpoint", "fabric.acme.example:19000"},
      {"body", "Get-ServiceFabricClusterHealth"},
      {"certificate", "0123456789ABCDEF0123456789ABCDEF01234567"},
      {"server_certificate", "76543210FEDCBA9876543210FEDCBA9876543210"}}},
};

const std::vector<std::string> bindings = {"http/*:80:www.acme.example", "https/*:443:"};

struct Maker {
  test::Waiting waiting;
  test::Requests requests{waiting};

  runtime::ActionRequest request(const Kind& kind,
                                 const std::vector<std::string>& list = bindings) {
    std::vector<plan::Property> attributes;
    for (const Attribute& row : kind.attributes) {
      attributes.push_back(test::text_attribute(row.name, row.value));
    }
    if (kind.name == "iis") attributes.push_back(test::list_attribute("bindings", list));
    runtime::ActionRequest made = requests.action(kind.name, std::move(attributes));
    made.place.name = "win-1";
    return made;
  }
  std::string text(const Kind& kind, const std::vector<std::string>& list = bindings) {
    runtime::ActionRequest made = request(kind, list);
    const base::Status done = make_powershell_script(made);
    INFO(kind.name);
    REQUIRE(done);
    return std::string(made.text("body"));
  }
};

std::size_t count_of(const ParsedPowershell& parsed, const std::string& value) {
  return static_cast<std::size_t>(
      std::count(parsed.literals.begin(), parsed.literals.end(), value));
}

// By an assignment, a loop, or as what a function is called with.
bool is_set(const std::string& text, const std::string& variable) {
  const std::string name = "\\" + variable + "\\b";
  const std::regex ways("(^|\n) *(\\$\\w+, )?" + name + "(, \\$\\w+)? = |foreach \\(" + name +
                        " in |" + "function [\\w-]+\\([^)]*" + name + "|for \\(" + name + " = ");
  return std::regex_search(text, ways);
}

// A value that the grammar of its attribute lets through as it is, and nothing else in the script.
std::string marked(const std::string& value) {
  return "m" + value + "m";
}

}  // namespace

TEST_CASE("the parser finds what is no PowerShell") {
  CHECK(parse_powershell("$x = 'a'\n").problem == "");
  for (const char* wrong : {"$x = 'a", "if ($x) { 'a'\n", "$x = @('a'\n", "$x = 'it's'\n",
                            "$x = @'\na'@\n", "foreach $x in $y { }\n"}) {
    INFO(wrong);
    CHECK_FALSE(parse_powershell(wrong).problem.empty());
  }
  CHECK(parse_powershell("$x = 'it''s'\n").literals == std::vector<std::string>{"it's"});
  CHECK(parse_powershell("$x = '\u2019; Get-Date; \u2018'\n").literals ==
        std::vector<std::string>{"<a quote that ends it>"});
}

TEST_CASE("each kind makes the script that stands beside the tests") {
  Maker maker;
  for (const Kind& kind : kinds) {
    DYNAMIC_SECTION(kind.name) {
      const std::string text = maker.text(kind);
      test::check_golden("powershell/scripts/" + kind.name + ".ps1", text);
      CHECK(parse_powershell(text).problem == "");
      CHECK(text.find("\r") == std::string::npos);
    }
  }
}

TEST_CASE("what is not given stands in a script as nothing") {
  Maker maker;
  Kind service = kinds[0];
  std::erase_if(service.attributes, [](const Attribute& row) {
    return row.name != "name" && row.name != "executable" && row.name != "start" &&
           row.name != "state";
  });
  const std::string text = maker.text(service);
  CHECK(text.find("$account = $null\n") != std::string::npos);
  CHECK(parse_powershell(text).problem == "");
  Kind site = kinds[1];
  std::erase_if(site.attributes, [](const Attribute& row) {
    return row.name != "site" && row.name != "path" && row.name != "state";
  });
  const std::string plain = maker.text(site, {});
  CHECK(plain.find("$pool = 'Acme'\n") != std::string::npos);
  CHECK(plain.find("$bindings = @()\n") != std::string::npos);
  CHECK(parse_powershell(plain).problem == "");
}

TEST_CASE("each value is one literal of its script, and changes nothing else of it") {
  Maker maker;
  for (const Kind& kind : kinds) {
    const ParsedPowershell plain = parse_powershell(maker.text(kind));
    for (std::size_t i = 0; i < kind.attributes.size(); ++i) {
      const std::string& name = kind.attributes[i].name;
      if (name == "shell" || name == "body") continue;
      for (const std::string& nasty : test::nasty_values()) {
        Kind other = kind;
        other.attributes[i].value = marked(nasty);
        const ParsedPowershell parsed = parse_powershell(maker.text(other));
        CAPTURE(kind.name, name, nasty);
        CHECK(parsed.problem == "");
        CHECK(count_of(parsed, marked(nasty)) == 1);
        CHECK(parsed.shape == plain.shape);
      }
    }
  }
}

TEST_CASE("each binding is one literal") {
  Maker maker;
  const ParsedPowershell plain = parse_powershell(maker.text(kinds[1], {"a", "b"}));
  for (const std::string& nasty : test::nasty_values()) {
    const ParsedPowershell parsed = parse_powershell(maker.text(kinds[1], {"a", marked(nasty)}));
    CAPTURE(nasty);
    CHECK(parsed.problem == "");
    CHECK(count_of(parsed, marked(nasty)) == 1);
    CHECK(parsed.shape == plain.shape);
  }
}

TEST_CASE("a script of the user's is one literal, whatever it holds") {
  Maker maker;
  for (const Kind& kind : {kinds[2], kinds[3]}) {
    for (const std::string& nasty : test::nasty_values()) {
      for (const std::string& body : {nasty, marked(nasty), nasty + "\n", "a\n" + nasty + "b"}) {
        Kind other = kind;
        for (Attribute& row : other.attributes) {
          if (row.name == "body") row.value = body;
        }
        const ParsedPowershell parsed = parse_powershell(maker.text(other));
        CAPTURE(kind.name, body);
        CHECK(parsed.problem == "");
        CHECK(count_of(parsed, body) >= 1);
      }
    }
  }
}

TEST_CASE("a literal holds each value as it is") {
  for (const std::string& nasty : test::nasty_values()) {
    const auto literal = runtime::powershell_literal(nasty);
    REQUIRE(literal);
    const ParsedPowershell parsed = parse_powershell("$x = " + *literal + "\n");
    CAPTURE(nasty);
    CHECK(parsed.problem == "");
    CHECK(parsed.literals == std::vector<std::string>{nasty});
  }
  CHECK_FALSE(runtime::powershell_literal(std::string("a\0b", 3)));
  CHECK_FALSE(runtime::powershell_literal("\xff"));
}

TEST_CASE("a literal of random signs holds them, alone and in a script") {
  const std::vector<std::string> signs = {
      "'",  "\u2018", "\u2019", "\u201A", "\u201B",     "\"",     "\u201C", "$", "`",  "@",  "\n",
      "(",  ")",      "{",      "}",      ";",          "\\",     " ",      "#", "<#", "#>", "a",
      "\r", "\t",     "\u00E9", "\u4E2D", "\U0001F680", "\u2028", "&",      "|", "-",  ","};
  for (std::uint64_t time = 0; time < 3000; ++time) {
    std::string value;
    for (std::uint32_t k = 0; k < 1 + time % 17; ++k) {
      value += signs[base::random_bits(7, 0, time, k) % signs.size()];
    }
    CAPTURE(time, value);
    const ParsedPowershell parsed =
        parse_powershell("$x = " + *runtime::powershell_literal(value) + "\n");
    CHECK(parsed.problem == "");
    CHECK(parsed.literals == std::vector<std::string>{value});
    runtime::PowershellScript script("random");
    script.set_script("body", value).set("after", "here");
    const ParsedPowershell whole = parse_powershell(script.text().value());
    CHECK(whole.problem == "");
    CHECK(whole.literals == std::vector<std::string>{value, "here"});
  }
}

TEST_CASE("what no text of PowerShell can hold is refused, by its name") {
  Maker maker;
  Kind service = kinds[0];
  service.attributes[1].value = std::string("C:\\a\0b", 6);
  runtime::ActionRequest request = maker.request(service);
  const base::Status made = make_powershell_script(request);
  REQUIRE_FALSE(made);
  CHECK(made.error().message == "`executable` is no text of PowerShell");
  Kind fabric = kinds[3];
  fabric.attributes.pop_back();
  request = maker.request(fabric);
  CHECK_FALSE(make_powershell_script(request));
}

TEST_CASE("a step's name stays in the script's first line") {
  runtime::PowershellScript script("iis: a\nRemove-Item x\r\n\u2028b, on \x1b[2J");
  const std::string text = script.text().value();
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(text.find('\r') == std::string::npos);
  CHECK(parse_powershell(text + "$x = 'a'\n").literals == std::vector<std::string>{"a"});
}

TEST_CASE("a password is a variable of the script, and no text of it") {
  Maker maker;
  const runtime::SecretText secret("canary-5f3a-9b1c");
  runtime::ActionRequest request = maker.request(kinds[0]);
  request.secrets = {{"password", &secret}};
  REQUIRE(make_powershell_script(request));
  CHECK(request.text("body").find("canary") == std::string_view::npos);
  const std::vector<std::string> all = request.environment_with_secrets();
  CHECK(std::count(all.begin(), all.end(), "sluice_password=canary-5f3a-9b1c") == 1);
}

TEST_CASE("what runs a script holds together, and fits a command line of cmd.exe") {
  const ParsedPowershell parsed = parse_powershell(runtime::powershell_runner());
  CHECK(parsed.problem == "");
  std::size_t letters = 0;
  for (const std::string& word : runtime::powershell_arguments(runtime::powershell_runner())) {
    letters += word.size() + 1;
  }
  CHECK(letters < 8000);
}

TEST_CASE("the wrapper holds together, its beginning too, and each fits its command line") {
  const std::string opening = runtime::powershell_wrapper_opening();
  CHECK(parse_powershell(opening).problem == "");
  const std::string command = runtime::powershell_wrapper_command();
  CHECK(command.size() < 8000);
  CHECK(command.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "+/=.- ") == std::string::npos);
  const std::string bootstrap = test::decoded_command(command);
  CHECK(parse_powershell(bootstrap).problem == "");
  CHECK(bootstrap.find(base::sha256_hex(opening)) != std::string::npos);
}

TEST_CASE("no script of ours goes by a variable that the plan could have under its name") {
  Maker maker;
  // What a plan calls `os` or `path` is $env:OS and $env:PATH on Windows, and `host` would be
  // $host, which cannot be set.
  for (const Kind& kind : kinds) {
    for (const std::string& variable : parse_powershell(maker.text(kind)).variables) {
      CAPTURE(kind.name, variable);
      CHECK((!variable.starts_with("$env:") || variable.starts_with("$env:sluice_")));
    }
  }
  CHECK(
      runtime::powershell_runner().find(
          "Set-Variable -Name $sluice_name -Value $sluice_value -ErrorAction SilentlyContinue\n") !=
      std::string_view::npos);
}

// No PowerShell runs here: that both say the same is what can be seen of it.
TEST_CASE("a Windows host makes room when a POSIX host does, and says the same of it") {
  const std::string windows = runtime::powershell_wrapper_opening();
  const std::string posix = runtime::wrapper_command();
  const std::string note = "sluice: what this wrote was removed on the host, to make room";
  CHECK(windows.find(note + "`n\"") != std::string::npos);
  CHECK(posix.find(note + "\"") != std::string::npos);
  const std::int64_t kibibytes = 262'144;
  CHECK(posix.find(fmt::format("-gt {} ]", kibibytes)) != std::string::npos);
  CHECK(windows.find(fmt::format("-gt {}\n", kibibytes * 1024)) != std::string::npos);
  // Before it is said to be done, and behind what is older than all.
  const std::size_t forget = windows.find("function Clear-Run {");
  const std::size_t aged = windows.find("AddDays(-30)", forget);
  const std::size_t room = windows.find("Clear-Room", forget);
  CHECK(aged < room);
  CHECK(room < windows.find("Write-Answer 'done'", forget));
}

// No parser knows what there is. A name that is misspelt stands once, or is no command.
TEST_CASE("each command of our texts is one of PowerShell's or their own, each variable is set") {
  const std::set<std::string> cmdlets = {"Add-Type",
                                         "Connect-AzAccount",
                                         "Connect-ServiceFabricCluster",
                                         "ConvertTo-SecureString",
                                         "Disable-AzContextAutosave",
                                         "ForEach-Object",
                                         "Get-AzContext",
                                         "Get-ChildItem",
                                         "Get-CimClass",
                                         "Get-CimInstance",
                                         "Get-Date",
                                         "Get-Service",
                                         "Import-Module",
                                         "Invoke-CimMethod",
                                         "New-CimInstance",
                                         "New-Object",
                                         "New-Service",
                                         "Out-Null",
                                         "Remove-Item",
                                         "Select-Object",
                                         "Set-AzContext",
                                         "Set-ItemProperty",
                                         "Set-Variable",
                                         "Sort-Object",
                                         "Start-Service",
                                         "Start-Sleep",
                                         "Stop-Service",
                                         "Test-Path",
                                         "Where-Object",
                                         "Write-Output"};
  const std::set<std::string> automatic = {"$_",
                                           "$args",
                                           "$null",
                                           "$true",
                                           "$false",
                                           "$PID",
                                           "$PSHOME",
                                           "$LASTEXITCODE",
                                           "$ErrorActionPreference",
                                           "$ProgressPreference",
                                           "$OutputEncoding",
                                           "$ClusterConnection"};
  // What the beginning of a session hands on, and of what watches over a script.
  const std::set<std::string> handed_on = {"$sluice_input", "$sluice_pipe", "$sluice_reader",
                                           "$sluice_text"};
  Maker maker;
  std::vector<std::string> texts{runtime::powershell_wrapper_opening(),
                                 std::string(runtime::powershell_runner())};
  for (const Kind& kind : kinds) texts.push_back(maker.text(kind));
  for (const std::string& text : texts) {
    const ParsedPowershell parsed = parse_powershell(text);
    INFO(text.substr(0, text.find('\n')));
    CHECK_FALSE(parsed.commands.empty());
    for (const std::string& command : parsed.commands) {
      if (command.front() == '(') continue;  // a block
      const bool own = std::count(parsed.functions.begin(), parsed.functions.end(), command) == 1;
      CAPTURE(command);
      CHECK((own || cmdlets.contains(command)));
    }
    for (const std::string& function : parsed.functions) {
      CAPTURE(function);
      CHECK(std::count(parsed.commands.begin(), parsed.commands.end(), function) > 0);
    }
    for (std::string variable : parsed.variables) {
      variable.front() = '$';  // and not @, where it is spread
      if (variable.starts_with("$env:") || variable.starts_with("$global:")) continue;
      if (automatic.contains(variable) || handed_on.contains(variable)) continue;
      CAPTURE(variable);
      CHECK(is_set(text, variable));
    }
  }
}

TEST_CASE("a command is encoded as UTF-16, the lower byte first, in base64") {
  CHECK(runtime::powershell_encoded("") == "");
  CHECK(runtime::powershell_encoded("a") == "YQA=");
  CHECK(runtime::powershell_encoded("dir") == "ZABpAHIA");
  CHECK(runtime::powershell_encoded("\u00E9\u4E2D") == "6QAtTg==");
  CHECK(runtime::powershell_encoded("\U0001F680") == "PdiA3g==");
  CHECK(runtime::powershell_list({"a", "", "b c"}) == "YQ==..YiBj.");
}
