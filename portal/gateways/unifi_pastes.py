"""What to set in a UniFi console, field by field, for each way to its API. Names are those of Network 9; older ones differ."""

from urllib.parse import urlsplit

from portal.gateways.base import GatewaySettings, Paste, PortalUrls
from portal.gateways.unifi_options import UniFiOptions, read_options


def pastes(config: GatewaySettings, urls: PortalUrls) -> tuple[Paste, ...]:
    """In the order of the work: network, portal, access for us, trust."""
    options = read_options(config)
    texts = [
        ("Settings > WiFi > Create New", _wifi()),
        ("Insights > Hotspot > Landing Page > Settings", _portal(options, urls)),
        ("Insights > Hotspot > Landing Page > Settings > Pre-Authorization Allowances", _allowed(urls)),
        _access(options),
        ("Firewall in front of the console", _reach(options)),
        ("Certificate of the console", _trust(options)),
    ]
    if urls.family_dns:
        texts.append(("Settings > Networks > (guest network) > DHCP > DNS Server", _lines(*urls.family_dns)))
    return tuple(Paste(where, text) for where, text in texts)


def _wifi() -> str:
    return _lines(
        "Name: the name that guests see",
        "Network: a network of its own for guests (VLAN)",
        "Security: Open (or a password that is in the printed QR code)",
        "Hotspot: Captive Portal",
        "Client Device Isolation: on",
    )


def _portal(options: UniFiOptions, urls: PortalUrls) -> str:
    host = options.host or urlsplit(urls.wifi).hostname or ""
    return _lines(
        "Authentication: External Portal Server",
        f"External Portal Server: {host}",
        "  (a console that takes only an IPv4 address: the portal's, which must then also be in VESTIBULE_ALLOWED_HOSTS)",
        "Use Secure Portal: on, where the console has it; the portal must answer on port 80 too, with a redirect to https",
        f"Redirect using hostname: {host}",
        "HTTPS Redirection: off",
        "Default Expiration: 8 hours (the portal sets each guest's own)",
        "Landing page after authentication: original URL",
        f"What guests are then sent to: https://{host}/guest/s/{options.site}/?ap=…&id=…&t=…&url=…&ssid=…",
    )


def _allowed(urls: PortalUrls) -> str:
    """One line per host: names where the console takes names, their addresses where it does not."""
    return _lines(*urls.hosts)


def _access(options: UniFiOptions) -> tuple[str, str]:
    if options.api == "integration":
        return "Settings > Control Plane > Integrations > Create API Key", _lines(
            "Name: Vestibule",
            "Expiration: never (or renew it here before it ends)",
            "Put the key into this gateway's secret: it is shown once.",
            "Needs Network 9.1.105 or newer.",
        )
    if options.api == "os":
        return "OS Settings > Admins & Users > Create New", _lines(
            "Admin: on, Restrict to Local Access Only: on (no Ubiquiti account, no second factor)",
            f"Username: {options.user}",
            "Password: a long one; put it into this gateway's secret",
            "Use a Predefined Role: off",
            "Network: Hotspot Operator is not enough; Site Admin of this site. no access to any other application",
        )
    return "Settings > Admins > Add New Admin", _lines(
        "Manually set and share the password: on",
        f"Username: {options.user}",
        "Password: a long one; put it into this gateway's secret",
        f"Role: Administrator of the site {options.site} only, without device adoption and restart",
    )


def _reach(options: UniFiOptions) -> str:
    return _lines(f"The portal's server must reach {_where(options)} (TCP). Open it to that server's address only, or use a VPN.")


def _where(options: UniFiOptions) -> str:
    address = urlsplit(options.base)
    return f"{address.hostname}:{address.port or 443}"


def _trust(options: UniFiOptions) -> str:
    where = _where(options)
    ask = f"openssl s_client -connect {where} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256"
    if options.pin:
        return _lines("Only the certificate of this fingerprint is believed; after a change of certificate, set it anew:", ask)
    if options.ca_file:
        return _lines(f"Believed because of {options.ca_file}.")
    return _lines(
        "The certificate must be of a public authority and name this host. For a self-signed one run, from inside the house,",
        ask,
        "and set verify_tls to sha256:<the fingerprint>.",
    )


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)
