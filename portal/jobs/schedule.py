"""What the worker does by the clock. Every entry may run twice, or late: each is safe to repeat."""

from huey import crontab

from portal.access import blocks, sessions
from portal.consent import anchors
from portal.core import limits
from portal.jobs import reports, sums, webhooks
from portal.jobs.house import House
from portal.jobs.queue import Queue
from portal.mail import outbox
from portal.privacy import retention
from portal.reporting import alerts
from portal.sms import alarms
from portal.staff import invitations
from portal.staff import sessions as staff_sessions
from portal.venues import changes


def register(queue: Queue, house: House) -> None:
    """Add the periodic tasks. Times are UTC."""

    @queue.periodic_task(crontab(minute="7"))
    def forget() -> None:
        with house.database.writing() as session:
            now = house.clock()
            limits.forget_old(session, now)
            changes.forget_old(session)
            alarms.forget_old(session, now)
            outbox.forget_old(session, now)
            alerts.forget_old(session, now)
            invitations.forget_old(session, now)
            staff_sessions.forget_old(session, now)

    @queue.periodic_task(crontab(minute="*"))
    def close_stale() -> None:
        with house.database.writing() as session:
            sessions.close_stale(session, house.clock())
            blocks.catch_up(session, house.clock())

    @queue.periodic_task(crontab(minute="*"))
    def sum_up() -> None:
        sums.keep_up(house.database, house.clock())

    @queue.periodic_task(crontab(minute="47", hour="0"))
    def check_sums() -> None:
        sums.check_all(house.database, house.clock())

    @queue.periodic_task(crontab(minute="17"))
    def retain() -> None:
        retention.run(house.database, house.settings, house.clock)

    @queue.periodic_task(crontab(minute="27", hour="0"))
    def anchor() -> None:
        anchors.sign_all(house.database, house.settings, house.clock)

    _register_news(queue, house)


def _register_news(queue: Queue, house: House) -> None:
    """Each by itself: what fails for one must not keep the others from their letters."""

    @queue.periodic_task(crontab(minute="3"))
    def look_at_channels() -> None:
        reports.look(house.database, house.clock())

    @queue.periodic_task(crontab(minute="4"))
    def mail_alerts() -> None:
        reports.mail_alerts(house.database, house.clock())

    @queue.periodic_task(crontab(minute="5"))
    def queue_weekly() -> None:
        reports.queue_weekly(house.database, house.clock())

    @queue.periodic_task(crontab(minute="6"))
    def move_webhooks_on() -> None:
        webhooks.move_on(house)
