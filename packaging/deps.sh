#!/bin/sh
# Installs what building needs (packaging/deps.txt). Does nothing, and asks for no rights, when it is all there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/packages.sh"

if ! command -v dpkg-query >/dev/null; then
  echo "This is no Debian: see packaging/deps.txt for what building needs." >&2
  exit 0
fi
wanted=$(missing $(listed "$here/deps.txt"))
[ -n "$wanted" ] || exit 0
echo "Installing: $wanted"
install_packages $wanted || {
  echo "Cannot install them. As root: apt-get install $wanted" >&2
  exit 1
}
