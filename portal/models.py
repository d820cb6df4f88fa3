"""Imports every room's tables once, so that the metadata is whole for Alembic and for both apps."""

from portal.access import models as access
from portal.acquisition import models as acquisition
from portal.cards import models as cards
from portal.consent import models as consent
from portal.core import heartbeat, limits
from portal.core.db import Base
from portal.guests import models as guests
from portal.mail import models as mail
from portal.privacy import models as privacy
from portal.reporting import models as reporting
from portal.signup import models as signup
from portal.sms import models as sms
from portal.staff import models as staff
from portal.venues import models as venues
from portal.webhooks import models as webhooks

__all__ = [
    "access",
    "acquisition",
    "cards",
    "consent",
    "guests",
    "heartbeat",
    "limits",
    "mail",
    "privacy",
    "reporting",
    "signup",
    "sms",
    "staff",
    "venues",
    "webhooks",
]
metadata = Base.metadata
