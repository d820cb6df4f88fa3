"""The queue's consumer: threads, quick to notice a message after idleness, patient when asked to stop."""

import threading

from huey.consumer import Consumer

from portal.jobs import deliveries, mail, openings, orders, schedule, webhooks
from portal.jobs.house import House
from portal.jobs.queue import make_queue
from portal.mail.senders.choice import chosen_mail_sender


def run(house: House) -> None:
    """Work until SIGTERM, letting running tasks end. Threads, not processes: kill -9 of a parent leaves no orphans."""
    queue = make_queue(house.settings, deliveries.Deliveries(house))
    schedule.register(queue, house)
    stop = threading.Event()
    carrier = mail.postman(house.settings, house.database, chosen_mail_sender(house.settings), house.clock)
    watches = [
        threading.Thread(target=deliveries.keep_sweeping, args=(house, queue, stop), name="sweep", daemon=True),
        threading.Thread(target=openings.keep_opening, args=(house, stop), name="openings", daemon=True),
        threading.Thread(target=orders.keep_carrying_out, args=(house.database, house.clock, stop), name="orders", daemon=True),
        threading.Thread(target=mail.keep_carrying, args=(carrier, stop), name="mail", daemon=True),
        threading.Thread(target=webhooks.keep_telling, args=(house, stop), name="webhooks", daemon=True),
    ]
    for watch in watches:
        watch.start()
    consumer = Consumer(
        queue,
        workers=house.settings.worker_threads,
        worker_type="thread",
        initial_delay=0.02,
        max_delay=0.05,  # the default backs off to 10 s: a guest would wait for it after a quiet hour
        backoff=1,
        graceful_signal="TERM",
        check_worker_health=True,
    )
    try:
        consumer.run()
    finally:
        stop.set()
        for watch in watches:
            watch.join(timeout=2)
