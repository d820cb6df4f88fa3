"""What a router asked or reported, read once at the border. The venue is never here: it comes from the NAS."""

from dataclasses import dataclass
from typing import Literal

from portal.core.mac import Mac

AcctStatus = Literal["Start", "Interim-Update", "Stop", "Accounting-On", "Accounting-Off"]


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Access-Request (RFC 2865 §4.1). `mac` is None when the packet brought none that can be read."""

    user_name: str
    mac: Mac | None


@dataclass(frozen=True, slots=True)
class AccountingReport:
    """Accounting-Request (RFC 2866 §4.1). Octets are whole totals, gigawords included; seconds and octets ≥ 0.

    `delay_seconds` is Acct-Delay-Time (§5.2): how long the router has been trying to send this.
    """

    status: AcctStatus
    acct_session_id: str
    user_name: str
    mac: Mac | None
    ip: str | None
    delay_seconds: int
    session_seconds: int
    input_octets: int
    output_octets: int
    terminate_cause: str | None
