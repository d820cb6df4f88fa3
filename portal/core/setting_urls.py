"""Addresses in the settings: the portal's own, each for one purpose, and the database's."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, ValidationInfo
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS = frozenset({"sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"})
_IN_MEMORY = (None, "", ":memory:")


def _seen_by_guests(value: str, so_far: ValidationInfo) -> str:
    if so_far.data.get("demo"):
        return value
    if not value:
        raise ValueError("is missing: the https address that guests will see, such as https://wifi.example.ru")
    if urlsplit(value).scheme != "https":
        raise ValueError("must begin with https://")
    return value


def _another_host(value: str, so_far: ValidationInfo) -> str:
    if not value:
        return value
    parts, guests = urlsplit(value), urlsplit(so_far.data.get("public_url", ""))
    if parts.scheme != "https" and not so_far.data.get("demo"):
        raise ValueError("must begin with https://: browsers load no other picture on an https page")
    if not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be an address without a path, such as https://online.example.ru")
    if parts.hostname == guests.hostname:
        raise ValueError("must be another host name than PUBLIC_URL: that one answers before the internet is open")
    return value.rstrip("/")


def _plain_host(value: str, so_far: ValidationInfo) -> str:
    if not value:
        return value
    parts, taken = urlsplit(value), [urlsplit(so_far.data.get(name, "")).hostname for name in ("public_url", "proof_url")]
    if parts.scheme != "http" or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must begin with http:// and have no path, such as http://go.example.ru")
    if parts.hostname in taken:
        raise ValueError("must be another host name than PUBLIC_URL's and PROOF_URL's: browsers use those by https only")
    return value.rstrip("/")


def _of_database(value: str) -> str:
    """The address itself is never repeated: it may hold a password."""
    if not value:
        return value
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError("is no address of a database, such as postgresql+psycopg://vestibule@/vestibule") from None
    if url.drivername not in _DRIVERS:
        raise ValueError("must begin with postgresql+psycopg:// or sqlite:///")
    if url.get_backend_name() == "sqlite" and url.database in _IN_MEMORY:
        raise ValueError("must name a file, as in sqlite:////var/lib/vestibule/vestibule.db: several processes share it")
    return value


PublicUrl = Annotated[str, AfterValidator(_seen_by_guests)]
ProofUrl = Annotated[str, AfterValidator(_another_host)]
PlainUrl = Annotated[str, AfterValidator(_plain_host)]
DatabaseUrl = Annotated[str, AfterValidator(_of_database)]
