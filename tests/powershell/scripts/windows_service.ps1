# windows_service: Step, on win-1
$service = 'AcmeJobs'
$executable = 'C:\acme\2026.11\jobs.exe'
$arguments = '--queue "night jobs"'
$display_name = 'Acme''s jobs'
$description = 'Works on what came in by night'
$start = 'delayed'
$account = '.\jobs'
$state = 'running'
$password = $env:sluice_password
Remove-Item env:sluice_password -ErrorAction SilentlyContinue

if ([Environment]::OSVersion.Platform -ne 'Win32NT') {
  throw 'this host is no Windows'
}

function Get-TheService {
  Get-CimInstance -ClassName Win32_Service | Where-Object { $_.Name -eq $service }
}

function Confirm-Answer($what, $answer) {
  if ($answer.ReturnValue -ne 0) {
    throw "$what`: Windows answers $($answer.ReturnValue)"
  }
}

# By its name as it is: -Name would take it for a pattern.
function Get-Control {
  Get-Service | Where-Object { $_.Name -eq $service }
}

function Wait-For($status) {
  (Get-Control).WaitForStatus($status, [TimeSpan]::FromMinutes(10))
}

$command = '"' + $executable + '"'
if ($arguments) {
  $command += ' ' + $arguments
}
$modes = @{
  automatic = 'Automatic'
  delayed = 'Automatic'
  manual = 'Manual'
  disabled = 'Disabled'
}
$mode = $modes[$start]
$delayed = [int]($start -eq 'delayed')

$found = Get-TheService
if (-not $found) {
  New-Service -Name $service -BinaryPathName $command -StartupType Manual | Out-Null
  Write-Output "$service is installed"
  $found = Get-TheService
}

# What it is to be, and what of that it is not.
$wanted = @{ PathName = $command }
if ($display_name) {
  $wanted.DisplayName = $display_name
}
if ($account) {
  $wanted.StartName = $account
}
$dependents = @()
$changed = @($wanted.Keys | Where-Object { $found.$_ -cne $wanted[$_] })
if ($changed -or $state -eq 'stopped') {
  # What depends on it ends with it.
  $dependents = @((Get-Control).DependentServices |
      Where-Object { $_.Status -eq 'Running' } |
      ForEach-Object { $_.Name })
  Stop-Service -InputObject (Get-Control) -Force
  Wait-For 'Stopped'
  if ($dependents) {
    Write-Output "stopped with it: $dependents"
  }
}

# All of it is said again: an account's password may be new.
if ($account -and $null -ne $password) {
  $wanted.StartPassword = $password
}
$answer = Invoke-CimMethod -InputObject $found -MethodName Change -Arguments $wanted
Confirm-Answer 'changing the service' $answer
$answer = Invoke-CimMethod -InputObject $found -MethodName ChangeStartMode -Arguments @{
  StartMode = $mode
}
Confirm-Answer 'changing when it is started' $answer
$key = "HKLM:\SYSTEM\CurrentControlSet\Services\$service"
Set-ItemProperty -LiteralPath $key -Name DelayedAutostart -Value $delayed -Type DWord
if ($description) {
  Set-ItemProperty -LiteralPath $key -Name Description -Value $description -Type String
}

if ($state -eq 'running') {
  Start-Service -InputObject (Get-Control)
  Wait-For 'Running'
  # One that ends right after its start has not come up.
  Start-Sleep -Seconds 1
  foreach ($dependent in Get-Service | Where-Object { $dependents -contains $_.Name }) {
    Start-Service -InputObject $dependent
    Write-Output "$($dependent.Name) is started again"
  }
}
$now = (Get-Control).Status
Write-Output "$service is $now"
if ("$now" -ne $state) {
  exit 1
}
