"""CoovaChilli: the file that makes a Linux or OpenWrt router one of ours. The protocol is in `uam`."""

from urllib.parse import urlsplit

from portal.gateways.base import GatewaySettings, Paste, PortalUrls
from portal.gateways.uam import UamGateway

COA_PORT = 3799
INTERIM_SECONDS = 600  # chilli takes nothing below 60


class CoovaChilli(UamGateway):
    """The Gateway of kind `coovachilli`."""

    def pastes(self, config: GatewaySettings, urls: PortalUrls) -> tuple[Paste, ...]:
        """The whole configuration file, and how to begin with it."""
        return (Paste("/etc/chilli/main.conf", _configuration(config, urls)), Paste("shell", _START))


def _configuration(config: GatewaySettings, urls: PortalUrls) -> str:
    address = urlsplit(config.base_url)
    dns = "".join(f"dns{number} {server}\n" for number, server in enumerate(urls.family_dns[:2], 1))
    return f"""\
# The interface that guests join, and their network. The interface itself must have no IPv4 address.
dhcpif wlan0
net {_network(address.hostname or "")}
uamlisten {address.hostname}
uamport {address.port}
{dns}
# The portal. Write its address exactly so: the gateway signs it.
uamserver {urls.wifi}
uamsecret {config.secret}
uamallowed {",".join(urls.hosts)}
challengetimeout 600

# RADIUS. Both servers are ours: Disconnect-Requests are taken from these addresses only.
radiusserver1 {urls.radius_host}
radiusserver2 {urls.radius_host}
radiusauthport {urls.radius_auth_port}
radiusacctport {urls.radius_acct_port}
radiussecret {urls.radius_secret}
radiusnasid {urls.nas_name}
coaport {COA_PORT}
definteriminterval {INTERIM_SECONDS}

# Devices that are remembered go online by their address alone, without a page.
macauth

# Phones learn of the portal from DHCP (RFC 8910). Needs version 1.8 or newer: remove the line on an older one.
captiveportalapi_uri {urls.capport}/%{{m}}

# Versions from April 2026 answer a refused login with an empty page unless challenges never expire; then add:
# challengetimeout 0
"""


def _network(host: str) -> str:
    """The /24 that the gateway's own address lies in, as `net` takes it."""
    return ".".join([*host.split(".")[:3], "0/24"]) if host.count(".") == 3 else "10.1.0.0/24"


_START = """\
# The kernel takes guests' packets on their interface as well, and would forward them past the gateway. chilli gets its copy
# before this rule. It is gone after a reboot: keep it where your router keeps its nftables rules.
nft add table inet vestibule
nft add chain inet vestibule guests '{ type filter hook prerouting priority raw; policy accept; }'
nft flush chain inet vestibule guests
nft add rule inet vestibule guests iifname wlan0 drop
systemctl restart chilli || /etc/init.d/chilli restart
chilli_query list
"""
