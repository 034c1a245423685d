// What puts a release in place on a host, in POSIX sh: unpacks the archive into a new folder beside
// the others, holds what came out against the plan, switches the link, keeps the last releases.
// Nothing of the release that serves is touched before the link is switched, in one rename.
#pragma once

#include <string_view>

namespace sluice::runtime {

// Reads its values from variables that begin with `sluice_package_`:
//   to       the folder of the releases
//   name     of the release's folder: letters that need no quoting
//   format   tar.gz, tar.zst, zip
//   digest   SHA-256 of the archive; `listing`: of what comes out (ArchiveContent::listing)
//   keep     how many releases stay
//   archive  its path; empty: beside what the wrapper keeps of this run
//   unpack   the program that unpacks it into the working directory; empty: those of the host
//   before, after   scripts; may be empty
inline constexpr std::string_view package_script_text = R"sh(
to=$sluice_package_to
name=$sluice_package_name
listing=$sluice_package_listing
archive=$sluice_package_archive
if [ -z "$archive" ]; then
  archive=${SLUICE_OUTPUT%/*}/$sluice_package_digest.$sluice_package_format
fi

die() {
  echo "$*" >&2
  exit 1
}

# Folders that came out of an archive may be read-only, and rm takes nothing out of such.
remove() {
  find "$@" -type d ! -perm -700 -exec chmod u+rwx {} \; 2>/dev/null || :
  rm -rf "$@"
}

# Whether the folder is a release of this archive, whole and as it was unpacked.
verified() {
  [ -d "$1" ] && [ ! -L "$1" ] || return 1
  [ -f ".sluice/$1.files" ] && [ -f ".sluice/$1.links" ] || return 1
  [ "$(cat ".sluice/$1.files" ".sluice/$1.links" | sha256sum)" = "$listing  -" ] || return 1
  (cd "./$1" && sha256sum -c "../.sluice/$1.files") >/dev/null 2>&1
}

# Not every tar says that the disk was full; by then it still is.
not_unpacked() {
  free=$(df -Pk "$work" 2>/dev/null | {
    read -r head && read -r disk blocks used free rest && echo "$free"
  }) || free=
  why=
  case $free in
    '' | *[!0-9]*) ;;
    *) [ "$free" -ge 1024 ] || why=": the disk is full ($free KiB are free)" ;;
  esac
  die "it could not be unpacked$why"
}

unpack() {
  for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 || die "this host has no $tool, which unpacks such archives"
  done
  case $1 in
    unzip)
      # 1: it had something to remark.
      (cd "$work" && LC_ALL=C.UTF-8 unzip -qq "$archive" </dev/null) || [ $? -eq 1 ]
      ;;
    *)
      # GNU tar takes a backslash in what stands behind -C for an escape.
      # gzip ends with 2 where something stands behind the archive; what came out is compared.
      { "$1" -dc <"$archive" || [ $? -eq 2 ] || echo failed >"$work.failed"; } |
        (cd "$work" && exec tar -xof -) || return 1
      [ ! -e "$work.failed" ]
      ;;
  esac
}

# What came out, as the plan's side has listed it.
list() {
  (
    cd "$work"
    [ -z "$(find . ! -type f ! -type d ! -type l | head -n 1)" ] || exit 1
    find . -type f -exec sha256sum {} + | LC_ALL=C sort >"$work.files"
    find . -type l | while IFS= read -r link; do
      printf '%s -> %s\n' "$link" "$(readlink "$link")"
    done | LC_ALL=C sort >"$work.links"
  ) || return 1
  [ "$(cat "$work.files" "$work.links" | sha256sum)" = "$listing  -" ]
}

make_release() {
  work=$to/.sluice/unpack.$$
  # However it ends, nothing half unpacked stays: the disk may be full of it.
  trap 'remove "$work" "$work".*' EXIT
  trap 'exit 143' TERM INT HUP
  [ -f "$archive" ] || die "the archive is not there: $archive"
  if [ -n "$sluice_package_unpack" ]; then
    # A copy of our own: nobody changes it between the look at it and its use.
    cp -- "$archive" "$work.$sluice_package_format"
    archive=$work.$sluice_package_format
  fi
  set -- $(sha256sum <"$archive")
  if [ "$1" != "$sluice_package_digest" ]; then
    die "the archive is not the one of the plan: its SHA-256 is $1"
  fi
  mkdir "$work"
  if [ -n "$sluice_package_unpack" ]; then
    program=$sluice_package_unpack
    # Removed since it was started: what began this script is a fork of it.
    [ -x "$program" ] || [ "$PPID" = 1 ] || program=/proc/$PPID/exe
    (cd "$work" && "$program" unpack-archive "$archive") || not_unpacked
    rm -f "$archive"
  else
    case $sluice_package_format in
      tar.gz) unpack gzip tar ;;
      tar.zst) unpack zstd tar ;;
      *) unpack unzip ;;
    esac || not_unpacked
  fi
  list || die "what came out of the archive is not what is in it by the plan"
  mv "$work.files" ".sluice/$release.files"
  mv "$work.links" ".sluice/$release.links"
  sync -f .sluice 2>/dev/null || sync
  if [ -w "$work" ]; then
    mv "$work" "$release"
  else
    # A folder that is read-only is not moved into another one.
    chmod u+w "$work"
    mv "$work" "$release"
    chmod u-w "$release"
  fi
  trap - EXIT TERM INT HUP
  echo "unpacked $(wc -l <".sluice/$release.files") files into $to/$release"
}

# In one rename: who looks finds the old release or the new one.
lead_to() {
  if [ -z "$1" ]; then
    rm -f current
    return
  fi
  rm -f .sluice/current
  ln -s "$1" .sluice/current
  mv -Tf .sluice/current current
}

own_script() {
  [ -n "$1" ] || return 0
  (
    export package_release="$to/$release" package_previous=
    if [ -n "$previous" ]; then package_previous=$(cd "$previous" 2>/dev/null && pwd) || :; fi
    unset sluice_package_before sluice_package_after
    cd "$to/$release"
    exec sh -eu -c "$1"
  ) 8>&-
}

go_back() {
  trap '' TERM INT HUP
  lead_to "$previous"
  echo "the link leads to ${previous:-nothing} again" >&2
}

keep_last() {
  kept=1
  for list in $(ls -t .sluice | grep '\.files$'); do
    other=${list%.files}
    [ "$other" != "$release" ] || continue
    if [ -d "$other" ] && [ ! -L "$other" ]; then
      kept=$((kept + 1))
      [ "$kept" -gt "$sluice_package_keep" ] || continue
      remove "./$other" || continue
      echo "removed $to/$other"
    fi
    rm -f ".sluice/$other.files" ".sluice/$other.links"
  done
}

case $to in /*) ;; *) die "\`$to\` is no absolute path" ;; esac
umask 022
mkdir -p -- "$to/.sluice"
cd -- "$to"
to=$(pwd)
# One at a time in this folder. Nothing that a script leaves behind holds it.
exec 8>.sluice/lock
flock 8
remove .sluice/unpack.* || :
if [ -e current ] && [ ! -L current ]; then
  die "$to/current is there and is no link: it is left alone"
fi
previous=$(readlink current || :)

release=$name
number=1
while [ -e "$release" ] || [ -L "$release" ]; do
  if verified "$release"; then break; fi
  number=$((number + 1))
  release=$name.$number
done
if [ -d "$release" ]; then
  if [ "$previous" = "$release" ] && [ "$(cat .sluice/in-place 2>/dev/null)" = "$release" ]; then
    echo "$to/$release is in place already, and verified"
    exit 0
  fi
  echo "$to/$release is there already, and verified"
else
  make_release
fi
# The newest of those that are kept, and behind it the one that has served until now: what failed
# since does not push it out.
if [ -f ".sluice/$previous.files" ]; then touch ".sluice/$previous.files"; fi
touch ".sluice/$release.files"
rm -f .sluice/in-place
status=0
own_script "$sluice_package_before" || status=$?
if [ "$status" -ne 0 ]; then
  echo "the script \`before\` failed with exit status $status: the link is not switched" >&2
  exit "$status"
fi
# At once, and not when `after` has ended: a script that heeds no SIGTERM is killed, and so are we.
trap 'go_back; wait; exit 143' TERM INT HUP
lead_to "$release"
if [ "$previous" = "$release" ]; then
  echo "$to/current leads to $release already"
else
  echo "$to/current -> $release${previous:+, and not $previous any more}"
fi
own_script "$sluice_package_after" &
wait "$!" || status=$?
if [ "$status" -ne 0 ]; then
  go_back
  echo "the script \`after\` failed with exit status $status" >&2
  exit "$status"
fi
trap - TERM INT HUP
echo "$release" >.sluice/in-place
keep_last
)sh";

}  // namespace sluice::runtime
