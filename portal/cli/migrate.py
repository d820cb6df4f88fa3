"""`vestibule migrate`."""

import click

from portal.cli.house import open_house, progress
from portal.core import migrations


@click.command
@click.option("--check", is_flag=True, help="Only say whether the database is at the newest schema; exit 1 if not.")
@click.option("--new", "message", metavar="TEXT", help="For developers: write a migration from the models' difference.")
def migrate(check: bool, message: str | None) -> None:
    """Bring the database to the newest schema. Safe to repeat."""
    engine = open_house().database.engine
    if check:
        if not migrations.is_current(engine):
            raise click.ClickException("the database is behind the program: run `vestibule migrate`")
        click.echo("the database is at the newest schema")
    elif message:
        click.echo(migrations.new_migration(engine, message))
    else:
        with progress("migrating"):
            migrations.migrate(engine)
        click.echo("the database is at the newest schema")
