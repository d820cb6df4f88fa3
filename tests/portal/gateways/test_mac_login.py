"""User-Name of a MAC login: as the router's kind writes it, and of one case where that is configurable."""

import pytest

from portal.core.mac import Mac
from portal.gateways.mac_login import is_written_by

MAC = Mac("02aabbccdd01")
WRITINGS = {
    "colons": "02:AA:BB:CC:DD:01", "dashes": "02-AA-BB-CC-DD-01", "digits": "02AABBCCDD01", "dotted": "02AA.BBCC.DD01",
    "halves": "02AABB-CCDD01",
}  # fmt: skip


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("kind", ["mikrotik", "uam", "keenetic", "unifi", "simulator", "opennds", None])
def test_every_kind_has_its_writing(kind: str | None, writing: str, lower: bool) -> None:
    written = WRITINGS[writing].lower() if lower else WRITINGS[writing]
    expected = {"mikrotik": writing == "colons" and not lower, "uam": writing == "dashes" and not lower}
    expected["keenetic"] = expected["uam"]
    assert is_written_by(kind, MAC, written) is expected.get(str(kind), True)


@pytest.mark.parametrize("written", ["", "02:aa:BB:cc:dd:01", " 02aabbccdd01", "02-AA-BB-CC-DD-02", "02AABBCCDD01-suffix"])
@pytest.mark.parametrize("kind", ["mikrotik", "uam", None])
def test_mixed_case_additions_and_other_devices_are_no_mac_login(kind: str | None, written: str) -> None:
    assert not is_written_by(kind, MAC, written)
