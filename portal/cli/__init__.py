"""The `vestibule` command. Each subcommand is a module of this folder, loaded only when it is asked for."""

from importlib import import_module

import click
from sqlalchemy.exc import DBAPIError

from portal.cli.refusals import in_words
from portal.core.errors import PortalError

COMMANDS = {
    "serve": "Run everything: portal, RADIUS hooks, worker; in the demo also a pretend router.",
    "worker": "Run the queue worker alone.",
    "migrate": "Bring the database to the newest schema.",
    "demo": "Make the demo organization, or a believable history for it.",
    "venue": "Organizations, legal entities, venues and their gateways.",
    "source": "Placements: the channels that bring guests.",
    "staff": "Who may see the dashboard.",
    "access": "Phones and devices that the Wi-Fi refuses.",
    "radius": "Configuration and checks of FreeRADIUS.",
    "sms": "The SMS account, deliveries and budgets.",
    "mail": "E-mail to the staff: a test letter, what became of the others.",
    "report": "The sums behind the reports: check, rebuild.",
    "consent": "Documents, the chain of consents, proofs.",
    "register": "The Wi-Fi register: exports for official requests.",
    "privacy": "Retention, erasure, what is known of a phone.",
    "doctor": "Check the installation, one line each.",
}


class LazyGroup(click.Group):
    """Knows its commands by name and imports one when it runs, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table above."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None for a name that is not listed."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"portal.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Turn the product's refusals and a missing database into one clear message and a non-zero exit."""
        try:
            return super().invoke(ctx)
        except PortalError as error:
            raise click.ClickException(in_words(error)) from error
        except DBAPIError as error:
            reason = str(error.orig).splitlines()[0]
            raise click.ClickException(
                f"the database refused: {reason}\nCheck VESTIBULE_DATABASE_URL, run `vestibule migrate`, then `vestibule doctor`."
            ) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vestibule")
def main() -> None:
    """Vestibule: guest Wi-Fi captive portal and QR registration funnel."""
