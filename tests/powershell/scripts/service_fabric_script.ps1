# service_fabric_script: Step, on win-1
$sluice_endpoint = 'fabric.acme.example:19000'
$sluice_certificate = '0123456789ABCDEF0123456789ABCDEF01234567'
$sluice_server_certificate = '76543210FEDCBA9876543210FEDCBA9876543210'
$sluice_body = @'
Get-ServiceFabricClusterHealth
'@

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
