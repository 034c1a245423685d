# azure_script: Step, on win-1
$sluice_subscription = '6e4bd1c2-0000-4000-8000-000000000001'
$sluice_tenant = 'acme.example'
$sluice_client = '6e4bd1c2-0000-4000-8000-000000000002'
$sluice_secret = $env:sluice_client_secret
Remove-Item env:sluice_client_secret -ErrorAction SilentlyContinue
$sluice_body = @'
Get-AzVM -Name $target_name
Restart-AzVM -Name 'it''s'

'@

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
