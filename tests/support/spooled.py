"""Accounting without FreeRADIUS: lines in the spool as `raddb/detail.conf.in` has them written, and the reader run over them."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import radius_hooks
from portal.core.db import Database
from radius_hooks.replay import store_what_waits
from radius_hooks.spool import Spool

_CONF = (Path(radius_hooks.__file__).parent / "raddb" / "detail.conf.in").read_text("utf-8")
_WRITTEN = re.findall(r"&([\w-]+)", _CONF[_CONF.index("%{json_encode:") :])  # in this order


def line(at: datetime, nas_name: str, attributes: Mapping[str, Any]) -> bytes:
    """One packet between its marks; numbers for integers, names for enumerated values, hexadecimal for octets."""
    assert set(attributes) <= set(_WRITTEN), "FreeRADIUS writes down no other attributes"
    found = {name: attributes[name] for name in _WRITTEN if name in attributes}
    return raw_line(at, nas_name, json.dumps(found, separators=(",", ":")).encode())


def raw_line(at: datetime, nas_name: str, body: bytes) -> bytes:
    """The same with any body."""
    return b"#\n%d %s %s\n#\n" % (at.timestamp(), nas_name.encode(), body)


class Accounting:
    """A router's packets in a spool, and the reader. `folder` is the reader's own."""

    def __init__(self, folder: Path, database: Database, nas_name: str) -> None:
        self._spool, self._database, self._nas_name = Spool(folder), database, nas_name
        self._file = folder / "detail-202611220900"

    def write(self, *lines: bytes) -> None:
        """As FreeRADIUS appends them."""
        with self._file.open("ab") as file:
            file.writelines(lines)

    def read(self) -> int:
        """Run the reader until nothing waits; how many packets it met."""
        return store_what_waits(self._spool, self._database)

    def refused(self) -> list[bytes]:
        """The packets that were put aside."""
        return [line for path in sorted(self._spool.folder.glob("refused-*")) for line in path.read_bytes().splitlines()]

    def report(self, at: datetime, *packets: Mapping[str, Any]) -> None:
        """Written down and read in one go; every one of them must have been understood."""
        aside = len(self.refused())
        self.write(*(line(at, self._nas_name, packet) for packet in packets))
        assert self.read() == len(packets) and len(self.refused()) == aside
