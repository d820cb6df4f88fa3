"""Questions whose answer is known: a user that does not exist must be refused, by the hooks and by FreeRADIUS."""

import secrets
import shutil
import subprocess
import tempfile
import time

import click

from portal.core.mac import Mac
from portal.gateways.simulated_router.nas import Hooks, HooksAway

_UNKNOWN = (
    'User-Name = "{user}"\nUser-Password = "{user}"\nCalling-Station-Id = "02-00-00-00-00-01"\nMessage-Authenticator = 0x00\n'
)


def ask_hooks(hooks: Hooks) -> str:
    """A line that says how fast the hooks refuse."""
    began = time.monotonic()
    try:
        accepted = hooks.authorize(Mac("020000000001"), secrets.token_hex(12), "x")
    except HooksAway as error:
        raise click.ClickException(
            f"the hooks at {hooks.url} gave no answer ({error}): start `vestibule serve`, and check VESTIBULE_RADIUS_HOOK_SECRET"
        ) from error
    if accepted is not None:
        raise click.ClickException("the hooks let an unknown user in: stop FreeRADIUS and report this")
    return f"hooks: an unknown user is refused, {(time.monotonic() - began) * 1000:.0f} ms"


def ask_server(server: str, secret: str) -> str:
    """A line that says how FreeRADIUS refuses. The secret goes by a file, not by the command line."""
    program = shutil.which("radclient")
    if program is None:
        raise click.ClickException("radclient is not installed: apt-get install freeradius-utils")
    packet = _UNKNOWN.format(user=secrets.token_hex(12))
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(secret + "\n")
        file.flush()
        asked = [program, "-x", "-r", "2", "-t", "3", "-S", file.name, server, "auth"]
        answer = subprocess.run(asked, input=packet, capture_output=True, text=True, check=False).stdout  # noqa: S603
    if "Access-Reject" not in answer:
        raise click.ClickException(
            f"FreeRADIUS at {server} did not refuse an unknown user: is it running with the folder of "
            "`vestibule radius config`, and does it know this machine's address as that router?"
        )
    signed = "Message-Authenticator" in answer.split("Access-Reject", 1)[1]
    if not signed:
        raise click.ClickException(
            "FreeRADIUS answers without Message-Authenticator: write its folder with `vestibule radius config`"
        )
    return f"FreeRADIUS at {server}: an unknown user is refused, and the answer is signed"
