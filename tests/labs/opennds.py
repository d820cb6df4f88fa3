"""Debian's openNDS in the gateway's room, set up as our own instructions say."""

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.gateways.base import GatewaySettings, PortalUrls
from portal.gateways.registry import gateway
from tests.labs.network import INTERNET, PORTAL, ROUTER, Network
from tests.support.programs import wait_until

PROGRAMS = ("opennds", "ndsctl", "iptables", "dnsmasq", "udhcpc", "curl", "php", "pgrep", "wget")
ROOM = Path(__file__).with_name("router_room.sh")
DNSMASQ = f"""\
no-resolv
no-hosts
addn-hosts=/etc/hosts
bind-interfaces
interface=lan
interface=lo
dhcp-authoritative
no-ping
dhcp-range=10.91.0.50,10.91.0.99,255.255.255.0,10m
dhcp-option=3,{ROUTER}
dhcp-option=6,{ROUTER}
dhcp-leasefile=/tmp/dhcp.leases
address=/portal.test/{PORTAL}
address=/test/{INTERNET}
"""
SYSTEMCTL = """\
#!/bin/bash
# openNDS restarts dnsmasq through systemd, which is not here.
[ "$*" = "restart dnsmasq" ] || exit 0
[ -s /run/dnsmasq.pid ] && kill "$(cat /run/dnsmasq.pid)" 2> /dev/null
for _ in $(seq 20); do dnsmasq -C /etc/dnsmasq.conf -x /run/dnsmasq.pid && break; sleep 0.1; done
"""


@dataclass
class Router:
    """The running daemon."""

    network: Network
    process: subprocess.Popen[bytes]

    def ndsctl(self, *words: str) -> str:
        """What it answers; empty while it does not."""
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False).stdout.split()
        if not found:
            return ""
        command = ["nsenter", "-t", found[0], "-m", "-n", "-p", "ndsctl", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20).stdout

    def client(self, mac: str) -> dict[str, Any]:
        """What it knows of a device; empty for nothing, and when nothing is to be had because somebody else asks."""
        for _ in range(20):
            try:
                found = json.loads(self.ndsctl("json")).get("clients", {}).values()
            except (ValueError, AttributeError):
                continue
            return next((one for one in found if one["mac"] == mac), {})
        return {}

    def answers(self) -> bool:
        """It is up. (`ndsctl status` in its first second can end it.)"""
        return "client_list_length" in self.ndsctl("json")


@contextmanager
def opennds(made: Network, config: GatewaySettings, urls: PortalUrls, authority: Path) -> Iterator[Router]:
    """The daemon with the configuration and the scripts that we print for Debian."""
    _furnish(made.folder, config, urls, authority)
    reach = ("curl", "-s", "-m", "2", "-o", "/dev/null", "--noproxy", "*", f"http://{INTERNET}/")
    assert wait_until(lambda: made.succeeds("gateway", *reach), 20), "openNDS wants to see its default gateway"
    command = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", str(ROOM), str(made.folder))
    router = Router(made, made.start("gateway", *command, log="opennds.log"))
    try:
        assert wait_until(lambda: "openNDS is now running" in made.said("opennds.log") or router.process.poll() is not None, 40)
        assert wait_until(router.answers, 20), made.said("opennds.log")
        yield router
    finally:
        router.process.send_signal(signal.SIGKILL)  # unshare takes the whole room of processes with it
        router.process.wait(10)


def _furnish(folder: Path, config: GatewaySettings, urls: PortalUrls, authority: Path) -> None:
    """A private /etc: the host's, and what the printed instructions write."""
    etc, shims = folder / "etc", folder / "bin"
    shutil.rmtree(etc, ignore_errors=True)
    shutil.copytree("/etc", etc, symlinks=True, ignore_dangling_symlinks=True)
    shims.mkdir(exist_ok=True)
    (shims / "systemctl").write_text(SYSTEMCTL)
    (shims / "logger").write_text("#!/bin/sh\nexec cat >> /run/lab/syslog\n")
    (etc / "resolv.conf").unlink()
    (etc / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (etc / "hosts").write_text("127.0.0.1 localhost\n")
    (etc / "dnsmasq.conf").write_text(DNSMASQ)
    with (etc / "ssl/certs/ca-certificates.crt").open("a") as trusted:
        trusted.write(authority.read_text())
    pasted = next(paste.text for paste in gateway("opennds").pastes(config, urls) if paste.where.startswith("Debian"))
    for path, text in re.findall(r"cat > /etc/(\S+) <<'?VESTIBULE_END'?\n(.*?)VESTIBULE_END\n", pasted, re.DOTALL):
        target = etc / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(_for_the_lab(text))
    for script in (etc / "vestibule/binauth.sh", etc / "vestibule/poll.sh", shims / "systemctl", shims / "logger"):
        script.chmod(0o755)


def _for_the_lab(text: str) -> str:
    """As printed, but for the interface's name, the looked-up address and shorter waits."""
    for said, here in (
        ("$portal_ip", PORTAL), ("gatewayinterface eth1", "gatewayinterface lan"), ("checkinterval 15", "checkinterval 2"),
        ("poll_interval 3", "poll_interval 1"), ("EVERY=10", "EVERY=1"),
    ):  # fmt: skip
        text = text.replace(said, here)
    return text
