"""What strangers put into links and bodies, through the real gunicorn: a page or a refusal, never a failure."""

import gzip
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.gunicorn_worker import REQUEST_SECONDS
from tests.support.gunicorn import SECRETS, Front, Reply, gunicorn

QUICK = 2.5  # seconds, on a busy machine; what blocks takes ten
LONG = b"%D1%91" * 1700  # ten kilobytes of a letter
HOSTILE = {
    "script": b"<script>alert(1)</script>".replace(b" ", b"+"),
    "quote": b"%22%3E%3Cimg+src=x+onerror=alert(1)%3E",
    "template": b"{{7*7}}${7*7}%23{7*7}",
    "sql": b"'%20OR%201=1;--",
    "formula": b"=cmd|'/C+calc'!A0",
    "nul": b"a%00b",
    "crlf": b"a%0d%0aSet-Cookie:%20evil=1",
    "half an encoding": b"%",
    "no hexadecimal": b"%zz%u0041%",
    "not utf-8": b"%ff%fe%c0%80%ed%a0%80",
    "raw bytes": b"\xff\xfe\xd1\x91",
    "overlong": b"%c0%ae%c0%ae%c0%af",
    "both directions": b"%e2%80%ae%d9%a3%ef%bb%bf%e2%80%8b",
    "ten kilobytes": LONG,
}
NOTHING_OF_OURS = ("Traceback", 'File "', "site-packages", "sqlalchemy", "werkzeug.exceptions", "jinja2", "evil=1\r")


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Front]:
    """One gunicorn for all attacks; whatever they were, it never failed and wrote down no secret."""
    with gunicorn(tmp_path_factory.mktemp("gunicorn"), sqlite_template) as front:
        yield front
        assert healthy(front)
        said = front.log()
    assert "Traceback" not in said and '"level": "ERROR"' not in said, said[-3000:]
    for name in SECRETS:
        assert getattr(front.settings, name).get_secret_value() not in said
    assert "9031234567" not in said


def harmless(reply: Reply) -> Reply:
    """Not a failure, and nothing of our insides."""
    assert reply.status < 500, reply.text[:2000]
    assert [word for word in NOTHING_OF_OURS if word in reply.text] == []
    return reply


def healthy(front: Front) -> bool:
    """Somebody else is answered, at once."""
    reply = front.ask(b"/healthz")
    return reply.status == 200 and reply.seconds < QUICK


def landing(front: Front) -> bytes:
    return f"/v/{front.house.venue_code}".encode()


@pytest.mark.parametrize("name", HOSTILE)
def test_a4_a7_a8_a_hostile_utm_value_lands_like_any_other(front: Front, name: str) -> None:
    value = HOSTILE[name]
    reply = harmless(front.ask(landing(front) + b"?utm_source=" + value + b"&utm_medium=" + value[:300]))
    assert reply.status == 200 or name == "raw bytes"  # those are no URL at all, and may be refused
    assert "<script>alert" not in reply.text and "<img src=x" not in reply.text
    assert "\nSet-Cookie: evil" not in reply.text
    assert reply.seconds < QUICK


@pytest.mark.parametrize(
    "query",
    [
        b"UTM_Source=VK&Utm_Medium=Post&UTM_CAMPAIGN=May",
        b"utm_source=vk&utm_source=ok&utm_source=",
        b"utm_source=a&" * 900,
        b"&".join(b"utm_%d=%d" % (i, i) for i in range(1500)),
        b"utm_source=" + LONG + b"&utm_campaign=" + LONG,
        b"utm_source[]=1&utm_source[a][b]=2&;;&&==&utm_source",
        b"lang=../../etc/passwd",
        b"lang=%00",
        b"lang=" + b"x" * 3000,
    ],
    ids=["upper case", "repeated", "900 times", "1500 keys", "two long ones", "brackets", "a path", "nul", "long language"],
)
def test_odd_queries_land(front: Front, query: bytes) -> None:
    assert harmless(front.ask(landing(front) + b"?" + query)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        b"/s/%00", b"/v/%00", b"/wifi/%00?mac=%00", b"/l/%00", b"/c/%00", b"/verify/%00", b"/me/%00", b"/d/%00/%00", b"/seen/%00",
        b"/s/%0d%0aSet-Cookie:%20evil=1", b"/s/%ff%fe", b"/s/%", b"/s/%zz", b"/v/" + b"a" * 7000, b"/s/../../../etc/passwd",
        b"/static/../portal/core/config.py", b"/static/%2e%2e/%2e%2e/etc/passwd", b"/static/%00", b"/static/guest/%ff",
        b"//evil.example/%2f..", b"/\\evil.example", b"/s/{{7*7}}", b"/form/" + b"A" * 6000, b"/verify/" + b"%41" * 2000,
        b"/connected/%F0%9F%92%A9", b"/callbacks/smsaero/%00", b"/dashboard/%00", b"/dashboard/sources/%00/edit", b"/d/x/y/1/%00",
        b"/d/teremok/wifi_terms/99999999999999999999/ru", b"/me?place=%00", b"/wifi/teremok?mac=%ff&sig=%ff&ts=" + b"9" * 400,
    ],
    ids=lambda path: repr(path[:44]),
)  # fmt: skip
def test_a_hostile_path_is_refused_quietly(front: Front, path: bytes) -> None:
    reply = harmless(front.ask(path))
    assert "root:x:" not in reply.text and "class Settings" not in reply.text
    assert "evil.example" not in reply.text.partition("\r\n\r\n")[0].lower().partition("location:")[2]
    assert "\nSet-Cookie: evil" not in reply.text


@pytest.mark.parametrize(
    "path", [b"/signup", b"/voucher", b"/verify/x", b"/me/teremok", b"/me/s/x/erase", b"/callbacks/smsaero/x"]
)
@pytest.mark.parametrize(
    "body",
    [
        b"\x00",
        b"phone=%00&visit=%00&code=%00",
        b"\xff\xfe=\xff",
        b"phone=" + b"9" * 30_000,
        b"=&=&=",
        b"phone=%zz&visit=%",
        b"{}",
    ],
    ids=["nul", "nul values", "bytes", "thirty thousand digits", "nameless", "garbage", "json"],
)
def test_a_hostile_form_is_refused_quietly(front: Front, path: bytes, body: bytes) -> None:
    harmless(front.post(path, body))


def test_a24_ten_thousand_fields_and_a_huge_body_are_refused_at_once(front: Front) -> None:
    fields = b"&".join(b"f%d=1" % i for i in range(10_000))
    parts = b"".join(b'--x\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n1\r\n' % i for i in range(800)) + b"--x--\r\n"
    for reply in (
        front.post(b"/signup", fields),
        front.post(b"/signup", b"phone=" + b"9" * 5_000_000),
        front.ask(b"/signup", b"Content-Type: multipart/form-data; boundary=x", method=b"POST", body=parts),
        front.ask(b"/signup", b"Content-Type: multipart/form-data; boundary=" + b"x" * 4000, method=b"POST", body=b"--x"),
        front.post(b"/signup", b"", b"Content-Length: 99999999999999999999"),
        front.post(b"/signup", b"", b"Content-Length: -1"),
    ):
        refused = harmless(reply).status in range(400, 500)
        assert refused or reply.status == 0, "closed before all was sent: the answer may be lost on the way"
        assert reply.seconds < QUICK
    assert healthy(front)


def test_a24_huge_and_many_headers_are_refused(front: Front) -> None:
    for headers in ([b"X-Long: " + b"a" * 20_000], [b"X-%d: 1" % i for i in range(500)], [b"Cookie: " + b"a=b; " * 4000]):
        assert 400 <= harmless(front.ask(b"/healthz", *headers)).status < 500
    assert 400 <= harmless(front.ask(b"/s/" + b"a" * 40_000)).status < 500
    for odd in (b"Cookie: session=" + b"A" * 4000, b"User-Agent: \xff\xfe\x80", b"Accept-Language: " + b"ru;q=9," * 900):
        harmless(front.ask(landing(front), odd))


def test_a24_a_packed_body_is_not_unpacked(front: Front) -> None:
    bomb = gzip.compress(b"phone=" + b"9" * 50_000_000)
    assert len(bomb) < 64 * 1024, "it passes the limit of what is taken"
    reply = harmless(front.post(b"/signup", bomb, b"Content-Encoding: gzip"))
    assert 400 <= reply.status < 500 and reply.seconds < QUICK


def test_a24_clients_that_drip_block_nobody_and_are_cut_off(front: Front) -> None:
    head = b"POST /signup HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    in_the_body = head + b"Content-Length: 5000\r\n\r\n"
    lived: list[float] = []
    threads = [
        threading.Thread(target=_drip, args=(front, begin, lived))
        for begin in (in_the_body, in_the_body, in_the_body, head, head, b"")
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) and time.monotonic() - began < 2 * REQUEST_SECONDS:
        assert healthy(front)
        time.sleep(0.5)
    for thread in threads:
        thread.join(1)
    assert len(lived) == len(threads), "somebody was let drip on"
    assert max(lived) < REQUEST_SECONDS + 5


def _drip(front: Front, begin: bytes, lived: list[float]) -> None:
    """One byte a second until the other side has had enough; notes how long that took."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", front.settings.port), timeout=1) as line:
        try:
            line.sendall(begin)
            while time.monotonic() - began < 3 * REQUEST_SECONDS:
                line.sendall(b"a")
                try:
                    if line.recv(65536) == b"":
                        break
                except TimeoutError:
                    continue
        except OSError:
            pass
    lived.append(time.monotonic() - began)


def test_a24_silent_connections_take_no_thread(front: Front) -> None:
    silent = [socket.create_connection(("127.0.0.1", front.settings.port)) for _ in range(24)]  # three times the threads
    try:
        time.sleep(2.5)
        assert healthy(front)
    finally:
        for line in silent:
            line.close()


@pytest.mark.parametrize(
    "spoilt", [b"Authorization : Bearer ", b"Authorization\x00: Bearer ", b"X-Bad\x7f: ", b"Authorization: Bearer \x00"]
)
def test_a21_a_request_that_gunicorn_itself_refuses_is_not_quoted_in_the_log(front: Front, spoilt: bytes) -> None:
    token = front.settings.metrics_token.get_secret_value().encode()
    assert front.ask(b"/metrics", spoilt + token).status in (400, 404)
    assert 400 <= front.say(b"GET /verify/" + token + b"?phone=%2B79031234567 HTTP/9.9 x\r\n\r\n").status < 500
    assert token.decode() not in front.log() and "9031234567" not in front.log()


@pytest.mark.parametrize(
    "target",
    [b"http://evil.example/", b"https://evil.example/s/teremo-7", b"//evil.example/", b"http://evil.example:8000\\@127.0.0.1/"],
)
def test_a4_an_absolute_address_makes_no_link_to_it(front: Front, target: bytes) -> None:
    for host in (b"Host: 127.0.0.1", b"Host: evil.example"):
        reply = harmless(front.ask(target, host))
        assert re.search(r"//[^/\"\s]*evil", reply.text) is None


@pytest.mark.parametrize(
    "host",
    [
        b"Host: evil.example", b"Host: 127.0.0.1@evil.example", b"Host: 127.0.0.1:80:evil", b"Host: 127.0.0.1/evil.example",
        b"Host: evil.example#127.0.0.1", b"Host: \xff", b"Host: ", b"Host: [", b"Host: 127.0.0.1%00.evil.example",
    ],
    ids=repr,
)  # fmt: skip
def test_a4_a_poisoned_host_is_refused(front: Front, host: bytes) -> None:
    reply = harmless(front.ask(b"/s/teremo-7", host))
    assert 400 <= reply.status < 500
    assert "evil" not in reply.text


def test_a4_two_hosts_and_forwarded_ones_reach_no_link(front: Front) -> None:
    two = harmless(front.ask(b"/s/teremo-7", b"Host: 127.0.0.1", b"Host: evil.example"))
    forwarded = harmless(front.ask(b"/s/teremo-7", b"X-Forwarded-Host: evil.example", b"X-Forwarded-Proto: https"))
    assert "evil.example" not in two.text + forwarded.text
    assert forwarded.status == 200


@pytest.mark.parametrize(
    "smuggled",
    [
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        b"Content-Length: 6\r\nContent-Length: 5\r\n\r\n12345G",
        b"Content-Length: 5, 6\r\n\r\n12345G",
        b"Content-Length: +5\r\n\r\n12345",
        b"Content-Length: 0x5\r\n\r\n12345",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabcde\r\n0\r\n\r\n",
        b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"X: a\nContent-Length: 5\n\n12345",
    ],
    ids=range(14),
)  # fmt: skip
def test_a24_two_readings_of_one_request_get_one_answer(front: Front, smuggled: bytes) -> None:
    """The second request hides in the first one's body: were it answered, a proxy could be made to mix guests up."""
    hidden = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    head = b"POST /voucher HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    reply = front.say(head + smuggled + hidden)
    assert reply.status == 501 or harmless(reply), "501: there is no such transfer coding here"
    assert '"status"' not in reply.text and reply.text.count("HTTP/1.") <= 1
    assert reply.seconds < REQUEST_SECONDS + 3
