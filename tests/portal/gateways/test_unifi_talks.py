"""UniFi's talks with controllers of three kinds, and everything that can go wrong in them."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from portal.core.mac import Mac
from portal.gateways import talk as talks
from portal.gateways.base import ApiCall, CallResult, GatewaySettings, LetIn
from portal.gateways.unifi import UniFi
from tests.support.programs import free_ports
from tests.support.unifi_controller import AP_MAC, API_KEY, PASSWORD, Api, UniFiController

MAC = Mac("369d941eaa10")
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
GRANT = LetIn(MAC, "n", "p", 3600, "", up_kbps=4000, down_kbps=8000, extra={"ap": AP_MAC.replace(":", "")})
UNIFI = UniFi()


@pytest.fixture(params=["classic", "os", "integration"])
def controller(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UniFiController]:
    """Each kind of controller, with nobody in its Wi-Fi."""
    api: Api = request.param
    with UniFiController(tmp_path / "controller", api) as found:
        yield found


@pytest.fixture(params=["classic", "os"])
def by_password(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UniFiController]:
    """The two kinds with a session."""
    api: Api = request.param
    with UniFiController(tmp_path / "controller", api) as found:
        yield found


def let_in(controller: UniFiController, secret: str | None = None, **options: Any) -> CallResult:
    return carry_out(controller, UNIFI.let_in(settings(controller), GRANT, NOW), secret, **options)


def put_out(controller: UniFiController) -> CallResult:
    return carry_out(controller, UNIFI.put_out(settings(controller), MAC, NOW))


def carry_out(controller: UniFiController, call: ApiCall, secret: str | None = None, **options: Any) -> CallResult:
    with requests.Session() as http:
        result = UNIFI.carry_out(settings(controller, secret, **options), call, http)
        assert not http.cookies
    assert len(result.said) <= 60 and not {API_KEY, PASSWORD, MAC.hex, MAC.colons} & set(result.said.split())
    return result


def settings(controller: UniFiController, secret: str | None = None, **options: Any) -> GatewaySettings:
    given = controller.secret if secret is None else secret
    return GatewaySettings("unifi", controller.url, given, "teremok", controller.options | options)


def test_a_guest_of_the_site_is_authorized_with_time_and_speed_and_then_ended(controller: UniFiController) -> None:
    station = controller.connect(MAC.colons)
    assert let_in(controller) == CallResult(True, "authorized", online=True)
    assert controller.is_authorized(MAC.colons)
    assert round(station.ends - time.time()) in (3599, 3600) and (station.up, station.down) == (4000, 8000)
    assert station.ap_mac == ("" if controller.api == "integration" else AP_MAC)
    assert put_out(controller).done and not controller.is_authorized(MAC.colons)


def test_a_device_that_the_site_does_not_see_is_never_authorized(controller: UniFiController) -> None:
    assert let_in(controller) == CallResult(False, "not on this site", retry=True)
    assert controller.commands() == []
    controller.trouble.unknown_station = "api.err.UnknownStation"
    assert let_in(controller).said == "not on this site"
    assert controller.commands() == []


def test_a_device_of_the_house_that_is_not_in_the_guest_network_is_never_authorized(controller: UniFiController) -> None:
    controller.connect(MAC.colons, is_guest=False)
    assert let_in(controller) == CallResult(False, "not in a guest network", retry=False)
    assert controller.commands() == []


def test_a_device_of_another_site_is_not_on_this_one(tmp_path: Path) -> None:
    for api in ("classic", "os", "integration"):
        with UniFiController(tmp_path / api, api, sites=("default", "other")) as controller:
            controller.connect(MAC.colons, "other")
            assert let_in(controller).said == "not on this site"
            assert let_in(controller, site="other").done
            assert let_in(controller, site="nowhere") == CallResult(False, "unknown site", retry=False)


def test_a_listing_that_ignores_the_filter_does_not_let_a_neighbour_in(tmp_path: Path) -> None:
    with UniFiController(tmp_path, "integration") as controller:
        controller.trouble.ignores_filter = True
        neighbour = controller.connect("02:00:00:00:00:09")
        assert let_in(controller).said == "not on this site" and neighbour.ends == 0
        for n in range(250):  # more than a page
            controller.connect(f"02:00:00:00:01:{n:02x}")
        controller.connect(MAC.colons)
        assert let_in(controller).done and neighbour.ends == 0


def test_a_site_named_by_its_id_is_not_looked_up(tmp_path: Path) -> None:
    with UniFiController(tmp_path, "integration") as controller:
        controller.connect(MAC.colons)
        assert let_in(controller, site_id=controller.site_ids["default"]).done
        assert not any(path.endswith("/sites") or "/sites?" in path for path in controller.paths("GET"))


def test_an_authorization_that_takes_effect_late_is_waited_for(controller: UniFiController) -> None:
    controller.connect(MAC.colons)
    controller.trouble.late_seconds = 1.0
    began = time.monotonic()
    assert let_in(controller).done
    assert time.monotonic() - began >= 1.0


def test_an_authorization_that_does_not_take_effect_is_not_called_online_and_may_be_repeated(controller: UniFiController) -> None:
    station = controller.connect(MAC.colons)
    controller.trouble.late_seconds = 60.0
    assert let_in(controller) == CallResult(False, "not confirmed yet", retry=True)
    controller.trouble.late_seconds = 0.0
    assert let_in(controller).online and station.authorized_times == 2


def test_the_same_order_twice_leaves_one_authorization(controller: UniFiController) -> None:
    station = controller.connect(MAC.colons)
    assert let_in(controller).done and let_in(controller).done
    assert round(station.ends - time.time()) in (3599, 3600)
    assert put_out(controller).done and put_out(controller).done and not controller.is_authorized(MAC.colons)


def test_a_device_that_is_gone_counts_as_put_out(controller: UniFiController) -> None:
    assert put_out(controller).done and controller.commands() == []


def test_a_wrong_password_or_key_is_said_and_not_repeated(controller: UniFiController) -> None:
    result = let_in(controller, secret="wrong-secret-0001")
    said = "API key refused" if controller.api == "integration" else "wrong user or password"
    assert result == CallResult(False, said, retry=False)
    assert len(controller.asked) == 1


def test_a_session_that_ends_in_the_middle_is_made_anew_once(by_password: UniFiController) -> None:
    by_password.connect(MAC.colons)
    for as_200 in (False, True):
        by_password.trouble.calls_per_session, by_password.trouble.login_required_as_200 = 1, as_200
        assert let_in(by_password).done
    by_password.trouble.calls_per_session = 0
    assert not let_in(by_password).done
    assert len([path for path in by_password.paths("POST") if path.endswith("/login")]) < 20


def test_a_csrf_token_that_turns_with_every_post_is_followed(tmp_path: Path) -> None:
    with UniFiController(tmp_path, "os") as controller:
        controller.connect(MAC.colons)
        controller.trouble.csrf_turns = True
        assert let_in(controller).done and put_out(controller).done
        assert controller.sessions == {}


def test_every_session_is_ended(by_password: UniFiController) -> None:
    by_password.connect(MAC.colons)
    let_in(by_password)
    assert by_password.sessions == {}
    let_in(by_password, site="nowhere")
    assert by_password.sessions == {}


def test_too_many_logins_are_waited_out_and_a_second_factor_is_named(tmp_path: Path) -> None:
    with UniFiController(tmp_path, "os") as controller:
        controller.connect(MAC.colons)
        controller.trouble.logins_left = 0
        assert let_in(controller) == CallResult(False, "too many logins", retry=True)
        controller.trouble.logins_left, controller.trouble.second_factor = 10, True
        assert let_in(controller) == CallResult(False, "account must not need a second factor", retry=False)


def test_the_wrong_kind_of_controller_is_named(by_password: UniFiController) -> None:
    other = {"classic": "os", "os": "classic"}[by_password.api]
    assert let_in(by_password, api=other) == CallResult(False, "another kind of controller", retry=False)


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_controller_in_trouble_is_tried_again_later(controller: UniFiController, status: int) -> None:
    controller.connect(MAC.colons)
    controller.trouble.status = status
    result = let_in(controller)
    assert not result.done and result.retry
    controller.trouble.status = 0
    assert let_in(controller).done


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b"{}", b'{"meta": 1, "data": 2}', b'{"data": [1, null]}', b"[" * 9999, b'"x"']
)
def test_an_answer_that_makes_no_sense_is_no_success_and_no_exception(controller: UniFiController, body: bytes) -> None:
    controller.connect(MAC.colons)
    controller.trouble.body = body
    assert not let_in(controller).done
    assert not put_out(controller).online


def test_an_endless_answer_is_not_read_to_its_end(controller: UniFiController) -> None:
    controller.trouble.body = b" " * (talks.MOST_BYTES + 1)
    assert let_in(controller) == CallResult(False, "answer too long")


def test_a_redirect_is_not_followed(controller: UniFiController) -> None:
    controller.trouble.status = 302
    assert not let_in(controller).done
    assert "/manage" not in controller.paths("GET")


def test_a_controller_that_hangs_up_or_is_not_there_does_not_answer(controller: UniFiController) -> None:
    controller.trouble.hang_up = True
    assert let_in(controller) == CallResult(False, "no answer")
    controller.url = f"https://127.0.0.1:{free_ports(1)}"
    assert let_in(controller) == CallResult(False, "no answer")


def test_a_controller_that_is_slow_or_trickles_is_cut_off_in_time(
    controller: UniFiController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talks.Talk.__init__, "__defaults__", ("", "", 1.0))
    for trouble in ("slow_seconds", "trickle"):
        setattr(controller.trouble, trouble, 30.0)
        began = time.monotonic()
        assert let_in(controller) == CallResult(False, "too slow")
        assert time.monotonic() - began < 3
        setattr(controller.trouble, trouble, 0)


def test_only_a_certificate_that_the_owner_trusts_is_talked_to(controller: UniFiController) -> None:
    controller.connect(MAC.colons)
    for trusted in (str(controller.ca_file), controller.pin, controller.pin.replace(":", "").replace("sha256", "sha256:")):
        assert let_in(controller, verify_tls=trusted).done
    controller.asked.clear()
    for distrusted in ("", "sha256:" + "0" * 64):
        assert let_in(controller, verify_tls=distrusted) == CallResult(False, "certificate not trusted", retry=False)
    assert controller.asked == []


def test_settings_that_went_bad_are_a_result_not_an_exception(controller: UniFiController) -> None:
    assert let_in(controller, verify_tls="/gone.pem") == CallResult(False, "settings: unifi_no_ca_file", retry=False)


def test_nothing_secret_is_logged(controller: UniFiController, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    controller.connect(MAC.colons)
    let_in(controller)
    let_in(controller, secret="wrong-secret-0001")
    assert not [secret for secret in (controller.secret, "wrong-secret-0001", MAC.colons, MAC.hex) if secret in caplog.text]
