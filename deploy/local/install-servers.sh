#!/bin/sh
# Installs the named packages as root, without letting them start their servers now or at the next boot.
set -eu
policy=/usr/sbin/policy-rc.d
aside=$policy.before-fengge

restore() {
    rm -f "$policy"
    if [ -e "$aside" ]; then mv "$aside" "$policy"; fi
}
trap restore EXIT
trap 'exit 130' INT TERM

# A policy of our own that a killed installation left behind is not the machine's policy.
if [ -e "$policy" ] && ! grep -q 'fengge' "$policy"; then mv "$policy" "$aside"; fi
printf '#!/bin/sh\n# fengge installs servers that it starts itself\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt_get() { apt-get -qq -o DPkg::Lock::Timeout=180 -o Dpkg::Use-Pty=0 "$@" </dev/null; }
apt_get update
apt_get install -y --no-install-recommends "$@"

if [ -d /run/systemd/system ]; then
    for package in "$@"; do
        case $package in
        rabbitmq-server) systemctl disable -q rabbitmq-server.service epmd.socket epmd.service || true ;;
        postgresql) systemctl disable -q postgresql.service || true ;;
        esac
    done
fi
