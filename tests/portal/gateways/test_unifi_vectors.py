"""The emulated controllers answer as real ones were recorded to: requests and answers of the classic controller, UniFi OS
and the integration API (sources: Art-of-WiFi's client, help.ui.com 31228198640023, answers logged by users of both).
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.unifi_controller import API_KEY, PASSWORD, USER, Api, UniFiController

MAC = "36:9d:94:1e:aa:10"


class Console:
    """A controller and a browser-like session with it."""

    def __init__(self, controller: UniFiController, http: requests.Session) -> None:
        self.controller, self.http = controller, http

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        return self.http.request(
            method, self.controller.url + path, json=body, headers=headers, verify=str(self.controller.ca_file),
            allow_redirects=False, timeout=5,
        )  # fmt: skip


@pytest.fixture
def console(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Console]:
    api: Api = request.param
    with UniFiController(tmp_path, api) as controller, requests.Session() as http:
        controller.connect(MAC)
        yield Console(controller, http)


@pytest.mark.parametrize("console", ["classic"], indirect=True)
def test_a_classic_controller_logs_in_by_cookie_authorizes_and_lists(console: Console) -> None:
    assert console.ask("GET", "/").status_code == 302
    without = console.ask("GET", f"/api/s/default/stat/sta/{MAC}")
    assert (without.status_code, without.json()["meta"]) == (401, {"rc": "error", "msg": "api.err.LoginRequired"})
    wrong = console.ask("POST", "/api/login", {"username": USER, "password": "x"})
    assert (wrong.status_code, wrong.json()["meta"]) == (400, {"rc": "error", "msg": "api.err.Invalid"})
    login = console.ask("POST", "/api/login", {"username": USER, "password": PASSWORD})
    assert login.json() == {"meta": {"rc": "ok"}, "data": []} and {"unifises", "csrf_token"} <= set(console.http.cookies.keys())
    csrf = {"x-csrf-token": console.http.cookies["csrf_token"]}
    order = {"cmd": "authorize-guest", "mac": MAC, "minutes": 1440}
    said = console.ask("POST", "/api/s/default/cmd/stamgr", order, **csrf)
    assert said.json() == {"meta": {"rc": "ok"}, "data": [{"authorized_by": "api", "mac": MAC, "minutes": 1440}]}
    row = console.ask("GET", f"/api/s/default/stat/sta/{MAC}").json()["data"][0]
    assert (row["mac"], row["is_guest"], row["authorized"]) == (MAC, True, True)
    nowhere = console.ask("GET", f"/api/s/nowhere/stat/sta/{MAC}")
    assert nowhere.json()["meta"]["msg"] == "api.err.NoSiteContext"
    assert console.ask("POST", "/api/logout", {}, **csrf).status_code == 200
    assert console.ask("GET", f"/api/s/default/stat/sta/{MAC}").status_code == 401


@pytest.mark.parametrize("console", ["os"], indirect=True)
def test_unifi_os_logs_in_by_a_jwt_and_wants_its_csrf_token_on_every_post(console: Console) -> None:
    assert console.ask("GET", "/").status_code == 200
    assert console.ask("POST", "/api/auth/login", {"username": USER, "password": "x"}).status_code == 403
    assert console.ask("POST", "/api/auth/login", {"username": USER, "password": PASSWORD}).status_code == 200
    payload = console.http.cookies["TOKEN"].split(".")[1]
    csrf = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["csrfToken"]
    order = {"cmd": "unauthorize-guest", "mac": MAC}
    path = "/proxy/network/api/s/default/cmd/stamgr"
    assert console.ask("POST", path, order).status_code == 403
    assert console.ask("POST", path, order, **{"x-csrf-token": csrf}).json()["meta"] == {"rc": "ok"}
    console.controller.trouble.csrf_turns = True
    turned = console.ask("POST", path, order, **{"x-csrf-token": csrf}).headers["x-updated-csrf-token"]
    assert console.ask("POST", path, order, **{"x-csrf-token": csrf}).status_code == 403
    assert console.ask("POST", path, order, **{"x-csrf-token": turned}).status_code == 200
    assert console.ask("GET", f"/api/s/default/stat/sta/{MAC}").status_code == 404


@pytest.mark.parametrize("console", ["integration"], indirect=True)
def test_the_integration_api_lists_sites_and_clients_and_grants(console: Console) -> None:
    base, key = "/proxy/network/integration/v1", {"X-API-KEY": API_KEY}
    assert console.ask("GET", f"{base}/sites").status_code == 401
    sites = console.ask("GET", f"{base}/sites", **key).json()
    site = sites["data"][0]
    assert (sites["offset"], sites["limit"], sites["count"], sites["totalCount"]) == (0, 25, 1, 1)
    assert (site["internalReference"], site["name"]) == ("default", "Default")
    console.controller.connect("02:00:00:00:00:09")
    listing = console.ask("GET", f"{base}/sites/{site['id']}/clients?filter=macAddress.eq(%27{MAC}%27)", **key).json()
    (client,) = listing["data"]
    assert (client["macAddress"], client["type"], client["access"]) == (MAC, "WIRELESS", {"type": "GUEST", "authorized": False})
    order = {"action": "AUTHORIZE_GUEST_ACCESS", "timeLimitMinutes": 60, "rxRateLimitKbps": 5000, "txRateLimitKbps": 2000}
    path = f"{base}/sites/{site['id']}/clients/{client['id']}/actions"
    granted = console.ask("POST", path, order, **key).json()
    assert granted["action"] == "AUTHORIZE_GUEST_ACCESS"
    assert {"authorizedAt", "expiresAt"} <= set(granted["grantedAuthorization"])
    assert console.controller.is_authorized(MAC)
    assert "revokedAuthorization" in console.ask("POST", path, {"action": "UNAUTHORIZE_GUEST_ACCESS"}, **key).json()
    assert not console.controller.is_authorized(MAC)
    assert console.ask("POST", f"{base}/sites/nowhere/clients/x/actions", order, **key).status_code == 404


@pytest.mark.parametrize("console", ["classic"], indirect=True)
def test_an_authorization_ends_after_its_minutes(console: Console) -> None:
    controller, began = console.controller, 1_700_000_000.0
    controller.clock = lambda: began
    controller.authorize(controller.connect(MAC), 60, 0, 0, "")
    assert controller.is_authorized(MAC)
    controller.clock = lambda: began + 3600
    assert not controller.is_authorized(MAC)
