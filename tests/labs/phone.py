"""The guest's phone in its room: a lease, plain requests, and Chromium."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.labs.internet import PAGE
from tests.labs.network import ROUTER, Network
from tests.support.browsing import CHROMIUM

LEASE = """\
#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev "$interface"
ip addr add "$ip/$mask" dev "$interface"
ip route replace default via "$router"
env > "$LEASE_FILE"
"""


@dataclass(frozen=True)
class Phone:
    """A device that joined. `mac` is its own."""

    network: Network
    authority: Path
    mac: str

    def join(self) -> dict[str, str]:
        """Take the address that the Wi-Fi gives; what came with it, by udhcpc's names (option 114 as hex)."""
        script, lease = self.network.folder / "lease.sh", self.network.folder / "lease.env"
        script.write_text(LEASE)
        script.chmod(0o755)
        lease.unlink(missing_ok=True)
        for words in (["down"], ["address", self.mac], ["up"]):
            self.network.run("guest", "ip", "link", "set", "eth0", *words)
        asked = ("udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", "10", "-T", "1", "-O", "114", "-s", str(script))
        self.network.run("guest", "env", f"LEASE_FILE={lease}", *asked, patience=40)
        return dict(line.partition("=")[::2] for line in lease.read_text().splitlines())

    def get(self, url: str, *more: str) -> str:
        """Status, where it is sent to, and the page, a line each; empty when nothing came."""
        told = ("-sS", "-m", "6", "--noproxy", "*", "--cacert", str(self.authority), "-w", "\n%{http_code} %{redirect_url}")
        done = subprocess.run(self._named("curl", *told, *more, url), capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else ""

    def online(self) -> bool:
        """Both kinds of pages come from the internet itself."""
        return PAGE in self.get("http://neverssl.test/") and PAGE in self.get("https://neverssl.test/")

    def blocked(self) -> bool:
        """http is sent elsewhere, https is refused."""
        return PAGE not in self.get("http://neverssl.test/") and self.get("https://neverssl.test/", "-m", "2") == ""

    @contextmanager
    def browser(self) -> Iterator[Browser]:
        """Chromium that lives in the guest's room."""
        wrapper = self.network.folder / "chromium.sh"
        wrapper.write_text("#!/bin/sh\nexec " + " ".join(self._named(str(CHROMIUM))) + ' "$@"\n')
        wrapper.chmod(0o755)
        flags = ["--no-proxy-server", "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable"]
        with sync_playwright() as playwright:
            found = playwright.chromium.launch(executable_path=wrapper, args=flags)
            try:
                yield found
            finally:
                found.close()

    def _named(self, *command: str) -> list[str]:
        """With the Wi-Fi's resolver for this command alone."""
        resolver, opener = self.network.folder / "guest-resolv.conf", self.network.folder / "with_resolver.sh"
        resolver.write_text(f"nameserver {ROUTER}\n")
        opener.write_text(f'#!/bin/sh\nmount --bind {resolver} "$(readlink -f /etc/resolv.conf)"\nexec "$@"\n')
        opener.chmod(0o755)
        return self.network.inside("guest", "unshare", "--mount", str(opener), *command)
