"""Decisions → what rlm_rest turns into attributes. `do_xlat` is false on every text: FreeRADIUS would expand %{…} in it."""

from typing import Any

from portal.access.authorization import Decision

Reply = dict[str, Any]


def reply_to(decision: Decision) -> Reply:
    """The body of an answer to authorize. A refusal says only that: a guesser learns no reason.

    Auth-Type Accept is for a device that is let in by its own MAC; every login's password is checked by FreeRADIUS.
    """
    if not decision.accept or (decision.cleartext_password is None) != (decision.reason == "remembered"):
        return {"control:Auth-Type": _set("Reject")}
    password = decision.cleartext_password
    reply = {
        **({"control:Auth-Type": _set("Accept")} if password is None else {"control:Cleartext-Password": _set(password)}),
        "reply:Session-Timeout": _set(decision.session_timeout),
        "reply:Acct-Interim-Interval": _set(decision.interim),
    }
    if decision.class_:
        reply["reply:Class"] = _set("0x" + decision.class_.encode().hex())
    if decision.idle_timeout:
        reply["reply:Idle-Timeout"] = _set(decision.idle_timeout)
    return reply | _speed(decision) | (_quota(decision.octets) if decision.octets is not None else {})


def _speed(decision: Decision) -> Reply:
    """WISPr counts bit/s, ChilliSpot kbit/s; MikroTik writes "rx/tx" as the router sees it: the guest's upload first."""
    reply: Reply = {}
    if decision.down_kbps:
        reply["reply:WISPr-Bandwidth-Max-Down"] = _set(decision.down_kbps * 1000)
        reply["reply:ChilliSpot-Bandwidth-Max-Down"] = _set(decision.down_kbps)
    if decision.up_kbps:
        reply["reply:WISPr-Bandwidth-Max-Up"] = _set(decision.up_kbps * 1000)
        reply["reply:ChilliSpot-Bandwidth-Max-Up"] = _set(decision.up_kbps)
    if decision.down_kbps or decision.up_kbps:
        reply["reply:Mikrotik-Rate-Limit"] = _set(f"{_mikrotik(decision.up_kbps)}/{_mikrotik(decision.down_kbps)}")
    return reply


def _quota(octets: int) -> Reply:
    """Both directions together. Whole 2^32 go into a second attribute; CoovaChilli's stands in raddb/dictionary.in."""
    gigawords, low = divmod(octets, 1 << 32)
    reply = {"reply:ChilliSpot-Max-Total-Octets": _set(low), "reply:Mikrotik-Total-Limit": _set(low)}
    if gigawords:
        reply["reply:ChilliSpot-Max-Total-Gigawords"] = _set(gigawords)
        reply["reply:Mikrotik-Total-Limit-Gigawords"] = _set(gigawords)
    return reply


def _mikrotik(kbps: int) -> str:
    return f"{kbps}k" if kbps else "0"


def _set(value: str | int) -> Any:
    """A number stands as it is, which rlm_rest takes for := as well, and holds nothing that could be expanded."""
    return value if isinstance(value, int) else {"op": ":=", "do_xlat": False, "value": [value]}
