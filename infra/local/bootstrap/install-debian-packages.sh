#!/bin/sh
# Installs Debian packages without starting or enabling the services they bring. Runs as root.
# usage: install-debian-packages.sh <package>…
set -eu
# The two places are variables for the tests only.
policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}
systemd=${SYSTEMD_RUNNING:-/run/systemd/system}
export DEBIAN_FRONTEND=noninteractive

created=''
remove_policy() { [ -z "$created" ] || rm -f -- "$policy"; }
trap remove_policy EXIT
trap 'exit 143' HUP INT TERM

# Package scripts ask this file before they start a service: 101 means no. One that is there already is the machine's own.
if [ ! -e "$policy" ]; then
  created=yes
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

update() { apt-get update -q; }
install() { apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"; }

# A fresh image has no package lists, and old lists name versions that are gone.
apt-get install --simulate --no-install-recommends "$@" >/dev/null 2>&1 || update
install "$@" || { update && install "$@"; }

# Packages enable their units for the next boot.
if [ -d "$systemd" ]; then
  for package in "$@"; do
    dpkg -L "$package" | sed -n 's|.*/systemd/system/\([^/@]*\.service\)$|\1|p' | sort -u | while read -r unit; do
      systemctl disable --now "$unit" || echo "cannot disable $unit" >&2
    done
  done
fi
