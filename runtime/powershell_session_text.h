// The text of the wrapper on a Windows host, its first part: the conversation with the controller.
// Windows PowerShell 5.1, and so no `??`, no `? :`, no `&&`. What comes out of the functions goes
// nowhere (the last lines of the second part), so that nothing but answers and output is written to
// the session. Scripts of the user's run in other processes and see no name of it.
#pragma once

#include <string_view>

namespace sluice::runtime {

inline constexpr std::string_view powershell_session_text = R"ps(
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$utf8 = New-Object Text.UTF8Encoding $false
$me = [Security.Principal.WindowsIdentity]::GetCurrent().User

# What is asked for: the words of the request's first line. What was read of the input, and not yet
# used.
$asked = @{ More = $false }
$ahead = @{ Bytes = (New-Object byte[] 65536); Begin = 0; End = 0 }

function Write-Bytes($stream, $bytes, $count) {
  $stream.Write($bytes, 0, $count)
  $stream.Flush()
}

function Write-Output-Text($text) {
  $bytes = $utf8.GetBytes($text)
  Write-Bytes $session_output $bytes $bytes.Length
}

function Write-Answer($text) {
  $bytes = $utf8.GetBytes("$($asked.Nonce) $text`n")
  Write-Bytes $session_errors $bytes $bytes.Length
}

# The end of an answer: of the session too, where it was not said that more may come.
function Complete-Answer {
  if (-not $asked.More) {
    exit 0
  }
  Write-Output-Text "`n$($asked.Nonce).`n"
}

function Deny-Request($why) {
  Write-Answer "refused $why"
  exit 0
}

# The next line of the input without its end, as bytes; nothing where it was cut off.
function Read-Line {
  $line = New-Object IO.MemoryStream
  while ($true) {
    if ($ahead.Begin -eq $ahead.End) {
      $ahead.Begin = 0
      $ahead.End = $sluice_input.Read($ahead.Bytes, 0, $ahead.Bytes.Length)
      if ($ahead.End -eq 0) {
        return $null
      }
    }
    $count = $ahead.End - $ahead.Begin
    $at = [Array]::IndexOf($ahead.Bytes, [byte]10, $ahead.Begin, $count)
    if ($at -ge 0) {
      $count = $at - $ahead.Begin
    }
    $line.Write($ahead.Bytes, $ahead.Begin, $count)
    $ahead.Begin += $count
    if ($at -ge 0) {
      $ahead.Begin += 1
      return , $line.ToArray()
    }
  }
}

function Read-Rest {
  $rest = New-Object IO.MemoryStream
  $rest.Write($ahead.Bytes, $ahead.Begin, $ahead.End - $ahead.Begin)
  $ahead.Begin = $ahead.End
  $sluice_input.CopyTo($rest)
  return , $rest.ToArray()
}

function Get-Digest($bytes) {
  $hash = New-Object Security.Cryptography.SHA256CryptoServiceProvider
  return [BitConverter]::ToString($hash.ComputeHash($bytes)).Replace('-', '').ToLowerInvariant()
}

# Whole or not at all, and on the disk.
function Write-Durably($path, $text) {
  $bytes = $utf8.GetBytes($text)
  $new = "$path.$PID.new"
  $file = [IO.File]::Open($new, 'Create', 'Write', 'None')
  $file.Write($bytes, 0, $bytes.Length)
  $file.Flush($true)
  $file.Close()
  if ([IO.File]::Exists($path)) {
    [IO.File]::Replace($new, $path, [NullString]::Value)
  } else {
    [IO.File]::Move($new, $path)
  }
}

function Open-Shared($path) {
  return [IO.File]::Open($path, 'Open', 'Read', 'ReadWrite, Delete')
}

# The lock of an action is a file that is open to nobody else: Windows closes it when its holder
# dies. Nothing where another has it open.
function Open-Lock($path, $access, $share) {
  $in_use = -2147024864
  try {
    return [IO.File]::Open($path, 'OpenOrCreate', $access, $share)
  } catch {
    if ($_.Exception.GetBaseException().HResult -eq $in_use) {
      return $null
    }
    throw
  }
}

function Test-Held {
  # Gone where the run was forgotten.
  if (-not [IO.File]::Exists("$($asked.Path).lock")) {
    return $false
  }
  $probe = Open-Lock "$($asked.Path).lock" 'Read' 'ReadWrite, Delete'
  if ($null -eq $probe) {
    return $true
  }
  $probe.Close()
  return $false
}

function Test-Known {
  return [IO.File]::Exists("$($asked.Path).started") -or [IO.File]::Exists("$($asked.Path).exit")
}

# When the first process of all began: another one after each boot.
function Get-Boot {
  $first = Get-CimInstance -ClassName Win32_Process -Filter 'ProcessId = 4'
  if ($first -and $first.CreationDate) {
    return "$($first.CreationDate.ToFileTimeUtc())"
  }
  return "$((Get-CimInstance -ClassName Win32_OperatingSystem).LastBootUpTime.ToFileTimeUtc())"
}

# The place of this run: private, ours, no link.
function Find-Place($make) {
  $base = "$env:USERPROFILE\.sluice"
  $asked.Base = $base
  $asked.Folder = "$base\$($asked.Run)"
  $asked.Path = "$($asked.Folder)\$($asked.Key)"
  if ($make -and -not [IO.Directory]::Exists($asked.Folder)) {
    $security = New-Object Security.AccessControl.DirectorySecurity
    $security.SetAccessRuleProtection($true, $false)
    $system = New-Object Security.Principal.SecurityIdentifier 'S-1-5-18'
    foreach ($who in @($me, $system)) {
      $rule = New-Object Security.AccessControl.FileSystemAccessRule(
        $who, 'FullControl', 'ContainerInherit, ObjectInherit', 'None', 'Allow')
      $security.AddAccessRule($rule)
    }
    foreach ($folder in @($base, $asked.Folder)) {
      [IO.Directory]::CreateDirectory($folder, $security) | Out-Null
    }
  }
  if (-not [IO.Directory]::Exists($asked.Folder)) {
    return
  }
  foreach ($folder in @($base, $asked.Folder)) {
    $found = New-Object IO.DirectoryInfo $folder
    $owner = $found.GetAccessControl().GetOwner([Security.Principal.SecurityIdentifier]).Value
    # What an administrator makes belongs to all of them.
    $ours = @($me.Value, 'S-1-5-32-544') -contains $owner
    if (-not $ours -or ($found.Attributes -band [IO.FileAttributes]::ReparsePoint)) {
      Deny-Request "$base is not the own directory of the user on the host"
    }
  }
}

# A controller that another one has taken over from begins and ends nothing. Says why not.
function Test-Fence($epoch) {
  $stored = 0
  $path = "$($asked.Folder)\fence"
  if ([IO.File]::Exists($path)) {
    $stored = [int][IO.File]::ReadAllText($path)
  }
  if ($stored -gt $epoch) {
    return 'another controller has taken this run over'
  }
  if ($stored -lt $epoch) {
    Write-Durably $path "$epoch"
  }
  return ''
}

function Confirm-Fence($epoch) {
  $why = Test-Fence $epoch
  if ($why) {
    Deny-Request $why
  }
}

# At most so many bytes of a file.
function Copy-Beginning($path, $stream) {
  $most = 65537
  $bytes = New-Object byte[] $most
  $file = Open-Shared $path
  $count = 0
  while ($count -lt $most) {
    $got = $file.Read($bytes, $count, $most - $count)
    if ($got -eq 0) {
      break
    }
    $count += $got
  }
  $file.Close()
  Write-Bytes $stream $bytes $count
}

function Test-Filled($path) {
  return [IO.File]::Exists($path) -and (New-Object IO.FileInfo $path).Length -gt 0
}

# How it ended, then what it wrote.
function Write-Conclusion {
  $path = $asked.Path
  if ([IO.File]::Exists("$path.exit")) {
    $verdict = [IO.File]::ReadAllText("$path.exit").TrimEnd(' .')
  } elseif ([IO.File]::ReadAllText("$path.started") -eq (Get-Boot)) {
    # With what watched over it Windows has ended all of it: it was in its job.
    $verdict = 'lost killed'
  } else {
    $verdict = 'lost reboot'
  }
  $wrote = Test-Filled "$path.out"
  if ($asked.More -or $wrote) {
    Write-Output-Text "$($asked.Nonce)`n"
  }
  if ($wrote) {
    Copy-Beginning "$path.out" $session_output
  }
  # What it hands on: up to the next line of ours, and one line end more.
  if (Test-Filled "$path.output") {
    Write-Answer 'outputs'
    Copy-Beginning "$path.output" $session_errors
    Write-Bytes $session_errors $utf8.GetBytes("`n") 1
  }
  Write-Answer $verdict
  Complete-Answer
}

function Wait-Action {
  $pause = 10
  while (Test-Held) {
    Start-Sleep -Milliseconds $pause
    $pause = [Math]::Min(100, $pause * 2)
  }
  if (-not (Test-Known)) {
    Write-Answer 'none'
    exit 0
  }
  Write-Conclusion
}

function Join-Action {
  if (-not (Test-Known)) {
    Write-Answer 'none'
    exit 0
  }
  Write-Answer 'running'
  Wait-Action
}

# The items of a start: a letter, the number of further lines, the text. Nothing where they were
# cut off.
function Read-Items {
  $raw = New-Object IO.MemoryStream
  $items = @{ Environment = @(); Directory = ''; Body = $null }
  while ($true) {
    $line = Read-Line
    if ($null -eq $line) {
      return $null
    }
    $raw.Write($line, 0, $line.Length)
    $raw.WriteByte(10)
    $text = $utf8.GetString($line)
    if ($text -ceq 's') {
      break
    }
    $head, $value = $text.Split([char[]]' ', 2)
    $further = [int]$head.Substring(1)
    while ($further -gt 0) {
      $line = Read-Line
      if ($null -eq $line) {
        return $null
      }
      $raw.Write($line, 0, $line.Length)
      $raw.WriteByte(10)
      $value += "`n" + $utf8.GetString($line)
      $further -= 1
    }
    $kind = $head.Substring(0, 1)
    if ($kind -ceq 'e') {
      $items.Environment += $value
    } elseif ($kind -ceq 'd') {
      $items.Directory = $value
    } elseif ($kind -ceq 'b') {
      $items.Body = $value
    } else {
      return $null
    }
  }
  $raw.WriteByte(10)
  $items.Digest = Get-Digest $raw.ToArray()
  if ($null -eq $items.Body) {
    $items.Body = $utf8.GetString((Read-Rest))
  }
  return $items
}

# Away from the session, which Windows ends with all that came of it: a process that Windows
# Management Instrumentation starts. Its command line has a pipe's name and nothing else.
function Start-Supervisor($pipe_name) {
  $text = "`$sluice_pipe = New-Object IO.Pipes.NamedPipeClientStream '.', '$pipe_name', 'InOut'`n"
  $text += "`$sluice_pipe.Connect(60000)`n"
  $text += "`$sluice_reader = New-Object IO.BinaryReader `$sluice_pipe`n"
  $text += ". ([ScriptBlock]::Create(`$sluice_reader.ReadString()))`n"
  $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($text))
  $program = "`"$PSHOME\powershell.exe`""
  $out_of_its_job = 16777216
  $startup = New-CimInstance -CimClass (Get-CimClass -ClassName Win32_ProcessStartup) -ClientOnly
  $startup.CreateFlags = [uint32]$out_of_its_job
  $startup.ShowWindow = [uint16]0
  $answer = Invoke-CimMethod -ClassName Win32_Process -MethodName Create -Arguments @{
    CommandLine = "$program -NoLogo -NoProfile -NonInteractive -EncodedCommand $encoded"
    ProcessStartupInformation = $startup
  }
  return $answer.ReturnValue
}

function Open-Pipe($name) {
  $security = New-Object IO.Pipes.PipeSecurity
  $rule = New-Object IO.Pipes.PipeAccessRule($me, 'FullControl', 'Allow')
  $security.AddAccessRule($rule)
  return New-Object IO.Pipes.NamedPipeServerStream(
    $name, 'InOut', 1, 'Byte', 'Asynchronous', 65536, 65536, $security)
}

# The script's environment: the session's, and on top of it what came.
function Join-Environment($entries) {
  $all = New-Object 'Collections.Generic.SortedDictionary[string,string]' (
    [StringComparer]::OrdinalIgnoreCase)
  foreach ($entry in [Environment]::GetEnvironmentVariables().GetEnumerator()) {
    $all[$entry.Key] = $entry.Value
  }
  foreach ($entry in $entries) {
    $name, $value = $entry.Split([char[]]'=', 2)
    $all[$name] = $value
  }
  $all['SLUICE_OUTPUT'] = "$($asked.Path).output"
  $all['sluice_script'] = "$($asked.Path).script"
  $text = New-Object Text.StringBuilder
  foreach ($name in $all.Keys) {
    $text.Append("$name=$($all[$name])").Append([char]0) | Out-Null
  }
  return $text.ToString()
}

function Start-Action {
  $items = Read-Items
  $whole = $null -ne $items -and $items.Digest -ceq $asked.Words[1]
  $whole = $whole -and (Get-Digest $utf8.GetBytes($items.Body)) -ceq $asked.Words[2]
  $epoch = [int]$asked.Words[3]
  if (-not $whole -and -not (Test-Known)) {
    Deny-Request 'it did not arrive whole'
  }
  Confirm-Fence $epoch
  # What has begun is there, whatever came of this asking.
  if (Test-Known) {
    Join-Action
    return
  }
  if ($items.Directory -and -not [IO.Directory]::Exists($items.Directory)) {
    Deny-Request 'there is no directory for it'
  }
  $name = 'sluice-' + [Guid]::NewGuid().ToString('N')
  $pipe = Open-Pipe $name
  $failure = Start-Supervisor $name
  if ($failure -ne 0) {
    Deny-Request "Windows starts no process that could watch over it ($failure)"
  }
  $coming = $pipe.BeginWaitForConnection($null, $null)
  if (-not $coming.AsyncWaitHandle.WaitOne(60000)) {
    Deny-Request 'what is to watch over it does not come up'
  }
  $pipe.EndWaitForConnection($coming)
  $writer = New-Object IO.BinaryWriter $pipe
  $directory = $items.Directory
  if (-not $directory) {
    $directory = $env:USERPROFILE
  }
  $environment = Join-Environment $items.Environment
  foreach ($text in @($sluice_text, $asked.Folder, $asked.Path, "$epoch", $directory,
      $environment, $items.Body)) {
    $writer.Write([string]$text)
  }
  $writer.Flush()
  $answer = (New-Object IO.BinaryReader $pipe).ReadString()
  $pipe.Close()
  if ($answer -ceq 'started') {
    Write-Answer 'running'
    Wait-Action
  } elseif ($answer -ceq 'known') {
    Join-Action
  } else {
    Deny-Request $answer
  }
}

# What had not begun never will; what runs is ended by what watches over it, with all that came of
# it. Windows knows no polite way to ask a program without windows.
function Stop-Action {
  Confirm-Fence ([int]$asked.Words[1])
  Deny-Begin
  [IO.File]::WriteAllText("$($asked.Path).cancel", '')
  Join-Action
}

# What has not begun never will: whoever is told that nothing is known of it goes by that.
function Deny-Begin {
  $path = $asked.Path
  $asked.Sealed = $false
  while (-not (Test-Known)) {
    $lock = Open-Lock "$path.lock" 'ReadWrite' 'None'
    if ($null -eq $lock) {
      Start-Sleep -Milliseconds 50
    } else {
      if (-not (Test-Known)) {
        Write-Durably "$path.exit" 'never 0 .'
        $asked.Sealed = $true
      }
      $lock.Close()
    }
  }
}

function Find-Action {
  Confirm-Fence ([int]$asked.Words[0])
  Deny-Begin
  if ($asked.Sealed) {
    Write-Answer 'none'
    exit 0
  }
  Join-Action
}

# From an offset on, as it grows until the input ends.
function Copy-Output($from) {
  Write-Output-Text "$($asked.Nonce)`n"
  $path = "$($asked.Path).out"
  $bytes = New-Object byte[] 65536
  $ended = $sluice_input.ReadAsync((New-Object byte[] 1), 0, 1)
  while (-not [IO.File]::Exists($path) -and -not $ended.IsCompleted) {
    Start-Sleep -Milliseconds 100
  }
  if (-not [IO.File]::Exists($path)) {
    return
  }
  $file = Open-Shared $path
  $file.Position = $from
  while ($true) {
    $got = $file.Read($bytes, 0, $bytes.Length)
    if ($got -gt 0) {
      Write-Bytes $session_output $bytes $got
    } elseif ($ended.IsCompleted) {
      return
    } else {
      Start-Sleep -Milliseconds 100
    }
  }
}

# Its size, then so many bytes of it from the beginning of a block on.
function Copy-Part($block, $left) {
  $path = "$($asked.Path).out"
  if (-not [IO.File]::Exists($path)) {
    Write-Output-Text "$($asked.Nonce)`n0`n"
    return
  }
  $file = Open-Shared $path
  Write-Output-Text "$($asked.Nonce)`n$($file.Length)`n"
  $file.Position = $block * 65536
  $bytes = New-Object byte[] 65536
  while ($left -gt 0) {
    $most = [int][Math]::Min($left, [long]65536)
    $got = $file.Read($bytes, 0, $most)
    if ($got -eq 0) {
      return
    }
    Write-Bytes $session_output $bytes $got
    $left -= $got
  }
}

# Where all runs here take more than 256 MiB, those that were left make room, the oldest first: what
# scripts wrote that ended a day ago. How they ended stays, lest they begin again.
function Test-Crowded {
  $bytes = 0
  foreach ($file in Get-ChildItem -LiteralPath $asked.Base -Recurse -Force) {
    if (-not $file.PSIsContainer) {
      $bytes += $file.Length
    }
  }
  return $bytes -gt 268435456
}

function Clear-Room {
  $yesterday = (Get-Date).AddDays(-1)
  $left = Get-ChildItem -LiteralPath $asked.Base -Force |
    Where-Object { $_.PSIsContainer -and $_.FullName -ne $asked.Folder } |
    Sort-Object -Property Name
  foreach ($run in $left) {
    if (-not (Test-Crowded)) {
      return
    }
    $ended = Get-ChildItem -LiteralPath $run.FullName -Force |
      Where-Object { $_.Extension -eq '.exit' -and $_.LastWriteTime -lt $yesterday }
    foreach ($file in $ended) {
      $output = [IO.Path]::ChangeExtension($file.FullName, '.out')
      if (Test-Filled $output) {
        $note = "sluice: what this wrote was removed on the host, to make room`n"
        [IO.File]::WriteAllText($output, $note)
      }
    }
  }
}

# What came late for it would begin again: the fence stays, above whoever has forgotten it.
function Clear-Run {
  $epoch = [int]$asked.Words[0]
  if ([IO.Directory]::Exists($asked.Folder)) {
    Confirm-Fence $epoch
    Write-Durably "$($asked.Folder)\fence" "$($epoch + 1)"
    Get-ChildItem -LiteralPath $asked.Folder -Force |
      Where-Object { $_.Name -ne 'fence' } |
      Remove-Item -Recurse -Force -ErrorAction SilentlyContinue
  }
  $oldest = (Get-Date).AddDays(-30)
  if ([IO.Directory]::Exists($asked.Base)) {
    Get-ChildItem -LiteralPath $asked.Base -Force |
      Where-Object { $_.PSIsContainer -and $_.LastWriteTime -lt $oldest } |
      Remove-Item -Recurse -Force -ErrorAction SilentlyContinue
    # What somebody has open, or removes meanwhile, is for the next run that ends.
    try { Clear-Room } catch { }
  }
  Write-Answer 'done'
}

# Requests, one after the other, for as long as each says that more may come.
function Start-Session {
  while ($true) {
    $line = Read-Line
    $words = @()
    if ($null -ne $line) {
      $words = @($utf8.GetString($line).Split([char[]]' '))
    }
    if ($asked.More -and $words.Count -eq 0) {
      exit 0
    }
    if ($words.Count -lt 5 -or @('sluice1', 'sluice2') -cnotcontains $words[0]) {
      exit 3
    }
    $asked.More = $words[0] -ceq 'sluice2'
    $asked.Nonce = $words[1]
    $verb = $words[2]
    $asked.Run = $words[3]
    $asked.Key = $words[4]
    $asked.Words = @($words | Select-Object -Skip 5)
    Find-Place (@('start', 'attach', 'cancel') -ccontains $verb)
    if ($verb -ceq 'start') {
      Start-Action
    } elseif ($verb -ceq 'attach') {
      Find-Action
    } elseif ($verb -ceq 'cancel') {
      Stop-Action
    } elseif ($verb -ceq 'follow') {
      Copy-Output ([long]$asked.Words[0] - 1)
    } elseif ($verb -ceq 'rest') {
      Copy-Part ([long]$asked.Words[0]) ([long]$asked.Words[1])
    } elseif ($verb -ceq 'forget') {
      Clear-Run
    }
    if (-not $asked.More) {
      exit 0
    }
  }
}
)ps";

}  // namespace sluice::runtime
