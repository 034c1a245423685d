// The scripts of `azure_script` and `service_fabric_script`: a login, then what the user wrote. All
// names of ours begin with sluice_, which no variable of the user's does.
#include <fmt/format.h>

#include "runtime/powershell_scripts.h"

namespace sluice::runtime {

namespace {

// The login stays in this one process: nothing of it is left in the user's folder.
constexpr std::string_view azure_login = R"ps(
Import-Module Az.Accounts
$sluice_place = @{ Subscription = $sluice_subscription }
if ($sluice_tenant) {
  $sluice_place.Tenant = $sluice_tenant
}
$sluice_context = Get-AzContext
Disable-AzContextAutosave -Scope Process | Out-Null
if ($sluice_client) {
  if (-not $sluice_tenant -or -not $sluice_secret) {
    throw 'a client needs its tenant and its client_secret'
  }
  $sluice_secret = ConvertTo-SecureString -String $sluice_secret -AsPlainText -Force
  $sluice_login = New-Object Management.Automation.PSCredential $sluice_client, $sluice_secret
  Connect-AzAccount -ServicePrincipal -Credential $sluice_login @sluice_place | Out-Null
} elseif (-not $sluice_context) {
  # This machine's own identity.
  Connect-AzAccount -Identity @sluice_place | Out-Null
}
Set-AzContext @sluice_place | Out-Null
$sluice_secret = $null
$sluice_login = $null

. ([ScriptBlock]::Create($sluice_body)) @args
)ps";

// `az` reads the secret from its standard input (@-): in its arguments all could read it. What it
// keeps of the login goes to a folder of its own, which goes with the script.
constexpr std::string_view azure_bash_login = R"sh(if [ -n "${sluice_client-}" ]; then
  AZURE_CONFIG_DIR=$(mktemp -d)
  export AZURE_CONFIG_DIR
  trap 'rm -rf -- "$AZURE_CONFIG_DIR"' EXIT
  printf %s "${sluice_client_secret-}" | az login --service-principal --output none \
    --username "$sluice_client" --tenant "$sluice_tenant" --password @-
elif ! az account show --output none 2>/dev/null; then
  AZURE_CONFIG_DIR=$(mktemp -d)
  export AZURE_CONFIG_DIR
  trap 'rm -rf -- "$AZURE_CONFIG_DIR"' EXIT
  az login --identity --output none
fi
az account set --subscription "$sluice_subscription"
unset sluice_client sluice_client_secret sluice_tenant sluice_subscription

)sh";

constexpr std::string_view fabric_connection = R"ps(
Import-Module ServiceFabric
$sluice_place = @{ ConnectionEndpoint = $sluice_endpoint }
if ($sluice_certificate) {
  $sluice_place.StoreLocation = 'CurrentUser'
  if (-not (Test-Path -LiteralPath "Cert:\CurrentUser\My\$sluice_certificate")) {
    $sluice_place.StoreLocation = 'LocalMachine'
  }
  $sluice_place.StoreName = 'My'
  $sluice_place.X509Credential = $true
  $sluice_place.FindType = 'FindByThumbprint'
  $sluice_place.FindValue = $sluice_certificate
  $sluice_place.ServerCertThumbprint = $sluice_server_certificate
}
Connect-ServiceFabricCluster @sluice_place | Out-Null
# The module looks for its connection in a variable, wherever it is called from.
$global:ClusterConnection = $ClusterConnection

. ([ScriptBlock]::Create($sluice_body)) @args
)ps";

std::string variable(std::string_view name, std::string_view value) {
  return fmt::format("{}={}", name, value);
}

}  // namespace

base::Result<MadeScript> azure_script(const ActionRequest& request) {
  const std::string_view body = request.text("body");
  if (request.text("shell") == "bash") {
    MadeScript made;
    made.shell = "bash";
    made.body = fmt::format("# {}\n{}{}", powershell_heading(request), azure_bash_login, body);
    made.environment = {variable("sluice_subscription", request.text("subscription")),
                        variable("sluice_tenant", request.text("tenant")),
                        variable("sluice_client", request.text("client"))};
    return made;
  }
  PowershellScript script(powershell_heading(request));
  script.set("sluice_subscription", request.text("subscription"));
  script.set_or_nothing("sluice_tenant", request.text("tenant"));
  script.set_or_nothing("sluice_client", request.text("client"));
  script.take("sluice_secret", azure_client_secret.variable);
  script.set_script("sluice_body", body).add(azure_login);
  return made_of(script);
}

base::Result<MadeScript> service_fabric_script(const ActionRequest& request) {
  const std::string_view certificate = request.text("certificate");
  const std::string_view server = request.text("server_certificate");
  if (!certificate.empty() && server.empty()) {
    return base::Error{"`certificate` needs `server_certificate`: who the cluster is"};
  }
  PowershellScript script(powershell_heading(request));
  script.set("sluice_endpoint", request.text("endpoint"));
  script.set_or_nothing("sluice_certificate", certificate);
  script.set_or_nothing("sluice_server_certificate", server);
  script.set_script("sluice_body", request.text("body")).add(fabric_connection);
  return made_of(script);
}

}  // namespace sluice::runtime
