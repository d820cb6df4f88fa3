"""The second factor: a time-based code (RFC 6238: SHA-1, 30 seconds, six digits) and ten recovery codes for a lost phone.

The secret is enclosed by IDENTITY_KEY at rest. A step is taken once, in the order of time (RFC 6238 §5.2), by a conditional
UPDATE, so that of two forms with one code one gets in. Tries are counted against the login, with the password's own measure.
"""

import hmac
import secrets
from datetime import datetime
from typing import cast
from urllib.parse import quote

import pyotp
from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from portal.core.limits import Limit, LimitReached, give_back, take
from portal.core.tokens import Keys
from portal.staff.accounts import WINDOW
from portal.staff.models import StaffRecoveryCode, StaffUser

STEP_SECONDS = 30
DRIFT = 1  # steps before and after: a phone's clock, and the time it takes to type
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks alike
_PURPOSE = "totp"


def is_on(user: StaffUser) -> bool:
    """Whether signing in asks for a code."""
    return user.totp_secret is not None and user.totp_confirmed_at is not None


def is_owed(user: StaffUser, demanded: bool) -> bool:
    """Whether the person may do nothing before setting it up: owners, where the house demands it."""
    return demanded and user.role == "owner" and not is_on(user)


def new_secret() -> str:
    """160 random bits as base32 (RFC 4226 §4 recommends 160)."""
    return str(pyotp.random_base32(32))


def address(secret: str, email: str, issuer: str) -> str:
    """What the QR code says (Key Uri Format)."""
    label = f"{quote(issuer)}:{quote(email)}"
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer)}"


def code_at(secret: str, at: datetime) -> str:
    """The six digits of a moment."""
    return _code(secret, _step(at))


def begin_try(session: Session, keys: Keys, user_id: int, count: int, now: datetime) -> tuple[Limit, ...] | LimitReached:
    """Count a code against the login: at most `count` wrong ones in 15 minutes."""
    limits = (Limit("sign_in", "sign-in:second:" + keys.keyed_hash("sign-in", str(user_id)), count, WINDOW),)
    return take(session, limits, now) or limits


def fits(session: Session, keys: Keys, user: StaffUser, typed: str, limits: tuple[Limit, ...], now: datetime) -> bool:
    """Use a code up, of the phone or of the list; a right one takes its try out of the count."""
    plain = "".join(typed.split()).lower()
    digits = plain.isascii() and plain.isdigit()
    right = _take_step(session, keys, user, plain, now) if digits else _take_recovery(session, keys, user, plain, now)
    if right:
        give_back(session, limits, now)
    return right


def turn_on(session: Session, keys: Keys, user: StaffUser, secret: str, typed: str, now: datetime) -> list[str] | None:
    """Keep a secret that the person's phone has shown to know; the recovery codes, or None for a code that does not fit."""
    step = _matching(secret, "".join(typed.split()), now)
    if step is None:
        return None
    user.totp_secret, user.totp_confirmed_at, user.totp_last_step = keys.enclose(_PURPOSE, secret), now, step
    session.flush()
    return new_recovery_codes(session, keys, user)


def remove(session: Session, user: StaffUser) -> None:
    """Sign in by password alone again; the recovery codes go too."""
    user.totp_secret = user.totp_confirmed_at = user.totp_last_step = None
    session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.staff_user_id == user.id))


def new_recovery_codes(session: Session, keys: Keys, user: StaffUser) -> list[str]:
    """Ten new ones in place of the old; shown once, stored as keyed hashes."""
    session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.staff_user_id == user.id))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    session.add_all(StaffRecoveryCode(staff_user_id=user.id, code_hash=_hash(keys, user.id, code)) for code in codes)
    session.flush()
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def recovery_codes_left(session: Session, user: StaffUser) -> int:
    """How many were not used yet."""
    mine = (StaffRecoveryCode.staff_user_id == user.id, StaffRecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).select_from(StaffRecoveryCode).where(*mine)) or 0


def _take_step(session: Session, keys: Keys, user: StaffUser, typed: str, now: datetime) -> bool:
    if user.totp_secret is None or user.totp_confirmed_at is None:
        return False
    step = _matching(keys.disclose(_PURPOSE, user.totp_secret), typed, now)
    if step is None:
        return False
    fresh = (StaffUser.id == user.id, (StaffUser.totp_last_step.is_(None)) | (StaffUser.totp_last_step < step))
    taken = session.execute(
        update(StaffUser).where(*fresh).values(totp_last_step=step).execution_options(synchronize_session=False)
    )
    return cast(CursorResult, taken).rowcount == 1


def _take_recovery(session: Session, keys: Keys, user: StaffUser, typed: str, now: datetime) -> bool:
    mine = (
        StaffRecoveryCode.staff_user_id == user.id,
        StaffRecoveryCode.code_hash == _hash(keys, user.id, typed.replace("-", "")),
        StaffRecoveryCode.used_at.is_(None),
    )
    used = session.execute(
        update(StaffRecoveryCode).where(*mine).values(used_at=now).execution_options(synchronize_session=False)
    )
    return is_on(user) and cast(CursorResult, used).rowcount == 1


def _matching(secret: str, typed: str, now: datetime) -> int | None:
    """The step whose code this is; every step in reach is compared."""
    found = None
    for step in range(_step(now) - DRIFT, _step(now) + DRIFT + 1):
        if hmac.compare_digest(_code(secret, step).encode(), typed.encode()):
            found = step
    return found


def _code(secret: str, step: int) -> str:
    return str(pyotp.TOTP(secret).generate_otp(step))


def _step(at: datetime) -> int:
    return int(at.timestamp()) // STEP_SECONDS


def _hash(keys: Keys, user_id: int, code: str) -> str:
    return keys.keyed_hash("recovery-code", f"{user_id}:{code}")
