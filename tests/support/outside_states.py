"""Pages about what leaves the house, brought into their states."""

from datetime import timedelta

from sqlalchemy import select

from portal.guests.models import Guest
from portal.venues import directory
from portal.webhooks import endpoints, outbox
from portal.webhooks.models import WebhookDelivery
from tests.support.stage import VENUE, Stage


def webhook(stage: Stage) -> str:
    """The page of an address that took one message, refused another, and was stopped."""
    stage.proven()
    with stage.database.writing() as session:
        venue = directory.venue_by_code(session, VENUE)
        assert venue is not None
        for one in endpoints.of_organization(session, venue.organization_id):
            endpoints.remove(session, one)
        row = endpoints.add(
            session, venue.organization_id, "https://crm.example.ru/vestibule", [venue.id], True, stage.now(), demo=True
        )  # fmt: skip
        guests = list(session.scalars(select(Guest.id).order_by(Guest.id.desc()).limit(2)))
        outbox.queue(session, row, guests, stage.now() - timedelta(hours=2))
        for number, one in enumerate(session.scalars(select(WebhookDelivery).where(WebhookDelivery.endpoint_id == row.id))):
            one.status, one.http_status, one.attempts = ("failed", 500, 10) if number else ("done", 204, 1)
            one.look_at = None
        endpoints.stop(row, "gave_up", stage.now())
        return f"/dashboard/webhooks/{row.public_id}"
