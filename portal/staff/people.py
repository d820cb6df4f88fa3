"""Who works with the dashboard of an organization: invited, changed, closed and opened again by an owner."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.errors import PortalError
from portal.staff import accounts, invitations, sessions
from portal.staff.models import ROLES, StaffInvitation, StaffUser

NO_PASSWORD = ""  # of who was invited and has set none yet: fits nothing


def everyone(session: Session, organization_id: int) -> list[StaffUser]:
    """Every login of an organization: open ones first, by name."""
    mine = select(StaffUser).where(StaffUser.organization_id == organization_id)
    return list(session.scalars(mine.order_by(StaffUser.active.desc(), StaffUser.name, StaffUser.id)))


def one(session: Session, organization_id: int, user_id: int) -> StaffUser | None:
    """A colleague: None for another organization's exactly as for one that does not exist."""
    return session.scalar(select(StaffUser).where(StaffUser.organization_id == organization_id, StaffUser.id == user_id))


def is_invited(user: StaffUser) -> bool:
    """True until a first password is set."""
    return user.password_hash == NO_PASSWORD


def invite(
    session: Session,
    organization_id: int,
    email: str,
    name: str,
    role: str,
    venue_ids: Sequence[int],
    language: str,
    now: datetime,
) -> StaffInvitation:
    """A login without a password, and the link that sets one. Raises PortalError `unknown_role`, `email_taken`."""
    if role not in ROLES:
        raise PortalError("unknown_role", role=role)
    if accounts.by_email(session, email):
        raise PortalError("email_taken")
    user = StaffUser(
        organization_id=organization_id, email=email.strip().lower(), name=name, role=role, venue_ids=list(venue_ids),
        password_hash=NO_PASSWORD, language=language, created_at=now,
    )  # fmt: skip
    session.add(user)
    session.flush()
    return invitations.write(session, user, "invite", now)


def change(session: Session, owner: StaffUser, user: StaffUser, role: str, venue_ids: Sequence[int]) -> None:
    """Another role or other venues. Raises PortalError `unknown_role`, `own_role`, `last_owner`."""
    if role not in ROLES:
        raise PortalError("unknown_role", role=role)
    _not_oneself(owner, user)
    if role != "owner":
        _not_the_last_owner(session, user)
    user.role, user.venue_ids = role, list(venue_ids)


def close(session: Session, owner: StaffUser, user: StaffUser, now: datetime) -> None:
    """Nobody signs in with it any more; its lines in the journal stay. Raises PortalError `own_role`, `last_owner`."""
    _not_oneself(owner, user)
    _not_the_last_owner(session, user)
    accounts.deactivate(session, user, now)


def reopen(session: Session, user: StaffUser, now: datetime) -> StaffInvitation:
    """Back again, by a link that sets a new password: the old one may be known to others."""
    user.active, user.password_hash = True, NO_PASSWORD
    sessions.revoke_all(session, user.id)
    return invitations.write(session, user, "invite", now)


def _not_oneself(owner: StaffUser, user: StaffUser) -> None:
    if owner.id == user.id:
        raise PortalError("own_role")


def _not_the_last_owner(session: Session, user: StaffUser) -> None:
    """Locks every owner, in one order: two who close each other at the same moment do not both succeed."""
    owners = select(StaffUser).where(StaffUser.organization_id == user.organization_id, StaffUser.role == "owner")
    held = session.scalars(owners.order_by(StaffUser.id).with_for_update().execution_options(populate_existing=True)).all()
    if all(one.id == user.id or not one.active for one in held):
        raise PortalError("last_owner")
