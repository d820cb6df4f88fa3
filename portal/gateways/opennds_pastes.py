"""What to put into an openNDS router: one text for its root shell, with every file in full. OpenWrt's and Debian's."""

import ipaddress
from importlib.resources import files
from urllib.parse import urlsplit

from portal.core.errors import PortalError
from portal.gateways.base import GatewaySettings, Paste, PortalUrls
from portal.gateways.opennds_cipher import ENCRYPTED

POLL_SECONDS = 10
AUTHMON_SECONDS = 3  # how long a guest with the right code may wait for the router at levels 3 and 4
_PORTS = {"http": 80, "https": 443}


def pastes(config: GatewaySettings, urls: PortalUrls, level: int, name: str) -> tuple[Paste, ...]:
    """OpenWrt's first; Debian's openNDS 9.10 has no level 4. Raises PortalError `opennds_needs_https` at levels 3 and 4.

    At levels 1 and 2 openNDS sends guests to http; a portal on https must answer port 80 with a redirect that keeps the query.
    """
    wifi = urlsplit(urls.wifi)
    if level in (3, 4) and wifi.scheme != "https":
        raise PortalError("opennds_needs_https")
    plain = level in (1, 2) and wifi.scheme == "https"
    words = {
        "NAME": name, "LEVEL": str(level), "FASKEY": config.secret, "HOST": wifi.hostname or "", "PATH": wifi.path,
        "PORT": str(80 if plain else wifi.port or _PORTS[wifi.scheme]), "AUTHMON": str(AUTHMON_SECONDS),
        "POLL": urls.poll, "EVERY": str(POLL_SECONDS), "KEY": config.script_key,
        "COMMON": script("common.sh"), "BINAUTH": script("binauth.sh"), "POLLING": script("poll.sh"),
    }  # fmt: skip
    scripts = _filled("scripts.in", words)
    open_to = [host for host in urls.hosts if host != wifi.hostname and _is_address(host)]
    openwrt = words | {
        "SCRIPTS": scripts, "PACKAGES": " php8-cli php8-mod-openssl" if level in ENCRYPTED else "",
        "GARDEN": "".join(f"\tlist preauthenticated_users 'allow tcp port 443 to {host}'\n" for host in open_to),
        "FAMILY": _openwrt_dns(urls.family_dns),
    }  # fmt: skip
    debian = words | {
        "SCRIPTS": scripts, "PACKAGES": " php-cli" if level in ENCRYPTED else "",
        "GARDEN": "".join(f"    FirewallRule allow tcp port 443 to {host}\n" for host in open_to),
        "FAMILY": _debian_dns(urls.family_dns),
    }  # fmt: skip
    first = Paste("OpenWrt: root's shell", _filled("openwrt.in", openwrt))
    return (first,) if level == 4 else (first, Paste("Debian: root's shell", _filled("debian.in", debian)))


def script(name: str) -> str:
    """One of our scripts for the router, as it is installed."""
    return (files("portal.gateways") / "opennds_router" / f"{name}.in").read_text("utf-8")


def _filled(name: str, words: dict[str, str]) -> str:
    text = (files("portal.gateways") / "opennds_router" / name).read_text("utf-8")
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def _openwrt_dns(servers: tuple[str, ...]) -> str:
    if not servers:
        return ""
    listed = "".join(f"uci add_list dhcp.@dnsmasq[0].server='{server}'\n" for server in servers)
    return (
        "\n# Family DNS filter: guests may ask this router only, and it asks these.\n"
        f"uci set dhcp.@dnsmasq[0].noresolv='1'\nuci -q delete dhcp.@dnsmasq[0].server\n{listed}uci commit dhcp\n"
        "/etc/init.d/dnsmasq restart\n"
    )


def _debian_dns(servers: tuple[str, ...]) -> str:
    if not servers:
        return ""
    listed = "".join(f"server={server}\n" for server in servers)
    return (
        "\n# Family DNS filter: guests may ask this router only, and it asks these.\n"
        f"cat > /etc/dnsmasq.d/vestibule.conf <<'VESTIBULE_END'\nno-resolv\n{listed}VESTIBULE_END\nsystemctl restart dnsmasq\n"
    )


def _is_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 4
    except ValueError:
        return False
