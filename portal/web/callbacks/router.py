"""Our own script on a router: it reports with its key in a header, and is told whom to put out.

A report is lines of text: `on MAC`, `off MAC METHOD DOWNLOADED UPLOADED START END` (octets, Unix seconds), and of earlier
orders `done N`, `absent N` (the device was not there), `failed N`. The answer is "vestibule 1" and a line `deauth N MAC` each.
"""

import hmac
from datetime import datetime

from flask import Response, request
from prometheus_client import Counter
from sqlalchemy.orm import Session

from portal.access import fetched, orders
from portal.core.mac import parse_mac
from portal.gateways.opennds_list import read_farewell
from portal.signup.online import came_online
from portal.venues import directory, signs
from portal.web.callbacks import bp
from portal.web.parts import parts

HEADER = "X-Vestibule-Key"
MAX_BODY = 64 * 1024
MAX_LINES = 400
AT_ONCE = 20  # orders in one answer
SAID = {"done": "the router put it out", "absent": "the router did not have it"}
LINES = Counter("vestibule_router_reports", "Lines of router scripts.", ("outcome",))


@bp.post("/router/<gateway>/poll")
def poll(gateway: str) -> Response:
    """403, empty, for a wrong key and an unknown gateway alike."""
    request.max_content_length = MAX_BODY
    now, given = parts().clock(), request.headers.get(HEADER, "")
    with parts().database.reading() as session:
        gateway_id, wanted = directory.script_key_of(session, gateway[:32]) or (0, "")
        right = bool(wanted) and hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
        todo = orders.waiting(session, gateway_id, "put_out", now, AT_ONCE) if right else []
    if not right:
        LINES.labels("refused").inc()
        return Response(status=403)
    lines = request.get_data(cache=False)[:MAX_BODY].decode("utf-8", "replace").splitlines()[:MAX_LINES]
    told = _taken(gateway_id, lines, now) if lines else set()
    answer = [f"deauth {order.id} {order.entry}" for order in todo if order.id not in told and order.entry]
    return Response("\n".join(["vestibule 1", *answer, ""]), content_type="text/plain; charset=utf-8")


def _taken(gateway_id: int, lines: list[str], now: datetime) -> set[int | None]:
    with parts().database.writing() as session:
        return {_take(session, gateway_id, line.split(), now) for line in lines}


def _take(session: Session, gateway_id: int, words: list[str], now: datetime) -> int | None:
    """One line; the number of the order that it ends."""
    try:
        if len(words) == 2 and words[0] in ("done", "absent", "failed"):
            return _ended(session, gateway_id, words[0], int(words[1][:18]), now)
        if len(words) == 2 and words[0] == "on":
            for visit_id in fetched.came(session, gateway_id, parse_mac(words[1]), now):
                came_online(session, visit_id, now, "acknowledged")
        elif len(words) == 7 and words[0] == "off":
            fetched.left(session, gateway_id, read_farewell(words[1], *(word[:20] for word in words[2:])), now, verified=True)
        else:
            raise ValueError("not a line of ours")
        LINES.labels(words[0]).inc()
    except ValueError:
        LINES.labels("odd").inc()
    return None


def _ended(session: Session, gateway_id: int, outcome: str, number: int, now: datetime) -> int | None:
    """A device that was not there is off as well; what failed is told again at the next poll."""
    LINES.labels(outcome).inc()
    if outcome not in SAID or not fetched.put_out_done(session, gateway_id, number, SAID[outcome], now):
        return None
    signs.note(session, gateway_id, "disconnect", now)
    return number
