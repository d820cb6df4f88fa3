"""HMAC by the book, and chance that forked processes do not share."""

import os

from portal.core.crypto import hmac_sha256, random_bytes


def test_the_second_vector_of_rfc_4231():
    proof = hmac_sha256(b"Jefe", b"what do ya want for nothing?")
    assert proof.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_a_forked_process_draws_other_bytes_than_its_parent():
    random_bytes(16)  # the generator is awake before the fork, as in gunicorn
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, random_bytes(32))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 32) != random_bytes(32)
    os.close(reader)
    os.close(writer)
