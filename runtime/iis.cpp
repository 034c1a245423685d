// The script of `iis`.
#include "runtime/powershell_scripts.h"

namespace sluice::runtime {

namespace {

// Through the library below IIS's own PowerShell module: what is changed there becomes IIS's
// configuration in one commit, or not at all.
constexpr std::string_view code = R"ps(
if ([Environment]::OSVersion.Platform -ne 'Win32NT') {
  throw 'this host is no Windows'
}
$library = "$([Environment]::SystemDirectory)\inetsrv\Microsoft.Web.Administration.dll"
if (-not [IO.File]::Exists($library)) {
  throw 'this host has no IIS'
}
if (-not [IO.Directory]::Exists([Environment]::ExpandEnvironmentVariables($path))) {
  throw "there is no folder $path"
}
Add-Type -Path $library

function Find-Named($all, $name) {
  $all | Where-Object { $_.Name -eq $name }
}

# What was made just now may have no state yet.
function Get-State($all, $name) {
  try {
    return "$((Find-Named $all $name).State)"
  } catch {
    return 'not there yet'
  }
}

function Set-State($all, $name, $wanted) {
  $now = ''
  for ($tries = 0; $tries -lt 600; $tries += 1) {
    $now = Get-State $all $name
    if ($now -eq $wanted) {
      return
    }
    if ($wanted -eq 'Started' -and $now -eq 'Stopped') {
      (Find-Named $all $name).Start() | Out-Null
    }
    if ($wanted -eq 'Stopped' -and $now -eq 'Started') {
      (Find-Named $all $name).Stop() | Out-Null
    }
    Start-Sleep -Milliseconds 100
  }
  throw "$name is $now"
}

$manager = New-Object Microsoft.Web.Administration.ServerManager

# The application pool.
$thePool = Find-Named $manager.ApplicationPools $pool
if (-not $thePool) {
  $thePool = $manager.ApplicationPools.Add($pool)
  $thePool.ManagedRuntimeVersion = ''
}
if ($runtime -and $thePool.ManagedRuntimeVersion -ne $runtime) {
  $thePool.ManagedRuntimeVersion = $runtime
}
if ($account) {
  $thePool.ProcessModel.IdentityType = 'SpecificUser'
  $thePool.ProcessModel.UserName = $account
}
if ($account -and $null -ne $password) {
  $thePool.ProcessModel.Password = $password
}

# The site, with the pool and the folder.
$theSite = Find-Named $manager.Sites $site
if (-not $theSite) {
  $theSite = $manager.Sites.Add($site, 'http', '*:80:', $path)
}
$application = $theSite.Applications | Where-Object { $_.Path -eq '/' }
if ($application.ApplicationPoolName -ne $pool) {
  $application.ApplicationPoolName = $pool
}
$folder = $application.VirtualDirectories | Where-Object { $_.Path -eq '/' }
if ($folder.PhysicalPath -ne $path) {
  $folder.PhysicalPath = $path
}

# Its bindings, where some are given: those go that are not among them, and those that are there
# stay as they are, with their certificates.
if ($bindings.Count -gt 0) {
  foreach ($binding in @($theSite.Bindings)) {
    if ($bindings -notcontains "$($binding.Protocol)/$($binding.BindingInformation)") {
      $theSite.Bindings.Remove($binding)
    }
  }
}
$there = @($theSite.Bindings | ForEach-Object { "$($_.Protocol)/$($_.BindingInformation)" })
foreach ($binding in $bindings) {
  if ($there -notcontains $binding) {
    $protocol, $information = $binding.Split([char[]]'/', 2)
    if (-not $information) {
      throw "the binding $binding is not written PROTOCOL/ADDRESS:PORT:HOST"
    }
    $theSite.Bindings.Add($information, $protocol) | Out-Null
  }
}
$manager.CommitChanges()

# What IIS makes of it: read anew.
$manager = New-Object Microsoft.Web.Administration.ServerManager
if ($state -eq 'started') {
  Set-State $manager.ApplicationPools $pool 'Started'
}
Set-State $manager.Sites $site $state
Write-Output "$site is $state, at $path"
)ps";

}  // namespace

base::Result<MadeScript> iis_script(const ActionRequest& request) {
  const std::string_view pool = request.text("pool");
  PowershellScript script(powershell_heading(request));
  script.set("site", request.text("site")).set("path", request.text("path"));
  script.set("pool", pool.empty() ? request.text("site") : pool);
  script.set_or_nothing("runtime", request.text("runtime"));
  script.set("bindings", request.texts("bindings"));
  script.set_or_nothing("account", request.text("account"));
  script.set("state", request.text("state"));
  script.take("password", account_password.variable).add(code);
  return made_of(script);
}

}  // namespace sluice::runtime
