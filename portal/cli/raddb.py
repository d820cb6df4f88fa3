"""Writes the FreeRADIUS folder from the templates in `raddb/`: ready to run, readable by its owner alone."""

import ipaddress
import os
import re
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from portal.core.errors import PortalError
from portal.venues.models import Nas

TEMPLATES = ("dictionary", "radiusd.conf", "rest.conf", "detail.conf", "hooks.conf", "site.conf")
CLIENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}\Z")
_PLAIN = re.compile(r"[A-Za-z0-9_.~+/=:@-]+\Z")  # stands in a configuration file without any quoting


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the server listens."""

    address: str = "*"
    auth_port: int = 1812
    acct_port: int = 1813


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the server works with. `spool` is the folder that accounting is written down in; `threads` is how many
    requests the hooks take at once."""

    hooks_url: str
    secret: str
    spool: Path
    threads: int = 16


def write(folder: Path, routers: Sequence[Nas], around: Surroundings, listening: Listening) -> list[Path]:
    """Write every file anew. Raises PortalError `unsafe_value` for a name or secret that a configuration cannot hold."""
    folder = folder.absolute()
    values = {
        "FOLDER": _plain("folder", str(folder)),
        "SPOOL": _plain("spool", str(around.spool.absolute())),
        "LIBDIR": _libdir(),
        "HOOKS_URL": _plain("hooks_url", around.hooks_url),
        "SECRET": _plain("radius_hook_secret", around.secret),
        "THREADS": str(around.threads),
        "LISTEN": "*" if listening.address == "*" else _plain("listen", listening.address),
        "AUTH_PORT": str(listening.auth_port),
        "ACCT_PORT": str(listening.acct_port),
    }
    texts = {name: _fill(name, values) for name in TEMPLATES}
    fixed = {
        nas.address: nas for nas in reversed(routers) if nas.port is None
    }  # it does not start with two alike: the first counts
    texts["clients.conf"] = "\n".join([*(_client(nas) for nas in routers if fixed.get(nas.address) is nas), _UNKNOWN])
    texts["roaming.conf"] = _ROAMING + "\n".join(_roaming(nas, nas.port, values["LISTEN"]) for nas in routers if nas.port)
    for needed in (folder, around.spool):
        needed.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [_store(folder / name, text) for name, text in texts.items()]


def is_address(text: str) -> bool:
    """True for an IP address or network, as a client's `ipaddr` takes it."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _fill(name: str, values: dict[str, str]) -> str:
    text = files("radius_hooks").joinpath("raddb", f"{name}.in").read_text("utf-8")
    return re.sub(r"@([A-Z_]+)@", lambda match: values[match[1]], text)


def _client(nas: Nas, address: str = "") -> str:
    """One router. Requests without a valid Message-Authenticator stay unanswered."""
    if not CLIENT_NAME.match(nas.name):
        raise PortalError("unsafe_value", field="nas name", nas=nas.id)
    return (
        f"client {nas.name} {{\n"
        f"    ipaddr = {_plain('address', address or nas.address)}\n"
        f"    secret = '{_plain('secret', nas.secret)}'\n"
        f"    shortname = {nas.name}\n"
        "    require_message_authenticator = yes\n"
        "}\n"
    )


# A longer prefix wins, so these two are asked about only where no router above fits. Whoever can send from a router's address
# (UDP asks for no more) still has to know its secret; an unknown address costs one call of the hooks a second, and no reply.
_UNKNOWN = """\
client unknown_v4 {
    ipaddr = 0.0.0.0/0
    dynamic_clients = new_routers
    lifetime = 120
    rate_limit = yes
}

client unknown_v6 {
    ipaddr = ::/0
    dynamic_clients = new_routers
    lifetime = 120
    rate_limit = yes
}
"""

_ROAMING = """\
# Routers without a fixed address: each has two ports and a secret of its own, and the port says which router it is. Anybody
# may send there, so what stands between is the secret and Message-Authenticator alone: prefer a tunnel
# (`vestibule radius nas tunnel`). FreeRADIUS opens ports at its start only: restart it after adding one.

"""


def _roaming(nas: Nas, port: int, listen: str) -> str:
    """The listeners of a router whose address changes: `port` for authentication, the next one for accounting."""
    listeners = "".join(
        f"\nlisten {{\n    type = {kind}\n    ipaddr = {listen}\n    port = {number}\n"
        f"    recv_buff = 4194304\n    clients = roaming_{nas.name}\n    virtual_server = vestibule\n}}\n"
        for kind, number in (("auth", port), ("acct", port + 1))
    )
    client = "".join(f"    {line}\n" for line in _client(nas, "0.0.0.0/0").splitlines())
    return f"clients roaming_{nas.name} {{\n{client}}}\n{listeners}"


def _plain(field: str, value: str) -> str:
    if not _PLAIN.match(value):
        raise PortalError("unsafe_value", field=field)
    return value


def _libdir() -> str:
    """Debian keeps the modules here, other systems beside the architecture's libraries."""
    places = ("/usr/lib/freeradius", f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}/freeradius", "/usr/lib64/freeradius")
    return next((place for place in places if Path(place).is_dir()), places[0])


def _store(path: Path, text: str) -> Path:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
    return path
