"""What is said about gateways: their kinds, the options that kinds declare, refusals, and the check list."""

from flask_babel import lazy_gettext as _l

KINDS = {
    "simulator": _l("Pretend router (demo)"),
    "opennds": _l("openNDS (OpenWrt, Linux)"),
    "coovachilli": _l("CoovaChilli (OpenWrt, Linux)"),
    "keenetic": _l("Keenetic"),
    "mikrotik": _l("MikroTik"),
    "unifi": _l("UniFi"),
}
ADDRESSES = {
    "opennds": _l("The router's own address in the guests' network, such as http://192.168.1.1:2050."),
    "coovachilli": _l("The router's own address in the guests' network, such as http://10.1.0.1:3990."),
    "keenetic": _l("The router's own address in the guests' network, such as http://10.1.30.1:3990."),
    "mikrotik": _l("The hotspot's DNS name, such as http://wifi.cafe.example."),
    "unifi": _l("The console's address as this server reaches it, such as https://unifi.example.ru:8443."),
}
# Options of kinds, by the names that the modules of portal/gateways declare.
LABELS = {
    "level": _l("Level of security (fas_secure_enabled)"),
    "gatewayname": _l("Name of the gateway (gatewayname)"),
    "allow_bypass": _l("I accept that guests can get around level 1"),
    "pap": _l("Send the password itself (PAP) instead of its hash (CHAP)"),
    "api": _l("Way to the console"),
    "site": _l("Site: its short name in the console's address"),
    "site_id": _l("Site id (integration API only)"),
    "user": _l("Local account of the console"),
    "secret": _l("Password or API key"),
    "verify_tls": _l("Certificate of the console"),
    "aps": _l("Hardware addresses of the access points"),
    "host": _l("The portal's name in this console"),
}
HINTS = {
    "level": _l("3 where the router has room for PHP, 4 (openNDS 10.2) where not. 2 without https. 1 only with the box below."),
    "gatewayname": _l("Letters, digits, dots and dashes; empty: made from the venue's code."),
    "allow_bypass": _l(
        "At level 1 nothing is signed: a skilled guest opens the internet without a phone number, and you answer for a guest "
        "whom you cannot name. Our router script on the router closes the hole; without it choose level 2 or 3."
    ),
    "pap": _l("Only for routers that know nothing else: the one-time password then passes through the guests' air."),
    "api": _l("classic: own controller on Linux or Windows. os: Dream Machine, Cloud Key, UniFi OS. integration: by API key."),
    "site": _l("“default” unless the console has several sites."),
    "site_id": _l("Empty: looked up by the name."),
    "user": _l("With the least rights, used for nothing else. Not needed with an API key."),
    "secret": _l("Shown to nobody afterwards."),
    "verify_tls": _l("Empty: the usual authorities. sha256:… of exactly this certificate, or a CA file on this server."),
    "aps": _l("Only where several venues have sites of one name: one address a word."),
    "host": _l("Only where several venues share one console."),
}
PROBLEMS = {
    "bad_gateway_url": _l("Write it as http://192.168.1.1:2050: http or https, a name or an address, a port, nothing after it."),
    "bad_nas_address": _l("Write one address or a network, such as 203.0.113.7 or 203.0.113.0/28, or leave it empty."),
    "nas_address_taken": _l(
        "Another router's packets come from there already: leave this empty, and the router gets ports of its own."
    ),
    "needs_nas_address": _l("Say where the router's RADIUS packets come from."),
    "bad_option": _l("This does not fit here."),
    "unknown_gateway": _l("There is no such kind."),
    "uam_address": _l("Write the router's own address with its port, such as http://10.1.0.1:3990."),
    "uam_secret": _l("The UAM secret must have at least 16 characters: letters, digits, dots, dashes."),
    "mikrotik_address": _l("Write the hotspot's name or address, such as http://10.5.50.1, and nothing after it."),
    "opennds_bypass": _l("Level 1 can be got around: tick that you accept it, or choose another level."),
    "opennds_level": _l("openNDS has the levels 1 to 4."),
    "opennds_key": _l("The faskey has 16 to 64 letters, digits, dashes and underscores."),
    "opennds_name": _l("The name has letters, digits, dots, dashes, underscores and blanks between them, at most 60."),
    "opennds_address": _l("Write the router's own address with its port, such as http://192.168.1.1:2050."),
    "opennds_needs_https": _l("Levels 3 and 4 need the portal's https address: set VESTIBULE_PUBLIC_URL."),
    "unifi_unknown_api": _l("Choose the way to the console."),
    "unifi_unknown_option": _l("UniFi has no such setting."),
    "unifi_bad_option": _l("This is not a text, or far too long."),
    "unifi_bad_site": _l("The site's short name: letters, digits, dashes, as in the console's address after /site/."),
    "unifi_bad_site_id": _l("The site id looks like 88f7af54-98f8-306a-a1c7-c9349722b1f6 and belongs to the API key only."),
    "unifi_needs_user": _l("Name the console's local account that the portal uses."),
    "unifi_needs_secret": _l("Enter the account's password, or the API key."),
    "unifi_bad_key": _l("This is not an API key: copy it again, whole and without blanks."),
    "unifi_needs_https": _l(
        "The console's address begins with https:// and ends after the port: the password must not travel in clear."
    ),
    "unifi_bad_fingerprint": _l("A fingerprint is sha256: and 64 hexadecimal digits."),
    "unifi_no_ca_file": _l("Empty, sha256:… of the certificate, or the full path of a CA file that is on this server."),
    "unifi_bad_aps": _l("Hardware addresses such as 94:2a:6f:d0:30:57, between commas."),
}
SIGNS = {
    "redirect": _l("A phone was sent to the portal"),
    "radius": _l("The router asked over RADIUS"),
    "online": _l("A guest came online"),
    "accounting": _l("The router reports sessions (accounting)"),
    "disconnect": _l("A device was cut off on our word"),
}
MISSING = {
    "redirect": _l(
        "Join the guests' Wi-Fi with a phone. If no page opens: is what stands below in the router, does its walled garden hold "
        "every host named there, does the phone get its DNS from the router?"
    ),
    "radius": _l(
        "Come online once. If nothing arrives here: the router's RADIUS address, ports and secret, the firewall on the way "
        "(UDP), and the address that its packets come from. “vestibule radius test” asks from this server."
    ),
    "online": _l(
        "Go through the form with a phone, to the end. If the code is right and nothing opens: the clock of the router, its "
        "secret, and the number that the phone shows, under SMS look-up."
    ),
    "accounting": _l(
        "Switch accounting on in the router, to the accounting port, with interim reports every 10 minutes. Without it we do not "
        "see who is online."
    ),
    "disconnect": _l(
        "Put a device off under “Online now” and wait 10 seconds. Routers with RADIUS take it on UDP 3799 and only from this "
        "server; one behind NAT cannot be told, and is asked to forget sooner instead."
    ),
}
APPLIES = ("redirect", "radius", "online", "accounting", "disconnect")
OVER_RADIUS = frozenset({"radius", "accounting"})


def problem(code: str) -> str:
    """What a refusal of settings means."""
    return str(PROBLEMS.get(code, _l("The router would not work with these settings (%(code)s).", code=code)))


def check_list(uses_radius: bool) -> tuple[str, ...]:
    """The signs that a kind can show, in the order in which they come."""
    return tuple(sign for sign in APPLIES if uses_radius or sign not in OVER_RADIUS)
