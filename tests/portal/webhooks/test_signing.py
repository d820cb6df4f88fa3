"""The signature is that of Standard Webhooks, to the published byte."""

from datetime import UTC, datetime

from portal.webhooks.signing import headers, new_secret

# The reference vector of the specification's own libraries.
SECRET, MESSAGE = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT, BODY = datetime.fromtimestamp(1614265330, UTC), b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_vector_is_signed_alike() -> None:
    assert headers(SECRET, MESSAGE, BODY, AT) == {
        "webhook-id": MESSAGE, "webhook-timestamp": "1614265330", "webhook-signature": SIGNATURE,
    }  # fmt: skip


def test_another_byte_id_time_or_secret_changes_the_signature() -> None:
    later = AT.replace(second=AT.second + 1)
    others = ((SECRET, MESSAGE, BODY + b" ", AT), (SECRET, MESSAGE + "x", BODY, AT), (SECRET, MESSAGE, BODY, later),
              (new_secret(), MESSAGE, BODY, AT))  # fmt: skip
    signatures = {headers(*one)["webhook-signature"] for one in others}
    assert len(signatures) == 4 and SIGNATURE not in signatures


def test_secrets_are_new_and_long() -> None:
    assert len({new_secret() for _ in range(100)}) == 100
    assert len(new_secret()) == len("whsec_") + 44
