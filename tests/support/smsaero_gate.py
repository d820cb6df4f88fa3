"""A pretend SMS Aero gate: TLS with its own CA, faults chosen by the number's last two digits, a readable outbox.

By hand, beside `make run`:

    python -m tests.support.smsaero_gate --port 9443

It prints the settings that point the portal at it. `GET /outbox` shows what it accepted.
"""

import argparse
import base64
import json
import socket
import struct
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.support.certificates import write_authority
from tests.support.tls_server import TlsServer

EMAIL, API_KEY, SIGNATURE = "cafe@example.org", "k" * 8 + "0123456789abcdef", "TEREMOK"

MODES = {
    "01": "slow",  # accepts, answers after `slow_seconds`
    "02": "accept_then_time_out",  # accepts, never answers
    "03": "error_500_json",
    "04": "accept_then_502_html",
    "05": "accept_then_empty",
    "06": "json_list",
    "07": "success_false",  # HTTP 200
    "08": "unauthorised_401",
    "09": "unauthorised_200",
    "10": "bad_number_400",
    "11": "bad_number_200",
    "12": "no_money_402",
    "13": "no_money_200",
    "14": "no_credits",  # the older form
    "15": "redirect",
    "16": "accept_then_reset",
    "17": "duplicate_id",
    "18": "callback_form",  # delivered, form-encoded
    "19": "callback_json",
    "20": "callback_repeated",  # three times the same
    "21": "callback_disordered",  # delivered, then queue, then transferred
    "22": "callback_forged",  # another secret, another id, an unknown status
    "23": "callback_first",  # before the answer
    "24": "never_final",
    "25": "bad_sign_400",
    "26": "moderation",  # status 8, then 6
    "27": "throttled_429",
    "28": "trickle",  # accepts, then a byte at a time
    "29": "reset_before_reading",
    "30": "reject_old",
    "31": "one_number_list",  # data is an array of one
    "32": "forbidden_403",
}


@dataclass
class Taken:
    """One message that the gate accepted."""

    id: int
    number: str
    text: str
    sign: str
    callback_url: str | None
    created: int
    status: int = 0
    is_json: bool = False


@dataclass
class Outbox:
    """What was accepted, and every request that came: the truth about "no duplicate SMS"."""

    taken: list[Taken] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, number: str) -> list[Taken]:
        """Messages accepted for a number; `+` or not."""
        with self._lock:
            return [t for t in self.taken if t.number == number.lstrip("+")]

    def asked(self, selector: str) -> list[dict[str, Any]]:
        """Requests of one kind."""
        with self._lock:
            return [r for r in self.requests if r["selector"] == selector]

    def accept(self, fields: dict[str, Any], same_id: bool) -> Taken:
        """Take one message."""
        with self._lock:
            number = str(fields.get("number", ""))
            taken = Taken(
                id=700_000 if same_id else 100_000 + len(self.taken), number=number, text=str(fields.get("text")),
                sign=str(fields.get("sign")), callback_url=fields.get("callbackUrl"), created=int(time.time()),
                is_json=fields.get("callbackFormat") == "JSON",
            )  # fmt: skip
            self.taken.append(taken)
            return taken

    def note(self, **what: Any) -> None:
        """Remember a request."""
        with self._lock:
            self.requests.append(what)


class SmsAeroGate:
    """`with SmsAeroGate(folder) as gate:` listens on `gate.host` ("127.0.0.1:port"); clients trust `gate.ca_file`."""

    def __init__(self, folder: Path, port: int = 0, slow_seconds: float = 3.0, hold_seconds: float = 30.0) -> None:
        self.outbox = Outbox()
        self.slow_seconds, self.hold_seconds = slow_seconds, hold_seconds
        self.balance = 337.03
        self.ca_file, chain = write_authority(folder)
        self._server = TlsServer(_Answerer, self, chain, port)
        self.host = self._server.host
        self.released = threading.Event()

    def __enter__(self) -> "SmsAeroGate":
        self._server.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.end()

    @property
    def settings(self) -> dict[str, Any]:
        """Overrides of Settings that point a sender here."""
        return {
            "sms_sender": "smsaero", "smsaero_email": EMAIL, "smsaero_api_key": API_KEY, "smsaero_signature": SIGNATURE,
            "smsaero_gates": (self.host,), "smsaero_ca_file": str(self.ca_file),
        }  # fmt: skip


class _Answerer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def gate(self) -> SmsAeroGate:
        return self.server.emulator

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/outbox":
            return self.reply([vars(t) for t in self.gate.outbox.taken])
        self.ask(path, dict(urllib.parse.parse_qsl(query)))

    def do_POST(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_json = "json" in self.headers.get("Content-Type", "")
        fields = json.loads(body or b"{}") if is_json else dict(urllib.parse.parse_qsl(body.decode()))
        self.ask(path, {**dict(urllib.parse.parse_qsl(query)), **fields})

    def ask(self, path: str, fields: dict[str, Any]) -> None:
        selector = path.removeprefix("/v2/")
        self.gate.outbox.note(selector=selector, fields=fields, path=self.path, headers=dict(self.headers))
        expected = "Basic " + base64.b64encode(f"{EMAIL}:{API_KEY}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            return self.fail(401, "Your request was made with invalid credentials.")
        verb = getattr(self, "ask_" + selector.replace("/", "_").replace("-", "_"), None)
        return verb(fields) if verb else self.fail(404, "Not found.")

    def ask_auth(self, _: dict[str, Any]) -> None:
        self.reply({"success": True, "data": None, "message": "Successful authorization."})

    def ask_balance(self, _: dict[str, Any]) -> None:
        self.succeed({"balance": self.gate.balance})

    def ask_sms_send(self, fields: dict[str, Any]) -> None:
        mode = MODES.get(str(fields.get("number", ""))[-2:], "ok")
        getattr(self, "send_" + mode, self.refuse_by_table)(fields, mode)

    def ask_sms_status(self, fields: dict[str, Any]) -> None:
        found = [t for t in self.gate.outbox.taken if t.id == int(fields["id"])]
        if not found:
            return self.fail(404, "Not found.")
        message = found[-1]
        mode = MODES.get(message.number[-2:], "ok")
        message.status = {"never_final": 4, "moderation": 6}.get(mode, 1)
        self.succeed({**_row(message), "cost": "5.49", "dateAnswer": int(time.time())})

    def ask_sms_list(self, fields: dict[str, Any]) -> None:
        rows = [t for t in self.gate.outbox.taken if t.number == str(fields.get("number"))][::-1]
        page = int(fields.get("page", 1))
        shown = rows[(page - 1) * 50 : page * 50]
        links = {"self": f"/v2/sms/list?page={page}"}
        if len(rows) > page * 50:
            links["next"] = f"/v2/sms/list?page={page + 1}"
        listing = {str(i): {**_row(t), "cost": "5.49"} for i, t in enumerate(shown)}
        self.succeed({**listing, "links": links, "totalCount": str(len(rows))})

    # — modes of sms/send —

    def send_ok(self, fields: dict[str, Any], mode: str) -> None:
        self.succeed(_row(self.gate.outbox.accept(fields, same_id=mode == "duplicate_id")))

    send_duplicate_id = send_ok

    def send_one_number_list(self, fields: dict[str, Any], _: str) -> None:
        self.succeed([_row(self.gate.outbox.accept(fields, same_id=False))])

    def send_slow(self, fields: dict[str, Any], _: str) -> None:
        taken = self.gate.outbox.accept(fields, same_id=False)
        self.gate.released.wait(self.gate.slow_seconds)
        self.succeed(_row(taken))

    def send_accept_then_time_out(self, fields: dict[str, Any], _: str) -> None:
        self.gate.outbox.accept(fields, same_id=False)
        self.gate.released.wait(self.gate.hold_seconds)
        self.close_connection = True

    def send_accept_then_502_html(self, fields: dict[str, Any], _: str) -> None:
        self.gate.outbox.accept(fields, same_id=False)
        self.send(502, b"<html><h1>502 Bad Gateway</h1>nginx</html>", "text/html")

    def send_accept_then_empty(self, fields: dict[str, Any], _: str) -> None:
        self.gate.outbox.accept(fields, same_id=False)
        self.send(200, b"", "application/json")

    def send_accept_then_reset(self, fields: dict[str, Any], _: str) -> None:
        self.gate.outbox.accept(fields, same_id=False)
        self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"success":')
        self.wfile.flush()
        self.reset()

    def send_reset_before_reading(self, _fields: dict[str, Any], _: str) -> None:
        self.reset()

    def send_trickle(self, fields: dict[str, Any], _: str) -> None:
        self.gate.outbox.accept(fields, same_id=False)
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
        for _step in range(400):
            self.wfile.write(b" ")
            self.wfile.flush()
            if self.gate.released.wait(0.1):
                return

    def send_redirect(self, fields: dict[str, Any], _: str) -> None:
        self.send_response(302)
        self.send_header("Location", f"https://{self.gate.host}/v2/sms/elsewhere?number={fields.get('number')}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def ask_sms_elsewhere(self, _: dict[str, Any]) -> None:
        self.succeed({"id": 999_999, "status": 0})

    def send_json_list(self, _fields: dict[str, Any], _: str) -> None:
        self.reply([{"success": True}])

    def refuse_by_table(self, fields: dict[str, Any], mode: str) -> None:
        if mode in REFUSALS:
            status, body = REFUSALS[mode]
            return self.reply(body, status)
        self.send_with_callbacks(fields, mode)

    def send_with_callbacks(self, fields: dict[str, Any], mode: str) -> None:
        taken = self.gate.outbox.accept(fields, same_id=False)
        taken.is_json = mode == "callback_json" or (mode != "callback_form" and taken.is_json)
        taken.status = 8 if mode == "moderation" else 0
        if mode == "callback_first":
            call_back(taken, [1])
        self.succeed(_row(taken))
        threading.Thread(target=_CALLBACKS.get(mode, lambda _taken: None), args=(taken,), daemon=True).start()

    send_callback_form = send_callback_json = send_callback_repeated = send_with_callbacks
    send_callback_disordered = send_callback_forged = send_callback_first = send_with_callbacks
    send_never_final = send_moderation = send_with_callbacks

    # — answers —

    def succeed(self, data: Any) -> None:
        self.reply({"success": True, "data": data, "message": None})

    def fail(self, status: int, message: str) -> None:
        self.reply({"success": False, "data": None, "message": message}, status)

    def reply(self, body: Any, status: int = 200) -> None:
        self.send(status, json.dumps(body, ensure_ascii=False).encode(), "application/json")

    def send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reset(self) -> None:
        """RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


def _no(message: str, data: Any = None) -> dict[str, Any]:
    return {"success": False, "data": data, "message": message}


_CREDENTIALS = _no("Your request was made with invalid credentials.")
_NUMBER = _no("Validation error.", {"number": ["incorrect"]})
REFUSALS: dict[str, tuple[int, dict[str, Any]]] = {
    "error_500_json": (500, _no("Internal error.")),
    "success_false": (200, _no("Not today.")),
    "unauthorised_401": (401, _CREDENTIALS),
    "unauthorised_200": (200, _CREDENTIALS),
    "forbidden_403": (403, _CREDENTIALS),
    "bad_number_400": (400, _NUMBER),
    "bad_number_200": (200, _NUMBER),
    "bad_sign_400": (400, _no("Validation error.", {"sign": ["incorrect"]})),
    "no_money_402": (402, _no("Not enough money.")),
    "no_money_200": (200, _no("Not enough money.")),
    "no_credits": (200, {"result": "no credits"}),
    "reject_old": (200, {"result": "reject", "reason": "stop list"}),
    "throttled_429": (429, _no("Too many requests.")),
}


def _row(taken: Taken) -> dict[str, Any]:
    return {
        "id": taken.id, "from": taken.sign, "number": taken.number, "text": taken.text, "status": taken.status,
        "extendStatus": "queue", "channel": "FREE SIGN", "cost": 5.49, "dateCreate": taken.created, "dateSend": taken.created,
    }  # fmt: skip


def call_back(taken: Taken, statuses: list[int], url: str | None = None, message_id: int | None = None) -> list[int]:
    """POST receipts as the gate does; returns the HTTP codes of the answers."""
    codes: list[int] = []
    if not taken.callback_url:
        return codes
    for status in statuses:
        fields = {"id": message_id or taken.id, "status": status, "number": taken.number}
        body = json.dumps(fields).encode() if taken.is_json else urllib.parse.urlencode(fields).encode()
        kind = "application/json" if taken.is_json else "application/x-www-form-urlencoded"
        request = urllib.request.Request(url or taken.callback_url, body, {"Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                codes.append(answer.status)
        except urllib.error.HTTPError as error:
            codes.append(error.code)
        except OSError:
            codes.append(0)
    return codes


def _forge(taken: Taken) -> None:
    time.sleep(0.5)  # after the answer, which brings the id: before it, any id that comes with the secret is taken
    stem = (taken.callback_url or "").rpartition("/")[0]
    call_back(taken, [1], url=f"{stem}/AAAAAAAAAAAAAAAAAAAAAA")
    call_back(taken, [1], message_id=taken.id + 1)
    call_back(taken, [77])


def _later(statuses: list[int]) -> Callable[[Taken], None]:
    def call(taken: Taken) -> None:
        time.sleep(0.2)
        call_back(taken, statuses)

    return call


_CALLBACKS: dict[str, Callable[[Taken], None]] = {
    "callback_form": _later([1]),
    "callback_json": _later([1]),
    "callback_repeated": _later([1, 1, 1]),
    "callback_disordered": _later([1, 0, 3]),
    "callback_forged": _forge,
    "moderation": _later([8, 6]),
}


def main() -> None:
    """Serve until interrupted."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, default=9443)
    port = options.parse_args().port
    with tempfile.TemporaryDirectory(prefix="smsaero-gate-") as folder, SmsAeroGate(Path(folder), port) as gate:
        for name, value in gate.settings.items():
            print(f"VESTIBULE_{name.upper()}={','.join(value) if isinstance(value, tuple) else value}")
        print("\nNumbers by their last two digits; any other works:")
        print("\n".join(f"  …{tail} {mode}" for tail, mode in MODES.items()), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
