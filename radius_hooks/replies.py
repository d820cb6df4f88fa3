"""Decisions → what rlm_rest turns into attributes. `do_xlat` is false on all: FreeRADIUS would expand %{…} in them."""

from typing import Any

from portal.access.authorization import Decision

Reply = dict[str, dict[str, Any]]


def reply_to(decision: Decision) -> Reply:
    """The body of an answer to authorize. A refusal says only that: a guesser learns no reason."""
    if not decision.accept or decision.cleartext_password is None:
        return {"control:Auth-Type": _set("Reject")}
    reply = {
        "control:Cleartext-Password": _set(decision.cleartext_password),
        "reply:Session-Timeout": _set(decision.session_timeout),
        "reply:Acct-Interim-Interval": _set(decision.interim),
    }
    if decision.class_:
        reply["reply:Class"] = _set("0x" + decision.class_.encode().hex())
    if decision.idle_timeout:
        reply["reply:Idle-Timeout"] = _set(decision.idle_timeout)
    return reply | _speed(decision)


def _speed(decision: Decision) -> Reply:
    """WISPr counts bit/s per direction; MikroTik writes "rx/tx" as the router sees it: the guest's upload first."""
    reply: Reply = {}
    if decision.down_kbps:
        reply["reply:WISPr-Bandwidth-Max-Down"] = _set(decision.down_kbps * 1000)
    if decision.up_kbps:
        reply["reply:WISPr-Bandwidth-Max-Up"] = _set(decision.up_kbps * 1000)
    if decision.down_kbps or decision.up_kbps:
        reply["reply:Mikrotik-Rate-Limit"] = _set(f"{_mikrotik(decision.up_kbps)}/{_mikrotik(decision.down_kbps)}")
    return reply


def _mikrotik(kbps: int) -> str:
    return f"{kbps}k" if kbps else "0"


def _set(value: str | int) -> dict[str, Any]:
    return {"op": ":=", "do_xlat": False, "value": [value]}
