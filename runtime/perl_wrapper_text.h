// The wrapper on the host as one Perl program, which starts no others: for hosts that have Perl,
// where the connection says nothing else. It reads the same requests, keeps the same files and
// gives the same answers as the shell text of ssh_wrapper_text.h, line by line beside it.
// Rules: no single quote, no exclamation mark, no line end inside a text, no doubled backslash (as
// there); lines that begin with # are left out; of modules the compiled halves alone, whose Perl
// halves take longer to load than an action takes.
#pragma once

#include <string_view>

namespace sluice::runtime {

// What a start and a forgetting need. Each word of it is compiled for each session, so it is short.
inline constexpr std::string_view perl_wrapper_text = R"wrapper(
# What the environment may have put on them, and on what is opened: bytes come and go as they are.
BEGIN { $^H = 256; ${^OPEN} = ":raw\0:raw"; $^W = 0; }
binmode STDIN; binmode STDOUT; binmode STDERR;
# On these it answers: where one is closed nothing begins.
defined syswrite STDERR, "" or closed("error", \*STDOUT);
defined syswrite STDOUT, "" or closed("output", \*STDERR);
# Its files can be read and written again, whatever the login takes from them.
$mask = umask 077;
# Children begin with the usual meaning.
$SIG{CHLD} = "DEFAULT"; $SIG{PIPE} = $SIG{HUP} = $SIG{XFSZ} = "IGNORE";
$home = defined $ENV{HOME} ? $ENV{HOME} : "";

# What is not here comes with the argument, and is compiled when it is first called.
sub AUTOLOAD { my ($name) = $AUTOLOAD =~ /([a-z_]+)$/;
  for (split / (?=sub )/, $ARGV[1]) { eval if /^sub $name / }
  defined &$AUTOLOAD or die $@; goto &$AUTOLOAD; }
sub out { my ($to) = @_; my $at = 0;
  while ($at < length $_[1]) { my $n = syswrite $to, $_[1], length($_[1]) - $at, $at;
    return 0 unless $n; $at += $n; }
  1 }
sub say_ { out(\*STDERR, "$nonce @_\n"); }
# The first line of a file; empty where there is none.
sub line { my $l; if (open my $f, "<", $_[0]) { $l = <$f>; } $l = "" unless defined $l;
  chomp $l; $l }
sub put { my ($to, $text) = @_; open my $f, ">", $to or return because();
  out($f, $text) and close $f or because() }
# Written over in place, never emptied first.
sub over { my ($to, $text) = @_; my $f;
  open($f, "+<", $to) or open($f, ">>", $to) and open $f, "+<", $to or return because();
  out($f, $text) and close $f or because() }
# Why, as the system has it; of the first that went wrong.
sub because { length $because or $because = @_ ? $_[0] : ${"\41"} . ""; 0 }
sub known { -e "$p.started" or -e "$p.exit" }

# What Perl itself cannot do, by the numbers of the system calls: where the program that runs here
# is one of Linux for x86-64 or arm64 (its ELF header says so) no module has to be loaded for it.
sub calls { my $head = "";
  if ($^O eq "linux" and open my $f, "<", "/proc/self/exe") { read $f, $head, 20; }
  $head =~ /^.ELF\x02\x01/s or $head = "\0" x 20;
  my $machine = unpack "x18v", $head;
  my @n = $machine == 62 ? (39, 112, 74, 14, 231) : $machine == 183 ? (172, 157, 82, 135, 94) : ();
  # Who emulates another machine might show its own program there: the first tells our number.
  @n and syscall($n[0]) == $$ or @n = ();
  ($setsid, $sync, my $mask, $exit) = @n[1 .. 4];
  # What a login may have kept back would end no script either.
  $exit ? syscall $mask, 2, my $none = "\0" x 8, 0, 8 : modules();
  $ready = 1; }
# The usual way takes everything down first, which takes longer than some requests.
sub leave { $exit ? syscall $exit, $_[0] : POSIX::_exit($_[0]); }
sub durable { for my $name (@_) { open my $f, "<", $name or return because();
    $sync ? syscall($sync, fileno $f) == 0 : IO::Handle::sync($f) or return because(); }
  1 }
# The compiled half of a module, by the loader that is built into Perl: XSLoader is a text itself,
# and asked from here it would bring the whole configuration. The last found is of Perl itself and
# fits it; those before may not.
sub compiled { my ($name, $file) = @_; (my $boot = "boot_$name") =~ y/:/_/;
  my ($at) = grep { m{^/} and -e } map { "$_/auto/$file" } reverse @INC;
  defined &DynaLoader::dl_load_file or not defined &DynaLoader::boot_DynaLoader or
    DynaLoader::boot_DynaLoader("DynaLoader");
  my $held = defined $at && defined &DynaLoader::dl_load_file && DynaLoader::dl_load_file($at, 0);
  my $symbol = $held && DynaLoader::dl_find_symbol($held, $boot) or return loaded($name);
  DynaLoader::dl_install_xsub("${name}::bootstrap", $symbol)->($name); }

# The place of this run: private, ours, no link.
sub ours { my @s = lstat $_[0]; @s and -d _ and $s[4] == $> }
sub there { my $why = ${"\41"} . ""; -d $_[0] or because($why) }
sub make { (mkdir $base or there($base)) and (mkdir $dir or there($dir)) }
sub find_place {
  ($base, $dir) = ("$home/.sluice", "$home/.sluice/$run");
  my $x = -d $dir ? "home" : "";
  # Where it was put before, when its home was away.
  if (opendir my $d, "/var/tmp") {
    for (sort grep { /^sluice-/ and -d "/var/tmp/$_/$run" } readdir $d) {
      $x = put_before("/var/tmp/$_", $x); } }
  $x ne "" or $verb =~ /^[rf]/ or -d "$home/" and make() or elsewhere();
  if (-d $dir) { ours($base) and ours($dir) or
      refuse("$base is not the own directory of the user on the host"); }
  $p = "$dir/$key"; }
$boot = line("/proc/sys/kernel/random/boot_id");

# What a process tells of itself, from its state on.
sub stat_of { open my $f, "<", "/proc/$_[0]/stat" or return; local $/; my $s = <$f>;
  defined $s && $s =~ /.*\)(.*)/s ? split(" ", $1) : () }
# A controller that another one has taken over from begins and ends nothing.
sub fence { my ($who) = @_; my $n = line("$dir/fence"); $raised = "";
  # Another may just have written it.
  length $n or not -s "$dir/fence" or length($n = line("$dir/fence")) or
    refuse("it cannot be read who asked before");
  $n = 0 unless $n =~ /^[0-9]+$/;
  return if $n == $who;
  refuse("another controller has taken this run over") if $n > $who;
  over("$dir/fence", "$who\n") or fence_in_no_room($who);
  # Below the first there is nobody whom a loss of power could let in again.
  $raised = "$dir/fence" if $who > 1; }

sub head { my $text = ""; if (open my $f, "<", $_[0]) { read $f, $text, 65537; } $text }
# How it ended, and what it wrote, in one write: each wakes a chain of processes up to the
# controller. The mark is the end of an answer where it was said that more may come.
sub conclude {
  my $grace = line("$p.cancel"); end_session($grace) if length $grace;
  known() or nothing();
  my $how = length $told ? $told : verdict();
  my $x = -s "$p.out" ? "$nonce\n" . head("$p.out") : "";
  $x = (length $x ? $x : "$nonce\n") . "\n$nonce.\n" if $more;
  # What it hands on: up to the next line of ours, and one line end more.
  my $outputs = -s "$p.output" ? "$nonce outputs\n" . head("$p.output") . "\n" : "";
  out(\*STDOUT, $x); out(\*STDERR, "$outputs$nonce $how\n");
  leave(0) unless $more; }

# The items of a start: a letter, the number of further lines, the text.
sub items { ($all, $cd, $body) = ("", ""); @envs = (); @args = ();
  while (defined(my $l = <STDIN>)) {
    my ($k, $n) = $l =~ /^([a-z])([0-9]*)[ \n]/ or return 0;
    while ($n) { my $next = <STDIN>; defined $next or return 0; $l .= $next; --$n; }
    chomp $l or return 0;
    $all .= "$l\n";
    return 1 if $k eq "s";
    $l =~ s/^[^ ]* // or return 0;
    if ($k eq "d") { $cd = $l; } elsif ($k eq "b") { $body = $l; }
    elsif ($k eq "e") { push @envs, $l; } elsif ($k eq "a") { push @args, $l; }
    else { return 0; } }
  0 }
# A short script is an item too; a long one comes behind them, to the end of the input.
sub kept { open my $f, ">", $script or return because();
  (defined $body ? out($f, $body) : long_one($f)) and close $f or because() }
# Who reckons SHA-256: the module, or where it is not (in the perl-base of Debian), a program.
sub reckoner { eval { compiled("Digest::SHA", "Digest/SHA/SHA.so"); 1 } ? "module" :
    found("sha256sum") }
# What came is what was sent: both digests, of the items (and a line end) and of the script as it
# stands in its file.
sub genuine { my ($items, $came);
  if ($sums ne "module") { ($items, $came) = summed(); }
  else { open my $f, "<", $script or return 0; local $/;
    my $text = <$f>; $text = "" unless defined $text;
    ($items, $came) = map { Digest::SHA::sha256_hex($_) } "$all\n", $text; undef $text; }
  defined $came and $items eq $words[1] and $came eq $words[2] }
# Where a program is that the login finds.
sub found { my ($name) = @_; $name =~ m{/} and return -f $name && -x _ ? $name : undef;
  for (split /:/, defined $ENV{PATH} ? $ENV{PATH} : "/usr/local/bin:/usr/bin:/bin", -1) {
    my $at = length $_ ? "$_/$name" : "./$name"; -f $at and -x _ and return $at; }
  undef }

# The script itself: becomes it. What starts it is found where the login finds it. It lets go of the
# lock when it has said what its session is: who comes then, and its watcher is gone, looks at that.
sub become { my ($program, $name, $watcher) = @_;
  open STDIN, "<", "/dev/null" and open STDOUT, ">>", "$p.out" and open STDERR, ">&", \*STDOUT or
    leave(126);
  enter() if length $cd;
  $setsid ? syscall $setsid : POSIX::setsid();
  my @s = stat_of("self"); my $since = @s ? $s[19] : "-";
  # What nobody could end does not begin.
  put("$p.pid", "$$ $since $watcher\n") or unnoted();
  close $lock;
  umask $mask;
  my @how = $name =~ /bash$/ ? ("-eu", "-o", "pipefail") : $name =~ /python3$/ ? () : ("-eu");
  delete $ENV{ENV}; delete $ENV{BASH_ENV}; $ENV{SLUICE_OUTPUT} = "$p.output";
  for my $text (@envs) { my ($n, $v) = split /=/, $text, 2; $ENV{$n} = $v; }
  $SIG{$_} = "DEFAULT" for "PIPE", "HUP", "XFSZ", "INT", "QUIT";
  { exec { $program } $name, @how, $script, @args; }
  # The error, whose own name is the mark that may not stand here.
  did_not($program, ${"\41"} + 0, ${"\41"} . ""); }
# Watches over it, and writes down how it ended, last: whether or not the connection still stands,
# and whatever is sent here because it does not.
sub supervise { my $watcher = $$; my $pid = fork; defined $pid or no_more();
  become(@_, $watcher) unless $pid;
  say_("running");
  waitpid($pid, 0) == $pid or return close $lock;
  $told = $? & 127 ? "signal " . ($? & 127) : "exit " . ($? >> 8);
  # Not synced: who waits need not wait for the disk, and what is lost with it is said to be lost.
  # Over the room that was kept for it, for by now the disk may be full. Where it can only be read,
  # or not even that, who waits is told all the same.
  over("$p.exit", "$told .\n");
  close $lock; }
sub start { my ($name) = @words; my $program = found($name);
  defined $program or refuse("the host has no $name");
  $sums = $sums || reckoner() or
    refuse("the host has neither sha256sum nor the module Digest::SHA of Perl");
  $script = "$p.script.$$";
  my $why = "did not arrive whole";
  unless (items() and (kept() or $why = "cannot be written there", 0) and genuine()) {
    return if known() and joined();
    refuse("it $why"); }
  length $cd and not(-d $cd and -x $cd) and refuse("there is no directory for it");
  # What runs already holds its lock to its end: it is joined, and not waited for.
  return if known() and joined();
  # To read as well: over NFS who only writes can share no lock.
  open $lock, "+>>", "$p.lock" or refuse("its files cannot be written on the host");
  flock $lock, 2 or refuse("its lock cannot be taken");
  fence($words[3]);
  if (known()) { close $lock; return joined(); }
  put("$p.out", "");
  put("$p.started", "$boot\n") and put("$p.exit", (" " x 16) . "\n") and
    durable("$p.started", length $raised ? $raised : (), $dir) or
    unlink("$p.exit", "$p.started"), refuse("it cannot be written down that it begins");
  supervise($program, $name);
  conclude(); }
sub runs { opendir my $d, $base or return (); grep { not /^\./ and -d "$base/$_" } readdir $d }
# Whether a run here may be 30 days old: their names open with the day on which they began.
sub aged { my ($day) = split /-/, $run;
  for my $name (@_) { my ($other) = split /-/, $name;
    return 1 unless "$day.$other" =~ /^2[0-9]{7}\.2[0-9]{7}$/ and $day - $other < 30; }
  0 }
# Where all runs here take more than 256 MiB, those that were left make room, the oldest first: what
# was sent to them, and what scripts wrote that ended a day ago. How they ended stays, lest they
# begin again. Whether there are any: of those that were forgotten there is a fence.
sub left { for my $name (@_) { next if $name eq $run; opendir my $d, "$base/$name" or next;
    my @in = grep { not /^\./ } readdir $d;
    return 1 unless @in == 0 or @in == 1 and $in[0] eq "fence"; }
  0 }
sub forget {
  # What came late for it would begin again: the fence stays, above whoever has forgotten it.
  if (-d $dir) { fence($words[0]); over("$dir/fence", $words[0] + 1 . "\n"); }
  my @runs = runs();
  if (aged(@runs)) { end_aged(); @runs = runs(); }
  if (left(@runs)) { empty() if -d $dir; make_room(); }
  say_("done");
  opendir my $d, $dir or return;
  for my $name (readdir $d) { $name =~ /^(\.|fence$)/ or unlink "$dir/$name" or return empty(); } }

# Requests, one after the other, for as long as each says that more may come. One that was cut off
# is none. What comes last in one is for other shells.
while (1) {
  my $l = <STDIN>;
  unless (defined $l and chomp $l) { leave(0) if $more; $l = ""; }
  (my $word, $nonce, $verb, $run, $key, @words) = split / +/, $l;
  defined $key and $word =~ /^sluice[12]$/ or no_request();
  $more = $word eq "sluice2"; $script = $told = $because = "";
  $ready or calls();
  find_place();
  $verb eq "start" || $verb eq "again" ? start() : $verb eq "forget" ? forget() : other();
  leave(0) unless $more; }
)wrapper";

// What few requests need, an argument of the program: each of these is compiled when it is called.
// Between two words `sub` stands only before a name.
inline constexpr std::string_view perl_wrapper_more = R"wrapper(
sub closed { my ($name, $other) = @_; out($other, "sluice: standard $name is closed\n"); exit 2; }
sub refuse { unlink $script if length $script;
  out(\*STDERR, "$because\n") if length $because;
  say_("refused", @_); exit 0; }
sub no_request { out(\*STDERR, "sluice: no request came\n"); exit 3; }
sub modules { eval { compiled("POSIX", "POSIX/POSIX.so"); compiled("IO", "IO/IO.so"); 1 } or
    say_("refused", "the host has Perl, but not its modules IO and POSIX"), exit 3;
  eval { POSIX::sigprocmask(POSIX::SIG_SETMASK(), POSIX::SigSet->new()); }; }
sub loaded { require XSLoader; XSLoader::load($_[0]); }
sub other {
  if ($verb eq "attach") { fence($words[0]); never() ? nothing() : attach(); }
  elsif ($verb eq "cancel") { cancel(); }
  elsif ($verb eq "follow") { follow(); }
  elsif ($verb eq "rest") { rest(); } }
# A place that was made when the home of the login was away; and such a one is made.
sub put_before { my ($l, $x) = @_; ours($l) and ours("$l/$run") or return $x;
  $p = "$l/$run/$key";
  return $x if length $x and not known();
  ($base, $dir) = ($l, "$l/$run");
  "away" }
sub elsewhere {
  if ($verb eq "start") { $base = "/var/tmp/sluice-" . ($> + 0); $dir = "$base/$run";
    $because = ""; make() and return; }
  length $because or out(\*STDERR, "there is no folder $home\n");
  refuse("there is no place for its files on the host"); }
# The disk may be full of what was sent: who forgets takes that away first.
sub fence_in_no_room { $verb eq "forget" and unload("$dir/") and over("$dir/fence", "$_[0]\n") or
    refuse("it cannot be written down who asks"); }
sub no_more { unlink "$p.exit", "$p.started"; refuse("the host starts no more processes"); }
sub nothing { say_("none"); exit 0; }
# How it ended, where that stands there: until then there is only the room for it.
sub ending { my @e = split " ", line("$p.exit"); @e == 3 && $e[2] eq "." ? @e : () }
sub verdict { my @e = ending(); return "$e[0] $e[1]" if @e;
  return "lost reboot" unless line("$p.started") eq $boot;
  pause(0.1) while session();
  "lost killed" }
sub long_one { while (read STDIN, my $part, 65536) { out($_[0], $part) or return 0; } 1 }
sub unnoted { out(\*STDERR, "sluice: it cannot be written down what session it is\n"); leave(126); }
sub did_not { my ($program, $number, $why) = @_;
  out(\*STDERR, "sluice: cannot start $program: $why\n"); leave($number == 2 ? 127 : 126); }
# To the directory of the script, and says where that is as a shell does.
sub enter { chdir $cd or out(\*STDERR, "sluice: cannot change to $cd\n"), leave(126);
  my $at = ($cd =~ m{^/} ? "" : defined $ENV{PWD} ? "$ENV{PWD}/" : "./") . "$cd/";
  1 while $at =~ s{/\.?/}{/}; chop $at;
  my @named = stat $at; my @here = stat "."; delete $ENV{PWD};
  return if $at =~ m{^[^/]|/\.\.(/|$)} or not @named or not @here;
  $ENV{PWD} = $at if $named[0] == $here[0] and $named[1] == $here[1]; }
sub quietly { my $pid = fork; defined $pid or return 0;
  unless ($pid) { open STDERR, ">", "/dev/null"; { exec { $_[0] } @_; } leave(127); }
  waitpid $pid, 0; $? == 0 }
# What sha256sum says of the items and of the script, whatever it says beside.
sub summed { defined(my $pid = open my $from, "-|") or return ();
  unless ($pid) { open my $to, "|-", $sums, "-", $script or leave(1);
    out($to, "$all\n"); close $to; leave(0); }
  map { /([0-9a-f]{64})/ } <$from> }
sub pause { select undef, undef, undef, $_[0]; }
# What runs in the session of the script.
sub session {
  my ($sid, $since) = split " ", line("$p.pid"); defined $sid or return ();
  -d "/proc/self" or return kill(0, -$sid) ? -$sid : ();
  # A number that was given to another since then.
  my @s = stat_of($sid); return () if @s and $s[19] ne $since;
  my @pids; opendir my $d, "/proc" or return ();
  for my $pid (readdir $d) { next unless $pid =~ /^[0-9]+$/;
    @s = stat_of($pid); next if not @s or $s[0] =~ /^[ZX]/;
    # By its own number too: a script that is about to get its session.
    push @pids, $pid if $s[3] == $sid or $pid == $sid; }
  @pids }
# What was sent to a run as a file of its own.
sub unload { my ($at, @old) = @_;
  quietly("find", $at, "-type", "f", @old, "(", "-name", "*.part", "-o", "-name", "*.tar.*",
    "-o", "-name", "*.zip", "-o", "-name", "*.nupkg", ")", "-exec", "rm", "-f", "{}", "+"); }
# Tenths of a second since the boot; 0 where nothing tells it.
sub since_boot { line("/proc/uptime") =~ /^([0-9]+)/ ? $1 * 10 : 0 }
# What is cancelled is over when nothing of its session is left, whoever asks for it: after so many
# tenths of a second it is killed. Where thousands run a look at them alone takes seconds.
sub end_session { my ($grace) = @_; my ($n, $wait, $from) = (0, 0.02, since_boot());
  while (my @pids = session()) {
    kill "KILL", @pids if $n >= $grace or since_boot() - $from > $grace;
    pause($wait); $wait = 0.1; ++$n; } }
sub lock_ { my ($how) = @_; open my $f, "+>>", "$p.lock" or exit 2; flock($f, $how) ? $f : undef }
# What has not begun never will: whoever is told that nothing is known of it goes by that.
sub never { my $made = 0;
  until (known()) {
    if (my $held = lock_(2 | 4)) {
      unless (known()) { put("$p.exit", "never 0 .\n"); $made = 1;
        known() or refuse("it cannot be written down that it never begins");
        durable("$p.exit", $dir); } }
    else { pause(0.05); } }
  $made }
sub attach {
  known() or nothing();
  say_("running");
  # Held by who watches over the script, until its end; gone where the run was forgotten.
  if (open my $f, "<", "$p.lock") { flock $f, 1; }
  conclude(); }

# What has begun is there, whatever came of this asking.
sub joined { fence($words[3]); unlink $script; attach(); 1 }
sub cancel { my ($grace, $who) = @words; my $held;
  fence($who); never(); say_("running");
  until (-s "$p.pid" or ending()) { last if $held = lock_(2 | 4); pause(0.05); }
  close $held if $held;
  # The script may be over before what it has begun: who watches over it waits for that as well.
  put("$p.cancel", "$grace\n");
  my @pids = session(); kill "TERM", @pids if @pids;
  end_session($grace);
  # Who watches over it may have been stopped by it.
  my @w = split " ", line("$p.pid"); kill "CONT", $w[2] if @w > 2;
  attach(); }

sub follow { out(\*STDOUT, "$nonce\n");
  my $pid = fork; defined $pid or exit 1;
  unless ($pid) { open STDIN, "<", "/dev/null"; open STDERR, ">", "/dev/null";
    $SIG{PIPE} = "DEFAULT";
    { exec "tail", "-c", "+$words[0]", "-f", "$p.out"; } leave(127); }
  my $l = <STDIN>; kill "TERM", $pid; waitpid $pid, 0; }
sub rest { my @s = stat "$p.out";
  # What never began has written nothing; of what nobody knows here nothing is said.
  @s or known() or exit 1;
  out(\*STDOUT, "$nonce\n" . (@s ? $s[7] : 0) . "\n"); @s or return;
  open my $f, "<", "$p.out" or return; binmode $f; sysseek $f, $words[0] * 65536, 0;
  for (my $left = $words[1]; $left > 0;) {
    my $n = sysread $f, my $text, $left < 65536 ? $left : 65536 or return;
    out(\*STDOUT, $text) or return; $left -= $n; } }

sub end_aged { quietly("find", $base, "-mindepth", "1", "-maxdepth", "1", "-type", "d", "-mtime",
  "+30", "-exec", "rm", "-rf", "{}", "+"); }
# Leaves nothing of the run but the fence.
sub empty { quietly("find", $dir, "-mindepth", "1", "-name", "fence", "-o", "-delete") or
  quietly("find", $dir, "-mindepth", "1", "-maxdepth", "1", "-name", "fence", "-o", "-exec",
    "rm", "-rf", "{}", "+"); }
sub crowded { open my $f, "-|", "du", "-sk", $base or return 0; my $l = <$f>;
  defined $l and $l =~ /^([0-9]+)/ and $1 > 262144 }
sub make_room { for my $name (sort(runs())) { crowded() or return; my $at = "$base/$name/";
    unload($at, "-mtime", "+0");
    opendir my $d, $at or next;
    for my $exit (grep { /\.exit$/ } readdir $d) { next unless -M "$at$exit" >= 1;
      my @e = split " ", line("$at$exit"); $exit =~ s/exit$/out/;
      put("$at$exit", "sluice: what this wrote was removed on the host, to make room\n")
        if @e == 3 and $e[2] eq "." and -s "$at$exit"; } } }
)wrapper";

}  // namespace sluice::runtime
