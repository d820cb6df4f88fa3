"""What a MikroTik router is given: three files of its hotspot folder and the console's commands.

`$(…)` are RouterOS's own variables; `-esc` after a name writes it as a URL takes it.
"""

import ipaddress
import re
from html import escape
from urllib.parse import urlsplit

from portal.gateways.base import GatewaySettings, PortalUrls, origin

FOLDER = "flash/vestibule"
COA_PORT = 3799
_FIELDS = ("mac", "ip", "link-login-only", "link-orig", "chap-id", "chap-challenge", "server-name", "identity", "error")
# The chap values hold only backslashes and digits, and no router has been seen to escape them well.
_PLAIN = frozenset({"ip", "chap-id", "chap-challenge"})

ALOGIN = """\
<!doctype html>
<html><head><meta charset="utf-8"><link rel="icon" href="data:,">
<meta http-equiv="refresh" content="0; url=$(link-redirect)"><title>Wi-Fi</title></head>
<body><p><a href="$(link-redirect)">OK</a></p></body></html>
"""


def login_page(urls: PortalUrls) -> str:
    """login.html: leads to the portal by itself without scripts, and by a button where refreshing is switched off."""
    portal = escape(urls.wifi)
    query = "&amp;".join(f"{name}=$({name if name in _PLAIN else name + '-esc'})" for name in _FIELDS)
    fields = "\n".join(f'<input type="hidden" name="{name}" value="$({name})">' for name in _FIELDS)
    return f"""\
<!doctype html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="icon" href="data:,">
<meta http-equiv="refresh" content="0; url={portal}?{query}">
<title>Wi-Fi</title></head>
<body>
<form method="get" action="{portal}">
{fields}
<button type="submit">Wi-Fi</button>
</form>
</body></html>
"""


def api(urls: PortalUrls, venue_code: str) -> str:
    """api.json (RFC 8908): the router knows the client, so it answers itself."""
    return f"""\
{{
"captive": $(if logged-in == 'yes')false$(else)true$(endif),
"user-portal-url": "$(link-login-only)",
"venue-info-url": "{origin(urls.wifi)}/v/{venue_code}",
$(if session-timeout-secs != 0)
"seconds-remaining": $(session-timeout-secs),
$(endif)
$(if remain-bytes-total)
"bytes-remaining": $(remain-bytes-total),
$(endif)
"can-extend-session": false
}}
"""


def commands(config: GatewaySettings, urls: PortalUrls) -> str:
    """The console's commands, whole; `hotspot1` is the server that /ip hotspot setup makes."""
    host = urlsplit(config.base_url).hostname or ""
    login_by = ",".join(["mac", "http-pap" if config.options.get("pap") else "http-chap", *_https(config)])
    name = "" if _is_ip(host) else f" dns-name={host}"
    lines = [
        "/system identity set name=" + quoted(urls.nas_name),
        "/radius remove [find comment=vestibule]",
        f"/radius add comment=vestibule service=hotspot address={_address(urls.radius_host)} secret={quoted(urls.radius_secret)}"
        f" authentication-port={urls.radius_auth_port} accounting-port={urls.radius_acct_port} timeout=3s"
        " require-message-auth=yes-for-request-resp",
        f"/radius incoming set accept=yes port={COA_PORT}",
        "/ip hotspot profile remove [find name=vestibule]",
        f"/ip hotspot profile add name=vestibule{name} login-by={login_by} use-radius=yes radius-accounting=yes"
        " radius-interim-update=received mac-auth-mode=mac-as-username-and-password radius-mac-format=XX:XX:XX:XX:XX:XX"
        f" nas-port-type=wireless-802.11 html-directory=hotspot html-directory-override={FOLDER}",
        "/ip hotspot set [find name=hotspot1] profile=vestibule idle-timeout=none keepalive-timeout=2m",
        "/ip hotspot walled-garden remove [find comment=vestibule]",
        *(f"/ip hotspot walled-garden add comment=vestibule dst-host={quoted(h)} action=allow" for h in urls.hosts),
        "/ip hotspot walled-garden ip remove [find comment=vestibule]",
        *(f"/ip hotspot walled-garden ip add comment=vestibule dst-host={quoted(h)} action=accept" for h in urls.hosts),
        *_option_114(config, host),
        *_dns(urls),
    ]
    return _BEFORE + "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A value in RouterOS's quotes; "$", quotes and backslashes stand for themselves."""
    return '"' + re.sub(r'(["\\$?])', r"\\\1", text) + '"'


def _address(host: str) -> str:
    """/radius takes addresses only: of a name the router looks one up when the line is typed."""
    return quoted(host) if _is_ip(host) else f"[:resolve {quoted(host)}]"


def _option_114(config: GatewaySettings, host: str) -> list[str]:
    """RFC 8910 wants https: only where the hotspot has a name and a certificate."""
    if not _https(config) or _is_ip(host):
        return [
            "# Option 114 (RFC 8910) needs a hotspot with a name and a certificate: make its address https:// here and there."
        ]
    return [
        "/ip dhcp-server option remove [find name=vestibule]",
        f"/ip dhcp-server option add name=vestibule code=114 force=yes value=\"'https://{host}/api'\"",
        "/ip dhcp-server network set [find] dhcp-option=vestibule",
        "# RouterOS also wants: /ip hotspot profile set vestibule ssl-certificate=NAME (a certificate that phones trust)",
    ]


def _dns(urls: PortalUrls) -> list[str]:
    if not urls.family_dns:
        return []
    return [f"/ip dhcp-server network set [find] dns-server={','.join(urls.family_dns)}"]


def _https(config: GatewaySettings) -> list[str]:
    return ["https"] if config.base_url.startswith("https:") else []


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


_BEFORE = """\
# 1. RouterOS 7: the hotspot must be allowed once:  /system device-mode update hotspot=yes
# 2. If there is no hotspot yet:  /ip hotspot setup  (its server is then called hotspot1)
# 3. Put the three files above into flash/vestibule (Files → Upload), then copy the lines below into the terminal.
"""
