#!/bin/sh
# Gets the clients and peers of packaging/test-deps.txt. Never fails: tests say what they miss.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/packages.sh"
peers=$here/../build/peers

command -v dpkg-query >/dev/null || {
  echo "This is no Debian: tests that need the programs of packaging/test-deps.txt are skipped." >&2
  exit 0
}

wanted=$(missing $(listed "$here/test-deps.txt" client))
if [ -n "$wanted" ]; then
  echo "Installing: $wanted"
  install_packages $wanted || echo "Not installed, their tests are skipped: $wanted" >&2
fi

# The package, and what it depends on as far as that is not installed. Installs nothing.
closure() {
  [ -n "$(missing "$1")" ] || { echo "$1"; return; }
  apt-get install -s -q --no-install-recommends "$1" 2>/dev/null | sed -n 's/^Inst \([^ ]*\) .*/\1/p'
}

# Unpacks a peer into build/peers/NAME; the last step makes it visible, so that half a peer never is.
unpack() {
  work=$peers/.$1.$$
  rm -rf "$work" && mkdir -p "$work/packages" "$work/root"
  packages=$(closure "$1")
  if [ -z "$packages" ] && as_root apt-get update -q >/dev/null 2>&1; then packages=$(closure "$1"); fi
  [ -n "$packages" ] &&
    (cd "$work/packages" && apt-get download -q $packages >/dev/null 2>"$work/log") &&
    for archive in "$work"/packages/*.deb; do dpkg -x "$archive" "$work/root" || return 1; done &&
    rm -rf "${peers:?}/$1" && mv "$work/root" "$peers/$1"
  result=$?
  rm -rf "$work"
  return $result
}

for peer in $(listed "$here/test-deps.txt" peer); do
  [ ! -d "$peers/$peer" ] || continue
  echo "Unpacking $peer below build/peers"
  unpack "$peer" || echo "Not unpacked, its tests are skipped: $peer" >&2
done
exit 0
