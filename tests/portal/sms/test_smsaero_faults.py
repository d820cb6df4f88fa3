"""The faults of the stock SMS Aero client, each against an emulator of the gate (security research, nineteen faults)."""

import logging
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import smsaero

from portal.core.phone import phone_from_e164
from portal.core.tokens import random_id
from portal.sms.senders import one_shot
from portal.sms.senders.base import (
    BadCredentials,
    BadNumber,
    BadSignature,
    GateDown,
    NoMoney,
    OutgoingSms,
    Refused,
    SmsError,
    Throttled,
    Unknown,
)
from portal.sms.senders.breaker import Breaker
from portal.sms.senders.one_shot import Patience
from portal.sms.senders.smsaero import OneGate, SmsAeroSender
from tests.conftest import make_settings
from tests.support.certificates import write_authority
from tests.support.smsaero_gate import API_KEY, EMAIL, MODES, SIGNATURE, SmsAeroGate

TAILS = {mode: tail for tail, mode in MODES.items()}
QUICK = Patience(connect=1.5, read=1.2, total=2.0)
CODE = "804913"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[SmsAeroGate]:
    with SmsAeroGate(tmp_path, slow_seconds=0.3, hold_seconds=5) as gate:
        yield gate


@pytest.fixture
def sender(gate: SmsAeroGate, tmp_path: Path) -> SmsAeroSender:
    return SmsAeroSender(make_settings(tmp_path, **gate.settings), QUICK)


def sms_in(mode: str, **changes: object) -> OutgoingSms:
    phone = phone_from_e164(f"+790312345{TAILS.get(mode, '67')}")
    values = {"reference": random_id(), "phone": phone, "text": f"Код {CODE}.", "callback_url": None, **changes}
    return OutgoingSms(**values)  # type: ignore[arg-type]


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_1_construction_looks_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("looked up or connected")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setattr(socket.socket, "connect", no_network)
    settings = make_settings(tmp_path, sms_sender="smsaero", smsaero_email="cafe@nowhere.invalid", smsaero_api_key=API_KEY,
                             smsaero_signature=SIGNATURE)  # fmt: skip
    SmsAeroSender(settings)
    OneGate(settings, "gate.smsaero.ru", QUICK)


@pytest.mark.parametrize("mode", ["accept_then_time_out", "accept_then_reset", "trickle"])
def test_2_a_paid_post_is_never_sent_again_once_bytes_left(gate: SmsAeroGate, tmp_path: Path, mode: str) -> None:
    three = {**gate.settings, "smsaero_gates": (gate.host,) * 3}
    sender = SmsAeroSender(make_settings(tmp_path, **three), QUICK)
    sms = sms_in(mode)
    with pytest.raises((GateDown, Unknown)) as failure:
        sender.send(sms)
    assert failure.value.bytes_sent and not failure.value.again
    assert len(gate.outbox.of(sms.phone.e164)) == 1


@pytest.mark.parametrize("mode", ["accept_then_time_out", "trickle"])
def test_3_a_call_ends_within_its_total(sender: SmsAeroSender, mode: str) -> None:
    began = time.monotonic()
    with pytest.raises(SmsError):
        sender.send(sms_in(mode))
    assert time.monotonic() - began < QUICK.total + 0.4


def test_3_the_defaults_are_those_of_the_requirement() -> None:
    assert Patience() == Patience(connect=3.0, read=7.0, total=10.0)


def test_3_a_tls_handshake_that_stalls_is_cut_before_anything_is_sent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        patience = Patience(connect=5, read=5, total=0.4)
        settings = make_settings(
            tmp_path,
            sms_sender="smsaero",
            smsaero_email=EMAIL,
            smsaero_api_key=API_KEY,
            smsaero_signature=SIGNATURE,
            smsaero_gates=(f"127.0.0.1:{silent.getsockname()[1]}",),
        )
        began = time.monotonic()
        with pytest.raises(GateDown) as failure:
            SmsAeroSender(settings, patience).send(sms_in("ok"))
    assert not failure.value.bytes_sent
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("mode", ["accept_then_502_html", "accept_then_empty"])
def test_4_an_unreadable_answer_is_unknown_and_not_retried(sender: SmsAeroSender, gate: SmsAeroGate, mode: str) -> None:
    sms = sms_in(mode)
    with pytest.raises(Unknown) as failure:
        sender.send(sms)
    assert failure.value.bytes_sent
    assert len(gate.outbox.of(sms.phone.e164)) == 1


def test_5_a_bad_certificate_stops_before_anything_is_sent(gate: SmsAeroGate, tmp_path: Path) -> None:
    sender = SmsAeroSender(make_settings(tmp_path, **{**gate.settings, "smsaero_ca_file": ""}), QUICK)
    with pytest.raises(GateDown) as failure:
        sender.send(sms_in("ok"))
    assert not failure.value.bytes_sent and failure.value.again
    assert gate.outbox.requests == []


def test_5_no_request_ever_goes_over_plain_http() -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as plain:
        plain.settimeout(0.5)

        def listen() -> None:
            try:
                connection, _ = plain.accept()
            except TimeoutError:
                return
            heard.append(connection.recv(1000))

        listener = threading.Thread(target=listen)
        listener.start()
        url = f"http://127.0.0.1:{plain.getsockname()[1]}/v2/sms/send"
        with pytest.raises(GateDown) as failure:
            one_shot.post(url, {}, account=(EMAIL, API_KEY), user_agent="x", ca_file="", patience=QUICK)
        listener.join()
    assert not failure.value.bytes_sent
    assert heard == []


def test_6_neither_key_nor_number_nor_text_reaches_a_log(sender: SmsAeroSender, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("urllib3", "smsaero", "requests"):
        assert logging.getLogger(name).getEffectiveLevel() >= logging.WARNING
    caplog.set_level(logging.DEBUG)
    sender.send(sms_in("ok"))
    for mode in ("bad_number_400", "accept_then_502_html", "reset_before_reading", "unauthorised_401"):
        with pytest.raises(SmsError):
            sender.send(sms_in(mode))
    assert caplog.text
    for canary in (API_KEY, CODE, "90312345"):
        assert canary not in caplog.text


def test_6_an_error_and_its_chain_hold_no_secret(sender: SmsAeroSender) -> None:
    for mode in ("bad_number_400", "accept_then_502_html", "accept_then_reset"):
        with pytest.raises(SmsError) as failure:
            sender.send(sms_in(mode))
        shown = repr(failure.value) + repr(failure.value.__cause__)
        assert not failure.value.__context__ or failure.value.__suppress_context__
        assert CODE not in shown and "90312345" not in shown and API_KEY not in shown


def test_6_the_key_travels_in_the_header_only(sender: SmsAeroSender, gate: SmsAeroGate) -> None:
    sender.send(sms_in("ok"))
    request = gate.outbox.asked("sms/send")[0]
    assert request["headers"]["Authorization"].startswith("Basic ")
    assert API_KEY not in request["path"] and "@" not in request["path"] and API_KEY not in str(request["fields"])


def test_7_a_redirect_is_not_followed_and_not_a_success(sender: SmsAeroSender, gate: SmsAeroGate) -> None:
    with pytest.raises(Unknown):
        sender.send(sms_in("redirect"))
    assert gate.outbox.asked("sms/elsewhere") == []


def test_8_a_json_list_is_a_typed_error(sender: SmsAeroSender) -> None:
    with pytest.raises(Unknown):
        sender.send(sms_in("json_list"))


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("unauthorised_401", BadCredentials), ("unauthorised_200", BadCredentials), ("forbidden_403", BadCredentials),
        ("bad_number_400", BadNumber), ("bad_number_200", BadNumber), ("bad_sign_400", BadSignature),
        ("no_money_402", NoMoney), ("no_money_200", NoMoney), ("no_credits", NoMoney),
        ("throttled_429", Throttled), ("success_false", Refused), ("reject_old", Refused), ("error_500_json", Unknown),
    ],
)  # fmt: skip
def test_9_every_refusal_has_its_own_error(sender: SmsAeroSender, gate: SmsAeroGate, mode: str, error: type[SmsError]) -> None:
    sms = sms_in(mode)
    with pytest.raises(SmsError) as failure:
        sender.send(sms)
    assert type(failure.value) is error
    assert gate.outbox.of(sms.phone.e164) == []
    assert failure.value.bytes_sent == (error is Unknown)
    assert failure.value.again == (error is Throttled)


def test_10_the_stock_clients_own_transport_is_never_used(sender: SmsAeroSender, monkeypatch: pytest.MonkeyPatch) -> None:
    def stock(*_: object, **__: object) -> None:
        raise AssertionError("the stock transport was used")

    monkeypatch.setattr(smsaero.SmsAero, "request", stock)
    monkeypatch.setattr(smsaero.SmsAero, "get_response", stock)
    monkeypatch.setattr(smsaero.SmsAero, "build_url", stock)
    assert sender.send(sms_in("ok")).cost_kopecks == 549


def test_11_eight_threads_get_their_own_answers(tmp_path: Path, gate: SmsAeroGate) -> None:
    sender = SmsAeroSender(make_settings(tmp_path, **gate.settings))  # the product's patience: eight handshakes take their time
    answers: dict[str, str] = {}

    def send(number: int) -> None:
        phone = phone_from_e164(f"+79031230{number:03d}")
        answers[phone.e164] = sender.send(sms_in("ok", phone=phone)).provider_id

    threads = [threading.Thread(target=send, args=(40 + n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {f"+{t.number}": str(t.id) for t in gate.outbox.taken}
    assert len(answers) == 8


def test_12_no_time_of_sending_is_given(sender: SmsAeroSender, gate: SmsAeroGate) -> None:
    sender.send(sms_in("ok"))
    assert "dateSend" not in gate.outbox.asked("sms/send")[0]["fields"]


def test_15_a_gate_is_a_host_with_an_optional_port(gate: SmsAeroGate, sender: SmsAeroSender) -> None:
    assert sender.send(sms_in("ok")).provider_id
    assert gate.outbox.asked("sms/send")[0]["path"] == "/v2/sms/send"


def test_16_the_callback_is_passed_on_and_asked_for_as_json(gate: SmsAeroGate, sender: SmsAeroSender) -> None:
    sender.send(sms_in("ok", callback_url="https://wifi.example.ru/callbacks/smsaero/abc"))
    sender.send(sms_in("ok"))
    with_callback, without = (request["fields"] for request in gate.outbox.asked("sms/send"))
    assert with_callback["callbackUrl"].endswith("/abc") and with_callback["callbackFormat"] == "JSON"
    assert "callbackUrl" not in without


def test_17_numbers_are_judged_by_us_and_not_by_the_client(gate: SmsAeroGate, tmp_path: Path) -> None:
    client = OneGate(make_settings(tmp_path, **gate.settings), gate.host, QUICK)
    client.send_sms(number=70000000000, text="Code 1.")
    assert len(gate.outbox.of("70000000000")) == 1


def test_18_without_an_idempotency_key_the_list_is_what_finds_a_doubtful_message(
    gate: SmsAeroGate, sender: SmsAeroSender
) -> None:
    sms, before = sms_in("accept_then_502_html"), datetime.now(UTC) - timedelta(seconds=2)
    with pytest.raises(Unknown):
        sender.send(sms)
    found = sender.find(sms.phone, before)
    assert [f.provider_id for f in found] == [str(t.id) for t in gate.outbox.of(sms.phone.e164)]
    assert found[0].cost_kopecks == 549  # a string in lists


def test_18_the_list_is_read_over_its_pages(gate: SmsAeroGate, sender: SmsAeroSender) -> None:
    sms, before = sms_in("ok"), datetime.now(UTC) - timedelta(seconds=5)
    for _ in range(70):
        gate.outbox.accept({"number": sms.phone.e164[1:], "text": "x"}, same_id=False)
    assert len(sender.find(sms.phone, before)) == 70
    assert [request["fields"].get("page") for request in gate.outbox.asked("sms/list")] == ["1", "2"]


def test_19_a_certificate_of_another_authority_is_refused(gate: SmsAeroGate, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other_authority, _ = write_authority(tmp_path / "other")
    sender = SmsAeroSender(make_settings(tmp_path, **{**gate.settings, "smsaero_ca_file": str(other_authority)}), QUICK)
    with pytest.raises(GateDown) as failure:
        sender.balance()
    assert not failure.value.bytes_sent


def test_a_refused_connection_sends_nothing_and_may_be_tried_again(tmp_path: Path, gate: SmsAeroGate) -> None:
    settings = make_settings(tmp_path, **{**gate.settings, "smsaero_gates": (f"127.0.0.1:{closed_port()}", gate.host)})
    sender = SmsAeroSender(settings, QUICK)
    with pytest.raises(GateDown) as failure:
        sender.send(sms_in("ok", attempt=1))
    assert not failure.value.bytes_sent and failure.value.again
    assert sender.send(sms_in("ok", attempt=2)).provider_id  # the next attempt is the next gate's


def test_a_slow_but_timely_answer_is_an_answer(sender: SmsAeroSender) -> None:
    assert sender.send(sms_in("slow")).status == "sent"


def test_one_message_in_a_list_is_understood(sender: SmsAeroSender) -> None:
    assert sender.send(sms_in("one_number_list")).provider_id


def test_proxies_and_netrc_of_the_environment_are_ignored(sender: SmsAeroSender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    assert sender.send(sms_in("ok")).provider_id


def test_the_user_agent_is_ours(sender: SmsAeroSender, gate: SmsAeroGate) -> None:
    sender.balance()
    assert gate.outbox.asked("balance")[0]["headers"]["User-Agent"] == "Vestibule"


@pytest.mark.parametrize(("mode", "status"), [("ok", "delivered"), ("never_final", "sent"), ("moderation", "failed")])
def test_statuses_are_translated(sender: SmsAeroSender, mode: str, status: str) -> None:
    assert sender.status(sender.send(sms_in(mode)).provider_id).status == status


def test_f10_after_five_failures_a_gate_rests_for_thirty_seconds() -> None:
    clock = [100.0]
    breaker = Breaker(("a", "b"), lambda: clock[0])
    for _ in range(4):
        breaker.failed("a")
    assert breaker.choose(1) == "a"
    breaker.failed("a")
    assert breaker.choose(1) == "b"
    for _ in range(5):
        breaker.failed("b")
    assert breaker.choose(1) is None
    clock[0] += 30
    assert breaker.choose(1) == "a"


def test_f10_one_success_forgets_the_failures() -> None:
    breaker = Breaker(("a",), lambda: 0.0)
    for _ in range(4):
        breaker.failed("a")
    breaker.worked("a")
    breaker.failed("a")
    assert breaker.choose(1) == "a"


def test_f10_a_resting_gate_is_not_called(gate: SmsAeroGate, sender: SmsAeroSender) -> None:
    for _ in range(5):
        with pytest.raises(Unknown):
            sender.send(sms_in("error_500_json"))
    with pytest.raises(GateDown) as failure:
        sender.send(sms_in("ok"))
    assert not failure.value.bytes_sent
    assert len(gate.outbox.asked("sms/send")) == 5
