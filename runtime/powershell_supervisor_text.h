// The text of the wrapper on a Windows host, its second part: what watches over one script, away
// from the session that began it (powershell_session_text.h), and where the whole begins.
#pragma once

#include <string_view>

namespace sluice::runtime {

inline constexpr std::string_view powershell_supervisor_text = R"ps(
# The process that begins a script: in a job, before it has run, so that nothing that comes of it
# is outside. Where this process is killed, Windows ends the job.
$script_process = @'
using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

public static class SluiceScript {
  [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
  public struct StartupInfo {
    public int Size; public string Reserved; public string Desktop; public string Title;
    public int X; public int Y; public int Width; public int Height; public int Columns;
    public int Rows; public int Fill; public int Flags; public short Show; public short Bytes2;
    public IntPtr Reserved2; public IntPtr Input; public IntPtr Output; public IntPtr Error;
  }
  [StructLayout(LayoutKind.Sequential)]
  public struct ProcessInformation {
    public IntPtr Process; public IntPtr Thread; public int Id; public int ThreadId;
  }
  [StructLayout(LayoutKind.Sequential)]
  public struct Limits {
    public long ProcessTime; public long JobTime; public uint Flags; public UIntPtr LeastSet;
    public UIntPtr MostSet; public uint Processes; public UIntPtr Affinity; public uint Priority;
    public uint Class; public ulong ReadCount; public ulong WriteCount; public ulong OtherCount;
    public ulong ReadBytes; public ulong WriteBytes; public ulong OtherBytes;
    public UIntPtr ProcessMemory; public UIntPtr JobMemory; public UIntPtr PeakProcess;
    public UIntPtr PeakJob;
  }
  [StructLayout(LayoutKind.Sequential)]
  public struct Accounting {
    public long User; public long Kernel; public long PeriodUser; public long PeriodKernel;
    public uint PageFaults; public uint Total; public uint Active; public uint Terminated;
  }

  [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
  static extern IntPtr CreateJobObject(IntPtr security, string name);
  [DllImport("kernel32.dll", SetLastError = true)]
  static extern bool SetInformationJobObject(IntPtr job, int kind, ref Limits limits, int size);
  [DllImport("kernel32.dll", SetLastError = true)]
  static extern bool QueryInformationJobObject(IntPtr job, int kind, out Accounting found,
                                               int size, IntPtr length);
  [DllImport("kernel32.dll", SetLastError = true)]
  static extern bool AssignProcessToJobObject(IntPtr job, IntPtr process);
  [DllImport("kernel32.dll", SetLastError = true)]
  static extern bool TerminateJobObject(IntPtr job, uint code);
  [DllImport("kernel32.dll", SetLastError = true)]
  static extern bool TerminateProcess(IntPtr process, uint code);
  [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
  static extern bool CreateProcess(string program, StringBuilder command, IntPtr security,
                                   IntPtr threadSecurity, bool inherit, uint flags,
                                   IntPtr environment, string directory, ref StartupInfo startup,
                                   out ProcessInformation made);
  [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
  static extern IntPtr CreateFile(string name, uint access, uint share, IntPtr security,
                                  uint creation, uint flags, IntPtr template);
  [DllImport("kernel32.dll", SetLastError = true)]
  static extern bool SetHandleInformation(IntPtr handle, uint mask, uint flags);
  [DllImport("kernel32.dll", SetLastError = true)]
  static extern uint ResumeThread(IntPtr thread);
  [DllImport("kernel32.dll", SetLastError = true)]
  static extern uint WaitForSingleObject(IntPtr handle, uint milliseconds);
  [DllImport("kernel32.dll", SetLastError = true)]
  static extern bool GetExitCodeProcess(IntPtr process, out uint code);
  [DllImport("kernel32.dll", SetLastError = true)]
  static extern bool CloseHandle(IntPtr handle);

  static void Check(bool well) {
    if (!well) throw new Win32Exception(Marshal.GetLastWin32Error());
  }

  const uint KillOnClose = 0x2000;

  static void Limit(IntPtr job, uint flags) {
    Limits limits = new Limits();
    limits.Flags = flags;
    Check(SetInformationJobObject(job, 9, ref limits, Marshal.SizeOf(typeof(Limits))));
  }

  static IntPtr Open(string name, uint access, uint creation) {
    const uint shareAll = 7;
    IntPtr file = CreateFile(name, access, shareAll, IntPtr.Zero, creation, 0, IntPtr.Zero);
    Check(file != new IntPtr(-1));
    Check(SetHandleInformation(file, 1, 1));
    return file;
  }

  // To its end: its exit status, or -1 where it was ended because the file `cancel` is there.
  public static long Run(string command, string directory, string environment, string output,
                         string cancel) {
    const uint suspended = 0x4, unicode = 0x400, noWindow = 0x08000000;
    const uint read = 0x80000000, write = 0x40000000, createAlways = 2, openExisting = 3;
    IntPtr job = CreateJobObject(IntPtr.Zero, null);
    Check(job != IntPtr.Zero);
    Limit(job, KillOnClose);
    StartupInfo startup = new StartupInfo();
    startup.Size = Marshal.SizeOf(typeof(StartupInfo));
    startup.Flags = 0x100;
    startup.Input = Open("NUL", read, openExisting);
    startup.Output = Open(output, write, createAlways);
    startup.Error = startup.Output;
    ProcessInformation made;
    IntPtr block = Marshal.StringToHGlobalUni(environment);
    Check(CreateProcess(null, new StringBuilder(command), IntPtr.Zero, IntPtr.Zero, true,
                        suspended | unicode | noWindow, block, directory, ref startup, out made));
    Marshal.FreeHGlobal(block);
    if (!AssignProcessToJobObject(job, made.Process)) {
      int why = Marshal.GetLastWin32Error();
      TerminateProcess(made.Process, 1);
      throw new Win32Exception(why);
    }
    ResumeThread(made.Thread);
    CloseHandle(startup.Input);
    CloseHandle(startup.Output);
    while (WaitForSingleObject(made.Process, 100) != 0) {
      if (!File.Exists(cancel)) continue;
      TerminateJobObject(job, 1);
      WaitForSingleObject(made.Process, 0xFFFFFFFF);
      Accounting left = new Accounting();
      do {
        System.Threading.Thread.Sleep(20);
        Check(QueryInformationJobObject(job, 1, out left, Marshal.SizeOf(typeof(Accounting)),
                                        IntPtr.Zero));
      } while (left.Active > 0);
      return -1;
    }
    uint code;
    Check(GetExitCodeProcess(made.Process, out code));
    // What it leaves behind in the background is its own.
    Limit(job, 0);
    return code;
  }
}
'@

function Wait-Lock($path) {
  for ($tries = 0; $tries -lt 3000; $tries += 1) {
    $lock = Open-Lock "$path.lock" 'ReadWrite' 'None'
    if ($null -ne $lock) {
      return $lock
    }
    if (Test-Known) {
      return $null
    }
    Start-Sleep -Milliseconds 20
  }
  return $null
}

function Send-Reply($text) {
  # The session may be gone by now. What has begun goes on.
  try {
    $writer = New-Object IO.BinaryWriter $sluice_pipe
    $writer.Write([string]$text)
    $writer.Flush()
    $sluice_pipe.WaitForPipeDrain()
    $sluice_pipe.Close()
  } catch { }
}

# Watches over one script, away from the session, and writes down how it ended, last.
function Start-Watch {
  $asked.Folder = $sluice_reader.ReadString()
  $asked.Path = $sluice_reader.ReadString()
  $epoch = [int]$sluice_reader.ReadString()
  $directory = $sluice_reader.ReadString()
  $environment = $sluice_reader.ReadString()
  $body = $sluice_reader.ReadString()
  $path = $asked.Path
  $lock = Wait-Lock $path
  if (Test-Known) {
    Send-Reply 'known'
    return
  }
  if ($null -eq $lock) {
    Send-Reply 'its lock cannot be taken'
    return
  }
  $why = Test-Fence $epoch
  if ($why) {
    Send-Reply $why
    return
  }
  try {
    Add-Type -TypeDefinition $script_process -IgnoreWarnings
    Write-Durably "$path.script" $body
    Write-Durably "$path.started" (Get-Boot)
  } catch {
    $line = $_.Exception.Message.Split([char[]]"`r`n")[0]
    Send-Reply "it cannot be written down that it begins: $line"
    return
  }
  Send-Reply 'started'
  $command = "`"$PSHOME\powershell.exe`" $sluice_runner"
  try {
    $code = [SluiceScript]::Run($command, $directory, $environment, "$path.out", "$path.cancel")
    $verdict = "exit $code ."
    if ($code -lt 0) {
      $verdict = 'signal 9 .'
    }
  } catch {
    [IO.File]::WriteAllText("$path.out", "$($_.Exception.GetBaseException().Message)`n")
    $verdict = 'exit 126 .'
  }
  Write-Durably "$path.exit" $verdict
  $lock.Close()
}

if (Test-Path variable:sluice_pipe) {
  $null = Start-Watch
} else {
  $session_output = [Console]::OpenStandardOutput()
  $session_errors = [Console]::OpenStandardError()
  $null = Start-Session
}
)ps";

}  // namespace sluice::runtime
