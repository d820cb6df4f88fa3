#!/bin/bash
# Installs what the tests need beside Python, where this is root on Debian; elsewhere says what will be skipped.
set -euo pipefail
missing=()
gateway=(opennds iptables nftables iproute2 dnsmasq-base udhcpc procps wget curl busybox php-cli ca-certificates) # tests/labs
for package in freeradius freeradius-utils freeradius-rest freeradius-postgresql postgresql chromium fonts-dejavu-core "${gateway[@]}"; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "not installed: ${missing[*]}; tests that need them will be skipped (apt-get install ${missing[*]})"
  exit 0
fi
echo "installing: ${missing[*]}"
# openNDS is only started in namespaces of the tests; its own service would take the machine's interfaces.
case " ${missing[*]} " in *" opennds "*) if [ -d /run/systemd/system ]; then systemctl mask opennds; fi ;; esac
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null
