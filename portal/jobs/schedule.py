"""What the worker does by the clock. Every entry may run twice, or late: each is safe to repeat."""

from huey import crontab

from portal.access import blocks, sessions
from portal.consent import anchors
from portal.core import limits
from portal.jobs.house import House
from portal.jobs.queue import Queue
from portal.privacy import retention
from portal.sms import alarms


def register(queue: Queue, house: House) -> None:
    """Add the periodic tasks. Times are UTC."""

    @queue.periodic_task(crontab(minute="7"))  # type: ignore[untyped-decorator]
    def forget() -> None:
        with house.database.writing() as session:
            now = house.clock()
            limits.forget_old(session, now)
            alarms.forget_old(session, now)

    @queue.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
    def close_stale() -> None:
        with house.database.writing() as session:
            sessions.close_stale(session, house.clock())
            blocks.catch_up(session, house.clock())

    @queue.periodic_task(crontab(minute="17"))  # type: ignore[untyped-decorator]
    def retain() -> None:
        retention.run(house.database, house.settings, house.clock)

    @queue.periodic_task(crontab(minute="27", hour="0"))  # type: ignore[untyped-decorator]
    def anchor() -> None:
        anchors.sign_all(house.database, house.settings, house.clock)
