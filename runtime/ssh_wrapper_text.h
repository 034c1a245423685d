// The shell text of the wrapper on the host, line by line, as ssh_wrapper.cpp makes one line of it.
// Rules: POSIX sh; no single quote, no exclamation mark, no line end inside a word, no doubled
// backslash (login shells of all kinds pass it on); every statement ends with ; or a keyword; lines
// that begin with # are left out; names begin with sluice_, which no variable of a plan does.
#pragma once

#include <string_view>

namespace sluice::runtime {

inline constexpr std::string_view wrapper_text = R"wrapper(
# On standard error it answers: where that is closed nothing begins. Where so few files may be open
# that nothing can be put aside, dash says so here.
true >&2 || { [ -e /dev/fd/2 ] || echo "sluice: standard error is closed"; exit 2; };
# Nor would what a script writes come on the other, nor the end of an answer.
true <&1 || { echo "sluice: standard output is closed" >&2; exit 2; };
# What bounds the size of files tells it, and ends nobody but a script.
trap "" XFSZ;
sluice_umask=;
case ${BASH_VERSION-} in ?*) set +o posix;; esac;
sluice_lc=${LC_ALL+x}${LC_ALL-};
export LC_ALL=C;
# A line end, which may not stand here; no shell takes this from its environment.
sluice_nl=${IFS#??};
# Nor may what stands for the last process in the background: it comes with the request.
last() { eval "sluice_last=\$$sluice_bang"; };

# The files of a script can be read and written again, whatever the login takes from them. Where
# there is no subshell that tells what it was, one is begun.
own_umask() { case $sluice_umask in "") sluice_umask=$(umask); umask 077;; esac; };
say() { echo "$sluice_nonce $*" >&2; };
refuse() { rm -f "$sluice_script"; say "refused $*"; exit 0; };
# With why, as the system has it: of what a shell writes itself it says no more than that it failed.
unwritten() { echo | cat > "$sluice_p.why"; rm -f "$sluice_p.why"; refuse "$1"; };
known() { [ -e "$sluice_p.started" ] || [ -e "$sluice_p.exit" ]; };

# The place of this run: private, ours, no link.
ours() { [ -d "$1" ] && [ -O "$1" ] && { [ -L "$1" ] && return 1; :; }; };
find_place() {
sluice_home=${HOME-}/.sluice;
sluice_base=$sluice_home; sluice_dir=$sluice_home/$sluice_run;
sluice_x=; [ -d "$sluice_dir" ] && sluice_x=home;
# Where it was put before, when its home was away.
for sluice_l in /var/tmp/sluice-*/"$sluice_run"; do
  ours "${sluice_l%/*}" && ours "$sluice_l" || continue;
  sluice_p=$sluice_l/$sluice_key;
  case $sluice_x in ?*) known || continue;; esac;
  sluice_base=${sluice_l%/*}; sluice_dir=$sluice_l; sluice_x=away;
done;
# Else in its home. Of what may have been asked before nobody knows where that is: no other place is
# made for it.
case $sluice_x.$sluice_verb in
.start|.again|.attach|.cancel)
  # A home that is away is not made anew, as root could: what was begun there would not be found.
  ( umask 077; [ -d "${HOME-}/" ] && exec mkdir -p "$sluice_dir" ) 2>/dev/null ||
    { [ "$sluice_verb" = start ] && sluice_base=/var/tmp/sluice-$(id -u) &&
      sluice_dir=$sluice_base/$sluice_run && ( umask 077; exec mkdir -p "$sluice_dir" ); } || {
    [ "$sluice_verb" = start ] || ( umask 077;
      [ -d "${HOME-}/" ] || { echo "there is no folder ${HOME-}" >&2; exit 1; };
      exec mkdir -p "$sluice_dir" );
    refuse "there is no place for its files on the host"; };;
esac;
if [ -d "$sluice_dir" ]; then
  ours "$sluice_base" && ours "$sluice_dir" ||
    refuse "$sluice_base is not the own directory of the user on the host";
fi;
sluice_p=$sluice_dir/$sluice_key;
};
{ read -r sluice_boot < /proc/sys/kernel/random/boot_id; } 2>/dev/null;

# Sets sluice_pids to what runs in the session of the script.
session() {
  sluice_pids=;
  [ -s "$sluice_p.pid" ] && read -r sluice_sid sluice_since sluice_l < "$sluice_p.pid" || return 0;
  [ -d /proc/self ] || { kill -0 "-$sluice_sid" 2>/dev/null && sluice_pids=-$sluice_sid;
    return 0; };
  # A number that was given to another since then.
  if { read -r sluice_l < "/proc/$sluice_sid/stat"; } 2>/dev/null; then
    set -- ${sluice_l##*)};
    case ${20} in "$sluice_since") ;; *) return 0;; esac;
  fi;
  for sluice_f in /proc/[0-9]*/stat; do
    { read -r sluice_l < "$sluice_f"; } 2>/dev/null || continue;
    set -- ${sluice_l##*)};
    sluice_f=${sluice_f%/stat}; sluice_f=${sluice_f#/proc/};
    # By its own number too: a script that is about to get its session.
    case $1:$4:$sluice_f in
      [ZX]:*) ;;
      *:"$sluice_sid":*|*:"$sluice_sid") sluice_pids="$sluice_pids $sluice_f";;
    esac;
  done;
};
# What was sent to a run as a file of its own.
unload() {
  find "$1" -type f $2 "(" -name "*.part" -o -name "*.tar.*" -o -name "*.zip" -o -name "*.nupkg" ")"
    -exec rm -f {} +;
};
# Written over in place, never emptied first: a full disk and a cut leave the old number or the new.
raise() { echo "$1" 1<> "$sluice_dir/fence"; };
# A controller that another one has taken over from begins and ends nothing.
fence() {
  sluice_n=0; sluice_raised=;
  [ -s "$sluice_dir/fence" ] && read -r sluice_n < "$sluice_dir/fence";
  [ "$sluice_n" -gt "$1" ] && refuse "another controller has taken this run over";
  [ "$sluice_n" -eq "$1" ] || {
    case $sluice_n in 0) own_umask;; esac;
    # The disk may be full of what was sent: who forgets takes that away first.
    raise "$1" || { [ "$sluice_verb" = forget ] && unload "$sluice_dir/" && raise "$1"; } ||
      unwritten "it cannot be written down who asks";
    # Below the first there is nobody whom a loss of power could let in again.
    [ "$1" -gt 1 ] && sluice_raised=$sluice_dir/fence;
  };
};
# Whether how it ended stands there: until then there is only the room for it.
ended() {
  sluice_l=; [ -s "$sluice_p.exit" ] && read -r sluice_k sluice_n sluice_l < "$sluice_p.exit";
  [ "$sluice_l" = . ];
};
pause() { sleep "$1" 2>/dev/null || sleep 1; };
# Tenths of a second since the boot, but for the last digit; where nothing tells it stays as it is.
since_boot() {
  { read -r sluice_t sluice_l < /proc/uptime; } 2>/dev/null && sluice_t=${sluice_t%%.*}0;
};
# What is cancelled is over when nothing of its session is left, whoever asks for it: after so many
# tenths of a second it is killed. Where thousands run a look at them alone takes seconds.
end_session() {
  sluice_n=0;
  sluice_x=0.02;
  sluice_t=0; since_boot; sluice_u=$sluice_t;
  while session; [ "$sluice_pids" ]; do
    [ "$sluice_n" -ge "$1" ] || [ "$((sluice_t - sluice_u))" -gt "$1" ] &&
      kill -s KILL -- $sluice_pids 2>/dev/null;
    pause "$sluice_x"; sluice_x=0.1;
    sluice_n=$((sluice_n + 1));
    since_boot;
  done;
};

# How it ended, then what it wrote.
conclude() {
  [ -s "$sluice_p.cancel" ] && read -r sluice_l < "$sluice_p.cancel" && end_session "$sluice_l";
  sluice_w=; sluice_v=; sluice_x=;
  [ -s "$sluice_p.exit" ] && read -r sluice_w sluice_v sluice_x < "$sluice_p.exit";
  case $sluice_x in
  .) ;;
  *) known || { say none; exit 0; };
    sluice_l=; [ -s "$sluice_p.started" ] && read -r sluice_l < "$sluice_p.started";
    case ${sluice_told:+told}.$sluice_l in
    told.*) sluice_w=${sluice_told% *}; sluice_v=${sluice_told#* };;
    ".$sluice_boot") sluice_w=lost; sluice_v=killed;
      session;
      while [ "$sluice_pids" ]; do pause 0.1; session; done;;
    *) sluice_w=lost; sluice_v=reboot;;
    esac;;
  esac;
  sluice_x=;
  if [ -s "$sluice_p.out" ]; then
    echo "$sluice_nonce";
    head -c 65537 "$sluice_p.out";
  else sluice_x=$sluice_nonce$sluice_nl;
  fi;
  # What it hands on: up to the next line of ours, and one line end more.
  if [ -s "$sluice_p.output" ]; then
    say outputs; head -c 65537 "$sluice_p.output" >&2 2>/dev/null; echo >&2;
  fi;
  say "$sluice_w $sluice_v";
  # The end of an answer, of the session too where it was not said that more may come. In one write:
  # each wakes a chain of processes up to the controller.
  case $sluice_more in "") exit 0;; esac;
  echo "$sluice_x$sluice_nl$sluice_nonce.";
};
# What has not begun never will: whoever is told that nothing is known of it goes by that.
never() {
  sluice_x=;
  until known; do
    own_umask;
    exec 9<>"$sluice_p.lock";
    if flock -n 9; then
      known || { echo "never 0 ." > "$sluice_p.exit"; sync "$sluice_p.exit" "$sluice_dir";
        sluice_x=yes; };
    else pause 0.05;
    fi;
    exec 9>&-;
  done;
};
attach() {
  known || { say none; exit 0; };
  say running;
  # Held by who watches over the script, until its end; gone where the run was forgotten.
  { flock -s 9; } 2>/dev/null 9< "$sluice_p.lock";
  known || { say none; exit 0; };
  conclude;
};

# The further lines of an item. A shell copies what it appends to: a hundred lines are put together
# before they join the others, lest thousands take as long as their number squared.
lines() {
  sluice_w=; sluice_y=;
  while [ "$sluice_n" -gt 0 ]; do
    IFS= read -r sluice_x || return 1;
    sluice_y=$sluice_y$sluice_nl$sluice_x;
    sluice_n=$((sluice_n - 1));
    case $sluice_n in *00) sluice_w=$sluice_w$sluice_y; sluice_y=;; esac;
  done;
  sluice_v=$sluice_v$sluice_w$sluice_y; sluice_l=$sluice_l$sluice_w$sluice_y;
};
# The items of a start: a letter, the number of further lines, the text.
items() {
  sluice_all=; sluice_envs=0; sluice_args=0; sluice_cd=; sluice_path=;
  # A short script is an item too; a long one comes behind them, to the end of the input.
  sluice_body=; sluice_put=cat;
  while IFS= read -r sluice_l; do
    sluice_k=${sluice_l%% *}; sluice_v=${sluice_l#* };
    sluice_n=${sluice_k#?};
    case $sluice_n in ""|0) ;; *) lines || return 1;; esac;
    sluice_all=$sluice_all$sluice_l$sluice_nl;
    case $sluice_k in
    s) return 0;;
    d*) sluice_cd=$sluice_v;;
    b*) sluice_body=$sluice_v; sluice_put=put;;
    e*) sluice_envs=$((sluice_envs + 1)); eval "sluice_e$sluice_envs=\$sluice_v";
      case $sluice_v in PATH=*) sluice_path=other;; esac;;
    a*) sluice_args=$((sluice_args + 1)); eval "sluice_a$sluice_args=\$sluice_v";;
    *) return 1;;
    esac;
  done;
  return 1;
};
put() { printf %s "$sluice_body"; };
kept() {
  umask; case $sluice_umask in "") umask 077;; esac;
  $sluice_put > "$sluice_script" || { echo unkept; return 1; };
};
# What came is what was sent: both digests, of the items (and a line end) and of the script. A
# backslash stands before the digest of a file that has one in its name. What reckons them keeps the
# script, and tells what umask the login has.
genuine() {
  sluice_x="kept && exec sha256sum - \"\$sluice_script\" <<E";
  eval "set -- \$($sluice_x$sluice_nl\$sluice_all${sluice_nl}E$sluice_nl)";
  case $sluice_umask in "") sluice_umask=$1; umask 077;; esac;
  case $2 in unkept) sluice_why="cannot be written there"; return 1;; esac;
  sluice_x=${4%%[0-9a-f]*};
  [ "$2 ${4#"$sluice_x"}" = "$sluice_b $sluice_c" ];
};

# Whether the program env can give signals their usual meaning: asked once for all runs, and again
# where there is another env since.
probe() {
  sluice_f=$sluice_base/env-probed;
  [ -e "$sluice_f" ] && [ "$sluice_f" -nt /usr/bin/env ] && return 0;
  if env --default-signal=INT >/dev/null 2>&1; then true > "$sluice_base/env-sets-signals";
  else rm -f "$sluice_base/env-sets-signals";
  fi;
  true > "$sluice_f";
};

# The script itself: becomes it. It lets go of the lock when it has said what its session is: who
# comes then, and its watcher is gone, looks at that.
become() {
  # One by one: dash puts each aside that a line has.
  exec </dev/null; exec >>"$sluice_p.out"; exec 2>&1;
  # As the system goes there: behind a link the folder above is that of where it leads.
  case /$sluice_cd/ in
    //) ;;
    /-/) cd ./-;;
    */../*) CDPATH= cd -P -- "$sluice_cd";;
    *) CDPATH= cd -- "$sluice_cd";;
  esac || exit 126;
  if { read -r sluice_l < /proc/self/stat; } 2>/dev/null; then
    set -- ${sluice_l##*)};
    sluice_x="${sluice_l%% *} ${20}";
  else sluice_x="$(exec sh -c "echo \$PPID") -";
  fi;
  # What nobody could end does not begin.
  echo "$sluice_x $$" > "$sluice_p.pid" || {
    echo "sluice: it cannot be written down what session it is" >&2;
    exit 126;
  };
  exec 9>&-;
  umask "$sluice_umask"; trap - XFSZ;
  sluice_env=env; sluice_setsid=setsid;
  # What starts it is found where the login finds it.
  case $sluice_path in ?*) sluice_env=$(command -v env); sluice_setsid=$(command -v setsid);
    sluice_a=$(command -v "$sluice_a");; esac;
  case $sluice_a in
  *bash) set -- "$sluice_a" -eu -o pipefail "$sluice_script";;
  *python3) set -- "$sluice_a" "$sluice_script";;
  *) set -- "$sluice_a" -eu "$sluice_script";;
  esac;
  sluice_n=0;
  while [ "$sluice_n" -lt "$sluice_args" ]; do
    sluice_n=$((sluice_n + 1)); eval "set -- \"\$@\" \"\$sluice_a$sluice_n\"";
  done;
  set -- "$sluice_setsid" "$@";
  # An asynchronous list of a shell ignores these two.
  [ -e "$sluice_base/env-sets-signals" ] &&
    set -- "$sluice_env" --default-signal=INT --default-signal=QUIT "$@";
  case $sluice_lc in x*) LC_ALL=${sluice_lc#x};; *) unset LC_ALL;; esac;
  unset ENV BASH_ENV;
  export "SLUICE_OUTPUT=$sluice_p.output";
  sluice_n=0;
  while [ "$sluice_n" -lt "$sluice_envs" ]; do
    sluice_n=$((sluice_n + 1)); eval "export \"\$sluice_e$sluice_n\"";
  done;
  exec "$@";
};
# Watches over it, and writes down how it ended, last: whether or not the connection still stands,
# and whatever is sent here because it does not. A shell gives 128 and the number for a signal and
# for that exit status alike; what it says of its jobs differs.
supervise() {
  case ${BASH_VERSION-} in ?*) trap "jobs > \"\$sluice_p.job\"" CHLD;; esac;
  ( become ) &
  last;
  # Ignored, and not by the script, which is on its way: what is trapped would end waiting.
  trap "" PIPE HUP;
  say running;
  wait "$sluice_last" 2>/dev/null; sluice_v=$?;
  sluice_w=exit;
  if [ "$sluice_v" -gt 128 ]; then
    case ${BASH_VERSION-} in "") jobs > "$sluice_p.job";; esac;
    read -r sluice_l sluice_k sluice_n sluice_x < "$sluice_p.job";
    case $sluice_k in +) sluice_k=$sluice_n;; esac;
    case $sluice_k in
    Done*|Exit) ;;
    *) sluice_w=signal; sluice_v=$((sluice_v - 128));;
    esac;
  fi;
  case ${BASH_VERSION-} in ?*) trap - CHLD;; esac;
  # Not synced: who waits need not wait for the disk, and what is lost with it is said to be lost.
  # Over the room that was kept for it, for by now the disk may be full. Where it can only be read,
  # who waits is told all the same.
  echo "$sluice_w $sluice_v ." 1<> "$sluice_p.exit" || sluice_told="$sluice_w $sluice_v";
  trap - PIPE HUP;
  exec 9>&-;
};

start() {
  for sluice_l in flock setsid sha256sum sync "$sluice_a"; do
    command -v "$sluice_l" >/dev/null || refuse "the host has no $sluice_l";
  done;
  sluice_script=$sluice_p.script.$$;
  sluice_why="did not arrive whole";
  items && genuine || {
    # What has begun is there, whatever came of this asking.
    if known; then fence "$sluice_d"; rm -f "$sluice_script"; attach; return; fi;
    case $sluice_why in *written*) unwritten "it $sluice_why";; esac;
    refuse "it $sluice_why";
  };
  if [ "$sluice_cd" ]; then
    [ -d "$sluice_cd" ] && [ -x "$sluice_cd" ] || refuse "there is no directory for it";
  fi;
  probe;
  # What runs already holds its lock to its end: it is joined, and not waited for.
  if known; then fence "$sluice_d"; rm -f "$sluice_script"; attach; return; fi;
  true >>"$sluice_p.lock" || refuse "its files cannot be written on the host";
  exec 9<>"$sluice_p.lock";
  flock 9 || refuse "its lock cannot be taken";
  fence "$sluice_d";
  if known; then exec 9>&-; rm -f "$sluice_script"; attach; return; fi;
  true > "$sluice_p.out";
  echo "$sluice_boot" > "$sluice_p.started" && echo "                " > "$sluice_p.exit" &&
    sync "$sluice_p.started" ${sluice_raised:+"$sluice_raised"} "$sluice_dir" || {
    rm -f "$sluice_p.exit" "$sluice_p.started";
    unwritten "it cannot be written down that it begins"; };
  supervise;
  conclude;
};

cancel() {
  umask 077; sluice_umask=077;
  fence "$sluice_b";
  never;
  say running;
  until [ -s "$sluice_p.pid" ] || ended; do
    exec 9<>"$sluice_p.lock"; flock -n 9 && break; exec 9>&-; pause 0.05;
  done;
  exec 9>&-;
  # The script may be over before what it has begun: who watches over it waits for that as well.
  { echo "$sluice_a" > "$sluice_p.cancel"; } 2>/dev/null;
  session;
  [ "$sluice_pids" ] && kill -s TERM -- $sluice_pids 2>/dev/null;
  end_session "$sluice_a";
  # Who watches over it may have been stopped by it.
  [ -s "$sluice_p.pid" ] && read -r sluice_l sluice_x sluice_n < "$sluice_p.pid" &&
    [ "$sluice_n" ] && kill -s CONT "$sluice_n" 2>/dev/null;
  attach;
};

# Leaves nothing of the run but the fence: where there is little, with less than find, as the last
# that is done.
empty() {
  find "$sluice_dir" -mindepth 1 -name fence -o -delete ||
    find "$sluice_dir" -mindepth 1 -maxdepth 1 -name fence -o -exec rm -rf {} +;
};
empty_and_end() {
  [ -d "$sluice_dir" ] || exit 0;
  set -- "$sluice_dir"/*;
  [ "$#" -lt 500 ] || { empty; exit 0; };
  for sluice_f do case ${sluice_f##*/} in fence|*.*) ;; *) empty; exit 0;; esac; done;
  exec rm -rf "$sluice_dir"/*.*;
};
# Whether a run here may be 30 days old: their names open with the day on which they began.
aged() {
  sluice_n=${sluice_run%%-*};
  for sluice_f in "$sluice_base"/*/; do
    sluice_f=${sluice_f%/}; sluice_f=${sluice_f##*/}; sluice_f=${sluice_f%%-*};
    case $sluice_n.$sluice_f in
    2[0-9][0-9][0-9][0-9][0-9][0-9][0-9].2[0-9][0-9][0-9][0-9][0-9][0-9][0-9]) ;;
    *) return 0;;
    esac;
    # Another month, or another year.
    [ "$((sluice_n - sluice_f))" -lt 30 ] || return 0;
  done;
  return 1;
};

# Where all runs here take more than 256 MiB, those that were left make room, the oldest first: what
# was sent to them, and what scripts wrote that ended a day ago. How they ended stays, lest they
# begin again. Whether there are any: of those that were forgotten there is a fence.
left() {
  for sluice_f in "$sluice_base"/*/; do
    case $sluice_f in "$sluice_dir/") continue;; esac;
    set -- "$sluice_f"*;
    case $#.$1 in 1."$sluice_f*"|1."${sluice_f}fence") ;; *) return 0;; esac;
  done;
  return 1;
};
crowded() { set -- $(du -sk "$sluice_base"); [ "${1:-0}" -gt 262144 ]; };
make_room() {
  for sluice_f in "$sluice_base"/*/; do
    crowded || return 0;
    unload "$sluice_f" "-mtime +0";
    find "$sluice_f" -type f -mtime +0 -name "*.exit" | while IFS= read -r sluice_l; do
      read -r sluice_k sluice_v sluice_x < "$sluice_l";
      sluice_l=${sluice_l%.exit}.out;
      [ "$sluice_x" = . ] && [ -s "$sluice_l" ] &&
        echo "sluice: what this wrote was removed on the host, to make room" > "$sluice_l";
    done;
  done;
};

# Requests, one after the other, for as long as each says that more may come. Lines without a value
# are read word by word; one that was cut off is none. What comes last in one is for other shells.
sluice_more=;
while :; do
IFS=" " read -r sluice_word sluice_nonce sluice_verb sluice_run sluice_key
  sluice_a sluice_b sluice_c sluice_d sluice_bang sluice_x ||
  { [ "$sluice_more" ] && exit 0; sluice_word=; };
case $sluice_word in
sluice1) sluice_more=;;
sluice2) sluice_more=yes;;
*) echo "sluice: no request came" >&2; exit 3;;
esac;
sluice_script=; sluice_told=;
find_place;
case $sluice_verb in
start|again) start;;
attach)
  fence "$sluice_a";
  never;
  [ "$sluice_x" ] && { say none; exit 0; };
  attach;;
cancel) cancel;;
follow)
  echo "$sluice_nonce";
  tail -c "+$sluice_a" -f "$sluice_p.out" 2>/dev/null &
  read -r sluice_l;
  last; kill "$sluice_last";;
rest)
  # Its size as all hosts tell it, and nothing is reckoned with it: not every shell counts so far.
  sluice_l=$(exec ls -ln "$sluice_p.out" 2>/dev/null) || {
    # What never began has written nothing; of what nobody knows here nothing is said.
    known || exit 1;
    sluice_l="- 1 0 0 0"; };
  set -- $sluice_l;
  echo "$sluice_nonce$sluice_nl$5";
  # What goes to the block at once, of gigabytes too.
  dd if="$sluice_p.out" bs=65536 skip="$sluice_a" 2>/dev/null | head -c "$sluice_b";;
forget)
  # What came late for it would begin again: the fence stays, above whoever has forgotten it.
  umask 077; sluice_umask=077;
  if [ -d "$sluice_dir" ]; then
    fence "$sluice_a";
    raise "$((sluice_a + 1))";
  fi;
  aged &&
    find "$sluice_base" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf {} + 2>/dev/null;
  if left; then { [ -d "$sluice_dir" ] && empty; make_room; } 2>/dev/null; fi;
  say done;
  empty_and_end 2>/dev/null;;
esac;
[ "$sluice_more" ] || exit 0;
done
)wrapper";

}  // namespace sluice::runtime
