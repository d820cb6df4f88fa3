"""What a router asked or reported, read once at the border. The venue is never here: it comes from the NAS."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from portal.core.mac import Mac

AcctStatus = Literal["Start", "Interim-Update", "Stop", "Accounting-On", "Accounting-Off"]


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Access-Request (RFC 2865 §4.1). `mac` is None when the packet brought none that can be read.

    `password` is what came with a MAC for a name, where the router sent one in clear; it is never that of a login.
    """

    user_name: str
    mac: Mac | None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AccountingReport:
    """Accounting-Request (RFC 2866 §4.1). Seconds and octets ≥ 0; `session_seconds` is None where the router does not count.

    `delay_seconds` is Acct-Delay-Time (§5.2): how long the router has been trying to send this; `event_at` is Event-Timestamp
    (RFC 2869 §5.3) by the router's clock. Octets are whole totals with `gigawords`, else what is left of them modulo 2^32;
    no octets at all are a whole 0.
    `view` is whose input and output they are, where the packet says so; `class_` comes back as we gave it to the router.
    """

    status: AcctStatus
    acct_session_id: str
    user_name: str
    mac: Mac | None
    ip: str | None
    delay_seconds: int
    session_seconds: int | None
    input_octets: int
    output_octets: int
    terminate_cause: str | None
    gigawords: bool = True
    event_at: datetime | None = None
    view: Literal["nas", "client"] | None = None
    class_: str | None = None
