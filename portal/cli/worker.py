"""`vestibule worker`."""

import click

from portal.cli.house import open_house
from portal.core.logging import configure
from portal.jobs import worker as consumer
from portal.jobs.house import House
from portal.sms.senders.choice import chosen_sender


@click.command()
def worker() -> None:
    """Run the queue worker alone: sends SMS and does what is due by the clock. Run one per database."""
    house = open_house()
    configure(house.settings.log_level)
    click.echo(
        f"worker: {house.settings.worker_threads} threads, SMS by {house.settings.sms_sender}; stop it with SIGTERM", err=True
    )
    consumer.run(House(house.settings, house.database, chosen_sender(house.settings)))
