"""Sealed tokens, and what is enclosed for years."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.core.tokens import BadToken, Keys
from tests.support.forged import forged


@pytest.mark.parametrize("length", [1, 100, 240, 260, 2000])
def test_what_is_sealed_comes_back_whatever_its_length(length):
    keys, now = Keys(b"a" * 32, (), b"i" * 32), datetime(2026, 3, 1, tzinfo=UTC)
    token = keys.seal("entry", {"x": "я" * length}, now)
    assert keys.unseal("entry", token, now, timedelta(hours=1)) == {"x": "я" * length}
    assert len(token) < 500


def test_what_is_enclosed_stays_readable_under_a_new_secret_key_and_only_for_its_purpose():
    old = Keys(b"a" * 32, (), b"i" * 32)
    box = old.enclose("totp", "JBSWY3DPEHPK3PXP")
    assert "JBSW" not in box and box != old.enclose("totp", "JBSWY3DPEHPK3PXP")
    assert Keys(b"b" * 32, (), b"i" * 32).disclose("totp", box) == "JBSWY3DPEHPK3PXP"
    for keys, purpose, tried in (
        (old, "webhook", box),
        (Keys(b"a" * 32, (), b"j" * 32), "totp", box),
        (old, "totp", forged(box)),
        (old, "totp", ""),
        (old, "totp", "я"),
    ):
        with pytest.raises(BadToken):
            keys.disclose(purpose, tried)
