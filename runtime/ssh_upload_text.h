// The shell text that takes a file on an ssh host, piece by piece. The rules of ssh_wrapper_text.h
// hold: no single quote, no exclamation mark, no doubled backslash, every statement ends.
#pragma once

#include <string_view>

namespace sluice::runtime {

// Finds the private place of the run, as the wrapper does, and makes it where `sluice_make` says.
inline constexpr std::string_view upload_place_text = R"text(
umask 077;
ours() { [ -d "$1" ] && [ -O "$1" ] && { [ -L "$1" ] && return 1; :; }; };
sluice_dir=${HOME-}/.sluice/$sluice_run;
[ -d "$sluice_dir" ] || [ -z "$sluice_make" ] ||
  mkdir -p "$sluice_dir" 2>/dev/null || :;
[ -d "$sluice_dir" ] || {
  sluice_dir=/var/tmp/sluice-$(id -u)/$sluice_run;
  [ -z "$sluice_make" ] || mkdir -p "$sluice_dir" || :;
};
ours "${sluice_dir%/*}" && ours "$sluice_dir" || {
  echo "$sluice_nonce refused there is no place for its files on the host"; exit 0; };
sluice_p=$sluice_dir/$sluice_digest;
size() { stat -c %s "$1" 2>/dev/null || wc -c < "$1"; };
)text";

// What there is of it. Reads two lines: its words, and the folder of the releases.
inline constexpr std::string_view upload_offer_text = R"text(
IFS=" " read -r sluice_nonce sluice_run sluice_digest sluice_size sluice_format sluice_listing
  sluice_name;
IFS= read -r sluice_to || { echo "sluice: no request came" >&2; exit 3; };
echo "$sluice_nonce-begun";
sluice_make=yes;
PLACE
verified() {
  [ -d "$1" ] && { [ -L "$1" ] && return 1; :; } || return 1;
  [ -f ".sluice/$1.files" ] && [ -f ".sluice/$1.links" ] || return 1;
  set -- "$1" $(cat ".sluice/$1.files" ".sluice/$1.links" | sha256sum);
  [ "$2" = "$sluice_listing" ] || return 1;
  ( cd "./$1" && sha256sum -c "../.sluice/$1.files" ) >/dev/null 2>&1;
};
if [ -d "$sluice_to/.sluice" ] && cd -- "$sluice_to"; then
  sluice_r=$sluice_name; sluice_n=1;
  while [ -e "$sluice_r" ]; do
    verified "$sluice_r" && { echo "$sluice_nonce there"; exit 0; };
    sluice_n=$((sluice_n + 1)); sluice_r=$sluice_name.$sluice_n;
  done;
  cd /;
fi;
case $sluice_format in
tar.gz) sluice_tools="gzip tar";;
tar.zst) sluice_tools="zstd tar";;
*) sluice_tools=unzip;;
esac;
for sluice_l in sha256sum flock readlink $sluice_tools; do
  command -v "$sluice_l" >/dev/null || {
    echo "$sluice_nonce refused the host has no $sluice_l"; exit 0; };
done;
[ -f "$sluice_p.$sluice_format" ] && { echo "$sluice_nonce have"; exit 0; };
[ -e "$sluice_p.part" ] || true > "$sluice_p.part" || {
  echo "$sluice_nonce refused its files cannot be written on the host"; exit 0; };
sluice_n=$(size "$sluice_p.part");
if [ "$sluice_n" -ge "$sluice_size" ]; then
  set -- $(sha256sum < "$sluice_p.part");
  if [ "$1" = "$sluice_digest" ]; then
    sync "$sluice_p.part" 2>/dev/null || sync;
    mv "$sluice_p.part" "$sluice_p.$sluice_format" && { echo "$sluice_nonce have"; exit 0; };
    echo "$sluice_nonce refused it cannot be put in its place on the host"; exit 0;
  fi;
  rm -f "$sluice_p.part";
  echo "$sluice_nonce spoilt";
  exit 0;
fi;
echo "$sluice_nonce offset $sluice_n";
exit 0
)text";

// Takes what comes, behind what there is: `sh -c … sluice RUN DIGEST OFFSET NONCE`. Who was at it
// before, over a connection that was lost, is ended first. What bounds the size of files is told
// like a full disk.
inline constexpr std::string_view upload_append_text = R"text(
trap "" XFSZ;
sluice_run=$1; sluice_digest=$2; sluice_nonce=$4; sluice_make=;
PLACE
exec 9>>"$sluice_p.lock";
flock -n 9 || {
  read -r sluice_n < "$sluice_p.pid"; kill "$sluice_n" 2>/dev/null;
  flock 9; };
echo $$ > "$sluice_p.pid";
[ "$(size "$sluice_p.part")" = "$3" ] || exit 4;
echo "$sluice_nonce-begun";
exec cat >> "$sluice_p.part"
)text";

}  // namespace sluice::runtime
