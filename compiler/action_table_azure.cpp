// The part of the table for Windows and Azure.
#include "compiler/action_schema.h"

namespace sluice::compiler::schema {

namespace {

using plan::Type;

ActionSchema windows_service() {
  ActionSchema made;
  made.kind = "windows_service";
  made.documentation =
      "Installs or updates a Windows service with PowerShell, and leaves it running or stopped. "
      "One that runs is stopped first where something of it changes, with what depends on it, "
      "which is started again; where nothing changes it is left alone. Its account has to have the "
      "right to log on as a service. Never run on Windows where "
      "sluice is made: docs/decisions/powershell.md.";
  made.attributes = {
      required(form(string("name", "the service's name"), Form::WindowsName)),
      required(form(string("executable", "the program, with its whole path"), Form::WindowsPath)),
      form(string("arguments", "the program's arguments, as one line"), Form::Line),
      form(string("display_name", "the name that people see"), Form::Line),
      form(string("description", "what the service is for"), Form::Line),
      with_default(one_of(string("start", "when Windows starts it"),
                          {"automatic", "delayed", "manual", "disabled"}),
                   text("automatic")),
      form(string("account",
                  "who it runs as, written as Windows does (.\\NAME, DOMAIN\\NAME); as it is where "
                  "it is not given, and LocalSystem for a new one"),
           Form::Line),
      form(secret(string("password", "the account's password")), Form::Line),
      with_default(one_of(string("state", "what it is left as"), {"running", "stopped"}),
                   text("running"))};
  made.default_takes = base::Duration{30'000};
  made.usual_effects = {{"state", "running", Phrase::Interrupts}};
  made.together = {{"password", "account"}};
  return made;
}

ActionSchema iis() {
  ActionSchema made;
  made.kind = "iis";
  made.documentation =
      "Makes or updates a site of IIS, its application pool and its bindings, with PowerShell: all "
      "of it in one commit of IIS's configuration. The folder has to be there. Never run on "
      "Windows "
      "where sluice is made: docs/decisions/powershell.md.";
  made.attributes = {
      required(form(string("site", "the site's name"), Form::Line)),
      required(form(string("path", "the folder that the site shows"), Form::WindowsPath)),
      form(string("pool", "its application pool; of the site's name where it is not given"),
           Form::Line),
      form(string("runtime",
                  "the pool's .NET runtime, as in v4.0; as it is where it is not given, and none, "
                  "as .NET Core wants it, for a new one"),
           Form::Line),
      form(attribute("bindings", Type::List,
                     "as in \"http/*:80:www.acme.example\": those that it has, and no others; a "
                     "binding that stays keeps its certificate. As they are where none is given, "
                     "and port 80 for a new one"),
           Form::Bindings),
      form(string("account", "who the pool runs as"), Form::Line),
      form(secret(string("password", "the account's password")), Form::Line),
      with_default(one_of(string("state", "what the site is left as"), {"started", "stopped"}),
                   text("started"))};
  made.default_takes = base::Duration{30'000};
  made.usual_effects = {{"state", "started", Phrase::Interrupts}};
  made.together = {{"password", "account"}};
  return made;
}

// How sluice logs in to Azure.
std::vector<AttributeSchema> with_login(std::vector<AttributeSchema> attributes) {
  attributes.push_back(required(form(string("subscription", "the subscription's id"), Form::Line)));
  attributes.push_back(form(string("tenant", "the directory to log in to"), Form::Line));
  attributes.push_back(form(
      string("client", "the application that logs in; else the login or identity that is there"),
      Form::Line));
  attributes.push_back(
      form(secret(string("client_secret", "the application's secret")), Form::Line));
  return attributes;
}

ActionSchema azure_script() {
  ActionSchema made;
  made.kind = "azure_script";
  made.documentation =
      "Runs a PowerShell or bash script with an Azure login around it, in the subscription: by "
      "`pwsh` "
      "and the module Az.Accounts, or by bash and `az`. Names that begin with `sluice_` are ours. "
      "Never run against Azure where sluice is made: docs/decisions/powershell.md.";
  made.argument = "body";
  made.attributes = with_login(
      {required(literal(string("body", "the script itself"))),
       known(with_default(one_of(string("shell", "what reads the script"), {"powershell", "bash"}),
                          text("powershell"))),
       form(attribute("args", Type::List, "the script's arguments"), Form::Texts),
       map_of_text("environment", "more environment variables")});
  made.default_takes = base::Duration{60'000};
  made.runs_on = RunsOn::Controller;
  made.writes_outputs = true;
  made.together = {{"client", "tenant"}, {"client", "client_secret"}, {"client_secret", "client"}};
  return made;
}

ActionSchema azure_resource_group() {
  ActionSchema made;
  made.kind = "azure_resource_group";
  made.documentation =
      "Deploys an ARM template to a resource group through the Resource Manager API, and waits "
      "for its end.";
  made.attributes = with_login(
      {required(form(string("resource_group", "the group's name"), Form::Line)),
       required(literal(string("template",
                               "the file of the template: JSON, read when compiling, from the "
                               "folder of the file that names it"))),
       map_of_text("parameters",
                   "the template's parameters; those of another type than string are written "
                   "as JSON"),
       with_default(one_of(string("mode", "whether what the template does not name goes"),
                           {"incremental", "complete"}),
                    text("incremental")),
       with_default(form(string("endpoint", "the Resource Manager"), Form::Url),
                    text("https://management.azure.com")),
       with_default(form(string("login_endpoint", "the directory that knows `client`"), Form::Url),
                    text("https://login.microsoftonline.com")),
       with_default(form(string("identity_endpoint",
                                "what gives this machine's own identity, without `tenant`"),
                         Form::Url),
                    text("http://169.254.169.254"))});
  made.default_takes = base::Duration{300'000};
  made.runs_on = RunsOn::Controller;
  made.together = {{"tenant", "client"}, {"tenant", "client_secret"}, {"client_secret", "tenant"}};
  return made;
}

ActionSchema service_fabric_script() {
  ActionSchema made;
  made.kind = "service_fabric_script";
  made.documentation =
      "Runs a PowerShell script with a connection to a Service Fabric cluster around it: `via` a "
      "Windows host that has the Service Fabric SDK, for there is none for other systems. "
      "`certificate` and `server_certificate` go together; a cluster without certificates has "
      "neither. Never run where sluice is made: docs/decisions/powershell.md.";
  made.argument = "body";
  made.attributes = {
      required(form(string("endpoint", "the cluster as HOST:PORT"), Form::HostAndPort)),
      required(literal(string("body", "the script itself"))),
      form(string("certificate",
                  "the thumbprint of the client's certificate, in the store of the user or of the "
                  "machine"),
           Form::Thumbprint),
      form(string("server_certificate", "the thumbprint of the cluster's certificate"),
           Form::Thumbprint),
      form(attribute("args", Type::List, "the script's arguments"), Form::Texts),
      map_of_text("environment", "more environment variables")};
  made.default_takes = base::Duration{60'000};
  made.runs_on = RunsOn::Controller;
  made.writes_outputs = true;
  made.together = {{"certificate", "server_certificate"}, {"server_certificate", "certificate"}};
  return made;
}

}  // namespace

std::vector<ActionSchema> windows_and_azure_actions() {
  return {windows_service(), iis(), azure_script(), azure_resource_group(),
          service_fabric_script()};
}

}  // namespace sluice::compiler::schema
