#!/bin/bash
# openNDS as on a machine of its own: a private /etc, /run and /tmp, its own process ids. Run by opennds.py under unshare.
# $1: the lab's folder, with etc/ (written by the lab), bin/ (stands in for systemd and syslog) and poll's configuration.
set -eu
folder=$1
mount --make-rprivate /
mount --bind "$folder/etc" /etc
mount -t tmpfs none /run
mkdir -p /run/lab /run/tmpfiles.d
mount --bind "$folder" /run/lab # before /tmp, where the folder may be
mount -t tmpfs none /tmp
# As on Debian by our own instructions: its iptables refuses the priority that 9.10 gives its chains.
sed 's/priority -100/priority filter/g' /usr/lib/opennds/libopennds.sh > /run/libopennds.sh
chmod 755 /run/libopennds.sh
mount --bind /run/libopennds.sh /usr/lib/opennds/libopennds.sh
export PATH=/run/lab/bin:$PATH SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
systemctl restart dnsmasq
/etc/vestibule/poll.sh >> /run/lab/poll.log 2>&1 &
# It sometimes gives up while it starts ("Unable to get routing configuration"): it is started again, as systemd would.
for try in 1 2 3; do
	opennds -f -d 1 && break
	echo "opennds ended, try $try"
done
