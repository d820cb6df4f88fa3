"""Tunnels for a router's RADIUS: WireGuard, or RadSec (RADIUS over TLS, RFC 6614). Both ends, complete, with fresh keys."""

import base64
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from portal.core.clock import utcnow
from portal.venues.models import Nas

RADSEC_PORT = 2083
_HOST = re.compile(r"[A-Za-z0-9.-]{1,200}\Z")


@dataclass(frozen=True)
class Piece:
    """A text and the file or console that it belongs into."""

    where: str
    text: str = field(repr=False)


def wireguard(nas: Nas, server: str, inside: str) -> Sequence[Piece]:
    """Raises ValueError for an address that cannot be in a tunnel."""
    there = ipaddress.IPv4Address(inside)
    here = there - 1
    _check_host(server)
    ours, theirs = _wireguard_keys(), _wireguard_keys()
    port = 51820
    return (
        Piece(
            "this machine: /etc/wireguard/vestibule.conf, then `wg-quick up vestibule` (one [Peer] for each router)",
            f"[Interface]\nAddress = {here}/24\nListenPort = {port}\nPrivateKey = {ours.private}\n\n"
            f"[Peer]\n# {nas.name}\nPublicKey = {theirs.public}\nAllowedIPs = {there}/32\n",
        ),
        Piece(
            "a Linux or OpenWrt router: /etc/wireguard/vestibule.conf",
            f"[Interface]\nAddress = {there}/24\nPrivateKey = {theirs.private}\n\n[Peer]\nPublicKey = {ours.public}\n"
            f"Endpoint = {server}:{port}\nAllowedIPs = {here}/32\nPersistentKeepalive = 25\n",
        ),
        Piece(
            "or a MikroTik router (RouterOS 7), in its terminal",
            f'/interface wireguard add name=vestibule private-key="{theirs.private}"\n'
            f'/interface wireguard peers add interface=vestibule public-key="{ours.public}" endpoint-address={server} '
            f"endpoint-port={port} allowed-address={here}/32 persistent-keepalive=25s\n"
            f"/ip address add address={there}/24 interface=vestibule\n"
            f'/radius add service=hotspot address={here} secret="{nas.secret}" timeout=3s\n',
        ),
        Piece(
            "afterwards",
            f"The router's RADIUS server is {here}, its secret the one it has. Its packets now come from {there}:\n"
            f"that must be the address of {nas.name} here.\n"
            f"Let FreeRADIUS listen there only: vestibule radius config --listen {here} …\n",
        ),
    )


def radsec(nas: Nas, server: str) -> Sequence[Piece]:
    """Certificates of an authority that exists for this router alone: it can vouch for nobody else."""
    _check_host(server)
    authority = _Authority(f"Vestibule RADIUS, {nas.name}")
    ours = authority.certificate(server, ExtendedKeyUsageOID.SERVER_AUTH)
    theirs = authority.certificate(nas.name, ExtendedKeyUsageOID.CLIENT_AUTH)
    return (
        Piece("this machine: radsec-ca.pem in the folder of `vestibule radius config`", authority.pem),
        Piece("this machine: radsec-server.pem beside it, mode 0600", ours),
        Piece(
            "this machine: radsec.conf beside it; add `$INCLUDE radsec.conf` to radiusd.conf and restart", _radsec_listener(nas)
        ),
        Piece("the router: certificate authority", authority.pem),
        Piece("the router: its certificate and key", theirs),
        Piece(
            "the router, MikroTik (RouterOS 7), after importing the two files",
            f'/radius add service=hotspot address={server} protocol=radsec certificate={nas.name} secret="radsec" timeout=3s\n',
        ),
    )


def _radsec_listener(nas: Nas) -> str:
    """The secret inside TLS is the fixed word of RFC 6614 §2.3; the certificate is what is checked."""
    return (
        f"clients radsec_{nas.name} {{\n    client {nas.name} {{\n        ipaddr = 0.0.0.0/0\n        proto = tls\n"
        f"        secret = radsec\n        shortname = {nas.name}\n    }}\n}}\n\n"
        f"listen {{\n    ipaddr = *\n    port = {RADSEC_PORT}\n    type = auth+acct\n    proto = tcp\n"
        f"    virtual_server = vestibule\n    clients = radsec_{nas.name}\n    tls {{\n"
        "        certificate_file = ${raddbdir}/radsec-server.pem\n        private_key_file = ${raddbdir}/radsec-server.pem\n"
        "        ca_file = ${raddbdir}/radsec-ca.pem\n        require_client_cert = yes\n"
        f'        check_cert_cn = "{nas.name}"\n        tls_min_version = "1.2"\n        tls_max_version = "1.3"\n    }}\n}}\n'
    )


@dataclass(frozen=True)
class _Pair:
    private: str = field(repr=False)
    public: str


def _wireguard_keys() -> _Pair:
    key = X25519PrivateKey.generate()
    return _Pair(
        base64.b64encode(key.private_bytes_raw()).decode(), base64.b64encode(key.public_key().public_bytes_raw()).decode()
    )


class _Authority:
    """A certificate authority whose key is forgotten when the command ends."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        ca = x509.BasicConstraints(ca=True, path_length=0)
        made = self._begun(self._name, self._key.public_key()).add_extension(ca, critical=True).sign(self._key, hashes.SHA256())
        self.pem = made.public_bytes(serialization.Encoding.PEM).decode()

    def certificate(self, name: str, purpose: x509.ObjectIdentifier) -> str:
        """A certificate and its key, one after the other."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        made = (
            self._begun(subject, key.public_key())
            .add_extension(x509.SubjectAlternativeName([_alternative(name)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return made.public_bytes(serialization.Encoding.PEM).decode() + private.decode()

    def _begun(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = utcnow()
        return (
            x509.CertificateBuilder()
            .subject_name(subject).issuer_name(self._name).public_key(key).serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=10 * 365))
        )  # fmt: skip


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _check_host(server: str) -> None:
    if not _HOST.match(server):
        raise ValueError(f"{server!r} is not a host name or IPv4 address")
