# Sourced by deps.sh and test-deps.sh: what is installed, and how to install more.

# The packages of a list, without comments; with a second argument, those of that kind ("kind package" lines).
listed() {
  if [ $# -gt 1 ]; then
    sed -n "s/^$2  *\([^ #]*\).*/\1/p" "$1"
  else
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"
  fi
}

# Those of its arguments that are not installed. Asks dpkg only, so that a machine with everything is quick.
missing() {
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
  done
}

# How to become root without asking for a password; fails when there is no way.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    sudo "$@"
  else
    return 1
  fi
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# Installs its arguments; reads the lists of packages first when they are not known yet.
install_packages() {
  command -v apt-get >/dev/null || return 1
  apt_install "$@" || { as_root apt-get update -q && apt_install "$@"; }
}
