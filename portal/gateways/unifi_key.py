"""UniFi's official API (Network 9.1.105 and newer), by an API key: /proxy/network/integration/v1, header X-API-KEY."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from portal.gateways.talk import Answer, Talk, TalkFailed
from portal.gateways.unifi_options import UniFiOptions

LOOKS = (0.0, 0.2, 0.4, 0.8, 1.6)  # seconds before each look whether the authorization took effect
MOST_KBPS = 100_000  # the API refuses more
MOST_MINUTES = 1_000_000
PAGE, PAGES = 200, 20
_BASE = "/proxy/network/integration/v1"
_REFUSALS = {
    401: ("API key refused", False),
    403: ("API key may not do this", False),
    422: ("not in a guest network", False),
    429: ("too many calls", True),
}


class Keyed:
    """One site through an API key: no session to make or to end."""

    def __init__(self, talk: Talk, options: UniFiOptions) -> None:
        self._talk, self._options = talk, options

    def let_in(self, facts: Mapping[str, Any]) -> None:
        """Authorize a guest of this site; the answer and the client's own row must say so. Raises TalkFailed."""
        site = self._site()
        client = self._client(site, facts["mac"])
        if client is None:
            raise TalkFailed("not on this site")
        if _access(client).get("type", "GUEST") != "GUEST":
            raise TalkFailed("not in a guest network", retry=False)
        order = {"action": "AUTHORIZE_GUEST_ACCESS", "timeLimitMinutes": min(facts["minutes"], MOST_MINUTES)}
        limits = {"rxRateLimitKbps": facts.get("down"), "txRateLimitKbps": facts.get("up")}  # rx is the guest's download
        order |= {name: min(kbps, MOST_KBPS) for name, kbps in limits.items() if kbps}
        said = self._act(site, client, order)
        granted = said.get("grantedAuthorization")
        if not isinstance(granted, dict) or not granted.get("expiresAt"):
            raise TalkFailed("not granted")
        self._look_until(site, facts["mac"], authorized=True)

    def put_out(self, facts: Mapping[str, Any]) -> None:
        """End a guest's authorization. A device that the site does not see has none to use. Raises TalkFailed."""
        site = self._site()
        client = self._client(site, facts["mac"])
        if client is not None and _access(client).get("authorized") is not False:
            self._act(site, client, {"action": "UNAUTHORIZE_GUEST_ACCESS"})
            self._look_until(site, facts["mac"], authorized=False)

    def _look_until(self, site: str, mac: str, *, authorized: bool) -> None:
        """Where the client's row does not say, the action's own answer stands."""
        for seconds in LOOKS:
            if not self._talk.wait(seconds):
                break
            access = _access(self._client(site, mac) or {})
            if access.get("authorized", authorized) is authorized:
                return
        raise TalkFailed("not confirmed yet")

    def _site(self) -> str:
        if self._options.site_id:
            return self._options.site_id
        for row in self._rows("/sites", ""):
            if self._options.site in (row.get("internalReference"), row.get("name")) and _is_id(row.get("id")):
                return str(row["id"])
        raise TalkFailed("unknown site", retry=False)

    def _client(self, site: str, mac: str) -> dict[str, Any] | None:
        """Compared again: a filter that an older version ignores must not authorize somebody else."""
        wanted = "&filter=" + quote(f"macAddress.eq('{mac}')", safe="")
        rows = self._rows(f"/sites/{site}/clients", wanted)
        return next((row for row in rows if str(row.get("macAddress", "")).lower() == mac and _is_id(row.get("id"))), None)

    def _act(self, site: str, client: dict[str, Any], order: dict[str, Any]) -> dict[str, Any]:
        said = _body(self._ask("POST", f"/sites/{site}/clients/{client['id']}/actions", order))
        return said if isinstance(said, dict) else {}

    def _rows(self, path: str, more: str) -> list[dict[str, Any]]:
        """Every page of a listing."""
        rows: list[dict[str, Any]] = []
        for page in range(PAGES):
            said = _body(self._ask("GET", f"{path}?offset={page * PAGE}&limit={PAGE}{more}"))
            data = said.get("data") if isinstance(said, dict) else None
            if not isinstance(data, list):
                raise TalkFailed("answer not understood")
            rows += [row for row in data if isinstance(row, dict)]
            if len(data) < PAGE:
                break
        return rows

    def _ask(self, method: str, path: str, body: object = None) -> Answer:
        return self._talk.ask(method, _BASE + path, body, {"X-API-KEY": self._options.secret, "Accept": "application/json"})


def _access(client: Mapping[str, Any]) -> dict[str, Any]:
    found = client.get("access")
    return found if isinstance(found, dict) else {}


def _is_id(found: object) -> bool:
    """It becomes a part of our next path."""
    return isinstance(found, str) and 0 < len(found) <= 64 and found.replace("-", "").isalnum() and found.isascii()


def _body(answer: Answer) -> Any:
    if answer.status == 404:
        raise TalkFailed("unknown site or no such API", retry=False)
    if answer.status in _REFUSALS:
        raise TalkFailed(*_REFUSALS[answer.status])
    if answer.status not in (200, 201):
        raise TalkFailed(f"HTTP {answer.status}")
    return answer.body
